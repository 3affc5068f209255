//! What could not be read: looked at, read again, put aside.

use axum::Json;
use axum::extract::State;
use gateway_domain::audit::AuditAction;
use gateway_domain::ids::{QuarantineId, SourceId};
use gateway_domain::source::Quarantined;
use gateway_ports::store::QuarantineFilter;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::SourceNames;
use crate::ApiDeps;
use crate::access::Caller;
use crate::audit_trail::Shown;
use crate::extract::{Body, Id, List, Parameters, page};
use crate::problem::ApiError;
use crate::words::QuarantineStatusWord;

/// Something that could not be read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuarantineRow {
    /// `qua_...`
    pub id: String,
    /// Name of the source.
    pub source: String,
    /// FHIR type, where it could be told.
    pub resource_type: Option<String>,
    /// FHIR id, where it could be told.
    pub fhir_id: Option<String>,
    /// Line within its file, counted from 1.
    pub line: Option<u64>,
    /// Why.
    pub reason: String,
    /// When it was met last.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How it stands.
    pub status: QuarantineStatusWord,
    /// Whether all of it was kept, so that it can be read again.
    pub whole: bool,
    /// How often it was read again in vain.
    pub tries: u32,
    /// When it stopped being open.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub resolved_at: Option<Timestamp>,
}

/// Something that could not be read, with its text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuarantineView {
    /// What the list shows.
    #[serde(flatten)]
    pub row: QuarantineRow,
    /// The raw text; bytes that are no UTF-8 are replaced.
    pub raw: String,
}

/// Which part of the quarantine is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct QuarantineQuery {
    /// Of this source, by id or name.
    source: Option<String>,
    /// That stands so.
    status: Option<QuarantineStatusWord>,
    /// Because of this, as the counts by reason say it.
    reason: Option<String>,
    /// How many to leave out.
    offset: Option<u64>,
    /// How many at most, 1 to 500.
    limit: Option<u32>,
}

/// Of which source the reasons are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct QuarantineReasonsQuery {
    /// Of this source, by id or name.
    source: Option<String>,
}

/// How much of the quarantine has one reason.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuarantineReason {
    /// Name of the source.
    pub source: String,
    /// The reason without columns and lines.
    pub reason: String,
    /// How it stands.
    pub status: QuarantineStatusWord,
    /// How many.
    pub count: u64,
}

/// What of a source's quarantine is meant: everything that is open, or that of one reason, or one line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuarantineChoice {
    /// The source, by id or name.
    pub source: String,
    /// Because of this, as the counts by reason say it.
    pub reason: Option<String>,
    /// This one, `qua_...`.
    pub id: Option<String>,
}

/// What reading again came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayView {
    /// Could be read now.
    pub replayed: u64,
    /// Of those, new or different, and applied.
    pub applied: u64,
    /// Still can't be read.
    pub still_unreadable: u64,
    /// Only their beginning was kept.
    pub not_whole: u64,
}

/// What was put aside.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DismissedView {
    /// How many.
    pub dismissed: u64,
}

/// What could not be read, newest first, without its text.
#[utoipa::path(get, path = "/quarantine", tag = "sources", params(QuarantineQuery), responses((status = 200, body = List<QuarantineRow>)))]
pub(crate) async fn list(
    State(deps): State<ApiDeps>,
    Parameters(query): Parameters<QuarantineQuery>,
) -> Result<Json<List<QuarantineRow>>, ApiError> {
    let page = page(query.offset, query.limit)?;
    let sources = SourceNames::read(&deps).await?;
    let filter = QuarantineFilter {
        source: query.source.as_deref().map(|text| named(&sources, text)).transpose()?,
        status: query.status.map(Into::into),
        kind: query.reason,
        id: None,
    };
    let found = deps.store.quarantine(&filter, page).await?;
    let items = found.items.iter().map(|item| row(item, &sources)).collect();
    Ok(Json(List { items, total: found.total }))
}

