//! Example of a channel plugin: text messages by the HTTP API of a provider, and what the provider tells by its webhook.
//!
//! Architecture invariant: the plugin never sees the provider's token, and nothing of a person is in its log or its errors. A message of
//! which nobody can say whether it went out is said to be unknown, and is never sent again by itself.

#![forbid(unsafe_code)]

use outreach_plugin_sdk::channel::{Channel, Description, Issue, Message, Outcome, PluginError, Promise};
use outreach_plugin_sdk::document::Reader;
use outreach_plugin_sdk::gateway::{Gateway, Hash, HttpError, HttpRequest, HttpResponse};
use outreach_plugin_sdk::webhook::{Delivery, DeliveryState, Notice, Receipt, Request, Webhook, from_hex};
use serde_json::{Value, json};

const CONTENT_KIND: &str = "text/plain";
/// Words by which a person wants no more messages, as carriers know them in English and Spanish.
const STOP_WORDS: [&str; 8] = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "ALTO", "PARAR"];
/// The contract takes no more notices in one answer.
const MOST_EVENTS: usize = 1_000;
const LONGEST_WAIT_SECONDS: u32 = 86_400;

/// The plugin.
pub struct Sms;

/// What can be configured.
struct Settings {
    provider: String,
    from: String,
}

impl Settings {
    fn read(document: &mut Reader<'_>) -> Option<Self> {
        document.object(&["provider", "from"]);
        let mut provider = document.member("provider");
        let url = provider.text().map(|url| url.trim_end_matches('/').to_owned());
        if let Some(url) = &url {
            if url.starts_with("http://") {
                provider.advice("messages go to this provider unencrypted; use `https://` for all but trials");
            } else if !url.starts_with("https://") {
                provider.fatal("expected the base URL of the provider's API, such as `https://api.sms.example`");
            }
        }
        let mut from = document.member("from");
        let number = from.text().map(str::to_owned);
        if number.as_deref().is_some_and(|number| !is_number(number)) {
            from.fatal("expected the number that messages come from, `+` and 7 to 15 digits, such as `+15550100`");
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
            medium: "sms".to_owned(),
            content_kinds: vec![CONTENT_KIND.to_owned()],
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
    if message.content_kind != CONTENT_KIND {
        return Outcome::Rejected(format!("text messages carry `{CONTENT_KIND}` and nothing else"));
    }
    if !is_number(&message.to) {
        return Outcome::Rejected("the address is no telephone number of the form `+15550100`".to_owned());
    }
    let Ok(text) = str::from_utf8(&message.body) else { return Outcome::Rejected("the message is no text".to_owned()) };
    if text.trim().is_empty() {
        return Outcome::Rejected("the message is empty".to_owned());
    }
    let body = json!({ "to": message.to, "from": settings.from, "text": text, "reference": message.key });
    let request = HttpRequest::post(format!("{}/v1/messages", settings.provider), "application/json", body.to_string())
        .header("authorization", "Bearer {{secret:token}}");
    match gateway.http(&request) {
        Ok(response) => outcome(&response),
        Err(HttpError::NotSent(_)) => Outcome::Later(None),
        Err(HttpError::Unknown(_)) => Outcome::Unknown("the exchange with the provider was cut off".to_owned()),
    }
}

/// What the provider's answer means.
fn outcome(response: &HttpResponse) -> Outcome {
    match response.status {
        200..=299 => Outcome::Accepted(id_of(&response.body)),
        status @ (400 | 422) => Outcome::Rejected(format!("the provider refused the message with status {status}")),
        429 | 503 => Outcome::Later(wait_of(response)),
        status @ 500.. => Outcome::Unknown(format!("the provider failed with status {status}")),
        // A wrong token or address of the provider: the message did not go out, and can when that is mended.
        _ => Outcome::Later(None),
    }
}

fn id_of(body: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    answer.get("id").and_then(Value::as_str).filter(|id| !id.is_empty()).map(str::to_owned)
}

/// `Retry-After` in seconds (RFC 9110 section 10.2.3) as milliseconds. A date says nothing to a plugin, which has no clock.
fn wait_of(response: &HttpResponse) -> Option<u32> {
    let seconds = response.header("retry-after")?;
    let is_number = (1..=9).contains(&seconds.len()) && seconds.bytes().all(|digit| digit.is_ascii_digit());
    let seconds: u32 = seconds.parse().ok().filter(|_| is_number)?;
    Some(seconds.min(LONGEST_WAIT_SECONDS) * 1_000)
}

impl Webhook for Sms {
    fn receive(_config: &str, request: &Request, gateway: &mut impl Gateway) -> Result<Receipt, PluginError> {
        let signature = request.header("x-signature").and_then(from_hex).unwrap_or_default();
        if !gateway.verify("webhook", Hash::Sha256, &request.body, &signature)? {
            return Err(PluginError::Refused("the signature is not the provider's".to_owned()));
        }
        let invalid = |what: &str| PluginError::Invalid(what.to_owned());
        let document: Value = serde_json::from_slice(&request.body).map_err(|_| invalid("the body is no JSON document"))?;
        let events = document.get("events").and_then(Value::as_array).ok_or_else(|| invalid("/events: expected a list"))?;
        if events.len() > MOST_EVENTS {
            return Err(invalid("/events: expected at most 1000"));
        }
        let mut notices = Vec::new();
        for (place, event) in events.iter().enumerate() {
            notices.extend(notice(event).map_err(|what| PluginError::Invalid(format!("/events/{place}: {what}")))?);
        }
        Ok(Receipt::of(notices))
    }
}

/// What an event tells. Kinds that are not known tell nothing: a provider may have new ones.
fn notice(event: &Value) -> Result<Option<Notice>, &'static str> {
    let text = |name: &str| event.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let state = match text("type").ok_or("expected an object with a `type`")? {
        "delivered" => DeliveryState::Delivered,
        "failed" => DeliveryState::Failed,
        "undeliverable" => DeliveryState::Undeliverable,
        "inbound" => {
            let from = text("from").filter(|from| is_number(from)).ok_or("expected `from`, a telephone number")?.to_owned();
            let is_stop = wants_no_more(text("text").unwrap_or_default());
            return Ok(Some(if is_stop { Notice::OptedOut(from) } else { Notice::Answered(from) }));
        }
        _ => return Ok(None),
    };
    let provider_id = text("id").ok_or("expected `id`, the provider's id of a message")?.to_owned();
    // A word such as `carrier-unreachable`; in anything longer there may be something of the person.
    let is_word = |reason: &&str| reason.len() <= 64 && reason.bytes().all(|letter| letter.is_ascii_lowercase() || b"-_".contains(&letter));
    let reason = text("reason").filter(is_word).map(str::to_owned);
    Ok(Some(Notice::Delivery(Delivery { provider_id, state, reason })))
}

/// Whether an answer is one of the words by which a person wants no more, in any case and whatever stands around it.
fn wants_no_more(answer: &str) -> bool {
    let is_around = |letter: char| !letter.is_lowercase() && !letter.is_uppercase() && !letter.is_ascii_digit();
    let word = answer.trim_matches(is_around).to_uppercase();
    STOP_WORDS.contains(&word.as_str())
}

outreach_plugin_sdk::export_channel!(Sms);
outreach_plugin_sdk::export_webhook!(Sms);

#[cfg(test)]
mod tests;
