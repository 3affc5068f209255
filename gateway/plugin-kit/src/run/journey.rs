//! Journeys: one person, one event after the other.

use std::collections::BTreeMap;

use gateway_domain::journey::{Answer, Effect, Happening, JourneyEvent, SendOutcomeEvent, Transition};
use gateway_ports::plugins::{JourneyPlugin, Plugins as _};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Observed, RunError, Suite, Surroundings, Usage, at, error_text, whole};
use crate::case::journey::{EventKind, EventOfCase, JourneyCase, When};

/// A gateway asks no more often for one event.
const MOST_ROUNDS: usize = 8;

/// One person's way so far.
struct Way {
    state: Option<String>,
    now: Timestamp,
    /// When each step is to be woken next.
    timers: BTreeMap<String, Timestamp>,
    answers: BTreeMap<String, Option<bool>>,
    has_left: bool,
}

pub(super) async fn run(suite: &Suite, case: &JourneyCase) -> Result<(Vec<Observed>, Usage), RunError> {
    let host = suite.host(Surroundings::default()).await?;
    let checked = match host.journey(suite.name(), None) {
        Ok(plugin) => plugin.check(&case.definition).await.map(|issues| (plugin, issues)),
        Err(error) => Err(error),
    };
    let (plugin, issues) = match checked {
        Ok(checked) => checked,
        Err(error) => return Ok((vec![whole(&[], Some(error_text(&error)))], suite.usage(&host))),
    };
    let mut observed = Vec::new();
    if !issues.iter().any(|issue| issue.fatal) {
        let mut way =
            Way { state: None, now: Timestamp::UNIX_EPOCH, timers: BTreeMap::new(), answers: case.answers.clone(), has_left: false };
        for (place, event) in case.events.iter().enumerate() {
            let found = match way.take(plugin.as_ref(), &case.definition, event).await {
                Ok(found) => found,
                Err(error) => json!({ "error": error }),
            };
            observed.push(Observed::Part { pointer: at("events", place, "expect"), found });
        }
    }
    observed.push(whole(&issues, None));
    Ok((observed, suite.usage(&host)))
}

impl Way {
    /// Tells the plugin, as the gateway does: what can't happen is not told.
    async fn take(&mut self, plugin: &dyn JourneyPlugin, definition: &str, event: &EventOfCase) -> Result<Value, String> {
        self.answers.extend(event.answers.clone());
        let due = if let EventKind::Timer(step) = &event.kind { self.timers.get(step).copied() } else { None };
        self.now = match &event.at {
            When::At(moment) => *moment,
            When::After(span) => When::after(self.now, *span).ok_or("this moment is out of reach")?,
            When::Unsaid => due.unwrap_or(self.now),
        };
        match &event.kind {
            _ if self.has_left => return Err("the person has left; nothing more is told".to_owned()),
            EventKind::Entered(_) if self.state.is_some() => return Err("the person has entered already".to_owned()),
            EventKind::Entered(_) => {}
            _ if self.state.is_none() => return Err("the person has not entered; begin with the event `entered`".to_owned()),
            EventKind::Timer(step) if due.is_none() => return Err(format!("no timer is set by step `{step}`")),
            EventKind::Timer(step) => {
                self.timers.remove(step);
            }
            _ => {}
        }
        let transition = self.ask(plugin, definition, &happened(&event.kind, self.now)).await?;
        let found = json!({ "at_step": transition.at_step, "effects": transition.effects.iter().map(shown).collect::<Vec<_>>() });
        for effect in &transition.effects {
            match effect {
                Effect::WakeAt(wake) => {
                    self.timers.insert(wake.step.clone(), wake.at);
                }
                Effect::Leave(_) => self.has_left = true,
                _ => {}
            }
        }
        self.state = Some(transition.state);
        Ok(found)
    }

    async fn ask(&self, plugin: &dyn JourneyPlugin, definition: &str, event: &JourneyEvent) -> Result<Transition, String> {
        let mut answers: Vec<Answer> = Vec::new();
        for _ in 0..MOST_ROUNDS {
            let said = plugin.advance(definition, self.state.as_deref(), event, &answers, self.now).await;
            let transition = said.map_err(|error| error_text(&error))?;
            if transition.questions.is_empty() {
                return Ok(transition);
            }
            for question in transition.questions {
                let Some(truth) = self.answers.get(&question.key) else {
                    return Err(format!("it asks `{}` ({}); answer it in `/answers`", question.key, question.criteria));
                };
                answers.retain(|answer| answer.key != question.key);
                answers.push(Answer { key: question.key, truth: *truth });
            }
        }
        Err(format!("it still asks after {MOST_ROUNDS} rounds of answers"))
    }
}

fn happened(kind: &EventKind, at: Timestamp) -> JourneyEvent {
    match kind {
        EventKind::Entered(why) => JourneyEvent::Entered(why.clone()),
        EventKind::Timer(step) => JourneyEvent::Timer(step.clone()),
        EventKind::Cancelled(why) => JourneyEvent::Cancelled(why.clone()),
        EventKind::Happened { kind, detail } => JourneyEvent::Happened(Happening { kind: kind.clone(), at, detail: detail.clone() }),
        EventKind::SendOutcome { step, outcome, reason } => {
            JourneyEvent::SendOutcome(SendOutcomeEvent { step: step.clone(), outcome: outcome.clone(), reason: reason.clone() })
        }
    }
}

/// An effect in the words of cases.
fn shown(effect: &Effect) -> Value {
    match effect {
        Effect::Send(send) => json!({
            "send": send.message, "step": send.step, "channels": send.channels, "expires_at": send.expires_at.map(|at| at.to_string()),
        }),
        Effect::WakeAt(wake) => json!({ "wake_at": wake.at.to_string(), "step": wake.step }),
        Effect::ListenFor(listener) => json!({
            "listen_for": listener.kinds, "step": listener.step, "until": listener.until.map(|until| until.to_string()),
        }),
        Effect::ChangeList(change) if change.join => json!({ "join_list": change.list_key }),
        Effect::ChangeList(change) => json!({ "leave_list": change.list_key }),
        Effect::CreateTask(task) => json!({
            "create_task": task.kind, "step": task.step, "note": task.note, "role": task.role,
            "due_at": task.due_at.map(|due| due.to_string()),
        }),
        Effect::NoteBranch(branch) => json!({ "note_branch": branch.taken, "step": branch.step }),
        Effect::Leave(why) => json!({ "leave": why }),
    }
}
