//! The guarded client of one server together with what proves to it who we are.

use std::sync::Arc;

use gateway_net::egress::{BoundEgress, EgressRequest, EgressResponse};
use http::StatusCode;
use jiff::Timestamp;

use crate::{error::AuthError, token_source::TokenSource};

/// Sends requests with a fresh credential and renews it once where the server says 401.
#[derive(Clone)]
pub struct AuthorizedClient {
    egress: BoundEgress,
    tokens: Arc<dyn TokenSource>,
}

impl AuthorizedClient {
    pub fn new(egress: BoundEgress, tokens: Arc<dyn TokenSource>) -> Self {
        Self { egress, tokens }
    }

    /// The client underneath, for requests that must go without a credential.
    pub fn egress(&self) -> &BoundEgress {
        &self.egress
    }

    /// Sends `request`. A second 401 is returned as the response it is.
    ///
    /// # Errors
    /// [`AuthError`]; a status of 4xx or 5xx is not one.
    pub async fn send(&self, request: EgressRequest, now: Timestamp) -> Result<EgressResponse, AuthError> {
        // A foreign origin gets no credential, so none is fetched for it.
        if !self.egress.origin().owns(&request.url) {
            return Ok(self.egress.send(request, None).await?);
        }
        let Some(credential) = self.tokens.credential(now).await? else {
            return Ok(self.egress.send(request, None).await?);
        };
        let response = self.egress.send(request.clone(), Some(&credential)).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        self.tokens.invalidate(&credential).await;
        match self.tokens.credential(now).await? {
            Some(renewed) if renewed != credential => Ok(self.egress.send(request, Some(&renewed)).await?),
            _ => Ok(response),
        }
    }
}
