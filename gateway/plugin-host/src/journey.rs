//! Journey plugins behind their port.

use std::sync::Arc;

use async_trait::async_trait;
use gateway_domain::issue::Issue;
use gateway_domain::journey::{self as domain, JourneyEvent};
use gateway_domain::plugin::{PluginKind, PluginName};
use gateway_domain::task::{LONGEST_NOTE, TaskKind};
use gateway_ports::plugins::{JourneyPlugin, PluginError};
use jiff::Timestamp;
use tokio::time::timeout;

use crate::Shared;
use crate::abi::v0_1::journey::JourneyPluginPre;
use crate::abi::v0_1::journey::exports::outreach::plugin::journey as wit;
use crate::abi::v0_1::{cut, issues, said};
use crate::asked::Asked;
use crate::attempt::{Attempt, Failure};
use crate::host::CallState;
use crate::install::{Entry, Installed};

/// Bytes of a state.
const LONGEST_STATE: usize = 64 << 10;
/// Effects and questions of one answer.
const MOST_EFFECTS: usize = 100;
/// Bytes of a key.
const LONGEST_KEY: usize = 200;

/// A journey plugin.
pub(crate) struct Journeys {
    pub(crate) shared: Arc<Shared>,
    pub(crate) installed: Arc<Installed>,
}

impl Journeys {
    fn component(&self) -> Result<&JourneyPluginPre<CallState>, PluginError> {
        match &self.installed.entry {
            Entry::Journey(component) => Ok(component),
            _ => Err(self.installed.is_no(PluginKind::Journey)),
        }
    }
}

#[async_trait]
impl JourneyPlugin for Journeys {
    fn name(&self) -> &PluginName {
        &self.installed.manifest.name
    }

    fn version(&self) -> &str {
        &self.installed.manifest.version
    }

    async fn check(&self, definition: &str) -> Result<Vec<Issue>, PluginError> {
        let component = self.component()?;
        let (attempt, mut store) = Attempt::begin(&self.shared, &self.installed, Asked::check("definition", definition)).await?;
        let ended = timeout(self.shared.config.call_time, async {
            let plugin = component.instantiate_async(&mut store).await?;
            plugin.outreach_plugin_journey().call_check(&mut store, definition).await
        });
        let ended = ended.await;
        attempt.finish(store, ended, issues)
    }

    async fn advance(
        &self,
        definition: &str,
        state: Option<&str>,
        event: &JourneyEvent,
        answers: &[domain::Answer],
        now: Timestamp,
    ) -> Result<domain::Transition, PluginError> {
        let component = self.component()?;
        let asked = Asked::advance(definition, state, event, answers);
        let event = event_to_wit(event);
        let answers: Vec<wit::Answer> = answers.iter().map(|answer| wit::Answer { key: answer.key.clone(), truth: answer.truth }).collect();
        let (attempt, mut store) = Attempt::begin(&self.shared, &self.installed, asked).await?;
        let ended = timeout(self.shared.config.call_time, async {
            let plugin = component.instantiate_async(&mut store).await?;
            let journey = plugin.outreach_plugin_journey();
            journey.call_advance(&mut store, definition, state, &event, &answers, now.as_millisecond()).await
        });
        let ended = ended.await;
        attempt.finish(store, ended, |answer| transition(answer.map_err(|error| said(&error, self.name().as_str()))?))
    }
}

fn event_to_wit(event: &JourneyEvent) -> wit::Event {
    match event {
        JourneyEvent::Entered(why) => wit::Event::Entered(why.clone()),
        JourneyEvent::Timer(step) => wit::Event::Timer(step.clone()),
        JourneyEvent::Happened(happening) => wit::Event::Happened(wit::Happening {
            kind: happening.kind.clone(),
            at: happening.at.as_millisecond(),
            detail: happening.detail.clone(),
        }),
        JourneyEvent::SendOutcome(outcome) => wit::Event::SendOutcome(wit::SendOutcome {
            step: outcome.step.clone(),
            outcome: outcome.outcome.clone(),
            reason: outcome.reason.clone(),
        }),
        JourneyEvent::Cancelled(why) => wit::Event::Cancelled(why.clone()),
    }
}

