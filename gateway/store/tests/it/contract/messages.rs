//! Promise R5: the ledger and the gate.

use std::collections::HashSet;

use gateway_domain::consent::{ConsentDecision, Purpose};
use gateway_domain::gate::{GatePolicy, GateReason, Verdict};
use gateway_domain::ids::{InteractionId, MessageId, MessageTemplateId};
use gateway_domain::interaction::{Interaction, InteractionKind};
use gateway_domain::journey::{JourneyEvent, SendOutcomeEvent};
use gateway_domain::message::MessageStatus;
use gateway_domain::message_template::MessageTemplate;
use gateway_domain::source::SyncStrategy;
use gateway_ports::store::journeys::Advance;
use gateway_ports::store::messages::{HandOver, MessageFilter, Prepared};
use gateway_ports::store::{ConsentStore, JourneyStore, MessageStore, PageRequest, StoreError};
use jiff::Timestamp;
use serde_json::json;

use super::journeys::{advance_of, enter, message};
use crate::fixture::{Fixture, after, entropy, now};
use crate::given::{consent, journey};

on_both! {
    a_message_is_in_flight_before_the_wire_and_accepted_after,
    a_refused_message_tells_its_run_and_never_goes,
    a_held_message_waits_for_its_time,
    a_failed_rendering_never_sends,
    a_second_message_in_a_day_is_held,
    a_message_that_expired_says_so,
    a_hand_over_put_off_is_tried_again,
    a_crash_leaves_unknown_and_never_resends,
    a_click_reaches_a_run_that_listens,
    a_template_gets_a_version_only_where_it_differs,
    concurrent_claims_never_share_a_message,
    an_open_sync_holds,
}

pub(super) fn prepared() -> Prepared {
    Prepared {
        subject: "Time for your screening".into(),
        language: "en".into(),
        links: vec!["https://example.org/a".into(), "https://example.org/b".into()],
    }
}

async fn one_message(fixture: &Fixture, expires_at: Option<Timestamp>) -> MessageId {
    let (_, event) = enter(fixture, journey("screening", None)).await;
    let mut new = message(now());
    new.expires_at = expires_at;
    let id = new.id;
    let listeners = vec![("invite".into(), vec!["clicked".into()], Some(after(3600)))];
    fixture.advance(&Advance { messages: vec![new], listeners, ..advance_of(&event) }, now()).await.unwrap();
    id
}

async fn pass(fixture: &Fixture, id: MessageId, at: Timestamp) -> Option<Verdict> {
    fixture.pass_gate(id, Ok(&prepared()), &GatePolicy::default(), at).await.unwrap()
}

async fn heard(fixture: &Fixture) -> Vec<JourneyEvent> {
    fixture.claim_due_events(10, after(1000), after(2000)).await.unwrap().into_iter().map(|due| due.event).collect()
}

fn outcome(outcome: &str, reason: Option<&str>) -> JourneyEvent {
    JourneyEvent::SendOutcome(SendOutcomeEvent { step: "invite".into(), outcome: outcome.into(), reason: reason.map(Into::into) })
}

async fn status(fixture: &Fixture, id: MessageId) -> MessageStatus {
    fixture.message(id).await.unwrap().unwrap().message.status
}

async fn a_message_is_in_flight_before_the_wire_and_accepted_after(fixture: Fixture) {
    let id = one_message(&fixture, None).await;
    let claimed = fixture.claim_due_messages(10, now(), after(60)).await.unwrap();
    assert_eq!(claimed.iter().map(|message| message.id).collect::<Vec<_>>(), [id]);
    assert_eq!(fixture.claim_due_messages(10, now(), after(60)).await.unwrap(), [], "leased");
    assert!(matches!(pass(&fixture, id, now()).await, Some(Verdict::Send(_))));
    assert_eq!(pass(&fixture, id, now()).await, None, "no longer due");
    let summary = fixture.message(id).await.unwrap().unwrap();
    assert_eq!((summary.message.status, summary.message.tries), (MessageStatus::InFlight, 1));
    assert_eq!(summary.message.subject.as_deref(), Some("Time for your screening"));
    assert_eq!(fixture.link_target(id, 1).await.unwrap().as_deref(), Some("https://example.org/b"));
    assert_eq!(fixture.link_target(id, 2).await.unwrap(), None);

    let accepted = HandOver::Accepted { provider_id: Some("q1".into()) };
    fixture.record_hand_over(id, &accepted, after(1)).await.unwrap();
    let twice = fixture.record_hand_over(id, &accepted, after(1)).await;
    assert!(matches!(twice, Err(StoreError::Stale { .. })), "{twice:?}");
    let sent = fixture.message(id).await.unwrap().unwrap().message;
    assert_eq!((sent.status, sent.sent_at, sent.provider_id.as_deref()), (MessageStatus::Accepted, Some(after(1)), Some("q1")));
    assert_eq!(heard(&fixture).await, [outcome("accepted", None)]);
}

