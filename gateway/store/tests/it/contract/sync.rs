//! Promises R1 and R2: a piece is applied exactly once, all of it or nothing.

use std::sync::Arc;

use gateway_domain::code::CodeId;
use gateway_domain::fact::{FactKind, FactKinds};
use gateway_domain::ids::{PatientNo, QuarantineId, SyncRunId};
use gateway_domain::patient::RecordStatus;
use gateway_domain::projection::Projection;
use gateway_domain::source::{QuarantineStatus, Quarantined, SyncCounts, SyncRunStatus, SyncStrategy};
use gateway_ports::store::sync::ApplyBatch;
use gateway_ports::store::{
    PageRequest, PatientStore, QuarantineFilter, QuarantineStore, SegmentStore, SourceStore, StoreError, SyncStore,
};

use crate::fixture::{Fixture, after, entropy, now};
use crate::given::{observation, organization, patient};

on_both! {
    a_piece_brings_data_counts_checkpoint_and_marks,
    the_same_content_again_changes_nothing,
    an_older_version_never_replaces_a_newer_one,
    the_same_content_later_keeps_what_lies_between_out,
    the_last_of_several_in_one_piece_counts,
    a_piece_made_ready_ahead_comes_to_the_same,
    a_resource_that_moves_leaves_nothing_behind,
    a_deleted_resource_is_gone_and_can_come_back,
    a_deleted_patient_is_kept_as_deleted,
    a_reference_makes_a_patient_nobody_has_seen,
    a_line_that_cannot_be_read_is_kept_once,
    a_sweep_takes_what_a_full_run_did_not_see,
    a_sweep_that_would_take_too_much_takes_nothing,
    only_one_run_of_a_source_is_open,
    a_run_that_ended_takes_no_more,
    a_quiet_source_is_noted_as_fresh,
    nothing_in_a_resource_stops_the_others,
}

async fn codes(fixture: &Fixture, fhir_id: &str) -> Vec<String> {
    let no = fixture.patient_no(fhir_id).await;
    let records = fixture.clinical_records(&[no], FactKinds::OBSERVATION).await.unwrap();
    let ids: Vec<CodeId> = records[0].facts.iter().flat_map(|fact| fact.codes.clone()).collect();
    fixture.codings(&ids).await.unwrap().into_iter().map(|(_, coding)| coding.code).collect()
}

async fn a_piece_brings_data_counts_checkpoint_and_marks(fixture: Fixture) {
    let source = fixture.source().await;
    let run = fixture.begin(&source, SyncStrategy::BulkFull).await;
    let batch = ApplyBatch {
        resources: vec![patient(&source, "a", 1), observation(&source, "o", "a", 1)],
        checkpoint: Some("page 2".into()),
        ..ApplyBatch::default()
    };
    let applied = fixture.apply(run, batch, now(), entropy()).await.unwrap();
    assert_eq!(applied.counts, SyncCounts { read: 2, applied: 2, ..SyncCounts::default() });
    assert_eq!(applied.patients, [fixture.patient_no("a").await]);

    let open = fixture.open_run(source.id).await.unwrap().unwrap();
    assert_eq!((open.checkpoint.as_deref(), open.counts), (Some("page 2"), applied.counts));
    let described = fixture.facts(fixture.patient_id("a").await).await.unwrap();
    let kinds: Vec<FactKind> = described.iter().map(|fact| fact.kind).collect();
    assert_eq!(kinds, [FactKind::Observation, FactKind::Condition], "the newest first");
    assert_eq!(described[0].codes[0].display.as_deref(), Some("Code o-1"));
    assert_eq!((described[0].value, described[0].fhir_id.as_str()), (Some(0.5), "o"));
    assert_eq!(described[0].unit.as_ref().unwrap().code, "mm[Hg]");
    assert_eq!(fixture.resource_counts(None).await.unwrap(), [("Observation".into(), 1), ("Patient".into(), 1)]);
    assert_eq!(fixture.dirty_backlog().await.unwrap(), (1, Some(now())));
}

async fn the_same_content_again_changes_nothing(fixture: Fixture) {
    let source = fixture.source().await;
    let resources = || vec![patient(&source, "a", 1), observation(&source, "o", "a", 1)];
    fixture.sync(&source, resources()).await;
    let claimed = fixture.claim_dirty(10, now(), after(60)).await.unwrap();
    fixture.apply_evaluations(&claimed, &[], &[], now()).await.unwrap();

    let again = fixture.sync(&source, resources()).await;
    assert_eq!(again.counts, SyncCounts { read: 2, unchanged: 2, ..SyncCounts::default() });
    assert!(again.patients.is_empty());
    assert_eq!(fixture.dirty_backlog().await.unwrap().0, 0);
}

