//! Adapter: email documents made of JSON blocks become a subject, HTML and text, and these become
//! a complete RFC 5322 message.
//!
//! A [`document::Document`] is what the designer edits. [`EmailContent`] checks it, renders it for
//! one person (blocks to MJML to HTML, and blocks to text), and puts the message together.
//!
//! Architecture invariant: everything here is pure; the same input gives the same bytes. Data is
//! never a template and never markup: a value is put in once, as text, and escaped for where it
//! goes. A merge field without value and fall-back is an error, never an empty hole. Nothing in a
//! message points to a third party of its own accord.

pub mod document;

mod assemble;
mod check;
mod html;
mod merge;
mod plain_text;
mod render;

use gateway_domain::issue::Issue;
use gateway_ports::content::{ContentError, EmailEnvelope, MessageContent, RenderRequest, RenderedMessage};
use serde_json::Value;

pub use self::merge::KNOWN_FIELDS;

/// Makes emails from documents.
#[derive(Clone, Copy, Debug, Default)]
pub struct EmailContent;

impl MessageContent for EmailContent {
    fn check(&self, document: &Value) -> Vec<Issue> {
        check::check(document)
    }

    fn render(&self, request: &RenderRequest<'_>) -> Result<RenderedMessage, ContentError> {
        render::render(request)
    }

    fn assemble(&self, envelope: &EmailEnvelope<'_>, rendered: &RenderedMessage) -> Result<Vec<u8>, ContentError> {
        assemble::assemble(envelope, rendered)
    }
}
