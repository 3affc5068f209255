//! What staff is to do: put down, taken, ended, and each of it in the audit before it happened.

use gateway_domain::audit::{Actor, AuditAction};
use gateway_domain::user::Role;
use gateway_ports::store::{AuditStore as _, PageRequest};
use http::{Method, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::world::World;

async fn put_down(world: &World, cookie: &str, body: &Value) -> Value {
    let answer = world.write(Method::POST, "/api/v1/tasks", cookie, body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn a_task_is_put_down_taken_and_done_and_the_audit_has_each_step() {
    let world = World::new().await;
    let coordinator = world.sign_in(Role::Coordinator).await;
    let patient = world.patient.to_string();
    let body = json!({ "patient": patient, "kind": "call", "note": " Ask for a date ", "assignee": "clinician", "due_on": "2026-12-01" });
    let task = put_down(&world, &coordinator, &body).await;
    let id = task["id"].as_str().unwrap().to_owned();
    assert_eq!((&task["status"], &task["origin"], &task["note"]), (&json!("open"), &json!("staff"), &json!("Ask for a date")));
    assert_eq!(
        (&task["assigned_role"], &task["due_on"], &task["patient"]["id"]),
        (&json!("clinician"), &json!("2026-12-01"), &json!(patient))
    );

    world.clock.advance(SignedDuration::from_secs(1));
    let clinician = world.sign_in(Role::Clinician).await;
    let taken = world.write(Method::PUT, &format!("/api/v1/tasks/{id}/assignee"), &clinician, &json!({ "assignee": "me" })).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text);
    let me = world.user(Role::Clinician).to_string();
    assert_eq!((&taken.json()["assigned_user"]["id"], &taken.json()["assigned_role"]), (&json!(me), &Value::Null));
    world.clock.advance(SignedDuration::from_secs(1));
    let path = format!("/api/v1/tasks/{id}/status");
    let done = world.write(Method::PUT, &path, &clinician, &json!({ "status": "done" })).await;
    assert_eq!((&done.json()["status"], done.json()["ended_at"].is_string()), (&json!("done"), true));
    for status in ["done", "cancelled"] {
        let late = world.write(Method::PUT, &path, &clinician, &json!({ "status": status })).await;
        assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text);
    }

    let rows = world.store.audit_entries(Some(world.patient), PageRequest::default()).await.unwrap().items;
    let changes: Vec<_> = rows.iter().rev().filter(|row| matches!(row.action, AuditAction::Create | AuditAction::Update)).collect();
    let details: Vec<&str> = changes.iter().map(|row| row.detail.as_str()).collect();
    assert_eq!(details, [id.clone(), format!("{id} assigned"), format!("{id} done")]);
    assert_eq!(changes[2].actor, Actor::User(me));
    assert!(
        rows.iter().any(|row| row.action == AuditAction::Read && row.object == "/api/v1/tasks/{id}/status"),
        "what was shown is in it too"
    );
}

#[tokio::test]
async fn tasks_are_listed_by_whose_they_are_and_every_patient_in_the_list_is_in_the_audit() {
    let world = World::new().await;
    let cookie = world.sign_in(Role::Coordinator).await;
    let patient = world.patient.to_string();
    let clinician = world.user(Role::Clinician).to_string();
    for assignee in [json!("me"), json!("coordinator"), json!(clinician), Value::Null] {
        put_down(&world, &cookie, &json!({ "patient": patient, "kind": "review", "assignee": assignee })).await;
    }
    for (query, count) in [
        ("", 4),
        ("?status=open&assignee=me", 2),
        ("?assignee=nobody", 1),
        ("?assignee=coordinator", 1),
        (&format!("?assignee={clinician}"), 1),
        ("?status=done", 0),
        (&format!("?patient={patient}&limit=2"), 4),
    ] {
        let before = world.store.audit_entries(Some(world.patient), PageRequest::default()).await.unwrap().total;
        let list = world.get(&format!("/api/v1/tasks{query}"), &cookie).await.json();
        assert_eq!(list["total"], count, "{query}");
        let after = world.store.audit_entries(Some(world.patient), PageRequest::default()).await.unwrap().total;
        assert_eq!(after - before, u64::from(count > 0), "{query}");
    }
    let wrong = world.get("/api/v1/tasks?assignee=janitor", &cookie).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);

    let timeline = world.get(&format!("/api/v1/patients/{patient}/timeline"), &cookie).await.json();
    let told = timeline["items"].as_array().unwrap().iter().filter(|it| it["kind"] == "task-open").count();
    assert_eq!(told, 4, "{timeline}");
}

#[tokio::test]
async fn what_nobody_could_do_is_not_put_down() {
    let world = World::new().await;
    let cookie = world.sign_in(Role::Coordinator).await;
    let patient = world.patient.to_string();
    let operator = world.user(Role::Operator).to_string();
    for (body, place) in [
        (json!({ "patient": patient, "kind": "other" }), "/note"),
        (json!({ "patient": patient, "kind": "other", "note": "  " }), "/note"),
        (json!({ "patient": patient, "kind": "call", "note": "x".repeat(501) }), "/note"),
        (json!({ "patient": patient, "kind": "call", "assignee": "operator" }), "/assignee"),
        (json!({ "patient": patient, "kind": "call", "assignee": operator }), "/assignee"),
        (json!({ "patient": patient, "kind": "call", "assignee": "janitor" }), "/assignee"),
    ] {
        let answer = world.write(Method::POST, "/api/v1/tasks", &cookie, &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}: {}", answer.text);
        assert!(answer.text.contains(place), "{}", answer.text);
    }
    let nobody = json!({ "patient": "pat_00000000000000000000000000000000", "kind": "call" });
    assert_eq!(world.write(Method::POST, "/api/v1/tasks", &cookie, &nobody).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.get("/api/v1/tasks", &cookie).await.json()["total"], 0);
}
