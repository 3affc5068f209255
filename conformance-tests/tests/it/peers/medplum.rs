//! Medplum's router does what the tests on it assume. A new version that does something else fails here first, by name.

use conformance_tests::peers::medplum::Medplum;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::gateway::client;

const FHIR_JSON: &str = "application/fhir+json";

async fn ask(server: &Medplum, method: Method, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> (StatusCode, Value) {
    let mut request = client().request(method, format!("{}/{path}", server.base_url)).header("content-type", FHIR_JSON);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.body(body.to_string());
    }
    let answer = request.send().await.unwrap();
    (answer.status(), serde_json::from_str(&answer.text().await.unwrap()).unwrap())
}

#[tokio::test]
async fn a_deleted_resource_reads_404_and_there_is_no_capability_statement_next_link_or_full_url() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("Patient.ndjson"),
        "{\"resourceType\":\"Patient\",\"id\":\"p1\"}\n{\"resourceType\":\"Patient\",\"id\":\"p2\"}\n",
    )
    .unwrap();
    let Some(server) = Medplum::start_with(&[folder.path()]) else { return };
    let (status, page) = ask(&server, Method::GET, "Patient?_count=1", &[], None).await;
    assert!(status.is_success() && page["link"].is_null() && page["entry"][0]["fullUrl"].is_null(), "{page}");
    assert_eq!(page["entry"].as_array().unwrap().len(), 1);
    assert_eq!(page["total"], 2);
    let (_, metadata) = ask(&server, Method::GET, "metadata", &[], None).await;
    assert_ne!(metadata["resourceType"], "CapabilityStatement", "it answers with an empty Bundle, and says 200");
    let (status, _) = ask(&server, Method::DELETE, "Patient/p1", &[], None).await;
    assert!(status.is_success());
    let (status, _) = ask(&server, Method::GET, "Patient/p1", &[], None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_conditional_create_makes_one_and_an_update_with_an_old_version_is_refused() {
    let Some(server) = Medplum::start() else { return };
    let condition = [("if-none-exist", "identifier=urn:test|1")];
    let written = json!({ "resourceType": "Communication", "status": "completed", "identifier": [{ "system": "urn:test", "value": "1" }] });
    let (first, one) = ask(&server, Method::POST, "Communication", &condition, Some(&written)).await;
    let (second, same) = ask(&server, Method::POST, "Communication", &condition, Some(&written)).await;
    assert_eq!((first, second), (StatusCode::CREATED, StatusCode::OK));
    assert_eq!(one["id"], same["id"]);
    let path = format!("Communication/{}", one["id"].as_str().unwrap());
    let (status, _) = ask(&server, Method::PUT, &path, &[("if-match", "W/\"another\"")], Some(&one)).await;
    assert_eq!(status, StatusCode::PRECONDITION_FAILED);
}
