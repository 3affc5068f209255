//! A sandbox server, a database, and what stands between them.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use ehr_sandbox::{Config, Running};
use gateway_auth::{AuthorizedClient, NoToken, RandomSource as _, SystemRandom};
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
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sandbox = ehr_sandbox::start(config, listener).await.unwrap();
        let model = Model::of(&sandbox.base_url).await;
        Self { sandbox, model }
    }

    /// Every wanted type has as many resources in the model as on the server.
    pub(crate) async fn model_equals_server(&self) {
        let mut on_server = self.sandbox.resource_counts();
        on_server.retain(|name, count| self.feed.reader.types().contains(name) && *count > 0);
        assert_eq!(self.held().await, on_server.into_iter().collect::<Vec<_>>());
    }
}

impl Model {
    /// A model without anything, and the server that it is to follow.
    pub(crate) async fn of(base_url: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let address = format!("sqlite://{}", folder.path().join("model.db").display());
        let store = Arc::new(Store::open(&address.parse().unwrap()).await.unwrap());
        store.migrate().await.unwrap();
        let id = SourceId::new(SystemClock.now(), SystemEntropy.for_id());
        let source = store.put_source(id, "sandbox", base_url).await.unwrap();

        let base: Url = base_url.parse().unwrap();
        let egress = Egress::new(EgressPolicy::for_testing()).unwrap();
        let client = AuthorizedClient::new(egress.for_origin(Origin::of(&base).unwrap()), Arc::new(NoToken));
        let server = Arc::new(FhirServer::new(FhirServerConfig::for_testing(base), client, Arc::new(SystemClock), Arc::new(SystemEntropy)));
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
