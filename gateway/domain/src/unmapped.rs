//! How much of what a source says is said in codes that others understand. It holds codes and numbers, and nobody.

use crate::fact::FactKind;

/// A code met in fewer facts than this is not shown: it could be one person's.
pub const FEWEST_FACTS: u64 = 5;

/// How the facts of a source are coded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeReport {
    /// By kind of fact, in the order of the kinds.
    pub kinds: Vec<KindReport>,
    /// Codes of facts that have no standard code, those of most facts first.
    pub unmapped: Vec<UnmappedCode>,
    /// Codes left out because they are met in fewer than [`FEWEST_FACTS`] facts, or because the list is cut.
    pub not_shown: u64,
}

/// The facts of a kind by how they are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindReport {
    /// The kind.
    pub kind: FactKind,
    /// All facts of the kind.
    pub facts: u64,
    /// Those with at least one code of a standard system.
    pub standard: u64,
    /// Those with codes, none of them of a standard system.
    pub local: u64,
    /// Those without any code.
    pub uncoded: u64,
}

/// A code that no standard code stands beside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnmappedCode {
    /// The kind of the facts.
    pub kind: FactKind,
    /// Its system; empty where the source gave none.
    pub system: String,
    /// The code.
    pub code: String,
    /// What the source calls it.
    pub display: Option<String>,
    /// How many facts have it and no standard code.
    pub facts: u64,
}
