//! Cases of channels: messages, what servers and the relay answer, and requests of the provider.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gateway_domain::capability::{HttpOrigin, SecretName};
use gateway_ports::http::{OutboundError, OutboundResponse};
use gateway_ports::mail::RelayOutcome;
use gateway_ports::plugins::OutgoingMessage;
use jiff::Timestamp;
use outreach_plugin_sdk::document::Reader;
use outreach_plugin_sdk::gateway::{Gateway as _, Hash};
use outreach_plugin_sdk::testing::FakeGateway;
use outreach_plugin_sdk::webhook::to_hex;
use serde_json::Value;
use url::form_urlencoded;

use super::{expectation, json_text, list, moment, optional_text, raw, texts};

const MOST_MESSAGES: usize = 1_000;
const MOST_EXCHANGES: usize = 1_000;

/// What a channel plugin is asked.
#[derive(Clone, Debug)]
pub(crate) struct ChannelCase {
    pub(crate) config: String,
    pub(crate) origins: Vec<HttpOrigin>,
    pub(crate) secrets: BTreeMap<SecretName, SecretOfCase>,
    pub(crate) kept: Vec<(String, String)>,
    pub(crate) exchanges: Vec<Result<OutboundResponse, OutboundError>>,
    pub(crate) relay: Vec<RelayOutcome>,
    pub(crate) send: Vec<OutgoingMessage>,
    pub(crate) webhooks: Vec<WebhookOfCase>,
}

/// A secret, and the server it may go to.
#[derive(Clone, Debug)]
pub(crate) struct SecretOfCase {
    pub(crate) value: String,
    pub(crate) origin: Option<HttpOrigin>,
}

/// A request of the provider.
#[derive(Clone, Debug)]
pub(crate) struct WebhookOfCase {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) received_at: Timestamp,
}