async fn an_older_version_never_replaces_a_newer_one(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1), observation(&source, "o", "a", 2)]).await;
    let late = fixture.sync(&source, vec![observation(&source, "o", "a", 1)]).await;
    assert_eq!(late.counts.unchanged, 1);
    assert_eq!(codes(&fixture, "a").await, ["o-2"]);
}

async fn the_same_content_later_keeps_what_lies_between_out(fixture: Fixture) {
    let source = fixture.source().await;
    let mut back_again = observation(&source, "o", "a", 1);
    back_again.last_updated = observation(&source, "o", "a", 3).last_updated;
    fixture.sync(&source, vec![observation(&source, "o", "a", 1)]).await;
    assert_eq!(fixture.sync(&source, vec![back_again]).await.counts.unchanged, 1);
    fixture.sync(&source, vec![observation(&source, "o", "a", 2)]).await;
    assert_eq!(codes(&fixture, "a").await, ["o-1"]);
}

async fn the_last_of_several_in_one_piece_counts(fixture: Fixture) {
    let source = fixture.source().await;
    let mut undated = observation(&source, "o", "a", 9);
    undated.last_updated = None;
    let applied = fixture.sync(&source, vec![observation(&source, "o", "a", 5), undated]).await;
    assert_eq!((applied.counts.applied, applied.counts.unchanged), (1, 1));
    assert_eq!(codes(&fixture, "a").await, ["o-9"]);
}

async fn a_piece_made_ready_ahead_comes_to_the_same(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![observation(&source, "same", "a", 1)]).await;
    let long = |version| {
        let mut long = observation(&source, "long", "a", version);
        long.raw = format!("{{\"version\":{version},\"note\":\"{}\"}}", "and so on ".repeat(100)).into_bytes();
        long
    };
    for (version, pack) in [(2, true), (3, false)] {
        let run = fixture.begin(&source, SyncStrategy::SearchSince).await;
        let resources = vec![observation(&source, "same", "a", 1), long(1), long(version), patient(&source, "a", version)];
        let mut batch = ApplyBatch { resources, ..ApplyBatch::default() };
        fixture.prepare(&mut batch, pack);
        let applied = fixture.apply(run, batch, now(), entropy()).await.unwrap();
        fixture.complete(run).await;
        assert_eq!(applied.counts, SyncCounts { read: 4, applied: 2, unchanged: 2, ..SyncCounts::default() });
        let a = fixture.patient_id("a").await;
        for kept in [observation(&source, "same", "a", 1), long(version), patient(&source, "a", version)] {
            assert_eq!(fixture.raw_resource(a, &kept.resource_type, &kept.fhir_id).await.unwrap(), Some(kept.raw));
        }
    }
}

async fn a_resource_that_moves_leaves_nothing_behind(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1), patient(&source, "b", 1), observation(&source, "o", "a", 1)]).await;
    let moved = fixture.sync(&source, vec![observation(&source, "o", "b", 2)]).await;
    assert_eq!(moved.patients, [fixture.patient_no("a").await, fixture.patient_no("b").await]);
    assert!(codes(&fixture, "a").await.is_empty());
    assert_eq!(codes(&fixture, "b").await, ["o-2"]);
    assert_eq!(fixture.resource_counts(Some(source.id)).await.unwrap()[0], ("Observation".into(), 1));
    let raw = |id| fixture.raw_resource(id, "Observation", "o");
    assert_eq!(raw(fixture.patient_id("a").await).await.unwrap(), None);
    assert_eq!(raw(fixture.patient_id("b").await).await.unwrap(), Some(observation(&source, "o", "b", 2).raw));
}

async fn delete(fixture: &Fixture, run: SyncRunId, resource_type: &str, id: &str) -> u64 {
    let batch = ApplyBatch { deletes: vec![(resource_type.into(), id.into())], ..ApplyBatch::default() };
    fixture.apply(run, batch, now(), entropy()).await.unwrap().counts.deleted
}

