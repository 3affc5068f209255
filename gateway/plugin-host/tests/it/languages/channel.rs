//! The channel: what it sends, what each answer of the provider becomes, and what the provider's requests tell.

use std::sync::Arc;
use std::time::Duration;

use gateway_plugin_host::InstallError;
use gateway_ports::http::{OutboundError, OutboundResponse};
use gateway_ports::plugins::{
    ChannelPlugin, DeliveryPromise, DeliveryState, Notice, OutgoingMessage, PluginError, Plugins, SendOutcome, WebhookRequest,
};
use jiff::Timestamp;
use outreach_plugin_sdk::gateway::{Gateway as _, Hash};
use outreach_plugin_sdk::testing::FakeGateway;
use outreach_plugin_sdk::webhook::to_hex;
use rstest::rstest;
use serde_json::json;

use super::{Provider, example, host, install};

pub(crate) const CONFIG: &str = r#"{"provider": "https://api.sms.example", "from": "+15550100"}"#;
const TEXT: &str = "Your appointment is tomorrow. Mañana 👍";

#[rstest]
#[case::rust("rust")]
#[case::javascript("javascript")]
#[case::python("python")]
#[tokio::test(flavor = "multi_thread")]
async fn a_channel_sends_and_hears_alike_in_each_language(#[case] language: &str) {
    let Some(sms) = example("channel-sms", language) else { return };
    let provider = Arc::new(Provider::default());
    let host = host(provider.clone());
    for (withheld, asked_as) in [("http", "http:"), ("secret:token", "")] {
        let installed = install(&host, &sms, &[withheld]).await;
        if asked_as.is_empty() {
            // Another secret still gives the interface; the one that was withheld is refused when it is used.
            installed.unwrap();
        } else {
            assert!(matches!(installed, Err(InstallError::NotGranted { capability, .. }) if capability.starts_with(asked_as)));
        }
    }
    install(&host, &sms, &[]).await.unwrap();
    let channel = host.channel("sms").unwrap();
    assert!(channel.has_webhook());
    let described = channel.describe(CONFIG).await.unwrap();
    assert_eq!((described.medium.as_str(), described.promise), ("sms", DeliveryPromise::AtMostOnce));
    assert_eq!(described.content_kinds, ["text/plain"]);
    finds_the_same_in_configurations(&*channel).await;
    sends(&*channel, &provider).await;
    each_answer_becomes_its_outcome(&*channel, &provider).await;
    hears(&*channel).await;
    refuses_and_says_where(&*channel).await;
}

fn message(to: &str, body: &[u8]) -> OutgoingMessage {
    OutgoingMessage {
        key: "msg_1".to_owned(),
        to: to.to_owned(),
        content_kind: "text/plain".to_owned(),
        subject: None,
        body: body.to_vec(),
        attributes: Vec::new(),
    }
}

async fn finds_the_same_in_configurations(channel: &dyn ChannelPlugin) {
    for config in [
        CONFIG,
        "{}",
        r#"{"provider": "ftp://a", "from": "5550100"}"#,
        r#"{"provider": "http://a", "form": 1}"#,
        r#"{"from": "+15550100\n"}"#,
    ] {
        let found: Vec<_> = channel.check(config).await.unwrap().into_iter().map(|it| (it.path, it.message, it.fatal)).collect();
        let native = <acme_sms::Sms as outreach_plugin_sdk::channel::Channel>::check(config);
        let native: Vec<_> = native.into_iter().map(|it| (it.path, it.message, it.fatal)).collect();
        assert_eq!(found, native, "{config}");
    }
    assert!(matches!(channel.send("{}", &[message("+15550123", b"a")]).await, Err(PluginError::Invalid { .. })));
}

fn answer(status: u16, header: Option<(&str, &str)>, body: &str) -> Result<OutboundResponse, OutboundError> {
    let headers = header.into_iter().map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).collect();
    Ok(OutboundResponse { status, headers, body: body.as_bytes().to_vec() })
}

