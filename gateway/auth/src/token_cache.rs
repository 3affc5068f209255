//! One token, renewed in time and by one task at a time.

use gateway_net::egress::Credential;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::error::AuthError;

/// A token as the server issued it.
pub(crate) struct IssuedToken {
    pub(crate) credential: Credential,
    /// How long it lives, counted from before it was asked for.
    pub(crate) lives: SignedDuration,
}

/// The current token. Whoever finds it missing or four fifths through its life fetches another
/// one; everyone else waits for that one.
#[derive(Default)]
pub(crate) struct TokenCache {
    current: Mutex<Option<(Credential, Timestamp)>>,
}

impl TokenCache {
    pub(crate) async fn get<F>(&self, now: Timestamp, fetch: impl FnOnce() -> F + Send) -> Result<Credential, AuthError>
    where
        F: Future<Output = Result<IssuedToken, AuthError>> + Send,
    {
        let mut current = self.current.lock().await;
        if let Some((credential, renew_at)) = current.as_ref()
            && now < *renew_at
        {
            return Ok(credential.clone());
        }
        // A failure leaves no token behind: a stale one would only be refused.
        *current = None;
        let issued = fetch().await?;
        let renew_at = now.checked_add(issued.lives * 4 / 5).unwrap_or(Timestamp::MAX);
        *current = Some((issued.credential.clone(), renew_at));
        Ok(issued.credential)
    }

    pub(crate) async fn invalidate(&self, refused: &Credential) {
        let mut current = self.current.lock().await;
        if current.as_ref().is_some_and(|(it, _)| it == refused) {
            *current = None;
        }
    }
}
