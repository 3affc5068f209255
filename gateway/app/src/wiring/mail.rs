//! The hospital's mail relay, as plugins reach it.

use anyhow::Context as _;
use async_trait::async_trait;
use gateway_net::smtp::{self, SmtpConfig, SmtpCredentials, SmtpRelay, SmtpTls};
use gateway_ports::mail::{MailRelay, RelayOutcome};

use crate::config::{MailSection, MailTls};

/// The relay.
pub(crate) struct Relay(SmtpRelay);

impl Relay {
    /// The relay of the configuration.
    ///
    /// # Errors
    /// Where the password file can't be read or the settings don't go together.
    pub(crate) fn new(section: &MailSection) -> anyhow::Result<Self> {
        let tls = match section.tls {
            MailTls::None => SmtpTls::None,
            MailTls::Starttls => SmtpTls::StartTls,
            MailTls::Implicit => SmtpTls::Implicit,
        };
        let mut config = SmtpConfig::new(section.host.clone(), section.port, tls);
        if let (Some(user), Some(file)) = (&section.username, &section.password_file) {
            let password =
                std::fs::read_to_string(file).with_context(|| format!("the file of `mail.password_file`, `{}`", file.display()))?;
            config.credentials =
                Some(SmtpCredentials { user: user.clone(), password: password.trim_end_matches(['\r', '\n']).to_owned().into() });
        }
        Ok(Self(SmtpRelay::new(config)?))
    }
}

#[async_trait]
impl MailRelay for Relay {
    async fn relay(&self, envelope_from: &str, envelope_to: &str, message: &[u8]) -> RelayOutcome {
        match self.0.relay(envelope_from, envelope_to, message).await {
            smtp::RelayOutcome::Accepted { response } => RelayOutcome::Accepted(response),
            smtp::RelayOutcome::Rejected { code, text } => RelayOutcome::Rejected(format!("{code} {text}")),
            smtp::RelayOutcome::Later { reason } => RelayOutcome::Later(reason),
            smtp::RelayOutcome::Unknown { reason } => RelayOutcome::Unknown(reason),
        }
    }
}
