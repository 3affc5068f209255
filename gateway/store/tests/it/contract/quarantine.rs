//! What could not be read: found again by reason, settled by what comes later, put aside.

use gateway_domain::ids::QuarantineId;
use gateway_domain::source::{QuarantineStatus, Quarantined, Source, SyncStrategy};
use gateway_ports::store::sync::ApplyBatch;
use gateway_ports::store::{PageRequest, QuarantineFilter, QuarantineStore, SyncStore};

use crate::fixture::{Fixture, after, entropy, now};
use crate::given::patient;

on_both!(
    a_later_run_settles_what_an_earlier_one_could_not_read,
    what_is_read_again_is_settled_with_the_resource_and_what_is_not_stays_open,
    what_was_dismissed_stays_so_and_what_was_settled_opens_again,
);

fn unread(source: &Source, id: Option<&str>, reason: &str, raw: &str) -> Quarantined {
    Quarantined {
        id: QuarantineId::new(now(), entropy()),
        source: source.id,
        run: gateway_domain::ids::SyncRunId::new(now(), entropy()),
        resource_type: Some("Patient".into()),
        fhir_id: id.map(Into::into),
        line: Some(7),
        reason: reason.into(),
        raw: raw.into(),
        whole: true,
        at: now(),
        status: QuarantineStatus::Open,
        tries: 0,
        resolved_at: None,
    }
}

async fn quarantine(fixture: &Fixture, source: &Source, lines: Vec<Quarantined>) {
    let run = fixture.begin(source, SyncStrategy::SearchSince).await;
    fixture.apply(run, ApplyBatch { quarantined: lines, ..ApplyBatch::default() }, now(), entropy()).await.unwrap();
    fixture.complete(run).await;
}

async fn statuses(fixture: &Fixture) -> Vec<(String, QuarantineStatus)> {
    let rows = fixture.quarantine(&QuarantineFilter::default(), PageRequest::default()).await.unwrap().items;
    let mut statuses: Vec<_> = rows.into_iter().map(|row| (row.fhir_id.unwrap_or_default(), row.status)).collect();
    statuses.sort_by(|one, other| one.0.cmp(&other.0));
    statuses
}

async fn a_later_run_settles_what_an_earlier_one_could_not_read(fixture: Fixture) {
    use QuarantineStatus::{Open, Resolved};
    let source = fixture.source().await;
    let lines = [Some("a"), Some("b"), Some("c"), None].map(|id| unread(&source, id, "odd at column 3", id.unwrap_or("-")));
    quarantine(&fixture, &source, lines.into()).await;
    let run = fixture.begin(&source, SyncStrategy::SearchSince).await;
    let batch = ApplyBatch {
        resources: vec![patient(&source, "a", 1)],
        deletes: vec![("Patient".into(), "c".into())],
        quarantined: vec![unread(&source, Some("a"), "odd at column 9", "in the same run")],
        ..ApplyBatch::default()
    };
    fixture.apply(run, batch, after(1), entropy()).await.unwrap();
    let open = |id: &str| (id.to_owned(), Open);
    let settled = |id: &str| (id.to_owned(), Resolved);
    let mut found = statuses(&fixture).await;
    found.sort_by_key(|(id, status)| (id.clone(), *status == Resolved));
    assert_eq!(found, [open(""), open("a"), settled("a"), open("b"), settled("c")]);
    let counts = fixture.quarantine_counts(Some(source.id)).await.unwrap();
    assert_eq!((counts[0].kind.as_str(), counts[0].status, counts[0].count), ("odd", Open, 3));
}

async fn what_is_read_again_is_settled_with_the_resource_and_what_is_not_stays_open(fixture: Fixture) {
    let source = fixture.source().await;
    let long = "x".repeat(200_000);
    quarantine(&fixture, &source, vec![unread(&source, None, "not known", "1"), unread(&source, None, "too odd", &long)]).await;
    let filter = QuarantineFilter { kind: Some("not known".into()), ..QuarantineFilter::default() };
    let again = fixture.quarantine_to_replay(&filter, None, 10).await.unwrap();
    assert_eq!((again.len(), again[0].raw.as_slice()), (1, b"1".as_slice()));
    let all = fixture.quarantine_to_replay(&QuarantineFilter::default(), None, 10).await.unwrap();
    assert!(all.iter().any(|line| line.raw == long.as_bytes()), "kept whole");
    let last = all.last().unwrap().id;
    assert!(fixture.quarantine_to_replay(&QuarantineFilter::default(), Some(last), 10).await.unwrap().is_empty());

    let run = fixture.begin(&source, SyncStrategy::Replay).await;
    let batch = ApplyBatch { resources: vec![patient(&source, "a", 1)], replayed: vec![again[0].id], ..ApplyBatch::default() };
    fixture.apply(run, batch, after(1), entropy()).await.unwrap();
    fixture.complete(run).await;
    let replayed = fixture.quarantined(again[0].id).await.unwrap().unwrap();
    assert_eq!((replayed.status, replayed.resolved_at), (QuarantineStatus::Replayed, Some(after(1))));
    let other = all.iter().find(|line| line.id != again[0].id).unwrap().id;
    fixture.note_replayed_in_vain(&[(other, "odd still".into())]).await.unwrap();
    let other = fixture.quarantined(other).await.unwrap().unwrap();
    assert_eq!((other.status, other.tries, other.reason.as_str()), (QuarantineStatus::Open, 1, "odd still"));
}

async fn what_was_dismissed_stays_so_and_what_was_settled_opens_again(fixture: Fixture) {
    let source = fixture.source().await;
    let lines = || vec![unread(&source, Some("a"), "odd", "1"), unread(&source, Some("b"), "odder", "2")];
    quarantine(&fixture, &source, lines()).await;
    let odd = QuarantineFilter { kind: Some("odd".into()), ..QuarantineFilter::default() };
    assert_eq!(fixture.dismiss_quarantine(&odd, after(1)).await.unwrap(), 1);
    assert_eq!(fixture.dismiss_quarantine(&odd, after(1)).await.unwrap(), 0);
    fixture.sync(&source, vec![patient(&source, "b", 1)]).await;
    let both = |a, b| vec![("a".to_owned(), a), ("b".to_owned(), b)];
    assert_eq!(statuses(&fixture).await, both(QuarantineStatus::Dismissed, QuarantineStatus::Resolved));
    quarantine(&fixture, &source, lines()).await;
    assert_eq!(statuses(&fixture).await, both(QuarantineStatus::Dismissed, QuarantineStatus::Open));
    assert_eq!(fixture.quarantine_not_kept(source.id).await.unwrap(), 0);
}
