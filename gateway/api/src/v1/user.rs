//! Users. Nobody gives away more than they have: who adds or changes a user must be allowed everything that user is.

use axum::Json;
use axum::extract::State;
use gateway_domain::audit::AuditAction;
use gateway_domain::contact_point::EmailAddress;
use gateway_domain::ids::UserId;
use gateway_domain::user::{Permission, Role, User};
use http::StatusCode;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ApiDeps;
use crate::access::{Caller, Credential};
use crate::extract::{Body, Id, List};
use crate::problem::{ApiError, FieldProblem};
use crate::randomness::Randomness;
use crate::words::RoleWord;

/// The shortest password, in characters.
const SHORTEST_PASSWORD: usize = 12;
/// The longest password, in bytes.
const LONGEST_PASSWORD: usize = 1024;
/// The longest name, in characters.
const LONGEST_NAME: usize = 200;

/// A user.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserView {
    /// `usr_...`
    pub id: String,
    /// What the user signs in with.
    pub email: String,
    /// What people call the user.
    pub name: String,
    /// What the user is.
    pub role: RoleWord,
    /// Whether the user is shut out.
    pub disabled: bool,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A new user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserInput {
    /// What the user signs in with.
    email: String,
    /// What people call the user.
    name: String,
    /// What the user is.
    role: RoleWord,
    /// At least 12 characters.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// What changes; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserChangeInput {
    /// What the user is.
    role: Option<RoleWord>,
    /// Whether the user is shut out; ends all sessions.
    disabled: Option<bool>,
    /// A new password, at least 12 characters; ends all sessions.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<SecretString>,
}

/// All users by name.
#[utoipa::path(get, path = "/users", tag = "users", responses((status = 200, body = List<UserView>)))]
pub(crate) async fn list(State(deps): State<ApiDeps>) -> Result<Json<List<UserView>>, ApiError> {
    let users = deps.store.users().await?;
    Ok(Json(List::whole(users.into_iter().map(view).collect())))
}

/// Adds a user.
#[utoipa::path(post, path = "/users", tag = "users", request_body = UserInput, responses((status = 201, body = UserView)))]
pub(crate) async fn add(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Body(input): Body<UserInput>,
) -> Result<(StatusCode, Json<UserView>), ApiError> {
    in_person(&caller)?;
    let role = Role::from(input.role);
    covers(&caller, role)?;
    let mut errors = Vec::new();
    let email = EmailAddress::parse(&input.email);
    if email.is_none() {
        errors.push(FieldProblem::new("/email", "This is no email address, as in `name@example.org`."));
    }
    let name = input.name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        errors.push(FieldProblem::new("/name", format!("A name has 1 to {LONGEST_NAME} characters.")));
    }
    errors.extend(password_problem(&input.password));
    let (Some(email), []) = (email, errors.as_slice()) else {
        return Err(ApiError::Invalid(errors));
    };
    let now = deps.clock.now();
    let user = User {
        id: UserId::new(now, deps.entropy.for_id()),
        email: email.as_str().to_lowercase(),
        name: name.to_owned(),
        role,
        disabled: false,
        created_at: now,
    };
    let hash = hash(&deps, input.password).await?;
    deps.note_change(&caller, AuditAction::Create, None, format!("{} {}", user.id, role.name())).await?;
    deps.store.add_user(&user, &hash).await?;
    Ok((StatusCode::CREATED, Json(view(user))))
}

/// Changes a user.
#[utoipa::path(put, path = "/users/{id}", tag = "users", params(("id" = String, Path)), request_body = UserChangeInput, responses((status = 200, body = UserView)))]
pub(crate) async fn change(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Id(id): Id<UserId>,
    Body(input): Body<UserChangeInput>,
) -> Result<Json<UserView>, ApiError> {
    in_person(&caller)?;
    let user = deps.store.user(id).await?.ok_or(ApiError::NotFound("user"))?;
    covers(&caller, user.role)?;
    let role = input.role.map(Role::from);
    if let Some(role) = role {
        covers(&caller, role)?;
    }
    let shuts_out_self = input.disabled == Some(true) || role.is_some_and(|role| !role.may(Permission::ManageUsers));
    if id == caller.user.id && shuts_out_self {
        return Err(ApiError::Conflict("You can't take your own access away; someone else who manages users has to.".to_owned()));
    }
    if let Some(problem) = input.password.as_ref().and_then(password_problem) {
        return Err(ApiError::Invalid(vec![problem]));
    }
    let changes = [(role.is_some(), "role"), (input.disabled.is_some(), "disabled"), (input.password.is_some(), "password")];
    let changed: Vec<&str> = changes.into_iter().filter(|(changes, _)| *changes).map(|(_, name)| name).collect();
    deps.note_change(&caller, AuditAction::Update, None, format!("{id}: {}", changed.join(", "))).await?;
    if let Some(role) = role {
        deps.store.set_role(id, role).await?;
    }
    if let Some(disabled) = input.disabled {
        deps.store.set_disabled(id, disabled).await?;
    }
    if let Some(password) = input.password {
        let hash = hash(&deps, password).await?;
        deps.store.set_password(id, &hash).await?;
    }
    let user = deps.store.user(id).await?.ok_or(ApiError::NotFound("user"))?;
    Ok(Json(view(user)))
}

/// Accounts and keys are changed by people: a leaked API token must not be able to make more access.
pub(crate) fn in_person(caller: &Caller) -> Result<(), ApiError> {
    match caller.credential {
        Credential::Session(_) => Ok(()),
        Credential::Token(_) => {
            Err(ApiError::Forbidden("Users and tokens are changed by a person who is signed in, not by a token.".to_owned()))
        }
    }
}

fn covers(caller: &Caller, role: Role) -> Result<(), ApiError> {
    let covered = Permission::ALL.into_iter().all(|permission| !role.may(permission) || caller.may(permission));
    if covered {
        return Ok(());
    }
    Err(ApiError::Forbidden(format!("The role {} may do more than you may, so you can't give it or change who has it.", role.name())))
}

fn password_problem(password: &SecretString) -> Option<FieldProblem> {
    let password = password.expose_secret();
    let long_enough = password.chars().count() >= SHORTEST_PASSWORD && password.len() <= LONGEST_PASSWORD;
    (!long_enough)
        .then(|| FieldProblem::new("/password", format!("A password has at least {SHORTEST_PASSWORD} characters; a few words do well.")))
}

async fn hash(deps: &ApiDeps, password: SecretString) -> Result<String, ApiError> {
    let hashed = deps.passwords.hash(password, &mut Randomness(deps.entropy.as_ref())).await;
    hashed.map_err(|error| ApiError::Internal(error.to_string()))
}

fn view(user: User) -> UserView {
    UserView {
        id: user.id.to_string(),
        email: user.email,
        name: user.name,
        role: user.role.into(),
        disabled: user.disabled,
        created_at: user.created_at,
    }
}
