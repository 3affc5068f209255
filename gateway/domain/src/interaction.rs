//! What came back from people and providers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{InteractionId, MessageId, PatientId};

/// The kind of interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InteractionKind {
    /// A link of the message was followed. Perhaps by a scanner; never proof of a person.
    Clicked,
    /// The person left by one click or on the preference page.
    OptedOut,
    /// The provider says it could not deliver, and never will to this address.
    Bounced,
    /// The provider says it could not deliver this time.
    Failed,
    /// The provider says it arrived.
    Delivered,
    /// The person answered.
    Answered,
}

impl InteractionKind {
    /// The kind of happening a journey hears of.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clicked => "clicked",
            Self::OptedOut => "opted-out",
            Self::Bounced => "bounced",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Answered => "answered",
        }
    }
}

/// An interaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interaction {
    /// Its identifier.
    pub id: InteractionId,
    /// The person.
    pub patient: PatientId,
    /// The message it belongs to.
    pub message: Option<MessageId>,
    /// What happened.
    pub kind: InteractionKind,
    /// When.
    pub at: Timestamp,
    /// Number of the link within the message, for a click.
    pub link: Option<u32>,
}
