use lettre::message::header::ContentType;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use super::*;

async fn running(folder: Option<&Path>) -> Running {
    let bind = || TcpListener::bind("127.0.0.1:0");
    start(Mailbox::new(folder).unwrap(), bind().await.unwrap(), bind().await.unwrap()).unwrap()
}

async fn send(running: &Running, to: &str) -> Result<(), lettre::transport::smtp::Error> {
    let message = Message::builder()
        .from("care@example.org".parse().unwrap())
        .to(to.parse().unwrap())
        .subject("Grüße")
        .header(ContentType::TEXT_PLAIN)
        .body(".a line that begins with a dot\r\n".to_owned())
        .unwrap();
    let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1").port(running.smtp.port()).build();
    transport.send(message).await.map(drop)
}

#[tokio::test]
async fn a_message_is_kept_as_it_was_sent() {
    let folder = std::env::temp_dir().join(format!("mailbox-{}", std::process::id()));
    let running = running(Some(&folder)).await;
    send(&running, "ada@example.org").await.unwrap();
    let received = running.mailbox.message(1).unwrap();
    assert_eq!(received.to, ["ada@example.org"]);
    assert!(String::from_utf8_lossy(&received.raw).contains("\r\n.a line that begins with a dot"));
    assert_eq!(std::fs::read(folder.join("0001.eml")).unwrap(), received.raw);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn recipients_can_be_refused_for_good_and_for_now() {
    let running = running(None).await;
    assert!(send(&running, "refuse.me@example.org").await.unwrap_err().is_permanent());
    assert!(send(&running, "later.me@example.org").await.unwrap_err().is_transient());
    assert!(running.mailbox.messages().is_empty());
}
