//! Promise R4: a step is durable, and a timer is neither lost nor fired twice.

use gateway_domain::consent::Purpose;
use gateway_domain::ids::{MessageId, PatientNo, SegmentId};
use gateway_domain::journey::{Journey, JourneyEvent, JourneyStatus, RunStatus};
use gateway_domain::message::MessageStatus;
use gateway_domain::segment::Evaluation;
use gateway_ports::store::journeys::{Advance, DueEvent, NewMessage};
use gateway_ports::store::messages::MessageFilter;
use gateway_ports::store::{JourneyStore, MessageStore, PageRequest, SegmentStore, StoreError};
use jiff::Timestamp;
use serde_json::json;

use crate::fixture::{Fixture, after, entropy, now};
use crate::given::{journey, patient, segment};

on_both! {
    joining_the_segment_lets_a_person_in_once,
    a_run_hears_that_its_person_left_the_segment,
    who_left_comes_back_only_when_the_journey_says_so,
    a_step_is_written_whole_and_once,
    leaving_takes_timers_and_waiting_messages_along,
    a_paused_journey_waits_and_a_stopped_one_takes_everybody_out,
    people_finish_in_the_version_they_entered,
    events_of_one_run_are_worked_on_one_by_one,
    entering_comes_before_whatever_happens_afterwards,
}

pub(super) async fn enter(fixture: &Fixture, journey: Journey) -> (Journey, DueEvent) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1)]).await;
    let segment = fixture.put_segment(&segment("due"), now()).await.unwrap();
    let journey = fixture.put_journey(&Journey { entry_segment: Some(segment.id), ..journey }, now()).await.unwrap();
    member(fixture, segment.id, true).await;
    fixture.enrol(10, now(), &[entropy()]).await.unwrap();
    let mut due = fixture.claim_due_events(10, now(), after(60)).await.unwrap();
    assert_eq!(due.len(), 1);
    (journey, due.remove(0))
}

async fn member(fixture: &Fixture, segment: SegmentId, member: bool) {
    let patient = fixture.patient_no("a").await;
    let answer = Evaluation { patient, segment, member, populations: vec![], evidence: vec![], review_on: None };
    fixture.apply_evaluations(&[], &[answer], &[(segment, 1)], now()).await.unwrap();
}

pub(super) fn advance_of(event: &DueEvent) -> Advance {
    Advance {
        seq: event.seq,
        run: event.run.id,
        revision: event.revision,
        state: "{}".into(),
        at_step: "invite".into(),
        status: RunStatus::Active,
        reason: None,
        messages: Vec::new(),
        tasks: Vec::new(),
        timers: Vec::new(),
        listeners: Vec::new(),
        branches: Vec::new(),
        plugin_version: None,
    }
}

pub(super) fn message(due_at: Timestamp) -> NewMessage {
    NewMessage {
        id: MessageId::new(now(), entropy()),
        step: "invite".into(),
        occurrence: 0,
        medium: "email".into(),
        template: "invitation".into(),
        purpose: Purpose::Treatment,
        due_at,
        expires_at: None,
    }
}

async fn joining_the_segment_lets_a_person_in_once(fixture: Fixture) {
    let (journey, event) = enter(&fixture, journey("screening", None)).await;
    assert!(matches!(&event.event, JourneyEvent::Entered(why) if why.contains("DUE")));
    assert_eq!((event.patient, event.tries, event.state.as_deref()), (PatientNo(1), 1, None));
    assert_eq!(fixture.enrol(10, now(), &[entropy()]).await.unwrap(), [], "each change is heard once");
    let runs = fixture.runs(journey.id, PageRequest::default()).await.unwrap();
    assert_eq!((runs.total, runs.items[0].name.as_str()), (1, "Ada Lovelace1"));
    assert_eq!(fixture.patient_runs(fixture.patient_id("a").await).await.unwrap(), [event.run]);
}

