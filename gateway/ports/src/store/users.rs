//! Users, sessions and API tokens.

use async_trait::async_trait;
use gateway_domain::ids::{ApiTokenId, UserId};
use gateway_domain::user::{ApiToken, Role, Session, User};
use jiff::Timestamp;

use super::StoreError;

/// Keeps users.
#[async_trait]
pub trait UserStore: Send + Sync {
    /// Makes a user.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the address is taken.
    async fn add_user(&self, user: &User, password_hash: &str) -> Result<(), StoreError>;
    /// All users by name.
    async fn users(&self) -> Result<Vec<User>, StoreError>;
    /// One user.
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError>;
    /// A user and the password's hash, by address (lower case).
    async fn user_by_email(&self, email: &str) -> Result<Option<(User, String)>, StoreError>;
    /// Changes the password's hash; ends all sessions of the user.
    async fn set_password(&self, id: UserId, password_hash: &str) -> Result<(), StoreError>;
    /// Changes the role.
    async fn set_role(&self, id: UserId, role: Role) -> Result<(), StoreError>;
    /// Lets a user in or out; out ends all sessions.
    async fn set_disabled(&self, id: UserId, disabled: bool) -> Result<(), StoreError>;

    /// Begins a session.
    async fn add_session(&self, session: &Session) -> Result<(), StoreError>;
    /// The session and its user, by the SHA-256 of the token; `None` where it ended or the user is disabled. Notes the use, at most
    /// once a minute.
    async fn session(&self, token_hash: &[u8; 32], now: Timestamp) -> Result<Option<(Session, User)>, StoreError>;
    /// Ends a session.
    async fn end_session(&self, token_hash: &[u8; 32]) -> Result<(), StoreError>;

    /// Makes an API token.
    async fn add_api_token(&self, token: &ApiToken, token_hash: &[u8; 32]) -> Result<(), StoreError>;
    /// The token and its user, by the SHA-256 of the token; `None` where it ended or the user is disabled.
    async fn api_token(&self, token_hash: &[u8; 32], now: Timestamp) -> Result<Option<(ApiToken, User)>, StoreError>;
    /// A user's tokens.
    async fn api_tokens(&self, user: UserId) -> Result<Vec<ApiToken>, StoreError>;
    /// Ends a token.
    async fn end_api_token(&self, id: ApiTokenId) -> Result<(), StoreError>;
}
