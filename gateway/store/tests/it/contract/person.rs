//! A person whose records live in several sources: linked by the hospital's rules, shown with where everything is from, decided about by
//! staff, and parted again.

use gateway_domain::consent::ConsentDecision::{Deny, Permit};
use gateway_domain::date::PartialDate;
use gateway_domain::gate::{GateReason, RecordStanding, Verdict};
use gateway_domain::golden_record::GoldenField;
use gateway_domain::identity::{IdentityRules, LinkReason, QuestionKind, StaffDecision};
use gateway_domain::ids::{PatientId, PatientNo, SourceId};
use gateway_domain::patient::Identifier;
use gateway_domain::person::Person;
use gateway_domain::projection::ReadPatient;
use gateway_domain::source::Source;
use gateway_ports::store::identity::{Decided, NewDecision};
use gateway_ports::store::{ConsentStore, IdentityStore, PageRequest, PatientStore, SegmentStore, SourceStore, StoreError};

use super::identity::{due_message, due_message_of_another_journey, merged, pass, told};
use crate::fixture::{Fixture, after, entropy, now};
use crate::given::consent;

on_both! {
    rules_link_what_is_held_and_nobody_is_written_to_until_that_is_done,
    a_system_that_is_given_up_parts_whom_it_linked,
    another_order_of_sources_moves_whom_is_written_to,
    the_same_name_and_birth_date_join_nobody,
    a_person_is_shown_with_where_each_field_is_from_and_why,
    whoever_has_one_record_is_a_person_too,
    a_person_is_written_to_as_all_records_say,
    whoever_may_be_somebody_who_refused_is_not_written_to,
    a_question_is_answered_with_yes_and_taken_back,
    a_question_is_answered_with_no_and_does_not_come_back,
    parted_records_keep_the_opt_outs_of_both,
    a_permission_is_not_handed_on_by_a_parting,
    what_the_source_merged_can_not_be_parted_by_hand,
    who_was_kept_apart_is_not_joined_by_another_record,
    a_record_leaves_a_person_of_three_and_the_others_stay,
}

const SSN: &str = "http://hl7.org/fhir/sid/us-ssn";

fn rules(systems: &[&str], order: &[&str]) -> IdentityRules {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    IdentityRules { systems: texts(systems), order: texts(order) }
}

async fn clinic(fixture: &Fixture) -> Source {
    fixture.put_source(SourceId::new(now(), entropy()), "clinic", "https://clinic.example.org/fhir").await.unwrap()
}

fn known_by<'a>(system: &'a str, value: &'a str) -> impl FnOnce(&mut ReadPatient) + 'a {
    move |says| says.demographics.identifiers = vec![Identifier { system: system.into(), value: value.into() }]
}

async fn adopt(fixture: &Fixture, rules: &IdentityRules) {
    fixture.adopt_identity_rules(rules).await.unwrap();
    while !fixture.relink(100, now()).await.unwrap().done {}
}

async fn number(fixture: &Fixture, source: &str, fhir_id: &str) -> PatientNo {
    fixture.patient_by_fhir_id(source, fhir_id).await.unwrap().unwrap().no
}

async fn id(fixture: &Fixture, source: &str, fhir_id: &str) -> PatientId {
    fixture.patient_by_fhir_id(source, fhir_id).await.unwrap().unwrap().id
}

async fn person(fixture: &Fixture, id: PatientId) -> Person {
    fixture.person(id).await.unwrap().unwrap()
}

async fn records(fixture: &Fixture, id: PatientId) -> Vec<PatientNo> {
    person(fixture, id).await.records.iter().map(|record| record.patient.no).collect()
}

/// One person in the main source and in the clinic, by social security number.
async fn in_two_sources(fixture: &Fixture) -> (PatientId, PatientId) {
    let (main, clinic) = (fixture.source().await, clinic(fixture).await);
    adopt(fixture, &rules(&[SSN], &["main", "clinic"])).await;
    fixture.sync(&main, vec![told(&main, "a", 1, known_by(SSN, "123-45-6789"))]).await;
    fixture.sync(&clinic, vec![told(&clinic, "b", 1, known_by(SSN, "123456789"))]).await;
    (id(fixture, "main", "a").await, id(fixture, "clinic", "b").await)
}

