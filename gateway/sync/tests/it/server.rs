//! A sandbox server, a database, and what stands between them.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ehr_sandbox::{Config, Running};
use gateway_auth::{
    AuthorizedClient, BackendServices, BackendServicesConfig, KeySet, NoToken, RandomSource as _, ScopeRequest, SigningKey, StaticBearer,
    SystemRandom, TokenSource,
};
use gateway_domain::ids::SourceId;
use gateway_domain::source::Source;
use gateway_fhir::{FhirReader, FhirServer, FhirServerConfig};
use gateway_net::egress::{Egress, EgressPolicy, EgressRequest, Origin};
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::store::{PageRequest, SourceStore, SyncLedger as _};
use gateway_store::Store;
use gateway_sync::{Quiet, SyncFeed, SyncOptions, SyncReport, SyncWorker};
use http::{HeaderValue, Method};
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::net::TcpListener;
use url::Url;

pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the server's clock is the system's, so the test's is too")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        assert!(SystemRandom.fill(buffer));
    }
}

/// How the source is configured.
#[derive(Clone, Copy, Default)]
pub(crate) struct Manner {
    pub(crate) token: Token,
    pub(crate) fetches_foreign_files: bool,
    pub(crate) rebases_links: bool,
}

/// What proves to the server who asks.
#[derive(Clone, Copy, Default)]
pub(crate) enum Token {
    #[default]
    None,
    /// A fixed one, whose way can be followed.
    Fixed,
    /// SMART Backend Services.
    Signed,
}

/// A sandbox and the model that follows it.
pub(crate) struct Setting {
    pub(crate) sandbox: Running,
    model: Model,
}

impl Deref for Setting {
    type Target = Model;

    fn deref(&self) -> &Model {
        &self.model
    }
}

/// What proves to `sandbox` who asks.
fn tokens(sandbox: &Running, token: Token, base: &Url, folder: &Path) -> Arc<dyn TokenSource> {
    match token {
        Token::None => Arc::new(NoToken),
        Token::Fixed => Arc::new(StaticBearer::new("canary".to_owned().into())),
        Token::Signed => {
            let keys = Arc::new(KeySet::new(SigningKey::load_or_create(&folder.join("key.pem")).unwrap(), []));
            let jwks = serde_json::to_string(&keys.jwks()).unwrap();
            sandbox.register_client(ehr_sandbox::Client { id: "gateway".to_owned(), keys: ehr_sandbox::ClientKeys::Inline(jwks) });
            let own = BackendServicesConfig {
                base_url: base.clone(),
                client_id: "gateway".to_owned(),
                token_url: None,
                scopes: ScopeRequest::All,
                jwks_url: None,
            };
            let egress = Egress::new(EgressPolicy::for_testing()).unwrap();
            Arc::new(BackendServices::new(own, keys, egress, Arc::new(SystemRandom)))
        }
    }
}

/// A model that follows a server.
pub(crate) struct Model {
    pub(crate) store: Arc<Store>,
    pub(crate) source: Source,
    pub(crate) server: Arc<FhirServer>,
    pub(crate) feed: SyncFeed,
    egress: Egress,
    worker: SyncWorker,
    _folder: TempDir,
}

impl Setting {
    pub(crate) fn open_server() -> Config {
        Config { open: true, export_delay: Duration::from_millis(5), ..Config::default() }
    }

    pub(crate) async fn start(config: Config) -> Self {
        Self::start_as(config, Manner::default()).await
    }

    pub(crate) async fn start_as(config: Config, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sandbox = ehr_sandbox::start(config, listener).await.unwrap();
        let foreign = sandbox.foreign_origin.as_deref().filter(|_| manner.fetches_foreign_files);
        let tokens = |base: &Url, folder: &Path| tokens(&sandbox, manner.token, base, folder);
        let model = Model::build(&sandbox.base_url, foreign, manner.rebases_links, tokens).await;
        Self { sandbox, model }
    }

    /// Every wanted type has as many resources in the model as on the server.
    pub(crate) async fn model_equals_server(&self) {
        assert_eq!(self.held().await, self.on_server());
    }

