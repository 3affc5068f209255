//! Segments and who is on them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gateway_domain::audit::AuditAction;
use gateway_domain::ids::SegmentId;
use gateway_ports::store::segments::{SegmentMember, SegmentSummary};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::PatientRef;
use super::clinical::{EvidenceView, evidence_view};
use crate::ApiDeps;
use crate::access::Caller;
use crate::audit_trail::Shown;
use crate::extract::{Id, List, Parameters, page};
use crate::problem::ApiError;

/// A segment as a row of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SegmentRow {
    /// `seg_...`
    pub id: String,
    /// Its key.
    pub key: String,
    /// What people call it.
    pub title: String,
    /// One sentence about it.
    pub description: String,
    /// The plugin that decides.
    pub plugin: String,
    /// Counted from 1.
    pub version: u32,
    /// Whether people are evaluated.
    pub active: bool,
    /// Members now.
    pub members: u64,
    /// When a membership last changed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub changed_at: Option<Timestamp>,
}

/// A segment in full.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SegmentView {
    /// What the list shows.
    #[serde(flatten)]
    pub row: SegmentRow,
    /// Its definition, a JSON document the plugin understands.
    #[schema(value_type = Object)]
    pub definition: serde_json::Value,
}

/// A member of a segment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberView {
    /// Who.
    pub patient: PatientRef,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Why.
    pub evidence: Vec<EvidenceView>,
    /// The next day on which the answer can change without new data.
    #[schema(value_type = Option<String>, format = Date)]
    pub review_on: Option<Date>,
}

/// Which piece of the members is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MemberQuery {
    /// How many to leave out.
    offset: Option<u64>,
    /// How many at most, 1 to 500.
    limit: Option<u32>,
}

/// All segments by title.
#[utoipa::path(get, path = "/segments", tag = "segments", responses((status = 200, body = List<SegmentRow>)))]
pub(crate) async fn list(State(deps): State<ApiDeps>) -> Result<Json<List<SegmentRow>>, ApiError> {
    let segments = deps.store.segments().await?;
    Ok(Json(List::whole(segments.into_iter().map(|summary| row(&summary)).collect())))
}

/// One segment in full.
#[utoipa::path(get, path = "/segments/{id}", tag = "segments", params(("id" = String, Path)), responses((status = 200, body = SegmentView)))]
pub(crate) async fn get(State(deps): State<ApiDeps>, Id(id): Id<SegmentId>) -> Result<Json<SegmentView>, ApiError> {
    let summary = deps.store.segment(id).await?.ok_or(ApiError::NotFound("segment"))?;
    Ok(Json(SegmentView { row: row(&summary), definition: summary.segment.definition }))
}

/// Members of a segment by name, each with the reasons.
#[utoipa::path(
    get, path = "/segments/{id}/members", tag = "segments", params(("id" = String, Path), MemberQuery),
    responses((status = 200, body = List<MemberView>))
)]
pub(crate) async fn members(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Id(id): Id<SegmentId>,
    Parameters(query): Parameters<MemberQuery>,
) -> Result<Shown<List<MemberView>>, ApiError> {
    let page = page(query.offset, query.limit)?;
    deps.store.segment(id).await?.ok_or(ApiError::NotFound("segment"))?;
    let found = deps.store.members(id, page).await?;
    let patients: Vec<_> = found.items.iter().map(|member| member.membership.patient).collect();
    let mut items = Vec::with_capacity(found.items.len());
    for member in found.items {
        items.push(member_view(&deps, member).await?);
    }
    deps.show(&caller, AuditAction::Search, patients, List { items, total: found.total }).await
}

async fn member_view(deps: &ApiDeps, member: SegmentMember) -> Result<MemberView, ApiError> {
    let membership = member.membership;
    let names_facts = membership.evidence.iter().any(|evidence| evidence.fact.is_some());
    let patient = if names_facts { deps.store.patient(membership.patient).await? } else { None };
    let facts = match &patient {
        Some(patient) => deps.lookup.facts(patient).await?,
        None => Arc::default(),
    };
    Ok(MemberView {
        patient: PatientRef { id: membership.patient.to_string(), name: member.name },
        since: membership.since,
        evidence: evidence_view(&membership.evidence, &facts),
        review_on: membership.review_on,
    })
}

fn row(summary: &SegmentSummary) -> SegmentRow {
    let segment = &summary.segment;
    SegmentRow {
        id: segment.id.to_string(),
        key: segment.key.clone(),
        title: segment.title.clone(),
        description: segment.description.clone(),
        plugin: segment.plugin.to_string(),
        version: segment.version,
        active: segment.active,
        members: summary.members,
        changed_at: summary.changed_at,
    }
}
