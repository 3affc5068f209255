//! From a state and an event to the next state and what is proposed.

use outreach_plugin_sdk::journey::{
    Answer, Branch, Effect, Event, Happening, Listener, PluginError, Question, SendProposal, TaskProposal, Transition, Wake,
};

use crate::definition::{Definition, Step};
use crate::state::State;

/// Steps one event can lead through; more is a circle.
const MOST_HOPS: usize = 400;

/// The answer to an event.
pub(crate) fn advance(
    definition: &Definition,
    state: Option<State>,
    event: &Event,
    answers: &[Answer],
    now: i64,
) -> Result<Transition, PluginError> {
    let Some(state) = state else {
        let mut walk =
            Walk { definition, answers, now, state: State::entering(&definition.start, now), effects: Vec::new(), question: None };
        match event {
            Event::Entered(_) => {
                walk.effects.push(Effect::ListenFor(Listener { step: definition.start.clone(), kinds: definition.kinds(), until: None }));
                walk.enter(definition.start.clone())?;
            }
            Event::Cancelled(reason) => walk.leave(reason),
            _ => return Err(PluginError::Invalid("a run begins with `entered`, and this one has no state".to_owned())),
        }
        return walk.done();
    };
    let before = state.clone();
    let mut walk = Walk { definition, answers, now, state, effects: Vec::new(), question: None };
    if !walk.state.left {
        walk.take(event)?;
    }
    if let Some(question) = walk.question.take() {
        // The gateway asks again with the state it has; nothing of this walk is kept.
        return Ok(Transition { at_step: before.at.clone(), state: before.write()?, effects: Vec::new(), questions: vec![question] });
    }
    walk.done()
}

/// One event on its way through the plan.
struct Walk<'a> {
    definition: &'a Definition,
    answers: &'a [Answer],
    now: i64,
    state: State,
    effects: Vec<Effect>,
    question: Option<Question>,
}

impl<'a> Walk<'a> {
    fn done(self) -> Result<Transition, PluginError> {
        let (effects, questions) = match self.question {
            Some(question) => (Vec::new(), vec![question]),
            None => (self.effects, Vec::new()),
        };
        Ok(Transition { state: self.state.write()?, at_step: self.state.at, effects, questions })
    }

    fn step(&self) -> Result<&'a Step, PluginError> {
        let found = self.definition.steps.get(&self.state.at);
        found.ok_or_else(|| PluginError::Invalid(format!("the run is at step `{}`, and the definition has no such step", self.state.at)))
    }

    fn take(&mut self, event: &Event) -> Result<(), PluginError> {
        match event {
            // A second entry into the same run is a repetition.
            Event::Entered(_) => Ok(()),
            Event::Cancelled(reason) => {
                self.leave(reason);
                Ok(())
            }
            Event::Timer(step) => self.timer(step),
            Event::Happened(happening) => self.happened(happening),
            Event::SendOutcome(outcome) => match self.step()? {
                Step::Send { next, if_not_sent, .. } if outcome.step == self.state.at => {
                    let was_sent = matches!(outcome.outcome.as_str(), "accepted" | "unknown");
                    let target = if was_sent { next } else { if_not_sent.as_ref().unwrap_or(next) };
                    self.enter(target.clone())
                }
                _ => Ok(()),
            },
        }
    }

    /// A timer counts for the wait the person is in, and not before its time.
    fn timer(&mut self, step: &str) -> Result<(), PluginError> {
        if step != self.state.at || self.state.due.is_none_or(|due| self.now < due) {
            return Ok(());
        }
        match self.step()? {
            Step::Wait { next, .. } => self.enter(next.clone()),
            Step::WaitFor { otherwise, .. } => self.enter(otherwise.clone()),
            _ => Ok(()),
        }
    }

    fn happened(&mut self, happening: &Happening) -> Result<(), PluginError> {
        if happening.at < self.state.entered {
            return Ok(());
        }
        if happening.kind == "opted-out" {
            self.leave("opted out");
            return Ok(());
        }
        let matches = |detail: &Option<String>| detail.as_ref().is_none_or(|detail| *detail == happening.detail);
        if let Some(rule) = self.definition.exit_when.iter().find(|rule| rule.event == happening.kind && matches(&rule.detail)) {
            self.leave(&rule.reason);
            return Ok(());
        }
        self.state.hear(&happening.kind, &happening.detail);
        match self.step()? {
            Step::WaitFor { events, of, then, .. } if self.has_heard(events, of.as_deref()) => self.enter(then.clone()),
            _ => Ok(()),
        }
    }

    /// Whether one of the events was heard since the last send was proposed.
    fn has_heard(&self, events: &[String], of: Option<&str>) -> bool {
        self.state.heard.iter().any(|(kind, detail)| events.contains(kind) && of.is_none_or(|of| of == detail))
    }

    fn leave(&mut self, reason: &str) {
        self.state.left = true;
        self.state.due = None;
        self.state.heard.clear();
        self.effects.push(Effect::Leave(reason.to_owned()));
    }

    /// Goes to a step, and on from it until one that waits.
    fn enter(&mut self, first: String) -> Result<(), PluginError> {
        let mut target = first;
        for _ in 0..MOST_HOPS {
            self.state.at = target;
            self.state.due = None;
            match self.pass(self.step()?) {
                Some(next) => target = next,
                None => return Ok(()),
            }
        }
        Err(PluginError::Invalid("the definition leads in a circle without a wait".to_owned()))
    }

    /// What a step does on entering it, and where it leads at once.
    fn pass(&mut self, step: &Step) -> Option<String> {
        let at = self.state.at.clone();
        match step {
            Step::Send { next, .. } if self.state.sent.contains(&at) => Some(next.clone()),
            Step::Send { message, channels, expires_after, .. } => {
                self.state.sent.push(at.clone());
                self.state.heard.clear();
                let expires_at = expires_after.map(|length| self.now.saturating_add(length));
                self.effects.push(Effect::Send(SendProposal {
                    step: at,
                    message: message.clone(),
                    channels: channels.clone(),
                    expires_at,
                }));
                None
            }
            Step::Task { kind, note, role, due_after, next } => {
                let due_at = due_after.map(|length| self.now.saturating_add(length));
                self.effects.push(Effect::CreateTask(TaskProposal {
                    step: at,
                    kind: *kind,
                    note: note.clone(),
                    role: role.clone(),
                    due_at,
                }));
                Some(next.clone())
            }
            Step::Wait { length, .. } => {
                self.wake_after(*length);
                None
            }
            Step::WaitFor { events, of, timeout, then, .. } => {
                if self.has_heard(events, of.as_deref()) {
                    return Some(then.clone());
                }
                self.wake_after(*timeout);
                None
            }
            Step::Branch { criteria, then, otherwise, if_unknown } => {
                let Some(answer) = self.answers.iter().find(|answer| answer.key == at) else {
                    self.question = Some(Question { key: at, criteria: criteria.clone() });
                    return None;
                };
                let taken = match answer.truth {
                    Some(true) => then,
                    Some(false) => otherwise,
                    None => if_unknown.as_ref().unwrap_or(otherwise),
                };
                self.effects.push(Effect::NoteBranch(Branch { step: at, taken: taken.clone() }));
                Some(taken.clone())
            }
            Step::Exit { reason } => {
                self.leave(reason);
                None
            }
        }
    }

    fn wake_after(&mut self, length: i64) {
        let at = self.now.saturating_add(length);
        self.state.due = Some(at);
        self.effects.push(Effect::WakeAt(Wake { step: self.state.at.clone(), at }));
    }
}
