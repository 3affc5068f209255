//! A channel: text messages by the HTTP API of a provider, and what the provider tells by its webhook.
//!
//! Configuration: `{ "provider": "https://api.sms.example", "from": "+15550100" }`. The token and the key of the webhook are secrets of the
//! operator: the plugin uses them by name and never sees them.

#![forbid(unsafe_code)]

use outreach_plugin_sdk::channel::{Channel, Description, Issue, Message, Outcome, PluginError, Promise};
use outreach_plugin_sdk::document::Reader;
use outreach_plugin_sdk::gateway::{Gateway, Hash, HttpError, HttpRequest};
use outreach_plugin_sdk::webhook::{Delivery, DeliveryState, Notice, Receipt, Request, Webhook, from_hex};
use serde_json::{Value, json};

/// What the channel carries.
const MEDIUM: &str = "sms";
const CONTENT_KIND: &str = "text/plain";

/// The plugin.
pub struct Sms;

/// What can be configured.
struct Settings {
    provider: String,
    from: String,
}

impl Settings {
    /// Reads the configuration; each finding says where, and what was expected.
    fn read(document: &mut Reader<'_>) -> Option<Self> {
        document.object(&["provider", "from"]);
        let mut provider = document.member("provider");
        let url = provider.text().map(|url| url.trim_end_matches('/').to_owned());
        if url.as_ref().is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
            provider.fatal("expected the base URL of the provider's API, such as `https://api.sms.example`");
        }
        let mut from = document.member("from");
        let number = from.text().map(str::to_owned);
        if number.as_deref().is_some_and(|number| !is_number(number)) {
            from.fatal("expected the number that messages come from, such as `+15550100`");
        }
        Some(Self { provider: url?, from: number? })
    }
}

/// A telephone number as ITU-T E.164 writes it.
fn is_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| (7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit()))
}

impl Channel for Sms {
    fn check(config: &str) -> Vec<Issue> {
        Reader::check(config, |document| {
            Settings::read(document);
        })
    }

    /// The same under each configuration.
    fn describe(_config: &str) -> Result<Description, PluginError> {
        Ok(Description {
            medium: MEDIUM.into(),
            content_kinds: vec![CONTENT_KIND.into()],
            promise: Promise::AtMostOnce,
            max_batch: 10,
            per_second: None,
        })
    }

    fn send(config: &str, messages: &[Message], gateway: &mut impl Gateway) -> Result<Vec<Outcome>, PluginError> {
        let settings = Reader::require(config, Settings::read)?;
        Ok(messages.iter().map(|message| send_one(&settings, message, gateway)).collect())
    }
}

fn send_one(settings: &Settings, message: &Message, gateway: &mut impl Gateway) -> Outcome {
    if !is_number(&message.to) {
        return Outcome::Rejected("the address is no telephone number".into());
    }
    let Ok(text) = std::str::from_utf8(&message.body) else { return Outcome::Rejected("the message is no text".into()) };
    let body = json!({ "to": message.to, "from": settings.from, "text": text, "reference": message.key });
    // The gateway puts the token in its place, and only for the provider's own server.
    let request = HttpRequest::post(format!("{}/v1/messages", settings.provider), "application/json", body.to_string())
        .header("authorization", "Bearer {{secret:token}}");
    match gateway.http(&request) {
        Ok(response) => match response.status {
            200..=299 => Outcome::Accepted(id_of(&response.body)),
            status @ (400 | 422) => Outcome::Rejected(format!("the provider refused the message with status {status}")),
            // Whether it went out, nobody knows: it is never sent again by itself.
            status @ (500 | 502 | 504) => Outcome::Unknown(format!("the provider failed with status {status}")),
            // Too many at once, or a wrong token: it did not go out.
            _ => Outcome::Later(None),
        },
        Err(HttpError::NotSent(_)) => Outcome::Later(None),
        Err(HttpError::Unknown(_)) => Outcome::Unknown("the exchange with the provider was cut off".into()),
    }
}

/// The provider's id of a message, by which it tells later what became of it.
fn id_of(body: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    answer.get("id").and_then(Value::as_str).map(str::to_owned)
}

