//! What is said about a message when the dialogue breaks at each of its points.

use std::{net::SocketAddr, time::Duration};

use gateway_net::smtp::{RelayOutcome, SmtpConfig, SmtpCredentials, SmtpRelay, SmtpTls};
use tokio::net::TcpListener;

use crate::mail_sink::{Fault, start};

const FROM: &str = "news@clinic.example";
const TO: &str = "ana@example.org";
const MESSAGE: &[u8] = b"Subject: x\r\n\r\n.dot\r\nline\r\n";

fn relay_to(address: SocketAddr) -> SmtpRelay {
    SmtpRelay::new(SmtpConfig {
        step_timeout: Duration::from_secs(2),
        content_timeout: Duration::from_millis(500),
        hello_name: "gateway.example".to_owned(),
        ..SmtpConfig::new(address.ip().to_string(), address.port(), SmtpTls::None)
    })
    .unwrap()
}

#[tokio::test]
async fn each_point_of_failure_has_its_own_meaning() {
    // (fault, what is said about the message, whether the server got it)
    let cases: [(&'static [Fault], &str, bool); 20] = [
        (&[Fault::None], "accepted", true),
        (&[Fault::Answer("", "554 go away")], "later", false),
        (&[Fault::Answer("", "421 too busy")], "later", false),
        (&[Fault::CutAt("EHLO")], "later", false),
        (&[Fault::CutAt("MAIL")], "later", false),
        (&[Fault::Answer("MAIL", "550 5.7.1 sender refused")], "rejected", false),
        (&[Fault::Answer("MAIL", "530 5.7.0 sign in first")], "later", false),
        (&[Fault::Answer("MAIL", "nonsense")], "later", false),
        (&[Fault::Answer("RCPT", "550 5.1.1 <ana@example.org>: no mailbox ana here")], "rejected", false),
        (&[Fault::Answer("RCPT", "450 4.2.1 greylisted")], "later", false),
        (&[Fault::Answer("RCPT", "354 what")], "later", false),
        (&[Fault::CutAt("RCPT")], "later", false),
        (&[Fault::Answer("DATA", "554 no valid recipients")], "rejected", false),
        (&[Fault::CutAt("DATA")], "later", false),
        (&[Fault::AnswerDot("554 5.7.1 looks like spam")], "rejected", true),
        (&[Fault::AnswerDot("451 4.3.0 disk full")], "later", true),
        (&[Fault::AnswerDot("354 more?")], "unknown", true),
        (&[Fault::AnswerDot("nonsense")], "unknown", true),
        (&[Fault::CutAfterDot], "unknown", true),
        (&[Fault::SilentAfterDot], "unknown", true),
    ];
    for (faults, expected, received) in cases {
        let (address, seen) = start(faults).await;
        let outcome = relay_to(address).relay(FROM, TO, MESSAGE).await;
        let said = format!("{outcome:?}").to_lowercase();
        assert!(said.starts_with(expected), "{faults:?}: {said}");
        assert!(!said.contains("ana@") && !said.contains("mailbox ana"), "{said}");
        assert_eq!(!seen.lock().unwrap().messages.is_empty(), received, "{faults:?}");
    }
}

#[tokio::test]
async fn connection_lost_in_the_middle_of_the_content_is_later() {
    // More than the connection's buffers hold, so that the dot can't have been written.
    let message = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd\r\n".repeat(500_000);
    let (address, seen) = start(&[Fault::CutAfterData]).await;
    let relay = SmtpRelay::new(SmtpConfig::new("127.0.0.1", address.port(), SmtpTls::None)).unwrap();
    let outcome = relay.relay(FROM, TO, message.as_bytes()).await;
    assert!(matches!(outcome, RelayOutcome::Later { .. }), "{outcome:?}");
    assert!(seen.lock().unwrap().messages.is_empty());

    // A small one may be in the buffers, dot and all: then nobody knows.
    let outcome = relay.relay(FROM, TO, MESSAGE).await;
    let is_open = matches!(outcome, RelayOutcome::Later { .. } | RelayOutcome::Unknown { .. });
    assert!(is_open, "{outcome:?}");
}

#[tokio::test]
async fn nobody_listening_is_later() {
    let address = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    let outcome = relay_to(address).relay(FROM, TO, MESSAGE).await;
    assert!(matches!(outcome, RelayOutcome::Later { .. }), "{outcome:?}");
    assert!(relay_to(address).test().await.is_err());
}

#[tokio::test]
async fn message_arrives_as_it_is_over_a_connection_that_is_kept() {
    let (address, seen) = start(&[Fault::None]).await;
    let relay = relay_to(address);
    for _ in 0..3 {
        let outcome = relay.relay(FROM, TO, MESSAGE).await;
        let response = "250 2.0.0 queued as 1 for <(address)>".to_owned();
        assert_eq!(outcome, RelayOutcome::Accepted { response });
    }
    let outcome = relay.relay("", TO, "Subject: ä\r\n\r\nä".as_bytes()).await;
    assert!(matches!(outcome, RelayOutcome::Accepted { .. }), "{outcome:?}");

    let seen = seen.lock().unwrap();
    assert_eq!(seen.connections, 1);
    assert_eq!(seen.messages[..3], [str::from_utf8(MESSAGE).unwrap(); 3]);
    assert_eq!(seen.messages[3], "Subject: ä\r\n\r\nä\r\n");
    assert_eq!(seen.commands[0], "EHLO gateway.example");
    assert!(seen.commands.contains(&"MAIL FROM:<> BODY=8BITMIME".to_owned()));
}

#[tokio::test]
async fn rejected_recipient_leaves_the_connection_for_others() {
    let (address, seen) = start(&[Fault::Answer("RCPT TO:<gone@", "550 5.1.1 unknown")]).await;
    let relay = relay_to(address);
    let outcome = relay.relay(FROM, "gone@example.org", MESSAGE).await;
    assert_eq!(outcome, RelayOutcome::Rejected { code: 550, text: "5.1.1 unknown".to_owned() });
    assert!(matches!(relay.relay(FROM, TO, MESSAGE).await, RelayOutcome::Accepted { .. }));
    assert_eq!(seen.lock().unwrap().connections, 1);
}

#[tokio::test]
async fn connection_the_server_closed_meanwhile_is_replaced() {
    let (address, seen) = start(&[Fault::CutAt("RSET"), Fault::None]).await;
    let relay = relay_to(address);
    for _ in 0..2 {
        assert!(matches!(relay.relay(FROM, TO, MESSAGE).await, RelayOutcome::Accepted { .. }));
    }
    assert_eq!(seen.lock().unwrap().connections, 2);
    assert_eq!(seen.lock().unwrap().messages.len(), 2);
}

#[tokio::test]
async fn injected_commands_and_smuggled_messages_never_reach_the_server() {
    let (address, seen) = start(&[Fault::None]).await;
    let relay = relay_to(address);
    for (from, to, message) in [
        (FROM, "a@example.org>\r\nRCPT TO:<b@example.org", MESSAGE),
        ("a@example.org\r\nX", TO, MESSAGE),
        (FROM, "ä@example.org", MESSAGE),
        (FROM, "", MESSAGE),
        (FROM, TO, b"Subject: x\r\n\r\n\n.\r\nMAIL FROM:<x@example.org>\r\n".as_slice()),
        (FROM, TO, b"Subject: x\r\n\r\n\r.\r\n".as_slice()),
    ] {
        let outcome = relay.relay(from, to, message).await;
        assert!(matches!(outcome, RelayOutcome::Rejected { .. }), "{outcome:?}");
    }
    assert_eq!(seen.lock().unwrap().connections, 0);
}

#[tokio::test]
async fn refused_sign_in_is_about_us_and_not_the_recipient() {
    let (address, _seen) = start(&[Fault::Answer("AUTH", "535 5.7.8 bad credentials")]).await;
    let mut config = SmtpConfig::new("127.0.0.1", address.port(), SmtpTls::None);
    config.credentials = Some(SmtpCredentials { user: "gateway".to_owned(), password: "wrong".to_owned().into() });
    let relay = SmtpRelay::new(config).unwrap();
    let outcome = relay.relay(FROM, TO, MESSAGE).await;
    assert!(matches!(&outcome, RelayOutcome::Later { reason } if reason.contains("sign in")), "{outcome:?}");
}

#[tokio::test]
async fn nothing_is_sent_without_the_starttls_that_was_asked_for() {
    let (address, seen) = start(&[Fault::None]).await;
    let relay = SmtpRelay::new(SmtpConfig::new("127.0.0.1", address.port(), SmtpTls::StartTls)).unwrap();
    let outcome = relay.relay(FROM, TO, MESSAGE).await;
    assert!(matches!(&outcome, RelayOutcome::Later { reason } if reason.contains("STARTTLS")), "{outcome:?}");
    assert!(seen.lock().unwrap().commands.iter().all(|command| command.starts_with("EHLO") || command == "QUIT"));
}
