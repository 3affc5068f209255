//! Who looked at or changed what. One row for each read of patient data, whoever reads it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{AuditId, PatientId};

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "id")]
pub enum Actor {
    /// A signed-in user, by id.
    User(String),
    /// An API token, by id.
    Token(String),
    /// A plugin, by name.
    Plugin(String),
    /// The gateway itself: a worker or the command line.
    System(String),
    /// A patient, through a signed link.
    Patient(String),
    /// Nobody known.
    Anonymous,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditAction {
    /// Patient data was read.
    Read,
    /// A list of patients was read.
    Search,
    /// Something was made.
    Create,
    /// Something was changed.
    Update,
    /// Someone signed in, or tried to.
    SignIn,
    /// Someone signed out.
    SignOut,
}

/// A line of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its identifier.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: AuditAction,
    /// What it was done to: a noun, or a route template. Never a query.
    pub object: String,
    /// The patient whose data it was; several rows for several patients, `None` where no patient is concerned.
    pub patient: Option<PatientId>,
    /// Whether it was allowed.
    pub allowed: bool,
    /// More about it: ids and counts only.
    pub detail: String,
}
