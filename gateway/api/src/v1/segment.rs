//! Segments and who is on them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use gateway_domain::audit::AuditAction;
use gateway_domain::ids::{PatientId, PatientNo, SegmentId};
use gateway_domain::plugin::PluginName;
use gateway_domain::segment::Segment;
use gateway_outreach::OutreachError;
use gateway_outreach::segments::prepare::Preparation;
use gateway_outreach::segments::preview::PreviewQuestion;
use gateway_ports::store::PageRequest;
use gateway_ports::store::segments::{SegmentMember, SegmentSummary};
use http::header;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::PatientRef;
use super::clinical::{EvidenceView, evidence_view};
use crate::ApiDeps;
use crate::access::Caller;
use crate::audit_trail::Shown;
use crate::extract::{Body, Id, List, Parameters, page};
use crate::problem::{ApiError, FieldProblem};

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

/// Members of a segment as a table (RFC 4180, UTF-8), with the reasons. A cell that a spreadsheet would take for a formula begins with an
/// apostrophe.
#[utoipa::path(
    get, path = "/segments/{id}/members.csv", tag = "segments", params(("id" = String, Path)),
    responses((status = 200, body = String, content_type = "text/csv"))
)]
pub(crate) async fn members_csv(State(deps): State<ApiDeps>, caller: Caller, Id(id): Id<SegmentId>) -> Result<impl IntoResponse, ApiError> {
    let segment = deps.store.segment(id).await?.ok_or(ApiError::NotFound("segment"))?.segment;
    let mut table = String::from("patient,source_id,name,member_since,review_on,reasons\r\n");
    let mut offset = 0;
    loop {
        let found = deps.store.members(id, PageRequest { offset, limit: PIECE }).await?;
        if found.items.is_empty() {
            break;
        }
        offset += found.items.len() as u64;
        if offset > MOST_ROWS {
            return Err(ApiError::Conflict(format!("The segment has more than {MOST_ROWS} members; take them by pages of `/members`.")));
        }
        // Noted before it is put down, piece by piece.
        let patients: Vec<_> = found.items.iter().map(|member| member.membership.patient).collect();
        let piece = found.items.iter().map(csv_row).collect::<String>();
        table += &deps.show(&caller, AuditAction::Search, patients, piece).await?.into_inner();
    }
    let name = format!("attachment; filename=\"{}-members.csv\"", segment.key);
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)], table))
}

/// Members put down at once.
const PIECE: u32 = 500;
/// Most rows of a table.
const MOST_ROWS: u64 = 100_000;

fn csv_row(member: &SegmentMember) -> String {
    let membership = &member.membership;
    let reasons: Vec<&str> = membership.evidence.iter().map(|evidence| evidence.phrase.as_str()).collect();
    let cells = [
        membership.patient.to_string(),
        member.fhir_id.clone(),
        member.name.clone(),
        membership.since.to_string(),
        membership.review_on.map(|day| day.to_string()).unwrap_or_default(),
        reasons.join("; "),
    ];
    cells.map(|cell| csv_cell(&cell)).join(",") + "\r\n"
}

/// A cell that no spreadsheet takes for a formula, quoted where it has to be.
fn csv_cell(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// A definition to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewRequest {
    /// The plugin that decides; without it the one for the definition: `segment-measures` for one with `groups`, else `segment-rules`.
    plugin: Option<String>,
    /// The definition, a JSON document the plugin understands.
    #[schema(value_type = Object)]
    definition: serde_json::Value,
    /// `seg_...`: the segment whose definition it would take the place of.
    instead_of: Option<String>,
    /// The day for which is asked; today without it.
    #[schema(value_type = Option<String>, format = Date)]
    as_of: Option<Date>,
}

/// What a definition would decide. Nothing was changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewView {
    /// How many people were looked at.
    pub looked_at: u64,
    /// Whether that was everybody; where it was not, time ran out.
    pub is_complete: bool,
    /// How many of them would be members.
    pub members: u64,
    /// The populations of each group; of a segment without populations all are 0.
    pub groups: Vec<PopulationsView>,
    /// How many would join.
    pub joining: u64,
    /// How many would leave.
    pub leaving: u64,
    /// Some of those who would be members.
    pub some_members: Vec<PatientRef>,
    /// Some of those who would join.
    pub some_joining: Vec<PatientRef>,
    /// Some of those who would leave.
    pub some_leaving: Vec<PatientRef>,
}

/// How many people are in each population of a group.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PopulationsView {
    /// Initial population.
    pub initial_population: u64,
    /// Denominator.
    pub denominator: u64,
    /// Denominator exclusion.
    pub denominator_exclusion: u64,
    /// Denominator exception.
    pub denominator_exception: u64,
    /// Numerator.
    pub numerator: u64,
}

