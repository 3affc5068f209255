//! Bulk export: what comes out is what is there, and incrementally what changed.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{client, quick, search_all, serve, text};

/// Kicks off an export, waits, and reads all files.
async fn export(url: &str) -> (Value, BTreeMap<String, Vec<Value>>) {
    let http = client();
    let accepted = http.get(url).header("prefer", "respond-async").send().await.expect("an answer");
    assert_eq!(accepted.status(), StatusCode::ACCEPTED, "{url}");
    let status = accepted.headers().get("content-location").and_then(|at| at.to_str().ok()).expect("a status URL").to_owned();
    let manifest: Value = loop {
        let answer = http.get(&status).send().await.expect("an answer");
        if answer.status() == StatusCode::OK {
            break answer.json().await.expect("a manifest");
        }
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        assert!(answer.headers().contains_key("x-progress") && answer.headers().contains_key("retry-after"));
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    let mut files = BTreeMap::new();
    for list in ["output", "deleted"] {
        for file in manifest.get(list).and_then(Value::as_array).into_iter().flatten() {
            let answer = http.get(text(file, "/url")).send().await.expect("an answer");
            assert_eq!(answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()), Some("application/fhir+ndjson"));
            let body = answer.text().await.expect("text");
            let lines: Vec<Value> = body.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
            assert_eq!(file.get("count").and_then(Value::as_u64), Some(lines.len() as u64));
            files.insert(text(file, "/type").to_owned(), lines);
        }
    }
    assert_eq!(http.delete(&status).send().await.expect("an answer").status(), StatusCode::ACCEPTED);
    assert_eq!(http.get(&status).send().await.expect("an answer").status(), StatusCode::NOT_FOUND);
    (manifest, files)
}

fn ids(resources: &[Value]) -> BTreeSet<String> {
    resources.iter().map(|found| text(found, "/id").to_owned()).collect()
}

#[tokio::test]
async fn a_system_export_equals_a_search_of_each_type() {
    let sandbox = serve(quick(80)).await;
    sandbox.tick(3, 40).expect("things happen");
    let (manifest, files) = export(&format!("{}/$export", sandbox.base_url)).await;
    assert_eq!(manifest.get("error"), Some(&json!([])));
    let counts: BTreeMap<String, u64> = files.iter().map(|(kind, lines)| (kind.clone(), lines.len() as u64)).collect();
    assert_eq!(counts, sandbox.resource_counts());
    for (kind, lines) in &files {
        let found = search_all(&format!("{}/{kind}?_count=1000", sandbox.base_url)).await;
        assert_eq!(&found, lines, "{kind}");
    }
}

#[tokio::test]
async fn an_incremental_export_has_exactly_what_changed() {
    let sandbox = serve(quick(60)).await;
    let (first, _) = export(&format!("{}/$export", sandbox.base_url)).await;
    let since = text(&first, "/transactionTime").to_owned();
    let (nothing, files) = export(&format!("{}/$export?_since={since}", sandbox.base_url)).await;
    assert!(files.is_empty(), "{nothing}");

    let mut expected = BTreeSet::new();
    let mut deleted = BTreeSet::new();
    for change in sandbox.tick(21, 40).expect("things happen") {
        for resource in change.resources {
            if change.what == "delete" {
                expected.remove(&resource);
                deleted.insert(resource);
            } else {
                expected.insert(resource);
            }
        }
    }
    sandbox.delete("Patient", "person-0000009").expect("the patient was there");
    expected.remove("Patient/person-0000009");
    deleted.insert("Patient/person-0000009".to_owned());
    let (_, files) = export(&format!("{}/$export?_since={since}", sandbox.base_url)).await;
    let gone: BTreeSet<String> = files
        .get("Bundle")
        .into_iter()
        .flatten()
        .flat_map(|bundle| bundle.get("entry").and_then(Value::as_array).cloned().unwrap_or_default())
        .map(|entry| text(&entry, "/request/url").to_owned())
        .collect();
    assert_eq!(gone, deleted);
    let changed: BTreeSet<String> = files
        .iter()
        .filter(|(kind, _)| *kind != "Bundle")
        .flat_map(|(kind, lines)| lines.iter().map(move |line| format!("{kind}/{}", text(line, "/id"))))
        .collect();
    assert_eq!(changed, expected);
}

#[tokio::test]
async fn a_group_export_has_its_members_and_nobody_else() {
    let sandbox = serve(quick(250)).await;
    let (_, files) = export(&format!("{}/Group/every-tenth/$export", sandbox.base_url)).await;
    let members: BTreeSet<String> = (0..250).step_by(10).map(|index| format!("person-{index:07}")).collect();
    assert_eq!(files.get("Patient").map(|found| ids(found)), Some(members.clone()));
    for observation in files.get("Observation").into_iter().flatten() {
        assert!(members.contains(text(observation, "/subject/reference").trim_start_matches("Patient/")));
    }
    assert!(files.contains_key("Organization") && !files.contains_key("Group"));
    let (_, typed) = export(&format!("{}/Group/every-tenth/$export?_type=Patient,Condition", sandbox.base_url)).await;
    assert_eq!(typed.keys().map(String::as_str).collect::<Vec<_>>(), ["Condition", "Patient"]);
}

#[tokio::test]
async fn files_come_in_patient_order_and_show_the_moment_of_the_request() {
    let sandbox = serve(quick(40)).await;
    let http = client();
    let accepted = http
        .get(format!("{}/Patient/$export?_type=Encounter", sandbox.base_url))
        .header("prefer", "respond-async")
        .header("accept", "application/fhir+json")
        .send()
        .await
        .expect("an answer");
    let before = sandbox.resource_counts().get("Encounter").copied();
    sandbox.tick(1, 30).expect("things happen");
    let status = accepted.headers().get("content-location").and_then(|at| at.to_str().ok()).expect("a status URL").to_owned();
    let mut manifest = json!({});
    for _ in 0..100 {
        let answer = http.get(&status).send().await.expect("an answer");
        if answer.status() == StatusCode::OK {
            manifest = answer.json().await.expect("a manifest");
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(manifest.pointer("/output/0/count").and_then(Value::as_u64), before);
    let body = http.get(text(&manifest, "/output/0/url")).send().await.expect("an answer").text().await.expect("text");
    let subjects: Vec<String> =
        body.lines().map(|line| text(&serde_json::from_str(line).expect("JSON"), "/subject/reference").to_owned()).collect();
    assert_eq!(Some(subjects.len() as u64), before);
    assert!(subjects.is_sorted());
}

#[tokio::test]
async fn an_export_without_respond_async_or_of_an_unknown_type_is_refused() {
    let sandbox = serve(quick(5)).await;
    let plain = client().get(format!("{}/$export", sandbox.base_url)).send().await.expect("an answer");
    assert_eq!(plain.status(), StatusCode::BAD_REQUEST);
    for query in ["_type=Nonsense", "_since=yesterday", "_outputFormat=text/csv"] {
        let url = format!("{}/$export?{query}", sandbox.base_url);
        let refused = client().get(&url).header("prefer", "respond-async").send().await.expect("an answer");
        assert!(refused.status().is_client_error(), "{query}");
    }
}
