//! The send ledger: one row for each message a journey ever proposed to a person, whatever became of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::consent::Purpose;
use crate::ids::{JourneyId, MessageId, PatientId, RunId};

/// Where a message is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageStatus {
    /// Waits for its time, or for a hold to end. It has not passed the gate.
    Due,
    /// Refused by the gate; it will never be sent.
    Refused,
    /// Passed the gate and is being handed over. Durable before the wire.
    InFlight,
    /// The provider took it.
    Accepted,
    /// The provider will never take it for this recipient.
    Rejected,
    /// It may or may not have gone out. Shown to a person, never sent again by itself.
    Unknown,
    /// Its time ran out before it could be sent.
    Expired,
    /// The person left the journey before it was sent.
    Cancelled,
}

impl MessageStatus {
    /// All, in the order of a message's life.
    pub const ALL: [Self; 8] =
        [Self::Due, Self::Refused, Self::InFlight, Self::Accepted, Self::Rejected, Self::Unknown, Self::Expired, Self::Cancelled];

    /// The name as stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Refused => "refused",
            Self::InFlight => "in-flight",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of a stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether nothing will change any more.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Due | Self::InFlight)
    }
}

/// A message of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its identifier; the same on every try.
    pub id: MessageId,
    /// The person.
    pub patient: PatientId,
    /// The journey that proposed it.
    pub journey: JourneyId,
    /// The run that proposed it.
    pub run: RunId,
    /// The step that proposed it.
    pub step: String,
    /// The medium, for example `email`.
    pub medium: String,
    /// Key of the message template.
    pub template: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Where it is on its way.
    pub status: MessageStatus,
    /// Why it is held, refused, rejected, unknown or expired.
    pub reason: Option<String>,
    /// Not before this.
    pub due_at: Timestamp,
    /// Not after this.
    pub expires_at: Option<Timestamp>,
    /// Handed over how many times.
    pub tries: u32,
    /// When it was proposed.
    pub created_at: Timestamp,
    /// When the provider took it.
    pub sent_at: Option<Timestamp>,
    /// The provider's id for it.
    pub provider_id: Option<String>,
    /// Subject line as sent.
    pub subject: Option<String>,
    /// Language it was rendered in.
    pub language: Option<String>,
}
