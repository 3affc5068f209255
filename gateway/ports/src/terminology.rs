//! Codes and value sets.

use gateway_domain::code::Coding;

/// Why a value set is not to be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TerminologyError {
    /// Nobody knows it.
    #[error("the value set `{0}` is not known; load it with `outreach terminology import`, or spell the codes out")]
    Unknown(String),
}

/// Value sets by canonical URL.
pub trait Terminology: Send + Sync {
    /// All codes of a value set.
    ///
    /// # Errors
    /// [`TerminologyError::Unknown`]. Nobody is ever counted against a value set that is missing.
    fn expand(&self, value_set: &str) -> Result<Vec<Coding>, TerminologyError>;
    /// What a code is called, where it is known.
    fn display(&self, coding: &Coding) -> Option<String>;
}