async fn a_run_hears_that_its_person_left_the_segment(fixture: Fixture) {
    let (journey, event) = enter(&fixture, journey("screening", None)).await;
    let mut step = advance_of(&event);
    step.listeners = vec![("invite".into(), vec!["segment-left".into()], None)];
    fixture.advance(&step, now()).await.unwrap();
    member(&fixture, journey.entry_segment.unwrap(), false).await;
    assert_eq!(fixture.enrol(10, now(), &[entropy()]).await.unwrap().len(), 1);
    let due = fixture.claim_due_events(10, now(), after(60)).await.unwrap();
    assert!(matches!(&due[0].event, JourneyEvent::Happened(happening) if happening.kind == "segment-left" && happening.detail == "due"));
}

async fn who_left_comes_back_only_when_the_journey_says_so(fixture: Fixture) {
    let mut once = journey("screening", None);
    once.reentry_after_days = Some(30);
    let (journey, event) = enter(&fixture, once).await;
    fixture.advance(&Advance { status: RunStatus::Left, reason: Some("done".into()), ..advance_of(&event) }, now()).await.unwrap();
    let segment = journey.entry_segment.unwrap();
    for (at, runs) in [(after(60), 1), (after(31 * 86_400), 2)] {
        member(&fixture, segment, false).await;
        member(&fixture, segment, true).await;
        fixture.enrol(10, at, &[entropy()]).await.unwrap();
        assert_eq!(fixture.runs(journey.id, PageRequest::default()).await.unwrap().total, runs);
    }
}

async fn a_step_is_written_whole_and_once(fixture: Fixture) {
    let (journey, event) = enter(&fixture, journey("screening", None)).await;
    let step = Advance {
        messages: vec![message(now()), message(now())],
        timers: vec![("wait".into(), after(3600))],
        branches: vec![("invite".into(), "yes".into())],
        plugin_version: None,
        ..advance_of(&event)
    };
    fixture.advance(&step, now()).await.unwrap();
    let again = fixture.advance(&step, now()).await;
    assert!(matches!(again, Err(StoreError::Stale { .. })), "{again:?}");
    let messages = fixture.messages(&MessageFilter::default(), PageRequest::default()).await.unwrap();
    assert_eq!(messages.total, 1, "one for each patient, run, step, medium and occurrence");
    assert_eq!(fixture.next_event_due().await.unwrap(), Some(after(3600)));
    assert_eq!(fixture.claim_due_events(10, after(3599), after(4000)).await.unwrap(), []);
    let timer = fixture.claim_due_events(10, after(3600), after(4000)).await.unwrap().remove(0);
    assert_eq!(timer.event, JourneyEvent::Timer("wait".into()));
    assert_eq!((timer.revision, timer.state.as_deref()), (1, Some("{}")));
    fixture.put_off_event(timer.seq, after(5000)).await.unwrap();
    assert_eq!(fixture.claim_due_events(10, after(4500), after(9000)).await.unwrap(), []);
    assert_eq!(fixture.claim_due_events(10, after(5000), after(9000)).await.unwrap()[0].tries, 2);
    let summary = fixture.journey(journey.id).await.unwrap().unwrap();
    assert_eq!(summary.at_step, [("invite".into(), 1)]);
}

async fn leaving_takes_timers_and_waiting_messages_along(fixture: Fixture) {
    let (journey, event) = enter(&fixture, journey("screening", None)).await;
    let step = Advance {
        messages: vec![message(after(600))],
        timers: vec![("wait".into(), now()), ("late".into(), after(600))],
        ..advance_of(&event)
    };
    fixture.advance(&step, now()).await.unwrap();
    let timer = fixture.claim_due_events(10, now(), after(60)).await.unwrap().remove(0);
    let leave = Advance { status: RunStatus::Left, reason: Some("screened".into()), ..advance_of(&timer) };
    fixture.advance(&leave, now()).await.unwrap();
    assert_eq!(fixture.next_event_due().await.unwrap(), None);
    assert_eq!(fixture.message_counts().await.unwrap(), [(MessageStatus::Cancelled, 1)]);
    assert_eq!(fixture.journey(journey.id).await.unwrap().unwrap().left, [("screened".into(), 1)]);
}

