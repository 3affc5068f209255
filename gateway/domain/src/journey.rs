//! Journeys: a plan of communication, the people on their way through it, and what a journey plugin is asked and may propose.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{JourneyId, PatientId, RunId, SegmentId};
use crate::plugin::PluginName;
use crate::task::TaskKind;

/// Whether people enter and advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JourneyStatus {
    /// Being written; nobody enters.
    Draft,
    /// People enter and advance.
    Live,
    /// Nobody enters or advances; nothing is lost.
    Paused,
    /// Ended for good; everybody was taken out.
    Stopped,
}

/// A plan of communication.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Journey {
    /// Its identifier.
    pub id: JourneyId,
    /// Its key in configuration and URLs: lower case and hyphens, unique.
    pub key: String,
    /// What people call it.
    pub title: String,
    /// One sentence about it.
    pub description: String,
    /// Whether people enter and advance.
    pub status: JourneyStatus,
    /// The version new people enter; counted from 1.
    pub version: u32,
    /// The plugin that moves people.
    pub plugin: PluginName,
    /// The definition of `version`, a JSON document the plugin understands.
    pub definition: Value,
    /// Joining this segment is what lets people in.
    pub entry_segment: Option<SegmentId>,
    /// Whether someone who left may enter again, and after how many days.
    pub reentry_after_days: Option<u16>,
    /// Whether people finish with the version of the plugin they began with, whatever is installed meanwhile.
    pub keeps_plugin: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Whether a person is still on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// On the way.
    Active,
    /// Left, at the end or before it; the reason says which.
    Left,
    /// The plugin could not go on; a person has to look.
    Stuck,
}

/// One person's way through one journey.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its identifier.
    pub id: RunId,
    /// The journey.
    pub journey: JourneyId,
    /// The version the person entered, and finishes in.
    pub version: u32,
    /// The person.
    pub patient: PatientId,
    /// Whether the person is still on the way.
    pub status: RunStatus,
    /// The step the person is at.
    pub at_step: String,
    /// When the person entered.
    pub entered_at: Timestamp,
    /// When something last happened.
    pub updated_at: Timestamp,
    /// Why the person left, or why the run is stuck.
    pub reason: Option<String>,
}

/// What happened to a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event", content = "with")]
pub enum JourneyEvent {
    /// The person entered; why, in words.
    Entered(String),
    /// A timer set by this step is due.
    Timer(String),
    /// Something happened to the person.
    Happened(Happening),
    /// The host carried out, or refused, a proposed send.
    SendOutcome(SendOutcomeEvent),
    /// The journey was stopped, or the person taken out; why.
    Cancelled(String),
}

/// Something that happened to a person on the way: `clicked`, `opted-out`, `segment-left`, `segment-joined`, `bounced`...
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happening {
    /// Kind of event.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// More about it: the key of the step or segment it belongs to, or empty.
    pub detail: String,
}

/// What became of a proposed send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendOutcomeEvent {
    /// The step that proposed it.
    pub step: String,
    /// `accepted`, `rejected`, `refused`, `unknown` or `expired`.
    pub outcome: String,
    /// Why, where there is more to say.
    pub reason: Option<String>,
}

/// A question the plugin needs answered before it can go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The plugin's key for it.
    pub key: String,
    /// What is asked, a JSON document: see [`QuestionCriteria`].
    pub criteria: String,
}

/// What a plugin may ask the host about the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum QuestionCriteria {
    /// Is the person a member of the segment with this key?
    MemberOf(String),
    /// Is this the person's language (BCP 47, compared by primary subtag)?
    Language(String),
    /// Is the person's age, in whole years, at least this?
    AgeAtLeast(u16),
}

/// The host's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The plugin's key for the question.
    pub key: String,
    /// `None` where it is not known.
    pub truth: Option<bool>,
}

/// What a plugin proposes; only the host acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "effect", content = "with")]
pub enum Effect {
    /// Write to the person.
    Send(SendProposal),
    /// Wake the run at a moment.
    WakeAt(Wake),
    /// Pass on happenings of these kinds.
    ListenFor(Listener),
    /// Let the person join or leave a subscription list.
    ChangeList(ListChange),
    /// Put a task before staff.
    CreateTask(TaskProposal),
    /// A branch was taken; for the analytics.
    NoteBranch(Branch),
    /// The person leaves the journey; why.
    Leave(String),
}

/// A message the plugin proposes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendProposal {
    /// The step that proposes it.
    pub step: String,
    /// Key of the message template.
    pub message: String,
    /// Channels in order of preference.
    pub channels: Vec<String>,
    /// Not to be sent after this.
    pub expires_at: Option<Timestamp>,
}

/// A timer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wake {
    /// The step that waits.
    pub step: String,
    /// When.
    pub at: Timestamp,
}

/// Happenings to be passed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// The step that listens.
    pub step: String,
    /// Kinds of happening.
    pub kinds: Vec<String>,
    /// Until when; `None` while the run lasts.
    pub until: Option<Timestamp>,
}

/// A change of a subscription list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListChange {
    /// Key of the list.
    pub list_key: String,
    /// Join or leave.
    pub join: bool,
}

/// A task the plugin proposes. A run makes one at each step, however often it is proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskProposal {
    /// The step that proposes it.
    pub step: String,
    /// What is to be done.
    pub kind: TaskKind,
    /// More in words, as the definition has them.
    pub note: Option<String>,
    /// The role it is for, by name.
    pub role: Option<String>,
    /// Until when.
    pub due_at: Option<Timestamp>,
}

/// A branch that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// The step that branched.
    pub step: String,
    /// The branch.
    pub taken: String,
}

/// The plugin's answer to an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// The new state, opaque to the host, at most 64 KiB.
    pub state: String,
    /// What is proposed, in order.
    pub effects: Vec<Effect>,
    /// What has to be answered first; the host calls again with the same event and state and the answers.
    pub questions: Vec<Question>,
    /// The step the person is at now.
    pub at_step: String,
}

impl Transition {
    /// Why the person leaves, if so.
    pub fn leaves(&self) -> Option<&str> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Leave(reason) => Some(reason.as_str()),
            _ => None,
        })
    }
}
