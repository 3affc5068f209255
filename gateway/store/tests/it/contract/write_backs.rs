//! What is to be written back is noted with what it is about, once, and worked off by one gateway at a time.

use std::collections::HashSet;

use gateway_domain::consent::{Consent, ConsentChannel, ConsentDecision};
use gateway_domain::gate::GatePolicy;
use gateway_domain::ids::{InteractionId, MessageId};
use gateway_domain::interaction::{Interaction, InteractionKind};
use gateway_domain::journey::RunStatus;
use gateway_domain::message::MessageStatus;
use gateway_domain::source::Source;
use gateway_domain::write_back::{Record, RemoteRecord, WriteBackObject, WriteBackScope, WriteBackStatus};
use gateway_ports::store::journeys::{Advance, NewMessage};
use gateway_ports::store::messages::HandOver;
use gateway_ports::store::write_backs::{DueWriteBack, WriteBackEnd, WriteBackFilter};
use gateway_ports::store::{ConsentStore, JourneyStore, MessageStore, PageRequest, WriteBackStore};

use super::journeys::{advance_of, enter, message};
use super::messages::prepared;
use crate::fixture::{Fixture, after, entropy, now};
use crate::given::{consent, journey};

on_both! {
    nothing_is_noted_where_the_source_does_not_want_it,
    an_outcome_is_noted_with_it_and_read_as_it_is_when_it_is_written,
    what_changed_while_it_was_written_waits_again,
    a_refusal_and_a_leave_are_noted_too,
    a_later_decision_brings_the_earlier_one_up_again,
    what_a_source_told_us_is_not_told_to_it,
    what_was_given_up_can_be_tried_again,
    concurrent_claims_never_share_a_line,
    a_bounce_brings_the_message_up_again,
}

const OUTCOMES: WriteBackScope = WriteBackScope { communications: true, consents: true, tasks: false };

/// A source that is written back to, and these messages of the patient `a`.
async fn messages(fixture: &Fixture, count: u32) -> (Source, Vec<MessageId>) {
    let (_, event) = enter(fixture, journey("screening", None)).await;
    let source = fixture.source().await;
    fixture.set_write_back(source.id, OUTCOMES).await.unwrap();
    let messages: Vec<NewMessage> = (0..count).map(|occurrence| NewMessage { occurrence, ..message(now()) }).collect();
    let ids = messages.iter().map(|message| message.id).collect();
    fixture.advance(&Advance { messages, ..advance_of(&event) }, now()).await.unwrap();
    (source, ids)
}

async fn send(fixture: &Fixture, id: MessageId) {
    let policy = GatePolicy { per_day: 1000, per_week: 1000, ..GatePolicy::default() };
    fixture.pass_gate(id, Ok(&prepared()), &policy, now()).await.unwrap().unwrap();
    fixture.record_hand_over(id, &HandOver::Accepted { provider_id: None }, after(1)).await.unwrap();
}

async fn claim(fixture: &Fixture, source: &Source, at: i64) -> Vec<DueWriteBack> {
    fixture.claim_write_backs(source.id, 100, after(at), after(at + 60)).await.unwrap()
}

fn done(id: &str) -> WriteBackEnd {
    WriteBackEnd::Done { remote: RemoteRecord { id: id.into(), version: Some("1".into()) }, note: None }
}

async fn nothing_is_noted_where_the_source_does_not_want_it(fixture: Fixture) {
    let (source, ids) = messages(&fixture, 2).await;
    fixture.set_write_back(source.id, WriteBackScope { communications: false, ..OUTCOMES }).await.unwrap();
    send(&fixture, ids[0]).await;
    assert_eq!(claim(&fixture, &source, 10).await, []);
    fixture.set_write_back(source.id, OUTCOMES).await.unwrap();
    send(&fixture, ids[1]).await;
    let due = claim(&fixture, &source, 10).await;
    assert_eq!(due.iter().map(|due| due.line.object).collect::<Vec<_>>(), [WriteBackObject::Message(ids[1])], "what was before stays out");
}

