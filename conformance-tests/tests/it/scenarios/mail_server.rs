//! A mail server that is away, and one that refuses somebody: messages wait, nothing is lost, and nobody is tried blindly again.

use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;

use crate::harness::database::Kind;
use crate::harness::eventually;
use crate::harness::world::{Plan, World};

#[tokio::test(flavor = "multi_thread")]
async fn messages_wait_for_the_mail_server_and_a_refusal_is_final() {
    let world = World::make(Plan { people: Some(120), ..Plan::new(Kind::Sqlite) }).await.unwrap();
    let address = world.mail.smtp;
    world.mail.stop();
    let _gateway = world.serve();
    let api = world.api().await;
    let held = eventually("messages that wait", Duration::from_mins(1), || async {
        let due = api.try_get("/messages?status=due&limit=200").await?;
        let tried: Vec<_> = due["items"].as_array()?.iter().filter(|message| message["tries"].as_u64() > Some(0)).cloned().collect();
        (!tried.is_empty()).then_some(tried)
    })
    .await;
    assert!(held.iter().all(|message| !message["reason"].as_str().unwrap_or_default().is_empty()), "each says what it waits for");
    assert_eq!(api.get("/messages?status=unknown").await["total"], 0, "nobody was handed over, so nothing is unknown");

    // One of them gets an address that the server will refuse.
    let refused = held[0]["patient"]["id"].as_str().unwrap().to_owned();
    let fhir_id = api.get(&format!("/patients/{refused}")).await["fhir_id"].as_str().unwrap().to_owned();
    let mut patient = world.ehr.get("Patient", &fhir_id).unwrap();
    patient["telecom"] = json!([{ "system": "email", "value": "refuse.me@example.org", "use": "home", "rank": 1 }]);
    world.ehr.put(&patient).unwrap();
    eventually("the new address", Duration::from_secs(20), || async {
        let record = api.try_get(&format!("/patients/{refused}")).await?;
        record["contact_points"].to_string().contains("refuse.me").then_some(())
    })
    .await;

    let page = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let _mail = mailbox::start(world.mail.mailbox.clone(), TcpListener::bind(address).await.unwrap(), page).unwrap();
    let rejected = eventually("the refusal", Duration::from_mins(2), || async {
        let rejected = api.try_get("/messages?status=rejected").await?;
        rejected["items"].as_array()?.iter().find(|message| message["patient"]["id"] == refused.as_str()).cloned()
    })
    .await;
    assert!(!rejected["reason"].to_string().contains("refuse.me"), "the reason carries no address: {rejected}");
    eventually("the others to arrive", Duration::from_mins(2), || async { (api.moving().await? == 0).then_some(()) }).await;
    let arrived = world.arrived();
    assert_eq!(arrived.len(), api.all("/messages?status=accepted").await.len(), "each accepted message arrived once");
    assert!(arrived.iter().all(|(_, to)| !to.starts_with("refuse")));
}