/// Two who have a number in common and differ in their birth dates.
async fn in_question(fixture: &Fixture) -> (PatientId, PatientId) {
    let (main, clinic) = (fixture.source().await, clinic(fixture).await);
    adopt(fixture, &rules(&[SSN], &["main", "clinic"])).await;
    fixture.sync(&main, vec![told(&main, "a", 1, known_by(SSN, "123456789"))]).await;
    let younger = |says: &mut ReadPatient| {
        known_by(SSN, "123456789")(says);
        says.demographics.birth = PartialDate::parse("1990-01-01");
    };
    fixture.sync(&clinic, vec![told(&clinic, "b", 1, younger)]).await;
    (id(fixture, "main", "a").await, id(fixture, "clinic", "b").await)
}

fn decided(record: PatientId, others: &[PatientId], decision: StaffDecision) -> NewDecision {
    NewDecision { record, others: others.to_vec(), decision, by: "usr_1".into(), reason: "asked by telephone".into() }
}

async fn decide(fixture: &Fixture, record: PatientId, others: &[PatientId], decision: StaffDecision) -> Decided {
    fixture.decide_identity(&decided(record, others, decision), now()).await.unwrap()
}

async fn rules_link_what_is_held_and_nobody_is_written_to_until_that_is_done(fixture: Fixture) {
    let (main, clinic) = (fixture.source().await, clinic(&fixture).await);
    let others = ["c", "d"].map(|id| told(&main, id, 1, known_by(SSN, "000-00-0000")));
    fixture.sync(&main, [vec![told(&main, "a", 1, known_by(SSN, "123-45-6789"))], others.to_vec()].concat()).await;
    fixture.sync(&clinic, vec![told(&clinic, "b", 1, known_by(SSN, "123456789"))]).await;
    let (a, b) = (id(&fixture, "main", "a").await, id(&fixture, "clinic", "b").await);
    fixture.record_consent(b, &consent(Deny, now())).await.unwrap();
    let message = due_message(&fixture, "a").await;
    assert_eq!(records(&fixture, a).await.len(), 1, "no rules, no links");

    assert!(fixture.adopt_identity_rules(&rules(&[SSN], &["main"])).await.unwrap(), "records are held");
    let held = pass(&fixture, message).await;
    assert!(matches!(held, Some(Verdict::Hold { reason: GateReason::StaleSource, .. })), "{held:?}");
    assert_eq!(fixture.claim_dirty(10, now(), after(60)).await.unwrap(), [], "nobody is put on a list as half a person");
    let mut pieces = 0;
    while !fixture.relink(1, now()).await.unwrap().done {
        pieces += 1;
        assert!(pieces < 10, "it ends");
    }
    assert_eq!(pieces, 4, "one record at a time");
    assert_eq!(records(&fixture, a).await, records(&fixture, b).await);
    assert_eq!(records(&fixture, a).await.len(), 2, "nobody by zeros");
    assert!(!fixture.claim_dirty(10, now(), after(60)).await.unwrap().is_empty());
    assert_eq!(pass(&fixture, message).await, Some(Verdict::Refuse(GateReason::OptedOut)));

    assert!(!fixture.adopt_identity_rules(&rules(&[SSN], &["main"])).await.unwrap(), "the same rules again are no work");
    assert_eq!(fixture.identity_rules().await.unwrap(), rules(&[SSN], &["main"]));
}

async fn a_system_that_is_given_up_parts_whom_it_linked(fixture: Fixture) {
    let (a, b) = in_two_sources(&fixture).await;
    assert_eq!(records(&fixture, a).await.len(), 2);
    adopt(&fixture, &rules(&[], &["main", "clinic"])).await;
    assert_eq!((records(&fixture, a).await.len(), records(&fixture, b).await.len()), (1, 1));
    let marked = fixture.claim_dirty(10, now(), after(60)).await.unwrap();
    assert_eq!(marked.len(), 2, "both are evaluated anew");
}

async fn another_order_of_sources_moves_whom_is_written_to(fixture: Fixture) {
    let (a, b) = in_two_sources(&fixture).await;
    assert_eq!(person(&fixture, b).await.primary, Some(number(&fixture, "main", "a").await));
    adopt(&fixture, &rules(&[SSN], &["clinic", "main"])).await;
    let person = person(&fixture, a).await;
    assert_eq!(person.primary, Some(number(&fixture, "clinic", "b").await));
    assert_eq!(person.records[0].patient.id, b, "who speaks first comes first");
}

