//! Where other servers tell us of changes, and providers of channels what became of messages. Whoever calls proves itself before anything of the body is looked at; what the body says is
//! a hint and never an instruction.

pub(crate) mod channel;
mod fhir;

use axum::Router;
use axum::routing::{get, post};

use crate::ApiDeps;

/// `/webhooks`.
pub(crate) fn router(deps: ApiDeps) -> Router {
    // Servers that send a resource write it below the address they were given, as if it were a FHIR base.
    let below = post(fhir::take_below).put(fhir::take_below).delete(fhir::take_below);
    Router::new()
        .route("/fhir/{subscription}", post(fhir::take).put(fhir::take))
        .route("/fhir/{subscription}/{type}/{id}", below)
        .route("/channel/{medium}", get(channel::take).post(channel::take))
        .with_state(deps)
}