    /// How many resources of the wanted types the server has.
    pub(crate) fn on_server(&self) -> Vec<(String, u64)> {
        let mut on_server = self.sandbox.resource_counts();
        on_server.retain(|name, count| self.feed.reader.types().contains(name) && *count > 0);
        on_server.into_iter().collect()
    }
}

impl Model {
    /// A model without anything, and the server that it is to follow.
    pub(crate) async fn of(base_url: &str) -> Self {
        Self::build(base_url, None, false, |_, _| Arc::new(NoToken)).await
    }

    async fn build(
        base_url: &str,
        foreign: Option<&str>,
        rebase_links: bool,
        tokens: impl FnOnce(&Url, &Path) -> Arc<dyn TokenSource>,
    ) -> Self {
        let folder = TempDir::new().unwrap();
        let address = format!("sqlite://{}", folder.path().join("model.db").display());
        let store = Arc::new(Store::open(&address.parse().unwrap()).await.unwrap());
        store.migrate().await.unwrap();
        let id = SourceId::new(SystemClock.now(), SystemEntropy.for_id());
        let source = store.put_source(id, "sandbox", base_url).await.unwrap();

        let base: Url = base_url.parse().unwrap();
        let egress = Egress::new(EgressPolicy::for_testing()).unwrap();
        let foreign: Vec<Origin> = foreign.map(|it| it.parse().unwrap()).into_iter().collect();
        let bound = egress.for_origin(Origin::of(&base).unwrap()).also_without_credentials(foreign.iter().cloned());
        let tokens = tokens(&base, folder.path());
        let client = AuthorizedClient::new(bound, tokens);
        let own = FhirServerConfig { file_hosts: foreign, rebase_links, ..FhirServerConfig::for_testing(base) };
        let server = Arc::new(FhirServer::new(own, client, Arc::new(SystemClock), Arc::new(SystemEntropy)));
        let reader = FhirReader::new(source.no, base_url, fhir_profiles::mapping("us-core").unwrap());
        let feed = SyncFeed { source: "sandbox".into(), ehr: server.clone(), reader: Arc::new(reader) };
        let worker = worker(&store);
        Self { store, source, server, feed, egress, worker, _folder: folder }
    }

    /// A worker that remembers nothing, as after a start.
    pub(crate) fn worker(&self) -> SyncWorker {
        worker(&self.store)
    }

    pub(crate) async fn run(&self, options: &SyncOptions) -> SyncReport {
        self.worker.run_once(&self.feed, options, &Quiet).await.unwrap()
    }

    /// The source as the database has it now.
    pub(crate) async fn source_now(&self) -> Source {
        self.store.source_by_name("sandbox").await.unwrap().unwrap()
    }

    pub(crate) async fn runs(&self) -> u64 {
        self.store.sync_runs(self.source.id, PageRequest::default()).await.unwrap().total
    }

    /// The FHIR id of some patient.
    pub(crate) async fn store_patient(&self) -> String {
        self.store.known_patients(self.source.id, None, 1).await.unwrap().remove(0)
    }

    /// How many of each type are held.
    pub(crate) async fn held(&self) -> Vec<(String, u64)> {
        let mut held = self.store.resource_counts(Some(self.source.id)).await.unwrap();
        held.sort();
        held.retain(|(_, count)| *count > 0);
        held
    }

    /// Writes a resource to the server under its own type and id.
    pub(crate) async fn write(&self, resource: &serde_json::Value) {
        let place = format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
        let mut request = EgressRequest::new(Method::PUT, self.place(&place));
        request.headers.insert("content-type", HeaderValue::from_static("application/fhir+json"));
        request.body = resource.to_string().into();
        let answer = self.egress.send(request).await;
        assert!(answer.unwrap().status().is_success());
    }

    /// Deletes a resource from the server.
    pub(crate) async fn delete(&self, place: &str) {
        let answer = self.egress.send(EgressRequest::new(Method::DELETE, self.place(place))).await;
        assert!(answer.unwrap().status().is_success());
    }

    fn place(&self, place: &str) -> Url {
        format!("{}/{place}", self.source.base_url.trim_end_matches('/')).parse().unwrap()
    }
}

fn worker(store: &Arc<Store>) -> SyncWorker {
    SyncWorker::new(store.clone(), store.clone(), Arc::new(SystemClock), Arc::new(SystemEntropy))
}
