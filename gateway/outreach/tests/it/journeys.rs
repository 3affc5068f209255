use std::sync::atomic::Ordering;

use gateway_domain::journey::RunStatus;
use gateway_domain::message::MessageStatus;
use jiff::SignedDuration;
use serde_json::json;

use crate::world::{World, work_off};

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24 + 1);

#[tokio::test]
async fn who_does_nothing_is_reminded() {
    let world = World::invited().await;
    work_off(&world.delivery()).await;
    world.pass(WEEK);
    world.travel().await;
    work_off(&world.delivery()).await;
    assert_eq!(world.sent(), 2);
}

#[tokio::test]
async fn who_leaves_the_segment_before_the_reminder_gets_none() {
    let world = World::invited().await;
    work_off(&world.delivery()).await;
    world.script.member.store(false, Ordering::SeqCst);
    world.mark_dirty();
    world.evaluate().await;
    world.travel().await;
    world.pass(WEEK);
    world.travel().await;
    work_off(&world.delivery()).await;
    assert_eq!(world.sent(), 1);
    let kept = world.store.kept();
    let run = &kept.runs.values().next().unwrap().run;
    assert_eq!((run.status, run.reason.as_deref()), (RunStatus::Left, Some("screened")));
    assert!(kept.messages.values().all(|message| message.status == MessageStatus::Accepted));
}

#[tokio::test]
async fn a_run_whose_plugin_traps_again_and_again_is_stuck_and_says_why() {
    let world = World::new();
    let segment = world.segment("due", "steady", json!({}));
    world.journey(segment, "broken");
    world.mark_dirty();
    world.evaluate().await;
    for _ in 0..6 {
        world.travel().await;
        world.pass(SignedDuration::from_mins(1));
    }
    let kept = world.store.kept();
    let run = &kept.runs.values().next().unwrap().run;
    assert_eq!(run.status, RunStatus::Stuck);
    assert!(run.reason.as_deref().unwrap().contains("unreachable executed"));
}
