//! A definition is tried before it is kept: who would be on the list, who would join, who would leave. And the list is taken away as a table.

use std::time::Duration;

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::database::Kind;
use crate::harness::eventually;
use crate::harness::world::{Plan, World};

const MINUTE: Duration = Duration::from_mins(1);

/// People of an age, of one sex or of any.
fn definition(from: u32, to: u32, sex: Option<&str>) -> Value {
    let mut all = vec![json!({ "age": { "from": from, "to": to } }), json!({ "deceased": false })];
    all.extend(sex.map(|sex| json!({ "sex": sex })));
    json!({ "version": 1, "key": "aged", "title": "Of an age", "members": { "all": all } })
}

#[rstest]
#[case::on_sqlite(Kind::Sqlite)]
#[case::on_postgresql(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_shows_who_would_join_and_leave_and_changes_nothing(#[case] database: Kind) {
    let Some(world) = World::make(Plan { people: Some(200), with_definitions: false, ..Plan::new(database) }).await else { return };
    let folder = world.folder.path().join("lists");
    std::fs::create_dir_all(folder.join("segments")).unwrap();
    let kept = json!({ "title": "Women of 50 to 59", "description": "For this test.", "definition": definition(50, 59, Some("female")) });
    std::fs::write(folder.join("segments/aged.json"), kept.to_string()).unwrap();
    crate::harness::gateway::outreach_ok(&world.config, &["apply", folder.to_str().unwrap()], "");
    let _gateway = world.serve();
    let api = world.api().await;
    let segment = eventually("members, and nobody who waits", MINUTE, || async {
        let segments = api.try_get("/segments").await?;
        let segment = segments["items"][0].clone();
        let sources = api.try_get("/sources").await?;
        (segment["members"].as_u64()? > 0 && sources["items"][0]["synced_at"].is_string()).then_some(segment)
    })
    .await;
    // What has come late is evaluated, too.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let id = segment["id"].as_str().unwrap().to_owned();
    let members = api.get(&format!("/segments/{id}")).await["members"].as_u64().unwrap();

    let api = &api;
    let preview = |body: Value| async move { api.send(Method::POST, "/segments/preview", &body).await };
    let same: Value = preview(json!({ "definition": definition(50, 59, Some("female")), "instead_of": id })).await.json().await.unwrap();
    // Records out of use are of nobody.
    let looked_at = same["looked_at"].as_u64().unwrap();
    assert!(same["is_complete"] == true && (150..=200).contains(&looked_at), "{same}");
    assert_eq!((same["members"].as_u64(), same["joining"].as_u64(), same["leaving"].as_u64()), (Some(members), Some(0), Some(0)));

    // Older by ten years, and everybody: some join, some leave, and they are named.
    let moved: Value = preview(json!({ "definition": definition(55, 69, None), "instead_of": id })).await.json().await.unwrap();
    let count = |name: &str| moved[name].as_u64().unwrap();
    assert!(count("joining") > 0 && count("leaving") > 0, "{moved}");
    assert_eq!(count("members"), members + count("joining") - count("leaving"));
    assert_eq!(moved["some_leaving"].as_array().unwrap().len() as u64, count("leaving").min(20));
    assert!(moved["some_joining"][0]["name"].as_str().is_some_and(|name| !name.is_empty()));

    // Asked for another day, the same people are older.
    let later = json!({ "definition": definition(50, 59, Some("female")), "instead_of": id, "as_of": "2126-01-01" });
    let later: Value = preview(later).await.json().await.unwrap();
    assert_eq!((later["members"].as_u64(), later["leaving"].as_u64()), (Some(0), Some(members)));

    // Nothing changed meanwhile.
    assert_eq!(api.get(&format!("/segments/{id}")).await["members"].as_u64(), Some(members));
    assert_eq!(api.get(&format!("/segments/{id}")).await["version"], 1);

    // What is wrong is named with its place.
    let wrong = preview(json!({ "definition": definition(59, 50, Some("femal")) })).await;
    assert_eq!(wrong.status(), 422);
    let wrong: Value = wrong.json().await.unwrap();
    let paths: Vec<&str> = wrong["errors"].as_array().unwrap().iter().map(|error| error["path"].as_str().unwrap()).collect();
    assert!(paths.contains(&"/definition/members/all/0/age") && paths.contains(&"/definition/members/all/2/sex"), "{wrong}");
    let unknown =
        json!({ "version": 1, "key": "k", "title": "K", "members": { "fact": "condition", "value_set": "https://example.org/none" } });
    let unknown = preview(json!({ "definition": unknown })).await;
    assert_eq!(unknown.status(), 422);
    assert!(unknown.text().await.unwrap().contains("https://example.org/none"));

    // The list as a table: a row for each, with the reasons.
    let table = api.text(&format!("/segments/{id}/members.csv")).await;
    let rows: Vec<&str> = table.split("\r\n").filter(|row| !row.is_empty()).collect();
    assert_eq!(rows.len() as u64, members + 1, "{table}");
    assert!(rows[1].starts_with("pat_") && rows[1].contains("Female"), "{table}");
}
