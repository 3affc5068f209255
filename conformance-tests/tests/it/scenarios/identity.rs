//! One person in two hospitals: linked by an identifier both know, written to once and only where both records allow it, parted by hand
//! without a lost opt-out, merged and un-merged by the source, and never taken for somebody of the same name.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::database::Kind;
use crate::harness::eventually;
use crate::harness::gateway::{Api, outreach, outreach_ok};
use crate::harness::world::{Plan, World};

const LONG: Duration = Duration::from_mins(2);
const SSN: &str = "http://hl7.org/fhir/sid/us-ssn";

/// A woman of sixty whom the journey is for.
fn woman(id: &str, given: &str, identifier: (&str, &str)) -> Value {
    json!({
        "resourceType": "Patient", "id": id, "active": true, "gender": "female", "birthDate": "1966-04-01",
        "name": [{ "family": "Lovelace", "given": [given] }],
        "communication": [{ "language": { "coding": [{ "system": "urn:ietf:bcp:47", "code": "en" }] }, "preferred": true }],
        "telecom": [{ "system": "email", "value": format!("{id}@example.org"), "use": "home" }],
        "identifier": [{ "system": identifier.0, "value": identifier.1 }],
    })
}

fn merged_into(mut patient: Value, survivor: &str) -> Value {
    patient["active"] = json!(false);
    patient["link"] = json!([{ "other": { "reference": format!("Patient/{survivor}") }, "type": "replaced-by" }]);
    patient
}

/// A second hospital in the configuration, and the rules.
async fn second_hospital(world: &World) -> ehr_sandbox::Running {
    let config = ehr_sandbox::Config { people: Some(0), open: true, ..ehr_sandbox::Config::default() };
    let clinic = ehr_sandbox::start(config, TcpListener::bind("127.0.0.1:0").await.unwrap()).await.unwrap();
    let text = std::fs::read_to_string(&world.config).unwrap()
        + &format!(
            "[[source]]\nname = \"clinic\"\nurl = \"{}\"\npoll = \"500ms\"\nprivate_hosts = [\"127.0.0.1\"]\n[source.auth]\nkind = \"none\"\n",
            clinic.base_url
        );
    std::fs::write(&world.config, text).unwrap();
    clinic
}

fn trust(world: &World, systems: &str) {
    let text = std::fs::read_to_string(&world.config).unwrap();
    let text = text.split("[identity]").next().unwrap().to_owned();
    std::fs::write(&world.config, format!("{text}[identity]\nsystems = {systems}\norder = [\"sandbox\"]\n")).unwrap();
}

/// Everybody the journey is for is a member of its segment.
fn apply_definitions(world: &World) {
    world.apply_definitions("1 hour");
    let women = json!({
        "title": "Women of 52 to 74", "description": "For this test.",
        "definition": { "version": 1, "key": "women", "title": "Women", "members": { "all": [
            { "sex": "female" }, { "age": { "from": 52, "to": 74, "at": "as-of" } }
        ] } },
    });
    let folder = world.folder.path().join("definitions");
    std::fs::write(folder.join("segments/breast-cancer-screening-due.json"), women.to_string()).unwrap();
    outreach_ok(&world.config, &["apply", folder.to_str().unwrap()], "");
}

async fn record(api: &Api, source: &str, fhir_id: &str) -> String {
    eventually("a record", LONG, || async {
        let found = api.try_get(&format!("/patients?q={fhir_id}&limit=200")).await?;
        let is_it = |row: &&Value| row["fhir_id"] == fhir_id && row["source"] == source && row["status"] != "referenced";
        found["items"].as_array()?.iter().find(is_it).map(|row| row["id"].as_str().unwrap().to_owned())
    })
    .await
}

/// Waits until the person of a record has so many records; the person.
async fn person_of(api: &Api, id: &str, records: usize) -> Value {
    eventually("the records of a person", LONG, || async {
        let person = api.try_get(&format!("/patients/{id}/person")).await?;
        (person["records"].as_array()?.len() == records).then_some(person)
    })
    .await
}

/// Waits until the record's one message came to its end; status and reason.
async fn end_of_message(api: &Api, id: &str) -> (String, String) {
    eventually("the end of a message", LONG, || async {
        let messages = api.try_get(&format!("/messages?patient={id}")).await?;
        let message = messages["items"].as_array()?.first()?.clone();
        let text = |key: &str| message[key].as_str().unwrap_or_default().to_owned();
        (!matches!(message["status"].as_str()?, "due" | "in-flight")).then(|| (text("status"), text("reason")))
    })
    .await
}

fn recipients(world: &World) -> Vec<String> {
    let mut to: Vec<String> = world.arrived().into_iter().map(|(_, to)| to).collect();
    to.sort_unstable();
    to
}

