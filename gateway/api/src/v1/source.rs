//! Sources, their runs and what could not be read.

use axum::Json;
use axum::extract::State;
use gateway_domain::audit::AuditAction;
use gateway_domain::ids::{QuarantineId, SourceId};
use gateway_domain::source::{Quarantined, Source, SyncRun};
use gateway_ports::store::PageRequest;
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::SourceNames;
use super::push::PushSubscriptionView;
use crate::ApiDeps;
use crate::access::Caller;
use crate::audit_trail::Shown;
use crate::extract::{Id, List, Parameters, page};
use crate::problem::ApiError;
use crate::words::{SyncRunStatusWord, SyncStrategyWord};

/// Counts of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SyncCountsView {
    /// Resources read.
    pub read: u64,
    /// New or different, and applied.
    pub applied: u64,
    /// The same as before.
    pub unchanged: u64,
    /// Deleted in the source.
    pub deleted: u64,
    /// Could not be read.
    pub quarantined: u64,
}

/// A run of a sync.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SyncRunView {
    /// `syn_...`
    pub id: String,
    /// How it reads.
    pub strategy: SyncStrategyWord,
    /// How it stands.
    pub status: SyncRunStatusWord,
    /// What it did so far.
    pub counts: SyncCountsView,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Why it failed, or what the server warned of.
    pub note: Option<String>,
}

/// How many resources of a type there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResourceCount {
    /// FHIR type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// Resources of it, deleted ones left out.
    pub count: u64,
}

/// A FHIR server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceView {
    /// `src_...`
    pub id: String,
    /// Its name in the configuration.
    pub name: String,
    /// Its FHIR base URL.
    pub base_url: String,
    /// When the last complete run ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub synced_at: Option<Timestamp>,
    /// Everything up to this moment has been read, by the server's clock.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub complete_until: Option<Timestamp>,
    /// The last run.
    pub last_run: Option<SyncRunView>,
    /// Resources by type.
    pub resources: Vec<ResourceCount>,
    /// Lines and resources that could not be read.
    pub quarantined: u64,
    /// How it tells of changes by itself; empty where it is polled alone.
    pub push: Vec<PushSubscriptionView>,
}

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
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
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

/// Which piece of the runs is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SyncRunQuery {
    /// How many to leave out.
    offset: Option<u64>,
    /// How many at most, 1 to 500.
    limit: Option<u32>,
}

/// Which part of the quarantine is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct QuarantineQuery {
    /// Of this source, by id or name.
    source: Option<String>,
    /// How many to leave out.
    offset: Option<u64>,
    /// How many at most, 1 to 500.
    limit: Option<u32>,
}

/// All sources by name.
#[utoipa::path(get, path = "/sources", tag = "sources", responses((status = 200, body = List<SourceView>)))]
pub(crate) async fn list(State(deps): State<ApiDeps>) -> Result<Json<List<SourceView>>, ApiError> {
    let sources = deps.store.sources().await?;
    let mut items = Vec::with_capacity(sources.len());
    for source in sources {
        items.push(view(&deps, source).await?);
    }
    Ok(Json(List::whole(items)))
}

/// Runs of a source, newest first.
#[utoipa::path(get, path = "/sources/{id}/runs", tag = "sources", params(("id" = String, Path), SyncRunQuery), responses((status = 200, body = List<SyncRunView>)))]
pub(crate) async fn runs(
    State(deps): State<ApiDeps>,
    Id(id): Id<SourceId>,
    Parameters(query): Parameters<SyncRunQuery>,
) -> Result<Json<List<SyncRunView>>, ApiError> {
    let page = page(query.offset, query.limit)?;
    find(&deps, id).await?;
    let found = deps.store.sync_runs(id, page).await?;
    Ok(Json(List { items: found.items.into_iter().map(run_view).collect(), total: found.total }))
}

/// Asks for a run now.
#[utoipa::path(post, path = "/sources/{id}/sync", tag = "sources", params(("id" = String, Path)), responses((status = 202)))]
pub(crate) async fn sync(State(deps): State<ApiDeps>, caller: Caller, Id(id): Id<SourceId>) -> Result<StatusCode, ApiError> {
    find(&deps, id).await?;
    deps.note_change(&caller, AuditAction::Update, None, id.to_string()).await?;
    deps.sync.request(id);
    Ok(StatusCode::ACCEPTED)
}

