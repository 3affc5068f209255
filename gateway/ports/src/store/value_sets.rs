//! Imported value sets, in all their versions, and what segments were decided by.

use async_trait::async_trait;
use gateway_domain::ids::SegmentId;
use gateway_domain::value_set::{ValueSet, ValueSetReference, ValueSetSummary, ValueSetUrl};
use jiff::Timestamp;

use super::StoreError;

/// What became of a value set that was put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PutValueSet {
    /// There was none of this name.
    New,
    /// It is used in the place of another one from now on.
    Changed {
        /// The version that was used before.
        before: Option<String>,
    },
    /// The same codes in the same version are in use already.
    Unchanged,
    /// It is kept, and another version stays in use.
    Kept,
}

/// Keeps value sets.
#[async_trait]
pub trait ValueSetStore: Send + Sync {
    /// Keeps a value set beside its other versions. Where `use_it` is given, or there is none of its name yet, it is the one that is used
    /// from now on. The revision moves where what is used does.
    async fn put_value_set(&self, set: &ValueSet, use_it: bool, now: Timestamp) -> Result<PutValueSet, StoreError>;
    /// The value sets in use, by title.
    async fn value_sets(&self) -> Result<Vec<ValueSetSummary>, StoreError>;
    /// A value set, by its URL or its second name: the one in use, or, where the reference names a version, what was imported last of
    /// that version.
    async fn value_set(&self, reference: &ValueSetReference) -> Result<Option<ValueSet>, StoreError>;
    /// As [`ValueSetStore::value_set`], without the codes.
    async fn find_value_set(&self, reference: &ValueSetReference) -> Result<Option<ValueSetSummary>, StoreError>;
    /// All versions of a value set that are kept, the one imported last first; whether each is in use.
    async fn value_set_versions(&self, url: &ValueSetUrl) -> Result<Vec<(ValueSetSummary, bool)>, StoreError>;
    /// A number that moves whenever a value set that is used becomes another one.
    async fn value_set_revision(&self) -> Result<i64, StoreError>;

    /// By which value sets each segment was decided last, as noted.
    async fn noted_value_sets(&self) -> Result<Vec<(SegmentId, String)>, StoreError>;
    /// Notes by which value sets segments are decided from now on, and marks everybody dirty where asked to, in one transaction.
    async fn note_value_sets(&self, noted: &[(SegmentId, String)], mark_everybody: bool, now: Timestamp) -> Result<(), StoreError>;
}
