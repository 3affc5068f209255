//! Where other servers tell us of changes. Whoever calls proves itself before anything of the body is looked at; what the body says is
//! a hint and never an instruction.

mod fhir;

use axum::Router;
use axum::routing::post;

use crate::ApiDeps;

/// `/webhooks`.
pub(crate) fn router(deps: ApiDeps) -> Router {
    // Servers that send a resource write it below the address they were given, as if it were a FHIR base.
    let below = post(fhir::take_below).put(fhir::take_below).delete(fhir::take_below);
    Router::new()
        .route("/fhir/{subscription}", post(fhir::take).put(fhir::take))
        .route("/fhir/{subscription}/{type}/{id}", below)
        .with_state(deps)
}
