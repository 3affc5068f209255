//! One connection to the mail server, step by step, so that each step has its own meaning.

use std::{
    iter,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use lettre::transport::smtp::{
    Error,
    authentication::{Credentials, Mechanism},
    client::{AsyncSmtpConnection, TlsParameters},
    commands::{Data, Mail, Quit, Rcpt, Rset},
    extension::{ClientId, Extension, MailBodyParameter, MailParameter},
    response::{Response, Severity},
};
use tokio::time::timeout;

use super::{SmtpTls, address::MailAddress, outcome::RelayOutcome};

/// A greeted, protected and signed-in connection.
pub(super) struct Session {
    connection: AsyncSmtpConnection,
    usable: bool,
    messages: u32,
}

/// A step of the dialogue that did not end well.
enum StepError {
    /// The server said no.
    Answer { code: u16, text: String },
    /// The connection was lost, or the time was up.
    Lost(String),
}

impl Session {
    /// Connects, greets and protects. The error says which step failed.
    pub(super) async fn open(
        server: (&str, u16),
        tls: SmtpTls,
        parameters: Option<&TlsParameters>,
        hello: &ClientId,
        step: Duration,
    ) -> Result<Self, String> {
        let implicit = parameters.filter(|_| tls == SmtpTls::Implicit).cloned();
        let connecting = AsyncSmtpConnection::connect_tokio1(server, Some(step), hello, implicit, None);
        let mut connection = match timeout(step, connecting).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return Err(format!("no mail server to talk to: {error}")),
            Err(_) => return Err("the mail server did not greet in time".to_owned()),
        };
        if let Some(parameters) = parameters.filter(|_| tls == SmtpTls::StartTls) {
            if !connection.can_starttls() {
                return Err("the mail server does not offer STARTTLS".to_owned());
            }
            match timeout(step, connection.starttls(parameters.clone(), hello)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(format!("STARTTLS was not possible: {error}")),
                Err(_) => return Err("STARTTLS took too long".to_owned()),
            }
        }
        Ok(Self { connection, usable: true, messages: 0 })
    }

    pub(super) async fn sign_in(&mut self, mechanisms: &[Mechanism], credentials: &Credentials, step: Duration) -> Result<(), String> {
        match timeout(step, self.connection.auth(mechanisms, credentials)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(format!("the mail server did not let us sign in: {error}")),
            Err(_) => Err("signing in to the mail server took too long".to_owned()),
        }
    }

    /// Whether the connection is alive and between two messages.
    pub(super) async fn reset(&mut self, step: Duration) -> bool {
        matches!(timeout(step, self.connection.command(Rset)).await, Ok(Ok(_)))
    }

    pub(super) async fn quit(mut self, step: Duration) {
        // Whatever comes back, nothing depends on it.
        drop(timeout(step, self.connection.command(Quit)).await);
    }

    /// Whether another message may be sent over this connection.
    pub(super) fn is_usable(&self) -> bool {
        self.usable
    }

    /// How many messages this connection has carried.
    pub(super) fn messages(&self) -> u32 {
        self.messages
    }

    /// MAIL, RCPT, DATA, content.
    pub(super) async fn transact(
        &mut self,
        from: Option<&MailAddress>,
        to: &MailAddress,
        message: &[u8],
        step: Duration,
        content: Duration,
    ) -> RelayOutcome {
        self.messages += 1;
        // Every early way out leaves the dialogue in the middle of something.
        self.usable = false;

        let mut parameters = Vec::new();
        if !message.is_ascii() {
            let info = self.connection.server_info();
            if !info.supports_feature(Extension::EightBitMime) {
                self.usable = true;
                return RelayOutcome::refused(554, "the mail server takes ASCII only and the message has other bytes");
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let mail = Mail::new(from.cloned(), parameters);
        let rcpt = Rcpt::new(to.clone(), Vec::new());
        let before_content = async {
            self.step("MAIL", mail, Severity::PositiveCompletion, step).await?;
            self.step("RCPT", rcpt, Severity::PositiveCompletion, step).await?;
            self.step("DATA", Data, Severity::PositiveIntermediate, step).await
        };
        match before_content.await {
            Ok(()) => self.content(message, content).await,
            Err(StepError::Lost(reason)) => RelayOutcome::Later { reason },
            Err(StepError::Answer { code, text }) => {
                // The dialogue is intact; RSET at the next use ends this message.
                self.usable = code != 421;
                answered(code, text)
            }
        }
    }

    /// Sends one command and wants an answer of the given severity.
    async fn step<C: std::fmt::Display>(&mut self, name: &str, command: C, wanted: Severity, step: Duration) -> Result<(), StepError> {
        match timeout(step, self.connection.command(command)).await {
            Ok(Ok(response)) if response.code().severity == wanted => Ok(()),
            Ok(Ok(response)) => {
                Err(StepError::Lost(format!("the mail server answered {name} with {}, which makes no sense", response.code())))
            }
            Ok(Err(error)) => Err(match error.status() {
                Some(code) => StepError::Answer { code: code.into(), text: answer_text(&error) },
                None => StepError::Lost(format!("connection lost at {name}: {error}")),
            }),
            Err(_) => Err(StepError::Lost(format!("no answer to {name} in time"))),
        }
    }

    /// Sends the content and the final dot, and reads the answer.
    async fn content(&mut self, message: &[u8], longest: Duration) -> RelayOutcome {
        // The connection writes CRLF, dot, CRLF after the content; the content's own last CRLF
        // would become an empty line.
        let message = message.strip_suffix(b"\r\n").unwrap_or(message);
        // The content is asked for once more after its last piece was written; only then does
        // the dot follow. So this says whether the dot can have left.
        let content_written = AtomicBool::new(false);
        let pieces = iter::once(Some(message))
            .chain(iter::once_with(|| {
                content_written.store(true, Ordering::Relaxed);
                None
            }))
            .map_while(|piece| piece);
        let answer = timeout(longest, self.connection.message_iter(pieces)).await;
        let dot_may_have_left = content_written.load(Ordering::Relaxed);

        let lost = match answer {
            Ok(Ok(response)) => match response.code().severity {
                Severity::PositiveCompletion => {
                    self.usable = true;
                    return RelayOutcome::Accepted { response: response_text(&response) };
                }
                _ => format!("the mail server answered with {}", response.code()),
            },
            Ok(Err(error)) => match error.status() {
                Some(code) => {
                    let code = u16::from(code);
                    self.usable = code != 421;
                    return answered(code, answer_text(&error));
                }
                None => format!("connection lost: {error}"),
            },
            Err(_) => "no answer in time".to_owned(),
        };
        if dot_may_have_left {
            let reason = format!("after the whole message was sent: {lost}");
            RelayOutcome::Unknown { reason }
        } else {
            let reason = format!("before the whole message was sent: {lost}");
            RelayOutcome::Later { reason }
        }
    }
}

/// What a negative answer to MAIL, RCPT, DATA or the content means.
fn answered(code: u16, text: String) -> RelayOutcome {
    match code {
        // Asks for encryption or sign-in (RFC 4954 section 6): our set-up, not this message.
        530 | 534 | 535 | 538 => RelayOutcome::Later { reason: format!("{code} {text}") },
        500..=599 => RelayOutcome::Rejected { code, text },
        _ => RelayOutcome::Later { reason: format!("{code} {text}") },
    }
}

fn response_text(response: &Response) -> String {
    let lines: Vec<&str> = response.message().collect();
    format!("{} {}", response.code(), lines.join(" "))
}

/// What the server said beside the code.
fn answer_text(error: &Error) -> String {
    std::error::Error::source(error).map_or_else(String::new, ToString::to_string)
}
