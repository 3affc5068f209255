//! Synthea's patients, as a hospital's server would give them: all of it arrives, and a second sync changes nothing.

use std::collections::BTreeMap;
use std::path::Path;

use rstest::rstest;

use crate::harness::database::Kind;
use crate::harness::gateway::outreach_ok;
use crate::harness::world::{Plan, World};

#[rstest]
#[case::on_sqlite(Kind::Sqlite)]
#[case::on_postgresql(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_patients_arrive_whole_and_only_once(#[case] database: Kind) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/synthea-100");
    if !folder.exists() {
        eprintln!("SKIPPED: {} is not there", folder.display());
        return;
    }
    let plan = Plan { people: None, load: Some(folder), with_definitions: false, ..Plan::new(database) };
    let Some(world) = World::make(plan).await else { return };

    let first = outreach_ok(&world.config, &["sync", "--source", "sandbox"], "");
    assert!(!first.contains('\r') && !first.contains('\u{1b}'), "plain lines where nobody watches: {first}");
    let again = outreach_ok(&world.config, &["sync", "--source", "sandbox"], "");
    assert!(again.to_lowercase().contains("nothing changed"), "{again}");
    let full = outreach_ok(&world.config, &["sync", "--source", "sandbox", "--full"], "");
    assert!(full.to_lowercase().contains("nothing changed"), "{full}");

    let _gateway = world.serve();
    let api = world.api().await;
    let sources = api.get("/sources").await;
    let stored: BTreeMap<String, u64> = sources["items"][0]["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|count| (count["type"].as_str().unwrap().to_owned(), count["count"].as_u64().unwrap()))
        .collect();
    let served = world.ehr.resource_counts();
    assert_eq!(stored["Patient"], 100);
    for kind in [
        "Patient",
        "Condition",
        "MedicationRequest",
        "CareTeam",
        "Observation",
        "Encounter",
        "Procedure",
        "Immunization",
        "AllergyIntolerance",
    ] {
        assert_eq!(stored.get(kind), served.get(kind), "{kind}");
    }

    let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
    let patients = api.all("/patients").await;
    assert_eq!(patients.len(), 100);
    for patient in &patients {
        let id = patient["id"].as_str().unwrap();
        for fact in api.get(&format!("/patients/{id}/facts")).await["items"].as_array().unwrap() {
            *kinds.entry(fact["kind"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    for kind in ["condition", "medication", "observation", "encounter", "procedure", "immunization", "allergy"] {
        assert!(kinds.get(kind).is_some_and(|count| *count > 0), "no {kind} among the facts: {kinds:?}");
    }
    let teams = api.get(&format!("/patients/{}", patients[0]["id"].as_str().unwrap())).await;
    assert!(teams["care_teams"].is_array());
}
