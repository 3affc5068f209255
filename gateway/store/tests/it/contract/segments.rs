//! Segments, evaluations and the marks that ask for them.

use std::collections::HashSet;

use gateway_domain::ids::{PatientNo, SegmentId};
use gateway_domain::plugin::PluginName;
use gateway_domain::segment::{Evaluation, Evidence, MembershipChange};
use gateway_domain::source::{SyncRunStatus, SyncStrategy};
use gateway_ports::store::{PageRequest, SegmentStore, SyncStore};
use jiff::civil::Date;
use serde_json::json;

use crate::fixture::{Fixture, after, now};
use crate::given::{observation, patient, segment};

on_both! {
    an_event_is_written_only_when_the_answer_changes,
    a_new_version_marks_everybody_and_drops_old_answers,
    an_answer_made_before_a_change_is_dropped,
    nobody_is_evaluated_on_half_an_import,
    a_review_date_marks_its_patient_once,
    a_plugin_that_decides_otherwise_than_before_marks_everybody_once,
    concurrent_claims_never_share_a_patient,
}

fn evaluation(patient: PatientNo, segment: SegmentId, member: bool, review_on: Option<Date>) -> Evaluation {
    let evidence = if member { vec![Evidence { phrase: "because".into(), fact: None }] } else { Vec::new() };
    Evaluation { patient, segment, member, populations: vec![u8::from(member)], evidence, review_on }
}

async fn an_event_is_written_only_when_the_answer_changes(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1), patient(&source, "b", 1)]).await;
    let segment = fixture.put_segment(&segment("due"), now()).await.unwrap();
    let (a, b) = (fixture.patient_no("a").await, fixture.patient_no("b").await);
    let claimed = fixture.claim_dirty(10, now(), after(60)).await.unwrap();
    assert_eq!(claimed.len(), 2);
    assert_eq!(fixture.claim_dirty(10, now(), after(60)).await.unwrap(), [], "leased");
    let versions = [(segment.id, 1)];
    let answers = [evaluation(a, segment.id, true, None), evaluation(b, segment.id, false, None)];
    let joined = fixture.apply_evaluations(&claimed, &answers, &versions, now()).await.unwrap();
    assert_eq!(joined.len(), 1);
    assert_eq!((joined[0].change, joined[0].patient), (MembershipChange::Joined, fixture.patient_id("a").await));
    assert_eq!(fixture.dirty_backlog().await.unwrap(), (0, None));

    assert_eq!(fixture.member_numbers(segment.id).await.unwrap(), [a]);
    let review = Some("2027-01-01".parse().unwrap());
    let again = fixture.apply_evaluations(&[], &[evaluation(a, segment.id, true, review)], &versions, after(9)).await.unwrap();
    assert_eq!(again, []);
    let memberships = fixture.memberships(fixture.patient_id("a").await).await.unwrap();
    assert_eq!((memberships[0].since, memberships[0].review_on), (now(), review));
    let left = fixture.apply_evaluations(&[], &[evaluation(a, segment.id, false, None)], &versions, after(10)).await.unwrap();
    assert_eq!(left[0].change, MembershipChange::Left);
    let summary = fixture.segment(segment.id).await.unwrap().unwrap();
    assert_eq!((summary.members, summary.changed_at), (0, Some(after(10))));
    let history = fixture.membership_history(fixture.patient_id("a").await, 10).await.unwrap();
    assert_eq!(history, [left[0].clone(), joined[0].clone()]);
    assert_eq!(fixture.members(segment.id, PageRequest::default()).await.unwrap().total, 0);
}

async fn a_new_version_marks_everybody_and_drops_old_answers(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1), observation(&source, "o", "unseen", 1)]).await;
    let first = fixture.put_segment(&segment("due"), now()).await.unwrap();
    let claimed = fixture.claim_dirty(10, now(), after(60)).await.unwrap();
    fixture.apply_evaluations(&claimed, &[], &[(first.id, 1)], now()).await.unwrap();
    assert_eq!(fixture.put_segment(&segment("due"), now()).await.unwrap(), first, "nothing differs");
    assert_eq!(fixture.dirty_backlog().await.unwrap().0, 0);

    let mut changed = segment("due");
    changed.definition = json!({"all": []});
    let second = fixture.put_segment(&changed, now()).await.unwrap();
    assert_eq!((second.id, second.version), (first.id, 2));
    assert_eq!(fixture.dirty_backlog().await.unwrap().0, 1, "those only referred to are left out");
    let a = fixture.patient_no("a").await;
    let late = fixture.apply_evaluations(&[], &[evaluation(a, first.id, true, None)], &[(first.id, 1)], now()).await.unwrap();
    assert_eq!(late, []);
    assert_eq!(fixture.segments().await.unwrap()[0].members, 0);
}

