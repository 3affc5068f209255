//! Hands complete messages to the operator's mail server, and is exact about what is known after.
//!
//! Exactly-once mail does not exist: between the final dot and the server's answer there is a
//! window in which a lost connection leaves open whether the message was taken. This relay says
//! [`RelayOutcome::Unknown`] for that window and for it alone. Before the dot has been handed to
//! the connection the server must not deliver (RFC 5321 section 4.1.1.4), so a loss there is
//! [`RelayOutcome::Later`].

use std::{fmt, time::Duration};

use lettre::transport::smtp::{
    authentication::{Credentials, Mechanism},
    client::TlsParameters,
    extension::ClientId,
};
use secrecy::{ExposeSecret, SecretString};

pub use self::outcome::RelayOutcome;
use self::{
    address::{MailAddress, read_address},
    outcome::hide_addresses,
    pool::Pool,
    session::Session,
};
use crate::install_tls_provider;

mod address;
mod outcome;
mod pool;
mod session;

/// How the way to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// Not at all; for a relay on this machine or in a trusted network.
    None,
    /// STARTTLS, and nothing is sent where the server does not offer it.
    StartTls,
    /// TLS from the first byte (RFC 8314).
    Implicit,
}

/// Where the mail server is and how to talk to it.
#[derive(Clone)]
pub struct SmtpConfig {
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    pub credentials: Option<SmtpCredentials>,
    /// How we name ourselves in EHLO: a host name of ours.
    pub hello_name: String,
    /// The longest wait for each answer of the server before the message's content.
    pub step_timeout: Duration,
    /// The longest wait from the first byte of the content to the server's final answer
    /// (RFC 5321 section 4.5.3.2.6 asks for ten minutes).
    pub content_timeout: Duration,
    /// The most connections at a time.
    pub max_connections: usize,
    /// After so many messages a connection is closed; many servers insist on a number.
    pub messages_per_connection: u32,
    /// A connection idle for longer is not used again.
    pub idle: Duration,
}

impl SmtpConfig {
    /// A server without credentials, with the usual limits.
    pub fn new(host: impl Into<String>, port: u16, tls: SmtpTls) -> Self {
        Self {
            host: host.into(),
            port,
            tls,
            credentials: None,
            hello_name: "localhost".to_owned(),
            step_timeout: Duration::from_mins(1),
            content_timeout: Duration::from_mins(10),
            max_connections: 4,
            messages_per_connection: 100,
            idle: Duration::from_secs(20),
        }
    }
}

impl fmt::Debug for SmtpConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SmtpConfig")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("with_credentials", &self.credentials.is_some())
            .finish_non_exhaustive()
    }
}

/// The account on the mail server.
#[derive(Clone)]
pub struct SmtpCredentials {
    pub user: String,
    pub password: SecretString,
}

/// A mail relay that can't work as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    #[error("mail relay {host}: credentials would travel unprotected; use starttls or implicit TLS")]
    CredentialsInTheOpen { host: String },
    #[error("mail relay {host}: hello name {name:?} is not a host name")]
    HelloName { host: String, name: String },
    #[error("mail relay {host}: TLS can't be set up: {detail}")]
    Tls { host: String, detail: String },
    #[error("mail relay {host}: {detail}")]
    Unreachable { host: String, detail: String },
}

/// The way to one mail server: a few connections, each used for many messages.
pub struct SmtpRelay {
    config: SmtpConfig,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    hello: ClientId,
    pool: Pool,
}

impl SmtpRelay {
    /// A relay for `config`. Nothing is connected yet.
    ///
    /// # Errors
    /// [`SmtpError`] where the configuration contradicts itself.
    pub fn new(config: SmtpConfig) -> Result<Self, SmtpError> {
        install_tls_provider();
        let host = config.host.clone();
        let here = matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1");
        if config.credentials.is_some() && config.tls == SmtpTls::None && !here {
            return Err(SmtpError::CredentialsInTheOpen { host });
        }
        let name = &config.hello_name;
        let is_host_name =
            !name.is_empty() && name.len() <= 255 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        if !is_host_name {
            let name = name.clone();
            return Err(SmtpError::HelloName { host, name });
        }
        let tls = match config.tls {
            SmtpTls::None => None,
            SmtpTls::StartTls | SmtpTls::Implicit => {
                Some(TlsParameters::new(host.clone()).map_err(|error| SmtpError::Tls { host, detail: error.to_string() })?)
            }
        };
        let credentials = config.credentials.as_ref().map(|account| {
            let password = account.password.expose_secret().to_owned();
            Credentials::new(account.user.clone(), password)
        });
        Ok(Self {
            tls,
            credentials,
            hello: ClientId::Domain(config.hello_name.clone()),
            pool: Pool::new(config.max_connections, config.idle),
            config,
        })
    }

