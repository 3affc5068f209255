//! Records of one person: merges, un-merges, deaths and opt-outs, in whatever order they arrive.

use gateway_domain::consent::ConsentDecision;
use gateway_domain::fact::FactKinds;
use gateway_domain::gate::{GatePolicy, GateReason, Verdict};
use gateway_domain::identity::{LinkKind, RecordLink};
use gateway_domain::ids::MessageId;
use gateway_domain::journey::JourneyEvent;
use gateway_domain::patient::{Deceased, RecordStatus};
use gateway_domain::projection::{Projection, ReadPatient, ReadResource};
use gateway_domain::segment::Evaluation;
use gateway_domain::source::{Source, SyncStrategy};
use gateway_ports::store::journeys::{Advance, DueEvent};
use gateway_ports::store::messages::HandOver;
use gateway_ports::store::sync::ApplyBatch;
use gateway_ports::store::{ConsentStore, JourneyStore, MessageStore, PatientStore, SegmentStore, SyncStore};

use super::journeys::{advance_of, message};
use super::messages::prepared;
use crate::fixture::{Fixture, after, entropy, now};
use crate::given::{consent, journey, observation, patient, person, segment};

on_both! {
    an_opt_out_follows_the_survivor_and_stays_with_both,
    a_permission_given_while_merged_goes_with_the_merge,
    the_survivor_is_not_sent_what_the_merged_record_got,
    a_merged_records_run_ends_and_its_message_is_refused,
    facts_of_a_merged_record_count_for_the_survivor_alone,
    a_change_of_a_merged_record_marks_the_survivor,
    a_death_in_a_merged_record_counts,
    a_survivor_that_arrives_later_takes_over,
    a_deleted_record_is_silent_until_it_comes_back,
}

/// A patient as the source tells it, merged into another or not.
pub(super) fn told(source: &Source, id: &str, version: u32, change: impl FnOnce(&mut ReadPatient)) -> ReadResource {
    let mut resource = patient(source, id, version);
    let mut says = ReadPatient {
        status: RecordStatus::Active,
        replaced_by: None,
        links: Vec::new(),
        demographics: person("Lovelace"),
        data_quality: Vec::new(),
    };
    change(&mut says);
    resource.projection = Projection::Patient(Box::new(says));
    resource
}

pub(super) fn merged(source: &Source, id: &str, version: u32, into: &str) -> ReadResource {
    told(source, id, version, |says| {
        says.status = RecordStatus::Merged;
        says.replaced_by = Some(into.to_owned());
        says.links = vec![RecordLink { kind: LinkKind::ReplacedBy, other: Some(into.to_owned()) }];
    })
}

/// The first event of this patient in the journey, claimed.
async fn enter_as(fixture: &Fixture, fhir_id: &str, key: &str) -> DueEvent {
    let segment = fixture.put_segment(&segment(key), now()).await.unwrap();
    fixture.put_journey(&journey(key, Some(segment.id)), now()).await.unwrap();
    let patient = fixture.patient_no(fhir_id).await;
    let answer = Evaluation { patient, segment: segment.id, member: true, populations: vec![], evidence: vec![], review_on: None };
    fixture.apply_evaluations(&[], &[answer], &[(segment.id, 1)], now()).await.unwrap();
    fixture.enrol(10, now(), &[entropy()]).await.unwrap();
    let due = fixture.claim_due_events(10, now(), after(1)).await.unwrap();
    let entered = |due: &DueEvent| due.patient == patient && matches!(due.event, JourneyEvent::Entered(_));
    due.into_iter().find(entered).expect("the patient has entered")
}

/// A message to this patient that is due.
pub(super) async fn due_message(fixture: &Fixture, fhir_id: &str) -> MessageId {
    let event = enter_as(fixture, fhir_id, "screening").await;
    let new = message(now());
    let id = new.id;
    fixture.advance(&Advance { messages: vec![new], ..advance_of(&event) }, now()).await.unwrap();
    id
}

pub(super) async fn pass(fixture: &Fixture, id: MessageId) -> Option<Verdict> {
    fixture.pass_gate(id, Ok(&prepared()), &GatePolicy::default(), now()).await.unwrap()
}