async fn an_answer_made_before_a_change_is_dropped(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1)]).await;
    let segment = fixture.put_segment(&segment("due"), now()).await.unwrap();
    let claimed = fixture.claim_dirty(10, now(), after(60)).await.unwrap();
    let run = fixture.begin(&source, SyncStrategy::SearchSince).await;
    fixture.apply_to(run, vec![observation(&source, "o", "a", 1)]).await;
    let answer = [evaluation(claimed[0].patient, segment.id, true, None)];
    assert_eq!(fixture.apply_evaluations(&claimed, &answer, &[(segment.id, 1)], now()).await.unwrap(), []);
    assert_eq!(fixture.dirty_backlog().await.unwrap().0, 1, "the change is not lost");
    fixture.complete(run).await;
    assert_eq!(fixture.claim_dirty(10, now(), after(60)).await.unwrap().len(), 1);
}

async fn nobody_is_evaluated_on_half_an_import(fixture: Fixture) {
    let source = fixture.source().await;
    let claimable = || async {
        let claimed = fixture.claim_dirty(10, now(), after(1)).await.unwrap().len();
        gateway_ports::store::MessageStore::release_claims(&*fixture).await.unwrap();
        claimed
    };
    let run = fixture.begin(&source, SyncStrategy::BulkFull).await;
    fixture.apply_to(run, vec![patient(&source, "a", 1)]).await;
    assert_eq!(claimable().await, 0, "under way");
    fixture.finish_run(run, SyncRunStatus::Failed, None, None, now()).await.unwrap();
    assert_eq!(claimable().await, 0, "given up after changes");
    fixture.sync(&source, vec![]).await;
    assert_eq!(claimable().await, 1, "complete since");
    let run = fixture.begin(&source, SyncStrategy::SearchSince).await;
    fixture.finish_run(run, SyncRunStatus::Failed, None, None, now()).await.unwrap();
    assert_eq!(claimable().await, 1, "given up without changes");
}

async fn a_review_date_marks_its_patient_once(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1)]).await;
    let segment = fixture.put_segment(&segment("due"), now()).await.unwrap();
    let claimed = fixture.claim_dirty(10, now(), after(60)).await.unwrap();
    let review_on: Date = "2026-12-01".parse().unwrap();
    let answer = [evaluation(claimed[0].patient, segment.id, false, Some(review_on))];
    fixture.apply_evaluations(&claimed, &answer, &[(segment.id, 1)], now()).await.unwrap();
    assert_eq!(fixture.mark_due_for_review("2026-11-30".parse().unwrap(), now()).await.unwrap(), 0);
    assert_eq!(fixture.mark_due_for_review(review_on, now()).await.unwrap(), 1);
    assert_eq!(fixture.mark_due_for_review(review_on, now()).await.unwrap(), 0);
    assert_eq!(fixture.dirty_backlog().await.unwrap().0, 1);
}

async fn concurrent_claims_never_share_a_patient(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, (0..400).map(|n| patient(&source, &format!("p{n}"), n)).collect()).await;
    let workers = (0..8).map(|_| {
        let store = fixture.clone_store();
        tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let claimed = store.claim_dirty(7, now(), after(60)).await.unwrap();
                if claimed.is_empty() {
                    return mine;
                }
                mine.extend(claimed.into_iter().map(|dirty| dirty.patient));
            }
        })
    });
    let mut all = Vec::new();
    for worker in workers.collect::<Vec<_>>() {
        all.extend(worker.await.unwrap());
    }
    assert_eq!(all.len(), all.iter().collect::<HashSet<_>>().len());
    // A worker that met only rows locked by others went home early; what is left is still there for the next.
    all.extend(fixture.claim_dirty(500, now(), after(60)).await.unwrap().into_iter().map(|dirty| dirty.patient));
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 400);
}

async fn a_plugin_that_decides_otherwise_than_before_marks_everybody_once(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1)]).await;
    let evaluated = async || {
        let claimed = fixture.claim_dirty(10, now(), after(60)).await.unwrap();
        fixture.apply_evaluations(&claimed, &[], &[], now()).await.unwrap();
        claimed.len()
    };
    assert_eq!(evaluated().await, 1);
    let segment = segment("due");
    let other = PluginName::new("another").unwrap();
    assert!(!fixture.note_logic(&segment.plugin, "one", now()).await.unwrap(), "nothing is decided by it yet");
    let segment = fixture.put_segment(&segment, now()).await.unwrap();
    assert_eq!(evaluated().await, 1);
    for (plugin, logic, marks) in [(&segment.plugin, "one", false), (&other, "two", false), (&segment.plugin, "two", true)] {
        assert_eq!(fixture.note_logic(plugin, logic, now()).await.unwrap(), marks, "{plugin} {logic}");
        assert_eq!(evaluated().await, usize::from(marks), "{plugin} {logic}");
    }
    assert!(!fixture.note_logic(&segment.plugin, "two", now()).await.unwrap());
    assert!(fixture.note_logic(&segment.plugin, "one", now()).await.unwrap(), "going back is another logic too");
}
