//! What the gateway tells a source of its own doings: messages, decisions and tasks as records of that source. Each is to stand there
//! exactly once, however often it is tried.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::consent::{Consent, Purpose};
use crate::ids::{ConsentId, IdError, MessageId, PatientId, SourceId, TaskId};
use crate::message::MessageStatus;
use crate::patient::RecordStatus;
use crate::task::Task;

/// What kind of record it becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WriteBackKind {
    /// A message, as a FHIR `Communication`.
    Communication,
    /// A decision about being written to, as a FHIR `Consent`.
    Consent,
    /// A task of staff, as a FHIR `Task`.
    Task,
}

impl WriteBackKind {
    /// All.
    pub const ALL: [Self; 3] = [Self::Communication, Self::Consent, Self::Task];

    /// The name as stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Communication => "communication",
            Self::Consent => "consent",
            Self::Task => "task",
        }
    }

    /// The FHIR type it becomes.
    pub const fn resource_type(self) -> &'static str {
        match self {
            Self::Communication => "Communication",
            Self::Consent => "Consent",
            Self::Task => "Task",
        }
    }
}

/// What is written back, by its identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WriteBackObject {
    /// A message.
    Message(MessageId),
    /// A decision.
    Consent(ConsentId),
    /// A task.
    Task(TaskId),
}

impl WriteBackObject {
    /// What kind of record it becomes.
    pub const fn kind(self) -> WriteBackKind {
        match self {
            Self::Message(_) => WriteBackKind::Communication,
            Self::Consent(_) => WriteBackKind::Consent,
            Self::Task(_) => WriteBackKind::Task,
        }
    }
}

impl fmt::Display for WriteBackObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(id) => id.fmt(f),
            Self::Consent(id) => id.fmt(f),
            Self::Task(id) => id.fmt(f),
        }
    }
}

impl FromStr for WriteBackObject {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let consent = || text.parse().map(Self::Consent);
        let task = || text.parse().map(Self::Task);
        consent().or_else(|_| task()).or_else(|_| text.parse().map(Self::Message))
    }
}

/// What of a source's patients is written back to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct WriteBackScope {
    /// Each outcome of the send ledger.
    pub communications: bool,
    /// Each decision about being written to.
    pub consents: bool,
    /// Each task of staff.
    pub tasks: bool,
}

impl WriteBackScope {
    /// Whether anything is.
    pub const fn is_any(self) -> bool {
        self.communications || self.consents || self.tasks
    }

    /// The kinds of record that are written.
    pub fn kinds(self) -> impl Iterator<Item = WriteBackKind> {
        WriteBackKind::ALL.into_iter().filter(move |kind| match kind {
            WriteBackKind::Communication => self.communications,
            WriteBackKind::Consent => self.consents,
            WriteBackKind::Task => self.tasks,
        })
    }
}

/// How a write-back stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WriteBackStatus {
    /// It is to be written, for the first time or once more.
    Waiting,
    /// It stands in the source as it is here.
    Done,
    /// It was given up; the reason says why, and a person may let it be tried again.
    Failed,
}

impl WriteBackStatus {
    /// All.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Done, Self::Failed];

    /// The name as stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// The status of a stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// The record at the source, as its answer named it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteRecord {
    /// Its FHIR id there.
    pub id: String,
    /// Its version there, where the source has versions.
    pub version: Option<String>,
}

/// A line of the ledger of write-backs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteBack {
    /// What is written.
    pub object: WriteBackObject,
    /// Where to.
    pub source: SourceId,
    /// Whose record it belongs to.
    pub patient: PatientId,
    /// How it stands.
    pub status: WriteBackStatus,
    /// Counted from 1, and up each time what is to be written changed.
    pub revision: u32,
    /// Tries since it last began to wait.
    pub tries: u32,
    /// When it is tried next, while it waits.
    pub due_at: Timestamp,
    /// The record at the source, once it is known.
    pub remote: Option<RemoteRecord>,
    /// Why it waits or was given up; or what was found where it is done.
    pub reason: Option<String>,
    /// When it was first to be written.
    pub created_at: Timestamp,
    /// When something last happened to it.
    pub updated_at: Timestamp,
}