async fn an_opt_out_follows_the_survivor_and_stays_with_both(fixture: Fixture) {
    use ConsentDecision::{Deny, Permit};
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1), patient(&source, "b", 1)]).await;
    let (a, b) = (fixture.patient_id("a").await, fixture.patient_id("b").await);
    fixture.record_consent(a, &consent(Deny, now())).await.unwrap();
    fixture.record_consent(b, &consent(Permit, after(5))).await.unwrap();
    let id = due_message(&fixture, "b").await;
    fixture.sync(&source, vec![merged(&source, "a", 2, "b")]).await;
    assert_eq!(pass(&fixture, id).await, Some(Verdict::Refuse(GateReason::OptedOut)), "older than the permission, and with another record");

    let during = consent(Deny, after(20));
    fixture.record_consent(b, &during).await.unwrap();
    assert_eq!(fixture.consents(a).await.unwrap().len(), 3);
    fixture.sync(&source, vec![told(&source, "a", 3, |_| {})]).await;
    let decisions = |by_record: Vec<Vec<gateway_domain::consent::Consent>>| {
        assert_eq!(by_record.len(), 1, "apart again");
        by_record.into_iter().flatten().map(|consent| (consent.decision, consent.at)).collect::<Vec<_>>()
    };
    assert_eq!(decisions(fixture.consents_by_record(a).await.unwrap()), [(Deny, now()), (Deny, after(20))]);
    assert_eq!(decisions(fixture.consents_by_record(b).await.unwrap()), [(Permit, after(5)), (Deny, after(20))]);
}

async fn a_permission_given_while_merged_goes_with_the_merge(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1), patient(&source, "b", 1)]).await;
    let (a, b) = (fixture.patient_id("a").await, fixture.patient_id("b").await);
    fixture.record_consent(a, &consent(ConsentDecision::Deny, now())).await.unwrap();
    fixture.sync(&source, vec![merged(&source, "a", 2, "b")]).await;
    let id = due_message(&fixture, "b").await;
    fixture.record_consent(b, &consent(ConsentDecision::Permit, after(5))).await.unwrap();
    assert!(matches!(pass(&fixture, id).await, Some(Verdict::Send(_))), "the person came back");
    fixture.sync(&source, vec![told(&source, "a", 3, |_| {})]).await;
    let refused = due_message_of_another_journey(&fixture, "a").await;
    assert_eq!(pass(&fixture, refused).await, Some(Verdict::Refuse(GateReason::OptedOut)));
}

pub(super) async fn due_message_of_another_journey(fixture: &Fixture, fhir_id: &str) -> MessageId {
    let event = enter_as(fixture, fhir_id, "other").await;
    let new = message(now());
    let id = new.id;
    fixture.advance(&Advance { messages: vec![new], ..advance_of(&event) }, now()).await.unwrap();
    id
}

async fn the_survivor_is_not_sent_what_the_merged_record_got(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1), patient(&source, "b", 1)]).await;
    let first = due_message(&fixture, "a").await;
    assert!(matches!(pass(&fixture, first).await, Some(Verdict::Send(_))));
    fixture.record_hand_over(first, &HandOver::Accepted { provider_id: None }, now()).await.unwrap();
    let same = due_message(&fixture, "b").await;
    let other = due_message_of_another_journey(&fixture, "b").await;
    fixture.sync(&source, vec![merged(&source, "a", 2, "b")]).await;
    assert_eq!(pass(&fixture, same).await, Some(Verdict::Refuse(GateReason::Duplicate)));
    let held = pass(&fixture, other).await;
    assert!(matches!(held, Some(Verdict::Hold { reason: GateReason::FrequencyCap, .. })), "one a day for the person: {held:?}");
}

async fn a_merged_records_run_ends_and_its_message_is_refused(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1), patient(&source, "b", 1)]).await;
    let id = due_message(&fixture, "a").await;
    fixture.sync(&source, vec![merged(&source, "a", 2, "b")]).await;
    fixture.sync(&source, vec![merged(&source, "a", 3, "b")]).await;
    let due = fixture.claim_due_events(10, after(2), after(60)).await.unwrap();
    assert_eq!(due.iter().map(|due| &due.event).collect::<Vec<_>>(), [&JourneyEvent::Cancelled("merged".into())], "told once");
    assert_eq!(pass(&fixture, id).await, Some(Verdict::Refuse(GateReason::Merged)));
}

