use gateway_content::EmailContent;
use gateway_ports::content::{ContentError, EmailEnvelope, MessageContent, RenderedMessage};

use crate::{document, render};

fn envelope() -> EmailEnvelope<'static> {
    EmailEnvelope {
        from: "Riverside Health <news@riverside-health.example>",
        reply_to: Some("care@riverside-health.example"),
        to: "ana@example.org",
        message_id: ("msg_01", "riverside-health.example"),
        date: "2026-03-01T12:00:00Z".parse().unwrap(),
        unsubscribe: "https://outreach.example.org/p/unsubscribe/AQEAAAABf_________-kM2cQ5mQ0S0oYb0m4m5n2cQ5mQ0S0oYb0m4m5n2cQ5mQ0S0oYb0m4m5n2",
    }
}

fn message() -> RenderedMessage {
    render(&document("reminder.json"), Some("es"), &[("patient.given_name", "Ana")]).unwrap()
}

#[test]
fn message_is_complete_and_the_same_each_time() {
    let bytes = EmailContent.assemble(&envelope(), &message()).unwrap();
    assert_eq!(bytes, EmailContent.assemble(&envelope(), &message()).unwrap());
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.is_ascii());
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    insta::assert_snapshot!(head.replace("\r\n", "\n"));
    assert_eq!(body.matches("--=_msg_01").count(), 3);
    assert_eq!(body.matches("Content-Transfer-Encoding: quoted-printable").count(), 2);
    // Every line end is CRLF, and no line is too long (RFC 5322 section 2.1.1).
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
    assert!(text.split("\r\n").all(|line| line.len() <= 998));
}

#[test]
fn headers_can_not_be_smuggled_in() {
    let message = message();
    let refused = |envelope: EmailEnvelope<'_>, message: &RenderedMessage| {
        let outcome = EmailContent.assemble(&envelope, message);
        assert!(matches!(outcome, Err(ContentError::Assemble(_))), "{outcome:?}");
    };
    for to in [
        "ana@example.org\r\nBcc: x@example.org",
        "ana@example.org\n",
        "Ana <ana@example.org>",
        "ana@example.org, x@example.org",
        "añá@example.org",
        "",
    ] {
        refused(EmailEnvelope { to, ..envelope() }, &message);
    }
    for from in ["A\r\nBcc: x@example.org <a@example.org>", "a@example.org\r\nX: y", "nobody", "a@example.org, b@example.org"] {
        refused(EmailEnvelope { from, ..envelope() }, &message);
        refused(EmailEnvelope { reply_to: Some(from), ..envelope() }, &message);
    }
    for unsubscribe in ["https://example.org/>\r\nX: y", "https://example.org/a b", "mailto:x@example.org", "/p/u"] {
        refused(EmailEnvelope { unsubscribe, ..envelope() }, &message);
    }
    for id in ["", "a b", "a>\r\nX: y", "a@b"] {
        refused(EmailEnvelope { message_id: (id, "example.org"), ..envelope() }, &message);
        refused(EmailEnvelope { message_id: ("a", id), ..envelope() }, &message);
    }
    refused(envelope(), &RenderedMessage { subject: "a\r\nBcc: x@example.org".to_owned(), ..message.clone() });
    refused(envelope(), &RenderedMessage { language: "en\r\nX: y".to_owned(), ..message.clone() });
}
