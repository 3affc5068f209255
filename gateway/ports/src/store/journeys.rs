//! Journeys, runs, timers and the events that drive them.

use async_trait::async_trait;
use gateway_domain::consent::Purpose;
use gateway_domain::ids::{IdEntropy, JourneyId, MessageId, PatientId, PatientNo, RunId};
use gateway_domain::journey::{Journey, JourneyEvent, JourneyStatus, Run, RunStatus};
use gateway_domain::segment::MembershipEvent;
use jiff::Timestamp;

use super::tasks::NewTask;
use super::{Page, PageRequest, StoreError};

/// How many people are where in a journey.
#[derive(Clone, Debug, PartialEq)]
pub struct JourneySummary {
    /// The journey.
    pub journey: Journey,
    /// People on the way, by step.
    pub at_step: Vec<(String, u64)>,
    /// People who left, by reason.
    pub left: Vec<(String, u64)>,
    /// Runs that are stuck.
    pub stuck: u64,
}

/// A run with the words a list shows.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSummary {
    /// The run.
    pub run: Run,
    /// First given name and family name.
    pub name: String,
}

/// An event of a run whose time has come, with all that is needed to advance it.
#[derive(Clone, Debug, PartialEq)]
pub struct DueEvent {
    /// Position in the queue; handed back.
    pub seq: i64,
    /// The run.
    pub run: Run,
    /// Revision of the run; handed back.
    pub revision: i64,
    /// State of the plugin; `None` before the first event.
    pub state: Option<String>,
    /// The version of the plugin the run stays with; `None` is the one that is used.
    pub plugin_version: Option<String>,
    /// What happened.
    pub event: JourneyEvent,
    /// When it was due.
    pub due_at: Timestamp,
    /// The patient.
    pub patient: PatientNo,
    /// The plugin that moves people, and the definition of the run's version.
    pub journey: Journey,
    /// How many times it was tried.
    pub tries: u32,
}

/// A message to be written to the ledger. A second one with the same patient, run, step, medium and occurrence is left out.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    /// Its identifier.
    pub id: MessageId,
    /// The step that proposes it.
    pub step: String,
    /// How many times the run has proposed at this step before.
    pub occurrence: u32,
    /// The medium.
    pub medium: String,
    /// Key of the message template.
    pub template: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Not before this.
    pub due_at: Timestamp,
    /// Not after this.
    pub expires_at: Option<Timestamp>,
}

/// All that follows from one event, written in one transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct Advance {
    /// The event that was worked on; it is taken from the queue.
    pub seq: i64,
    /// The run.
    pub run: RunId,
    /// Revision the run must still have.
    pub revision: i64,
    /// New state of the plugin.
    pub state: String,
    /// Where the person is now.
    pub at_step: String,
    /// Whether the person is still on the way; the reason for anything else.
    pub status: RunStatus,
    /// Why the person left, or why the run is stuck.
    pub reason: Option<String>,
    /// Messages proposed.
    pub messages: Vec<NewMessage>,
    /// Tasks proposed.
    pub tasks: Vec<NewTask>,
    /// Timers: step and moment.
    pub timers: Vec<(String, Timestamp)>,
    /// Kinds of happening to be passed on from now on, with the step and the end; replaces those of the same step.
    pub listeners: Vec<(String, Vec<String>, Option<Timestamp>)>,
    /// Branches taken: step and branch.
    pub branches: Vec<(String, String)>,
    /// The version of the plugin the run stays with from now on; `None` leaves it as it is.
    pub plugin_version: Option<String>,
}

/// Keeps journeys.
#[async_trait]
pub trait JourneyStore: Send + Sync {
    /// Makes the journey, or gives the one with this key a new version where plugin, definition or entry differ; people inside
    /// finish in their own version. Status is taken only when it is made.
    async fn put_journey(&self, journey: &Journey, now: Timestamp) -> Result<Journey, StoreError>;
    /// Changes the status. Stopping queues [`JourneyEvent::Cancelled`] for everybody inside.
    async fn set_journey_status(&self, id: JourneyId, status: JourneyStatus, now: Timestamp) -> Result<(), StoreError>;
    /// All journeys by title, with counts.
    async fn journeys(&self) -> Result<Vec<JourneySummary>, StoreError>;
    /// One journey.
    async fn journey(&self, id: JourneyId) -> Result<Option<JourneySummary>, StoreError>;
    /// People in a journey, those on the way first, the latest first.
    async fn runs(&self, journey: JourneyId, page: PageRequest) -> Result<Page<RunSummary>, StoreError>;
    /// A patient's runs, the latest first.
    async fn patient_runs(&self, patient: PatientId) -> Result<Vec<Run>, StoreError>;

    /// Takes up to `limit` membership events that no journey has heard of, in order. For each live journey that is entered by the
    /// segment a `Joined` makes a run with [`JourneyEvent::Entered`] queued (unless the patient is inside, or left too recently to
    /// come back); every active run that listens gets `segment-joined` / `segment-left` as [`JourneyEvent::Happened`] with the
    /// segment's key as detail. The cursor moves in the same transaction.
    async fn enrol(&self, limit: u32, now: Timestamp, entropy: &[IdEntropy]) -> Result<Vec<MembershipEvent>, StoreError>;
    /// Claims up to `limit` events that are due, of active runs of live journeys (cancellations of any), one of each run, until
    /// `lease`.
    async fn claim_due_events(&self, limit: u32, now: Timestamp, lease: Timestamp) -> Result<Vec<DueEvent>, StoreError>;
    /// Writes all that follows from an event. When the person leaves, timers, listeners and queued events of the run go, and
    /// messages that are still due become `cancelled`.
    ///
    /// # Errors
    /// [`StoreError::Stale`] where the run moved on in between; the event stays.
    async fn advance(&self, advance: &Advance, now: Timestamp) -> Result<(), StoreError>;
    /// Puts an event off after a failure.
    async fn put_off_event(&self, seq: i64, until: Timestamp) -> Result<(), StoreError>;
    /// The next moment at which an event is due, for sleeping until then.
    async fn next_event_due(&self) -> Result<Option<Timestamp>, StoreError>;
}
