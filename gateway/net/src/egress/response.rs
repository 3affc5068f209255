//! A response whose body is read under limits.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, stream};
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use url::Url;

use super::{
    error::{EgressError, TimeoutStage},
    origin::Target,
    policy::EgressPolicy,
};

/// The head of a response, and a body yet to be read.
#[derive(Debug)]
pub struct EgressResponse {
    response: reqwest::Response,
    url: Url,
    target: Target,
    idle_timeout: Duration,
    limit: u64,
    read: u64,
}

impl EgressResponse {
    pub(super) fn new(response: reqwest::Response, url: Url, target: Target, policy: &EgressPolicy) -> Self {
        Self { response, url, target, idle_timeout: policy.idle_timeout, limit: policy.max_body_bytes, read: 0 }
    }

    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The URL that was requested, against which relative references in the response are resolved.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Where this came from, as far as logs and errors may tell.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Where a 3xx response points to. Nothing has been requested from there.
    pub fn redirect_target(&self) -> Option<Url> {
        if !self.status().is_redirection() {
            return None;
        }
        let location = self.headers().get(header::LOCATION)?.to_str().ok()?;
        self.url.join(location).ok()
    }

    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// [`EgressError::Timeout`], [`EgressError::TooLarge`] or [`EgressError::Body`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, EgressError> {
        let piece = match timeout(self.idle_timeout, self.response.chunk()).await {
            Ok(Ok(piece)) => piece,
            Ok(Err(error)) => return Err(EgressError::from_body(error, self.target.clone())),
            Err(_) => {
                return Err(EgressError::Timeout { target: self.target.clone(), stage: TimeoutStage::Body });
            }
        };
        let Some(piece) = piece else {
            return Ok(None);
        };
        self.read = self.read.saturating_add(piece.len() as u64);
        if self.read > self.limit {
            return Err(EgressError::TooLarge { target: self.target.clone(), limit: self.limit });
        }
        Ok(Some(piece))
    }

    /// The body as a stream, under the policy's limit and idle time-out.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, EgressError>> + Send + 'static {
        stream::try_unfold(self, async |mut response| {
            let piece = response.chunk().await?;
            Ok(piece.map(|piece| (piece, response)))
        })
    }

    /// The whole body, of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`EgressResponse::chunk`].
    pub async fn bytes(mut self, limit: u64) -> Result<Bytes, EgressError> {
        self.limit = self.limit.min(limit);
        let Some(first) = self.chunk().await? else {
            return Ok(Bytes::new());
        };
        let Some(second) = self.chunk().await? else {
            return Ok(first);
        };
        let mut whole = BytesMut::from(first);
        whole.extend_from_slice(&second);
        while let Some(piece) = self.chunk().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }

    /// The whole body, of at most `limit` bytes, read as JSON.
    ///
    /// # Errors
    /// As [`EgressResponse::chunk`]; [`EgressError::Body`] also where the JSON is not a `T`. The
    /// error tells the place, never the content.
    pub async fn json<T: DeserializeOwned>(self, limit: u64) -> Result<T, EgressError> {
        let target = self.target.clone();
        let body = self.bytes(limit).await?;
        serde_json::from_slice(&body).map_err(|error| EgressError::Body {
            target,
            detail: format!("not the expected JSON at line {} column {}", error.line(), error.column()),
        })
    }
}
