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
/// one; everyone else waits for that one. Where that fails, the old token serves to its end.
#[derive(Default)]
pub(crate) struct TokenCache {
    current: Mutex<Option<Current>>,
}

struct Current {
    credential: Credential,
    renew_at: Timestamp,
    expires_at: Timestamp,
}

impl TokenCache {
    pub(crate) async fn get<F>(&self, now: Timestamp, fetch: impl FnOnce() -> F + Send) -> Result<Credential, AuthError>
    where
        F: Future<Output = Result<IssuedToken, AuthError>> + Send,
    {
        let after = |wait: SignedDuration| now.checked_add(wait).unwrap_or(Timestamp::MAX);
        let mut current = self.current.lock().await;
        if let Some(token) = current.as_ref()
            && now < token.renew_at
        {
            return Ok(token.credential.clone());
        }
        match (fetch().await, current.as_mut()) {
            (Ok(issued), _) => {
                let (renew_at, expires_at) = (after(issued.lives * 4 / 5), after(issued.lives));
                *current = Some(Current { credential: issued.credential.clone(), renew_at, expires_at });
                Ok(issued.credential)
            }
            (Err(error), Some(old)) if now < old.expires_at => {
                tracing::warn!(%error, "Token could not be renewed; the old one is used to its end");
                // Not at once again for each request.
                old.renew_at = after((old.expires_at.duration_since(now)) / 4);
                Ok(old.credential.clone())
            }
            (Err(error), _) => {
                *current = None;
                Err(error)
            }
        }
    }

    pub(crate) async fn invalidate(&self, refused: &Credential) {
        let mut current = self.current.lock().await;
        if current.as_ref().is_some_and(|token| token.credential == *refused) {
            *current = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn old_token_serves_to_its_end_where_none_can_be_had() {
        let start = Timestamp::UNIX_EPOCH;
        let cache = TokenCache::default();
        let at = |seconds| start + SignedDuration::from_secs(seconds);
        let issue = async || {
            let credential = Credential::Bearer("one".to_owned().into());
            Ok(IssuedToken { credential, lives: SignedDuration::from_secs(100) })
        };
        let fail = async || Err(AuthError::TokenUrl { url: String::new() });
        let first = cache.get(start, issue).await.unwrap();
        assert_eq!(cache.get(at(80), fail).await.unwrap(), first);
        assert_eq!(cache.get(at(99), fail).await.unwrap(), first);
        assert!(cache.get(at(100), fail).await.is_err());
        cache.get(at(101), issue).await.unwrap();
        cache.invalidate(&first).await;
        assert!(cache.get(at(102), fail).await.is_err());
    }
}
