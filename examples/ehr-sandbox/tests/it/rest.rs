//! Reading, searching and writing.

use std::collections::HashSet;

use reqwest::StatusCode;
use serde_json::json;

use crate::{client, entries, get, link, quick, search_all, serve, text};

#[tokio::test]
async fn paging_gives_every_patient_exactly_once_even_while_people_change() {
    let sandbox = serve(quick(250)).await;
    let mut ids = HashSet::new();
    let mut next = Some(format!("{}/Patient?_count=7", sandbox.base_url));
    let mut pages = 0_u64;
    while let Some(url) = next {
        let bundle = get(&url).await;
        for entry in entries(&bundle) {
            assert!(ids.insert(text(&entry, "/resource/id").to_owned()), "an id came twice");
        }
        sandbox.tick(pages, 3).expect("things happen");
        sandbox.delete("Patient", &format!("person-{:07}", 240 + pages % 10)).expect("the patient was there");
        pages += 1;
        next = link(&bundle, "next");
    }
    assert_eq!(ids.len(), 250);
    assert_eq!(pages, 36);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn sorted_pages_are_in_order_and_complete() {
    let sandbox = serve(quick(120)).await;
    sandbox.tick(5, 20).expect("things happen");
    let all = search_all(&format!("{}/Condition?_count=50", sandbox.base_url)).await;
    let sorted = search_all(&format!("{}/Condition?_count=50&_sort=_lastUpdated", sandbox.base_url)).await;
    let instants: Vec<&str> = sorted.iter().map(|found| text(found, "/meta/lastUpdated")).collect();
    assert!(instants.is_sorted());
    let ids = |list: &[serde_json::Value]| list.iter().map(|found| text(found, "/id").to_owned()).collect::<HashSet<_>>();
    assert_eq!(ids(&all), ids(&sorted));
    assert_eq!(all.len(), sorted.len());
}

#[tokio::test]
async fn search_by_patient_finds_what_belongs_to_the_patient_and_what_was_moved_to_them() {
    let sandbox = serve(quick(50)).await;
    let base = &sandbox.base_url;
    let mut mine = search_all(&format!("{base}/Observation?patient=person-0000007")).await;
    assert!(!mine.is_empty());
    let mut moved = mine.pop().expect("one");
    *moved.pointer_mut("/subject/reference").expect("a subject") = json!("Patient/person-0000008");
    sandbox.put(&moved).expect("it is a resource");
    let here = search_all(&format!("{base}/Observation?patient=person-0000007&_count=5")).await;
    assert_eq!(here.len(), mine.len());
    let there = search_all(&format!("{base}/Observation?subject=Patient/person-0000008")).await;
    assert!(there.iter().any(|found| text(found, "/id") == text(&moved, "/id")));
}

#[tokio::test]
async fn patients_are_found_by_identifier_name_birth_date_and_sex() {
    let sandbox = serve(quick(80)).await;
    let base = &sandbox.base_url;
    let patient = sandbox.get("Patient", "person-0000033").expect("person 33 is there");
    for query in [
        "identifier=https://sandbox.example.org/mrn|MRN0000033".to_owned(),
        format!("name={}&birthdate={}", text(&patient, "/name/0/family"), text(&patient, "/birthDate")),
        format!("_id=person-0000033&gender={}", text(&patient, "/gender")),
    ] {
        let found = search_all(&format!("{base}/Patient?{query}")).await;
        assert_eq!(found.len(), 1, "{query}");
        assert_eq!(found.first().map(|found| text(found, "/id")), Some("person-0000033"));
    }
    let imaging = search_all(&format!("{base}/Observation?category=imaging&code=http://loinc.org|24606-6")).await;
    assert!(!imaging.is_empty() && imaging.iter().all(|found| text(found, "/code/coding/0/code") == "24606-6"));
}

#[tokio::test]
async fn an_unknown_parameter_is_a_warning_or_with_strict_handling_an_error() {
    let sandbox = serve(quick(5)).await;
    let url = format!("{}/Patient?favourite=tea", sandbox.base_url);
    let bundle = get(&url).await;
    let warning = entries(&bundle).into_iter().find(|entry| text(entry, "/search/mode") == "outcome").expect("a warning");
    assert!(text(&warning, "/resource/issue/0/diagnostics").contains("favourite"));
    assert!(!link(&bundle, "self").unwrap_or_default().contains("favourite"));
    let refused = client().get(&url).header("prefer", "handling=strict").send().await.expect("an answer");
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_resource_is_created_updated_versioned_and_deleted() {
    let sandbox = serve(quick(10)).await;
    let base = &sandbox.base_url;
    let http = client();
    let body = json!({"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "9"}], "name": [{"family": "Neu"}]});
    let created =
        http.post(format!("{base}/Patient")).header("if-none-exist", "identifier=urn:x|9").json(&body).send().await.expect("an answer");
    assert_eq!(created.status(), StatusCode::CREATED);
    assert_eq!(created.headers().get("etag").and_then(|tag| tag.to_str().ok()), Some("W/\"1\""));
    assert!(created.headers().contains_key("last-modified") && created.headers().contains_key("location"));
    let created: serde_json::Value = created.json().await.expect("JSON");
    let id = text(&created, "/id").to_owned();

    let again =
        http.post(format!("{base}/Patient")).header("if-none-exist", "identifier=urn:x|9").json(&body).send().await.expect("an answer");
    assert_eq!(again.status(), StatusCode::OK);
    assert_eq!(text(&again.json().await.expect("JSON"), "/id"), id);

    let url = format!("{base}/Patient/{id}");
    let mut changed = created.clone();
    changed.as_object_mut().expect("an object").insert("gender".to_owned(), json!("female"));
    let stale = http.put(&url).header("if-match", "W/\"7\"").json(&changed).send().await.expect("an answer");
    assert_eq!(stale.status(), StatusCode::PRECONDITION_FAILED);
    let fresh = http.put(&url).header("if-match", "W/\"1\"").json(&changed).send().await.expect("an answer");
    assert_eq!(fresh.status(), StatusCode::OK);
    assert_eq!(text(&get(&url).await, "/gender"), "female");

    assert_eq!(http.delete(&url).send().await.expect("an answer").status(), StatusCode::NO_CONTENT);
    assert_eq!(http.get(&url).send().await.expect("an answer").status(), StatusCode::GONE);
    let history = get(&format!("{url}/_history")).await;
    let methods: Vec<String> = entries(&history).iter().map(|entry| text(entry, "/request/method").to_owned()).collect();
    assert_eq!(methods, ["DELETE", "PUT", "POST"]);
    assert_eq!(text(&get(&format!("{url}/_history/1")).await, "/meta/versionId"), "1");
    let wrong = http.put(&url).json(&json!({"resourceType": "Patient", "id": "other"})).send().await.expect("an answer");
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    let nowhere = http.get(format!("{base}/Nonsense/1")).send().await.expect("an answer");
    assert_eq!(nowhere.status(), StatusCode::NOT_FOUND);
    assert_eq!(text(&nowhere.json().await.expect("JSON"), "/resourceType"), "OperationOutcome");
}

#[tokio::test]
async fn type_history_since_an_instant_is_what_changed_since_then() {
    let sandbox = serve(quick(25)).await;
    let base = &sandbox.base_url;
    let recorded = (5..25).find_map(|index| sandbox.record_mammogram(&format!("person-{index:07}")).ok());
    let mammogram = recorded.expect("somebody is alive");
    let since = text(&mammogram, "/meta/lastUpdated").to_owned();
    sandbox.delete("Patient", "person-0000004").expect("the patient was there");
    let patients = get(&format!("{base}/Patient/_history?_since={since}")).await;
    let found = entries(&patients);
    assert_eq!(found.len(), 1);
    assert_eq!(found.first().map(|entry| text(entry, "/request/method")), Some("DELETE"));
    let all = search_all(&format!("{base}/Observation/_history?_count=100")).await;
    let instants: Vec<&str> = all.iter().map(|found| text(found, "/meta/lastUpdated")).collect();
    assert!(instants.iter().rev().is_sorted());
    assert_eq!(all.first().map(|first| text(first, "/id")), Some(text(&mammogram, "/id")));
    assert_eq!(all.len() as u64, sandbox.resource_counts().get("Observation").copied().unwrap_or(0));
}

#[tokio::test]
async fn the_page_shows_women_and_a_button_and_looking_changes_nothing() {
    let sandbox = serve(quick(300)).await;
    let page = client().get(format!("{}/", sandbox.origin)).send().await.expect("an answer").text().await.expect("text");
    assert!(!page.contains("<script") && page.contains("Record a mammogram"));
    let id = page.split("action=\"/page/").nth(1).and_then(|rest| rest.split('/').next()).expect("a form").to_owned();
    let before = sandbox.resource_counts();
    let post = format!("{}/page/{id}/mammogram", sandbox.origin);
    assert_eq!(client().get(&post).send().await.expect("an answer").status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(before, sandbox.resource_counts());
    let foreign = client().post(&post).header("sec-fetch-site", "cross-site").send().await.expect("an answer");
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    let shown = client().post(&post).send().await.expect("an answer").text().await.expect("text");
    assert!(shown.contains("Women of 52 to 74"));
    let after = sandbox.resource_counts();
    assert_eq!(before.get("Observation").map(|count| count + 1), after.get("Observation").copied());
}

#[tokio::test]
async fn the_same_ticks_on_the_same_people_change_the_same_things() {
    let (one, two) = (serve(quick(200)).await, serve(quick(200)).await);
    let changes = one.tick(11, 60).expect("things happen");
    assert_eq!(changes, two.tick(11, 60).expect("things happen"));
    assert_ne!(changes, two.tick(12, 60).expect("things happen"));
    let kinds: HashSet<&str> = changes.iter().map(|change| change.what).collect();
    assert!(kinds.len() >= 5, "only {kinds:?} happened");
    for merge in changes.iter().filter(|change| change.what == "merge") {
        let merged = one.get("Patient", &merge.patient).expect("a merged record stays");
        assert_eq!(text(&merged, "/link/0/type"), "replaced-by");
    }
}
