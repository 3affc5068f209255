use outreach_plugin_sdk::testing::FakeGateway;
use outreach_plugin_sdk::webhook::to_hex;

use super::*;

const CONFIG: &str = r#"{"provider": "https://api.sms.example/", "from": "+15550100"}"#;

fn message(to: &str) -> Message {
    Message {
        key: "msg_1".into(),
        to: to.into(),
        content_kind: CONTENT_KIND.into(),
        subject: None,
        body: "Your appointment is tomorrow. Reply STOP to end.".into(),
        attributes: Vec::new(),
    }
}

fn sent(gateway: FakeGateway) -> (Outcome, Vec<HttpRequest>) {
    let mut gateway = gateway;
    let outcomes = Sms::send(CONFIG, &[message("+15550123")], &mut gateway).unwrap();
    (outcomes[0].clone(), gateway.asked().to_vec())
}

#[test]
fn a_message_goes_to_the_provider_with_its_key_and_without_the_token() {
    let (outcome, asked) = sent(FakeGateway::default().answer_http(202, r#"{"id": "m1"}"#));
    assert_eq!(outcome, Outcome::Accepted(Some("m1".into())));
    assert_eq!(asked[0].url, "https://api.sms.example/v1/messages");
    assert!(asked[0].headers.contains(&("authorization".into(), "Bearer {{secret:token}}".into())));
    let body: Value = serde_json::from_slice(&asked[0].body).unwrap();
    let text = "Your appointment is tomorrow. Reply STOP to end.";
    assert_eq!(body, json!({ "to": "+15550123", "from": "+15550100", "text": text, "reference": "msg_1" }));
}

#[test]
fn each_answer_of_the_provider_becomes_its_outcome() {
    let answer = |status| sent(FakeGateway::default().answer_http(status, "{}")).0;
    assert_eq!(answer(200), Outcome::Accepted(None));
    assert_eq!(answer(422), Outcome::Rejected("the provider refused the message with status 422".into()));
    assert_eq!([401, 404, 302].map(answer), [(); 3].map(|()| Outcome::Later(None)));
    assert_eq!(answer(500), Outcome::Unknown("the provider failed with status 500".into()));
    let wait = |value| sent(FakeGateway::default().answer_http_with(429, ("retry-after", value), "")).0;
    assert_eq!(wait("30"), Outcome::Later(Some(30_000)));
    assert_eq!(wait("999999999"), Outcome::Later(Some(86_400_000)));
    for other in ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "+5", "", "99999999999"] {
        assert_eq!(wait(other), Outcome::Later(None), "{other}");
    }
}

#[test]
fn a_message_that_may_have_gone_out_is_unknown_and_one_that_did_not_is_tried_later() {
    assert_eq!(sent(FakeGateway::default().fail_http(HttpError::NotSent("refused".into()))).0, Outcome::Later(None));
    assert!(matches!(sent(FakeGateway::default().fail_http(HttpError::Unknown("cut".into()))).0, Outcome::Unknown(_)));
}

#[test]
fn what_is_no_number_or_no_text_never_reaches_the_provider() {
    let mut wrong: Vec<Message> = ["", "5550123", "+1555012a", "+1 5550123", "+1234567890123456"].map(message).into();
    wrong.push(Message { content_kind: "text/html".into(), ..message("+15550123") });
    wrong.push(Message { body: vec![0xff], ..message("+15550123") });
    wrong.push(Message { body: b" \n".to_vec(), ..message("+15550123") });
    let mut gateway = FakeGateway::default();
    let outcomes = Sms::send(CONFIG, &wrong, &mut gateway).unwrap();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Rejected(_))), "{outcomes:?}");
    assert!(gateway.asked().is_empty());
}

