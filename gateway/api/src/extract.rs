//! What a request brings: path ids, query and body, refused as a problem where they can't be read.

use std::str::FromStr;

use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use bytes::Bytes;
use gateway_ports::store::PageRequest;
use http::header;
use http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::problem::{ApiError, FieldProblem};

/// The id in the path. A text that is no id names nothing: 404.
pub(crate) struct Id<T>(pub(crate) T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let unknown = ApiError::NotFound("thing");
        let Ok(Path(text)) = Path::<String>::from_request_parts(parts, state).await else {
            return Err(unknown);
        };
        text.parse().map(Self).map_err(|_| unknown)
    }
}

/// The parameters in the query.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let query = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        query.map(|axum::extract::Query(value)| Self(value)).map_err(|_| {
            ApiError::invalid("query", "A parameter has a value that is not possible; the API description lists those that are.")
        })
    }
}

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let is_json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
        if !is_json {
            return Err(ApiError::NotJson);
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| match rejection {
            BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => ApiError::TooLarge,
            _ => ApiError::invalid("", "The body ended before it was complete."),
        })?;
        // What serde says can quote the value, which may be a password: only the place is told.
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            let message = format!("At line {}, column {}: {}", error.line(), error.column(), what_is_wrong(&error));
            ApiError::Invalid(vec![FieldProblem::new("", message)])
        })
    }
}

fn what_is_wrong(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Data => "a field is missing, not known, or has a value that is not possible.",
        serde_json::error::Category::Eof => "the JSON ends too early.",
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => "this is not JSON.",
    }
}

/// A piece of a long list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// The items.
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: u64,
}

impl<T> List<T> {
    /// A list that is shown whole.
    pub(crate) fn whole(items: Vec<T>) -> Self {
        Self { total: items.len() as u64, items }
    }
}

/// Which piece is asked for; fifty from the beginning where nothing is said.
pub(crate) fn page(offset: Option<u64>, limit: Option<u32>) -> Result<PageRequest, ApiError> {
    const MOST: u32 = 500;
    let limit = limit.unwrap_or(50);
    if !(1..=MOST).contains(&limit) {
        return Err(ApiError::invalid("limit", format!("`limit` is 1 to {MOST}.")));
    }
    let offset = offset.unwrap_or(0);
    if i64::try_from(offset).is_err() {
        return Err(ApiError::invalid("offset", "`offset` is too large."));
    }
    Ok(PageRequest { offset, limit })
}
