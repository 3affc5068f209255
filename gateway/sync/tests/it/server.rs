//! A sandbox server, a database, and what stands between them.

use std::sync::Arc;
use std::time::Duration;

use ehr_sandbox::{Config, Running};
use gateway_auth::{AuthorizedClient, NoToken, RandomSource as _, SystemRandom};
use gateway_domain::ids::SourceId;
use gateway_domain::source::Source;
use gateway_fhir::{FhirReader, FhirServer, FhirServerConfig};
use gateway_net::egress::{Egress, EgressPolicy, Origin};
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::store::{PageRequest, SourceStore};
use gateway_store::Store;
use gateway_sync::{Quiet, SyncFeed, SyncOptions, SyncReport, SyncWorker};
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

pub(crate) struct Setting {
    pub(crate) sandbox: Running,
    pub(crate) store: Arc<Store>,
    pub(crate) source: Source,
    pub(crate) server: Arc<FhirServer>,
    pub(crate) feed: SyncFeed,
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
        let folder = TempDir::new().unwrap();
        let address = format!("sqlite://{}", folder.path().join("model.db").display());
        let store = Arc::new(Store::open(&address.parse().unwrap()).await.unwrap());
        store.migrate().await.unwrap();
        let id = SourceId::new(SystemClock.now(), SystemEntropy.for_id());
        let source = store.put_source(id, "sandbox", &sandbox.base_url).await.unwrap();

        let base: Url = sandbox.base_url.parse().unwrap();
        let egress = Egress::new(EgressPolicy::for_testing()).unwrap();
        let client = AuthorizedClient::new(egress.for_origin(Origin::of(&base).unwrap()), Arc::new(NoToken));
        let server = Arc::new(FhirServer::new(FhirServerConfig::for_testing(base), client, Arc::new(SystemClock), Arc::new(SystemEntropy)));
        let reader = FhirReader::new(source.no, &sandbox.base_url, fhir_profiles::mapping("us-core").unwrap());
        let feed = SyncFeed { source: "sandbox".into(), ehr: server.clone(), reader: Arc::new(reader) };
        let worker = worker(&store);
        Self { sandbox, store, source, server, feed, worker, _folder: folder }
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

    /// Every wanted type has as many resources in the model as on the server.
    pub(crate) async fn model_equals_server(&self) {
        let mut on_server = self.sandbox.resource_counts();
        on_server.retain(|name, count| self.feed.reader.types().contains(name) && *count > 0);
        let mut in_model = self.store.resource_counts(Some(self.source.id)).await.unwrap();
        in_model.sort();
        assert_eq!(in_model, on_server.into_iter().collect::<Vec<_>>());
    }
}

fn worker(store: &Arc<Store>) -> SyncWorker {
    SyncWorker::new(store.clone(), store.clone(), Arc::new(SystemClock), Arc::new(SystemEntropy))
}
