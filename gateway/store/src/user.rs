//! Users.

use async_trait::async_trait;
use gateway_domain::ids::{ApiTokenId, UserId};
use gateway_domain::user::{ApiToken, Role, Session as UserSession, User};
use gateway_ports::store::{StoreError, UserStore};
use jiff::Timestamp;

use crate::Store;
use crate::database::{Row, args};
use crate::error::{conflict, corrupt, missing};
use crate::session;

/// Columns of a user `u`.
pub(crate) const USER: &str = "u.id AS user_id, u.email, u.name AS user_name, u.role, u.disabled, u.created_at AS user_created_at";

#[async_trait]
impl UserStore for Store {
    async fn add_user(&self, user: &User, password_hash: &str) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        session
            .execute(
                "INSERT INTO user_account (id, email, name, role, disabled, password_hash, created_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                args![
                    user.id.as_uuid(),
                    user.email.as_str(),
                    user.name.as_str(),
                    user.role.name(),
                    user.disabled,
                    password_hash,
                    user.created_at,
                ],
            )
            .await
            .map_err(conflict("user", user.email.clone()))?;
        session.commit().await
    }

    async fn users(&self) -> Result<Vec<User>, StoreError> {
        let mut session = self.database.read().await?;
        let rows = session.all(&format!("SELECT {USER} FROM user_account u ORDER BY u.name, u.id"), args![]).await?;
        rows.iter().map(user).collect()
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let mut session = self.database.read().await?;
        let row = session.optional(&format!("SELECT {USER} FROM user_account u WHERE u.id = $1"), args![id.as_uuid()]).await?;
        row.as_ref().map(user).transpose()
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<(User, String)>, StoreError> {
        let mut session = self.database.read().await?;
        let row = session.optional(&format!("SELECT {USER}, u.password_hash FROM user_account u WHERE u.email = $1"), args![email]).await?;
        row.as_ref().map(|row| Ok((user(row)?, row.text("password_hash")?))).transpose()
    }

    async fn set_password(&self, id: UserId, password_hash: &str) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        let changed =
            session.execute("UPDATE user_account SET password_hash = $2 WHERE id = $1", args![id.as_uuid(), password_hash]).await?;
        if changed == 0 {
            return Err(missing("user", id));
        }
        session::end_all(&mut session, id).await?;
        session.commit().await
    }

    async fn set_role(&self, id: UserId, role: Role) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        let changed = session.execute("UPDATE user_account SET role = $2 WHERE id = $1", args![id.as_uuid(), role.name()]).await?;
        if changed == 0 {
            return Err(missing("user", id));
        }
        session.commit().await
    }

    async fn set_disabled(&self, id: UserId, disabled: bool) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        let changed = session.execute("UPDATE user_account SET disabled = $2 WHERE id = $1", args![id.as_uuid(), disabled]).await?;
        if changed == 0 {
            return Err(missing("user", id));
        }
        if disabled {
            session::end_all(&mut session, id).await?;
        }
        session.commit().await
    }

    async fn add_session(&self, new: &UserSession) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        session::add(&mut session, new).await?;
        session.commit().await
    }

    async fn session(&self, token_hash: &[u8; 32], now: Timestamp) -> Result<Option<(UserSession, User)>, StoreError> {
        let found = {
            let mut reader = self.database.read().await?;
            session::find(&mut reader, token_hash, now).await?
        };
        if let Some((found, _)) = &found
            && session::is_use_worth_noting(found, now)
        {
            let mut writer = self.database.write().await?;
            session::note_use(&mut writer, token_hash, now).await?;
            writer.commit().await?;
        }
        Ok(found)
    }

    async fn end_session(&self, token_hash: &[u8; 32]) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        session::end(&mut session, token_hash).await?;
        session.commit().await
    }

    async fn add_api_token(&self, token: &ApiToken, token_hash: &[u8; 32]) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        session::add_api_token(&mut session, token, token_hash).await?;
        session.commit().await
    }

    async fn api_token(&self, token_hash: &[u8; 32], now: Timestamp) -> Result<Option<(ApiToken, User)>, StoreError> {
        let mut session = self.database.read().await?;
        session::find_api_token(&mut session, token_hash, now).await
    }

    async fn api_tokens(&self, user: UserId) -> Result<Vec<ApiToken>, StoreError> {
        let mut session = self.database.read().await?;
        session::api_tokens(&mut session, user).await
    }

    async fn end_api_token(&self, id: ApiTokenId) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        session::end_api_token(&mut session, id).await?;
        session.commit().await
    }
}

pub(crate) fn user(row: &Row) -> Result<User, StoreError> {
    Ok(User {
        id: UserId::from_uuid(row.uuid("user_id")?),
        email: row.text("email")?,
        name: row.text("user_name")?,
        role: Role::from_name(&row.text("role")?).ok_or_else(|| corrupt("user", "the role is not known"))?,
        disabled: row.flag("disabled")?,
        created_at: row.time("user_created_at")?,
    })
}
