//! Journeys and who is in them.

use axum::Json;
use axum::extract::State;
use gateway_domain::audit::AuditAction;
use gateway_domain::ids::{JourneyId, PatientId};
use gateway_domain::journey::{JourneyStatus, Run};
use gateway_ports::store::journeys::{JourneySummary, RunSummary};
use gateway_ports::store::segments::SegmentSummary;
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::patient::find;
use super::{KeyRef, PatientRef, TitleRef};
use crate::ApiDeps;
use crate::access::Caller;
use crate::audit_trail::Shown;
use crate::extract::{Body, Id, List, Parameters, page};
use crate::problem::ApiError;
use crate::words::{JourneyStatusWord, RunStatusWord};

/// A journey as a row of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JourneyRow {
    /// `jrn_...`
    pub id: String,
    /// Its key.
    pub key: String,
    /// What people call it.
    pub title: String,
    /// One sentence about it.
    pub description: String,
    /// Whether people enter and advance.
    pub status: JourneyStatusWord,
    /// The version new people enter.
    pub version: u32,
    /// The plugin that moves people.
    pub plugin: String,
    /// Joining this segment is what lets people in.
    pub entry_segment: Option<TitleRef>,
    /// People on the way.
    pub inside: u64,
    /// People who left.
    pub left: u64,
    /// Runs that are stuck.
    pub stuck: u64,
}

/// How many people are at a step.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StepCount {
    /// The step.
    pub step: String,
    /// People there.
    pub count: u64,
}

/// How many people left for a reason.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReasonCount {
    /// The reason.
    pub reason: String,
    /// People who left for it.
    pub count: u64,
}

/// A journey in full.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JourneyView {
    /// What the list shows.
    #[serde(flatten)]
    pub row: JourneyRow,
    /// Its definition, a JSON document the plugin understands.
    #[schema(value_type = Object)]
    pub definition: serde_json::Value,
    /// People on the way, by step.
    pub at_step: Vec<StepCount>,
    /// People who left, by reason.
    pub left_by_reason: Vec<ReasonCount>,
}

/// One person's way through a journey.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunView {
    /// `run_...`
    pub id: String,
    /// The person.
    pub patient: PatientRef,
    /// The version the person entered.
    pub version: u32,
    /// Whether the person is still on the way.
    pub status: RunStatusWord,
    /// The step the person is at.
    pub at_step: String,
    /// When the person entered.
    #[schema(value_type = String, format = DateTime)]
    pub entered_at: Timestamp,
    /// When something last happened.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Why the person left, or why the run is stuck.
    pub reason: Option<String>,
}

/// A patient's way through one journey.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PatientRunView {
    /// `run_...`
    pub id: String,
    /// The journey.
    pub journey: KeyRef,
    /// Whether the patient is still on the way.
    pub status: RunStatusWord,
    /// The step the patient is at.
    pub at_step: String,
    /// When the patient entered.
    #[schema(value_type = String, format = DateTime)]
    pub entered_at: Timestamp,
    /// When something last happened.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Why the patient left, or why the run is stuck.
    pub reason: Option<String>,
}

/// What a journey can be set to.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum JourneyStatusInputWord {
    /// People enter and advance.
    Live,
    /// Nobody enters or advances; nothing is lost.
    Paused,
    /// Ended for good; everybody is taken out.
    Stopped,
}

/// A new status.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JourneyStatusInput {
    /// The status.
    status: JourneyStatusInputWord,
}

/// Which piece of the runs is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunQuery {
    /// How many to leave out.
    offset: Option<u64>,
    /// How many at most, 1 to 500.
    limit: Option<u32>,
}

/// All journeys by title.
#[utoipa::path(get, path = "/journeys", tag = "journeys", responses((status = 200, body = List<JourneyRow>)))]
pub(crate) async fn list(State(deps): State<ApiDeps>) -> Result<Json<List<JourneyRow>>, ApiError> {
    let journeys = deps.store.journeys().await?;
    let segments = deps.store.segments().await?;
    Ok(Json(List::whole(journeys.iter().map(|summary| row(summary, &segments)).collect())))
}

/// One journey in full.
#[utoipa::path(get, path = "/journeys/{id}", tag = "journeys", params(("id" = String, Path)), responses((status = 200, body = JourneyView)))]
pub(crate) async fn get(State(deps): State<ApiDeps>, Id(id): Id<JourneyId>) -> Result<Json<JourneyView>, ApiError> {
    let summary = deps.store.journey(id).await?.ok_or(ApiError::NotFound("journey"))?;
    let segments = deps.store.segments().await?;
    Ok(Json(JourneyView {
        row: row(&summary, &segments),
        definition: summary.journey.definition,
        at_step: summary.at_step.into_iter().map(|(step, count)| StepCount { step, count }).collect(),
        left_by_reason: summary.left.into_iter().map(|(reason, count)| ReasonCount { reason, count }).collect(),
    }))
}

