//! Sessions of users, and API tokens.

use gateway_domain::ids::{ApiTokenId, UserId};
use gateway_domain::user::{ApiToken, Session as UserSession, User};
use gateway_ports::store::StoreError;
use jiff::{SignedDuration, Timestamp};

use crate::database::{Row, Session, args};
use crate::error::{conflict, corrupt};
use crate::user::{USER, user};

/// How often the use of a session is noted.
const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(1);

pub(crate) async fn add(session: &mut Session, new: &UserSession) -> Result<(), StoreError> {
    session
        .execute(
            "INSERT INTO user_session (token_hash, user_id, created_at, used_at) VALUES ($1, $2, $3, $4)",
            args![&new.token_hash, new.user.as_uuid(), new.created_at, new.used_at],
        )
        .await
        .map_err(conflict("session of user", new.user.to_string()))?;
    Ok(())
}

/// The session and its user, where both are alive.
pub(crate) async fn find(session: &mut Session, token_hash: &[u8; 32], now: Timestamp) -> Result<Option<(UserSession, User)>, StoreError> {
    let Some(row) = session
        .optional(
            &format!(
                "SELECT s.token_hash, s.created_at, s.used_at, {USER} FROM user_session s \
                 JOIN user_account u ON u.id = s.user_id WHERE s.token_hash = $1 AND u.disabled = 0"
            ),
            args![token_hash],
        )
        .await?
    else {
        return Ok(None);
    };
    let hash: Vec<u8> = row.get("token_hash")?;
    let user = user(&row)?;
    let found = UserSession {
        token_hash: hash.try_into().map_err(|_| corrupt("session", "its hash is not 32 bytes"))?,
        user: user.id,
        created_at: row.time("created_at")?,
        used_at: row.time("used_at")?,
    };
    Ok(found.is_alive(now).then_some((found, user)))
}

pub(crate) fn is_use_worth_noting(session: &UserSession, now: Timestamp) -> bool {
    now.duration_since(session.used_at) >= NOTED_EVERY
}

pub(crate) async fn note_use(session: &mut Session, token_hash: &[u8; 32], now: Timestamp) -> Result<(), StoreError> {
    session.execute("UPDATE user_session SET used_at = $2 WHERE token_hash = $1 AND used_at < $2", args![token_hash, now]).await?;
    Ok(())
}

pub(crate) async fn end(session: &mut Session, token_hash: &[u8; 32]) -> Result<(), StoreError> {
    session.execute("DELETE FROM user_session WHERE token_hash = $1", args![token_hash]).await?;
    Ok(())
}

/// Ends all sessions of a user.
pub(crate) async fn end_all(session: &mut Session, user: UserId) -> Result<(), StoreError> {
    session.execute("DELETE FROM user_session WHERE user_id = $1", args![user.as_uuid()]).await?;
    Ok(())
}

pub(crate) async fn add_api_token(session: &mut Session, token: &ApiToken, token_hash: &[u8; 32]) -> Result<(), StoreError> {
    session
        .execute(
            "INSERT INTO api_token (id, token_hash, user_id, name, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
            args![token.id.as_uuid(), token_hash, token.user.as_uuid(), token.name.as_str(), token.created_at, token.expires_at,],
        )
        .await
        .map_err(conflict("API token", token.id.to_string()))?;
    Ok(())
}

/// The token and its user, where both are alive.
pub(crate) async fn find_api_token(
    session: &mut Session,
    token_hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<(ApiToken, User)>, StoreError> {
    let row = session
        .optional(
            &format!(
                "SELECT t.id, t.user_id AS owner, t.name, t.created_at, t.expires_at, {USER} FROM api_token t \
                 JOIN user_account u ON u.id = t.user_id WHERE t.token_hash = $1 AND u.disabled = 0 \
                 AND (t.expires_at IS NULL OR t.expires_at > $2)"
            ),
            args![token_hash, now],
        )
        .await?;
    row.as_ref().map(|row| Ok((api_token(row)?, user(row)?))).transpose()
}

pub(crate) async fn api_tokens(session: &mut Session, user: UserId) -> Result<Vec<ApiToken>, StoreError> {
    let rows = session
        .all(
            "SELECT t.id, t.user_id AS owner, t.name, t.created_at, t.expires_at FROM api_token t WHERE t.user_id = $1 \
             ORDER BY t.created_at, t.id",
            args![user.as_uuid()],
        )
        .await?;
    rows.iter().map(api_token).collect()
}

pub(crate) async fn end_api_token(session: &mut Session, id: ApiTokenId) -> Result<(), StoreError> {
    session.execute("DELETE FROM api_token WHERE id = $1", args![id.as_uuid()]).await?;
    Ok(())
}

fn api_token(row: &Row) -> Result<ApiToken, StoreError> {
    Ok(ApiToken {
        id: ApiTokenId::from_uuid(row.uuid("id")?),
        user: UserId::from_uuid(row.uuid("owner")?),
        name: row.text("name")?,
        created_at: row.time("created_at")?,
        expires_at: row.optional_time("expires_at")?,
    })
}
