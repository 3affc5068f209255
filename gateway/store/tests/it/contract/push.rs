//! Our subscriptions on sources, and the runs that read what a server told of.

use gateway_domain::ids::PushSubscriptionId;
use gateway_domain::push_subscription::{PushKind, PushSecret, PushStatus, PushSubscription};
use gateway_domain::source::{Source, SyncRunStatus, SyncStrategy};
use gateway_ports::store::push::{PushCheck, PushNote};
use gateway_ports::store::sync::ApplyBatch;
use gateway_ports::store::{PageRequest, PushStore, SegmentStore, SourceStore, StoreError, SyncStore};

use crate::fixture::{Fixture, after, entropy, now};
use crate::given::patient;

on_both! {
    a_source_has_one_subscription_for_each_criteria,
    one_gateway_at_a_time_looks_after_a_subscription,
    what_was_heard_only_moves_forward,
    a_run_by_hints_says_nothing_about_the_rest_of_the_source,
    a_run_by_hints_does_not_make_up_for_one_that_was_given_up,
    old_runs_by_hints_are_forgotten,
}

fn wanted(source: &Source, criteria: &str) -> PushSubscription {
    let id = PushSubscriptionId::new(now(), entropy());
    PushSubscription::new(id, source.id, PushKind::Topic, criteria.to_owned(), PushSecret::of([7; 32]), now())
}

async fn a_source_has_one_subscription_for_each_criteria(fixture: Fixture) {
    let source = fixture.source().await;
    let first = fixture.add_push_subscription(&wanted(&source, "http://example.org/all")).await.unwrap();
    let again = fixture.add_push_subscription(&wanted(&source, "http://example.org/all")).await.unwrap();
    assert_eq!(again, first, "the first one stays, with its secret");
    let other = fixture.add_push_subscription(&wanted(&source, "http://example.org/other")).await.unwrap();
    assert_eq!(fixture.push_subscriptions(source.id).await.unwrap(), [first.clone(), other.clone()]);
    assert_eq!(fixture.push_subscription(first.id).await.unwrap(), Some(first.clone()));

    fixture.delete_push_subscription(first.id).await.unwrap();
    fixture.delete_push_subscription(first.id).await.unwrap();
    assert_eq!(fixture.push_subscription(first.id).await.unwrap(), None);
    let check = PushCheck { remote_id: Some("1".into()), status: PushStatus::Active, problem: None, failures: 0, due_at: after(60) };
    let gone = fixture.put_push_check(first.id, &check).await;
    assert!(matches!(gone, Err(StoreError::Missing { .. })), "{gone:?}");
    fixture.put_push_check(other.id, &check).await.unwrap();
    let kept = fixture.push_subscription(other.id).await.unwrap().unwrap();
    assert_eq!((kept.remote_id.as_deref(), kept.status, kept.due_at), (Some("1"), PushStatus::Active, after(60)));
}

async fn one_gateway_at_a_time_looks_after_a_subscription(fixture: Fixture) {
    let source = fixture.source().await;
    let subscription = fixture.add_push_subscription(&wanted(&source, "t")).await.unwrap();
    assert!(fixture.claim_push_subscription(subscription.id, now(), after(60)).await.unwrap());
    assert!(!fixture.claim_push_subscription(subscription.id, now(), after(60)).await.unwrap());
    fixture.expedite_push_subscription(subscription.id, after(1)).await.unwrap();
    assert!(fixture.claim_push_subscription(subscription.id, after(1), after(60)).await.unwrap());
    assert!(fixture.claim_push_subscription(subscription.id, after(61), after(120)).await.unwrap(), "whoever had it is gone");
}

async fn what_was_heard_only_moves_forward(fixture: Fixture) {
    let source = fixture.source().await;
    let id = fixture.add_push_subscription(&wanted(&source, "t")).await.unwrap().id;
    let note = |last_event, at, gaps| PushNote { notifications: 1, gaps, last_event, renumbered: false, heard_at: Some(after(at)) };
    fixture.note_push(id, &note(Some(5), 10, 1)).await.unwrap();
    fixture.note_push(id, &note(Some(3), 5, 0)).await.unwrap();
    fixture.note_push(id, &note(None, 7, 0)).await.unwrap();
    let kept = fixture.push_subscription(id).await.unwrap().unwrap();
    assert_eq!((kept.last_event, kept.heard_at, kept.notifications, kept.gaps), (Some(5), Some(after(10)), 3, 1));
    fixture.note_push(id, &PushNote { last_event: Some(1), renumbered: true, ..PushNote::default() }).await.unwrap();
    let kept = fixture.push_subscription(id).await.unwrap().unwrap();
    assert_eq!((kept.last_event, kept.heard_at), (Some(1), Some(after(10))));
}

async fn hint_run(fixture: &Fixture, source: &Source, id: &str, version: u32) {
    let run = fixture.begin(source, SyncStrategy::Hint).await;
    fixture.apply_to(run, vec![patient(source, id, version)]).await;
    fixture.finish_run(run, SyncRunStatus::Complete, None, None, after(500)).await.unwrap();
}

async fn dirty(fixture: &Fixture) -> usize {
    fixture.claim_dirty(100, after(600), after(900)).await.unwrap().len()
}

async fn a_run_by_hints_says_nothing_about_the_rest_of_the_source(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "p", 1)]).await;
    let before = fixture.source_by_name("main").await.unwrap().unwrap();
    hint_run(&fixture, &source, "p", 2).await;
    let after_hint = fixture.source_by_name("main").await.unwrap().unwrap();
    assert_eq!((after_hint.synced_at, after_hint.complete_until), (before.synced_at, before.complete_until));
    let run = fixture.begin(&source, SyncStrategy::Hint).await;
    fixture.apply(run, ApplyBatch::default(), now(), entropy()).await.unwrap();
    assert_eq!(dirty(&fixture).await, 1, "a run by hints holds nobody back");
}

async fn a_run_by_hints_does_not_make_up_for_one_that_was_given_up(fixture: Fixture) {
    let source = fixture.source().await;
    let run = fixture.begin(&source, SyncStrategy::BulkFull).await;
    fixture.apply_to(run, vec![patient(&source, "p", 1)]).await;
    fixture.finish_run(run, SyncRunStatus::Failed, None, None, now()).await.unwrap();
    hint_run(&fixture, &source, "p", 2).await;
    assert_eq!(dirty(&fixture).await, 0, "half of the source is still missing");
    fixture.sync(&source, vec![patient(&source, "p", 3)]).await;
    assert_eq!(dirty(&fixture).await, 1);
}

async fn old_runs_by_hints_are_forgotten(fixture: Fixture) {
    let source = fixture.source().await;
    hint_run(&fixture, &source, "p", 1).await;
    let run = fixture.begin(&source, SyncStrategy::Hint).await;
    fixture.execute_raw("UPDATE sync_run SET no = no + 5000 WHERE status = 'running'").await.unwrap();
    fixture.finish_run(run, SyncRunStatus::Complete, None, None, after(500)).await.unwrap();
    let runs = fixture.sync_runs(source.id, PageRequest::default()).await.unwrap();
    assert_eq!(runs.total, 1, "the old one is gone");
}