async fn the_same_name_and_birth_date_join_nobody(fixture: Fixture) {
    let (main, clinic) = (fixture.source().await, clinic(&fixture).await);
    adopt(&fixture, &rules(&[SSN], &[])).await;
    fixture.sync(&main, vec![told(&main, "a", 1, known_by("urn:mrn", "7"))]).await;
    fixture.sync(&clinic, vec![told(&clinic, "b", 1, known_by("urn:mrn", "7"))]).await;
    assert_eq!(records(&fixture, id(&fixture, "main", "a").await).await.len(), 1);
    assert_eq!(fixture.identity_questions(PageRequest::default()).await.unwrap().total, 0);
}

async fn a_person_is_shown_with_where_each_field_is_from_and_why(fixture: Fixture) {
    let (main, clinic) = (fixture.source().await, clinic(&fixture).await);
    adopt(&fixture, &rules(&[SSN], &["main", "clinic"])).await;
    fixture.sync(&main, vec![told(&main, "a", 1, known_by(SSN, "123456789"))]).await;
    let speaks = |says: &mut ReadPatient| {
        known_by(SSN, "123456789")(says);
        says.demographics.language = Some("es".into());
    };
    fixture.sync(&clinic, vec![told(&clinic, "b", 2, speaks), merged(&clinic, "old", 1, "b")]).await;
    let (a, b, old) = (number(&fixture, "main", "a").await, number(&fixture, "clinic", "b").await, number(&fixture, "clinic", "old").await);
    let person = person(&fixture, id(&fixture, "clinic", "b").await).await;
    assert_eq!(person.records.iter().map(|record| (record.patient.no, record.replaced)).collect::<Vec<_>>(), {
        let mut of_clinic = vec![(b, false), (old, true)];
        of_clinic.sort_unstable();
        [vec![(a, false)], of_clinic].concat()
    });
    assert_eq!((person.primary, person.trouble), (Some(a), None));
    let from = |field| person.golden.provenance.iter().find(|it| it.field == field).map(|it| (it.record, it.since));
    assert_eq!(from(GoldenField::Language), Some((b, "2026-01-01T00:00:02Z".parse().unwrap())));
    assert_eq!(from(GoldenField::Name).map(|it| it.0), Some(a));
    let why = |one: PatientNo, other: PatientNo| person.links.get(&(one.min(other), one.max(other))).map(|it| it.iter().cloned().collect());
    assert_eq!(why(a, b), Some(vec![LinkReason::Identifier(SSN.into())]));
    assert_eq!(why(b, old), Some(vec![LinkReason::Merge]));
    assert_eq!(person.can_be_parted_from(b), [a].into(), "not from what its source merged with it");
}

async fn whoever_has_one_record_is_a_person_too(fixture: Fixture) {
    let main = fixture.source().await;
    fixture.sync(&main, vec![told(&main, "a", 3, |_| {})]).await;
    let a = id(&fixture, "main", "a").await;
    let person = person(&fixture, a).await;
    assert_eq!((person.records.len(), person.links.len(), person.primary), (1, 0, Some(number(&fixture, "main", "a").await)));
    assert_eq!(person.golden.demographics.family.as_deref(), Some("Lovelace"));
    assert_eq!(person.golden.provenance[0].since, "2026-01-01T00:00:03Z".parse().unwrap());
    assert!(fixture.person(PatientId::new(now(), [9; 10])).await.unwrap().is_none());
}

async fn a_person_is_written_to_as_all_records_say(fixture: Fixture) {
    let (a, b) = in_two_sources(&fixture).await;
    fixture.record_consent(b, &consent(Deny, now())).await.unwrap();
    let standing = async |id| fixture.written_to(id).await.unwrap().unwrap();
    let of_a = standing(a).await;
    assert_eq!((of_a.standing, of_a.consents.len()), (RecordStanding::Primary, 2));
    assert!(of_a.consents.iter().all(|decisions| decisions[0].decision == Deny));
    assert_eq!(standing(b).await.standing, RecordStanding::Other);
    assert!(fixture.written_to(PatientId::new(now(), [9; 10])).await.unwrap().is_none());
}

