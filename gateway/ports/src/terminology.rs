//! Codes and value sets.

use async_trait::async_trait;
use gateway_domain::code::Coding;
use gateway_domain::value_set::{ValueSet, ValueSetSummary};

/// Why a value set is not to be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TerminologyError {
    /// Nobody knows it.
    #[error("the value set `{0}` is not known; load it with `outreach terminology import`, or spell the codes out")]
    Unknown(String),
    /// It is known, but not in the version that is asked for.
    #[error("the value set `{value_set}` is not known in this version, only in {known}; import that version, or name none")]
    Version {
        /// As it was asked for.
        value_set: String,
        /// The version that is in use.
        known: String,
    },
    /// Nobody can say now. Trying again can help; nothing is decided meanwhile.
    #[error("value sets can't be looked up: {0}")]
    Unavailable(String),
}

/// Value sets by canonical URL, `urn:oid:`, or OID, each with `|<version>` or without: what was imported, and for what was not the
/// starter sets of the program.
#[async_trait]
pub trait Terminology: Send + Sync {
    /// All codes of a value set.
    ///
    /// # Errors
    /// [`TerminologyError::Unknown`] and [`TerminologyError::Version`]: nobody is ever counted against a value set that is missing.
    /// [`TerminologyError::Unavailable`] is no answer.
    async fn expand(&self, value_set: &str) -> Result<Vec<Coding>, TerminologyError> {
        Ok(self.value_set(value_set).await?.into_codes())
    }
    /// A value set with its codes and all that is said of it.
    ///
    /// # Errors
    /// As [`Terminology::expand`].
    async fn value_set(&self, value_set: &str) -> Result<ValueSet, TerminologyError>;
    /// A value set without its codes.
    ///
    /// # Errors
    /// As [`Terminology::expand`].
    async fn find(&self, value_set: &str) -> Result<ValueSetSummary, TerminologyError>;
    /// All value sets, without their codes, by title.
    ///
    /// # Errors
    /// [`TerminologyError::Unavailable`].
    async fn list(&self) -> Result<Vec<ValueSetSummary>, TerminologyError>;
    /// A number that is another one whenever a value set is.
    ///
    /// # Errors
    /// [`TerminologyError::Unavailable`].
    async fn revision(&self) -> Result<i64, TerminologyError>;
    /// What a code is called, where it is known.
    async fn display(&self, coding: &Coding) -> Option<String>;
}

/// No value sets.
#[derive(Clone, Copy, Debug)]
pub struct NoTerminology;

#[async_trait]
impl Terminology for NoTerminology {
    async fn value_set(&self, value_set: &str) -> Result<ValueSet, TerminologyError> {
        Err(TerminologyError::Unknown(value_set.to_owned()))
    }

    async fn find(&self, value_set: &str) -> Result<ValueSetSummary, TerminologyError> {
        Err(TerminologyError::Unknown(value_set.to_owned()))
    }

    async fn list(&self) -> Result<Vec<ValueSetSummary>, TerminologyError> {
        Ok(Vec::new())
    }

    async fn revision(&self) -> Result<i64, TerminologyError> {
        Ok(0)
    }

    async fn display(&self, _coding: &Coding) -> Option<String> {
        None
    }
}
