//! One patient all the way through: synced, found with evidence, enrolled, written to, and let go when the care gap closes.

use std::collections::BTreeSet;
use std::time::Duration;

use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::database::Kind;
use crate::harness::eventually;
use crate::harness::gateway::{Api, client};
use crate::harness::world::{Plan, World};

const MINUTE: Duration = Duration::from_mins(1);

async fn segment(api: &Api, key: &str) -> Option<Value> {
    let segments = api.try_get("/segments").await?;
    segments["items"].as_array()?.iter().find(|segment| segment["key"] == key).cloned()
}

/// The messages in a status.
async fn messages(api: &Api, status: &str) -> Vec<Value> {
    api.all(&format!("/messages?status={status}")).await
}

#[rstest]
#[case::on_sqlite(Kind::Sqlite)]
#[case::on_postgresql(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_patient_is_synced_found_invited_and_let_go_when_screened(#[case] database: Kind) {
    let Some(world) = World::make(Plan { people: Some(300), reminder_after: "45 seconds", ..Plan::new(database) }).await else { return };
    let _gateway = world.serve();
    let api = world.api().await;

    // Synced by bulk export.
    let source = eventually("the first sync", MINUTE, || async {
        let sources = api.try_get("/sources").await?;
        Some(sources["items"][0].clone()).filter(|source| source["synced_at"].is_string())
    })
    .await;
    let runs = api.get(&format!("/sources/{}/runs", source["id"].as_str().unwrap())).await;
    let first = runs["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(first["strategy"], "bulk-full");
    assert_eq!(first["status"], "complete");
    assert!(first["counts"]["applied"].as_u64().unwrap() > 1_000, "{first}");

    // Found, each with evidence.
    let due = eventually("members of the segment", MINUTE, || async {
        segment(&api, "breast-cancer-screening-due").await.filter(|segment| segment["members"].as_u64() > Some(3))
    })
    .await;
    let members = api.all(&format!("/segments/{}/members", due["id"].as_str().unwrap())).await;
    for member in &members {
        assert!(!member["evidence"].as_array().unwrap().is_empty(), "a member without evidence: {member}");
    }

    // Enrolled and written to: everybody is either sent to, or refused or held for a stated reason.
    let journeys = api.get("/journeys").await;
    let journey = journeys["items"][0]["id"].as_str().unwrap().to_owned();
    eventually("every invitation to be decided", MINUTE, || async {
        let runs = api.try_get(&format!("/journeys/{journey}/runs?limit=200")).await?;
        let counts = api.try_get("/message-counts").await?;
        let count = |status: &str| {
            counts.as_array().unwrap().iter().find(|count| count["status"] == status).map_or(0, |count| count["count"].as_u64().unwrap())
        };
        (runs["total"].as_u64()? >= members.len() as u64
            && count("in-flight") == 0
            && count("accepted") > 0
            && count("accepted") + count("refused") + count("due") >= runs["total"].as_u64()?)
        .then_some(())
    })
    .await;
    // A message that was due may be on its way: it arrives before its outcome is written down.
    let (accepted, arrived) = eventually("each accepted message to have arrived once", MINUTE, || async {
        let (accepted, arrived) = (messages(&api, "accepted").await, world.arrived());
        (arrived.len() == accepted.len()).then_some((accepted, arrived))
    })
    .await;
    assert_eq!(arrived.iter().map(|(id, _)| id).collect::<BTreeSet<_>>().len(), arrived.len(), "no message arrived twice");
    for refused in messages(&api, "refused").await {
        assert!(!refused["reason"].as_str().unwrap_or_default().is_empty(), "a refusal without a reason: {refused}");
    }

    // Screened: out of the segment and out of the journey within seconds, before the reminder.
    let screened = accepted[0]["patient"]["id"].as_str().unwrap().to_owned();
    let fhir_id = api.get(&format!("/patients/{screened}")).await["fhir_id"].as_str().unwrap().to_owned();
    world.ehr.record_mammogram(&fhir_id).unwrap();
    eventually("the screened patient to leave", Duration::from_secs(10), || async {
        let memberships = api.try_get(&format!("/patients/{screened}/memberships")).await?;
        let inside =
            memberships["items"].as_array()?.iter().any(|membership| membership["segment"]["key"] == "breast-cancer-screening-due");
        let runs = api.try_get(&format!("/patients/{screened}/runs")).await?;
        (!inside && runs["items"][0]["status"] == "left").then_some(())
    })
    .await;

    // One unsubscribes by the header of the email, another follows a link; both get no reminder.
    let received = world.mail.mailbox.messages();
    let raw = |place: usize| String::from_utf8_lossy(&received[place].raw).replace("\r\n ", " ").replace("\r\n\t", " ");
    let to_screened: Vec<_> =
        messages(&api, "accepted").await.into_iter().filter(|message| message["patient"]["id"] == screened.as_str()).collect();
    let others: Vec<usize> = (0..received.len())
        .filter(|place| !to_screened.iter().any(|message| raw(*place).contains(message["id"].as_str().unwrap())))
        .collect();
    let header = raw(others[0]);
    let unsubscribe = header
        .lines()
        .find_map(|line| line.strip_prefix("List-Unsubscribe: <"))
        .and_then(|rest| rest.split('>').next())
        .unwrap()
        .to_owned();
    assert!(header.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"));
    let looked = client().get(&unsubscribe).send().await.unwrap();
    assert!(looked.status().is_success(), "a scanner may look");
    let left = client()
        .post(&unsubscribe)
        .header("content-type", "application/x-www-form-urlencoded")
        .body("List-Unsubscribe=One-Click")
        .send()
        .await
        .unwrap();
    assert!(left.status().is_success(), "one click leaves: {}", left.status());

    // The rest is reminded, and nobody else.
    // Invitations that a sync held back may still arrive before: a reminder is the second mail to somebody.
    let somebody_has_two = || {
        let mut once = BTreeSet::new();
        world.arrived().into_iter().any(|(_, to)| !once.insert(to))
    };
    eventually("a reminder", Duration::from_secs(90), || async { somebody_has_two().then_some(()) }).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let all = messages(&api, "accepted").await;
    let reminded: BTreeSet<&str> = all
        .iter()
        .filter(|message| message["template"] == "screening-reminder")
        .filter_map(|message| message["patient"]["id"].as_str())
        .collect();
    assert!(!reminded.is_empty());
    assert!(!reminded.contains(screened.as_str()), "a screened patient was reminded");
    let unsubscribed = world.mail.mailbox.message(others[0] + 1).unwrap().to[0].clone();
    let to_unsubscribed = world.arrived().iter().filter(|(_, to)| *to == unsubscribed).count();
    assert_eq!(to_unsubscribed, 1, "someone who left was written to again");

    // Every look at a patient is in the audit.
    let audit = api.get(&format!("/audit?patient={screened}&limit=200")).await;
    assert!(audit["items"].as_array().unwrap().iter().any(|entry| entry["action"] == "read"), "reading a patient leaves a row");
    let paused = api.send(reqwest::Method::PUT, &format!("/journeys/{journey}/status"), &json!({ "status": "paused" })).await;
    assert!(paused.status().is_success());
}