async fn a_refused_message_tells_its_run_and_never_goes(fixture: Fixture) {
    let id = one_message(&fixture, None).await;
    fixture.record_consent(fixture.patient_id("a").await, &consent(ConsentDecision::Deny, now())).await.unwrap();
    assert_eq!(pass(&fixture, id, now()).await, Some(Verdict::Refuse(GateReason::OptedOut)));
    assert_eq!(status(&fixture, id).await, MessageStatus::Refused);
    assert_eq!(pass(&fixture, id, now()).await, None);
    let first = heard(&fixture).await;
    assert!(matches!(first.as_slice(), [JourneyEvent::Happened(happening)] if happening.kind == "opted-out"), "{first:?}");
    let filter = MessageFilter { status: Some(MessageStatus::Refused), patient: Some(fixture.patient_id("a").await), journey: None };
    assert_eq!(fixture.messages(&filter, PageRequest::default()).await.unwrap().items[0].message.reason.as_deref(), Some("opted-out"));
}

async fn a_held_message_waits_for_its_time(fixture: Fixture) {
    let id = one_message(&fixture, None).await;
    let night: Timestamp = "2026-11-24T05:00:00Z".parse().unwrap();
    let Some(Verdict::Hold { reason, until }) = pass(&fixture, id, night).await else {
        panic!("it is night in Chicago");
    };
    assert_eq!((reason, until), (GateReason::QuietHours, "2026-11-24T14:00:00Z".parse().unwrap()));
    assert_eq!(fixture.next_message_due().await.unwrap(), Some(until));
    assert_eq!(status(&fixture, id).await, MessageStatus::Due);
    fixture.hold_message(id, "the translation is missing", after(90_000)).await.unwrap();
    assert_eq!(fixture.next_message_due().await.unwrap(), Some(after(90_000)));
}

async fn a_failed_rendering_never_sends(fixture: Fixture) {
    let id = one_message(&fixture, None).await;
    let verdict = fixture.pass_gate(id, Err("no-language"), &GatePolicy::default(), now()).await.unwrap();
    assert_eq!(verdict, None);
    assert_eq!(status(&fixture, id).await, MessageStatus::Refused);
    assert_eq!(heard(&fixture).await, [outcome("refused", Some("no-language"))]);
}

async fn a_second_message_in_a_day_is_held(fixture: Fixture) {
    let first = one_message(&fixture, None).await;
    pass(&fixture, first, now()).await;
    fixture.record_hand_over(first, &HandOver::Accepted { provider_id: None }, now()).await.unwrap();
    let event = fixture.claim_due_events(10, now(), after(60)).await.unwrap().remove(0);
    let mut second = message(now());
    second.occurrence = 1;
    let id = second.id;
    fixture.advance(&Advance { messages: vec![second], ..advance_of(&event) }, now()).await.unwrap();
    let verdict = pass(&fixture, id, after(60)).await;
    assert_eq!(verdict, Some(Verdict::Hold { reason: GateReason::FrequencyCap, until: after(86_400) }));
}

async fn a_message_that_expired_says_so(fixture: Fixture) {
    let id = one_message(&fixture, Some(after(10))).await;
    assert_eq!(pass(&fixture, id, after(10)).await, Some(Verdict::Refuse(GateReason::Expired)));
    assert_eq!(status(&fixture, id).await, MessageStatus::Expired);
    assert_eq!(heard(&fixture).await, [outcome("expired", Some("expired"))]);
}

async fn a_hand_over_put_off_is_tried_again(fixture: Fixture) {
    let id = one_message(&fixture, None).await;
    pass(&fixture, id, now()).await;
    let later = HandOver::Later { at: after(30), reason: "greylisted".into() };
    fixture.record_hand_over(id, &later, now()).await.unwrap();
    assert_eq!(heard(&fixture).await, [], "not an end");
    assert_eq!(fixture.claim_due_messages(1, after(29), after(60)).await.unwrap(), []);
    assert_eq!(fixture.claim_due_messages(1, after(30), after(60)).await.unwrap().len(), 1);
    assert!(matches!(pass(&fixture, id, after(30)).await, Some(Verdict::Send(_))), "what was certainly not taken does not count");
    assert_eq!(fixture.message(id).await.unwrap().unwrap().message.tries, 2);
}

