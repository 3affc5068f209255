//! The complete message (RFC 5322), ready for a relay.

use std::{str::FromStr, time::SystemTime};

use gateway_ports::content::{ContentError, EmailEnvelope, RenderedMessage};
use lettre::{
    Address,
    message::{
        Body, Mailbox, Message, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};
use url::Url;

/// The longest header value that is written on one line (RFC 5322 section 2.1.1, with room for
/// the name).
const LONGEST_VALUE: usize = 900;

pub(crate) fn assemble(envelope: &EmailEnvelope<'_>, rendered: &RenderedMessage) -> Result<Vec<u8>, ContentError> {
    let (left, right) = envelope.message_id;
    for (name, text) in [("Message-ID", left), ("Message-ID", right)] {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if text.is_empty() || text.len() > 200 || !text.bytes().all(fits) {
            return Err(wrong(name, "letters, digits, hyphens and dots"));
        }
    }
    let language = &rendered.language;
    if language.is_empty() || !language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(wrong("Content-Language", "a language tag"));
    }
    if rendered.subject.is_empty() || rendered.subject.chars().any(char::is_control) {
        return Err(wrong("Subject", "one line of text"));
    }
    let unsubscribe = web_address("List-Unsubscribe", envelope.unsubscribe)?;

    let mut message = Message::builder()
        .date(SystemTime::from(envelope.date))
        .from(mailbox("From", envelope.from)?)
        .to(Mailbox::new(None, address("To", envelope.to)?))
        .subject(rendered.subject.as_str());
    if let Some(reply_to) = envelope.reply_to {
        message = message.reply_to(mailbox("Reply-To", reply_to)?);
    }
    let message = message
        .message_id(Some(format!("<{left}@{right}>")))
        .raw_header(plain("List-Unsubscribe", format!("<{unsubscribe}>")))
        .raw_header(plain("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()))
        .raw_header(plain("Auto-Submitted", "auto-generated".to_owned()))
        .raw_header(plain("Content-Language", language.clone()));

    // Quoted-printable never has "=_" in it, so no part can hold the boundary.
    let parts = MultiPart::alternative()
        .boundary(format!("=_{left}"))
        .singlepart(part(ContentType::TEXT_PLAIN, &rendered.text)?)
        .singlepart(part(ContentType::TEXT_HTML, &rendered.html)?);
    let message = message.multipart(parts).map_err(|error| ContentError::Assemble(error.to_string()))?;
    Ok(message.formatted())
}

fn part(kind: ContentType, text: &str) -> Result<SinglePart, ContentError> {
    // Line ends become CRLF in the encoding; a lone CR would pass through it.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let body = Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable)
        .map_err(|_| ContentError::Assemble("a part can't be written as quoted-printable".to_owned()))?;
    Ok(SinglePart::builder().content_type(kind).body(body))
}

fn mailbox(name: &str, text: &str) -> Result<Mailbox, ContentError> {
    let expected = "one address, as `Name <address>`";
    if text.len() > LONGEST_VALUE || text.chars().any(char::is_control) {
        return Err(wrong(name, expected));
    }
    let mailbox = Mailbox::from_str(text).map_err(|_| wrong(name, expected))?;
    address(name, mailbox.email.as_ref())?;
    Ok(mailbox)
}

fn address(name: &str, text: &str) -> Result<Address, ContentError> {
    let expected = "an ASCII mail address";
    // Plain addresses alone: what lettre would accept beyond them (quoted local parts, address
    // literals) no patient has.
    let fits = |byte: u8| byte.is_ascii_graphic() && !b"<>()[]\\,;:\"".contains(&byte);
    if text.len() > 320 || !text.bytes().all(fits) {
        return Err(wrong(name, expected));
    }
    Address::from_str(text).map_err(|_| wrong(name, expected))
}

fn web_address(name: &str, text: &str) -> Result<String, ContentError> {
    let is_url = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let fits = text.len() <= LONGEST_VALUE && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"".contains(&byte));
    if is_url && fits { Ok(text.to_owned()) } else { Err(wrong(name, "an absolute http or https URL")) }
}

/// A header whose value was checked to be printable ASCII and short enough for one line; folding
/// a URL would break it for some readers.
fn plain(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.clone(), value)
}

fn wrong(name: &str, expected: &str) -> ContentError {
    ContentError::Assemble(format!("the value of {name} is not {expected}"))
}
