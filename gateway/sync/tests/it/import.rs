//! Files from end to end: a folder as hospitals hand them over, the real reader, a real database.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use flate2::write::GzEncoder;
use gateway_domain::code::SharedCodings;
use gateway_domain::ids::SourceId;
use gateway_domain::projection::ReadResource;
use gateway_domain::resource::ResourceKey;
use gateway_domain::source::SyncStrategy;
use gateway_fhir::{FhirReader, Folder, FolderLimits};
use gateway_ports::clock::{Clock as _, Entropy as _};
use gateway_ports::ehr::{Deletions, ResourceReader, ServerFinding, Unreadable};
use gateway_ports::store::{PageRequest, QuarantineFilter, SourceStore, SyncStore};
use gateway_store::Store;
use gateway_sync::{ImportFeed, ImportOptions, ImportReport, Quiet, SyncError, SyncWorker};
use tempfile::TempDir;

use crate::server::{SystemClock, SystemEntropy};

struct Setting {
    folder: TempDir,
    store: Arc<Store>,
    worker: SyncWorker,
    _database: TempDir,
}

impl Setting {
    async fn new() -> Self {
        let database = TempDir::new().unwrap();
        let address = format!("sqlite://{}", database.path().join("model.db").display());
        let store = Arc::new(Store::open(&address.parse().unwrap()).await.unwrap());
        store.migrate().await.unwrap();
        store.put_source(SourceId::new(SystemClock.now(), SystemEntropy.for_id()), "files", "").await.unwrap();
        let worker = SyncWorker::new(store.clone(), store.clone(), Arc::new(SystemClock), Arc::new(SystemEntropy));
        Self { folder: TempDir::new().unwrap(), store, worker, _database: database }
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    async fn feed(&self, path: &Path) -> ImportFeed {
        let source = self.store.source_by_name("files").await.unwrap().unwrap();
        let reader = FhirReader::new(source.no, "", fhir_profiles::mapping("us-core").unwrap());
        let folder = Folder::look(path, false, FolderLimits { longest_line: 4 << 10, ..FolderLimits::default() }).unwrap();
        ImportFeed { source: "files".into(), handover: Arc::new(folder), reader: Arc::new(reader) }
    }

    async fn import(&self, options: &ImportOptions) -> Result<ImportReport, SyncError> {
        self.worker.import(&self.feed(self.folder.path()).await, options, &Quiet).await
    }

    async fn counts(&self) -> Vec<(String, u64)> {
        self.store.resource_counts(None).await.unwrap()
    }
}

fn small() -> ImportOptions {
    ImportOptions { batch_resources: 7, ..ImportOptions::default() }
}

fn patient(id: usize) -> String {
    format!(r#"{{"resourceType":"Patient","id":"p{id}","active":true,"gender":"female","birthDate":"1980-01-01"}}"#)
}

fn condition(id: usize, patient: &str) -> String {
    format!(r#"{{"resourceType":"Condition","id":"c{id}","subject":{{"reference":"{patient}"}},"code":{{"text":"x"}}}}"#)
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_every_kind_arrive_and_the_second_time_nothing_changes() {
    let setting = Setting::new().await;
    let bundle = format!(
        "{{\n \"resourceType\": \"Bundle\", \"type\": \"transaction\",\n \"entry\": [\n  {{\"fullUrl\": \"urn:uuid:a\", \"resource\": {}}},\n  {{\"fullUrl\": \"urn:uuid:b\", \"resource\": {}}}\n ]\n}}",
        patient(100),
        condition(100, "urn:uuid:a")
    );
    let pretty = patient(101).replace(',', ",\n  ");
    setting
        .write("one.ndjson", format!("{}\n{}\r\n\n{}", patient(1), condition(1, "Patient/p1"), patient(2)))
        .write("deep/er/packed", gzip(&format!("\u{feff}{}\n{}\n", patient(3), condition(2, "Patient/p3"))))
        .write("bundle.json", &bundle)
        .write("bundle-line.txt", bundle.replace('\n', "").replace("p100", "p102").replace("c100", "c102"))
        .write("single.json", pretty)
        .write(".hidden", "garbage")
        .write("same-again.jsonl", patient(1));
    let report = setting.import(&small()).await.unwrap();
    assert_eq!(report.strategy, SyncStrategy::Import);
    assert_eq!(report.counts.quarantined, 0, "{report:?}");
    assert_eq!((report.counts.read, report.counts.applied, report.counts.unchanged), (11, 10, 1), "{report:?}");
    assert_eq!(setting.counts().await, [("Condition".to_owned(), 4), ("Patient".to_owned(), 6)]);
    assert_eq!(report.types["Patient"].applied, 6);
    assert_eq!(report.files.iter().map(|file| file.counts.read).sum::<u64>(), 11);
    assert!(report.files.iter().any(|file| file.name == "deep/er/packed" && file.counts.applied == 2));

    let again = setting.import(&small()).await.unwrap();
    assert_eq!((again.counts.applied, again.counts.unchanged), (0, 11), "{again:?}");
    let source = setting.store.source_by_name("files").await.unwrap().unwrap();
    assert_eq!((source.synced_at, source.complete_until), (None, None), "nobody said how old the files are");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_kept_with_its_reason_and_the_rest_goes_on() {
    let setting = Setting::new().await;
    let cut = gzip(&(0..2_000).map(|id| patient(id) + "\n").collect::<String>());
    setting
        .write("a.ndjson", format!("{}\nnot json\n{{\"resourceType\":\"Patient\"}}\n{}\n", patient(1), patient(2)))
        .write("b.ndjson", [b"\xff\xfa\n".as_slice(), patient(3).as_bytes(), b"\n", &[b'x'; 9_000], b"\n", patient(4).as_bytes()].concat())
        .write("c.gz", &cut[..cut.len() - 300])
        .write("d.zip", b"PK\x03\x04rest")
        .write("e.json", "{\n \"resourceType\": \"Bundle\",\n \"entry\": [")
        .write(
            "f.ndjson",
            format!(
                "{{\"resourceType\":\"OperationOutcome\",\"issue\":[{{\"severity\":\"error\",\"diagnostics\":\"half\"}}]}}\n{}",
                patient(5)
            ),
        );
    #[cfg(unix)]
    std::os::unix::fs::symlink("/nowhere", setting.folder.path().join("g.ndjson")).unwrap();
    let report = setting.import(&ImportOptions { as_of: Some(SystemClock.now()), ..small() }).await.unwrap();
    assert!(report.types["Patient"].applied > 1_000, "what came before the cut is read: {report:?}");
    let refused = report.files.iter().filter(|file| file.refused.is_some()).map(|file| file.name.as_str()).collect::<Vec<_>>();
    assert_eq!(refused, ["c.gz", "d.zip", "e.json", "g.ndjson"]);
    assert_eq!(report.counts.quarantined, 4 + 4, "{report:?}");
    assert_eq!(report.tally.reasons.values().sum::<u64>(), report.counts.quarantined);
    assert!(report.fresh_as_of.is_none() && report.warnings.iter().any(|it| it.contains("freshness")), "{:?}", report.warnings);
    assert!(report.warnings.iter().any(|it| it == "half"), "{:?}", report.warnings);
    assert!(setting.store.open_run(setting.store.sources().await.unwrap()[0].id).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complete_import_deletes_what_is_gone_unless_it_is_too_much_or_not_known() {
    let setting = Setting::new().await;
    let file = |ids: std::ops::Range<usize>| ids.map(|id| patient(id) + "\n").collect::<String>();
    let complete = || ImportOptions { complete: true, as_of: Some(SystemClock.now()), ..small() };
    setting.write("p.ndjson", file(0..20));
    setting.import(&complete()).await.unwrap();
    let source = setting.store.source_by_name("files").await.unwrap().unwrap();
    assert!(source.synced_at.is_some() && source.synced_at == source.complete_until);

    setting.write("p.ndjson", file(0..10));
    let too_much = setting.import(&complete()).await.unwrap();
    assert_eq!(too_much.counts.deleted, 0, "{too_much:?}");
    assert!(too_much.warnings.iter().any(|it| it.contains("nothing was deleted")));

    setting.write("p.ndjson", file(0..18) + "garbage\n");
    assert_eq!(setting.import(&complete()).await.unwrap().counts.deleted, 0, "the garbage may have been one of the two");

    setting
        .write("p.ndjson", file(0..18) + "{\"resourceType\":\"Patient\",\"id\":\"p18\",\"meta\":{\"tag\":[{\"code\":\"SUBSETTED\"}]}}\n");
    assert_eq!(setting.import(&complete()).await.unwrap().counts.deleted, 1, "the one in quarantine is there");
    assert!(setting.import(&ImportOptions { complete: true, ..small() }).await.is_err(), "files that may be older than what is known");
    assert_eq!(setting.counts().await, [("Patient".to_owned(), 19)]);

    setting.write(
        "p.ndjson",
        r#"{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Patient/p1"}}]}"#,
    );
    let deletion = setting.import(&small()).await.unwrap();
    assert_eq!((deletion.counts.deleted, deletion.types["Patient"].deleted), (1, 1), "{deletion:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_cut_off_again_and_again_counts_everything_once() {
    let setting = Setting::new().await;
    for file in 0..6 {
        let lines: String = (0..60).map(|id| patient(file * 100 + id) + "\n" + &condition(file * 100 + id, "Patient/p1") + "\n").collect();
        setting.write(&format!("{file}.ndjson"), lines);
    }
    let feed = setting.feed(setting.folder.path()).await;
    for milliseconds in [1, 10, 25, 15, 40, 20, 30, 50] {
        let options = small();
        let run = setting.worker.import(&feed, &options, &Quiet);
        if tokio::time::timeout(Duration::from_millis(milliseconds), run).await.is_ok() {
            break;
        }
        // A process that is killed takes its database thread with it; here what that has in hand still ends.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let source = setting.store.sources().await.unwrap().remove(0);
    if setting.store.open_run(source.id).await.unwrap().is_some() {
        setting.write("new.ndjson", patient(9_999));
        assert!(matches!(setting.import(&small()).await, Err(SyncError::RunOpen { .. })), "these are other files");
        std::fs::remove_file(setting.folder.path().join("new.ndjson")).unwrap();
        let report = setting.worker.import(&feed, &small(), &Quiet).await.unwrap();
        assert!(report.resumed);
    }
    let run = setting.store.sync_runs(source.id, PageRequest::default()).await.unwrap().items.remove(0);
    assert_eq!((run.counts.read, run.counts.applied, run.counts.unchanged), (720, 720, 0), "{run:?}");
    assert_eq!(setting.counts().await, [("Condition".to_owned(), 360), ("Patient".to_owned(), 360)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_mapping_makes_readable_is_read_again() {
    let setting = Setting::new().await;
    setting.write("a.ndjson", format!("{}\n{}\n{}\n", patient(1), patient(2).replace("\"id\":\"p2\",", ""), "garbage"));
    let report = setting.import(&small()).await.unwrap();
    assert_eq!(report.counts.quarantined, 2);
    let reader: Arc<dyn ResourceReader> = Arc::new(Inventive(setting.feed(setting.folder.path()).await.reader));
    let all = QuarantineFilter::default();
    let replay = setting.worker.replay(&*setting.store, "files", &reader, &all).await.unwrap();
    assert_eq!((replay.replayed, replay.applied, replay.still_unreadable), (1, 1, 1), "{replay:?}");
    assert_eq!(setting.counts().await, [("Patient".to_owned(), 2)]);
    let again = setting.worker.replay(&*setting.store, "files", &reader, &all).await.unwrap();
    assert_eq!((again.replayed, again.still_unreadable), (0, 1), "{again:?}");
    let source = setting.store.sources().await.unwrap().remove(0);
    assert_eq!(source.synced_at, None, "reading again makes nothing fresher");
}

/// A mapping of tomorrow, which gives an id to what has none.
struct Inventive(Arc<dyn ResourceReader>);

impl ResourceReader for Inventive {
    fn knows(&self, resource_type: &str) -> bool {
        self.0.knows(resource_type)
    }

    fn resource_of(&self, raw: Vec<u8>, piece: &mut SharedCodings) -> Result<ReadResource, (Unreadable, Vec<u8>)> {
        self.0.resource_of(raw, piece).or_else(|(reason, raw)| match raw.strip_prefix(b"{\"resourceType\":\"Patient\"") {
            Some(rest) => self.0.resource([b"{\"resourceType\":\"Patient\",\"id\":\"made-up\"".as_slice(), rest].concat()),
            None => Err((reason, raw)),
        })
    }

    fn deletions(&self, raw: &[u8]) -> Result<Deletions, Unreadable> {
        self.0.deletions(raw)
    }

    fn findings(&self, raw: &[u8]) -> Vec<ServerFinding> {
        self.0.findings(raw)
    }

    fn key(&self, resource_type: &str, fhir_id: &str) -> ResourceKey {
        self.0.key(resource_type, fhir_id)
    }

    fn types(&self) -> &[String] {
        self.0.types()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_says_how_fresh_the_files_are() {
    let setting = Setting::new().await;
    setting
        .write("Patient.000.ndjson", patient(1))
        .write("manifest.json", r#"{"transactionTime":"2026-01-02T03:04:05Z","request":"x","output":[],"error":[]}"#);
    let report = setting.import(&small()).await.unwrap();
    assert_eq!(report.fresh_as_of, Some("2026-01-02T03:04:05Z".parse().unwrap()));
    assert_eq!((report.counts.read, report.counts.quarantined), (1, 0));
    let source = setting.store.source_by_name("files").await.unwrap().unwrap();
    assert_eq!(source.synced_at, report.fresh_as_of);
}
