//! Telling others of changes: R4 rest-hooks, and the topic of the subscriptions-backport with handshake, heartbeat and numbered events.
//! The server's Subscription resources are ordinary records; what they ask for is done by an engine that reads the log of changes.

mod deliver;
mod engine;
mod notification;
mod wanted;

use std::time::Duration;

use serde::Deserialize;

pub(crate) use self::{
    engine::Engine,
    notification::{Told, bundle},
    wanted::ANY_CHANGE,
};

/// How badly notifications are delivered. The seed decides which ones are hit; shares are of 1,000.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PushFaults {
    /// The same seed hits the same notifications.
    pub seed: u64,
    /// Never sent.
    pub lost: u32,
    /// Sent twice.
    pub doubled: u32,
    /// Sent after later ones.
    pub reordered: u32,
    /// Each is sent this much later.
    #[serde(skip)]
    pub delay: Duration,
    /// Rest-hooks write the resource below the endpoint, as to a FHIR server.
    pub below: bool,
}
