//! What patients said about being written to, and the lists they can join or leave.

use axum::Json;
use axum::extract::State;
use gateway_domain::audit::AuditAction;
use gateway_domain::consent::{Consent, ConsentChannel};
use gateway_domain::ids::{ConsentId, PatientId};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::patient::find;
use crate::ApiDeps;
use crate::access::Caller;
use crate::audit_trail::Shown;
use crate::extract::{Body, Id, List};
use crate::problem::{ApiError, FieldProblem};
use crate::words::{ConsentChannelWord, ConsentDecisionWord, ListKindWord, PurposeWord};

/// The longest note, in characters.
const LONGEST_NOTE: usize = 500;

/// One decision of a patient.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsentView {
    /// `cns_...`
    pub id: String,
    /// Yes or no.
    pub decision: ConsentDecisionWord,
    /// The medium it is about; null is every medium.
    pub medium: Option<String>,
    /// The purpose it is about; null is every purpose.
    pub purpose: Option<PurposeWord>,
    /// The subscription list it is about, by key; null is everything.
    pub list: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How it reached us.
    pub through: ConsentChannelWord,
    /// Who recorded it, which message it came from, which text was shown.
    pub evidence: String,
}

/// A decision that was told to staff.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentInput {
    /// Yes or no.
    decision: ConsentDecisionWord,
    /// `email`, or null for every medium.
    medium: Option<String>,
    /// The purpose, or null for every purpose.
    purpose: Option<PurposeWord>,
    /// A subscription list by key, or null for everything.
    list: Option<String>,
    /// How it was told, for the evidence; at most 500 characters.
    note: Option<String>,
}

/// A topic patients can join or leave.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubscriptionListView {
    /// `lst_...`
    pub id: String,
    /// Its key.
    pub key: String,
    /// What people call it.
    pub title: String,
    /// One sentence about it.
    pub description: String,
    /// Who is on it that has said nothing.
    pub kind: ListKindWord,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A patient's decisions, newest first.
#[utoipa::path(get, path = "/patients/{id}/consents", tag = "patients", params(("id" = String, Path)), responses((status = 200, body = List<ConsentView>)))]
pub(crate) async fn list(State(deps): State<ApiDeps>, caller: Caller, Id(id): Id<PatientId>) -> Result<Shown<List<ConsentView>>, ApiError> {
    find(&deps, id).await?;
    let items = deps.store.consents(id).await?.into_iter().rev().map(consent_view).collect();
    deps.show(&caller, AuditAction::Read, [id], List::whole(items)).await
}

/// Records a decision that a patient told to staff.
#[utoipa::path(
    post, path = "/patients/{id}/consents", tag = "patients", params(("id" = String, Path)), request_body = ConsentInput,
    responses((status = 201, body = ConsentView))
)]
pub(crate) async fn add(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Id(id): Id<PatientId>,
    Body(input): Body<ConsentInput>,
) -> Result<(StatusCode, Json<ConsentView>), ApiError> {
    find(&deps, id).await?;
    check(&deps, &input).await?;
    let at = deps.clock.now();
    let note = input.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
    let by = format!("recorded by {}", caller.user.id);
    let consent = Consent {
        id: ConsentId::new(at, deps.entropy.for_id()),
        decision: input.decision.into(),
        medium: input.medium,
        purpose: input.purpose.map(Into::into),
        list: input.list,
        at,
        through: ConsentChannel::Staff,
        evidence: note.map_or_else(|| by.clone(), |note| format!("{by}: {note}")),
    };
    deps.note_change(&caller, AuditAction::Create, Some(id), consent.id.to_string()).await?;
    deps.store.record_consent(id, &consent).await?;
    deps.wake.journeys_changed();
    Ok((StatusCode::CREATED, Json(consent_view(consent))))
}

/// The topics patients can join or leave.
#[utoipa::path(get, path = "/subscription-lists", tag = "messages", responses((status = 200, body = List<SubscriptionListView>)))]
pub(crate) async fn subscription_lists(State(deps): State<ApiDeps>) -> Result<Json<List<SubscriptionListView>>, ApiError> {
    let lists = deps.store.subscription_lists().await?;
    let view = |list: gateway_domain::subscription_list::SubscriptionList| SubscriptionListView {
        id: list.id.to_string(),
        key: list.key,
        title: list.title,
        description: list.description,
        kind: list.kind.into(),
        created_at: list.created_at,
    };
    Ok(Json(List::whole(lists.into_iter().map(view).collect())))
}

async fn check(deps: &ApiDeps, input: &ConsentInput) -> Result<(), ApiError> {
    let mut errors = Vec::new();
    if input.medium.as_deref().is_some_and(|medium| medium != "email") {
        errors.push(FieldProblem::new("/medium", "The medium is `email`, or null for every medium."));
    }
    if input.note.as_ref().is_some_and(|note| note.chars().count() > LONGEST_NOTE) {
        errors.push(FieldProblem::new("/note", format!("A note has at most {LONGEST_NOTE} characters.")));
    }
    if let Some(key) = &input.list
        && !deps.store.subscription_lists().await?.iter().any(|list| list.key == *key)
    {
        errors.push(FieldProblem::new("/list", "There is no subscription list with this key; `/api/v1/subscription-lists` has them."));
    }
    if errors.is_empty() { Ok(()) } else { Err(ApiError::Invalid(errors)) }
}

fn consent_view(consent: Consent) -> ConsentView {
    ConsentView {
        id: consent.id.to_string(),
        decision: consent.decision.into(),
        medium: consent.medium,
        purpose: consent.purpose.map(Into::into),
        list: consent.list,
        at: consent.at,
        through: consent.through.into(),
        evidence: consent.evidence,
    }
}
