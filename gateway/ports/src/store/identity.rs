//! Which records are one person's: the hospital's rules, what people see of it, and what staff decides.

use async_trait::async_trait;
use gateway_domain::consent::Consent;
use gateway_domain::gate::RecordStanding;
use gateway_domain::identity::{IdentityRules, StaffDecision};
use gateway_domain::ids::{PatientId, PatientNo};
use gateway_domain::patient::Demographics;
use gateway_domain::person::{IdentityDecision, OpenQuestion, Person};
use jiff::Timestamp;

use super::{Page, PageRequest, StoreError};

/// What is to be decided about a record and others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDecision {
    /// The record.
    pub record: PatientId,
    /// The others, each of which it is or is not one with.
    pub others: Vec<PatientId>,
    /// Whether it is.
    pub decision: StaffDecision,
    /// Who decides: the id of a user, or the name of a part of the gateway.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// What became of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// It holds. Records whose person changed by it.
    Holds(Vec<PatientNo>),
    /// Nothing was written: the source merged the record with one of the others, and only the source can undo that.
    MergedBySource,
    /// Nothing was written: staff said of another pair of their records that they are not one person's.
    KeptApart,
}

/// How a piece of the linking of what is held went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relinked {
    /// Records that were looked at.
    pub records: u64,
    /// Of those, records whose person changed.
    pub changed: u64,
    /// Whether all were looked at by the rules there are now.
    pub done: bool,
}

/// As whom a record is written to.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenTo {
    /// Whether it is the record by which its person is written to.
    pub standing: RecordStanding,
    /// What is said of the person; the birth date is that by which the person is youngest.
    pub demographics: Demographics,
    /// The decisions kept with each of the person's records.
    pub consents: Vec<Vec<Consent>>,
    /// The decisions kept with each record that may be the same person's.
    pub possible_consents: Vec<Vec<Consent>>,
}

/// Keeps which records are one person's. What the sources say of it comes with the pieces of their runs
/// ([`SyncStore`](super::SyncStore)).
#[async_trait]
pub trait IdentityStore: Send + Sync {
    /// Takes the hospital's rules on: they count for everything that is written from now on, by whatever process. Whether records that
    /// are held have still to be linked by them; until that is done nobody is written to.
    async fn adopt_identity_rules(&self, rules: &IdentityRules) -> Result<bool, StoreError>;
    /// The rules that count.
    async fn identity_rules(&self) -> Result<IdentityRules, StoreError>;
    /// Links the next `most` records that are held by the rules that count. Goes on where it was stopped.
    async fn relink(&self, most: u32, now: Timestamp) -> Result<Relinked, StoreError>;
    /// The person of a record, with all that is known of it.
    async fn person(&self, patient: PatientId) -> Result<Option<Person>, StoreError>;
    /// As whom a record is written to.
    async fn written_to(&self, patient: PatientId) -> Result<Option<WrittenTo>, StoreError>;
    /// What is open, the oldest first.
    async fn identity_questions(&self, page: PageRequest) -> Result<Page<OpenQuestion>, StoreError>;
    /// What staff decided and did not take back, the newest first.
    async fn identity_decisions(&self, page: PageRequest) -> Result<Page<IdentityDecision>, StoreError>;
    /// Decides about records; replaces what was decided about them before. Whoever is parted keeps the refusals of all of them.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such record.
    async fn decide_identity(&self, new: &NewDecision, now: Timestamp) -> Result<Decided, StoreError>;
    /// Takes a decision about two records back: the rules alone count for them again. Records whose person changed by it; `None` where
    /// there was no decision.
    async fn take_back_identity(&self, one: PatientId, other: PatientId, now: Timestamp) -> Result<Option<Vec<PatientNo>>, StoreError>;
}
