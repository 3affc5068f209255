//! Servers that speak as Epic, as Oracle Health, and as somebody's first attempt: the same sync, and the same model in the end.

use ehr_sandbox::{Config, Dialect};
use gateway_domain::source::SyncStrategy;
use gateway_ports::ehr::ExportLevel;
use gateway_sync::{ExportChoice, SyncOptions};
use serde_json::json;

use super::server::Setting;

async fn speaking(dialect: Dialect) -> Setting {
    Setting::start(Config { people: Some(12), dialect, ..Setting::open_server() }).await
}

fn exporting_a_group() -> SyncOptions {
    SyncOptions { export: ExportChoice::Level(ExportLevel::Group("first-hundred".to_owned())), ..SyncOptions::for_testing() }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_time_stamp_changes_are_told_by_content_patient_by_patient() {
    let setting = speaking(Dialect::Epic).await;
    setting.run(&exporting_a_group()).await;
    setting.model_equals_server().await;

    // The exports are taken away, so that each patient is asked for.
    let crawling = SyncOptions { export: ExportChoice::Off, ..SyncOptions::for_testing() };
    let patient = setting.store_patient().await;
    let condition =
        json!({"resourceType": "Condition", "id": "c-1", "subject": {"reference": format!("Patient/{patient}")}, "code": {"text": "x"}});
    setting.sandbox.put(&condition).unwrap();
    let report = setting.run(&crawling).await;
    assert_eq!((report.counts.applied, report.counts.deleted), (1, 0), "{report} {:?}", report.warnings);
    setting.model_equals_server().await;
    assert!(!setting.run(&crawling).await.changed());

    setting.sandbox.delete("Condition", "c-1").unwrap();
    let report = setting.run(&crawling).await;
    assert_eq!((report.counts.applied, report.counts.deleted), (0, 1), "{report} {:?}", report.warnings);
    setting.model_equals_server().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merged_patient_that_is_hidden_everywhere_is_read_by_id_and_not_taken_for_deleted() {
    let setting = speaking(Dialect::Oracle).await;
    setting.run(&exporting_a_group()).await;
    setting.model_equals_server().await;
    let held = setting.held().await;

    let patient = setting.store_patient().await;
    let mut merged = setting.sandbox.get("Patient", &patient).unwrap();
    merged["active"] = json!(false);
    merged["link"] = json!([{"other": {"reference": "Patient/survivor"}, "type": "replaced-by"}]);
    setting.sandbox.put(&merged).unwrap();
    let report = setting.run(&SyncOptions { full: true, ..exporting_a_group() }).await;
    assert_eq!((report.counts.applied, report.counts.deleted), (1, 0), "{report} {:?}", report.warnings);
    assert_eq!(setting.held().await, held);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_attempt_at_a_server_is_followed_by_what_it_shows() {
    let setting = speaking(Dialect::Plain).await;
    let options = SyncOptions::for_testing();
    let report = setting.run(&options).await;
    assert_eq!(report.strategy, SyncStrategy::SearchFull);
    setting.model_equals_server().await;

    let patient = setting.store_patient().await;
    let mut changed = setting.sandbox.get("Patient", &patient).unwrap();
    changed["active"] = json!(false);
    setting.sandbox.put(&changed).unwrap();
    let report = setting.run(&options).await;
    assert_eq!((report.counts.applied, report.counts.deleted), (1, 0), "{report} {:?}", report.warnings);

    let coverage =
        json!({"resourceType": "Coverage", "id": "only", "status": "active", "beneficiary": {"reference": format!("Patient/{patient}")}});
    setting.sandbox.put(&coverage).unwrap();
    assert_eq!(setting.run(&options).await.counts.applied, 1);
    setting.sandbox.delete("Coverage", "only").unwrap();
    let report = setting.run(&options).await;
    assert_eq!((report.counts.applied, report.counts.deleted), (0, 1), "{report} {:?}", report.warnings);
    setting.model_equals_server().await;
}
