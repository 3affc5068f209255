//! The routes of the admin listener: is it alive, is it ready, what are its figures.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Json, Router, extract::State, routing::get};
use http::{StatusCode, header};
use serde::Serialize;

/// Which parts of the program are ready. Cloning shares the state.
///
/// A part counts once it was named with [`Readiness::set`]; with no part named, nothing is ready.
#[derive(Clone, Debug, Default)]
pub struct Readiness {
    parts: Arc<Mutex<BTreeMap<&'static str, bool>>>,
}

impl Readiness {
    /// Says whether `part` is ready.
    pub fn set(&self, part: &'static str, ready: bool) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.insert(part, ready);
    }

    /// Whether all parts are.
    pub fn is_ready(&self) -> bool {
        self.report().ready
    }

    fn report(&self) -> ReadinessReport {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        ReadinessReport { ready: !parts.is_empty() && parts.values().all(|ready| *ready), parts: parts.clone() }
    }
}

#[derive(Serialize)]
struct ReadinessReport {
    ready: bool,
    parts: BTreeMap<&'static str, bool>,
}

/// `/health/live`, `/health/ready` (200 or 503) and `/metrics` in the text form that
/// `render_metrics` gives.
pub fn admin_router(readiness: Readiness, render_metrics: impl Fn() -> String + Clone + Send + Sync + 'static) -> Router {
    Router::new()
        .route("/health/live", get(async || "alive\n"))
        .route("/health/ready", get(ready))
        .route(
            "/metrics",
            get(async move || {
                let text_format = "text/plain; version=0.0.4; charset=utf-8";
                ([(header::CONTENT_TYPE, text_format)], render_metrics())
            }),
        )
        .with_state(readiness)
}

async fn ready(State(readiness): State<Readiness>) -> (StatusCode, Json<ReadinessReport>) {
    let report = readiness.report();
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report))
}