#[rstest]
#[case::on_sqlite(Kind::Sqlite)]
#[case::on_postgresql(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn one_person_in_two_hospitals_is_written_to_only_if_both_records_allow_it(#[case] database: Kind) {
    let Some(world) = World::make(Plan { people: Some(0), with_definitions: false, ..Plan::new(database) }).await else { return };
    let clinic = second_hospital(&world).await;
    let refused = |systems: &str| {
        trust(&world, systems);
        let output = outreach(&world.config, &["check"], "");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = refused("[\"name\"]");
    assert!(code == Some(64) && said.contains("identity.systems"), "{said}");

    // Ada in both; Grace and somebody who has her name and birth date.
    world.ehr.put(&woman("ada-h", "Ada", (SSN, "123-45-6789"))).unwrap();
    clinic.put(&woman("ada-c", "Ada", (SSN, "123456789"))).unwrap();
    world.ehr.put(&woman("grace-h", "Grace", (SSN, "987-65-4321"))).unwrap();
    clinic.put(&woman("grace-c", "Grace", ("urn:mrn", "987-65-4321"))).unwrap();

    // Held as two, without rules; she tells the clinic alone that she wants no mail.
    trust(&world, "[]");
    let gateway = world.serve();
    let api = world.api().await;
    let (hospital_ada, clinic_ada) = (record(&api, "sandbox", "ada-h").await, record(&api, "clinic", "ada-c").await);
    let (hospital_grace, clinic_grace) = (record(&api, "sandbox", "grace-h").await, record(&api, "clinic", "grace-c").await);
    person_of(&api, &hospital_ada, 1).await;
    let told = api.send(Method::POST, &format!("/patients/{clinic_ada}/consents"), &json!({ "decision": "deny" })).await;
    assert_eq!(told.status(), 201);
    gateway.kill();

    // With rules she is one, and her opt-out stops what would have gone through the hospital's record.
    trust(&world, &format!("[\"{SSN}\"]"));
    apply_definitions(&world);
    let gateway = world.serve();
    let api = world.api().await;
    let ada = person_of(&api, &hospital_ada, 2).await;
    assert_eq!(ada["primary"], hospital_ada.as_str(), "{ada}");
    let link = &ada["links"][0];
    assert_eq!((&link["by"], &link["system"]), (&json!("identifier"), &json!(SSN)), "{ada}");
    let name = ada["golden"].as_array().unwrap().iter().find(|field| field["field"] == "name").unwrap();
    assert_eq!((&name["value"], &name["source"]), (&json!("Ada Lovelace"), &json!("sandbox")));
    assert_eq!(end_of_message(&api, &hospital_ada).await, ("refused".into(), "opted-out".into()));
    assert_eq!(api.get(&format!("/messages?patient={clinic_ada}")).await["total"], 0, "she is written to by one record");

    // A name and a birth date link nobody, and ask nobody.
    for grace in [&hospital_grace, &clinic_grace] {
        assert_eq!(end_of_message(&api, grace).await.0, "accepted");
        person_of(&api, grace, 1).await;
    }
    assert_eq!(api.get("/identity-questions").await["total"], 0);
    assert_eq!(recipients(&world), ["grace-c@example.org", "grace-h@example.org"]);

    // Parted by hand, both keep the opt-out: also the record that never had one of its own.
    let reason = "two people who share a number";
    let part = json!({ "record": clinic_ada, "others": [hospital_ada], "decision": "different", "reason": reason });
    let parted = api.send(Method::POST, "/identity-decisions", &part).await;
    assert_eq!(parted.status(), 200, "{}", parted.text().await.unwrap());
    for ada in [&hospital_ada, &clinic_ada] {
        person_of(&api, ada, 1).await;
        let consents = api.get(&format!("/patients/{ada}/consents")).await;
        assert_eq!((&consents["total"], &consents["items"][0]["decision"]), (&json!(1), &json!("deny")), "{consents}");
        assert_eq!(end_of_message(&api, ada).await, ("refused".into(), "opted-out".into()));
    }
    // A change of the record does not join them again, and a restart neither.
    let mut changed = woman("ada-c", "Augusta", (SSN, "123456789"));
    clinic.put(&changed).unwrap();
    gateway.kill();
    let _gateway = world.serve();
    let api = world.api().await;
    eventually("the new name", LONG, || async {
        let shown = api.try_get(&format!("/patients/{clinic_ada}")).await?;
        (shown["name"] == "Augusta Lovelace").then_some(())
    })
    .await;
    person_of(&api, &clinic_ada, 1).await;

    // Taken back, the rule counts again; the command line says the same.
    let undone = outreach_ok(&world.config, &["identity", "undo", &hospital_ada, &clinic_ada], "");
    assert!(undone.contains("taken back"), "{undone}");
    person_of(&api, &hospital_ada, 2).await;
    let shown: Value = serde_json::from_str(&outreach_ok(&world.config, &["identity", "show", &clinic_ada, "--json"], "")).unwrap();
    let ids: BTreeSet<&str> = shown["records"].as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap()).collect();
    assert_eq!(ids, BTreeSet::from([hospital_ada.as_str(), clinic_ada.as_str()]));

    // Now her birth date differs: nobody is joined, somebody is asked.
    changed["birthDate"] = json!("1990-01-01");
    clinic.put(&changed).unwrap();
    person_of(&api, &hospital_ada, 1).await;
    let questions = api.get("/identity-questions").await;
    assert_eq!((&questions["total"], &questions["items"][0]["kind"]), (&json!(1), &json!("birth-differs")), "{questions}");
    assert_eq!(questions["items"][0]["records"].as_array().unwrap().len(), 2);

    // The source merges a record into Grace's, and undoes it. Staff can't undo it for the source.
    let mut duplicate = woman("grace-old", "Grace", ("urn:mrn", "1"));
    duplicate.as_object_mut().unwrap().remove("telecom");
    world.ehr.put(&merged_into(duplicate.clone(), "grace-h")).unwrap();
    let grace = person_of(&api, &hospital_grace, 2).await;
    assert_eq!((&grace["primary"], &grace["links"][0]["by"]), (&json!(hospital_grace), &json!("merge")), "{grace}");
    let old = record(&api, "sandbox", "grace-old").await;
    let part = json!({ "record": old, "others": [hospital_grace], "decision": "different", "reason": reason });
    assert_eq!(api.send(Method::POST, "/identity-decisions", &part).await.status(), 409);
    world.ehr.put(&duplicate).unwrap();
    person_of(&api, &hospital_grace, 1).await;
    assert_eq!(recipients(&world), ["grace-c@example.org", "grace-h@example.org"], "nobody got anything twice, and Ada nothing");
}