async fn a_deleted_resource_is_gone_and_can_come_back(fixture: Fixture) {
    let source = fixture.source().await;
    let run = fixture.begin(&source, SyncStrategy::SearchSince).await;
    fixture.apply_to(run, vec![patient(&source, "a", 1), observation(&source, "o", "a", 1)]).await;
    assert_eq!(delete(&fixture, run, "Observation", "o").await, 1);
    assert_eq!(delete(&fixture, run, "Observation", "o").await, 0, "once is enough");
    assert_eq!(delete(&fixture, run, "Observation", "never seen").await, 0);
    assert!(codes(&fixture, "a").await.is_empty());
    assert_eq!(fixture.resource_counts(None).await.unwrap(), [("Patient".into(), 1)]);

    assert_eq!(fixture.apply_to(run, vec![observation(&source, "o", "a", 1)]).await.counts.applied, 1);
    assert_eq!(codes(&fixture, "a").await, ["o-1"]);
}

async fn a_deleted_patient_is_kept_as_deleted(fixture: Fixture) {
    let source = fixture.source().await;
    let run = fixture.begin(&source, SyncStrategy::SearchSince).await;
    fixture.apply_to(run, vec![patient(&source, "a", 1), observation(&source, "o", "a", 1)]).await;
    delete(&fixture, run, "Patient", "a").await;
    let kept = fixture.patient_by_fhir_id("main", "a").await.unwrap().unwrap();
    assert_eq!(kept.status, RecordStatus::Deleted);
    fixture.apply_to(run, vec![patient(&source, "a", 1)]).await;
    assert_eq!(fixture.patient(kept.id).await.unwrap().unwrap().status, RecordStatus::Active, "the same id comes back");
}

async fn a_reference_makes_a_patient_nobody_has_seen(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![observation(&source, "o", "a", 1)]).await;
    let referenced = fixture.patient_by_fhir_id("main", "a").await.unwrap().unwrap();
    assert_eq!(referenced.status, RecordStatus::Referenced);
    assert_eq!(fixture.patient_count().await.unwrap(), 0);
    assert_eq!(fixture.claim_dirty(10, now(), after(60)).await.unwrap(), []);

    fixture.sync(&source, vec![patient(&source, "a", 1)]).await;
    let seen = fixture.patient(referenced.id).await.unwrap().unwrap();
    assert_eq!((seen.status, seen.no), (RecordStatus::Active, referenced.no));
    assert_eq!(codes(&fixture, "a").await, ["o-1"]);
    assert_eq!(fixture.claim_dirty(10, now(), after(60)).await.unwrap().len(), 1);
}

async fn a_line_that_cannot_be_read_is_kept_once(fixture: Fixture) {
    let source = fixture.source().await;
    let run = fixture.begin(&source, SyncStrategy::BulkFull).await;
    let line = |line| Quarantined {
        id: QuarantineId::new(now(), entropy()),
        source: source.id,
        run,
        resource_type: Some("Patient".into()),
        fhir_id: None,
        line: Some(line),
        reason: "the line is cut off".into(),
        raw: b"{\"resourceType\":\"Pat\0\xff".to_vec(),
        whole: true,
        at: after(line as i64),
        status: QuarantineStatus::Open,
        tries: 0,
        resolved_at: None,
    };
    let batch = |line| ApplyBatch { quarantined: vec![line], ..ApplyBatch::default() };
    fixture.apply(run, batch(line(1)), now(), entropy()).await.unwrap();
    fixture.apply(run, batch(line(2)), now(), entropy()).await.unwrap();
    let of_source = QuarantineFilter { source: Some(source.id), ..QuarantineFilter::default() };
    let page = fixture.quarantine(&of_source, PageRequest::default()).await.unwrap();
    assert_eq!((page.total, page.items[0].line), (1, Some(2)), "met again: one row, as it was met last");
    let kept = fixture.quarantined(page.items[0].id).await.unwrap().unwrap();
    assert_eq!(kept.raw, b"{\"resourceType\":\"Pat\0\xff", "each byte as it came");
    assert_eq!(fixture.open_run(source.id).await.unwrap().unwrap().counts.quarantined, 2);
}

async fn a_sweep_takes_what_a_full_run_did_not_see(fixture: Fixture) {
    let source = fixture.source().await;
    let all: Vec<_> = ["o1", "o2", "o3", "o4"].map(|id| observation(&source, id, "a", 1)).into();
    fixture.sync(&source, [vec![patient(&source, "a", 1)], all.clone()].concat()).await;
    let run = fixture.begin(&source, SyncStrategy::BulkFull).await;
    fixture.apply_to(run, all[..2].to_vec()).await;
    fixture.apply_to(run, all[2..3].to_vec()).await;
    let gone = fixture.sweep(run, &["Observation".into()], 0.5, now()).await.unwrap();
    assert_eq!(gone, Some(1));
    assert_eq!(fixture.sweep(run, &["Observation".into()], 0.5, now()).await.unwrap(), Some(0));
    let mut left = codes(&fixture, "a").await;
    left.sort();
    assert_eq!(left, ["o1-1", "o2-1", "o3-1"]);
    fixture.complete(run).await;
    assert_eq!(fixture.resource_counts(None).await.unwrap(), [("Observation".into(), 3), ("Patient".into(), 1)]);
    assert_eq!(fixture.claim_dirty(10, now(), after(60)).await.unwrap()[0].patient, fixture.patient_no("a").await);
}