async fn facts_of_a_merged_record_count_for_the_survivor_alone(fixture: Fixture) {
    let source = fixture.source().await;
    let facts = vec![observation(&source, "o1", "a", 1), observation(&source, "o2", "b", 1)];
    fixture.sync(&source, [vec![patient(&source, "a", 1), patient(&source, "b", 1)], facts].concat()).await;
    let (a, b) = (fixture.patient_no("a").await, fixture.patient_no("b").await);
    let seen = async |fixture: &Fixture| -> Vec<_> {
        let records = fixture.clinical_records(&[a, b], FactKinds::OBSERVATION).await.unwrap();
        records.into_iter().map(|record| (record.patient, record.facts.len())).collect()
    };
    assert_eq!(seen(&fixture).await, [(a, 1), (b, 1)]);
    fixture.sync(&source, vec![merged(&source, "a", 2, "b")]).await;
    assert_eq!(seen(&fixture).await, [(b, 2)]);
    fixture.sync(&source, vec![told(&source, "a", 3, |_| {})]).await;
    assert_eq!(seen(&fixture).await, [(a, 1), (b, 1)]);
}

async fn a_change_of_a_merged_record_marks_the_survivor(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1), patient(&source, "b", 1), merged(&source, "a", 2, "b")]).await;
    let b = fixture.patient_no("b").await;
    let claimed = fixture.claim_dirty(10, now(), after(60)).await.unwrap();
    fixture.apply_evaluations(&claimed, &[], &[], now()).await.unwrap();
    assert_eq!(fixture.claim_dirty(10, now(), after(60)).await.unwrap(), []);
    fixture.sync(&source, vec![observation(&source, "o1", "a", 1)]).await;
    let claimed = fixture.claim_dirty(10, now(), after(60)).await.unwrap();
    assert!(claimed.iter().any(|dirty| dirty.patient == b), "{claimed:?}");
}

async fn a_death_in_a_merged_record_counts(fixture: Fixture) {
    let source = fixture.source().await;
    let dead = |mut resource: ReadResource| {
        if let Projection::Patient(says) = &mut resource.projection {
            says.demographics.deceased = Deceased::Yes;
        }
        resource
    };
    fixture.sync(&source, vec![patient(&source, "a", 1), patient(&source, "b", 1)]).await;
    let id = due_message(&fixture, "b").await;
    fixture.sync(&source, vec![dead(merged(&source, "a", 2, "b"))]).await;
    assert_eq!(pass(&fixture, id).await, Some(Verdict::Refuse(GateReason::Deceased)));
}

async fn a_survivor_that_arrives_later_takes_over(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1), observation(&source, "o1", "b", 1)]).await;
    fixture.record_consent(fixture.patient_id("a").await, &consent(ConsentDecision::Deny, now())).await.unwrap();
    fixture.sync(&source, vec![merged(&source, "a", 2, "b")]).await;
    fixture.sync(&source, vec![patient(&source, "b", 1)]).await;
    let id = due_message(&fixture, "b").await;
    assert_eq!(pass(&fixture, id).await, Some(Verdict::Refuse(GateReason::OptedOut)));
}

async fn a_deleted_record_is_silent_until_it_comes_back(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1), observation(&source, "o1", "a", 1)]).await;
    let a = fixture.patient_no("a").await;
    let id = due_message(&fixture, "a").await;
    let run = fixture.begin(&source, SyncStrategy::SearchSince).await;
    let batch = ApplyBatch { deletes: vec![("Patient".into(), "a".into())], ..ApplyBatch::default() };
    assert_eq!(fixture.apply(run, batch, now(), entropy()).await.unwrap().patients, [a], "to be evaluated, and to leave its segments");
    fixture.complete(run).await;
    assert_eq!(fixture.clinical_records(&[a], FactKinds::OBSERVATION).await.unwrap(), []);
    assert_eq!(pass(&fixture, id).await, Some(Verdict::Refuse(GateReason::Deleted)));
    fixture.sync(&source, vec![patient(&source, "a", 2)]).await;
    let records = fixture.clinical_records(&[a], FactKinds::OBSERVATION).await.unwrap();
    assert_eq!(records.iter().map(|record| record.facts.len()).collect::<Vec<_>>(), [1], "nothing was purged");
    let again = due_message_of_another_journey(&fixture, "a").await;
    assert!(matches!(pass(&fixture, again).await, Some(Verdict::Send(_))));
}
