//! A value set that somebody imports beside a gateway that runs: who it is about is found within seconds, and until then nobody is.

use std::time::Duration;

use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::database::Kind;
use crate::harness::eventually;
use crate::harness::gateway::{Api, outreach, outreach_ok};
use crate::harness::world::{Plan, World};

const OID: &str = "1.2.3.4.5";

/// Members of a segment; `None` while the gateway does not answer.
async fn members_of(api: &Api, key: &str) -> Option<u64> {
    let segments = api.try_get("/segments").await?;
    segments["items"].as_array()?.iter().find(|segment| segment["key"] == key)?["members"].as_u64()
}

async fn members(api: &Api) -> Option<u64> {
    members_of(api, "hypertension").await
}

fn csv(world: &World, version: &str, code: &str) -> String {
    let path = world.folder.path().join(format!("{version}.csv"));
    std::fs::write(&path, format!("\u{feff}Value_Set,System,Code,Display,Version\r\n{OID},ICD10CM,{code},\"A, diagnosis\",{version}\r\n"))
        .unwrap();
    path.to_str().unwrap().to_owned()
}

#[rstest]
#[case::on_sqlite(Kind::Sqlite)]
#[case::on_postgresql(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn an_imported_value_set_finds_its_people_within_seconds(#[case] database: Kind) {
    let plan = Plan { people: Some(60), with_definitions: false, ..Plan::new(database) };
    let Some(world) = World::make(plan).await else { return };
    let definition = json!({ "version": 1, "key": "hypertension", "title": "Hypertension", "members": { "all": [
        { "fact": "condition", "label": "Hypertension", "value_set": format!("urn:oid:{OID}"), "window": { "from": "-120 years", "to": "as-of" } },
    ] } });
    let segments = world.folder.path().join("definitions/segments");
    std::fs::create_dir_all(&segments).unwrap();
    let file = json!({ "title": "Hypertension", "description": "People with hypertension.", "definition": definition });
    std::fs::write(segments.join("hypertension.json"), file.to_string()).unwrap();
    let everybody = json!({ "version": 1, "key": "everybody", "title": "Everybody alive", "members": { "all": [{ "deceased": false }] } });
    let file = json!({ "title": "Everybody alive", "description": "People who live.", "definition": everybody });
    std::fs::write(segments.join("everybody.json"), file.to_string()).unwrap();
    outreach_ok(&world.config, &["apply", world.folder.path().join("definitions").to_str().unwrap()], "");
    outreach_ok(&world.config, &["sync", "--source", "sandbox"], "");

    let _gateway = world.serve();
    let api = world.api().await;
    let standing = |needs: &Value| needs["items"].as_array().unwrap().last().unwrap()["value_sets"][0].clone();
    let missing = standing(&api.get("/terminology/needs").await);
    assert!(missing["standing"] == "missing" && missing["reason"].as_str().unwrap().contains("outreach terminology import"), "{missing}");
    eventually("everybody to be evaluated", Duration::from_secs(30), || async {
        members_of(&api, "everybody").await.filter(|members| *members > 0)
    })
    .await;
    assert_eq!(members(&api).await, Some(0), "nobody is counted against what is not there");
    let checked = outreach(&world.config, &["terminology", "check", "--segment", "hypertension"], "");
    assert!(!checked.status.success() && String::from_utf8_lossy(&checked.stdout).contains("missing"));

    outreach_ok(&world.config, &["terminology", "import", &csv(&world, "2024", "I10")], "");
    let found = eventually("members", Duration::from_secs(15), || async { members(&api).await.filter(|members| *members > 0) }).await;

    let needs = api.get("/terminology/needs").await;
    assert_eq!(standing(&needs)["standing"], "imported", "{needs}");

    // A later version, which nobody has a code of; and back again.
    outreach_ok(&world.config, &["terminology", "import", &csv(&world, "2025", "Z99.99")], "");
    eventually("nobody", Duration::from_secs(15), || async { members(&api).await.filter(|members| *members == 0) }).await;
    let said = outreach_ok(&world.config, &["terminology", "import", &csv(&world, "2024", "I10")], "");
    assert!(said.contains("takes the place of the later `2025`"), "{said}");
    eventually("the members of before", Duration::from_secs(15), || async { members(&api).await.filter(|members| *members == found) })
        .await;

    // A wrong file is named with the place, brings nothing, and stops no other.
    let wrong = world.folder.path().join("wrong.csv");
    std::fs::write(&wrong, "value_set,system,code\n1.2.9,LOINC,1-8\n1.2.9,,2-6\n").unwrap();
    let import = ["terminology", "import", wrong.to_str().unwrap(), &csv(&world, "2026", "I10"), "--json"];
    let output = outreach(&world.config, &import, "");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(!output.status.success() && report["refused"][0]["place"] == "line 3", "{report}");
    assert_eq!(
        (report["value_sets"][0]["result"].as_str(), report["value_sets"][0]["version_before"].as_str()),
        (Some("changed"), Some("2024"))
    );
    let unknown = outreach(&world.config, &["terminology", "show", "1.2.9"], "");
    assert!(!unknown.status.success() && String::from_utf8_lossy(&unknown.stderr).contains("not known"));
}