async fn a_sweep_that_would_take_too_much_takes_nothing(fixture: Fixture) {
    let source = fixture.source().await;
    let all: Vec<_> = ["o1", "o2", "o3", "o4"].map(|id| observation(&source, id, "a", 1)).into();
    fixture.sync(&source, all.clone()).await;
    let run = fixture.begin(&source, SyncStrategy::SearchFull).await;
    fixture.apply_to(run, all[..2].to_vec()).await;
    assert_eq!(fixture.sweep(run, &["Observation".into()], 0.25, now()).await.unwrap(), None);
    assert_eq!(codes(&fixture, "a").await.len(), 4);
}

async fn only_one_run_of_a_source_is_open(fixture: Fixture) {
    let source = fixture.source().await;
    let run = fixture.begin(&source, SyncStrategy::BulkFull).await;
    let second = fixture.begin_run(SyncRunId::new(now(), entropy()), source.id, SyncStrategy::BulkFull, now()).await;
    assert!(matches!(second, Err(StoreError::Conflict { .. })), "{second:?}");
    fixture.save_checkpoint(run, "job 7").await.unwrap();
    assert_eq!(fixture.open_run(source.id).await.unwrap().unwrap().checkpoint.as_deref(), Some("job 7"));
    fixture.complete(run).await;
    assert_eq!(fixture.open_run(source.id).await.unwrap(), None);
    let source = fixture.source_by_name("main").await.unwrap().unwrap();
    assert_eq!((source.synced_at, source.complete_until), (Some(now()), Some(now())));
}

async fn a_run_that_ended_takes_no_more(fixture: Fixture) {
    let source = fixture.source().await;
    let run = fixture.begin(&source, SyncStrategy::BulkFull).await;
    fixture.finish_run(run, SyncRunStatus::Failed, None, Some("no answer"), now()).await.unwrap();
    let late = fixture.apply(run, ApplyBatch::default(), now(), entropy()).await;
    assert!(matches!(late, Err(StoreError::Stale { .. })), "{late:?}");
    let runs = fixture.sync_runs(source.id, PageRequest::default()).await.unwrap();
    assert_eq!((runs.total, runs.items[0].note.as_deref()), (1, Some("no answer")));
    assert_eq!(fixture.patient_by_no(PatientNo(1)).await.unwrap(), None);
}

async fn a_quiet_source_is_noted_as_fresh(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![]).await;
    fixture.note_unchanged(source.id, Some(after(-10)), after(5)).await.unwrap();
    let read = || async { fixture.source_by_name("main").await.unwrap().unwrap() };
    assert_eq!((read().await.synced_at, read().await.complete_until), (Some(after(5)), Some(now())));
    fixture.note_unchanged(source.id, Some(after(7)), after(8)).await.unwrap();
    assert_eq!(read().await.complete_until, Some(after(7)));
    fixture.begin(&source, SyncStrategy::SearchSince).await;
    fixture.note_unchanged(source.id, None, after(9)).await.unwrap();
    assert_eq!(read().await.synced_at, Some(after(8)), "a run is under way");
}

async fn nothing_in_a_resource_stops_the_others(fixture: Fixture) {
    let source = fixture.source().await;
    let mut odd = observation(&source, "o", "a", 1);
    let Projection::Clinical(clinical) = &mut odd.projection else { unreachable!() };
    Arc::make_mut(&mut clinical.facts[0].codes[0]).code = "nul\0".into();
    clinical.facts[0].text = Some("\0".into());
    clinical.facts[0].value = Some(f64::INFINITY);
    Arc::make_mut(&mut clinical.facts[1].codes[0]).code = "long".repeat(10_000);
    let mut named = patient(&source, "a", 1);
    let Projection::Patient(person) = &mut named.projection else { unreachable!() };
    person.demographics.family = Some("Long\0".repeat(10_000));
    let applied = fixture.sync(&source, vec![named, odd, organization(&source, "org", &"Long".repeat(10_000))]).await;
    assert_eq!(applied.counts.applied, 3);
    assert_eq!(codes(&fixture, "a").await, ["nul\u{fffd}"]);
}
