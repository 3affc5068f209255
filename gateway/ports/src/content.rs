//! From a message template to what a person reads.

use std::collections::BTreeMap;

use gateway_domain::issue::Issue;
use jiff::Timestamp;
use serde_json::Value;

/// Why a message can't be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// The document is not one.
    #[error("the message document can't be read: {0}")]
    Document(String),
    /// There is no variant in the person's language. The message is held, never sent in another language silently.
    #[error("the message has no variant in the language `{0}`")]
    NoLanguage(String),
    /// A merge field has neither a value nor a fall-back.
    #[error("the merge field `{0}` has no value and no fall-back")]
    MissingValue(String),
    /// A template did not end, or the result is too large.
    #[error("the message can't be rendered: {0}")]
    Render(String),
    /// A header or address would break the message.
    #[error("the message can't be put together: {0}")]
    Assemble(String),
}

/// A message made for one person.
#[derive(Clone, PartialEq, Eq)]
pub struct RenderedMessage {
    /// Subject line.
    pub subject: String,
    /// HTML part.
    pub html: String,
    /// Text part.
    pub text: String,
    /// Language of the variant (BCP 47).
    pub language: String,
    /// Where each link leads, by its number.
    pub links: Vec<String>,
}

impl std::fmt::Debug for RenderedMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RenderedMessage").field("language", &self.language).finish_non_exhaustive()
    }
}

/// Addresses on our own pages that a message carries. They name no patient and no target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageLinks {
    /// For link number n: the URL that leads to its target. `{n}` stands for the number. Empty where clicks are not tracked: links then
    /// lead straight to their targets.
    pub click: String,
    /// The page on which the person leaves or chooses.
    pub preferences: String,
    /// Where a mail program posts a one-click unsubscribe (RFC 8058).
    pub unsubscribe: String,
}

/// What a message is made of besides its document.
#[derive(Clone, PartialEq)]
pub struct RenderRequest<'a> {
    /// The document of the template.
    pub document: &'a Value,
    /// The person's language (BCP 47); `None` takes the document's default variant.
    pub language: Option<&'a str>,
    /// Merge values by name, for example `patient.given_name`.
    pub values: &'a BTreeMap<String, String>,
    /// Our own pages.
    pub links: &'a MessageLinks,
}

/// Headers of an email.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailEnvelope<'a> {
    /// `From`, as `Name <address>`.
    pub from: &'a str,
    /// `Reply-To`, where it differs.
    pub reply_to: Option<&'a str>,
    /// Address of the person.
    pub to: &'a str,
    /// Left and right of the `@` of `Message-ID`.
    pub message_id: (&'a str, &'a str),
    /// `Date`.
    pub date: Timestamp,
    /// One-click unsubscribe (RFC 8058).
    pub unsubscribe: &'a str,
}

/// Makes messages. Pure: the same request gives the same message.
pub trait MessageContent: Send + Sync {
    /// Findings about a document.
    fn check(&self, document: &Value) -> Vec<Issue>;
    /// Renders a message for one person.
    ///
    /// # Errors
    /// Any of [`ContentError`]; the message is then held or refused, never sent with a hole in it.
    fn render(&self, request: &RenderRequest<'_>) -> Result<RenderedMessage, ContentError>;
    /// Puts a complete RFC 5322 message together, with `List-Unsubscribe` and `List-Unsubscribe-Post`.
    ///
    /// # Errors
    /// [`ContentError::Assemble`] where a header would break the message.
    fn assemble(&self, envelope: &EmailEnvelope<'_>, rendered: &RenderedMessage) -> Result<Vec<u8>, ContentError>;
}
