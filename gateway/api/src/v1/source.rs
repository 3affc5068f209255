//! Sources and their runs.

use axum::Json;
use axum::extract::State;
use gateway_domain::audit::AuditAction;
use gateway_domain::ids::SourceId;
use gateway_domain::source::{QuarantineStatus, Source, SyncRun};
use gateway_ports::store::{PageRequest, QuarantineFilter};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::push::PushSubscriptionView;
use crate::ApiDeps;
use crate::access::Caller;
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
    /// Its FHIR base URL; empty where its data comes as files alone.
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
    /// Lines and resources that could not be read, and are open.
    pub quarantined: u64,
    /// How it tells of changes by itself; empty where it is polled alone.
    pub push: Vec<PushSubscriptionView>,
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
    if find(&deps, id).await?.base_url.is_empty() {
        return Err(ApiError::Conflict("This source has no server: its data comes as files, by `outreach import`.".to_owned()));
    }
    deps.note_change(&caller, AuditAction::Update, None, id.to_string()).await?;
    deps.sync.request(id);
    Ok(StatusCode::ACCEPTED)
}

pub(super) async fn find(deps: &ApiDeps, id: SourceId) -> Result<Source, ApiError> {
    let sources = deps.store.sources().await?;
    sources.into_iter().find(|source| source.id == id).ok_or(ApiError::NotFound("source"))
}

async fn view(deps: &ApiDeps, source: Source) -> Result<SourceView, ApiError> {
    let first = PageRequest { offset: 0, limit: 1 };
    let last_run = deps.store.sync_runs(source.id, first).await?.items.into_iter().next();
    let open = QuarantineFilter { source: Some(source.id), status: Some(QuarantineStatus::Open), ..QuarantineFilter::default() };
    let quarantined = deps.store.quarantine(&open, first).await?.total;
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
