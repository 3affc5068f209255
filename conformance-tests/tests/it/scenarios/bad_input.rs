//! A server that sends what nobody should send, and fails in between: the rest arrives, and what can't be read is kept with the reason.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;

use crate::harness::database::Kind;
use crate::harness::gateway::outreach_ok;
use crate::harness::world::{Plan, World};

const LINES: [&str; 8] = [
    r#"{"resourceType":"Patient","id":"one","gender":"female","birthDate":"1960-05-04","name":[{"family":"Ada"}]}"#,
    r#"{"resourceType":"Patient","id":"#,
    r#"{"resourceType":"Observation","id":"o1","status":"final","subject":{"reference":"Patient/one"},"code":{"coding":[{"system":"http://loinc.org","code":"24606-6"}]},"effectiveDateTime":"2026-02-30"}"#,
    r#"{"resourceType":"Spaceship","id":"enterprise"}"#,
    "[1,2,3]",
    "\u{1}\u{0}not json at all",
    r#"{"resourceType":"Observation","id":"o2","status":"final","subject":{"reference":"Patient/one"},"code":{"coding":[{"system":"http://loinc.org","code":"24606-6"}]},"effectiveDateTime":"2026-02-28"}"#,
    r#"{"resourceType":"Patient","id":"two","gender":"female","birthDate":"1961"}"#,
];

/// Fails at first whatever it is asked for, and then answers.
struct Moody {
    base: String,
    asked: AtomicU32,
}

impl Moody {
    fn answer(&self, ready: impl FnOnce() -> Response) -> Response {
        if self.asked.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "0")], "<html>try later</html>").into_response()
        } else {
            ready()
        }
    }
}

async fn moody_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/fhir", listener.local_addr().unwrap());
    let moody = Arc::new(Moody { base: base.clone(), asked: AtomicU32::new(0) });
    let fhir = [(header::CONTENT_TYPE, "application/fhir+json")];
    let router = Router::new()
        .route(
            "/fhir/metadata",
            get(move |State(moody): State<Arc<Moody>>| async move {
                let statement = json!({ "resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": [{ "mode": "server",
                    "operation": [{ "name": "export", "definition": "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export" }] }] });
                moody.answer(|| (fhir, statement.to_string()).into_response())
            }),
        )
        .route(
            "/fhir/$export",
            get(|State(moody): State<Arc<Moody>>| async move {
                moody.answer(|| (StatusCode::ACCEPTED, [(header::CONTENT_LOCATION, format!("{}/job", moody.base))]).into_response())
            }),
        )
        .route(
            "/fhir/job",
            get(|State(moody): State<Arc<Moody>>| async move {
                let manifest = json!({ "transactionTime": "2026-11-01T00:00:00Z", "request": "odd", "requiresAccessToken": "false",
                    "output": [{ "type": "Patient", "url": format!("{}/file", moody.base) }] });
                moody.answer(|| axum::Json(manifest).into_response())
            })
            .delete(|| async { StatusCode::ACCEPTED }),
        )
        .route(
            "/fhir/file",
            get(|State(moody): State<Arc<Moody>>| async move {
                moody.answer(|| ([(header::CONTENT_TYPE, "application/fhir+ndjson")], LINES.join("\r\n")).into_response())
            }),
        )
        .with_state(moody);
    tokio::spawn(async move { axum::serve(listener, router).await });
    base
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_t_be_read_is_quarantined_with_the_reason_and_the_rest_arrives() {
    let world = World::make(Plan { people: Some(10), with_definitions: false, ..Plan::new(Kind::Sqlite) }).await.unwrap();
    let own = std::fs::read_to_string(&world.config).unwrap();
    let (before, _) = own.split_once("[[source]]").unwrap();
    let moody = moody_server().await;
    let text = format!("{before}[[source]]\nname = \"moody\"\nurl = \"{moody}\"\nprivate_hosts = [\"127.0.0.1\"]\n");
    std::fs::write(&world.config, text).unwrap();

    let said = outreach_ok(&world.config, &["sync", "--source", "moody"], "");
    assert!(said.contains("5 quarantined"), "{said}");
    let again = outreach_ok(&world.config, &["sync", "--source", "moody", "--full"], "");
    assert!(again.contains("nothing changed"), "{again}");

    let _gateway = world.serve();
    let api = world.api().await;
    let patients = api.all("/patients").await;
    assert_eq!(patients.len(), 2, "both patients are there: {patients:?}");
    let one = patients.iter().find(|patient| patient["fhir_id"] == "one").unwrap()["id"].as_str().unwrap().to_owned();
    let facts = api.get(&format!("/patients/{one}/facts")).await;
    assert_eq!(facts["items"].as_array().unwrap().len(), 1, "the possible mammogram counts, the impossible one does not: {facts}");

    let quarantine = api.all("/quarantine").await;
    for (line, word) in [(2, "JSON"), (3, "date"), (4, "resourceType"), (5, "object"), (6, "JSON")] {
        let kept = quarantine.iter().find(|kept| kept["line"] == line).unwrap_or_else(|| panic!("line {line} is not in {quarantine:?}"));
        let reason = kept["reason"].as_str().unwrap();
        assert!(reason.to_lowercase().contains(&word.to_lowercase()), "line {line}: {reason}");
        let whole = api.get(&format!("/quarantine/{}", kept["id"].as_str().unwrap())).await;
        assert!(!whole["raw"].as_str().unwrap().is_empty(), "the raw text of line {line} is kept");
    }
}