async fn an_outcome_is_noted_with_it_and_read_as_it_is_when_it_is_written(fixture: Fixture) {
    let (source, ids) = messages(&fixture, 1).await;
    assert_eq!(fixture.next_write_back_due(source.id).await.unwrap(), None, "a message on its way is none");
    send(&fixture, ids[0]).await;
    assert_eq!(fixture.next_write_back_due(source.id).await.unwrap(), Some(after(1)));
    let due = claim(&fixture, &source, 10).await;
    let [one] = due.as_slice() else { panic!("{due:?}") };
    assert!(!one.asked);
    assert_eq!((one.line.tries, one.line.revision, one.line.patient), (1, 1, fixture.patient_id("a").await));
    let Record::Communication(record) = &one.record else { panic!("{one:?}") };
    assert_eq!((record.status, record.sent_at, record.bounced), (MessageStatus::Accepted, Some(after(1)), false));
    assert_eq!((record.patient_fhir_id.as_str(), record.medium.as_str(), record.journey.as_str()), ("a", "email", "screening"));
    assert_eq!(claim(&fixture, &source, 11).await, [], "leased");

    // The lease ends without a word: whoever takes it up knows that the server may have been asked.
    let again = claim(&fixture, &source, 80).await.remove(0);
    assert!(again.asked);
    fixture.end_write_back(&again.line, &done("r1"), after(81)).await.unwrap();
    let page = fixture.write_backs(&WriteBackFilter::default(), PageRequest::default()).await.unwrap();
    let line = &page.items[0];
    assert_eq!((page.total, line.status, line.remote.as_ref().map(|it| it.id.as_str())), (1, WriteBackStatus::Done, Some("r1")));
    assert_eq!(fixture.write_back_counts().await.unwrap(), [(source.id, WriteBackStatus::Done, 1)]);
    assert_eq!(fixture.next_write_back_due(source.id).await.unwrap(), None);
    assert_eq!(claim(&fixture, &source, 9_999).await, []);
}

async fn what_changed_while_it_was_written_waits_again(fixture: Fixture) {
    let (source, ids) = messages(&fixture, 1).await;
    send(&fixture, ids[0]).await;
    let due = claim(&fixture, &source, 10).await.remove(0);
    bounce(&fixture, ids[0]).await;
    fixture.end_write_back(&due.line, &done("r1"), after(11)).await.unwrap();
    let again = claim(&fixture, &source, 12).await.remove(0);
    assert_eq!((again.line.revision, again.line.remote.as_ref().map(|it| it.id.as_str())), (2, Some("r1")), "and knows where it stands");
    assert!(matches!(&again.record, Record::Communication(record) if record.bounced));
}

async fn bounce(fixture: &Fixture, id: MessageId) {
    let patient = fixture.patient_id("a").await;
    let interaction = Interaction {
        id: InteractionId::new(now(), entropy()),
        patient,
        message: Some(id),
        kind: InteractionKind::Bounced,
        at: after(5),
        link: None,
    };
    fixture.record_interaction(&interaction, None).await.unwrap();
}

async fn a_bounce_brings_the_message_up_again(fixture: Fixture) {
    let (source, ids) = messages(&fixture, 1).await;
    send(&fixture, ids[0]).await;
    let due = claim(&fixture, &source, 10).await.remove(0);
    fixture.end_write_back(&due.line, &done("r1"), after(11)).await.unwrap();
    bounce(&fixture, ids[0]).await;
    assert_eq!(claim(&fixture, &source, 12).await.len(), 1);
}

async fn a_refusal_and_a_leave_are_noted_too(fixture: Fixture) {
    let (_, event) = enter(&fixture, journey("screening", None)).await;
    let source = fixture.source().await;
    fixture.set_write_back(source.id, WriteBackScope { consents: false, ..OUTCOMES }).await.unwrap();
    let (refused, left) = (message(now()), NewMessage { occurrence: 1, ..message(now()) });
    let (refused_id, left_id) = (refused.id, left.id);
    fixture.advance(&Advance { messages: vec![refused, left], ..advance_of(&event) }, now()).await.unwrap();
    fixture.record_consent(fixture.patient_id("a").await, &consent(ConsentDecision::Deny, now())).await.unwrap();
    fixture.pass_gate(refused_id, Ok(&prepared()), &GatePolicy::default(), now()).await.unwrap();
    let event = fixture.claim_due_events(10, now(), after(60)).await.unwrap().remove(0);
    fixture.advance(&Advance { status: RunStatus::Left, ..advance_of(&event) }, after(2)).await.unwrap();
    let due = claim(&fixture, &source, 10).await;
    let of = |id| due.iter().find(|due| due.line.object == WriteBackObject::Message(id)).map(|due| &due.record);
    assert!(
        matches!(of(refused_id), Some(Record::Communication(it)) if it.status == MessageStatus::Refused && it.reason.as_deref() == Some("opted-out"))
    );
    assert!(matches!(of(left_id), Some(Record::Communication(it)) if it.status == MessageStatus::Cancelled));
    assert_eq!(due.len(), 2);
}