impl Webhook for Sms {
    /// Anybody can send such a request, so the signature comes first.
    fn receive(_config: &str, request: &Request, gateway: &mut impl Gateway) -> Result<Receipt, PluginError> {
        let signature = request.header("x-signature").and_then(from_hex).unwrap_or_default();
        if !gateway.verify("webhook", Hash::Sha256, &request.body, &signature)? {
            return Err(PluginError::Refused("the signature is not the provider's".into()));
        }
        let event: Value = serde_json::from_slice(&request.body).map_err(|_| PluginError::Invalid("the body is no JSON".into()))?;
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let delivery = |state| Notice::Delivery(Delivery { provider_id: text("id"), state, reason: None });
        let notice = match text("type").as_str() {
            "delivered" => Some(delivery(DeliveryState::Delivered)),
            "failed" => Some(delivery(DeliveryState::Failed)),
            "inbound" if !is_number(&text("from")) => return Err(PluginError::Invalid("/from: expected a telephone number".into())),
            "inbound" if wants_no_more(&text("text")) => Some(Notice::OptedOut(text("from"))),
            "inbound" => Some(Notice::Answered(text("from"))),
            // Providers have new kinds of event now and then.
            _ => None,
        };
        Ok(Receipt::of(notice))
    }
}

/// Whether an answer is a word by which a person wants no more, as carriers know them.
fn wants_no_more(answer: &str) -> bool {
    let word = answer.trim_matches(|letter: char| !letter.is_alphanumeric()).to_uppercase();
    ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"].contains(&word.as_str())
}

outreach_plugin_sdk::export_channel!(Sms);
outreach_plugin_sdk::export_webhook!(Sms);

#[cfg(test)]
mod tests {
    use outreach_plugin_sdk::testing::FakeGateway;
    use outreach_plugin_sdk::webhook::to_hex;

    use super::*;

    const CONFIG: &str = r#"{ "provider": "https://api.sms.example/", "from": "+15550100" }"#;

    fn send(gateway: &mut FakeGateway, to: &str) -> Outcome {
        let message = Message {
            key: "msg_1".into(),
            to: to.into(),
            content_kind: CONTENT_KIND.into(),
            subject: None,
            body: b"Hello".to_vec(),
            attributes: Vec::new(),
        };
        Sms::send(CONFIG, &[message], gateway).unwrap().remove(0)
    }

    #[test]
    fn a_message_goes_to_the_provider_with_the_token_in_its_place() {
        let mut gateway = FakeGateway::default().answer_http(202, r#"{"id": "m1"}"#);
        assert_eq!(send(&mut gateway, "+15550123"), Outcome::Accepted(Some("m1".into())));
        let asked = &gateway.asked()[0];
        assert_eq!(asked.url, "https://api.sms.example/v1/messages");
        assert!(asked.headers.contains(&("authorization".into(), "Bearer {{secret:token}}".into())));
    }

    #[test]
    fn what_may_have_gone_out_is_never_tried_again() {
        let cut = HttpError::Unknown("cut".into());
        assert!(matches!(send(&mut FakeGateway::default().fail_http(cut), "+15550123"), Outcome::Unknown(_)));
        assert!(matches!(send(&mut FakeGateway::default().answer_http(500, ""), "+15550123"), Outcome::Unknown(_)));
        assert_eq!(send(&mut FakeGateway::default().answer_http(429, ""), "+15550123"), Outcome::Later(None));
        let mut untouched = FakeGateway::default();
        assert!(matches!(send(&mut untouched, "ana@example.org"), Outcome::Rejected(_)) && untouched.asked().is_empty());
    }

    #[test]
    fn a_stop_is_heard_where_the_provider_signed_it() {
        let body = br#"{"type": "inbound", "from": "+15550123", "text": " stop. "}"#;
        let mut gateway = FakeGateway::default().secret("webhook", b"hush");
        let signature = to_hex(&gateway.sign("webhook", Hash::Sha256, body).unwrap());
        let receipt = Sms::receive(CONFIG, &Request::post(body).with("x-signature", &signature), &mut gateway).unwrap();
        assert_eq!(receipt.notices, [Notice::OptedOut("+15550123".into())]);
        let forged = Sms::receive(CONFIG, &Request::post(body).with("x-signature", "00"), &mut gateway);
        assert!(matches!(forged, Err(PluginError::Refused(_))));
    }
}
