//! Signing in and out.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use gateway_auth::password::{PasswordCheck, PasswordError};
use gateway_auth::secret_token::SecretToken;
use gateway_auth::session::{CrossSite, SessionCookie, check_same_site};
use gateway_domain::audit::{Actor, AuditAction};
use gateway_domain::user::{Permission, Session, User};
use gateway_net::listener::PeerAddress;
use http::{HeaderMap, Method, StatusCode, header};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ApiDeps;
use crate::access::{Caller, Credential, cross_site};
use crate::extract::Body;
use crate::problem::ApiError;
use crate::randomness::Randomness;
use crate::words::{PermissionWord, RoleWord};

/// What the audit names.
const OBJECT: &str = "/api/v1/session";
/// The longest address, RFC 5321 section 4.5.3.1.
const LONGEST_EMAIL: usize = 254;

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionUser {
    /// `usr_...`
    pub id: String,
    /// What the user signs in with.
    pub email: String,
    /// What people call the user.
    pub name: String,
    /// What the user is.
    pub role: RoleWord,
}

/// Who is signed in, and what they may do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// Who.
    pub user: SessionUser,
    /// What they may do.
    pub permissions: Vec<PermissionWord>,
}

/// Address and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInInput {
    /// The address.
    email: String,
    /// The password.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// Signs in: sets the session cookie.
#[utoipa::path(post, path = "/session", tag = "session", request_body = SignInInput, responses((status = 200, body = SessionView)))]
pub(crate) async fn sign_in(
    State(deps): State<ApiDeps>,
    peer: Option<Extension<PeerAddress>>,
    headers: HeaderMap,
    Body(input): Body<SignInInput>,
) -> Result<Response, ApiError> {
    // There is no cookie yet, so a program without a browser's witnesses may sign in.
    match check_same_site(&Method::POST, &headers, &deps.own_origin()) {
        Ok(()) | Err(CrossSite::NoWitness) => {}
        Err(cross) => return Err(cross_site(cross, &deps)),
    }
    let email = input.email.trim().to_lowercase();
    if email.len() > LONGEST_EMAIL {
        return Err(ApiError::WrongCredentials);
    }
    let address = peer.map(|Extension(PeerAddress(address))| address.ip());
    let now = deps.clock.now();
    deps.attempts.take(&email, address, now).map_err(ApiError::TooManyAttempts)?;

    let Some(user) = check(&deps, &email, input.password).await? else {
        // The address is not written down: people type passwords into the wrong field.
        let refused = deps.entry(Actor::Anonymous, AuditAction::SignIn, OBJECT, None, false, String::new());
        deps.note(refused).await?;
        return Err(ApiError::WrongCredentials);
    };
    deps.attempts.forget(&email, address);

    let token = SecretToken::generate(&mut Randomness(deps.entropy.as_ref()));
    let session = Session { token_hash: *token.digest().as_bytes(), user: user.id, created_at: now, used_at: now };
    let actor = Actor::User(user.id.to_string());
    deps.note(deps.entry(actor, AuditAction::SignIn, OBJECT, None, true, String::new())).await?;
    deps.store.add_session(&session).await?;
    let cookie = SessionCookie::new(deps.secure_cookies)
        .start(token.reveal())
        .ok_or_else(|| ApiError::Internal("a session token does not fit into a cookie".to_owned()))?;
    Ok(([(header::SET_COOKIE, cookie)], Json(view(user))).into_response())
}

/// Who is signed in.
#[utoipa::path(get, path = "/session", tag = "session", responses((status = 200, body = SessionView), (status = 401)))]
pub(crate) async fn get(caller: Caller) -> Json<SessionView> {
    Json(view(caller.user))
}

/// Signs out: ends the session on the server and takes the cookie away.
#[utoipa::path(delete, path = "/session", tag = "session", responses((status = 204)))]
pub(crate) async fn sign_out(State(deps): State<ApiDeps>, caller: Caller) -> Result<Response, ApiError> {
    let Credential::Session(token_hash) = &caller.credential else {
        return Err(ApiError::Forbidden("An API token has no session to end; take the token away instead.".to_owned()));
    };
    deps.store.end_session(token_hash).await?;
    deps.note_change(&caller, AuditAction::SignOut, None, String::new()).await?;
    let cookie = SessionCookie::new(deps.secure_cookies).end();
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// The user, where the password is right. Takes the same time for an address nobody has.
async fn check(deps: &ApiDeps, email: &str, password: SecretString) -> Result<Option<User>, ApiError> {
    let (user, hash) = deps.store.user_by_email(email).await?.unzip();
    let checked = match deps.passwords.check(password, hash).await {
        Ok(checked) => checked,
        Err(PasswordError::TooLong) => PasswordCheck::NoMatch,
        Err(error) => return Err(ApiError::Internal(error.to_string())),
    };
    Ok(match checked {
        PasswordCheck::Match { .. } => user.filter(|user| !user.disabled),
        PasswordCheck::NoMatch => None,
    })
}

fn view(user: User) -> SessionView {
    let permissions = Permission::ALL.into_iter().filter(|permission| user.role.may(*permission)).map(Into::into).collect();
    SessionView { user: SessionUser { id: user.id.to_string(), email: user.email, name: user.name, role: user.role.into() }, permissions }
}
