//! Keys for the API. A token acts on behalf of the user who made it, with no more than that user's role.

use axum::Json;
use axum::extract::State;
use gateway_auth::secret_token::SecretToken;
use gateway_domain::audit::AuditAction;
use gateway_domain::ids::ApiTokenId;
use gateway_domain::user::ApiToken;
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::user::in_person;
use crate::ApiDeps;
use crate::access::Caller;
use crate::extract::{Body, Id, List};
use crate::problem::{ApiError, FieldProblem};
use crate::randomness::Randomness;

/// The longest name, in characters.
const LONGEST_NAME: usize = 100;

/// A key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiTokenView {
    /// `tok_...`
    pub id: String,
    /// What it is for.
    pub name: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

/// A new key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiTokenInput {
    /// What it is for.
    name: String,
    /// When it ends; never where it is left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// A new key, with its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewApiToken {
    /// `tok_...`
    pub id: String,
    /// The key itself, shown once.
    pub token: String,
}

/// One's own tokens.
#[utoipa::path(get, path = "/api-tokens", tag = "users", responses((status = 200, body = List<ApiTokenView>)))]
pub(crate) async fn list(State(deps): State<ApiDeps>, caller: Caller) -> Result<Json<List<ApiTokenView>>, ApiError> {
    let tokens = deps.store.api_tokens(caller.user.id).await?;
    Ok(Json(List::whole(tokens.into_iter().map(view).collect())))
}

/// Makes a token. The secret is shown this once.
#[utoipa::path(post, path = "/api-tokens", tag = "users", request_body = ApiTokenInput, responses((status = 201, body = NewApiToken)))]
pub(crate) async fn add(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Body(input): Body<ApiTokenInput>,
) -> Result<(StatusCode, Json<NewApiToken>), ApiError> {
    in_person(&caller)?;
    let now = deps.clock.now();
    let name = input.name.trim();
    let mut errors = Vec::new();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        errors.push(FieldProblem::new("/name", format!("A name has 1 to {LONGEST_NAME} characters.")));
    }
    if input.expires_at.is_some_and(|expires_at| expires_at <= now) {
        errors.push(FieldProblem::new("/expires_at", "The end lies in the past."));
    }
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let secret = SecretToken::generate(&mut Randomness(deps.entropy.as_ref()));
    let token = ApiToken {
        id: ApiTokenId::new(now, deps.entropy.for_id()),
        user: caller.user.id,
        name: name.to_owned(),
        created_at: now,
        expires_at: input.expires_at,
    };
    deps.note_change(&caller, AuditAction::Create, None, token.id.to_string()).await?;
    deps.store.add_api_token(&token, secret.digest().as_bytes()).await?;
    Ok((StatusCode::CREATED, Json(NewApiToken { id: token.id.to_string(), token: secret.reveal().to_owned() })))
}

/// Takes one of one's own tokens away.
#[utoipa::path(delete, path = "/api-tokens/{id}", tag = "users", params(("id" = String, Path)), responses((status = 204)))]
pub(crate) async fn end(State(deps): State<ApiDeps>, caller: Caller, Id(id): Id<ApiTokenId>) -> Result<StatusCode, ApiError> {
    let tokens = deps.store.api_tokens(caller.user.id).await?;
    if !tokens.iter().any(|token| token.id == id) {
        return Err(ApiError::NotFound("token"));
    }
    deps.note_change(&caller, AuditAction::Update, None, format!("{id} ended")).await?;
    deps.store.end_api_token(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(token: ApiToken) -> ApiTokenView {
    ApiTokenView { id: token.id.to_string(), name: token.name, created_at: token.created_at, expires_at: token.expires_at }
}