/// Checks an answer.
fn transition(answer: wit::Transition) -> Result<domain::Transition, Failure> {
    if answer.state.len() > LONGEST_STATE {
        return Err(Failure::Nonsense(format!("a state of {} bytes; at most {LONGEST_STATE} are kept", answer.state.len())));
    }
    if answer.effects.len() + answer.questions.len() > MOST_EFFECTS {
        return Err(Failure::Nonsense(format!("{} effects and {} questions", answer.effects.len(), answer.questions.len())));
    }
    let questions = answer.questions.into_iter().map(|question| {
        let key = key(question.key)?;
        Ok(domain::Question { key, criteria: sized(question.criteria, LONGEST_STATE, "criteria")? })
    });
    Ok(domain::Transition {
        state: answer.state,
        effects: answer.effects.into_iter().map(effect).collect::<Result<_, _>>()?,
        questions: questions.collect::<Result<_, Failure>>()?,
        at_step: key(answer.at_step)?,
    })
}

fn effect(effect: wit::Effect) -> Result<domain::Effect, Failure> {
    Ok(match effect {
        wit::Effect::Send(send) => domain::Effect::Send(domain::SendProposal {
            step: key(send.step)?,
            message: key(send.message)?,
            channels: keys(send.channels)?,
            expires_at: send.expires_at.map(instant).transpose()?,
        }),
        wit::Effect::WakeAt(wake) => domain::Effect::WakeAt(domain::Wake { step: key(wake.step)?, at: instant(wake.at)? }),
        wit::Effect::ListenFor(listener) => domain::Effect::ListenFor(domain::Listener {
            step: key(listener.step)?,
            kinds: keys(listener.kinds)?,
            until: listener.until.map(instant).transpose()?,
        }),
        wit::Effect::ChangeList(change) => {
            domain::Effect::ChangeList(domain::ListChange { list_key: key(change.list_key)?, join: change.join })
        }
        wit::Effect::CreateTask(task) => domain::Effect::CreateTask(domain::TaskProposal {
            step: key(task.step)?,
            kind: task_kind(task.kind),
            note: task.note.map(note).transpose()?,
            role: task.role.map(key).transpose()?,
            due_at: task.due_at.map(instant).transpose()?,
        }),
        wit::Effect::NoteBranch(branch) => {
            domain::Effect::NoteBranch(domain::Branch { step: key(branch.step)?, taken: key(branch.taken)? })
        }
        wit::Effect::Leave(why) => domain::Effect::Leave(cut(&why)),
    })
}

const fn task_kind(kind: wit::TaskKind) -> TaskKind {
    match kind {
        wit::TaskKind::Call => TaskKind::Call,
        wit::TaskKind::CheckContact => TaskKind::CheckContact,
        wit::TaskKind::Book => TaskKind::Book,
        wit::TaskKind::Review => TaskKind::Review,
        wit::TaskKind::Other => TaskKind::Other,
    }
}

fn note(text: String) -> Result<String, Failure> {
    let length = text.chars().count();
    if length > LONGEST_NOTE { Err(Failure::Nonsense(format!("a note of {length} characters"))) } else { Ok(text) }
}

fn sized(text: String, most: usize, what: &str) -> Result<String, Failure> {
    if text.len() > most { Err(Failure::Nonsense(format!("{what} of {} bytes", text.len()))) } else { Ok(text) }
}

fn key(text: String) -> Result<String, Failure> {
    sized(text, LONGEST_KEY, "a key")
}

fn keys(texts: Vec<String>) -> Result<Vec<String>, Failure> {
    if texts.len() > MOST_EFFECTS {
        return Err(Failure::Nonsense(format!("a list of {} keys", texts.len())));
    }
    texts.into_iter().map(key).collect()
}

fn instant(milliseconds: i64) -> Result<Timestamp, Failure> {
    Timestamp::from_millisecond(milliseconds).map_err(|_| Failure::Nonsense("a number that is none as a moment".to_owned()))
}
