use gateway_domain::ids::{SourceId, SourceNo};

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn open(strategy: SyncStrategy, checkpoint: Option<&Checkpoint>) -> SyncRun {
    SyncRun {
        id: SyncRunId::new(at("2026-11-23T00:00:00Z"), [1; 10]),
        source: SourceId::new(at("2026-11-23T00:00:00Z"), [2; 10]),
        strategy,
        status: SyncRunStatus::Running,
        counts: SyncCounts::default(),
        checkpoint: checkpoint.and_then(|place| Stored { state: RunState::default(), place: Some(place.clone()) }.written()),
        started_at: at("2026-11-23T00:00:00Z"),
        ended_at: None,
        note: None,
    }
}

#[test]
fn an_import_goes_on_only_with_the_same_files_and_options() {
    let tally = ImportTally { damaged: 1, ..ImportTally::default() };
    let checkpoint = Checkpoint::Import { fingerprint: "a".into(), document: 3, place: 40, tally: tally.clone() };
    let run = open(SyncStrategy::Import, Some(&checkpoint));
    let begin = |run: &SyncRun, fingerprint, strategy, restart| start(Some(run), "main", fingerprint, strategy, restart);
    assert_eq!(start(None, "main", "a", SyncStrategy::Import, false).unwrap(), Start::Anew);
    assert_eq!(begin(&run, "a", SyncStrategy::Import, false).unwrap(), Start::Resumed { document: 3, place: 40, tally });
    assert!(begin(&run, "b", SyncStrategy::Import, false).is_err(), "other files");
    assert!(begin(&run, "a", SyncStrategy::ImportFull, false).is_err(), "other options");
    assert_eq!(begin(&run, "b", SyncStrategy::Import, true).unwrap(), Start::InsteadOf(run.id));
    let unread = open(SyncStrategy::Import, None);
    assert_eq!(begin(&unread, "b", SyncStrategy::Import, false).unwrap(), Start::InsteadOf(unread.id), "it had read nothing");
    assert!(begin(&open(SyncStrategy::BulkFull, None), "a", SyncStrategy::Import, true).is_err(), "a sync is no import to give up");
}

#[test]
fn what_is_claimed_of_the_files_must_be_possible() {
    let now = at("2026-11-23T12:00:00Z");
    let source = |until: Option<&str>| Source {
        id: SourceId::new(now, [2; 10]),
        no: SourceNo(1),
        name: "main".into(),
        base_url: String::new(),
        complete_until: until.map(at),
        synced_at: None,
    };
    let (new, known) = (source(None), source(Some("2026-11-20T00:00:00Z")));
    let claim =
        |source: &Source, has_server, complete, as_of: Option<&str>| check_claims(source, has_server, complete, as_of.map(at), now).is_ok();
    assert!(claim(&new, false, true, None), "the first of all may be complete and say no moment");
    assert!(claim(&new, false, false, Some("2026-11-23T11:00:00Z")));
    assert!(!claim(&new, false, false, Some("2026-11-23T13:00:00Z")), "from the future");
    assert!(!claim(&known, false, true, None), "older than what is known, perhaps");
    assert!(!claim(&known, false, true, Some("2026-11-19T00:00:00Z")), "older than what is known");
    assert!(claim(&known, false, true, Some("2026-11-21T00:00:00Z")));
    assert!(!claim(&known, true, false, Some("2026-11-21T00:00:00Z")), "the next sync would leave something out");
    assert!(claim(&known, true, false, None) && claim(&known, true, true, Some("2026-11-21T00:00:00Z")));
}