async fn whoever_may_be_somebody_who_refused_is_not_written_to(fixture: Fixture) {
    let (a, b) = in_question(&fixture).await;
    fixture.record_consent(b, &consent(Deny, now())).await.unwrap();
    let refused = due_message(&fixture, "a").await;
    assert_eq!(pass(&fixture, refused).await, Some(Verdict::Refuse(GateReason::OptedOut)));
    assert_eq!(fixture.written_to(a).await.unwrap().unwrap().possible_consents.len(), 1);
    assert_eq!(fixture.consents(a).await.unwrap(), [], "it is not taken for hers either");

    decide(&fixture, a, &[b], StaffDecision::Different).await;
    let sent = due_message_of_another_journey(&fixture, "a").await;
    assert!(matches!(pass(&fixture, sent).await, Some(Verdict::Send(_))), "she is somebody else");
}

async fn a_question_is_answered_with_yes_and_taken_back(fixture: Fixture) {
    let (a, b) = in_question(&fixture).await;
    let open = async || fixture.identity_questions(PageRequest::default()).await.unwrap();
    let question = open().await.items.remove(0);
    assert_eq!((question.kind, question.system.as_deref()), (QuestionKind::BirthDiffers, Some(SSN)));
    assert_eq!((question.one.id, question.other.map(|other| other.id)), (a, Some(b)));
    assert_eq!(person(&fixture, b).await.questions.len(), 1);

    assert!(matches!(decide(&fixture, a, &[b], StaffDecision::Same).await, Decided::Holds(changed) if changed.len() == 2));
    assert_eq!(open().await.total, 0);
    let joined = person(&fixture, b).await;
    let reasons: Vec<_> = joined.links.values().flatten().cloned().collect();
    assert_eq!(reasons, [LinkReason::Identifier(SSN.into()), LinkReason::Staff]);
    assert_eq!((joined.decisions[0].by.as_str(), joined.decisions[0].reason.as_str()), ("usr_1", "asked by telephone"));
    assert_eq!(fixture.identity_decisions(PageRequest::default()).await.unwrap().items, joined.decisions);

    assert!(fixture.take_back_identity(b, a, now()).await.unwrap().is_some(), "in whichever order they are named");
    assert_eq!(records(&fixture, a).await.len(), 1);
    assert_eq!(open().await.total, 1, "it is open again");
    assert_eq!(fixture.take_back_identity(a, b, now()).await.unwrap(), None, "there is nothing to take back");
    assert_eq!(fixture.identity_decisions(PageRequest::default()).await.unwrap().total, 0);
}

async fn a_question_is_answered_with_no_and_does_not_come_back(fixture: Fixture) {
    let (a, b) = in_question(&fixture).await;
    assert!(matches!(decide(&fixture, b, &[a], StaffDecision::Different).await, Decided::Holds(_)));
    let clinic = fixture.source_by_name("clinic").await.unwrap().unwrap();
    fixture.sync(&clinic, vec![told(&clinic, "b", 2, known_by(SSN, "123456789"))]).await;
    assert_eq!(fixture.identity_questions(PageRequest::default()).await.unwrap().total, 0);
    assert_eq!(records(&fixture, a).await.len(), 1, "not even now that nothing speaks against it");
    let stranger = PatientId::new(now(), [9; 10]);
    let missing = fixture.decide_identity(&decided(a, &[stranger], StaffDecision::Same), now()).await;
    assert!(matches!(missing, Err(StoreError::Missing { .. })));
}

async fn parted_records_keep_the_opt_outs_of_both(fixture: Fixture) {
    let (a, b) = in_two_sources(&fixture).await;
    fixture.record_consent(b, &consent(Deny, now())).await.unwrap();
    assert!(matches!(decide(&fixture, b, &[a], StaffDecision::Different).await, Decided::Holds(_)));
    assert_eq!((records(&fixture, a).await.len(), records(&fixture, b).await.len()), (1, 1));
    let refused = due_message(&fixture, "a").await;
    assert_eq!(pass(&fixture, refused).await, Some(Verdict::Refuse(GateReason::OptedOut)));
    for id in [a, b] {
        let kept = fixture.consents(id).await.unwrap();
        assert_eq!(kept.iter().map(|it| it.decision).collect::<Vec<_>>(), [Deny], "once with each");
    }

    // Together and apart again, nothing is doubled.
    fixture.take_back_identity(a, b, now()).await.unwrap();
    assert_eq!(fixture.consents(a).await.unwrap().len(), 1);
    decide(&fixture, a, &[b], StaffDecision::Different).await;
    assert_eq!(fixture.consents(a).await.unwrap().len(), 1);
}

