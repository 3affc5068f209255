//! What gives a credential for each request to a server.

use async_trait::async_trait;
use gateway_net::egress::Credential;
use jiff::Timestamp;

use crate::error::AuthError;

/// A way to prove to one server who we are.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// The credential to use now; `None` where the server wants none.
    ///
    /// # Errors
    /// [`AuthError`] says which part is wrong and how to check it.
    async fn credential(&self, now: Timestamp) -> Result<Option<Credential>, AuthError>;

    /// Tells the source that the server answered 401 to `refused`, so that the next
    /// [`TokenSource::credential`] brings another one. Nothing happens where another task has
    /// renewed it already.
    async fn invalidate(&self, refused: &Credential);
}
