//! `outreach source doctor` as the people who run the gateway see it: what is well, what is not, and what to do about it.

use serde_json::Value;

use crate::harness::database::Kind;
use crate::harness::gateway::{outreach, outreach_ok};
use crate::harness::world::{Plan, World};

/// How it stands with each thing, and whether the program ended well.
fn doctor(world: &World) -> (bool, Vec<(String, String, Value)>) {
    let output = outreach(&world.config, &["source", "doctor", "--source", "sandbox", "--json"], "");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["healthy"], output.status.success());
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    let findings = said["findings"].as_array().unwrap().iter();
    (output.status.success(), findings.map(|it| (text(&it["what"]), text(&it["verdict"]), it["do"].clone())).collect())
}

fn verdict(findings: &[(String, String, Value)], what: &str) -> String {
    findings.iter().find(|it| it.0 == what).map_or_else(|| format!("{what} is not looked at"), |it| it.1.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_a_source_well_and_says_what_to_do_where_it_is_not() {
    let push = "kind = \"topic\"\ntopic = \"http://ehr-sandbox.example.org/SubscriptionTopic/any-change\"";
    let world = World::make(Plan { people: Some(20), with_definitions: false, push, ..Plan::new(Kind::Sqlite) }).await.unwrap();
    let (well, before) = doctor(&world);
    assert!(well, "nothing is wrong with one that was never read: {before:?}");
    assert_eq!(verdict(&before, "lag"), "look");

    outreach_ok(&world.config, &["sync", "--source", "sandbox"], "");
    let (well, after) = doctor(&world);
    assert!(well, "{after:?}");
    for what in ["address", "clock", "sign-in", "data", "lag", "run", "quarantine"] {
        assert_eq!(verdict(&after, what), "fine", "{what}");
    }
    assert_eq!(verdict(&after, "push"), "look", "it was not asked to tell yet");

    let text = std::fs::read_to_string(&world.config).unwrap();
    for (change, into, what, advice) in [
        ("private_hosts = [\"127.0.0.1\"]", "private_hosts = []", "address", "`private_hosts`"),
        ("/fhir\"", "/nothing-here\"", "sign-in", "FHIR base"),
        ("client_id = \"outreach-test\"", "client_id = \"another\"", "sign-in", "jwks.json"),
    ] {
        assert!(text.contains(change));
        std::fs::write(&world.config, text.replace(change, into)).unwrap();
        let (well, findings) = doctor(&world);
        let wrong = findings.iter().find(|it| it.0 == what).unwrap_or_else(|| panic!("{what}: {findings:?}"));
        assert!(!well && wrong.1 == "wrong" && wrong.2.as_str().unwrap().contains(advice), "{what}: {wrong:?}");
    }
}
