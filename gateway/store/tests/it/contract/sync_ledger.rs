//! How far each type is read, and who is at work: kept alike on both databases.

use gateway_domain::source::{SyncRunStatus, SyncStrategy, TypeCursor};
use gateway_ports::store::sync::ApplyBatch;
use gateway_ports::store::{SourceStore, SyncLedger, SyncStore};

use crate::fixture::{Fixture, after, entropy, now};
use crate::given::patient;

on_both! {
    a_cursor_is_replaced_by_type,
    a_type_that_can_not_be_read_any_more_keeps_the_source_old,
    what_a_run_did_not_see_is_told_by_type_and_id,
    patients_come_in_the_order_of_their_ids,
    a_source_is_held_by_one_until_its_time_is_over,
}

async fn a_cursor_is_replaced_by_type(fixture: Fixture) {
    let source = fixture.source().await;
    let patient = TypeCursor { complete_until: Some(now()), read_at: Some(now()), ..TypeCursor::new("Patient") };
    let condition = TypeCursor { problem: Some("status 403".into()), ..TypeCursor::new("Condition") };
    fixture.save_cursors(source.id, &[patient.clone(), condition.clone()]).await.unwrap();
    assert_eq!(fixture.cursors(source.id).await.unwrap(), [condition, patient.clone()]);
    let condition = TypeCursor { whole_at: Some(after(1)), ..TypeCursor::new("Condition") };
    fixture.save_cursors(source.id, std::slice::from_ref(&condition)).await.unwrap();
    assert_eq!(fixture.cursors(source.id).await.unwrap(), [condition, patient]);
}

async fn a_type_that_can_not_be_read_any_more_keeps_the_source_old(fixture: Fixture) {
    let source = fixture.source().await;
    let never = TypeCursor { problem: Some("status 403".into()), ..TypeCursor::new("Coverage") };
    fixture.save_cursors(source.id, &[never]).await.unwrap();
    fixture.note_unchanged(source.id, None, after(60)).await.unwrap();
    let read = async |name| fixture.source_by_name(name).await.unwrap().unwrap().synced_at;
    assert_eq!(read("main").await, Some(after(60)), "a type that could never be read is no part of it");

    let lost = TypeCursor { read_at: Some(after(10)), problem: Some("status 403".into()), ..TypeCursor::new("Condition") };
    fixture.save_cursors(source.id, &[lost]).await.unwrap();
    fixture.note_unchanged(source.id, None, after(120)).await.unwrap();
    assert_eq!(read("main").await, Some(after(10)));
    let run = fixture.begin(&source, SyncStrategy::Mixed).await;
    fixture.finish_run(run, SyncRunStatus::Complete, None, None, after(180)).await.unwrap();
    assert_eq!(read("main").await, Some(after(10)));
}

async fn what_a_run_did_not_see_is_told_by_type_and_id(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1), patient(&source, "b", 1), patient(&source, "c", 1)]).await;
    let run = fixture.begin(&source, SyncStrategy::Mixed).await;
    fixture.apply_to(run, vec![patient(&source, "a", 1)]).await;
    let present = vec![("Patient".to_owned(), "b".to_owned())];
    fixture.apply(run, ApplyBatch { present, ..ApplyBatch::default() }, now(), entropy()).await.unwrap();
    let types = ["Patient".to_owned(), "Observation".to_owned()];
    let unseen = fixture.unseen(run, &types, 10).await.unwrap();
    assert_eq!(unseen, Some(vec![("Patient".to_owned(), "c".to_owned())]));
    assert_eq!(fixture.unseen(run, &types, 0).await.unwrap(), None, "more than is asked for");
}

async fn patients_come_in_the_order_of_their_ids(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "b", 1), patient(&source, "a", 1), patient(&source, "c", 1)]).await;
    assert_eq!(fixture.known_patients(source.id, None, 2).await.unwrap(), ["a", "b"]);
    assert_eq!(fixture.known_patients(source.id, Some("b"), 2).await.unwrap(), ["c"]);
}

async fn a_source_is_held_by_one_until_its_time_is_over(fixture: Fixture) {
    let source = fixture.source().await;
    let (one, other) = ([1; 16], [2; 16]);
    assert!(fixture.take_lease(source.id, one, now(), after(20)).await.unwrap());
    assert!(fixture.take_lease(source.id, one, after(5), after(25)).await.unwrap(), "its holder may hold it longer");
    assert!(!fixture.take_lease(source.id, other, after(10), after(30)).await.unwrap());
    assert_eq!(fixture.lease(source.id, after(10)).await.unwrap(), Some((one, after(25))));
    assert!(fixture.take_lease(source.id, other, after(25), after(45)).await.unwrap(), "its time is over");
    fixture.end_lease(source.id, one).await.unwrap();
    assert!(!fixture.take_lease(source.id, one, after(30), after(50)).await.unwrap(), "what another holds stays held");
    fixture.end_lease(source.id, other).await.unwrap();
    assert!(fixture.take_lease(source.id, one, after(30), after(50)).await.unwrap());
}
