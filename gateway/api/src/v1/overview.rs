//! The start page: counts, each for the roles that may see what it counts.

use axum::Json;
use axum::extract::State;
use gateway_domain::journey::JourneyStatus;
use gateway_domain::user::Permission;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::message::{StatusCount, status_counts};
use crate::ApiDeps;
use crate::access::Caller;
use crate::problem::ApiError;

/// How fresh a source is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceFreshness {
    /// Its name.
    pub name: String,
    /// When the last complete run ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub synced_at: Option<Timestamp>,
    /// Seconds since then.
    pub lag_seconds: Option<i64>,
}

/// Counts for the start page; null where the role may not see what is counted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Overview {
    /// Patients.
    pub patients: Option<u64>,
    /// Active segments.
    pub segments: Option<u64>,
    /// Live journeys.
    pub journeys_live: Option<u64>,
    /// Messages by status.
    pub messages: Option<Vec<StatusCount>>,
    /// Sources.
    pub sources: Option<Vec<SourceFreshness>>,
}

/// Counts for the start page.
#[utoipa::path(get, path = "/overview", tag = "overview", responses((status = 200, body = Overview)))]
pub(crate) async fn get(State(deps): State<ApiDeps>, caller: Caller) -> Result<Json<Overview>, ApiError> {
    let mut overview = Overview { patients: None, segments: None, journeys_live: None, messages: None, sources: None };
    if caller.may(Permission::ReadPatients) {
        overview.patients = Some(deps.store.patient_count().await?);
    }
    if caller.may(Permission::ReadSegments) {
        let segments = deps.store.segments().await?;
        overview.segments = Some(segments.iter().filter(|summary| summary.segment.active).count() as u64);
    }
    if caller.may(Permission::ReadJourneys) {
        let journeys = deps.store.journeys().await?;
        let live = journeys.iter().filter(|summary| summary.journey.status == JourneyStatus::Live);
        overview.journeys_live = Some(live.count() as u64);
    }
    if caller.may(Permission::ReadMessages) {
        overview.messages = Some(status_counts(&deps).await?);
    }
    if caller.may(Permission::ReadSources) {
        let now = deps.clock.now();
        let sources = deps.store.sources().await?;
        let freshness = |source: gateway_domain::source::Source| SourceFreshness {
            lag_seconds: source.synced_at.map(|synced_at| now.duration_since(synced_at).as_secs()),
            name: source.name,
            synced_at: source.synced_at,
        };
        overview.sources = Some(sources.into_iter().map(freshness).collect());
    }
    Ok(Json(overview))
}
