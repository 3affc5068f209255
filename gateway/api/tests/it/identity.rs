//! Which records are one person's, as staff sees and decides it.

#![expect(clippy::unwrap_used, reason = "records that can't be brought fail the test")]

use gateway_domain::date::PartialDate;
use gateway_domain::identity::{IdentityRules, LinkKind, RecordLink};
use gateway_domain::ids::{PatientId, SourceId, SyncRunId};
use gateway_domain::patient::{Demographics, Identifier, RecordStatus};
use gateway_domain::projection::{Projection, ReadPatient, ReadResource};
use gateway_domain::resource::{ContentHash, ResourceKey};
use gateway_domain::source::{SyncRunStatus, SyncStrategy};
use gateway_domain::user::Role;
use gateway_ports::clock::Clock as _;
use gateway_ports::store::sync::ApplyBatch;
use gateway_ports::store::{AuditStore as _, IdentityStore as _, PageRequest, PatientStore as _, SourceStore as _, SyncStore as _};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::World;

const SSN: &str = "http://hl7.org/fhir/sid/us-ssn";

/// Brings a record of Mary into a source of its own; its id.
async fn mary(world: &World, source: &str, number: u8, change: impl FnOnce(&mut ReadPatient)) -> PatientId {
    let now = world.clock.now();
    let entropy = |part: u8| [number, part, 0, 0, 0, 0, 0, 0, 0, 77];
    let stored = world.store.put_source(SourceId::new(now, entropy(1)), source, "https://there.example.org/fhir").await.unwrap();
    let run = world.store.begin_run(SyncRunId::new(now, entropy(2)), stored.id, SyncStrategy::SearchFull, now).await.unwrap();
    let mut says = ReadPatient {
        status: RecordStatus::Active,
        replaced_by: None,
        links: Vec::new(),
        demographics: Demographics {
            given: vec!["Mary".into()],
            family: Some(format!("Somerville of {source}")),
            birth: PartialDate::parse("1960-12-26"),
            identifiers: vec![Identifier { system: SSN.into(), value: "123456789".into() }],
            ..Demographics::default()
        },
        data_quality: Vec::new(),
    };
    change(&mut says);
    let fhir_id = format!("m{number}");
    let raw = json!({ "resourceType": "Patient", "id": fhir_id }).to_string().into_bytes();
    let resource = ReadResource {
        key: ResourceKey::of(stored.no, "Patient", &fhir_id),
        resource_type: "Patient".into(),
        fhir_id: fhir_id.clone(),
        version_id: None,
        last_updated: Some("2026-02-03T04:05:06Z".parse().unwrap()),
        hash: ContentHash::of([raw.as_slice()]),
        raw,
        projection: Projection::Patient(Box::new(says)),
    };
    let batch = ApplyBatch { resources: vec![resource], ..ApplyBatch::default() };
    world.store.apply(run.id, batch, now, entropy(3)).await.unwrap();
    world.store.finish_run(run.id, SyncRunStatus::Complete, Some(now), None, now).await.unwrap();
    world.store.patient_by_fhir_id(source, &fhir_id).await.unwrap().unwrap().id
}

async fn trust(world: &World) {
    let rules = IdentityRules { systems: vec![SSN.into()], order: vec!["clinic".into()] };
    world.store.adopt_identity_rules(&rules).await.unwrap();
    while !world.store.relink(100, world.clock.now()).await.unwrap().done {}
}

/// Mary in two sources, one person.
async fn one_in_two(world: &World) -> (PatientId, PatientId) {
    trust(world).await;
    (mary(world, "clinic", 1, |_| {}).await, mary(world, "lab", 2, |says| says.demographics.language = Some("es".into())).await)
}

/// Mary in two sources, with different birth dates.
async fn one_or_two(world: &World) -> (PatientId, PatientId) {
    trust(world).await;
    let younger = |says: &mut ReadPatient| says.demographics.birth = PartialDate::parse("1990");
    (mary(world, "clinic", 1, |_| {}).await, mary(world, "lab", 2, younger).await)
}

