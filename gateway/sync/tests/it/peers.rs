//! Servers that are not ours: one configuration but for the address, and the same in the end as on the server.

use conformance_tests::peers::hfs::Hfs;
use conformance_tests::peers::medplum::Medplum;
use gateway_sync::SyncOptions;
use serde_json::json;

use super::server::Model;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_on_medplums_router_is_followed_through_a_change_a_deletion_and_a_merge() {
    let folder = tempfile::tempdir().unwrap();
    let patients: Vec<_> =
        (0..45).map(|no| json!({"resourceType": "Patient", "id": format!("p{no}"), "active": true}).to_string()).collect();
    std::fs::write(folder.path().join("Patient.ndjson"), patients.join("\n")).unwrap();
    let condition = json!({"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}, "code": {"text": "x"}});
    std::fs::write(folder.path().join("Condition.ndjson"), condition.to_string()).unwrap();
    let Some(server) = Medplum::start_with(&[folder.path()]) else { return };
    let model = Model::of(&server.base_url).await;
    follow(&model).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_helios_is_followed_through_a_change_a_deletion_and_a_merge() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Hfs::start(folder.path()) else { return };
    let model = Model::of(&server.base_url).await;
    for no in 0..45 {
        model.write(&json!({"resourceType": "Patient", "id": format!("p{no}"), "active": true})).await;
    }
    model.write(&json!({"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}, "code": {"text": "x"}})).await;
    follow(&model).await;
}

/// With 45 patients and a condition on the server: they arrive, and then what changes.
pub(crate) async fn follow(model: &Model) {
    let options = SyncOptions::for_testing();
    let report = model.run(&options).await;
    assert_eq!(report.counts.quarantined, 0, "{report} {:?}", report.warnings);
    let held =
        |patients, conditions| [("Condition".to_owned(), conditions), ("Patient".to_owned(), patients)].into_iter().filter(|it| it.1 > 0);
    assert_eq!(model.held().await, held(45, 1).collect::<Vec<_>>(), "{report} {:?}", report.warnings);
    assert!(!model.run(&options).await.changed());

    model.write(&json!({"resourceType": "Patient", "id": "p45", "active": true})).await;
    model.write(&json!({"resourceType": "Patient", "id": "p7", "active": true, "deceasedBoolean": true})).await;
    let merged = json!({"resourceType": "Patient", "id": "p8", "active": false, "link": [{"other": {"reference": "Patient/p9"}, "type": "replaced-by"}]});
    model.write(&merged).await;
    let report = model.run(&options).await;
    assert_eq!((report.counts.applied, report.counts.deleted), (3, 0), "{report} {:?}", report.warnings);

    model.delete("Condition/c1").await;
    model.delete("Patient/p44").await;
    let report = model.run(&options).await;
    assert_eq!((report.counts.applied, report.counts.deleted), (0, 2), "{report} {:?}", report.warnings);
    assert_eq!(model.held().await, held(45, 0).collect::<Vec<_>>());
}
