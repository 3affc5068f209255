//! The addresses on our own pages that messages carry: signed, naming neither a person nor a target.

use std::sync::Arc;

use gateway_auth::signed_link::{LinkKeyRing, LinkPurpose};
use gateway_domain::ids::MessageId;
use gateway_outreach::delivery::LinkSigner;

/// Signs links with the gateway's ring of keys.
pub(crate) struct Links {
    ring: Arc<LinkKeyRing>,
    base: String,
}

impl Links {
    /// Links under the public address, given without a slash at its end.
    pub(crate) const fn new(ring: Arc<LinkKeyRing>, base: String) -> Self {
        Self { ring, base }
    }

    /// The payload is the message's id, sixteen bytes: always short enough to be signed.
    fn token(&self, purpose: LinkPurpose, message: MessageId) -> String {
        self.ring.sign(purpose, message.as_uuid().as_bytes(), None).unwrap_or_default()
    }
}

impl LinkSigner for Links {
    fn click(&self, message: MessageId) -> String {
        format!("{}/p/c/{}/{{n}}", self.base, self.token(LinkPurpose::Click, message))
    }

    fn preferences(&self, message: MessageId) -> String {
        format!("{}/p/preferences/{}", self.base, self.token(LinkPurpose::Preferences, message))
    }

    fn unsubscribe(&self, message: MessageId) -> String {
        format!("{}/p/unsubscribe/{}", self.base, self.token(LinkPurpose::Unsubscribe, message))
    }
}
