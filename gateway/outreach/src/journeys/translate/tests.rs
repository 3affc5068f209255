use gateway_domain::ids::{JourneyId, PatientId, PatientNo, RunId};
use gateway_domain::journey::{Journey, JourneyStatus, ListChange, Listener, Run, Wake};
use gateway_domain::plugin::PluginName;
use gateway_domain::task::TaskKind;
use proptest::prelude::*;

use super::*;

fn now() -> Timestamp {
    "2026-11-23T18:00:00Z".parse().unwrap()
}

fn due(event: JourneyEvent) -> DueEvent {
    let journey = JourneyId::new(now(), [1; 10]);
    DueEvent {
        seq: 7,
        run: Run {
            id: RunId::new(now(), [2; 10]),
            journey,
            version: 1,
            patient: PatientId::new(now(), [3; 10]),
            status: RunStatus::Active,
            at_step: "invite".into(),
            entered_at: now(),
            updated_at: now(),
            reason: None,
        },
        revision: 3,
        state: Some("{}".into()),
        plugin_version: None,
        event,
        due_at: now(),
        patient: PatientNo(1),
        journey: Journey {
            id: journey,
            key: "screening".into(),
            title: "Screening".into(),
            description: String::new(),
            status: JourneyStatus::Live,
            version: 1,
            plugin: PluginName::new("journey-flow").unwrap(),
            definition: serde_json::Value::Null,
            entry_segment: None,
            reentry_after_days: None,
            keeps_plugin: false,
            created_at: now(),
        },
        tries: 0,
    }
}

fn send(step: &str, template: &str) -> Effect {
    Effect::Send(SendProposal {
        step: step.into(),
        message: template.into(),
        channels: vec!["pigeon".into(), "email".into()],
        expires_at: None,
    })
}

fn transition(effects: Vec<Effect>) -> Transition {
    Transition { state: "next".into(), effects, questions: Vec::new(), at_step: "wait".into() }
}

fn told(event: JourneyEvent, effects: Vec<Effect>) -> Result<Advance, Untranslatable> {
    let purposes = BTreeMap::from([("invitation".to_owned(), Purpose::Treatment)]);
    let sent_before = BTreeMap::from([(("invite".to_owned(), "email".to_owned()), 2)]);
    let ids: Vec<MessageId> = (0..=MOST_EFFECTS).map(|number| MessageId::new(now(), [number as u8; 10])).collect();
    let task_ids: Vec<TaskId> = (0..=MOST_EFFECTS).map(|number| TaskId::new(now(), [number as u8; 10])).collect();
    let time_zone = TimeZone::get("America/Chicago").unwrap();
    let media = ["email".to_owned()];
    let with = Surroundings {
        purposes: &purposes,
        media: &media,
        sent_before: &sent_before,
        ids: &ids,
        task_ids: &task_ids,
        time_zone: &time_zone,
    };
    translate(&due(event), transition(effects), &with, now())
}

fn entered() -> JourneyEvent {
    JourneyEvent::Entered("joined the segment".into())
}

#[test]
fn a_send_takes_its_purpose_from_the_template_and_the_first_medium_that_is_carried() {
    let advance = told(entered(), vec![send("invite", "invitation")]).unwrap();
    let message = &advance.messages[0];
    assert_eq!((message.purpose, message.medium.as_str(), message.occurrence), (Purpose::Treatment, "email", 2));
    assert_eq!((advance.seq, advance.revision, advance.status), (7, 3, RunStatus::Active));
}

#[test]
fn each_send_of_a_step_is_an_occurrence_of_its_own() {
    let advance = told(entered(), vec![send("invite", "invitation"), send("invite", "invitation")]).unwrap();
    assert_eq!(advance.messages.iter().map(|message| message.occurrence).collect::<Vec<_>>(), [2, 3]);
    assert_ne!(advance.messages[0].id, advance.messages[1].id);
}

#[test]
fn a_proposal_with_an_unknown_template_is_not_carried_out_in_part() {
    let error = told(entered(), vec![send("invite", "invitation"), send("remind", "reminder")]).unwrap_err();
    assert_eq!(error.to_string(), "step `remind` sends the message `reminder`, and there is no template with that key");
}

#[test]
fn a_list_change_is_refused_aloud() {
    let change = Effect::ChangeList(ListChange { list_key: "news".into(), join: true });
    assert_eq!(told(entered(), vec![change]), Err(Untranslatable::ListChange { list: "news".into() }));
}

#[test]
fn who_is_taken_out_leaves_unwritten_whatever_the_plugin_proposes() {
    let advance = told(JourneyEvent::Cancelled("stopped".into()), vec![send("invite", "invitation")]).unwrap();
    assert_eq!((advance.status, advance.reason.as_deref(), advance.messages.len()), (RunStatus::Left, Some("stopped"), 0));
}

fn task_for(role: &str) -> Effect {
    Effect::CreateTask(TaskProposal {
        step: "call".into(),
        kind: TaskKind::Call,
        note: Some("  ".into()),
        role: Some(role.into()),
        // Half past midnight in Greenwich is the evening before in Chicago.
        due_at: Some("2026-12-01T00:30:00Z".parse().unwrap()),
    })
}

#[test]
fn a_task_is_due_on_the_hospitals_day_and_for_a_role_that_can_do_it() {
    let advance = told(entered(), vec![task_for("coordinator")]).unwrap();
    let task = &advance.tasks[0];
    assert_eq!((task.kind, task.role, task.note.as_deref()), (TaskKind::Call, Some(Role::Coordinator), None));
    assert_eq!(task.due_on, Some("2026-11-30".parse().unwrap()));
    for role in ["operator", "janitor"] {
        assert_eq!(told(entered(), vec![task_for(role)]), Err(Untranslatable::NoRole { step: "call".into(), role: role.into() }));
    }
    assert_eq!(told(JourneyEvent::Cancelled("stopped".into()), vec![task_for("coordinator")]).unwrap().tasks, []);
}

#[test]
fn timers_and_listeners_are_kept_in_order() {
    let advance = told(
        entered(),
        vec![
            Effect::WakeAt(Wake { step: "wait".into(), at: now() }),
            Effect::ListenFor(Listener { step: "wait".into(), kinds: vec!["clicked".into()], until: None }),
            Effect::Leave("done".into()),
        ],
    )
    .unwrap();
    assert_eq!(advance.timers, [("wait".to_owned(), now())]);
    assert_eq!(advance.listeners, [("wait".to_owned(), vec!["clicked".to_owned()], None)]);
    assert_eq!((advance.status, advance.reason.as_deref()), (RunStatus::Left, Some("done")));
}

proptest! {
    #[test]
    fn no_two_messages_of_a_transition_are_the_same_in_the_ledger(steps in prop::collection::vec("[ab]|invite", 0..80)) {
        let effects: Vec<Effect> = steps.iter().map(|step| send(step, "invitation")).collect();
        match told(entered(), effects) {
            Ok(advance) => {
                let mut keys: Vec<_> = advance.messages.iter().map(|m| (m.step.clone(), m.medium.clone(), m.occurrence)).collect();
                keys.sort();
                keys.dedup();
                prop_assert_eq!(keys.len(), steps.len());
            }
            Err(error) => {
                let too_much = matches!(error, Untranslatable::TooMuch { .. });
                prop_assert!(too_much && steps.len() > MOST_EFFECTS, "{}", error);
            }
        }
    }
}