pub(super) fn read(reader: &mut Reader<'_>, document: &Value) -> Option<ChannelCase> {
    reader.object(&["says", "config", "origins", "secrets", "kept", "exchanges", "relay", "send", "webhooks", "expect"]);
    expectation(document, reader);
    let config = json_text(document, reader, "config");
    let origins = list(reader, "origins", 100, parsed);
    let secrets = secrets(reader);
    let kept = texts(reader, "kept");
    let exchanges = list(reader, "exchanges", MOST_EXCHANGES, |exchange| self::exchange(exchange, document));
    let relay = list(reader, "relay", MOST_MESSAGES, relay);
    let mut place = 0;
    let send = list(reader, "send", MOST_MESSAGES, |reader| {
        place += 1;
        message(reader, place)
    });
    let secrets = secrets?;
    let webhooks = list(reader, "webhooks", MOST_MESSAGES, |webhook| self::webhook(webhook, document, &secrets));
    Some(ChannelCase {
        config: config?,
        origins: origins?,
        secrets,
        kept: kept?,
        exchanges: exchanges?,
        relay: relay?,
        send: send?,
        webhooks: webhooks?,
    })
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(reader: &mut Reader<'_>) -> Option<T> {
    let read = reader.text()?.parse::<T>();
    read.map_err(|error| reader.fatal(error.to_string())).ok()
}

fn secrets(reader: &mut Reader<'_>) -> Option<BTreeMap<SecretName, SecretOfCase>> {
    if !reader.has("secrets") {
        return Some(BTreeMap::new());
    }
    let mut secrets = reader.member("secrets");
    let names = secrets.names();
    secrets.object(&names);
    let secret = |name: &str| {
        let mut secret = secrets.member(name);
        let name: SecretName = name.parse().map_err(|error| secret.fatal(format!("{error}"))).ok()?;
        secret.object(&["value", "origin"]);
        let value = secret.member("value").text()?.to_owned();
        let origin = if secret.has("origin") { Some(parsed(&mut secret.member("origin"))?) } else { None };
        Some((name, SecretOfCase { value, origin }))
    };
    names.into_iter().map(secret).collect()
}

fn exchange(reader: &mut Reader<'_>, document: &Value) -> Option<Result<OutboundResponse, OutboundError>> {
    reader.object(&["request", "response", "fails"]);
    if raw(document, reader, "request").is_some_and(|request| !request.is_object()) {
        reader.member("request").fatal("expected an object: what of the request matters");
    }
    if reader.has("fails") {
        let failures = [
            ("refused", OutboundError::Refused),
            ("unknown-host", OutboundError::UnknownHost),
            ("no-connection", OutboundError::NoConnection),
            ("untrusted", OutboundError::Untrusted),
            ("timed-out", OutboundError::TimedOut),
            ("broken-off", OutboundError::BrokenOff),
            ("too-large", OutboundError::TooLarge),
        ];
        return reader.member("fails").choice(&failures).map(Err);
    }
    let mut response = reader.member("response");
    response.object(&["status", "headers", "json", "text", "form"]);
    let status = if response.has("status") { response.member("status").integer(200, 599)? as u16 } else { 200 };
    let mut headers = lower_case(texts(&mut response, "headers")?);
    let (body, kind) = body(&mut response, document)?;
    if let Some(kind) = kind.filter(|_| !headers.iter().any(|(name, _)| name == "content-type")) {
        headers.push(("content-type".to_owned(), kind.to_owned()));
    }
    let headers = headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
    Some(Ok(OutboundResponse { status, headers, body }))
}

fn lower_case(headers: Vec<(String, String)>) -> Vec<(String, String)> {
    headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect()
}

/// A body, and its kind: `json` of any value, `text`, `form` of texts by their names, or none.
fn body(reader: &mut Reader<'_>, document: &Value) -> Option<(Vec<u8>, Option<&'static str>)> {
    let there: Vec<&str> = ["json", "text", "form"].into_iter().filter(|name| raw(document, reader, name).is_some()).collect();
    match there.as_slice() {
        [] => Some((Vec::new(), None)),
        ["json"] => raw(document, reader, "json").map(|value| (value.to_string().into_bytes(), Some("application/json"))),
        ["text"] => reader.member("text").text().map(|text| (text.as_bytes().to_vec(), None)),
        ["form"] => {
            let pairs = texts(reader, "form")?;
            let written = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            Some((written.into_bytes(), Some("application/x-www-form-urlencoded")))
        }
        _ => {
            reader.fatal("expected one body: `json`, `text` or `form`");
            None
        }
    }
}

fn relay(reader: &mut Reader<'_>) -> Option<RelayOutcome> {
    type Outcome = fn(String) -> RelayOutcome;
    const OUTCOMES: [(&str, Outcome); 4] = [
        ("accepted", RelayOutcome::Accepted),
        ("rejected", RelayOutcome::Rejected),
        ("later", RelayOutcome::Later),
        ("unknown", RelayOutcome::Unknown),
    ];
    reader.object(&OUTCOMES.map(|(name, _)| name));
    let Some((name, outcome)) = OUTCOMES.into_iter().find(|(name, _)| reader.has(name)) else {
        reader.fatal("expected one of `accepted`, `rejected`, `later`, `unknown`, with the relay's words");
        return None;
    };
    reader.member(name).text().map(|words| outcome(words.to_owned()))
}

fn message(reader: &mut Reader<'_>, place: usize) -> Option<OutgoingMessage> {
    reader.object(&["key", "to", "content_kind", "subject", "body", "attributes"]);
    let key = optional_text(reader, "key").unwrap_or_else(|| format!("msg_{place}"));
    let to = reader.member("to").text()?.to_owned();
    let content_kind = optional_text(reader, "content_kind").unwrap_or_else(|| "text/plain".to_owned());
    let body = optional_text(reader, "body").unwrap_or_default().into_bytes();
    Some(OutgoingMessage {
        key,
        to,
        content_kind,
        subject: optional_text(reader, "subject"),
        body,
        attributes: texts(reader, "attributes")?,
    })
}

fn webhook(reader: &mut Reader<'_>, document: &Value, secrets: &BTreeMap<SecretName, SecretOfCase>) -> Option<WebhookOfCase> {
    reader.object(&["method", "url", "headers", "json", "text", "form", "sign", "received_at", "expect"]);
    expectation(document, reader);
    let methods = [("GET", "GET"), ("POST", "POST")];
    let method = if reader.has("method") { reader.member("method").choice(&methods)? } else { "POST" };
    let url = optional_text(reader, "url").unwrap_or_else(|| "https://outreach.hospital.example/webhooks/channel".to_owned());
    let mut headers = lower_case(texts(reader, "headers")?);
    let (body, kind) = body(reader, document)?;
    if let Some(kind) = kind.filter(|_| !headers.iter().any(|(name, _)| name == "content-type")) {
        headers.push(("content-type".to_owned(), kind.to_owned()));
    }
    if reader.has("sign") {
        headers.push(sign(&mut reader.member("sign"), &body, secrets)?);
    }
    let received_at = if reader.has("received_at") { moment(&mut reader.member("received_at"))? } else { Timestamp::UNIX_EPOCH };
    Some(WebhookOfCase { method: method.to_owned(), url, headers, body, received_at })
}

/// Bytes as text.
type Encode = fn(&[u8]) -> String;

/// A header with the HMAC of the body, as the provider makes it.
fn sign(reader: &mut Reader<'_>, body: &[u8], secrets: &BTreeMap<SecretName, SecretOfCase>) -> Option<(String, String)> {
    reader.object(&["header", "secret", "hash", "encoding", "prefix"]);
    let header = reader.member("header").text()?.to_ascii_lowercase();
    let mut named = reader.member("secret");
    let name = named.text()?.to_owned();
    let Some(secret) = name.parse::<SecretName>().ok().and_then(|name| secrets.get(&name)) else {
        named.fatal(format!("there is no secret `{name}` in `/secrets`"));
        return None;
    };
    let hashes = [("sha1", Hash::Sha1), ("sha256", Hash::Sha256), ("sha512", Hash::Sha512)];
    let hash = if reader.has("hash") { reader.member("hash").choice(&hashes)? } else { Hash::Sha256 };
    let encodings: [(&str, Encode); 2] = [("hex", to_hex), ("base64", |bytes| STANDARD.encode(bytes))];
    let encode = if reader.has("encoding") { reader.member("encoding").choice(&encodings)? } else { to_hex };
    let prefix = optional_text(reader, "prefix").unwrap_or_default();
    let signature = FakeGateway::default().secret(&name, secret.value.as_bytes()).sign(&name, hash, body).unwrap_or_default();
    Some((header, format!("{prefix}{}", encode(&signature))))
}
