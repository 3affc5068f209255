//! Value sets as others publish them: FHIR resources and bundles, what the Value Set Authority Center gives out, and tables. Files are
//! read whole or not at all; an error names the place and what was expected there. What several files say of value sets is put together
//! by [`Assembly`], which resolves those made of others.
//!
//! Architecture invariant: bytes in, value sets out. No I/O, no clock, no database, no code of a terminology of its own.

#![deny(missing_docs)]

mod assemble;
mod read;
mod system;

pub use self::{
    assemble::{Assembled, Assembly, Incoming, Refused},
    read::{Content, Draft, Part, ReadFile, read},
    system::{SystemName, system},
};

/// Bytes of a file.
pub const MOST_BYTES: u64 = 256 * 1024 * 1024;
/// Codes of all files that are taken in together. Value sets for all public measures together have some hundred thousand.
pub const MOST_CODES: usize = 3_000_000;
/// Letters of a code or of the name of a code system; more of a display are cut off.
const LONGEST: usize = 1_000;

/// Why a file, or a value set in it, is not taken in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct TerminologyFileError {
    /// Where in the file: a line, or a path.
    pub place: String,
    /// What is wrong there, and what was expected.
    pub reason: String,
}

impl TerminologyFileError {
    pub(crate) fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { place: place.into(), reason: reason.into() }
    }
}
