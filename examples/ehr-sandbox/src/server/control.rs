//! The sandbox's own interface, beside FHIR: making things happen.

use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Shared, answer, blocking};
use crate::{clock, error::Error, fault::FaultScript, subscription::PushFaults, tick};

/// More things than that don't happen in one request.
const MOST_CHANGES: u64 = 100_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TickRequest {
    seed: u64,
    count: u64,
}

pub(crate) async fn tick(State(sandbox): Shared, Json(request): Json<TickRequest>) -> Result<Json<Value>, Error> {
    if request.count > MOST_CHANGES {
        return Err(Error::Invalid(format!("count is {}; at most {MOST_CHANGES} were expected", request.count)));
    }
    let changes = blocking(&sandbox, move |sandbox| tick::tick(&sandbox.store, request.seed, request.count, clock::now())).await?;
    Ok(Json(json!({"changes": changes})))
}

pub(crate) async fn mammogram(State(sandbox): Shared, Path(id): Path<String>) -> Result<Response, Error> {
    let base_url = sandbox.base_url.clone();
    let written = blocking(&sandbox, move |sandbox| tick::record_mammogram(&sandbox.store, &id, clock::now())).await?;
    Ok(answer::resource(StatusCode::CREATED, &written, Some(&base_url)))
}

/// Plays a fault script from its beginning, in place of the one before.
pub(crate) async fn faults(State(sandbox): Shared, body: String) -> Result<Json<Value>, Error> {
    let script = FaultScript::read(&body).map_err(|error| Error::Invalid(error.to_string()))?;
    let rules = script.rules.len();
    sandbox.stage.play(script);
    Ok(Json(json!({"rules": rules})))
}

/// Delivers notifications as badly as this from now on.
pub(crate) async fn push(State(sandbox): Shared, Json(faults): Json<PushFaults>) -> StatusCode {
    sandbox.engine.set_faults(faults);
    StatusCode::NO_CONTENT
}
