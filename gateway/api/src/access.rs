//! Who asks, and whether they may: the guard around each route.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use gateway_auth::secret_token::TokenDigest;
use gateway_auth::session::{CrossSite, SessionCookie, check_same_site};
use gateway_domain::audit::{Actor, AuditAction};
use gateway_domain::ids::PatientId;
use gateway_domain::user::{Permission, User};
use http::request::Parts;
use http::{HeaderMap, header};

use crate::ApiDeps;
use crate::problem::ApiError;

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody.
    Public,
    /// Everybody who is signed in; the answer depends on the role.
    SignedIn,
    /// Roles with this permission.
    Needs(Permission),
}

/// How a caller proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// By a session; the digest of its token.
    Session([u8; 32]),
    /// By an API token; its id.
    Token(String),
}

/// Who asks, for which route.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// On whose behalf.
    pub(crate) user: User,
    /// By what.
    pub(crate) credential: Credential,
    /// The route's template: what the audit names.
    pub(crate) route: Arc<str>,
}

impl Caller {
    /// As the audit names them.
    pub(crate) fn actor(&self) -> Actor {
        match &self.credential {
            Credential::Session(_) => Actor::User(self.user.id.to_string()),
            Credential::Token(id) => Actor::Token(id.clone()),
        }
    }

    /// Whether the role allows it.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.user.role.may(permission)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        parts.extensions.get().cloned().ok_or(ApiError::SignedOut)
    }
}

/// One route's guard.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) deps: ApiDeps,
    pub(crate) access: Access,
    pub(crate) route: Arc<str>,
}

/// Lets a request through to its handler, or answers why not.
pub(crate) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Result<Response, ApiError> {
    if guard.access == Access::Public {
        return Ok(next.run(request).await);
    }
    let (mut parts, body) = request.into_parts();
    let caller = identify(&guard, &parts).await?;
    if let Access::Needs(permission) = guard.access
        && !caller.may(permission)
    {
        return Err(refuse(&guard, &caller, &parts).await);
    }
    parts.extensions.insert(caller);
    Ok(next.run(Request::from_parts(parts, body)).await)
}

async fn identify(guard: &Guard, parts: &Parts) -> Result<Caller, ApiError> {
    let now = guard.deps.clock.now();
    let headers = &parts.headers;
    if let Some(digest) = bearer(headers)? {
        let found = guard.deps.store.api_token(digest.as_bytes(), now).await?;
        let (token, user) = found.ok_or(ApiError::SignedOut)?;
        return Ok(Caller { user, credential: Credential::Token(token.id.to_string()), route: Arc::clone(&guard.route) });
    }
    let cookie = SessionCookie::new(guard.deps.secure_cookies);
    let digest = cookie.read(headers).and_then(TokenDigest::of_presented).ok_or(ApiError::SignedOut)?;
    check_same_site(&parts.method, headers, &guard.deps.own_origin()).map_err(|cross| cross_site(cross, &guard.deps))?;
    let (session, user) = guard.deps.store.session(digest.as_bytes(), now).await?.ok_or(ApiError::SignedOut)?;
    Ok(Caller { user, credential: Credential::Session(session.token_hash), route: Arc::clone(&guard.route) })
}

/// The token of an `Authorization: Bearer` header; none where there is no such header.
fn bearer(headers: &HeaderMap) -> Result<Option<TokenDigest>, ApiError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let token = value.to_str().ok().and_then(|text| text.split_once(' '));
    token
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .and_then(|(_, token)| TokenDigest::of_presented(token.trim()))
        .map(Some)
        .ok_or(ApiError::SignedOut)
}

/// Says why a request is not taken for one of our own pages'.
pub(crate) fn cross_site(cross: CrossSite, deps: &ApiDeps) -> ApiError {
    ApiError::CrossSite(match cross {
        CrossSite::FetchSite => "The browser says that another site made this request.".to_owned(),
        CrossSite::Origin => format!("The request does not come from this gateway's address. Open the console at {}.", deps.own_origin()),
        CrossSite::NoWitness => {
            "The request has a session cookie, but neither Origin nor Sec-Fetch-Site. Programs use an API token instead.".to_owned()
        }
    })
}

/// Notes an attempt that was not allowed, and refuses it.
async fn refuse(guard: &Guard, caller: &Caller, parts: &Parts) -> ApiError {
    let patient = parts.uri.path().split('/').find_map(|segment| segment.parse::<PatientId>().ok());
    let action = if parts.method.is_safe() { AuditAction::Read } else { AuditAction::Update };
    if let Err(error) = guard.deps.note_refusal(caller, action, patient).await {
        return error;
    }
    ApiError::Forbidden(format!("The role {} does not allow this.", caller.user.role.name()))
}