async fn a_later_decision_brings_the_earlier_one_up_again(fixture: Fixture) {
    let (source, _) = messages(&fixture, 1).await;
    let patient = fixture.patient_id("a").await;
    let (no, yes) = (consent(ConsentDecision::Deny, now()), consent(ConsentDecision::Permit, after(20)));
    fixture.record_consent(patient, &no).await.unwrap();
    fixture.record_consent(patient, &no).await.unwrap();
    let first = claim(&fixture, &source, 10).await;
    assert!(matches!(first.as_slice(), [one] if matches!(&one.record, Record::Consent(it) if !it.superseded && it.consent == no)));
    fixture.end_write_back(&first[0].line, &done("c1"), after(11)).await.unwrap();
    fixture.record_consent(patient, &yes).await.unwrap();
    let second = claim(&fixture, &source, 30).await;
    let superseded: Vec<_> = second
        .iter()
        .map(|due| match &due.record {
            Record::Consent(it) => (it.consent.id, it.superseded),
            Record::Communication(_) | Record::Task(_) => panic!("{due:?}"),
        })
        .collect();
    assert_eq!(superseded.iter().copied().collect::<HashSet<_>>(), HashSet::from([(no.id, true), (yes.id, false)]));
}

async fn what_a_source_told_us_is_not_told_to_it(fixture: Fixture) {
    let (source, _) = messages(&fixture, 1).await;
    let told = Consent { through: ConsentChannel::Fhir, ..consent(ConsentDecision::Deny, now()) };
    fixture.record_consent(fixture.patient_id("a").await, &told).await.unwrap();
    assert_eq!(claim(&fixture, &source, 10).await, []);
}

async fn what_was_given_up_can_be_tried_again(fixture: Fixture) {
    let (source, ids) = messages(&fixture, 2).await;
    send(&fixture, ids[0]).await;
    send(&fixture, ids[1]).await;
    let due = claim(&fixture, &source, 10).await;
    fixture.end_write_back(&due[0].line, &WriteBackEnd::Failed { reason: "there is no such patient".into() }, after(11)).await.unwrap();
    let later = |counts| WriteBackEnd::Later { at: after(100), reason: "busy".into(), counts };
    fixture.end_write_back(&due[1].line, &later(false), after(11)).await.unwrap();
    let waiting = WriteBackFilter { status: Some(WriteBackStatus::Waiting), ..WriteBackFilter::default() };
    let line = fixture.write_backs(&waiting, PageRequest::default()).await.unwrap().items.remove(0);
    assert_eq!((line.tries, line.reason.as_deref(), line.due_at), (0, Some("busy"), after(100)));

    let other = WriteBackFilter { object: Some(due[1].line.object), ..WriteBackFilter::default() };
    assert_eq!(fixture.retry_write_backs(&other, after(12)).await.unwrap(), 0, "it was not given up");
    let mine = WriteBackFilter { source: Some(source.id), ..WriteBackFilter::default() };
    assert_eq!(fixture.retry_write_backs(&mine, after(12)).await.unwrap(), 1);
    let again = claim(&fixture, &source, 13).await;
    assert_eq!(again.iter().map(|due| (due.line.object, due.asked, due.line.tries)).collect::<Vec<_>>(), [(due[0].line.object, true, 1)]);
}

async fn concurrent_claims_never_share_a_line(fixture: Fixture) {
    let (source, ids) = messages(&fixture, 60).await;
    for id in &ids {
        send(&fixture, *id).await;
    }
    let workers = (0..6).map(|_| {
        let (store, source) = (fixture.clone_store(), source.id);
        tokio::spawn(async move {
            let mut mine = Vec::new();
            for _ in 0..10 {
                let due = store.claim_write_backs(source, 5, after(10), after(70)).await.unwrap();
                mine.extend(due.into_iter().map(|due| due.line.object));
            }
            mine
        })
    });
    let mut all = Vec::new();
    for worker in workers.collect::<Vec<_>>() {
        all.extend(worker.await.unwrap());
    }
    assert_eq!((all.len(), all.iter().collect::<HashSet<_>>().len()), (60, 60));
}