/// What could not be read, newest first.
#[utoipa::path(get, path = "/quarantine", tag = "sources", params(QuarantineQuery), responses((status = 200, body = List<QuarantineRow>)))]
pub(crate) async fn quarantine(
    State(deps): State<ApiDeps>,
    Parameters(query): Parameters<QuarantineQuery>,
) -> Result<Json<List<QuarantineRow>>, ApiError> {
    let page = page(query.offset, query.limit)?;
    let sources = SourceNames::read(&deps).await?;
    let source = match &query.source {
        Some(text) => Some(sources.find(text).ok_or_else(|| ApiError::invalid("source", "There is no source with this id or name."))?.id),
        None => None,
    };
    let found = deps.store.quarantine(source, page).await?;
    let items = found.items.iter().map(|item| quarantine_row(item, &sources)).collect();
    Ok(Json(List { items, total: found.total }))
}

/// One thing that could not be read, with its raw text.
#[utoipa::path(get, path = "/quarantine/{id}", tag = "sources", params(("id" = String, Path)), responses((status = 200, body = QuarantineView)))]
pub(crate) async fn quarantined(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Id(id): Id<QuarantineId>,
) -> Result<Shown<QuarantineView>, ApiError> {
    let item = deps.store.quarantined(id).await?.ok_or(ApiError::NotFound("line of the quarantine"))?;
    let sources = SourceNames::read(&deps).await?;
    // The raw text can be a patient's: where it says whose, the audit says so too.
    let patient = match (item.resource_type.as_deref(), &item.fhir_id) {
        (Some("Patient"), Some(fhir_id)) => deps.store.patient_by_fhir_id(&sources.name(item.source), fhir_id).await?,
        _ => None,
    };
    let row = quarantine_row(&item, &sources);
    deps.show(&caller, AuditAction::Read, patient.map(|patient| patient.id), QuarantineView { row, raw: item.raw }).await
}

pub(super) async fn find(deps: &ApiDeps, id: SourceId) -> Result<Source, ApiError> {
    let sources = deps.store.sources().await?;
    sources.into_iter().find(|source| source.id == id).ok_or(ApiError::NotFound("source"))
}

async fn view(deps: &ApiDeps, source: Source) -> Result<SourceView, ApiError> {
    let first = PageRequest { offset: 0, limit: 1 };
    let last_run = deps.store.sync_runs(source.id, first).await?.items.into_iter().next();
    let quarantined = deps.store.quarantine(Some(source.id), first).await?.total;
    let counts = deps.store.resource_counts(Some(source.id)).await?;
    let push = deps.store.push_subscriptions(source.id).await?;
    Ok(SourceView {
        id: source.id.to_string(),
        name: source.name,
        base_url: source.base_url,
        synced_at: source.synced_at,
        complete_until: source.complete_until,
        last_run: last_run.map(run_view),
        resources: counts.into_iter().map(|(resource_type, count)| ResourceCount { resource_type, count }).collect(),
        quarantined,
        push: push.into_iter().map(Into::into).collect(),
    })
}

fn run_view(run: SyncRun) -> SyncRunView {
    SyncRunView {
        id: run.id.to_string(),
        strategy: run.strategy.into(),
        status: run.status.into(),
        counts: SyncCountsView {
            read: run.counts.read,
            applied: run.counts.applied,
            unchanged: run.counts.unchanged,
            deleted: run.counts.deleted,
            quarantined: run.counts.quarantined,
        },
        started_at: run.started_at,
        ended_at: run.ended_at,
        note: run.note,
    }
}

fn quarantine_row(item: &Quarantined, sources: &SourceNames) -> QuarantineRow {
    QuarantineRow {
        id: item.id.to_string(),
        source: sources.name(item.source),
        resource_type: item.resource_type.clone(),
        fhir_id: item.fhir_id.clone(),
        line: item.line,
        reason: item.reason.clone(),
        at: item.at,
    }
}
