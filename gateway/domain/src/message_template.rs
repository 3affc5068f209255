//! The documents messages are made from.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::consent::Purpose;
use crate::ids::MessageTemplateId;

/// A message template. Its document is JSON blocks, with one variant for each language; the content service understands it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MessageTemplate {
    /// Its identifier.
    pub id: MessageTemplateId,
    /// Its key: lower case and hyphens, unique.
    pub key: String,
    /// What people call it.
    pub title: String,
    /// What messages made from it are for.
    pub purpose: Purpose,
    /// The subscription list it belongs to, by key.
    pub list: Option<String>,
    /// The document.
    pub document: Value,
    /// Counted from 1.
    pub version: u32,
    /// When this version was made.
    pub created_at: Timestamp,
}