/// More messages than the channel takes in one call, and one of more bytes than go out at once.
async fn sends(channel: &dyn ChannelPlugin, provider: &Provider) {
    let long = "é".repeat(30_000);
    let mut messages = vec![message("+15550123", TEXT.as_bytes()), message("+15550124", long.as_bytes())];
    messages.extend((0..10).map(|_| message("+15550125", b"a")));
    messages.extend([message("5550123", b"a"), message("+15550126", b"\xff"), message("+15550126", b" \n")]);
    messages.push(OutgoingMessage { content_kind: "text/html".to_owned(), ..message("+15550126", b"a") });
    *provider.answers.lock().unwrap() = (0..12).map(|number| answer(202, None, &format!(r#"{{"id": "m{number}"}}"#))).collect();
    let outcomes = channel.send(CONFIG, &messages).await.unwrap();
    let accepted = (0..12).map(|number| SendOutcome::Accepted(Some(format!("m{number}")))).collect::<Vec<_>>();
    assert_eq!(outcomes[..12], accepted);
    assert!(outcomes[12..].iter().all(|outcome| matches!(outcome, SendOutcome::Rejected(_))), "{outcomes:?}");
    let asked = std::mem::take(&mut *provider.asked.lock().unwrap());
    assert_eq!(asked.len(), 12);
    let header = |name: &str| asked[0].headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    assert_eq!((asked[0].method.as_str(), asked[0].url.as_str()), ("POST", "https://api.sms.example/v1/messages"));
    assert_eq!(header("authorization").unwrap(), b"Bearer the-token-of-the-hospital");
    assert_eq!(header("content-type").unwrap(), b"application/json");
    for (request, (to, text)) in asked.iter().zip([("+15550123", TEXT), ("+15550124", &long)]) {
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body, json!({ "to": to, "from": "+15550100", "text": text, "reference": "msg_1" }));
    }
}

async fn each_answer_becomes_its_outcome(channel: &dyn ChannelPlugin, provider: &Provider) {
    let wait = |seconds| SendOutcome::Later(Some(Duration::from_secs(seconds)));
    let rejected = |status| SendOutcome::Rejected(format!("the provider refused the message with status {status}"));
    let failed = |status| SendOutcome::Unknown(format!("the provider failed with status {status}"));
    let cut_off = || SendOutcome::Unknown("the exchange with the provider was cut off".to_owned());
    for (answer, expected) in [
        (answer(200, None, r#"{"id": "m1"}"#), SendOutcome::Accepted(Some("m1".to_owned()))),
        (answer(204, None, ""), SendOutcome::Accepted(None)),
        (answer(200, None, r#"{"id": 7}"#), SendOutcome::Accepted(None)),
        (answer(200, None, "[\u{fffd}"), SendOutcome::Accepted(None)),
        (answer(400, None, "+15550123 is wrong"), rejected(400)),
        (answer(422, None, ""), rejected(422)),
        (answer(429, Some(("retry-after", "30")), ""), wait(30)),
        (answer(503, Some(("retry-after", "999999999")), ""), wait(86_400)),
        (answer(503, Some(("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")), ""), SendOutcome::Later(None)),
        (answer(429, None, ""), SendOutcome::Later(None)),
        (answer(401, None, ""), SendOutcome::Later(None)),
        (answer(302, Some(("location", "https://elsewhere.example/")), ""), SendOutcome::Later(None)),
        (answer(500, None, ""), failed(500)),
        (answer(502, None, ""), failed(502)),
        (Err(OutboundError::Refused), SendOutcome::Later(None)),
        (Err(OutboundError::UnknownHost), SendOutcome::Later(None)),
        (Err(OutboundError::NoConnection), SendOutcome::Later(None)),
        (Err(OutboundError::Untrusted), SendOutcome::Later(None)),
        (Err(OutboundError::TimedOut), cut_off()),
        (Err(OutboundError::BrokenOff), cut_off()),
    ] {
        let case = format!("{answer:?}");
        provider.answers.lock().unwrap().push(answer);
        let outcomes = channel.send(CONFIG, &[message("+15550123", b"a")]).await.unwrap();
        assert_eq!(outcomes, [expected], "{case}");
    }
    // A server that was not granted is not asked, and the message waits.
    provider.asked.lock().unwrap().clear();
    let elsewhere = CONFIG.replace("api.sms", "elsewhere");
    assert_eq!(channel.send(&elsewhere, &[message("+15550123", b"a")]).await.unwrap(), [SendOutcome::Later(None)]);
    assert!(provider.asked.lock().unwrap().is_empty());
}

fn request(body: &str, signature: Option<String>) -> WebhookRequest {
    WebhookRequest {
        method: "POST".to_owned(),
        url: "https://outreach.hospital.example/webhooks/channel/sms".to_owned(),
        headers: signature.map(|signature| ("x-signature".to_owned(), signature)).into_iter().collect(),
        body: body.as_bytes().to_vec(),
        received_at: Timestamp::UNIX_EPOCH,
    }
}

fn signed(body: &str) -> WebhookRequest {
    let mut gateway = FakeGateway::default().secret("webhook", b"hush");
    request(body, Some(to_hex(&gateway.sign("webhook", Hash::Sha256, body.as_bytes()).unwrap())))
}

async fn hears(channel: &dyn ChannelPlugin) {
    let answers: Vec<_> = ["STOP", " stop! ", "StopAll", "¡Alto!", "parar", "Don't stop", "👍", "stop 1", "", "END..."]
        .iter()
        .map(|text| json!({ "type": "inbound", "from": "+15550123", "text": text }))
        .collect();
    let mut events = vec![
        json!({ "type": "delivered", "id": "m1" }),
        json!({ "type": "failed", "id": "m2", "reason": "carrier-busy" }),
        json!({ "type": "undeliverable", "id": "m3", "reason": "+15550123 is Ana's old number" }),
        json!({ "type": "billed", "id": "m4" }),
    ];
    events.extend(answers);
    let receipt = channel.receive(CONFIG, &signed(&json!({ "events": events }).to_string())).await.unwrap();
    let delivery =
        |id: &str, state, reason: Option<&str>| Notice::Delivery { provider_id: id.to_owned(), state, reason: reason.map(str::to_owned) };
    let from = || "+15550123".to_owned();
    let (stop, other) = (|| Notice::OptedOut(from()), || Notice::Answered(from()));
    let expected = [
        delivery("m1", DeliveryState::Delivered, None),
        delivery("m2", DeliveryState::Failed, Some("carrier-busy")),
        delivery("m3", DeliveryState::Undeliverable, None),
        stop(),
        stop(),
        stop(),
        stop(),
        stop(),
        other(),
        other(),
        other(),
        other(),
        stop(),
    ];
    assert_eq!(receipt.notices, expected);
    assert_eq!(receipt.status, 200);
}

async fn refuses_and_says_where(channel: &dyn ChannelPlugin) {
    let body = r#"{"events": []}"#;
    assert_eq!(channel.receive(CONFIG, &signed(body)).await.unwrap().notices, []);
    let other = signed(r#"{"events": [] }"#).headers.remove(0).1;
    for signature in [None, Some(String::new()), Some("00".to_owned()), Some("none".to_owned()), Some(other)] {
        let error = channel.receive(CONFIG, &request(body, signature.clone())).await.unwrap_err();
        assert!(matches!(error, PluginError::Refused { .. }), "{signature:?}: {error}");
    }
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    for (body, place) in [
        ("", "JSON"),
        (deep.as_str(), ""),
        ("[]", "/events"),
        ("null", "/events"),
        (r#"{"events": [{"type": "delivered", "id": "m1"}, {"type": "failed"}]}"#, "/events/1"),
        (r#"{"events": [{"type": "inbound", "from": "Ana", "text": "STOP"}]}"#, "/events/0"),
        (r#"{"events": ["inbound"]}"#, "/events/0"),
    ] {
        let error = channel.receive(CONFIG, &signed(body)).await.unwrap_err();
        let PluginError::Invalid { reason, .. } = &error else { panic!("{body:.40}: {error}") };
        assert!(reason.contains(place) && !reason.contains("Ana"), "{reason}");
    }
}