/// What is to stand in the source.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// What became of a message.
    Communication(Box<CommunicationRecord>),
    /// What a person decided.
    Consent(Box<ConsentRecord>),
    /// A task of staff.
    Task(Box<TaskRecord>),
}

impl Record {
    /// The patient's FHIR id in the source.
    pub fn patient_fhir_id(&self) -> &str {
        match self {
            Self::Communication(record) => &record.patient_fhir_id,
            Self::Consent(record) => &record.patient_fhir_id,
            Self::Task(record) => &record.patient_fhir_id,
        }
    }

    /// How the patient's record stands in the source, as far as it is known here.
    pub const fn patient_status(&self) -> RecordStatus {
        match self {
            Self::Communication(record) => record.patient_status,
            Self::Consent(record) => record.patient_status,
            Self::Task(record) => record.patient_status,
        }
    }

    /// What it is a record of.
    pub const fn object(&self) -> WriteBackObject {
        match self {
            Self::Communication(record) => WriteBackObject::Message(record.message),
            Self::Consent(record) => WriteBackObject::Consent(record.consent.id),
            Self::Task(record) => WriteBackObject::Task(record.task.id),
        }
    }
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct CommunicationRecord {
    /// The message.
    pub message: MessageId,
    /// The patient's FHIR id in the source.
    pub patient_fhir_id: String,
    /// How the patient's record stands.
    pub patient_status: RecordStatus,
    /// How the message stands in the send ledger.
    pub status: MessageStatus,
    /// The provider said later that it could not deliver.
    pub bounced: bool,
    /// Why, as the send ledger has it.
    pub reason: Option<String>,
    /// The medium, for example `email`.
    pub medium: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Key of the message template.
    pub template: String,
    /// What people call the template.
    pub template_title: Option<String>,
    /// Subject line as sent.
    pub subject: Option<String>,
    /// Language it was rendered in.
    pub language: Option<String>,
    /// Key of the journey.
    pub journey: String,
    /// What people call the journey.
    pub journey_title: String,
    /// When it was proposed.
    pub created_at: Timestamp,
    /// When the provider took it.
    pub sent_at: Option<Timestamp>,
}

/// What a person decided.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsentRecord {
    /// The decision.
    pub consent: Consent,
    /// The patient's FHIR id in the source.
    pub patient_fhir_id: String,
    /// How the patient's record stands.
    pub patient_status: RecordStatus,
    /// A later decision has taken its place.
    pub superseded: bool,
}

/// A task of staff.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRecord {
    /// The task.
    pub task: Task,
    /// Key and title of the journey that made it.
    pub journey: Option<(String, String)>,
    /// The patient's FHIR id in the source.
    pub patient_fhir_id: String,
    /// How the patient's record stands.
    pub patient_status: RecordStatus,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_reads_back_as_written_and_knows_its_kind() {
        let message = WriteBackObject::Message(MessageId::new(Timestamp::UNIX_EPOCH, [1; 10]));
        let consent = WriteBackObject::Consent(ConsentId::new(Timestamp::UNIX_EPOCH, [2; 10]));
        let task = WriteBackObject::Task(TaskId::new(Timestamp::UNIX_EPOCH, [3; 10]));
        for (object, kind) in [(message, WriteBackKind::Communication), (consent, WriteBackKind::Consent), (task, WriteBackKind::Task)] {
            assert_eq!(object.to_string().parse::<WriteBackObject>().unwrap(), object);
            assert_eq!(object.kind(), kind);
        }
        assert!("pat_00000000000000000000000000000000".parse::<WriteBackObject>().is_err());
    }
}
