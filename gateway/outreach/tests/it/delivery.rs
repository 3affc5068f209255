use std::sync::atomic::Ordering;
use std::time::Duration;

use gateway_domain::consent::{Consent, ConsentChannel, ConsentDecision};
use gateway_domain::ids::ConsentId;
use gateway_domain::message::MessageStatus;
use gateway_outreach::workers::{Stage, Workers};
use jiff::SignedDuration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::world::{World, noon, work_off};

#[tokio::test]
async fn a_crash_between_in_flight_and_the_outcome_leaves_unknown_and_sends_nothing_twice() {
    let world = World::invited().await;
    world.script.channel.store(2, Ordering::SeqCst);
    let before = world.delivery();
    timeout(Duration::from_millis(50), before.work()).await.unwrap_err();
    drop(before);
    assert_eq!(world.messages()[0].status, MessageStatus::InFlight, "durable before the wire");

    world.script.channel.store(0, Ordering::SeqCst);
    world.pass(SignedDuration::from_hours(1));
    work_off(&world.delivery()).await;
    assert_eq!((world.messages()[0].status, world.sent()), (MessageStatus::Unknown, 1));
}

#[tokio::test]
async fn a_channel_that_traps_while_sending_leaves_unknown() {
    let world = World::invited().await;
    world.script.channel.store(1, Ordering::SeqCst);
    let delivery = world.delivery();
    work_off(&delivery).await;
    world.script.channel.store(0, Ordering::SeqCst);
    world.pass(SignedDuration::from_hours(1));
    work_off(&delivery).await;
    assert_eq!((world.messages()[0].status, world.sent()), (MessageStatus::Unknown, 1));
}

#[tokio::test]
async fn a_person_without_a_translation_is_held_and_written_to_once_there_is_one() {
    let world = World::invited().await;
    world.store.kept().patients[0].demographics.language = Some("so".into());
    let delivery = world.delivery();
    work_off(&delivery).await;
    let message = &world.messages()[0];
    assert_eq!((message.status, message.reason.as_deref(), world.sent()), (MessageStatus::Due, Some("no-translation"), 0));
    assert_eq!(message.due_at, noon() + SignedDuration::from_hours(1));

    world.store.kept().patients[0].demographics.language = Some("en".into());
    world.pass(SignedDuration::from_hours(1));
    work_off(&delivery).await;
    assert_eq!(world.messages()[0].status, MessageStatus::Accepted);
}

#[tokio::test]
async fn an_opt_out_between_claim_and_gate_stops_the_message() {
    let world = World::invited().await;
    *world.script.consent_while_rendering.lock().unwrap() = Some(Consent {
        id: ConsentId::new(noon(), [0; 10]),
        decision: ConsentDecision::Deny,
        medium: None,
        purpose: None,
        list: None,
        at: noon(),
        through: ConsentChannel::OneClick,
        evidence: String::new(),
    });
    work_off(&world.delivery()).await;
    let message = &world.messages()[0];
    assert_eq!((message.status, message.reason.as_deref(), world.sent()), (MessageStatus::Refused, Some("opted-out"), 0));
}

#[tokio::test]
async fn the_workers_carry_a_dirty_patient_to_a_sent_message_and_stop_when_told() {
    let world = World::new();
    let segment = world.segment("due", "steady", serde_json::json!({}));
    world.journey(segment, "remind");
    world.mark_dirty();
    let (cancel, tracker) = (CancellationToken::new(), TaskTracker::new());
    Workers::spawn(&world.deps, &gateway_outreach::workers::Wake::default(), &cancel, &tracker);
    timeout(Duration::from_secs(5), async {
        while world.messages().first().is_none_or(|message| message.status != MessageStatus::Accepted) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    cancel.cancel();
    tracker.close();
    timeout(Duration::from_secs(5), tracker.wait()).await.unwrap();
    assert_eq!(world.sent(), 1);
}