fn decision(record: PatientId, other: PatientId, decision: &str) -> Value {
    json!({ "record": record, "others": [other], "decision": decision, "reason": "she showed her passport" })
}

async fn audited(world: &World, patient: PatientId) -> Vec<String> {
    let rows = world.store.audit_entries(Some(patient), PageRequest::default()).await.unwrap().items;
    rows.into_iter().rev().map(|row| format!("{:?} {}", row.action, row.detail)).collect()
}

#[tokio::test]
async fn a_person_is_shown_with_all_records_and_where_each_field_is_from() {
    let world = World::new().await;
    let (clinic, lab) = one_in_two(&world).await;
    let cookie = world.sign_in(Role::Clinician).await;
    let person = world.get(&format!("/api/v1/patients/{lab}/person"), &cookie).await.json();
    assert_eq!(person["primary"], clinic.to_string());
    assert_eq!(person["trouble"], Value::Null);
    let records: Vec<_> = person["records"].as_array().unwrap().iter().map(|it| (&it["source"], &it["primary"])).collect();
    assert_eq!(records, [(&json!("clinic"), &json!(true)), (&json!("lab"), &json!(false))]);
    assert_eq!(person["records"][0]["can_be_parted_from"], json!([lab]));
    let field = |name: &str| person["golden"].as_array().unwrap().iter().find(|it| it["field"] == name).cloned().unwrap();
    let name = field("name");
    assert_eq!((&name["value"], &name["source"]), (&json!("Mary Somerville of clinic"), &json!("clinic")));
    assert_eq!((&name["record"], &name["since"]), (&json!(clinic), &json!("2026-02-03T04:05:06Z")));
    let language = field("language");
    assert_eq!((&language["value"], &language["source"]), (&json!("es"), &json!("lab")));
    assert_eq!(field("identifier")["kind"], SSN);
    assert_eq!((&person["links"][0]["by"], &person["links"][0]["system"]), (&json!("identifier"), &json!(SSN)));
    for patient in [clinic, lab] {
        assert_eq!(audited(&world, patient).await, ["Read 2 patients"], "the audit knows whose data was shown");
    }
}

#[tokio::test]
async fn the_badge_of_a_record_that_is_not_written_to_says_so() {
    let world = World::new().await;
    let (_, lab) = one_in_two(&world).await;
    let cookie = world.sign_in(Role::Coordinator).await;
    let badge = world.get(&format!("/api/v1/patients/{lab}"), &cookie).await.json()["contactability"].clone();
    assert_eq!(
        (&badge["reachable"], &badge["reasons"][0]),
        (&json!(false), &json!("Another record of this person is the one that is written to."))
    );
}

