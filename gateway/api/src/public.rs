//! The patient pages.
use crate::ApiDeps;
use axum::Router;
pub(crate) fn router(_deps: ApiDeps) -> Router {
    Router::new()
}
