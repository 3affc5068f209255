//! What a provider tells is kept once, reaches the run, and who asked for no more gets no more.

use gateway_domain::consent::{Consent, ConsentChannel, ConsentDecision};
use gateway_domain::gate::{GatePolicy, GateReason, Verdict};
use gateway_domain::ids::MessageId;
use gateway_domain::interaction::InteractionKind;
use gateway_domain::journey::JourneyEvent;
use gateway_domain::task::TaskStatus;
use gateway_ports::store::journeys::{Advance, NewMessage};
use gateway_ports::store::messages::HandOver;
use gateway_ports::store::tasks::TaskFilter;
use gateway_ports::store::{ConsentStore, JourneyStore, MessageStore, NoticeStore, PageRequest, TaskStore};

use super::journeys::{advance_of, enter, message};
use super::messages::prepared;
use crate::fixture::{Fixture, after, now};
use crate::given::{consent, journey};

on_both! {
    a_delivery_is_told_to_the_run_of_its_message_once,
    an_address_that_never_works_asks_for_a_look_and_one_that_failed_once_does_not,
    who_refuses_by_the_channel_is_not_written_to_any_more,
    a_refused_address_stays_refused_until_its_person_asks_for_messages,
    an_answer_belongs_to_the_last_message_sent_there,
}

const ADDRESS: &str = "ada@example.org";

/// A message that was handed over, known to its provider as `q1`, and one that is due.
async fn sent(fixture: &Fixture) -> (MessageId, MessageId) {
    let (_, event) = enter(fixture, journey("screening", None)).await;
    let (first, second) = (message(now()), message(now()));
    let (id, next) = (first.id, second.id);
    let second = NewMessage { occurrence: 1, ..second };
    let kinds = ["delivered", "failed", "bounced", "answered", "opted-out"].map(str::to_owned).to_vec();
    let advance = Advance { messages: vec![first, second], listeners: vec![("invite".into(), kinds, None)], ..advance_of(&event) };
    fixture.advance(&advance, now()).await.unwrap();
    fixture.pass_gate(id, Ok(&prepared()), &GatePolicy::default(), now()).await.unwrap();
    fixture.record_hand_over(id, &HandOver::Accepted { provider_id: Some("q1".into()) }, now()).await.unwrap();
    (id, next)
}

/// What the run heard of, one after the other.
async fn heard(fixture: &Fixture) -> Vec<String> {
    let mut heard = Vec::new();
    while let [due] = fixture.claim_due_events(20, after(1_000), after(2_000)).await.unwrap().as_slice() {
        if let JourneyEvent::Happened(happening) = &due.event {
            heard.push(happening.kind.clone());
        }
        fixture.advance(&advance_of(due), after(1_000)).await.unwrap();
    }
    heard
}

async fn kinds(fixture: &Fixture) -> Vec<InteractionKind> {
    let patient = fixture.patient_id("a").await;
    fixture.interactions(patient, 10).await.unwrap().into_iter().map(|interaction| interaction.kind).collect()
}

async fn verdict(fixture: &Fixture, id: MessageId) -> Option<Verdict> {
    // Two days later, so that the message before does not count.
    fixture.pass_gate(id, Ok(&prepared()), &GatePolicy::default(), after(48 * 3_600)).await.unwrap()
}

async fn a_delivery_is_told_to_the_run_of_its_message_once(fixture: Fixture) {
    sent(&fixture).await;
    for _ in 0..2 {
        assert!(fixture.record_delivery("email", "q1", InteractionKind::Delivered, after(5)).await.unwrap());
    }
    assert!(!fixture.record_delivery("email", "q2", InteractionKind::Delivered, after(5)).await.unwrap());
    assert!(!fixture.record_delivery("sms", "q1", InteractionKind::Delivered, after(5)).await.unwrap(), "of another channel");
    assert_eq!(kinds(&fixture).await, [InteractionKind::Delivered]);
    assert_eq!(heard(&fixture).await, ["delivered"]);
}

async fn an_address_that_never_works_asks_for_a_look_and_one_that_failed_once_does_not(fixture: Fixture) {
    sent(&fixture).await;
    let tasks = async || {
        let filter = TaskFilter { status: Some(TaskStatus::Open), ..TaskFilter::default() };
        fixture.tasks(&filter, PageRequest { offset: 0, limit: 10 }).await.unwrap().total
    };
    fixture.record_delivery("email", "q1", InteractionKind::Failed, after(5)).await.unwrap();
    assert_eq!(tasks().await, 0);
    fixture.record_delivery("email", "q1", InteractionKind::Bounced, after(6)).await.unwrap();
    assert_eq!(tasks().await, 1);
    assert_eq!(heard(&fixture).await, ["failed", "bounced"]);
}

async fn who_refuses_by_the_channel_is_not_written_to_any_more(fixture: Fixture) {
    let (_, next) = sent(&fixture).await;
    let patient = fixture.patient_id("a").await;
    assert_eq!(fixture.refuse_address("email", "ADA@example.org ", "plugin channel-x", after(5)).await.unwrap(), 1);
    assert_eq!(fixture.refuse_address("email", ADDRESS, "plugin channel-x", after(6)).await.unwrap(), 0, "said before");
    let decisions = fixture.consents(patient).await.unwrap();
    assert_eq!(decisions.len(), 1);
    assert_eq!((decisions[0].decision, decisions[0].through), (ConsentDecision::Deny, ConsentChannel::Provider));
    assert_eq!((decisions[0].medium.as_deref(), decisions[0].evidence.as_str()), (Some("email"), "plugin channel-x"));
    assert_eq!(heard(&fixture).await, ["opted-out"]);
    assert_eq!(verdict(&fixture, next).await, Some(Verdict::Refuse(GateReason::OptedOut)));
}

async fn a_refused_address_stays_refused_until_its_person_asks_for_messages(fixture: Fixture) {
    let (_, next) = sent(&fixture).await;
    assert_eq!(fixture.refuse_address("sms", ADDRESS, "plugin channel-x", after(5)).await.unwrap(), 0, "by another channel");
    fixture.refuse_address("email", ADDRESS, "plugin channel-x", after(5)).await.unwrap();
    let patient = fixture.patient_id("a").await;
    let again = Consent { purpose: None, ..consent(ConsentDecision::Permit, after(10)) };
    fixture.record_consent(patient, &again).await.unwrap();
    let verdict = verdict(&fixture, next).await;
    assert!(!matches!(verdict, Some(Verdict::Refuse(GateReason::AddressRefused | GateReason::OptedOut))), "{verdict:?}");
}

async fn an_answer_belongs_to_the_last_message_sent_there(fixture: Fixture) {
    let (id, _) = sent(&fixture).await;
    assert!(!fixture.record_answer("email", "nobody@example.org", after(5)).await.unwrap());
    assert!(fixture.record_answer("email", ADDRESS, after(5)).await.unwrap());
    assert!(fixture.record_answer("email", ADDRESS, after(9)).await.unwrap());
    assert_eq!(kinds(&fixture).await, [InteractionKind::Answered, InteractionKind::Answered]);
    let patient = fixture.patient_id("a").await;
    assert!(fixture.interactions(patient, 10).await.unwrap().iter().all(|interaction| interaction.message == Some(id)));
    assert_eq!(heard(&fixture).await, ["answered", "answered"]);
}
