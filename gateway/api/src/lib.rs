//! The HTTP surface: `/api/v1` for the console and for programs, the patient pages under `/p`, what sources tell us under `/webhooks`, our public keys, and the console
//! itself. [`router`] builds it from one table of routes with the permission each needs.
//!
//! Architecture invariant: no decision about people is taken here. No patient data leaves before the audit has a row for it, GET
//! changes nothing, no internal text and no patient data is in a problem, and no error becomes a status anywhere but in `problem.rs`.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::middleware::from_fn;
use gateway_auth::password::Passwords;
use gateway_auth::signed_link::LinkKeyRing;
use gateway_domain::gate::GatePolicy;
use gateway_domain::ids::SourceId;
use gateway_outreach::lookup::ClinicalLookup;
use gateway_outreach::workers::Wake;
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::plugins::Plugins;
use gateway_ports::push::PushInbox;
use gateway_ports::store::{QuarantineFilter, Store};
use url::Url;

mod access;
mod attempts;
mod audit_trail;
mod console;
mod extract;
mod jwks;
mod problem;
mod public;
mod randomness;
mod routes;
mod v1;
mod webhooks;
mod words;

pub use self::attempts::Attempts;
pub use self::routes::openapi;
pub use crate::webhooks::channel::ChannelWebhooks;

/// What reading the quarantine again came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Could be read now.
    pub readable: u64,
    /// Of those, new or different, and applied.
    pub applied: u64,
    /// Still can't be read.
    pub still_unreadable: u64,
    /// Only their beginning was kept.
    pub not_whole: u64,
}

/// The sync worker, as the surface may ask it.
#[async_trait]
pub trait SyncTrigger: Send + Sync {
    /// Asks for a run now, in place of waiting for the next one; asking again before it began changes nothing.
    fn request(&self, source: SourceId);
    /// Reads the quarantine of a source again.
    ///
    /// # Errors
    /// Why it can't be done now, in words.
    async fn replay(&self, source: SourceId, filter: QuarantineFilter) -> Result<Replayed, String>;
}

/// What the surface needs from the rest of the program.
#[derive(Clone)]
pub struct ApiDeps {
    /// Everything that is kept.
    pub store: Arc<dyn Store>,
    /// Patients' facts, as remembered.
    pub lookup: Arc<ClinicalLookup>,
    /// The plugins.
    pub plugins: Arc<dyn Plugins>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// The sync worker.
    pub sync: Arc<dyn SyncTrigger>,
    /// Where notifications of sources go.
    pub push: Arc<dyn PushInbox>,
    /// What providers of channels tell.
    pub webhooks: Arc<ChannelWebhooks>,
    /// The keys of the links in messages. The payload of each is the id of the message it was sent with, sixteen
    /// bytes.
    pub links: Arc<LinkKeyRing>,
    /// Checks and hashes passwords.
    pub passwords: Passwords,
    /// Tries to sign in.
    pub attempts: Arc<Attempts>,
    /// Our public keys, a JWK set.
    pub jwks: Arc<serde_json::Value>,
    /// Where users and patients reach the gateway.
    pub public_url: Url,
    /// Whether users reach it over TLS. False only for a listener on the loopback address.
    pub secure_cookies: bool,
    /// Tells the stages that a person did something.
    pub wake: Wake,
    /// What the send gate goes by, for the badge that says whether a patient can be reached.
    pub gate_policy: Arc<GatePolicy>,
    /// The hospital's name, for the patient pages.
    pub organization: Arc<str>,
    /// The measures that came with the program.
    pub measures: Arc<[PrebuiltMeasure]>,
}

/// A measure that came with the program.
#[derive(Clone, Debug)]
pub struct PrebuiltMeasure {
    /// Its key.
    pub key: String,
    /// What people call it.
    pub title: String,
    /// Its criteria document.
    pub document: serde_json::Value,
}

impl ApiDeps {
    /// The origin our own pages have.
    pub(crate) fn own_origin(&self) -> String {
        self.public_url.origin().ascii_serialization()
    }
}

/// The whole surface.
pub fn router(deps: ApiDeps) -> Router {
    Router::new()
        .nest("/api/v1", routes::router(&deps))
        .route("/.well-known/jwks.json", jwks::route(&deps.jwks))
        .nest("/webhooks", webhooks::router(deps.clone()))
        .nest("/p", public::router(deps))
        .fallback(console::serve)
        .layer(from_fn(problem::name_request))
}
