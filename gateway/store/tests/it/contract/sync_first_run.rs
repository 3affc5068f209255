//! The first run of a source looks nothing up that it has not brought itself. What it brings twice, takes back or leaves to another
//! process comes out as in every other run.

use gateway_domain::ids::SyncRunId;
use gateway_domain::source::{Source, SyncRunStatus, SyncStrategy};
use gateway_ports::store::sync::{Applied, ApplyBatch};
use gateway_ports::store::{PatientStore, SourceStore as _, SyncStore};
use gateway_store::Store;

use crate::fixture::{Fixture, entropy, now};
use crate::given::{observation, patient};

on_both! {
    what_a_first_run_brings_twice_is_kept_once_and_where_it_was_last,
    what_a_first_run_takes_back_is_gone,
    a_first_run_goes_on_in_another_process,
    the_run_after_the_first_knows_what_the_first_brought,
    a_first_run_that_is_given_up_leaves_nothing_unknown,
}

async fn observations(fixture: &Fixture, of: &str) -> Vec<String> {
    let facts = fixture.facts(fixture.patient_id(of).await).await.unwrap();
    let mut ids: Vec<String> = facts.into_iter().filter(|fact| fact.resource_type == "Observation").map(|fact| fact.fhir_id).collect();
    ids.sort();
    // Each has two facts.
    ids.dedup();
    ids
}

async fn begin(fixture: &Fixture, source: &Source) -> SyncRunId {
    let run = fixture.begin(source, SyncStrategy::BulkFull).await;
    fixture.apply_to(run, vec![patient(source, "a", 1), patient(source, "b", 1), observation(source, "o", "a", 1)]).await;
    run
}

async fn apply_in(store: &Store, run: SyncRunId, source: &Source, id: &str, of: &str, version: u32) -> Applied {
    let batch = ApplyBatch { resources: vec![observation(source, id, of, version)], ..ApplyBatch::default() };
    store.apply(run, batch, now(), entropy()).await.unwrap()
}

async fn what_a_first_run_brings_twice_is_kept_once_and_where_it_was_last(fixture: Fixture) {
    let source = fixture.source().await;
    let run = begin(&fixture, &source).await;
    assert_eq!(fixture.apply_to(run, vec![observation(&source, "o", "a", 1)]).await.counts.unchanged, 1);
    assert_eq!(fixture.apply_to(run, vec![observation(&source, "o", "b", 2)]).await.counts.applied, 1);
    assert_eq!(fixture.apply_to(run, vec![observation(&source, "o", "a", 1)]).await.counts.unchanged, 1, "it is older");
    assert!(observations(&fixture, "a").await.is_empty());
    assert_eq!(observations(&fixture, "b").await, ["o"]);
    assert_eq!(fixture.resource_counts(None).await.unwrap(), [("Observation".into(), 1), ("Patient".into(), 2)]);
    fixture.complete(run).await;
}

async fn what_a_first_run_takes_back_is_gone(fixture: Fixture) {
    let source = fixture.source().await;
    let run = begin(&fixture, &source).await;
    let delete = || ApplyBatch { deletes: vec![("Observation".into(), "o".into())], ..ApplyBatch::default() };
    assert_eq!(fixture.apply(run, delete(), now(), entropy()).await.unwrap().counts.deleted, 1);
    assert!(observations(&fixture, "a").await.is_empty());
    assert_eq!(fixture.apply_to(run, vec![observation(&source, "o", "b", 2)]).await.counts.applied, 1);
    assert_eq!(fixture.apply(run, delete(), now(), entropy()).await.unwrap().counts.deleted, 1);
    fixture.complete(run).await;
    assert_eq!(fixture.resource_counts(None).await.unwrap(), [("Patient".into(), 2)]);
}

async fn a_first_run_goes_on_in_another_process(fixture: Fixture) {
    let source = fixture.source().await;
    let run = begin(&fixture, &source).await;
    let other = fixture.another_process().await;
    assert_eq!(apply_in(&other, run, &source, "o", "b", 2).await.counts.applied, 1);
    assert_eq!(apply_in(&other, run, &source, "p", "b", 1).await.counts.applied, 1);
    other.close().await;
    assert_eq!(fixture.apply_to(run, vec![observation(&source, "p", "a", 2)]).await.counts.applied, 1);
    assert_eq!(observations(&fixture, "a").await, ["p"]);
    assert_eq!(observations(&fixture, "b").await, ["o"]);
    assert_eq!(fixture.sweep(run, &["Observation".into()], 1.0, now()).await.unwrap(), Some(0));
    fixture.complete(run).await;
}

async fn the_run_after_the_first_knows_what_the_first_brought(fixture: Fixture) {
    let source = fixture.source().await;
    let run = begin(&fixture, &source).await;
    fixture.complete(run).await;
    assert_eq!(fixture.sync(&source, vec![observation(&source, "o", "b", 2)]).await.counts.applied, 1);
    assert!(observations(&fixture, "a").await.is_empty());
    let full = fixture.begin(&source, SyncStrategy::BulkFull).await;
    assert_eq!(fixture.sweep(full, &["Observation".into()], 1.0, now()).await.unwrap(), Some(1));
    assert!(observations(&fixture, "b").await.is_empty());
}

async fn a_first_run_that_is_given_up_leaves_nothing_unknown(fixture: Fixture) {
    let source = fixture.source().await;
    let run = begin(&fixture, &source).await;
    fixture.finish_run(run, SyncRunStatus::Failed, None, None, now()).await.unwrap();
    assert_eq!(fixture.sync(&source, vec![observation(&source, "o", "b", 2)]).await.counts.applied, 1);
    assert!(observations(&fixture, "a").await.is_empty());
    assert_eq!(observations(&fixture, "b").await, ["o"]);
}
