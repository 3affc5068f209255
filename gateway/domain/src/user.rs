//! People who sign in, and what each role may do: one table.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{ApiTokenId, UserId};

/// What a user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Everything.
    Administrator,
    /// Runs segments and journeys.
    Coordinator,
    /// Reads and approves.
    Clinician,
    /// Runs the gateway; sees no patient.
    Operator,
    /// Reads the audit; sees no patient.
    Auditor,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 5] = [Self::Administrator, Self::Coordinator, Self::Clinician, Self::Operator, Self::Auditor];

    /// The name as stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Coordinator => "coordinator",
            Self::Clinician => "clinician",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
        }
    }

    /// The role of a stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Whether the role may do this. The one table.
    pub const fn may(self, permission: Permission) -> bool {
        use Permission::{
            DecideIdentity, ManageJourneys, ManageSegments, ManageSources, ManageUsers, ReadAudit, ReadJourneys, ReadMessages,
            ReadPatients, ReadPlugins, ReadSegments, ReadSources, ReadTasks, RecordConsent, WorkOnTasks,
        };
        match self {
            Self::Administrator => true,
            Self::Coordinator => matches!(
                permission,
                ReadPatients
                    | ReadSegments
                    | ManageSegments
                    | ReadJourneys
                    | ManageJourneys
                    | ReadMessages
                    | ReadSources
                    | RecordConsent
                    | ReadTasks
                    | WorkOnTasks
                    | DecideIdentity
            ),
            Self::Clinician => {
                matches!(
                    permission,
                    ReadPatients | ReadSegments | ReadJourneys | ReadMessages | RecordConsent | ReadTasks | WorkOnTasks | DecideIdentity
                )
            }
            Self::Operator => matches!(permission, ReadSources | ManageSources | ReadPlugins | ManageUsers),
            Self::Auditor => matches!(permission, ReadAudit),
        }
    }
}

/// What can be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// See patients, accounts and their facts.
    ReadPatients,
    /// See segments and their members.
    ReadSegments,
    /// Change segments.
    ManageSegments,
    /// See journeys and who is in them.
    ReadJourneys,
    /// Pause, resume and change journeys.
    ManageJourneys,
    /// See what was sent and refused.
    ReadMessages,
    /// Record an opt-out or a permission for a patient.
    RecordConsent,
    /// See what staff is to do about patients.
    ReadTasks,
    /// Make tasks, take them, and say that they are done.
    WorkOnTasks,
    /// Say which records are one person's.
    DecideIdentity,
    /// See sources, runs and the reasons of the quarantine.
    ReadSources,
    /// Start syncs, see raw quarantined lines.
    ManageSources,
    /// See plugins.
    ReadPlugins,
    /// Add users and tokens.
    ManageUsers,
    /// Read the audit.
    ReadAudit,
}

impl Permission {
    /// All permissions.
    pub const ALL: [Self; 15] = [
        Self::ReadPatients,
        Self::ReadSegments,
        Self::ManageSegments,
        Self::ReadJourneys,
        Self::ManageJourneys,
        Self::ReadMessages,
        Self::RecordConsent,
        Self::ReadTasks,
        Self::WorkOnTasks,
        Self::DecideIdentity,
        Self::ReadSources,
        Self::ManageSources,
        Self::ReadPlugins,
        Self::ManageUsers,
        Self::ReadAudit,
    ];
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct User {
    /// Its identifier.
    pub id: UserId,
    /// What the user signs in with, lower case.
    pub email: String,
    /// What people call the user.
    pub name: String,
    /// What the user is.
    pub role: Role,
    /// A disabled user can't sign in, and open sessions and tokens end at once.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A server-side session. Only the SHA-256 of its token is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// Whose it is.
    pub user: UserId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used.
    pub used_at: Timestamp,
}

impl Session {
    /// Ends after fifteen minutes without use.
    pub const IDLE: jiff::SignedDuration = jiff::SignedDuration::from_mins(15);
    /// Ends twelve hours after sign-in, whatever happens.
    pub const ABSOLUTE: jiff::SignedDuration = jiff::SignedDuration::from_hours(12);

    /// Whether it can still be used.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now.duration_since(self.used_at) < Self::IDLE && now.duration_since(self.created_at) < Self::ABSOLUTE
    }
}

/// A key for the API. Only the SHA-256 of it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApiToken {
    /// Its identifier.
    pub id: ApiTokenId,
    /// On whose behalf it acts.
    pub user: UserId,
    /// What it is for.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}