/// Counts by reason, the most first.
#[utoipa::path(get, path = "/quarantine-reasons", tag = "sources", params(QuarantineReasonsQuery), responses((status = 200, body = List<QuarantineReason>)))]
pub(crate) async fn reasons(
    State(deps): State<ApiDeps>,
    Parameters(query): Parameters<QuarantineReasonsQuery>,
) -> Result<Json<List<QuarantineReason>>, ApiError> {
    let sources = SourceNames::read(&deps).await?;
    let source = query.source.as_deref().map(|text| named(&sources, text)).transpose()?;
    let counts = deps.store.quarantine_counts(source).await?;
    let one = |count: gateway_ports::store::quarantine::QuarantineCount| QuarantineReason {
        source: sources.name(count.source),
        reason: count.kind,
        status: count.status.into(),
        count: count.count,
    };
    Ok(Json(List::whole(counts.into_iter().map(one).collect())))
}

/// One thing that could not be read, with its raw text. It can be a patient's.
#[utoipa::path(get, path = "/quarantine/{id}", tag = "sources", params(("id" = String, Path)), responses((status = 200, body = QuarantineView)))]
pub(crate) async fn get(State(deps): State<ApiDeps>, caller: Caller, Id(id): Id<QuarantineId>) -> Result<Shown<QuarantineView>, ApiError> {
    let item = deps.store.quarantined(id).await?.ok_or(ApiError::NotFound("line of the quarantine"))?;
    let sources = SourceNames::read(&deps).await?;
    // Where it says whose it is, the audit says so too.
    let patient = match (item.resource_type.as_deref(), &item.fhir_id) {
        (Some("Patient"), Some(fhir_id)) => deps.store.patient_by_fhir_id(&sources.name(item.source), fhir_id).await?,
        _ => None,
    };
    let row = row(&item, &sources);
    let raw = String::from_utf8_lossy(item.raw.get(..item.raw.len().min(MOST_SHOWN)).unwrap_or_default()).into_owned();
    deps.show(&caller, AuditAction::Read, patient.map(|patient| patient.id), QuarantineView { row, raw }).await
}

/// Reads what is open again, with the mapping there is now.
#[utoipa::path(post, path = "/quarantine/replay", tag = "sources", request_body = QuarantineChoice, responses((status = 200, body = ReplayView)))]
pub(crate) async fn replay(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Body(choice): Body<QuarantineChoice>,
) -> Result<Json<ReplayView>, ApiError> {
    let (source, filter) = chosen(&deps, choice).await?;
    deps.note_change(&caller, AuditAction::Update, None, format!("{source} quarantine")).await?;
    let report = deps.sync.replay(source, filter).await.map_err(ApiError::Conflict)?;
    deps.wake.patients_changed();
    Ok(Json(ReplayView {
        replayed: report.readable,
        applied: report.applied,
        still_unreadable: report.still_unreadable,
        not_whole: report.not_whole,
    }))
}

/// Puts what is open aside.
#[utoipa::path(post, path = "/quarantine/dismiss", tag = "sources", request_body = QuarantineChoice, responses((status = 200, body = DismissedView)))]
pub(crate) async fn dismiss(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Body(choice): Body<QuarantineChoice>,
) -> Result<Json<DismissedView>, ApiError> {
    let (source, filter) = chosen(&deps, choice).await?;
    deps.note_change(&caller, AuditAction::Update, None, format!("{source} quarantine")).await?;
    let dismissed = deps.store.dismiss_quarantine(&filter, deps.clock.now()).await?;
    Ok(Json(DismissedView { dismissed }))
}

/// The most of a text that is shown, in bytes.
const MOST_SHOWN: usize = 256 << 10;

fn named(sources: &SourceNames, text: &str) -> Result<SourceId, ApiError> {
    sources.find(text).map(|source| source.id).ok_or_else(|| ApiError::invalid("source", "There is no source with this id or name."))
}

async fn chosen(deps: &ApiDeps, choice: QuarantineChoice) -> Result<(SourceId, QuarantineFilter), ApiError> {
    let source = named(&SourceNames::read(deps).await?, &choice.source)?;
    let id = choice.id.map(|id| id.parse().map_err(|_| ApiError::invalid("id", "This is no id of the quarantine."))).transpose()?;
    Ok((source, QuarantineFilter { source: Some(source), status: None, kind: choice.reason, id }))
}

fn row(item: &Quarantined, sources: &SourceNames) -> QuarantineRow {
    QuarantineRow {
        id: item.id.to_string(),
        source: sources.name(item.source),
        resource_type: item.resource_type.clone(),
        fhir_id: item.fhir_id.clone(),
        line: item.line,
        reason: item.reason.clone(),
        at: item.at,
        status: item.status.into(),
        whole: item.whole,
        tries: item.tries,
        resolved_at: item.resolved_at,
    }
}
