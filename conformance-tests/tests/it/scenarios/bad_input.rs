//! A server that sends what nobody should send, and fails in between: the rest arrives, and what can't be read is kept with the reason.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use rstest::rstest;
use serde_json::json;
use tokio::net::TcpListener;

use crate::harness::database::Kind;
use crate::harness::gateway::outreach_ok;
use crate::harness::world::{Plan, World};

/// The lines of the file: each with the word of its reason, where it is one for the quarantine.
fn lines() -> Vec<(Vec<u8>, Option<&'static str>)> {
    let about_one = |more: &str| {
        format!(
            r#"{{"resourceType":"Observation","status":"final","subject":{{"reference":"Patient/one"}},"code":{{"coding":[{{"system":"http://loinc.org","code":"24606-6"}}]}},{more}}}"#
        )
    };
    let latin_1 = b"{\"resourceType\":\"Patient\",\"id\":\"latin\",\"name\":[{\"family\":\"M\xfcller\"}]}".to_vec();
    let deep = format!("{}1{}", "{\"extension\":[".repeat(300), "]}".repeat(300));
    let deep_list = format!("{}{}", "[".repeat(300), "]".repeat(300));
    let text: Vec<(String, Option<&str>)> = vec![
        ("\u{feff}{\"resourceType\":\"Patient\",\"id\":\"one\",\"gender\":\"female\",\"birthDate\":\"1960-05-04\",\"name\":[{\"family\":\"Ada\"}]}".to_owned(), None),
        (r#"{"resourceType":"Patient","id":"#.to_owned(), Some("JSON")),
        (about_one(r#""id":"o1","effectiveDateTime":"2026-02-30""#), Some("date")),
        (r#"{"resourceType":"Spaceship","id":"enterprise"}"#.to_owned(), Some("resourceType")),
        ("[1,2,3]".to_owned(), Some("object")),
        ("\u{1}\u{0}not json at all".to_owned(), Some("JSON")),
        (about_one(r#""id":"o2","effectiveDateTime":"2026-02-28""#), None),
        (r#"{"resourceType":"Patient","id":"two","gender":"female","birthDate":"1961","name":[{"family":"N\u0000l"}]}"#.to_owned(), None),
        (r#"{"resourceType":"Patient","id":"half","name":[{"family":"\ud800"}]}"#.to_owned(), Some("surrogate")),
        (r#"{"resourceType":"Patient","id":"twice","deceasedBoolean":true,"deceasedBoolean":false}"#.to_owned(), Some("deceasedBoolean")),
        (format!(r#"{{"resourceType":"Patient","id":"deep","name":{deep_list}}}"#), Some("deeply")),
        (about_one(&format!(r#""id":"o3","effectiveDateTime":"2026-02-27T24:00:00+14:00","extension":{deep}"#)), None),
        (about_one(&format!(r#""id":"o4","text":{{"div":"{}\ud800"}},"effectiveDateTime":"2026-02-26""#, "a".repeat(8 << 20))), None),
        (about_one(r#""id":"o5","effectiveDateTime":"2016-12-31T23:59:60Z","valueQuantity":{"value":1e999}"#), None),
        (about_one(r#""id":"o6","effectiveDateTime":null,"valueQuantity":{"value":0.100000000000000000000000000000000001}"#), None),
        ("null".to_owned(), Some("object")),
    ];
    let mut lines: Vec<_> = text.into_iter().map(|(line, reason)| (line.into_bytes(), reason)).collect();
    lines.push((latin_1, Some("UTF-8")));
    lines
}

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
                moody.answer(|| {
                    (
                        [(header::CONTENT_TYPE, "application/fhir+ndjson")],
                        lines().into_iter().map(|(line, _)| line).collect::<Vec<_>>().join(&b"\r\n"[..]),
                    )
                        .into_response()
                })
            }),
        )
        .with_state(moody);
    tokio::spawn(async move { axum::serve(listener, router).await });
    base
}

#[rstest]
#[case::on_sqlite(Kind::Sqlite)]
#[case::on_postgresql(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn what_can_t_be_read_is_quarantined_with_the_reason_and_the_rest_arrives(#[case] database: Kind) {
    let plan = Plan { people: Some(10), with_definitions: false, ..Plan::new(database) };
    let Some(world) = World::make(plan).await else { return };
    let own = std::fs::read_to_string(&world.config).unwrap();
    let (before, _) = own.split_once("[[source]]").unwrap();
    let moody = moody_server().await;
    let text = format!("{before}[[source]]\nname = \"moody\"\nurl = \"{moody}\"\nprivate_hosts = [\"127.0.0.1\"]\n");
    std::fs::write(&world.config, text).unwrap();

    let refused = lines().iter().filter(|(_, reason)| reason.is_some()).count();
    let said = outreach_ok(&world.config, &["sync", "--source", "moody"], "");
    assert!(said.contains(&format!("{refused} quarantined")), "{said}");
    let again = outreach_ok(&world.config, &["sync", "--source", "moody", "--full"], "");
    assert!(again.contains("nothing changed"), "{again}");
    let mapping = outreach_ok(&world.config, &["source", "mapping", "--source", "moody"], "");
    assert!(mapping.contains("encounter-class") && mapping.contains("observation  5"), "{mapping}");

    let _gateway = world.serve();
    let api = world.api().await;
    let patients = api.all("/patients").await;
    assert_eq!(patients.len(), 2, "both patients are there: {patients:?}");
    let one = patients.iter().find(|patient| patient["fhir_id"] == "one").unwrap()["id"].as_str().unwrap().to_owned();
    let facts = api.get(&format!("/patients/{one}/facts")).await;
    assert_eq!(facts["items"].as_array().unwrap().len(), 5, "the possible mammograms count, the impossible one does not: {facts}");

    let sources = api.get("/sources").await;
    let report = api.get(&format!("/sources/{}/unmapped", sources["items"][0]["id"].as_str().unwrap())).await;
    assert_eq!((report["kinds"][0]["facts"].as_u64(), report["kinds"][0]["standard"].as_u64()), (Some(5), Some(5)), "{report}");

    let quarantine = api.all("/quarantine").await;
    for (line, (_, reason)) in (1_u64..).zip(lines()) {
        let Some(word) = reason else { continue };
        let kept = quarantine.iter().find(|kept| kept["line"] == line).unwrap_or_else(|| panic!("line {line} is not in {quarantine:?}"));
        let reason = kept["reason"].as_str().unwrap();
        assert!(reason.to_lowercase().contains(&word.to_lowercase()), "line {line}: {reason}");
        let whole = api.get(&format!("/quarantine/{}", kept["id"].as_str().unwrap())).await;
        assert!(!whole["raw"].as_str().unwrap().is_empty(), "the raw text of line {line} is kept");
    }
}
