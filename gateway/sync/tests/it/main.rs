//! The sync from end to end: a real FHIR server, the real client, a real database.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't be set up is to end")]

mod cuts;
mod dialects;
mod faults;
mod import;
mod peers;
mod push;
mod server;

use std::path::Path;
use std::time::Duration;

use gateway_domain::source::SyncStrategy;
use gateway_ports::store::SyncStore;
use gateway_sync::{Quiet, SyncOptions};

use self::server::Setting;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_run_brings_everything_and_the_next_one_changes_nothing() {
    let setting = Setting::start(ehr_sandbox::Config { people: Some(40), ..Setting::open_server() }).await;
    let report = setting.run(&SyncOptions::for_testing()).await;
    assert_eq!(report.strategy, SyncStrategy::BulkFull);
    assert_eq!(report.counts.quarantined, 0);
    setting.model_equals_server().await;

    let full_again = setting.run(&SyncOptions { full: true, ..SyncOptions::for_testing() }).await;
    assert!(!full_again.changed(), "{full_again}");
    assert!(full_again.to_string().starts_with("nothing changed"), "{full_again}");
    assert_eq!(full_again.counts.unchanged, report.counts.applied);

    let later = setting.run(&SyncOptions::for_testing()).await;
    assert_eq!(later.strategy, SyncStrategy::SearchSince);
    assert!(!later.changed(), "{later}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_and_a_deletion_arrive_and_an_idle_look_writes_no_run() {
    let setting = Setting::start(ehr_sandbox::Config { people: Some(20), ..Setting::open_server() }).await;
    setting.run(&SyncOptions::for_testing()).await;
    setting.sandbox.put(&serde_json::json!({"resourceType": "Patient", "id": "new", "gender": "female", "active": true})).unwrap();
    setting
        .sandbox
        .put(&serde_json::json!({"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/new"}, "code": {"text": "x"}}))
        .unwrap();
    let report = setting.run(&SyncOptions::for_testing()).await;
    assert_eq!(report.counts.applied, 2, "{report}");
    setting.model_equals_server().await;

    setting.sandbox.delete("Condition", "c").unwrap();
    let report = setting.run(&SyncOptions::for_testing()).await;
    assert_eq!((report.counts.applied, report.counts.deleted), (0, 1), "{report}");
    setting.model_equals_server().await;

    let runs = setting.runs().await;
    for _ in 0..3 {
        assert!(!setting.run(&SyncOptions::for_testing()).await.changed());
    }
    assert_eq!(setting.runs().await, runs, "a look without news is no run");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_cut_off_again_and_again_ends_in_the_same_model() {
    let setting = Setting::start(ehr_sandbox::Config { people: Some(60), ..Setting::open_server() }).await;
    let options = SyncOptions { batch_resources: 20, ..SyncOptions::for_testing() };
    let worker = setting.worker();
    for milliseconds in [1, 15, 40, 25, 60, 90, 35, 120] {
        let run = worker.run_once(&setting.feed, &options, &Quiet);
        if tokio::time::timeout(Duration::from_millis(milliseconds), run).await.is_ok() {
            break;
        }
    }
    setting.run(&options).await;
    assert!(setting.store.open_run(setting.source.id).await.unwrap().is_none());
    setting.model_equals_server().await;
    let again = setting.run(&SyncOptions { full: true, ..options }).await;
    assert!(!again.changed(), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_the_synthea_patients_and_their_records_arrive() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/synthea-100");
    if !folder.is_dir() {
        eprintln!("SKIPPED: {} is not there, so the Synthea records are not tried", folder.display());
        return;
    }
    let setting = Setting::start(ehr_sandbox::Config { load: Some(folder), ..Setting::open_server() }).await;
    let report = setting.run(&SyncOptions::default()).await;
    assert_eq!(report.counts.quarantined, 0, "{report}");
    setting.model_equals_server().await;
    let counts = setting.held().await;
    assert!(counts.contains(&("Patient".to_owned(), 100)), "{counts:?}");
    let again = setting.run(&SyncOptions { full: true, ..SyncOptions::default() }).await;
    assert!(!again.changed(), "{again}");
}
