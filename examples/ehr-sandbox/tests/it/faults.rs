//! Faults of a script, as a client meets them.

use ehr_sandbox::{Config, FaultScript, Place, Running};
use serde_json::{Value, json};

use crate::{client, entries, get, link, quick, search_all, serve, text};

async fn with(rules: Value) -> Running {
    let faults = FaultScript::read(&json!({"seed": 3, "rules": rules}).to_string()).expect("a script");
    serve(Config { faults, foreign_listen: Some("127.0.0.1:0".to_owned()), ..quick(12) }).await
}

async fn export(sandbox: &Running) -> Value {
    let kicked = client().get(format!("{}/$export", sandbox.base_url)).header("prefer", "respond-async").send().await.expect("an answer");
    let status = kicked.headers().get("content-location").and_then(|it| it.to_str().ok()).expect("a place").to_owned();
    for _ in 0..200 {
        let answer = client().get(&status).send().await.expect("an answer");
        if answer.status() == 200 {
            return answer.json().await.expect("a manifest");
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("the export did not end");
}

#[tokio::test]
async fn only_the_requests_a_rule_meets_are_answered_by_it() {
    let sandbox = with(json!([{"when": {"path": "/fhir/Patient", "nth": [2]},
        "then": [{"answer": {"status": 429, "headers": {"retry-after": "{now+2s}"}, "body": "not now"}}]}]))
    .await;
    let url = format!("{}/Patient", sandbox.base_url);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(client().get(&url).send().await.expect("an answer").status().as_u16());
    }
    assert_eq!(statuses, [200, 429, 200]);
    assert_eq!(sandbox.met(), [3]);
}

#[tokio::test]
async fn a_connection_is_dropped_and_a_body_is_cut() {
    let sandbox = with(json!([
        {"when": {"path": "/fhir/Patient"}, "then": ["drop"]},
        {"when": {"path": "/fhir/metadata"}, "then": [{"cut": {"after": 10}}]},
        {"when": {"path": "/fhir/Condition"}, "then": [{"gzip": "encoding"}, {"cut": {"share": 0.5}}]},
    ]))
    .await;
    assert!(client().get(format!("{}/Patient", sandbox.base_url)).send().await.is_err());
    for kind in ["metadata", "Condition"] {
        let answer = client().get(format!("{}/{kind}", sandbox.base_url)).send().await.expect("a head");
        assert!(answer.bytes().await.is_err(), "{kind}");
    }
}

#[tokio::test]
async fn next_links_change_and_the_resources_stay_as_they_are() {
    let honest = serve(quick(12)).await;
    let plain = search_all(&format!("{}/Patient?_count=5", honest.base_url)).await;
    let sandbox = with(json!([{"when": {"path": "/fhir/Patient"}, "then": [{"next": {"at": "http://10.0.0.1"}}]}])).await;
    let page = get(&format!("{}/Patient?_count=5", sandbox.base_url)).await;
    assert!(link(&page, "next").is_some_and(|next| next.starts_with("http://10.0.0.1/fhir/Patient?_page=")));
    assert_eq!(entries(&page).iter().filter_map(|it| it.get("resource")).collect::<Vec<_>>(), plain.iter().take(5).collect::<Vec<_>>());
}

#[tokio::test]
async fn mixed_files_hold_every_resource_once_and_manifests_come_in_pages() {
    let sandbox = with(json!([{"when": {"path": "/fhir/bulk-status/*"}, "then": [{"mixed-files": 3}, {"manifest-pages": 2}]}])).await;
    let manifest = export(&sandbox).await;
    assert_eq!(manifest.pointer("/output").and_then(Value::as_array).map(Vec::len), Some(2));
    let second = get(text(&manifest, "/link/0/url")).await;
    let mut lines = 0;
    for url in ["/output/0/url", "/output/1/url"].iter().map(|at| text(&manifest, at)).chain([text(&second, "/output/0/url")]) {
        lines += client().get(url).send().await.expect("a file").text().await.expect("lines").lines().count() as u64;
    }
    assert_eq!(lines, sandbox.resource_counts().values().sum::<u64>());
}

#[tokio::test]
async fn the_foreign_host_gives_signed_files_and_remembers_a_credential() {
    let sandbox = with(json!([{"when": {"path": "/fhir/bulk-status/*"},
        "then": [{"replace": {"find": "{base}/bulk-files", "with": "{foreign}/signed/fhir/bulk-files"}}]}]))
    .await;
    let manifest = export(&sandbox).await;
    let url = text(&manifest, "/output/0/url");
    assert!(url.starts_with(sandbox.foreign_origin.as_deref().expect("a foreign host")));
    let answer = client().get(url).bearer_auth("canary").send().await.expect("a file");
    assert!(answer.status().is_success());
    assert_eq!(sandbox.heard().iter().filter(|it| it.place == Place::Foreign && it.with_authorization).count(), 1);
}
