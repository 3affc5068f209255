//! The official test patients of the fourteen measures, evaluated by the command that hospitals have: every count agrees.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::database::Kind;
use crate::harness::eventually;
use crate::harness::gateway::{outreach, outreach_ok};
use crate::harness::world::{Plan, World};

/// Cases whose values contradict what they say of themselves: a GMI over 9 % that carries "Yes" as its value.
const BROKEN: [&str; 2] = ["6630d394", "8956ebb5"];

/// Where the official cases are; `None`, saying so, where they are not.
fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/ecqm");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: {} is not there", folder.display());
    None
}

fn evaluate(measure: &str, value_sets: &Path, cases: &Path, period: &str) -> std::process::Output {
    let (value_sets, cases) = (value_sets.display().to_string(), cases.display().to_string());
    let arguments =
        ["measure", "evaluate", "--measure", measure, "--value-sets", &value_sets, "--cases", &cases, "--period", period, "--json"];
    // No gateway, no database and no configuration are needed.
    outreach(Path::new("/nowhere/outreach.toml"), &arguments, "")
}

#[test]
fn every_official_case_of_the_fourteen_measures_agrees() {
    let Some(corpus) = corpus() else { return };
    let mut folders: Vec<PathBuf> = fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let (mut compared, mut wrong) = (0, Vec::new());
    for folder in folders {
        let name = folder.file_name().unwrap().to_str().unwrap();
        let measure = name.split('-').next().unwrap();
        let output = evaluate(measure, &folder.join("valuesets.json"), &folder.join("cases"), "2025-01-01/2025-12-31");
        assert!(output.status.success(), "{measure}: {}", String::from_utf8_lossy(&output.stderr));
        let counted: BTreeMap<String, Value> = serde_json::from_slice(&output.stdout).unwrap();
        let expected: BTreeMap<String, Value> = serde_json::from_slice(&fs::read(folder.join("expected.json")).unwrap()).unwrap();
        for (case, expected) in &expected {
            if BROKEN.iter().any(|broken| case.starts_with(broken)) {
                continue;
            }
            compared += 1;
            let found = counted.get(case).map(|counted| &counted["groups"]);
            if found != Some(&expected["groups"]) {
                wrong.push(format!("{measure} {case} ({}): {found:?}, expected {}", expected["description"], expected["groups"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 350, "only {compared} cases");
}

#[test]
fn a_measure_without_its_value_sets_counts_nobody_and_says_which_is_missing() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("CMS125-BCS");
    // The value sets of another measure.
    let output = evaluate("CMS125", &corpus.join("CMS2-DSF/valuesets.json"), &folder.join("cases"), "2025-01-01/2025-12-31");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && output.stdout.is_empty());
    assert!(said.contains("value set") && said.contains("2.16.840.1.113883") && said.contains("terminology import"), "{said}");
}

#[test]
fn what_can_not_be_evaluated_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    };
    let sets = write("sets.json", r#"{ "value_sets": { "urn:oid:1.2": { "codes": ["urn:s|a"] } } }"#);
    let two = r#"{ "resourceType": "Bundle", "entry": [{ "resource": { "resourceType": "Patient", "id": "a" } }, { "resource": { "resourceType": "Patient", "id": "b" } }] }"#;
    let cases = write("cases/two.json", two).parent().unwrap().to_owned();
    let said = |measure: &str, value_sets: &Path, cases: &Path, period: &str| {
        let output = evaluate(measure, value_sets, cases, period);
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let year = "2025-01-01/2025-12-31";
    assert!(said("CMS999", &sets, &cases, year).contains("cms125"));
    assert!(said("CMS125", &sets, &cases, "2025-12-31/2025-01-01").contains("exchange them"));
    assert!(said("CMS125", &sets, &cases, "2025").contains("two days"));
    assert!(said("CMS125", &sets, &cases, year).contains("two.json` has 2 patients"));
    assert!(said("CMS125", &cases, &cases, year).contains("two.json"));
    assert!(said("breast-cancer-screening-due", &sets, &cases, year).contains("no populations"));
    let wrong = write(
        "wrong.json",
        r#"{ "version": 1, "key": "w", "title": "W", "groups": [{ "key": "g", "title": "G", "initial_population": { "sex": "femal" }, "numerator": { "block": "x" } }] }"#,
    );
    let one = write("one/one.json", r#"{ "resourceType": "Bundle", "entry": [{ "resource": { "resourceType": "Patient", "id": "a" } }] }"#);
    let error = said(wrong.to_str().unwrap(), &sets, one.parent().unwrap(), year);
    assert!(error.contains("/groups/0/initial_population/sex"), "{error}");
}

#[test]
fn the_measures_are_listed_and_shown() {
    let nowhere = Path::new("/nowhere/outreach.toml");
    let list = outreach_ok(nowhere, &["measure", "list"], "");
    assert_eq!(list.lines().filter(|line| line.contains("CMS")).count(), 14, "{list}");
    let shown: Value = serde_json::from_str(&outreach_ok(nowhere, &["measure", "show", "cms165"], "")).unwrap();
    assert_eq!(shown["measure"]["id"], "CMS165");
    let plain = outreach_ok(nowhere, &["measure", "show", "CMS165", "--plain"], "");
    assert!(plain.contains("Systolic blood pressure") && !plain.contains('{'), "{plain}");
}

/// Gives what belongs to a case ids of its own, and to its patient: the cases call different things by the same id, and some speak of a
/// patient who is not in them.
fn apart(value: &mut Value, case: &str) {
    match value {
        Value::Object(object) => {
            for (name, value) in object.iter_mut() {
                match (name.as_str(), &value) {
                    ("reference", Value::String(reference)) if reference.starts_with("Patient/") => {
                        *value = format!("Patient/{case}").into();
                    }
                    ("reference", Value::String(reference)) if reference.contains('/') && !reference.contains(case) => {
                        *value = format!("{reference}-{}", &case[..8]).into();
                    }
                    _ => apart(value, case),
                }
            }
            if let Some(Value::String(id)) = object.get("id").cloned().filter(|_| object.contains_key("resourceType"))
                && id != case
            {
                object.insert("id".to_owned(), format!("{id}-{}", &case[..8]).into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| apart(item, case)),
        _ => {}
    }
}

#[rstest]
#[case::on_sqlite(Kind::Sqlite)]
#[case::on_postgresql(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_counts_the_official_patients_as_the_command_does(#[case] database: Kind) {
    const MEASURES: [&str; 4] = ["CMS117-CIS", "CMS125-BCS", "CMS165-CBP", "CMS347-SPC"];
    let Some(corpus) = corpus() else { return };
    let Some(world) = World::make(Plan { people: None, with_definitions: false, ..Plan::new(database) }).await else { return };
    let folder = world.folder.path().join("official");
    fs::create_dir_all(&folder).unwrap();
    for measure in MEASURES {
        for file in fs::read_dir(corpus.join(measure).join("cases")).unwrap().map(|entry| entry.unwrap().path()) {
            let case = file.file_stem().unwrap().to_str().unwrap().to_owned();
            let mut bundle: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
            apart(&mut bundle["entry"], &case);
            fs::write(folder.join(format!("{measure}-{case}.json")), bundle.to_string()).unwrap();
        }
        outreach_ok(&world.config, &["terminology", "import", corpus.join(measure).join("valuesets.json").to_str().unwrap()], "");
    }
    outreach_ok(&world.config, &["import", folder.to_str().unwrap(), "--source", "sandbox"], "");
    // Nobody else comes in: the server of the source does not answer.
    world.ask_instead("http://127.0.0.1:9/fhir");
    let _gateway = world.serve();
    let api = world.api().await;
    eventually("the gateway to answer", Duration::from_mins(1), || async { api.try_get("/segments").await }).await;

    // Everybody is asked about each measure, also those who are there for another one: the counts of all are compared with the command's.
    let mut gaps = BTreeMap::new();
    for measure in MEASURES {
        let name = measure.split('-').next().unwrap();
        let definition: Value = serde_json::from_str(&outreach_ok(&world.config, &["measure", "show", name], "")).unwrap();
        let asked = json!({ "definition": definition, "as_of": "2025-12-31" });
        let counted: Value = api.send(Method::POST, "/segments/preview", &asked).await.json().await.unwrap();
        let output = evaluate(name, &corpus.join(measure).join("valuesets.json"), &folder, "2025-01-01/2025-12-31");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let cases: BTreeMap<String, Value> = serde_json::from_slice(&output.stdout).unwrap();
        let groups = counted["groups"].as_array().unwrap_or_else(|| panic!("{counted}"));
        for (place, group) in groups.iter().enumerate() {
            for population in ["initial-population", "denominator", "denominator-exclusion", "numerator", "denominator-exception"] {
                let expected: u64 = cases.values().filter_map(|case| case["groups"][place][population].as_u64()).sum();
                assert_eq!(group[population.replace('-', "_")].as_u64(), Some(expected), "{name} group {place} {population}: {counted}");
            }
        }
        gaps.insert(name, counted["members"].as_u64().unwrap());
        assert!(counted["looked_at"].as_u64() >= Some(170) && counted["members"].as_u64() > Some(0), "{counted}");
    }

    // As a segment that is kept, everybody with a gap is a member, with the reasons.
    let mut definition: Value = serde_json::from_str(&outreach_ok(&world.config, &["measure", "show", "CMS125"], "")).unwrap();
    definition["period"] = json!({ "from": "2025-01-01", "to": "2025-12-31" });
    let kept = world.folder.path().join("kept");
    fs::create_dir_all(kept.join("segments")).unwrap();
    let segment = json!({ "title": "Breast cancer screening due", "description": "For this test.", "definition": definition });
    fs::write(kept.join("segments/cms125.json"), segment.to_string()).unwrap();
    outreach_ok(&world.config, &["apply", kept.to_str().unwrap()], "");
    let due = eventually("everybody with a gap", Duration::from_mins(1), || async {
        let segments = api.try_get("/segments").await?;
        let segment = segments["items"].as_array()?.iter().find(|segment| segment["key"] == "cms125")?.clone();
        (segment["members"].as_u64() == Some(gaps["CMS125"])).then_some(segment)
    })
    .await;
    let members = api.all(&format!("/segments/{}/members", due["id"].as_str().unwrap())).await;
    for member in &members {
        let phrases: Vec<&str> = member["evidence"].as_array().unwrap().iter().map(|it| it["phrase"].as_str().unwrap()).collect();
        assert!(phrases.contains(&"Female") && phrases.contains(&"Visit"), "{member}");
        assert!(phrases.contains(&"No mammogram since 2023-10-01"), "{member}");
        assert!(phrases.iter().any(|phrase| phrase.starts_with("Age ") && phrase.ends_with("at the end of 2025")), "{member}");
    }
}
