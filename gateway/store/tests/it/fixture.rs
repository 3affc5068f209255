//! A fresh database for a test, and what most tests need in it.

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};

use conformance_tests::postgres;
use gateway_domain::ids::{IdEntropy, PatientId, PatientNo, SourceId, SyncRunId};
use gateway_domain::projection::ReadResource;
use gateway_domain::source::{Source, SyncRunStatus, SyncStrategy};
use gateway_ports::store::sync::{Applied, ApplyBatch};
use gateway_ports::store::{PatientStore, SourceStore, SyncStore};
use gateway_store::Store;
use jiff::{SignedDuration, Timestamp};
use sqlx::{Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;

static DRAWN: AtomicU64 = AtomicU64::new(1);

/// Bytes that were not drawn before in this process.
pub(crate) fn entropy() -> IdEntropy {
    let mut bytes = [0; 10];
    bytes[2..].copy_from_slice(&DRAWN.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    bytes
}

/// Noon in Chicago, on a day without anything special.
pub(crate) fn now() -> Timestamp {
    "2026-11-23T18:00:00Z".parse().unwrap()
}

pub(crate) fn after(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

pub(crate) struct Fixture {
    store: Store,
    url: String,
    _folder: Option<TempDir>,
}

impl Deref for Fixture {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl Fixture {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("outreach.sqlite").display());
        Self { store: open(&url).await, url, _folder: Some(folder) }
    }

    /// `None` where the tests on PostgreSQL are left out on purpose.
    pub(crate) async fn postgres() -> Option<Self> {
        let url = postgres::fresh_database().await?;
        Some(Self { store: open(&url).await, url, _folder: None })
    }

    pub(crate) fn clone_store(&self) -> Store {
        self.store.clone()
    }

    /// The same database, as another process has it.
    pub(crate) async fn another_process(&self) -> Store {
        open(&self.url).await
    }

    /// Runs a statement past the store, as somebody with the database's own tools would.
    pub(crate) async fn execute_raw(&self, sql: &'static str) -> Result<(), String> {
        let answer = if self.url.starts_with("sqlite:") {
            let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.map(drop)
        } else {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.map(drop)
        };
        answer.map_err(|error| error.to_string())
    }

    pub(crate) async fn source(&self) -> Source {
        self.put_source(SourceId::new(now(), entropy()), "main", "https://ehr.example.org/fhir").await.unwrap()
    }

    pub(crate) async fn begin(&self, source: &Source, strategy: SyncStrategy) -> SyncRunId {
        self.begin_run(SyncRunId::new(now(), entropy()), source.id, strategy, now()).await.unwrap().id
    }

    pub(crate) async fn apply_to(&self, run: SyncRunId, resources: Vec<ReadResource>) -> Applied {
        self.apply(run, ApplyBatch { resources, ..ApplyBatch::default() }, now(), entropy()).await.unwrap()
    }

    pub(crate) async fn complete(&self, run: SyncRunId) {
        self.finish_run(run, SyncRunStatus::Complete, Some(now()), None, now()).await.unwrap();
    }

    /// One complete run that brings these resources.
    pub(crate) async fn sync(&self, source: &Source, resources: Vec<ReadResource>) -> Applied {
        let run = self.begin(source, SyncStrategy::SearchSince).await;
        let applied = self.apply_to(run, resources).await;
        self.complete(run).await;
        applied
    }

    pub(crate) async fn patient_id(&self, fhir_id: &str) -> PatientId {
        self.patient_by_fhir_id("main", fhir_id).await.unwrap().unwrap().id
    }

    pub(crate) async fn patient_no(&self, fhir_id: &str) -> PatientNo {
        self.patient_by_fhir_id("main", fhir_id).await.unwrap().unwrap().no
    }
}

async fn open(url: &str) -> Store {
    let store = Store::open(&url.parse().unwrap()).await.unwrap();
    store.migrate().await.unwrap();
    store
}
