//! What can go wrong, in words that name the object and what was expected.

use std::path::PathBuf;

/// An error of the sandbox.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such resource.
    #[error("{kind}/{id} does not exist")]
    NotFound {
        /// Resource type.
        kind: String,
        /// Logical id.
        id: String,
    },
    /// The resource was deleted.
    #[error("{kind}/{id} was deleted")]
    Gone {
        /// Resource type.
        kind: String,
        /// Logical id.
        id: String,
    },
    /// FHIR R4 has no such resource type, or the URL names nothing here.
    #[error("{0} is not known here; see the CapabilityStatement at [base]/metadata")]
    UnknownPath(String),
    /// The request or resource is not well formed.
    #[error("{0}")]
    Invalid(String),
    /// `If-Match` names another version than the current one.
    #[error("{kind}/{id} is at version {current}, and the request expected version {expected}")]
    VersionConflict {
        /// Resource type.
        kind: String,
        /// Logical id.
        id: String,
        /// The current version.
        current: String,
        /// The version of `If-Match`.
        expected: String,
    },
    /// A conditional create matched several resources.
    #[error("If-None-Exist matches {0} resources; at most one was expected")]
    ManyMatches(usize),
    /// The search would have to hold too much at once.
    #[error("{0}")]
    TooCostly(String),
    /// No valid token.
    #[error("{0}")]
    Unauthorized(String),
    /// The token does not allow it.
    #[error("{0}")]
    Forbidden(String),
    /// As many export jobs as may run are running, or the log of changes is full.
    #[error("{0}")]
    Busy(String),
    /// The configuration can't be used.
    #[error("{0}")]
    Config(String),
    /// A file or folder can't be read.
    #[error("{path}: {error}")]
    Read {
        /// What was read.
        path: PathBuf,
        /// Why it failed.
        error: std::io::Error,
    },
    /// The listener failed.
    #[error("The listener failed: {0}")]
    Listen(#[from] std::io::Error),
}