async fn a_permission_is_not_handed_on_by_a_parting(fixture: Fixture) {
    let (main, clinic) = (fixture.source().await, clinic(&fixture).await);
    fixture.sync(&main, vec![told(&main, "a", 1, known_by(SSN, "123456789"))]).await;
    fixture.sync(&clinic, vec![told(&clinic, "b", 1, known_by(SSN, "123456789"))]).await;
    let (a, b) = (id(&fixture, "main", "a").await, id(&fixture, "clinic", "b").await);
    // Said of each before they were one: a refusal that was taken back, and a refusal that stands.
    fixture.record_consent(a, &consent(Deny, now())).await.unwrap();
    fixture.record_consent(a, &consent(Permit, after(1))).await.unwrap();
    fixture.record_consent(b, &consent(Deny, after(2))).await.unwrap();
    adopt(&fixture, &rules(&[SSN], &["main"])).await;
    decide(&fixture, a, &[b], StaffDecision::Different).await;
    let said = async |id| fixture.consents(id).await.unwrap().iter().map(|it| (it.decision, it.at)).collect::<Vec<_>>();
    assert_eq!(said(a).await, [(Deny, now()), (Permit, after(1)), (Deny, after(2))]);
    assert_eq!(said(b).await, [(Deny, after(2))]);
    let refused = due_message_of_another_journey(&fixture, "a").await;
    assert_eq!(pass(&fixture, refused).await, Some(Verdict::Refuse(GateReason::OptedOut)));
}

async fn what_the_source_merged_can_not_be_parted_by_hand(fixture: Fixture) {
    let main = fixture.source().await;
    fixture.sync(&main, vec![told(&main, "a", 1, |_| {}), merged(&main, "old", 1, "a")]).await;
    let (a, old) = (id(&fixture, "main", "a").await, id(&fixture, "main", "old").await);
    assert_eq!(decide(&fixture, old, &[a], StaffDecision::Different).await, Decided::MergedBySource);
    assert_eq!(records(&fixture, a).await.len(), 2);
    assert_eq!(fixture.identity_decisions(PageRequest::default()).await.unwrap().total, 0, "no trace of it");
}

async fn who_was_kept_apart_is_not_joined_by_another_record(fixture: Fixture) {
    let main = fixture.source().await;
    fixture.sync(&main, vec![told(&main, "a", 1, |_| {}), told(&main, "b", 1, |_| {}), merged(&main, "c", 1, "b")]).await;
    let (a, b, c) = (id(&fixture, "main", "a").await, id(&fixture, "main", "b").await, id(&fixture, "main", "c").await);
    decide(&fixture, a, &[b], StaffDecision::Different).await;
    assert_eq!(decide(&fixture, a, &[c], StaffDecision::Same).await, Decided::KeptApart);
    assert_eq!(records(&fixture, a).await.len(), 1);
    assert_eq!(fixture.identity_decisions(PageRequest::default()).await.unwrap().total, 1);
}

async fn a_record_leaves_a_person_of_three_and_the_others_stay(fixture: Fixture) {
    let (a, b) = in_two_sources(&fixture).await;
    let lab = fixture.put_source(SourceId::new(now(), entropy()), "lab", "https://lab.example.org/fhir").await.unwrap();
    fixture.sync(&lab, vec![told(&lab, "c", 1, known_by(SSN, "123456789"))]).await;
    let c = id(&fixture, "lab", "c").await;
    assert_eq!(records(&fixture, c).await.len(), 3);
    assert!(matches!(decide(&fixture, b, &[a, c], StaffDecision::Different).await, Decided::Holds(_)));
    assert_eq!((records(&fixture, a).await.len(), records(&fixture, b).await.len(), records(&fixture, c).await.len()), (2, 1, 2));
}
