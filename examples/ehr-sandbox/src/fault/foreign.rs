//! The foreign host: it hands out what lies under `/signed/...` to whoever has the link, as stores of signed files do. A credential
//! that arrives here was sent to the wrong place.

use std::sync::Arc;

use axum::{Extension, Router, middleware};

use super::Place;
use crate::{Sandbox, error::Error, server};

/// The routes of the foreign host.
pub(crate) fn router(sandbox: &Arc<Sandbox>) -> Router {
    let unknown = async |request: axum::extract::Request| Error::UnknownPath(request.uri().path().to_owned());
    let signed = Router::new().nest_service("/signed", server::routes(sandbox)).fallback(unknown);
    Router::new()
        .fallback_service(signed)
        .layer(middleware::from_fn_with_state(Arc::clone(sandbox), super::play))
        .layer(Extension(Place::Foreign))
}
