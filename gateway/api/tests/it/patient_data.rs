//! Patient data: what is shown, and that the audit knew before.

use gateway_domain::audit::{Actor, AuditAction};
use gateway_domain::ids::PatientId;
use gateway_domain::user::Role;
use gateway_ports::store::{AuditStore as _, PageRequest};
use http::{Method, StatusCode, header};
use jiff::Timestamp;
use serde_json::json;

use crate::world::{FAMILY, World};

#[tokio::test]
async fn every_way_to_a_patients_data_leaves_a_row() {
    let world = World::new().await;
    let cookie = world.sign_in(Role::Clinician).await;
    let patient = world.patient;
    let ways = [
        "/patients".to_owned(),
        format!("/patients/{patient}"),
        format!("/patients/{patient}/facts"),
        format!("/patients/{patient}/timeline"),
        format!("/patients/{patient}/memberships"),
        format!("/patients/{patient}/runs"),
        format!("/patients/{patient}/consents"),
        format!("/patients/{patient}/person"),
        format!("/patients/{patient}/resources/Procedure/m1"),
        format!("/segments/{}/members", world.segment),
        format!("/segments/{}/members.csv", world.segment),
        format!("/journeys/{}/runs", world.journey),
        "/messages".to_owned(),
        format!("/messages/{}", world.message),
    ];
    for (number, way) in ways.iter().enumerate() {
        let answer = world.get(&format!("/api/v1{way}"), &cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{way}: {}", answer.text);
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store", "{way}");
        let rows = world.store.audit_entries(Some(patient), PageRequest::default()).await.unwrap();
        assert_eq!(rows.total, number as u64 + 1, "{way}");
        let row = &rows.items[0];
        assert_eq!(row.actor, Actor::User(world.user(Role::Clinician).to_string()));
        assert!(row.allowed && matches!(row.action, AuditAction::Read | AuditAction::Search), "{row:?}");
        assert!(row.object.starts_with("/api/v1/") && !row.object.contains("pat_"), "{}", row.object);
    }
}

#[tokio::test]
async fn a_patient_is_shown_with_facts_segments_and_what_happened() {
    let world = World::new().await;
    let cookie = world.sign_in(Role::Coordinator).await;
    let path = format!("/api/v1/patients/{}", world.patient);
    let patient = world.get(&path, &cookie).await.json();
    assert_eq!(patient["name"], format!("Ada {FAMILY}"));
    assert_eq!((&patient["birth_date"], &patient["age"]), (&json!("1965-04-01"), &json!(61)));
    assert_eq!(patient["contactability"], json!({ "reachable": true, "channels": ["email"], "reasons": [] }));
    let facts = world.get(&format!("{path}/facts?kind=procedure"), &cookie).await.json();
    assert_eq!(facts["items"][0]["text"], "Mammography");
    assert_eq!(facts["items"][0]["flags"], json!(["effective"]));
    assert_eq!(world.get(&format!("{path}/facts?kind=condition"), &cookie).await.json()["total"], 0);
    let timeline = world.get(&format!("{path}/timeline"), &cookie).await.json();
    let kinds: Vec<_> = timeline["items"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    for kind in ["segment-joined", "journey-entered", "message-in-flight", "fact"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    let members = world.get(&format!("/api/v1/segments/{}/members", world.segment), &cookie).await.json();
    assert_eq!(members["items"][0]["patient"]["id"], world.patient.to_string());
}

#[tokio::test]
async fn an_opt_out_told_to_staff_is_recorded_with_who_wrote_it_down() {
    let world = World::new().await;
    let cookie = world.sign_in(Role::Coordinator).await;
    let path = format!("/api/v1/patients/{}", world.patient);
    let told = json!({ "decision": "deny", "medium": null, "purpose": null, "list": null, "note": "by telephone" });
    let recorded = world.write(Method::POST, &format!("{path}/consents"), &cookie, &told).await;
    assert_eq!(recorded.status, StatusCode::CREATED, "{}", recorded.text);
    assert_eq!(recorded.json()["evidence"], format!("recorded by {}: by telephone", world.user(Role::Coordinator)));
    assert_eq!(world.get(&path, &cookie).await.json()["contactability"]["reachable"], false);
    let wrong = json!({ "decision": "deny", "medium": "pigeon", "list": "nowhere" });
    let refused = world.write(Method::POST, &format!("{path}/consents"), &cookie, &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.json()["errors"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_not_there_is_a_404_and_problems_name_no_one() {
    let world = World::new().await;
    let cookie = world.sign_in(Role::Administrator).await;
    let stranger = PatientId::new(Timestamp::UNIX_EPOCH, [9; 10]);
    let long_name = "Lovelace".repeat(100);
    for path in [
        format!("/api/v1/patients/{stranger}"),
        format!("/api/v1/patients/{FAMILY}").replace(['<', '>'], "%3C"),
        format!("/api/v1/patients/{}/resources/Patient/Lovelace", world.patient),
        format!("/api/v1/patients/{}/consents/Lovelace", world.patient),
        "/api/v1/Lovelace".to_owned(),
        format!("/api/v2/{long_name}"),
    ] {
        let answer = world.get(&path, &cookie).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json", "{path}");
        assert!(!answer.text.contains("Lovelace"), "{}", answer.text);
    }
    for path in ["/api/v1/patients?status=Lovelace", "/api/v1/patients?limit=0", "/api/v1/messages?patient=Lovelace"] {
        let answer = world.get(path, &cookie).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(!answer.text.contains("Lovelace"), "{}", answer.text);
    }
    let body = json!({ "email": "a@example.org", "password": 987_654, "Lovelace": true });
    let answer = world.write(Method::POST, "/api/v1/session", "", &body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!answer.text.contains("Lovelace") && !answer.text.contains("987654"), "{}", answer.text);
}

#[tokio::test]
async fn a_stopped_journey_stays_stopped_and_a_sync_is_asked_for() {
    let world = World::new().await;
    let coordinator = world.sign_in(Role::Coordinator).await;
    let status = format!("/api/v1/journeys/{}/status", world.journey);
    for (to, expected) in [
        ("paused", StatusCode::NO_CONTENT),
        ("live", StatusCode::NO_CONTENT),
        ("stopped", StatusCode::NO_CONTENT),
        ("live", StatusCode::CONFLICT),
        ("draft", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        assert_eq!(world.write(Method::PUT, &status, &coordinator, &json!({ "status": to })).await.status, expected, "{to}");
    }
    let operator = world.sign_in(Role::Operator).await;
    let sync = format!("/api/v1/sources/{}/sync", world.source);
    assert_eq!(world.write(Method::POST, &sync, &operator, &json!({})).await.status, StatusCode::ACCEPTED);
    assert_eq!(*world.asked.0.lock().unwrap(), [world.source]);
    let quarantined = format!("/api/v1/quarantine/{}", world.quarantined);
    assert_eq!(world.get(&quarantined, &operator).await.status, StatusCode::FORBIDDEN, "an operator sees no patient");
    let listed = world.get("/api/v1/quarantine?status=open", &operator).await.json();
    assert_eq!((&listed["total"], &listed["items"][0]["raw"]), (&json!(1), &json!(null)));
    let reasons = world.get("/api/v1/quarantine-reasons", &operator).await.json();
    assert_eq!((&reasons["items"][0]["reason"], &reasons["items"][0]["count"]), (&json!("The line is not JSON."), &json!(1)));
    let all = json!({ "source": "hospital" });
    let replayed = world.write(Method::POST, "/api/v1/quarantine/replay", &operator, &all).await;
    assert_eq!(replayed.json()["replayed"], 1);
    let one = json!({ "source": "hospital", "id": world.quarantined.to_string() });
    assert_eq!(world.write(Method::POST, "/api/v1/quarantine/dismiss", &operator, &one).await.json()["dismissed"], 1);
    let raw = world.get(&quarantined, &coordinator).await.json();
    assert_eq!((&raw["source"], &raw["line"]), (&json!("hospital"), &json!(3)));
    let rows = world.store.audit_entries(Some(world.patient), PageRequest::default()).await.unwrap();
    assert_eq!(rows.total, 1, "the raw line names its patient, so the audit does");
}
