//! What can be wrong with a profile document.

/// Why a document can't be used: which, where in it, and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// There is none of this name.
    #[error("no {what} is called `{name}`; there are: {known}")]
    Unknown { what: &'static str, name: String, known: String },
    /// It can't be read at all.
    #[error("{what} `{name}` can't be read: {reason}")]
    Document { what: &'static str, name: String, reason: String },
    /// Something in it is wrong.
    #[error("{what} `{name}`, at `{path}`: {reason}")]
    Value { what: &'static str, name: String, path: String, reason: String },
}
