use outreach_plugin_sdk::journey::{Answer, Effect, Event, Happening, Journey, SendOutcome, TaskKind, TaskProposal, Transition};
use proptest::prelude::*;

use super::JourneyFlow;

const SCREENING: &str = r#"{
  "version": 1, "start": "who",
  "exit_when": [{ "event": "segment-left", "detail": "due", "reason": "screened" }],
  "steps": {
    "who": { "branch": { "if": { "language": "es" }, "then": "invite-es", "otherwise": "invite", "if_unknown": "invite" } },
    "invite-es": { "send": { "message": "invite-es", "channels": ["email"] }, "next": "click", "if_not_sent": "unreachable" },
    "invite": { "send": { "message": "invite", "channels": ["email"], "expires_after": "14 days" }, "next": "click", "if_not_sent": "unreachable" },
    "click": { "wait_for": { "events": ["clicked"], "timeout": "7 days", "then": "clicked", "otherwise": "remind" } },
    "remind": { "send": { "message": "remind", "channels": ["email"] }, "next": "pause" },
    "pause": { "wait": { "for": "30 seconds" }, "next": "end" },
    "clicked": { "exit": { "reason": "clicked" } },
    "unreachable": { "exit": { "reason": "could not be reached" } },
    "end": { "exit": { "reason": "end" } }
  }
}"#;
const DAY: i64 = 86_400_000;

fn advance(state: Option<&str>, event: &Event, language: Option<bool>, now: i64) -> Transition {
    let answers = [Answer { key: "who".into(), truth: language }];
    JourneyFlow::advance(SCREENING, state, event, &answers, now).unwrap()
}

fn entered() -> Transition {
    advance(None, &Event::Entered("joined".into()), Some(false), 0)
}

fn outcome(step: &str, outcome: &str) -> Event {
    Event::SendOutcome(SendOutcome { step: step.into(), outcome: outcome.into(), reason: None })
}

fn happened(kind: &str, detail: &str, at: i64) -> Event {
    Event::Happened(Happening { kind: kind.into(), at, detail: detail.into() })
}

fn waiting_for_click() -> Transition {
    advance(Some(&entered().state), &outcome("invite", "accepted"), None, 10)
}

fn left(transition: &Transition) -> Option<&str> {
    transition.effects.iter().find_map(|effect| if let Effect::Leave(reason) = effect { Some(reason.as_str()) } else { None })
}

fn sends(transition: &Transition) -> Vec<&str> {
    transition.effects.iter().filter_map(|effect| if let Effect::Send(send) = effect { Some(send.step.as_str()) } else { None }).collect()
}

#[test]
fn a_branch_asks_first_and_proposes_nothing_until_it_is_answered() {
    let asked = JourneyFlow::advance(SCREENING, None, &Event::Entered("joined".into()), &[], 0).unwrap();
    assert_eq!(asked.questions[0].criteria, r#"{"language":"es"}"#);
    assert!(asked.effects.is_empty());
    assert_eq!(sends(&advance(None, &Event::Entered("joined".into()), Some(true), 0)), ["invite-es"]);
    assert_eq!(sends(&entered()), ["invite"]);
}

#[test]
fn a_reminder_goes_out_when_nobody_clicked_and_not_before_its_time() {
    let waiting = waiting_for_click();
    assert!(matches!(waiting.effects.as_slice(), [Effect::WakeAt(wake)] if wake.at == 7 * DAY + 10 && wake.step == "click"));
    let early = advance(Some(&waiting.state), &Event::Timer("click".into()), None, DAY);
    assert_eq!((early.at_step.as_str(), early.effects.len()), ("click", 0));
    let due = advance(Some(&waiting.state), &Event::Timer("click".into()), None, 7 * DAY + 10);
    assert_eq!(sends(&due), ["remind"]);
}

#[test]
fn a_click_ends_the_wait_even_when_it_was_heard_before_the_outcome() {
    let late = advance(Some(&waiting_for_click().state), &happened("clicked", "invite", 20), None, 20);
    assert_eq!(left(&late), Some("clicked"));
    let early = advance(Some(&entered().state), &happened("clicked", "invite", 5), None, 5);
    assert_eq!(early.at_step, "invite");
    assert_eq!(left(&advance(Some(&early.state), &outcome("invite", "accepted"), None, 10)), Some("clicked"));
}

#[test]
fn whoever_was_screened_or_opted_out_leaves_wherever_they_are() {
    for state in [entered().state, waiting_for_click().state] {
        assert_eq!(left(&advance(Some(&state), &happened("segment-left", "due", 20), None, 20)), Some("screened"));
        assert_eq!(left(&advance(Some(&state), &happened("opted-out", "", 20), None, 20)), Some("opted out"));
        assert_eq!(left(&advance(Some(&state), &happened("segment-left", "another", 20), None, 20)), None);
    }
}

#[test]
fn what_happened_before_the_entry_does_not_count() {
    let entered = advance(None, &Event::Entered("joined".into()), Some(false), 1_000);
    assert_eq!(left(&advance(Some(&entered.state), &happened("segment-left", "due", 999), None, 1_001)), None);
}

#[test]
fn a_refused_send_takes_its_branch_and_an_outcome_of_another_step_is_ignored() {
    assert_eq!(left(&advance(Some(&entered().state), &outcome("invite", "refused"), None, 1)), Some("could not be reached"));
    assert_eq!(advance(Some(&entered().state), &outcome("remind", "accepted"), None, 1).at_step, "invite");
}

#[test]
fn a_task_is_put_before_staff_on_the_way_and_nobody_waits_for_it() {
    let definition = r#"{ "version": 1, "start": "call", "steps": {
        "call": { "task": { "kind": "call", "note": "Ask for a date", "role": "coordinator", "due_after": "3 days" }, "next": "end" },
        "end": { "exit": { "reason": "end" } }
    } }"#;
    assert_eq!(JourneyFlow::check(definition), []);
    let entered = JourneyFlow::advance(definition, None, &Event::Entered("joined".into()), &[], 1_000).unwrap();
    let proposal = TaskProposal {
        step: "call".into(),
        kind: TaskKind::Call,
        note: Some("Ask for a date".into()),
        role: Some("coordinator".into()),
        due_at: Some(3 * DAY + 1_000),
    };
    assert!(entered.effects.contains(&Effect::CreateTask(proposal)), "{:?}", entered.effects);
    assert_eq!(left(&entered), Some("end"));
}

