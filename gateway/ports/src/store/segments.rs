//! Segments, memberships and the work of evaluating them.

use async_trait::async_trait;
use gateway_domain::ids::{PatientId, PatientNo, SegmentId};
use gateway_domain::plugin::PluginName;
use gateway_domain::segment::{Evaluation, Membership, MembershipEvent, Segment};
use jiff::Timestamp;
use jiff::civil::Date;

use super::{Page, PageRequest, StoreError};

/// A patient to be evaluated. `mark` is handed back, so that a change that comes in between is not lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirtyPatient {
    /// The patient.
    pub patient: PatientNo,
    /// State of the mark when it was claimed.
    pub mark: i64,
}

/// How many members a segment has.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentSummary {
    /// The segment.
    pub segment: Segment,
    /// Members now.
    pub members: u64,
    /// When a membership last changed.
    pub changed_at: Option<Timestamp>,
}

/// A member with the words a list shows.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentMember {
    /// Who, since when and why.
    pub membership: Membership,
    /// First given name and family name.
    pub name: String,
    /// Id of the FHIR resource in its source.
    pub fhir_id: String,
}

/// Keeps segments.
#[async_trait]
pub trait SegmentStore: Send + Sync {
    /// Makes the segment, or gives the one with this key a new version where plugin or definition differ. A new version marks
    /// every patient dirty.
    async fn put_segment(&self, segment: &Segment, now: Timestamp) -> Result<Segment, StoreError>;
    /// Notes by which logic a plugin decides from now on: any text that is another one where its answers may be others. Where it was another
    /// before, or is told for the first time, and a segment in use is decided by the plugin, every patient is marked dirty; whether that
    /// was done.
    async fn note_logic(&self, plugin: &PluginName, logic: &str, now: Timestamp) -> Result<bool, StoreError>;
    /// All segments by title, with counts.
    async fn segments(&self) -> Result<Vec<SegmentSummary>, StoreError>;
    /// A segment by id.
    async fn segment(&self, id: SegmentId) -> Result<Option<SegmentSummary>, StoreError>;
    /// A segment by key.
    async fn segment_by_key(&self, key: &str) -> Result<Option<Segment>, StoreError>;
    /// Members by name.
    async fn members(&self, segment: SegmentId, page: PageRequest) -> Result<Page<SegmentMember>, StoreError>;
    /// Numbers of all members, ascending.
    async fn member_numbers(&self, segment: SegmentId) -> Result<Vec<PatientNo>, StoreError>;
    /// A patient's memberships.
    async fn memberships(&self, patient: PatientId) -> Result<Vec<Membership>, StoreError>;
    /// Changes of a patient's memberships, newest first.
    async fn membership_history(&self, patient: PatientId, limit: u32) -> Result<Vec<MembershipEvent>, StoreError>;

    /// Marks every patient whose review date is this day or before as dirty; how many.
    async fn mark_due_for_review(&self, today: Date, now: Timestamp) -> Result<u64, StoreError>;
    /// Claims up to `limit` dirty patients until `lease`. Patients whose source is being read by a run that has not ended completely
    /// are left: no decision is taken on half an import. While records are linked by new rules all are left.
    async fn claim_dirty(&self, limit: u32, now: Timestamp, lease: Timestamp) -> Result<Vec<DirtyPatient>, StoreError>;
    /// Stores the answers, writes a membership event for each change, and takes the claimed marks away unless they changed
    /// in between. Answers for segments whose version is no longer `version` are dropped.
    async fn apply_evaluations(
        &self,
        claimed: &[DirtyPatient],
        evaluations: &[Evaluation],
        versions: &[(SegmentId, u32)],
        now: Timestamp,
    ) -> Result<Vec<MembershipEvent>, StoreError>;
    /// How many patients wait for an evaluation, and since when the oldest does.
    async fn dirty_backlog(&self) -> Result<(u64, Option<Timestamp>), StoreError>;
}
