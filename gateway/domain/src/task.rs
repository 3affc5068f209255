//! Tasks: something a member of staff is to do about a patient, because a journey says so, because a person could not be written to, or
//! because somebody put it down.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::{JourneyId, MessageId, PatientId, RunId, TaskId, UserId};
use crate::user::Role;

/// The longest note, in characters.
pub const LONGEST_NOTE: usize = 500;

/// What is to be done. The words are fixed, so that nothing clinical is said unless a person says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskKind {
    /// Call the patient.
    Call,
    /// Find out whether the addresses are right.
    CheckContact,
    /// Help the patient to an appointment.
    Book,
    /// Look at the record and decide what is next.
    Review,
    /// Something else; the note says what.
    Other,
}

impl TaskKind {
    /// All.
    pub const ALL: [Self; 5] = [Self::Call, Self::CheckContact, Self::Book, Self::Review, Self::Other];

    /// The name as stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::CheckContact => "check-contact",
            Self::Book => "book",
            Self::Review => "review",
            Self::Other => "other",
        }
    }

    /// The kind of a stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What it is called where no console translates it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Call => "Call the patient",
            Self::CheckContact => "Check the contact details",
            Self::Book => "Help to make an appointment",
            Self::Review => "Look at the record",
            Self::Other => "Follow up",
        }
    }
}

/// Whether it is still to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskStatus {
    /// To be done.
    Open,
    /// Done.
    Done,
    /// Not to be done any more.
    Cancelled,
}

impl TaskStatus {
    /// All.
    pub const ALL: [Self; 3] = [Self::Open, Self::Done, Self::Cancelled];

    /// The name as stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of a stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// Where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskOrigin {
    /// A member of staff put it down.
    Staff(UserId),
    /// A step of a journey.
    Journey {
        /// The journey.
        journey: JourneyId,
        /// The run.
        run: RunId,
        /// The step; it makes one task in each run.
        step: String,
    },
    /// A message could not be delivered to the patient's address.
    Undeliverable(MessageId),
}

impl TaskOrigin {
    /// The name as stored and shown.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Staff(_) => "staff",
            Self::Journey { .. } => "journey",
            Self::Undeliverable(_) => "undeliverable",
        }
    }
}

/// Who is to do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Assignee {
    /// One user.
    User(UserId),
    /// Whoever has this role.
    Role(Role),
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskEnd {
    /// When.
    pub at: Timestamp,
    /// Who said so.
    pub by: UserId,
}

/// Something to be done about a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its identifier.
    pub id: TaskId,
    /// The patient's record it was made for.
    pub patient: PatientId,
    /// What is to be done.
    pub kind: TaskKind,
    /// More in words, from the journey's definition or from staff.
    pub note: Option<String>,
    /// Where it comes from.
    pub origin: TaskOrigin,
    /// Whether it is still to be done.
    pub status: TaskStatus,
    /// Who is to do it; nobody in particular where it is missing.
    pub assignee: Option<Assignee>,
    /// Until when, a day in the hospital's time zone.
    pub due_on: Option<Date>,
    /// When it was made.
    pub created_at: Timestamp,
    /// How it ended, once it has.
    pub end: Option<TaskEnd>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_and_status_is_found_by_its_name() {
        for kind in TaskKind::ALL {
            assert_eq!(TaskKind::from_name(kind.name()), Some(kind));
        }
        for status in TaskStatus::ALL {
            assert_eq!(TaskStatus::from_name(status.name()), Some(status));
        }
        assert_eq!((TaskKind::from_name("dance"), TaskStatus::from_name("")), (None, None));
    }
}