#[test]
fn nothing_happens_after_someone_left() {
    let gone = advance(Some(&entered().state), &Event::Cancelled("stopped".into()), None, 1);
    assert_eq!(left(&gone), Some("stopped"));
    assert!(advance(Some(&gone.state), &outcome("invite", "accepted"), None, 2).effects.is_empty());
}

#[test]
fn a_check_finds_missing_steps_circles_and_steps_nobody_reaches() {
    let findings = |steps: &str| {
        let issues = JourneyFlow::check(&format!(r#"{{ "version": 1, "start": "a", "steps": {steps} }}"#));
        issues.into_iter().map(|issue| format!("{}: {}", issue.path, issue.message)).collect::<Vec<_>>().join("\n")
    };
    assert!(findings(r#"{ "a": { "wait": { "for": "1 day" }, "next": "b" } }"#).contains("/steps/a: `next` leads to `b`"));
    let round = findings(
        r#"{ "a": { "branch": { "if": { "member_of": "x" }, "then": "a", "otherwise": "e" } }, "e": { "exit": { "reason": "r" } } }"#,
    );
    assert!(round.contains("without a wait"), "{round}");
    let again = findings(
        r#"{ "a": { "send": { "message": "m", "channels": ["email"] }, "next": "w" }, "w": { "wait": { "for": "1 day" }, "next": "a" } }"#,
    );
    assert!(again.contains("a step sends once"), "{again}");
    let alone = findings(r#"{ "a": { "exit": { "reason": "r" } }, "b": { "exit": { "reason": "r" } } }"#);
    assert!(alone.contains("nobody reaches `b`"), "{alone}");
    let task = |task: &str| format!(r#"{{ "a": {{ "task": {task}, "next": "e" }}, "e": {{ "exit": {{ "reason": "r" }} }} }}"#);
    assert!(findings(&task(r#"{ "kind": "dance" }"#)).contains("/steps/a/task/kind"));
    assert!(findings(&task(r#"{ "kind": "call", "role": "janitor" }"#)).contains("/steps/a/task/role"));
    assert!(findings(&task(&format!(r#"{{ "kind": "other", "note": "{}" }}"#, "x".repeat(501)))).contains("at most 500"));
    assert_eq!(findings(&task(r#"{ "kind": "call" }"#)), "");
    let daily = findings(r#"{ "a": { "task": { "kind": "call" }, "next": "w" }, "w": { "wait": { "for": "1 day" }, "next": "a" } }"#);
    assert!(daily.contains("a step makes one"), "{daily}");
    assert!(findings(r#"{ "a": { "wait": { "for": "soon" }, "next": "a" } }"#).contains("/steps/a/wait/for"));
    assert_eq!(JourneyFlow::check(SCREENING), []);
}

fn any_event() -> impl Strategy<Value = Event> {
    let step = || prop::sample::select(vec!["who", "invite", "invite-es", "click", "remind", "pause", "end", "elsewhere"]);
    prop_oneof![
        3 => step().prop_map(|step| Event::Timer(step.into())),
        3 => (step(), prop::sample::select(vec!["accepted", "refused", "rejected", "unknown", "odd"])).prop_map(|(step, result)| outcome(step, result)),
        3 => (prop::sample::select(vec!["clicked", "segment-left", "bounced"]), step(), -DAY..40 * DAY).prop_map(|(kind, of, at)| happened(kind, of, at)),
        1 => Just(Event::Entered("again".into())),
    ]
}

proptest! {
    #[test]
    fn no_history_sends_a_step_twice_or_answers_twice_differently(
        history in prop::collection::vec((any_event(), 0..8 * DAY, prop::option::of(any::<bool>())), 0..40),
    ) {
        let mut now = 0;
        let mut run = entered();
        let mut sent: Vec<String> = sends(&run).into_iter().map(str::to_owned).collect();
        let mut over = false;
        for (event, later, language) in history {
            now += later;
            let next = advance(Some(&run.state), &event, language, now);
            prop_assert_eq!(&next, &advance(Some(&run.state), &event, language, now));
            prop_assert!(!over || next.effects.is_empty());
            over |= left(&next).is_some();
            sent.extend(sends(&next).into_iter().map(str::to_owned));
            run = next;
        }
        let proposed = sent.len();
        sent.sort_unstable();
        sent.dedup();
        prop_assert_eq!(sent.len(), proposed);
    }

    #[test]
    fn no_definition_and_no_state_panics(definition in "\\PC{0,60}", state in "\\PC{0,60}") {
        let _ = JourneyFlow::check(&definition);
        let _ = JourneyFlow::advance(SCREENING, Some(&state), &Event::Timer("click".into()), &[], 0);
    }
}
