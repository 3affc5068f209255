//! Segments: lists of patients decided by a plugin, and who is on them and why.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fact::FactKey;
use crate::ids::{PatientId, PatientNo, SegmentId};
use crate::plugin::PluginName;

/// A segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Its identifier.
    pub id: SegmentId,
    /// Its key: lower case and hyphens, unique.
    pub key: String,
    /// What people call it.
    pub title: String,
    /// One sentence about it.
    pub description: String,
    /// The plugin that decides.
    pub plugin: PluginName,
    /// Its configuration, a JSON document the plugin understands.
    pub definition: Value,
    /// Counted from 1; a new definition is a new version and re-evaluates everybody.
    pub version: u32,
    /// Whether people are evaluated.
    pub active: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// One reason for a membership.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Why, in words.
    pub phrase: String,
    /// The fact that counts; `None` where something was looked for and not found.
    pub fact: Option<FactKey>,
}

/// Who is on a segment, since when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The segment.
    pub segment: SegmentId,
    /// The patient.
    pub patient: PatientId,
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub evidence: Vec<Evidence>,
    /// The next day on which the answer can change without new data.
    pub review_on: Option<Date>,
}

/// The answer for one patient and one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// The patient.
    pub patient: PatientNo,
    /// The segment.
    pub segment: SegmentId,
    /// Whether the patient is a member.
    pub member: bool,
    /// Population bits of each group.
    pub populations: Vec<u8>,
    /// Why, for members.
    pub evidence: Vec<Evidence>,
    /// The next day on which the answer can change without new data.
    pub review_on: Option<Date>,
}

/// Joining or leaving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MembershipChange {
    /// Became a member.
    Joined,
    /// Is no longer a member.
    Left,
}

/// A change of membership, in the order in which it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembershipEvent {
    /// Position in the order.
    pub seq: i64,
    /// The segment.
    pub segment: SegmentId,
    /// The patient.
    pub patient: PatientId,
    /// Joined or left.
    pub change: MembershipChange,
    /// When.
    pub at: Timestamp,
}