    /// Connects, greets, signs in and leaves again: whether the server could be used now.
    ///
    /// # Errors
    /// [`SmtpError::Unreachable`] with the step that failed.
    pub async fn test(&self) -> Result<(), SmtpError> {
        let session = self.connect().await.map_err(|detail| {
            let host = self.config.host.clone();
            SmtpError::Unreachable { host, detail }
        })?;
        session.quit(self.config.step_timeout).await;
        Ok(())
    }

    /// Hands over one message for one recipient.
    ///
    /// `message` is a complete RFC 5322 message with CRLF line ends. An empty `envelope_from` is
    /// the null return path. Addresses that are not plain ASCII addresses, and messages with bare
    /// CR or LF (which some servers read as the end of a message), are rejected here with the code
    /// a server would use, before anything is sent.
    ///
    /// An answer of 5xx to sign-in or greeting says nothing about the recipient and is `Later`.
    pub async fn relay(&self, envelope_from: &str, envelope_to: &str, message: &[u8]) -> RelayOutcome {
        let (from, to) = match (read_address(envelope_from), read_address(envelope_to)) {
            (Ok(from), Ok(Some(to))) => (from, to),
            (Err(_), _) => return RelayOutcome::refused(553, "the sender is not an address"),
            (_, Err(_) | Ok(None)) => {
                return RelayOutcome::refused(553, "the recipient is not an address");
            }
        };
        if has_bare_line_ends(message) {
            return RelayOutcome::refused(554, "the message has line ends other than CRLF");
        }
        let outcome = self.hand_over(from.as_ref(), &to, message).await;
        metrics::counter!("smtp_messages_total", "outcome" => outcome.name()).increment(1);
        outcome.without_addresses(&[envelope_from, envelope_to])
    }

    async fn hand_over(&self, from: Option<&MailAddress>, to: &MailAddress, message: &[u8]) -> RelayOutcome {
        let Some(place) = self.pool.place().await else {
            return RelayOutcome::later("the mail relay is shutting down");
        };
        // A connection that was idle may have been closed by the server. RSET finds out while
        // nothing is at stake.
        let mut reusable = None;
        while let Some(mut session) = self.pool.take_idle() {
            if session.reset(self.config.step_timeout).await {
                reusable = Some(session);
                break;
            }
        }
        let mut session = match reusable {
            Some(session) => session,
            None => match self.connect().await {
                Ok(session) => session,
                Err(detail) => return RelayOutcome::Later { reason: detail },
            },
        };
        let outcome = session.transact(from, to, message, self.config.step_timeout, self.config.content_timeout).await;
        if session.is_usable() && session.messages() < self.config.messages_per_connection {
            self.pool.give_back(session);
        } else if session.is_usable() {
            session.quit(self.config.step_timeout).await;
        }
        drop(place);
        outcome
    }

    async fn connect(&self) -> Result<Session, String> {
        let opened = Session::open(
            (self.config.host.as_str(), self.config.port),
            self.config.tls,
            self.tls.as_ref(),
            &self.hello,
            self.config.step_timeout,
        );
        let mut session = opened.await?;
        if let Some(credentials) = &self.credentials {
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            session.sign_in(&mechanisms, credentials, self.config.step_timeout).await.map_err(|detail| hide_addresses(&detail, &[]))?;
        }
        Ok(session)
    }
}

/// Whether a CR stands without LF or an LF without CR.
fn has_bare_line_ends(message: &[u8]) -> bool {
    let mut previous = 0;
    for &byte in message {
        if (previous == b'\r') != (byte == b'\n') {
            return true;
        }
        previous = byte;
    }
    previous == b'\r'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_crlf_is_a_line_end() {
        for good in ["", "a", "a\r\n", "\r\n", "a\r\n\r\nb"] {
            assert!(!has_bare_line_ends(good.as_bytes()), "{good:?}");
        }
        for bad in ["\n", "a\n", "\r", "a\rb", "a\r\r\n", "a\r\n\n", "a\n.\nb", "a\r\n.\r"] {
            assert!(has_bare_line_ends(bad.as_bytes()), "{bad:?}");
        }
    }

    #[test]
    fn credentials_do_not_travel_in_the_open() {
        let mut config = SmtpConfig::new("mail.example.org", 25, SmtpTls::None);
        config.credentials = Some(SmtpCredentials { user: "gateway".to_owned(), password: SecretString::from("secret".to_owned()) });
        assert!(matches!(SmtpRelay::new(config.clone()), Err(SmtpError::CredentialsInTheOpen { .. })));
        config.tls = SmtpTls::StartTls;
        assert!(SmtpRelay::new(config).is_ok());
    }
}
