//! The client-credentials request (RFC 6749 section 4.4) over the guarded client.

use std::{
    pin::Pin,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use gateway_net::{
    egress::{Credential, Egress, EgressError, EgressRequest, Origin},
    retry_after::http_date,
};
use http::{StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use oauth2::{
    AsyncHttpClient, EmptyExtraTokenFields, HttpRequest, HttpResponse, RequestTokenError, StandardErrorResponse, StandardTokenResponse,
    TokenResponse,
    basic::{BasicErrorResponseType, BasicTokenType},
};
use secrecy::SecretString;
use url::Url;

use crate::{
    error::{AuthError, quoted},
    token_cache::IssuedToken,
};

/// A token's answer is small; more than this is something else.
const LARGEST_ANSWER: u64 = 256 << 10;

/// How long a token lives where the server does not say.
const ASSUMED_LIFE: Duration = Duration::from_mins(5);

pub(crate) type TokenAnswer = Result<
    StandardTokenResponse<EmptyExtraTokenFields, BasicTokenType>,
    RequestTokenError<EgressError, StandardErrorResponse<BasicErrorResponseType>>,
>;

/// What the token endpoint's answer said beside its body.
#[derive(Clone, Copy, Default)]
pub(crate) struct AnswerHead {
    pub(crate) status: Option<StatusCode>,
    pub(crate) date: Option<Timestamp>,
}

/// The HTTP side of a token request, for the `oauth2` crate to call.
pub(crate) struct TokenEndpoint {
    egress: Egress,
    head: Mutex<AnswerHead>,
}

impl TokenEndpoint {
    pub(crate) fn new(egress: Egress) -> Self {
        Self { egress, head: Mutex::default() }
    }

    pub(crate) fn head(&self) -> AnswerHead {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, EgressError> {
        let (parts, body) = request.into_parts();
        let setup = |detail: &str| EgressError::Setup { detail: detail.to_owned() };
        let url = Url::parse(&parts.uri.to_string()).map_err(|_| setup("token URL unreadable"))?;
        let origin = Origin::of(&url).ok_or_else(|| setup("token URL has no origin"))?;
        let request = EgressRequest { method: parts.method, url, headers: parts.headers, body: body.into() };
        // Bound to the endpoint's own origin, where a Basic header may go.
        let response = self.egress.for_origin(origin).send(request, None).await?;
        let status = response.status();
        let date = response.headers().get(header::DATE);
        let date = date.and_then(|it| http_date(it.to_str().ok()?));
        *self.head.lock().unwrap_or_else(PoisonError::into_inner) = AnswerHead { status: Some(status), date };
        // The media type is left out: servers send application/fhir+json and worse, and the body
        // is read as JSON in any case.
        let body = response.bytes(LARGEST_ANSWER).await?;
        let mut answer = HttpResponse::new(body.into());
        *answer.status_mut() = status;
        Ok(answer)
    }
}

impl<'c> AsyncHttpClient<'c> for TokenEndpoint {
    type Error = EgressError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, EgressError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.exchange(request))
    }
}

/// What the server said where it refused.
pub(crate) struct Refusal {
    pub(crate) error: BasicErrorResponseType,
    /// Empty, or a colon and the server's words.
    pub(crate) description: String,
}

impl Refusal {
    /// The server's error code and its words.
    pub(crate) fn answer(&self) -> String {
        format!("{}{}", quoted(self.error.as_ref()), self.description)
    }
}

/// Sorts an answer into a token, a refusal that names its reason, and everything else.
pub(crate) fn read_answer(answer: TokenAnswer, token_url: &str, head: AnswerHead) -> Result<Result<IssuedToken, Refusal>, AuthError> {
    let no_token = |detail: String, retry| AuthError::NoToken { token_url: token_url.to_owned(), detail, retry };
    let busy = head.status.is_some_and(|status| status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS);
    let status = head.status.map_or_else(String::new, |status| format!("status {}, ", status.as_u16()));
    match answer {
        Ok(token) => {
            let lives = token.expires_in().unwrap_or(ASSUMED_LIFE);
            let secret = SecretString::from(token.access_token().secret().clone());
            Ok(Ok(IssuedToken {
                credential: Credential::Bearer(secret),
                lives: SignedDuration::try_from(lives).unwrap_or(SignedDuration::from_hours(24)),
            }))
        }
        Err(RequestTokenError::ServerResponse(_)) if busy => Err(no_token(format!("{status}the server is busy"), true)),
        Err(RequestTokenError::ServerResponse(refusal)) => Ok(Err(Refusal {
            error: refusal.error().clone(),
            description: refusal.error_description().map_or_else(String::new, |words| format!(": {}", quoted(words))),
        })),
        Err(RequestTokenError::Request(error)) => Err(error.into()),
        Err(RequestTokenError::Parse(..)) => Err(no_token(format!("{status}the body is not a token response"), busy)),
        Err(RequestTokenError::Other(detail)) => Err(no_token(format!("{status}{}", quoted(&detail)), busy)),
    }
}