#[test]
fn a_configuration_that_can_t_be_used_is_told_where_and_why() {
    assert_eq!(Sms::check(CONFIG), []);
    let issues = Sms::check(r#"{"provider": "api.sms.example", "form": "+15550100"}"#);
    let paths: Vec<&str> = issues.iter().map(|issue| issue.path.as_str()).collect();
    assert_eq!(paths, ["/form", "/provider", "/from"]);
    assert!(matches!(Sms::send("{}", &[], &mut FakeGateway::default()), Err(PluginError::Invalid(_))));
    let unencrypted = Sms::check(r#"{"provider": "http://127.0.0.1:8080", "from": "+15550100"}"#);
    assert!(unencrypted.iter().all(|issue| !issue.fatal) && unencrypted.len() == 1);
}

fn received(body: &str) -> Result<Receipt, PluginError> {
    let mut gateway = FakeGateway::default().secret("webhook", b"hush");
    let signature = gateway.sign("webhook", Hash::Sha256, body.as_bytes()).unwrap();
    Sms::receive("{}", &Request::post(body).with("x-signature", &to_hex(&signature)), &mut gateway)
}

#[test]
fn a_request_that_is_not_the_provider_s_is_refused() {
    let mut gateway = FakeGateway::default().secret("webhook", b"hush");
    let body = r#"{"events": []}"#;
    for forged in [Request::post(body), Request::post(body).with("x-signature", "00"), Request::post(body).with("x-signature", "none")] {
        assert!(matches!(Sms::receive("{}", &forged, &mut gateway), Err(PluginError::Refused(_))));
    }
    assert!(matches!(Sms::receive("{}", &Request::post(body), &mut FakeGateway::default()), Err(PluginError::Refused(_))));
}

#[test]
fn what_became_of_messages_is_told_without_words_about_the_person() {
    let receipt = received(
        r#"{"events": [{"type": "delivered", "id": "m1"}, {"type": "failed", "id": "m2", "reason": "carrier-busy"},
        {"type": "undeliverable", "id": "m3", "reason": "+15550123 is Ana's old number"}, {"type": "billed", "id": "m4"}]}"#,
    )
    .unwrap();
    let told = |id: &str, state, reason: Option<&str>| {
        Notice::Delivery(Delivery { provider_id: id.into(), state, reason: reason.map(str::to_owned) })
    };
    let expected = [
        told("m1", DeliveryState::Delivered, None),
        told("m2", DeliveryState::Failed, Some("carrier-busy")),
        told("m3", DeliveryState::Undeliverable, None),
    ];
    assert_eq!(receipt.notices, expected);
    assert_eq!(receipt.response.status, 200);
}

#[test]
fn who_answers_with_a_word_for_stop_has_opted_out_and_others_have_answered() {
    let answer = |text: &str| {
        let event = json!({ "events": [{ "type": "inbound", "from": "+15550123", "text": text }] });
        received(&event.to_string()).unwrap().notices.pop().unwrap()
    };
    for stop in ["STOP", "stop", " Stop! ", "STOPALL", "Unsubscribe.", "cancel", "END", "quit...", "Alto", "¡PARAR!"] {
        assert_eq!(answer(stop), Notice::OptedOut("+15550123".into()), "{stop}");
    }
    for other in ["", "Don't stop", "STOPP", "yes", "👍"] {
        assert_eq!(answer(other), Notice::Answered("+15550123".into()), "{other}");
    }
}

#[test]
fn what_can_t_be_read_is_invalid_and_says_where() {
    for (body, place) in [
        ("", "JSON"),
        ("[]", "/events"),
        (r#"{"events": [{"type": "delivered", "id": "m1"}, {"type": "failed"}]}"#, "/events/1"),
        (r#"{"events": [{"type": "inbound", "from": "Ana", "text": "STOP"}]}"#, "/events/0"),
        (r#"{"events": ["inbound"]}"#, "/events/0"),
    ] {
        let Err(PluginError::Invalid(reason)) = received(body) else { panic!("{body}") };
        assert!(reason.contains(place) && !reason.contains("Ana"), "{reason}");
    }
}