#[tokio::test]
async fn a_question_is_decided_and_taken_back_and_the_audit_has_each_step() {
    let world = World::new().await;
    let (clinic, lab) = one_or_two(&world).await;
    let cookie = world.sign_in(Role::Coordinator).await;
    let open = world.get("/api/v1/identity-questions", &cookie).await.json();
    let question = &open["items"][0];
    assert_eq!((&open["total"], &question["kind"], &question["for_staff"]), (&json!(1), &json!("birth-differs"), &json!(true)));
    assert_eq!(question["text"], "They have an identifier in common, and different birth dates.");
    let births: Vec<_> = question["records"].as_array().unwrap().iter().map(|it| it["birth_date"].clone()).collect();
    assert_eq!(births, ["1960-12-26", "1990"], "side by side");

    let joined = world.write(Method::POST, "/api/v1/identity-decisions", &cookie, &decision(clinic, lab, "same")).await;
    assert_eq!(joined.status, StatusCode::OK, "{}", joined.text);
    assert_eq!(joined.json()["records"].as_array().unwrap().len(), 2);
    assert_eq!(world.get("/api/v1/identity-questions", &cookie).await.json()["total"], 0);
    let decided = world.get("/api/v1/identity-decisions", &cookie).await.json();
    let row = &decided["items"][0];
    assert_eq!((&row["decision"], &row["by"], &row["reason"]), (&json!("same"), &json!("coordinator"), &json!("she showed her passport")));
    assert_eq!(row["one"]["name"], "Mary Somerville of clinic");

    let path = format!("/api/v1/identity-decisions/{lab}/{clinic}");
    assert_eq!(world.write(Method::DELETE, &path, &cookie, &json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.write(Method::DELETE, &path, &cookie, &json!({})).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.get("/api/v1/identity-questions", &cookie).await.json()["total"], 1, "it is open again");
    let steps = audited(&world, lab).await;
    assert!(steps.contains(&format!("Update same {clinic}")) && steps.contains(&format!("Update take back {clinic}")), "{steps:?}");
    assert!(audited(&world, clinic).await.contains(&format!("Update same {lab}")));
}

#[tokio::test]
async fn parting_leaves_the_opt_out_with_both() {
    let world = World::new().await;
    let (clinic, lab) = one_in_two(&world).await;
    let cookie = world.sign_in(Role::Coordinator).await;
    let told = world.write(Method::POST, &format!("/api/v1/patients/{lab}/consents"), &cookie, &json!({ "decision": "deny" })).await;
    assert_eq!(told.status, StatusCode::CREATED);
    let parted = world.write(Method::POST, "/api/v1/identity-decisions", &cookie, &decision(lab, clinic, "different")).await.json();
    assert_eq!(parted["records"].as_array().unwrap().len(), 1);
    assert_eq!(parted["decisions"][0]["decision"], "different");
    for patient in [clinic, lab] {
        let consents = world.get(&format!("/api/v1/patients/{patient}/consents"), &cookie).await.json();
        assert_eq!((&consents["total"], &consents["items"][0]["decision"]), (&json!(1), &json!("deny")));
    }
}

#[tokio::test]
async fn what_can_not_hold_is_refused_in_words_and_changes_nothing() {
    let world = World::new().await;
    let clinic = mary(&world, "clinic", 1, |_| {}).await;
    let old = mary(&world, "clinic", 2, |says| {
        says.status = RecordStatus::Merged;
        says.replaced_by = Some("m1".into());
        says.links = vec![RecordLink { kind: LinkKind::ReplacedBy, other: Some("m1".into()) }];
    })
    .await;
    let cookie = world.sign_in(Role::Clinician).await;
    let person = world.get(&format!("/api/v1/patients/{old}/person"), &cookie).await.json();
    assert_eq!(person["records"][0]["can_be_parted_from"], json!([]), "the console offers nothing that fails");
    let refused = world.write(Method::POST, "/api/v1/identity-decisions", &cookie, &decision(old, clinic, "different")).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.json()["detail"].as_str().unwrap().contains("only the source can part them"), "{}", refused.text);
    assert_eq!(world.get("/api/v1/identity-decisions", &cookie).await.json()["total"], 0);
}

#[tokio::test]
async fn a_decision_that_says_too_little_names_what_is_missing() {
    let world = World::new().await;
    let (clinic, lab) = one_or_two(&world).await;
    let cookie = world.sign_in(Role::Coordinator).await;
    let stranger = PatientId::new(world.clock.now(), [9; 10]);
    for (body, path) in [
        (json!({ "record": clinic, "others": [], "decision": "same", "reason": "x" }), "/others"),
        (json!({ "record": clinic, "others": [lab], "decision": "same", "reason": "  " }), "/reason"),
        (json!({ "record": clinic, "others": [clinic], "decision": "same", "reason": "x" }), "/others/0"),
        (json!({ "record": clinic, "others": [lab, stranger], "decision": "same", "reason": "x" }), "/others/1"),
        (json!({ "record": "Somerville", "others": [lab], "decision": "same", "reason": "x" }), "/record"),
    ] {
        let answer = world.write(Method::POST, "/api/v1/identity-decisions", &cookie, &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(answer.json()["errors"][0]["path"], path, "{}", answer.text);
        assert!(!answer.text.contains("Somerville"), "{}", answer.text);
    }
    assert_eq!(world.get("/api/v1/identity-decisions", &cookie).await.json()["total"], 0);
}
