//! `[mail]`

use std::path::PathBuf;

use gateway_domain::contact_point::EmailAddress;
use serde::Deserialize;

use super::ConfigError;

/// How the connection to the relay is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum MailTls {
    /// Not at all; for a relay on this machine.
    None,
    /// By STARTTLS, which must succeed.
    Starttls,
    /// From the first byte.
    Implicit,
}

/// The hospital's mail relay and the sender.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailSection {
    /// `From`, as `Name <address>` or an address.
    pub(crate) from: String,
    /// `Reply-To`, where it differs.
    pub(crate) reply_to: Option<String>,
    /// Right of the `@` in `Message-ID`.
    pub(crate) message_id_domain: String,
    /// Host of the relay.
    pub(crate) host: String,
    /// Port of the relay.
    pub(crate) port: u16,
    /// How the connection is protected.
    pub(crate) tls: MailTls,
    /// Name to sign in with.
    pub(crate) username: Option<String>,
    /// File that holds the password.
    pub(crate) password_file: Option<PathBuf>,
}

impl MailSection {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.sender_address()?;
        if self.message_id_domain.is_empty()
            || !self.message_id_domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
        {
            return Err(ConfigError::key("mail.message_id_domain", "expected a domain, for example `mail.example.org`"));
        }
        if self.username.is_some() != self.password_file.is_some() {
            return Err(ConfigError::key("mail.username", "`username` and `password_file` go together"));
        }
        Ok(())
    }

    /// The address of `from`, used as envelope sender.
    ///
    /// # Errors
    /// [`ConfigError::Key`] where there is none.
    pub(crate) fn sender_address(&self) -> Result<EmailAddress, ConfigError> {
        let bare = self.from.rsplit_once('<').and_then(|(_, rest)| rest.strip_suffix('>')).unwrap_or(&self.from);
        EmailAddress::parse(bare).ok_or_else(|| ConfigError::key("mail.from", "expected `Name <address@domain>`"))
    }
}