async fn a_crash_leaves_unknown_and_never_resends(fixture: Fixture) {
    let id = one_message(&fixture, None).await;
    pass(&fixture, id, now()).await;
    assert_eq!(fixture.recover_in_flight(now(), after(1)).await.unwrap(), [id]);
    assert_eq!(fixture.recover_in_flight(now(), after(1)).await.unwrap(), []);
    assert_eq!(fixture.message_counts().await.unwrap(), [(MessageStatus::Unknown, 1)]);
    assert_eq!(fixture.claim_due_messages(10, after(9_999_999), after(99_999_999)).await.unwrap(), []);
    assert!(matches!(heard(&fixture).await.as_slice(), [JourneyEvent::SendOutcome(outcome)] if outcome.outcome == "unknown"));
}

async fn a_click_reaches_a_run_that_listens(fixture: Fixture) {
    let id = one_message(&fixture, None).await;
    let patient = fixture.patient_id("a").await;
    let interaction = |kind, at| Interaction { id: InteractionId::new(at, entropy()), patient, message: Some(id), kind, at, link: Some(0) };
    let click = interaction(InteractionKind::Clicked, after(5));
    fixture.record_interaction(&click, None).await.unwrap();
    fixture.record_interaction(&click, None).await.unwrap();
    fixture.record_interaction(&interaction(InteractionKind::Bounced, after(6)), None).await.unwrap();
    fixture.record_interaction(&interaction(InteractionKind::Clicked, after(3601)), None).await.unwrap();
    let due = fixture.claim_due_events(10, after(9000), after(9999)).await.unwrap().remove(0);
    assert!(matches!(&due.event, JourneyEvent::Happened(happening) if happening.kind == "clicked" && happening.detail == "invite"));
    fixture.advance(&advance_of(&due), now()).await.unwrap();
    assert_eq!(fixture.next_event_due().await.unwrap(), None, "told once, and not of what it does not listen for");
    let kinds: Vec<_> = fixture.interactions(patient, 10).await.unwrap().into_iter().map(|interaction| interaction.kind).collect();
    assert_eq!(kinds, [InteractionKind::Clicked, InteractionKind::Bounced, InteractionKind::Clicked]);
}

async fn a_template_gets_a_version_only_where_it_differs(fixture: Fixture) {
    let template = |title: &str| MessageTemplate {
        id: MessageTemplateId::new(now(), entropy()),
        key: "invitation".into(),
        title: title.into(),
        purpose: Purpose::Treatment,
        list: None,
        document: json!({"variants": {}}),
        version: 1,
        created_at: now(),
    };
    let first = fixture.put_message_template(&template("Invitation")).await.unwrap();
    assert_eq!(fixture.put_message_template(&template("Invitation")).await.unwrap(), first);
    let second = fixture.put_message_template(&template("Invitation, warmer")).await.unwrap();
    assert_eq!((second.id, second.version), (first.id, 2));
    assert_eq!(fixture.message_templates().await.unwrap(), std::slice::from_ref(&second));
    assert_eq!(fixture.message_template("invitation").await.unwrap(), Some(second));
}

async fn concurrent_claims_never_share_a_message(fixture: Fixture) {
    let (_, event) = enter(&fixture, journey("screening", None)).await;
    let messages = (0..200).map(|occurrence| gateway_ports::store::journeys::NewMessage { occurrence, ..message(now()) });
    fixture.advance(&Advance { messages: messages.collect(), ..advance_of(&event) }, now()).await.unwrap();
    let workers = (0..8).map(|_| {
        let store = fixture.clone_store();
        tokio::spawn(async move {
            let mut mine = Vec::new();
            for _ in 0..20 {
                mine.extend(store.claim_due_messages(5, now(), after(60)).await.unwrap().into_iter().map(|message| message.id));
            }
            mine
        })
    });
    let mut all = Vec::new();
    for worker in workers.collect::<Vec<_>>() {
        all.extend(worker.await.unwrap());
    }
    assert_eq!((all.len(), all.iter().collect::<HashSet<_>>().len()), (200, 200));
}

async fn an_open_sync_holds(fixture: Fixture) {
    let id = one_message(&fixture, None).await;
    let source = fixture.source().await;
    fixture.begin(&source, SyncStrategy::SearchSince).await;
    assert!(matches!(pass(&fixture, id, now()).await, Some(Verdict::Hold { reason: GateReason::StaleSource, .. })));
}
