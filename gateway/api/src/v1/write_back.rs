//! What is written back to sources, and what was given up.

use axum::Json;
use axum::extract::State;
use gateway_domain::audit::AuditAction;
use gateway_domain::write_back::{WriteBack, WriteBackObject};
use gateway_ports::store::write_backs::WriteBackFilter;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{SourceNames, TitleRef};
use crate::ApiDeps;
use crate::access::Caller;
use crate::extract::{Body, List, Parameters, page};
use crate::problem::ApiError;
use crate::words::{WriteBackKindWord, WriteBackStatusWord};

/// A line of the ledger of write-backs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WriteBackView {
    /// What is written: the id of a message (`msg_...`), a decision (`cns_...`) or a task (`tsk_...`).
    pub object: String,
    /// What kind of record it becomes.
    pub kind: WriteBackKindWord,
    /// The source it is written to.
    pub source: TitleRef,
    /// How it stands.
    pub status: WriteBackStatusWord,
    /// Tries since it last began to wait.
    pub tries: u32,
    /// When it is tried next, while it waits.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_try_at: Option<Timestamp>,
    /// The record's FHIR id at the source.
    pub remote_id: Option<String>,
    /// The record's version at the source.
    pub remote_version: Option<String>,
    /// Why it waits or was given up, or what was found at the source.
    pub reason: Option<String>,
    /// When something last happened to it.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// Which write-backs are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WriteBackQuery {
    /// In this status.
    #[param(inline)]
    status: Option<WriteBackStatusWord>,
    /// To this source, by id or name.
    source: Option<String>,
    /// Of this message, decision or task, by id.
    object: Option<String>,
    /// How many to leave out.
    offset: Option<u64>,
    /// How many at most, 1 to 500.
    limit: Option<u32>,
}

/// Which of those that were given up are tried again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetryInput {
    /// Those to this source, by id or name; all where it is missing.
    #[serde(default)]
    source: Option<String>,
    /// That of this message, decision or task alone, by id.
    #[serde(default)]
    object: Option<String>,
}

/// How many are tried again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Retried {
    /// How many.
    pub count: u64,
}

/// Write-backs, the latest first. Ids and reasons alone: whoever keeps the sources running sees no patient.
#[utoipa::path(get, path = "/write-backs", tag = "sources", params(WriteBackQuery), responses((status = 200, body = List<WriteBackView>)))]
pub(crate) async fn list(
    State(deps): State<ApiDeps>,
    Parameters(query): Parameters<WriteBackQuery>,
) -> Result<Json<List<WriteBackView>>, ApiError> {
    let page = page(query.offset, query.limit)?;
    let names = SourceNames::read(&deps).await?;
    let mut filter = filter(&names, query.source.as_deref(), query.object.as_deref())?;
    filter.status = query.status.map(Into::into);
    let found = deps.store.write_backs(&filter, page).await?;
    let items = found.items.into_iter().map(|line| view(line, &names)).collect();
    Ok(Json(List { items, total: found.total }))
}

/// Tries again what was given up.
#[utoipa::path(
    post,
    path = "/write-back-retries",
    tag = "sources",
    request_body = RetryInput,
    responses((status = 200, body = Retried))
)]
pub(crate) async fn retry(State(deps): State<ApiDeps>, caller: Caller, Body(input): Body<RetryInput>) -> Result<Json<Retried>, ApiError> {
    let names = SourceNames::read(&deps).await?;
    let filter = filter(&names, input.source.as_deref(), input.object.as_deref())?;
    deps.note_change(&caller, AuditAction::Update, None, "write-backs".to_owned()).await?;
    let count = deps.store.retry_write_backs(&filter, deps.clock.now()).await?;
    deps.wake.write_backs_changed();
    Ok(Json(Retried { count }))
}

fn filter(names: &SourceNames, source: Option<&str>, object: Option<&str>) -> Result<WriteBackFilter, ApiError> {
    let source = source.map(|text| names.find(text).map(|source| source.id).ok_or(ApiError::NotFound("source"))).transpose()?;
    let object =
        object.map(|text| text.parse::<WriteBackObject>().map_err(|_| ApiError::NotFound("message, decision or task"))).transpose()?;
    Ok(WriteBackFilter { status: None, source, object })
}

fn view(line: WriteBack, names: &SourceNames) -> WriteBackView {
    let waits = line.status == gateway_domain::write_back::WriteBackStatus::Waiting;
    let (remote_id, remote_version) = line.remote.map_or((None, None), |remote| (Some(remote.id), remote.version));
    WriteBackView {
        object: line.object.to_string(),
        kind: line.object.kind().into(),
        source: TitleRef { id: line.source.to_string(), title: names.name(line.source) },
        status: line.status.into(),
        tries: line.tries,
        next_try_at: waits.then_some(line.due_at),
        remote_id,
        remote_version,
        reason: line.reason,
        updated_at: line.updated_at,
    }
}
