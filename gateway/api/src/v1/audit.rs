//! The audit.

use axum::extract::State;
use gateway_domain::audit::{Actor, AuditAction, AuditEntry};
use gateway_domain::ids::PatientId;
use gateway_domain::user::User;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::ApiDeps;
use crate::access::Caller;
use crate::audit_trail::Shown;
use crate::extract::{List, Parameters, page};
use crate::problem::ApiError;
use crate::words::AuditActionWord;

/// What an actor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ActorKind {
    /// A signed-in user.
    User,
    /// An API token.
    Token,
    /// A plugin.
    Plugin,
    /// The gateway itself: a worker or the command line.
    System,
    /// A patient, through a signed link.
    Patient,
    /// Nobody known.
    Anonymous,
}

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActorView {
    /// What they are.
    pub kind: ActorKind,
    /// Their id; null for nobody known.
    pub id: Option<String>,
    /// The name of a user.
    pub name: Option<String>,
}

/// A line of the audit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditView {
    /// `aud_...`
    pub id: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who.
    pub actor: ActorView,
    /// What.
    pub action: AuditActionWord,
    /// What it was done to: a noun, or a route template.
    pub object: String,
    /// The patient whose data it was, by id.
    pub patient: Option<String>,
    /// Whether it was allowed.
    pub allowed: bool,
    /// More about it: ids and counts only.
    pub detail: String,
}

/// Which part of the audit is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// About this patient, by id.
    #[param(value_type = Option<String>)]
    patient: Option<PatientId>,
    /// How many to leave out.
    offset: Option<u64>,
    /// How many at most, 1 to 500.
    limit: Option<u32>,
}

/// The audit, newest first.
#[utoipa::path(get, path = "/audit", tag = "audit", params(AuditQuery), responses((status = 200, body = List<AuditView>)))]
pub(crate) async fn list(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Parameters(query): Parameters<AuditQuery>,
) -> Result<Shown<List<AuditView>>, ApiError> {
    let page = page(query.offset, query.limit)?;
    let found = deps.store.audit_entries(query.patient, page).await?;
    let users = deps.store.users().await?;
    let items = found.items.into_iter().map(|entry| view(entry, &users)).collect();
    deps.show(&caller, AuditAction::Search, query.patient, List { items, total: found.total }).await
}

fn view(entry: AuditEntry, users: &[User]) -> AuditView {
    AuditView {
        id: entry.id.to_string(),
        at: entry.at,
        actor: actor(entry.actor, users),
        action: entry.action.into(),
        object: entry.object,
        patient: entry.patient.map(|patient| patient.to_string()),
        allowed: entry.allowed,
        detail: entry.detail,
    }
}

fn actor(actor: Actor, users: &[User]) -> ActorView {
    let (kind, id) = match actor {
        Actor::User(id) => (ActorKind::User, Some(id)),
        Actor::Token(id) => (ActorKind::Token, Some(id)),
        Actor::Plugin(name) => (ActorKind::Plugin, Some(name)),
        Actor::System(name) => (ActorKind::System, Some(name)),
        Actor::Patient(id) => (ActorKind::Patient, Some(id)),
        Actor::Anonymous => (ActorKind::Anonymous, None),
    };
    let name = id.as_ref().and_then(|id| users.iter().find(|user| user.id.to_string() == *id)).map(|user| user.name.clone());
    ActorView { kind, id, name }
}
