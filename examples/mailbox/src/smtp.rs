//! The SMTP side: `mailin` knows the protocol, this file moves the bytes.
//!
//! Recipients whose mailbox begins with `refuse` are refused for good (550), with `later` for now (450), so that both can be tried.

use std::net::IpAddr;
use std::time::Duration;

use mailin::{Action, Handler, Response, SessionBuilder, response};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::Mailbox;

/// A line may be this long (RFC 5321 allows 1,000; some clients send more).
const LONGEST_LINE: u64 = 64 * 1024;
/// A message may be this large.
const LARGEST_MESSAGE: usize = 25 * 1024 * 1024;
/// A silent client is let go after this.
const PATIENCE: Duration = Duration::from_mins(5);

pub(crate) async fn serve(mailbox: Mailbox, listener: TcpListener, stopped: watch::Receiver<bool>) {
    let mut stop = stopped.clone();
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            Ok((stream, peer)) = listener.accept() => {
                let mailbox = mailbox.clone();
                let mut stop = stopped.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        _ = stop.wait_for(|stop| *stop) => {}
                        _ = converse(stream, peer.ip(), mailbox) => {}
                    }
                });
            }
        }
    }
}

async fn converse(stream: TcpStream, peer: IpAddr, mailbox: Mailbox) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    let mut session =
        SessionBuilder::new("mailbox.localhost").build(peer, Envelope { mailbox, from: String::new(), to: Vec::new(), body: Vec::new() });
    write.write_all(&session.greeting().buffer()?).await?;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = tokio::time::timeout(PATIENCE, (&mut read).take(LONGEST_LINE).read_until(b'\n', &mut line)).await??;
        if read == 0 {
            return Ok(());
        }
        let answer = session.process(&line);
        match answer.action {
            Action::NoReply => {}
            Action::Close => {
                write.write_all(&answer.buffer()?).await?;
                return write.shutdown().await;
            }
            _ => write.write_all(&answer.buffer()?).await?,
        }
    }
}

struct Envelope {
    mailbox: Mailbox,
    from: String,
    to: Vec<String>,
    body: Vec<u8>,
}

impl Handler for Envelope {
    fn rcpt(&mut self, to: &str) -> Response {
        if to.starts_with("refuse") {
            response::NO_MAILBOX
        } else if to.starts_with("later") {
            Response::custom(450, "Mailbox busy, try again later".to_owned())
        } else {
            response::OK
        }
    }

    fn data_start(&mut self, _domain: &str, from: &str, _is8bit: bool, to: &[String]) -> Response {
        from.clone_into(&mut self.from);
        self.to = to.to_vec();
        self.body.clear();
        response::OK
    }

    fn data(&mut self, buffer: &[u8]) -> std::io::Result<()> {
        if self.body.len() + buffer.len() > LARGEST_MESSAGE {
            return Err(std::io::Error::other("the message is too large"));
        }
        self.body.extend_from_slice(buffer);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        #[expect(clippy::disallowed_methods, reason = "a mail server for trying stamps what it gets with the real time")]
        let now = jiff::Timestamp::now();
        match self.mailbox.keep(&self.from, &self.to, std::mem::take(&mut self.body), now) {
            Ok(()) => response::OK,
            Err(_) => response::OUT_OF_SPACE,
        }
    }
}