/// People in a journey, those on the way first.
#[utoipa::path(get, path = "/journeys/{id}/runs", tag = "journeys", params(("id" = String, Path), RunQuery), responses((status = 200, body = List<RunView>)))]
pub(crate) async fn runs(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Id(id): Id<JourneyId>,
    Parameters(query): Parameters<RunQuery>,
) -> Result<Shown<List<RunView>>, ApiError> {
    let page = page(query.offset, query.limit)?;
    deps.store.journey(id).await?.ok_or(ApiError::NotFound("journey"))?;
    let found = deps.store.runs(id, page).await?;
    let patients: Vec<_> = found.items.iter().map(|summary| summary.run.patient).collect();
    let items = found.items.into_iter().map(run_view).collect();
    deps.show(&caller, AuditAction::Search, patients, List { items, total: found.total }).await
}

/// Sets a journey live, pauses it or stops it for good.
#[utoipa::path(
    put, path = "/journeys/{id}/status", tag = "journeys", params(("id" = String, Path)), request_body = JourneyStatusInput,
    responses((status = 204))
)]
pub(crate) async fn set_status(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Id(id): Id<JourneyId>,
    Body(input): Body<JourneyStatusInput>,
) -> Result<StatusCode, ApiError> {
    let status = match input.status {
        JourneyStatusInputWord::Live => JourneyStatus::Live,
        JourneyStatusInputWord::Paused => JourneyStatus::Paused,
        JourneyStatusInputWord::Stopped => JourneyStatus::Stopped,
    };
    let journey = deps.store.journey(id).await?.ok_or(ApiError::NotFound("journey"))?.journey;
    if journey.status == status {
        return Ok(StatusCode::NO_CONTENT);
    }
    if journey.status == JourneyStatus::Stopped {
        return Err(ApiError::Conflict("The journey was stopped for good. Make a new one from its definition.".to_owned()));
    }
    deps.note_change(&caller, AuditAction::Update, None, format!("{id} {:?} to {status:?}", journey.status)).await?;
    deps.store.set_journey_status(id, status, deps.clock.now()).await?;
    deps.wake.memberships_changed();
    deps.wake.journeys_changed();
    deps.wake.messages_changed();
    Ok(StatusCode::NO_CONTENT)
}

/// A patient's ways through journeys, the latest first.
#[utoipa::path(get, path = "/patients/{id}/runs", tag = "patients", params(("id" = String, Path)), responses((status = 200, body = List<PatientRunView>)))]
pub(crate) async fn of_patient(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Id(id): Id<PatientId>,
) -> Result<Shown<List<PatientRunView>>, ApiError> {
    find(&deps, id).await?;
    let runs = deps.store.patient_runs(id).await?;
    let journeys = deps.store.journeys().await?;
    let items = runs
        .into_iter()
        .filter_map(|run| {
            let journey = &journeys.iter().find(|summary| summary.journey.id == run.journey)?.journey;
            let journey = KeyRef { id: journey.id.to_string(), key: journey.key.clone(), title: journey.title.clone() };
            Some(patient_run_view(run, journey))
        })
        .collect();
    deps.show(&caller, AuditAction::Read, [id], List::whole(items)).await
}

fn row(summary: &JourneySummary, segments: &[SegmentSummary]) -> JourneyRow {
    let journey = &summary.journey;
    let count = |counts: &[(String, u64)]| counts.iter().map(|(_, count)| count).sum();
    let entry_segment = journey.entry_segment.and_then(|id| {
        let segment = &segments.iter().find(|summary| summary.segment.id == id)?.segment;
        Some(TitleRef { id: id.to_string(), title: segment.title.clone() })
    });
    JourneyRow {
        id: journey.id.to_string(),
        key: journey.key.clone(),
        title: journey.title.clone(),
        description: journey.description.clone(),
        status: journey.status.into(),
        version: journey.version,
        plugin: journey.plugin.to_string(),
        entry_segment,
        inside: count(&summary.at_step),
        left: count(&summary.left),
        stuck: summary.stuck,
    }
}

fn run_view(RunSummary { run, name }: RunSummary) -> RunView {
    RunView {
        id: run.id.to_string(),
        patient: PatientRef { id: run.patient.to_string(), name },
        version: run.version,
        status: run.status.into(),
        at_step: run.at_step,
        entered_at: run.entered_at,
        updated_at: run.updated_at,
        reason: run.reason,
    }
}

fn patient_run_view(run: Run, journey: KeyRef) -> PatientRunView {
    PatientRunView {
        id: run.id.to_string(),
        journey,
        status: run.status.into(),
        at_step: run.at_step,
        entered_at: run.entered_at,
        updated_at: run.updated_at,
        reason: run.reason,
    }
}
