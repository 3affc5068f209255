//! One finding of a check over a document (criteria, journey definition, message template, configuration).

use serde::{Deserialize, Serialize};

/// What is wrong, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// JSON pointer (RFC 6901) to the place in the document; empty for the whole of it.
    pub path: String,
    /// A sentence that names the thing and the fix.
    pub message: String,
    /// Whether the document can't be used while this stands.
    pub fatal: bool,
}

impl Issue {
    /// A finding that must be mended before the document can be used.
    pub fn fatal(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into(), fatal: true }
    }

    /// A finding that is worth a look.
    pub fn advice(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into(), fatal: false }
    }
}