async fn a_paused_journey_waits_and_a_stopped_one_takes_everybody_out(fixture: Fixture) {
    let (journey, event) = enter(&fixture, journey("screening", None)).await;
    fixture.advance(&Advance { timers: vec![("wait".into(), now())], ..advance_of(&event) }, now()).await.unwrap();
    fixture.set_journey_status(journey.id, JourneyStatus::Paused, now()).await.unwrap();
    assert_eq!(fixture.claim_due_events(10, after(60), after(90)).await.unwrap(), []);
    assert_eq!(fixture.next_event_due().await.unwrap(), None);
    fixture.set_journey_status(journey.id, JourneyStatus::Stopped, after(70)).await.unwrap();
    let due = fixture.claim_due_events(10, after(80), after(90)).await.unwrap();
    assert!(matches!(due.as_slice(), [DueEvent { event: JourneyEvent::Cancelled(_), .. }]), "{due:?}");
}

async fn people_finish_in_the_version_they_entered(fixture: Fixture) {
    let (first, event) = enter(&fixture, journey("screening", None)).await;
    fixture.advance(&Advance { timers: vec![("wait".into(), now())], ..advance_of(&event) }, now()).await.unwrap();
    let changed = Journey { definition: json!({"steps": ["new"]}), ..first.clone() };
    let second = fixture.put_journey(&changed, now()).await.unwrap();
    assert_eq!((second.id, second.version), (first.id, 2));
    assert_eq!(fixture.put_journey(&changed, now()).await.unwrap().version, 2);
    let timer = fixture.claim_due_events(10, now(), after(60)).await.unwrap().remove(0);
    assert_eq!((timer.journey.version, timer.journey.definition), (1, first.definition));
    assert_eq!(fixture.journeys().await.unwrap()[0].journey.definition, json!({"steps": ["new"]}));
}

async fn events_of_one_run_are_worked_on_one_by_one(fixture: Fixture) {
    let (_, event) = enter(&fixture, journey("screening", None)).await;
    let step = Advance { timers: vec![("one".into(), now()), ("two".into(), now()), ("three".into(), now())], ..advance_of(&event) };
    fixture.advance(&step, now()).await.unwrap();
    let claims = (0..8).map(|_| {
        let store = fixture.clone_store();
        tokio::spawn(async move { store.claim_due_events(10, now(), after(60)).await.unwrap() })
    });
    let mut claimed = Vec::new();
    for claim in claims.collect::<Vec<_>>() {
        claimed.extend(claim.await.unwrap());
    }
    assert_eq!(claimed.len(), 1, "{claimed:?}");
    assert_eq!(claimed[0].event, JourneyEvent::Timer("one".into()));
    assert_eq!(fixture.claim_due_events(10, after(61), after(90)).await.unwrap().len(), 1, "a lease that ended is claimed again");
}

async fn entering_comes_before_whatever_happens_afterwards(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1)]).await;
    let entry = fixture.put_segment(&segment("due"), now()).await.unwrap();
    let other = fixture.put_segment(&segment("other"), now()).await.unwrap();
    fixture.put_journey(&journey("screening", Some(entry.id)), now()).await.unwrap();
    member(&fixture, entry.id, true).await;
    member(&fixture, other.id, true).await;
    // Enrolled a while after the two memberships were decided.
    fixture.enrol(10, after(5), &[entropy(), entropy()]).await.unwrap();
    let due = fixture.claim_due_events(10, after(5), after(60)).await.unwrap();
    assert!(matches!(due[0].event, JourneyEvent::Entered(_)), "the person enters first: {:?}", due[0].event);
}