/// What a definition would decide: how many people, who would join, who would leave. Nothing is changed.
#[utoipa::path(
    post, path = "/segments/preview", tag = "segments", request_body = PreviewRequest, responses((status = 200, body = PreviewView))
)]
pub(crate) async fn preview(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Body(request): Body<PreviewRequest>,
) -> Result<Shown<PreviewView>, ApiError> {
    let invalid = |path: &str, message: String| ApiError::Invalid(vec![FieldProblem::new(path, message)]);
    let now = deps.clock.now();
    let kept = match &request.instead_of {
        Some(id) => {
            let id: SegmentId = id.parse().map_err(|_| invalid("/instead_of", "expected the id of a segment, `seg_...`".to_owned()))?;
            Some(deps.store.segment(id).await?.ok_or(ApiError::NotFound("segment"))?.segment)
        }
        None => None,
    };
    let usual = if request.definition.get("groups").is_some() { "segment-measures" } else { "segment-rules" };
    let plugin = request.plugin.as_deref().unwrap_or(usual);
    let plugin = PluginName::new(plugin).map_err(|error| invalid("/plugin", error.to_string()))?;
    let decides = deps.plugins.segment(&plugin).map_err(|error| invalid("/plugin", error.to_string()))?;
    let issues = decides.check(&request.definition.to_string()).await.map_err(OutreachError::from)?;
    let fatal: Vec<FieldProblem> = issues
        .into_iter()
        .filter(|issue| issue.fatal)
        .map(|issue| FieldProblem::new(format!("/definition{}", issue.path), issue.message))
        .collect();
    if !fatal.is_empty() {
        return Err(ApiError::Invalid(fatal));
    }
    let as_of = match request.as_of {
        Some(day) => day.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).map_err(|error| invalid("/as_of", error.to_string()))?.timestamp(),
        None => now,
    };
    let key = request.definition.get("key").and_then(serde_json::Value::as_str).unwrap_or("preview");
    let segment = Segment {
        id: SegmentId::new(now, deps.entropy.for_id()),
        key: kept.as_ref().map_or(key, |kept| &kept.key).to_owned(),
        title: String::new(),
        description: String::new(),
        plugin,
        definition: request.definition,
        version: 1,
        active: false,
        created_at: now,
    };
    let question = PreviewQuestion { segment: &segment, instead_of: kept.map(|kept| kept.id), as_of, named: NAMED, time: PREVIEW_TIME };
    let preparation = Preparation::new(deps.store.clone(), deps.plugins.clone(), deps.lookup.clone());
    let found = preparation.preview(&question, &deps.clock, &deps.entropy).await;
    let found = found.map_err(|error| match error {
        OutreachError::Terminology(_) | OutreachError::Ambiguous { .. } => invalid("/definition", error.to_string()),
        other => ApiError::Lookup(other),
    })?;
    let mut patients = Vec::new();
    let view = PreviewView {
        looked_at: found.looked_at,
        is_complete: found.is_complete,
        members: found.members,
        groups: found
            .groups
            .iter()
            .map(|[initial_population, denominator, denominator_exclusion, denominator_exception, numerator]| PopulationsView {
                initial_population: *initial_population,
                denominator: *denominator,
                denominator_exclusion: *denominator_exclusion,
                denominator_exception: *denominator_exception,
                numerator: *numerator,
            })
            .collect(),
        joining: found.joining,
        leaving: found.leaving,
        some_members: named(&deps, &found.some_members, &mut patients).await?,
        some_joining: named(&deps, &found.some_joining, &mut patients).await?,
        some_leaving: named(&deps, &found.some_leaving, &mut patients).await?,
    };
    deps.show(&caller, AuditAction::Search, patients, view).await
}

/// People named of each kind.
const NAMED: usize = 20;
/// How long a preview may take before it tells what it found so far.
const PREVIEW_TIME: SignedDuration = SignedDuration::from_secs(20);

async fn named(deps: &ApiDeps, numbers: &[PatientNo], shown: &mut Vec<PatientId>) -> Result<Vec<PatientRef>, ApiError> {
    let mut refs = Vec::with_capacity(numbers.len());
    for number in numbers {
        if let Some(patient) = deps.store.patient_by_no(*number).await? {
            shown.push(patient.id);
            refs.push(PatientRef { id: patient.id.to_string(), name: patient.demographics.display_name() });
        }
    }
    Ok(refs)
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

#[cfg(test)]
mod tests {
    use super::csv_cell;

    #[test]
    fn no_cell_is_taken_for_a_formula_and_none_breaks_out_of_its_quotes() {
        for (text, cell) in [
            ("Ada", "Ada"),
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2+3", "'-2+3"),
            ("\tx", "'\tx"),
            ("O'Hara, \"Bob\"", "\"O'Hara, \"\"Bob\"\"\""),
            ("+a\nb", "\"'+a\nb\""),
        ] {
            assert_eq!(csv_cell(text), cell);
        }
    }
}
