//! The addresses of the patient pages, signed. Both sides of them are in this crate: what is signed here is opened in `public/`.

use std::sync::Arc;

use gateway_auth::signed_link::{LinkKeyRing, LinkPurpose};
use gateway_domain::ids::MessageId;
use gateway_outreach::delivery::LinkSigner;
use url::Url;

/// Signs the links that a message carries. Each holds the id of its message and nothing else, and never expires: a mail is read
/// years later, and leaving must work then too.
#[derive(Clone, Debug)]
pub struct PatientLinks {
    keys: Arc<LinkKeyRing>,
    origin: String,
}

impl PatientLinks {
    /// Links to the pages at `public_url`, sealed with the current key of the ring.
    pub fn new(keys: Arc<LinkKeyRing>, public_url: &Url) -> Self {
        Self { keys, origin: public_url.origin().ascii_serialization() }
    }

    fn token(&self, purpose: LinkPurpose, message: MessageId) -> String {
        // An id is far shorter than the longest payload, so signing it can't be refused.
        self.keys.sign(purpose, message.to_string().as_bytes(), None).unwrap_or_default()
    }
}

impl LinkSigner for PatientLinks {
    fn click(&self, message: MessageId) -> String {
        format!("{}/p/c/{}/{{n}}", self.origin, self.token(LinkPurpose::Click, message))
    }

    fn preferences(&self, message: MessageId) -> String {
        format!("{}/p/preferences/{}", self.origin, self.token(LinkPurpose::Preferences, message))
    }

    fn unsubscribe(&self, message: MessageId) -> String {
        format!("{}/p/unsubscribe/{}", self.origin, self.token(LinkPurpose::Unsubscribe, message))
    }
}
