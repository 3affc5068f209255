//! The stage that moves people on: asks the journey plugin what follows from an event, answers its questions, writes the consequences.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures_util::{FutureExt, StreamExt, stream};
use gateway_domain::audit::{Actor, AuditAction, AuditEntry};
use gateway_domain::consent::Purpose;
use gateway_domain::ids::{AuditId, MessageId, TaskId};
use gateway_domain::journey::{Answer, Effect, JourneyEvent, Question, QuestionCriteria, Transition};
use gateway_ports::plugins::PluginError;
use gateway_ports::store::journeys::DueEvent;
use gateway_ports::store::messages::MessageFilter;
use gateway_ports::store::{PageRequest, StoreError};
use jiff::{SignedDuration, Timestamp};

use super::questions::{self, PersonKnown};
use super::translate::{Surroundings, Untranslatable, stuck, translate};
use crate::OutreachError;
use crate::settings::{after, back_off};
use crate::workers::{OutreachDeps, Progress, Stage, Wake};

const FIRST_BACK_OFF: SignedDuration = SignedDuration::from_secs(2);
const LONGEST_BACK_OFF: SignedDuration = SignedDuration::from_mins(10);
/// Most messages of one run that are counted for occurrences; beyond it the ledger's own key keeps doubles out.
const MOST_MESSAGES: u32 = 500;

/// Moves people on.
pub struct AdvanceStage {
    deps: OutreachDeps,
    wake: Wake,
}

/// Why an event could not be worked on.
enum Fault {
    /// The store: the event stays claimed and is tried again.
    Store(OutreachError),
    /// Nothing this run has done; it is tried again for as long as it takes.
    Elsewhere(String),
    /// Something about this run, or its journey; after several tries a person has to look.
    Here(String),
    /// Trying again changes nothing.
    Hopeless(String),
}

impl<E: Into<OutreachError>> From<E> for Fault {
    fn from(error: E) -> Self {
        match error.into() {
            OutreachError::Plugin(error) => match error {
                PluginError::Missing { .. } | PluginError::Parked { .. } | PluginError::Unavailable { .. } => {
                    Self::Elsewhere(error.to_string())
                }
                _ => Self::Here(error.to_string()),
            },
            other => Self::Store(other),
        }
    }
}

impl AdvanceStage {
    /// The stage.
    pub fn new(deps: OutreachDeps, wake: Wake) -> Self {
        Self { deps, wake }
    }

    /// Works on one event, whatever comes of it; says what came of it. Fails only where the store does.
    async fn work_on(&self, due: &DueEvent, purposes: &BTreeMap<String, Purpose>) -> Result<&'static str, OutreachError> {
        let now = self.deps.clock.now();
        let outcome = match self.step(due, purposes, now).await {
            Ok(outcome) => outcome,
            Err(Fault::Store(error)) => return Err(error),
            Err(Fault::Elsewhere(reason)) => self.put_off(due, &reason, now).await?,
            Err(Fault::Here(reason)) if due.tries < self.deps.settings.advance_tries => self.put_off(due, &reason, now).await?,
            Err(Fault::Here(reason) | Fault::Hopeless(reason)) => {
                self.deps.problems.note(object(due), format!("{reason}; the run is stuck"), now);
                self.write(&stuck(due, &reason), now).await?
            }
        };
        metrics::counter!("outreach_journey_steps_total", "outcome" => outcome).increment(1);
        Ok(outcome)
    }

    async fn step(&self, due: &DueEvent, purposes: &BTreeMap<String, Purpose>, now: Timestamp) -> Result<&'static str, Fault> {
        let (transition, version) = match self.ask(due, now).await {
            Ok(answered) => answered,
            // Taking somebody out never depends on a plugin.
            Err(Fault::Elsewhere(reason) | Fault::Here(reason)) if matches!(due.event, JourneyEvent::Cancelled(_)) => {
                return Ok(self.write(&stuck(due, &reason), now).await?);
            }
            Err(fault) => return Err(fault),
        };
        let media = self.media(&transition);
        let sent_before = self.sent_before(due, &transition).await?;
        let ids: Vec<MessageId> = transition.effects.iter().map(|_| MessageId::new(now, self.deps.entropy.for_id())).collect();
        let task_ids: Vec<TaskId> = transition.effects.iter().map(|_| TaskId::new(now, self.deps.entropy.for_id())).collect();
        let with = Surroundings {
            purposes,
            media: &media,
            sent_before: &sent_before,
            ids: &ids,
            task_ids: &task_ids,
            time_zone: &self.deps.settings.time_zone,
        };
        let mut advance = translate(due, transition, &with, now).map_err(|error| match error {
            Untranslatable::ListChange { .. } => Fault::Hopeless(error.to_string()),
            _ => Fault::Here(error.to_string()),
        })?;
        advance.plugin_version = due.journey.keeps_plugin.then_some(version);
        let outcome = self.write(&advance, now).await?;
        self.deps.problems.clear(&object(due));
        if !advance.messages.is_empty() {
            self.wake.messages_changed();
        }
        if !advance.tasks.is_empty() {
            self.wake.write_backs_changed();
        }
        Ok(outcome)
    }

    /// Asks the plugin until it answers without asking back, and says by which version it answered.
    async fn ask(&self, due: &DueEvent, now: Timestamp) -> Result<(Transition, String), Fault> {
        let plugin = self.deps.plugins.journey(&due.journey.plugin, due.plugin_version.as_deref()).map_err(OutreachError::from)?;
        let definition = due.journey.definition.to_string();
        let mut answers: Vec<Answer> = Vec::new();
        for _ in 0..self.deps.settings.question_rounds {
            let transition =
                plugin.advance(&definition, due.state.as_deref(), &due.event, &answers, now).await.map_err(OutreachError::from)?;
            if transition.questions.is_empty() {
                return Ok((transition, plugin.version().to_owned()));
            }
            self.answer(due, &transition.questions, &mut answers, now).await?;
        }
        Err(Fault::Here(format!(
            "plugin `{}` still asks after {} rounds of answers",
            due.journey.plugin, self.deps.settings.question_rounds
        )))
    }

    async fn answer(&self, due: &DueEvent, asked: &[Question], answers: &mut Vec<Answer>, now: Timestamp) -> Result<(), OutreachError> {
        let entry = AuditEntry {
            id: AuditId::new(now, self.deps.entropy.for_id()),
            at: now,
            actor: Actor::Plugin(due.journey.plugin.to_string()),
            action: AuditAction::Read,
            object: "journey-questions".to_owned(),
            patient: Some(due.run.patient),
            allowed: true,
            detail: format!("run={} questions={}", due.run.id, asked.len()),
        };
        self.deps.store.audit(&[entry]).await?;
        let demographics = self.deps.store.patient(due.run.patient).await?.map(|patient| patient.demographics).unwrap_or_default();
        let mut person = PersonKnown { language: demographics.language, birth: demographics.birth, member: None };
        let today = self.deps.settings.time_zone.to_datetime(now).date();
        for question in asked.iter().take(super::translate::MOST_EFFECTS) {
            let criteria = questions::read(&question.criteria);
            person.member = match &criteria {
                Some(QuestionCriteria::MemberOf(key)) => self.is_member(due, key).await?,
                _ => None,
            };
            let truth = criteria.and_then(|criteria| questions::answer(&criteria, &person, today));
            answers.retain(|answer| answer.key != question.key);
            answers.push(Answer { key: question.key.clone(), truth });
        }
        Ok(())
    }

    async fn is_member(&self, due: &DueEvent, key: &str) -> Result<Option<bool>, OutreachError> {
        let Some(segment) = self.deps.store.segment_by_key(key).await? else {
            return Ok(None);
        };
        let memberships = self.deps.store.memberships(due.run.patient).await?;
        Ok(Some(memberships.iter().any(|membership| membership.segment == segment.id)))
    }

    /// The media the transition names that an installed channel carries. A parked channel still carries them: messages wait for it.
    fn media(&self, transition: &Transition) -> Vec<String> {
        let mut media: Vec<String> = sends(transition).flat_map(|proposal| proposal.channels.iter().cloned()).collect();
        media.sort();
        media.dedup();
        media.retain(|medium| !matches!(self.deps.plugins.channel(medium), Err(PluginError::Missing { .. })));
        media
    }

    async fn sent_before(&self, due: &DueEvent, transition: &Transition) -> Result<BTreeMap<(String, String), u32>, OutreachError> {
        let mut sent = BTreeMap::new();
        if sends(transition).next().is_none() {
            return Ok(sent);
        }
        let filter = MessageFilter { status: None, journey: Some(due.run.journey), patient: Some(due.run.patient) };
        let page = self.deps.store.messages(&filter, PageRequest { offset: 0, limit: MOST_MESSAGES }).await?;
        for message in page.items.into_iter().map(|summary| summary.message).filter(|message| message.run == due.run.id) {
            *sent.entry((message.step, message.medium)).or_insert(0) += 1;
        }
        Ok(sent)
    }

    async fn write(&self, advance: &gateway_ports::store::journeys::Advance, now: Timestamp) -> Result<&'static str, OutreachError> {
        use gateway_domain::journey::RunStatus::{Active, Left, Stuck};
        match self.deps.store.advance(advance, now).await {
            Ok(()) => Ok(match advance.status {
                Active => "advanced",
                Left => "left",
                Stuck => "stuck",
            }),
            // Something else happened to the run; its event is worked on again with what is true now.
            Err(StoreError::Stale { .. }) => {
                self.deps.store.put_off_event(advance.seq, after(now, SignedDuration::from_millis(100))).await?;
                Ok("stale")
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn put_off(&self, due: &DueEvent, reason: &str, now: Timestamp) -> Result<&'static str, OutreachError> {
        let until = after(now, back_off(due.tries, FIRST_BACK_OFF, LONGEST_BACK_OFF));
        self.deps.problems.note(object(due), format!("{reason}; put off until {until}"), now);
        self.deps.store.put_off_event(due.seq, until).await?;
        Ok("put-off")
    }
}

#[async_trait]
impl Stage for AdvanceStage {
    fn name(&self) -> &'static str {
        "advance"
    }

    async fn work(&self) -> Result<Progress, OutreachError> {
        let now = self.deps.clock.now();
        let settings = &self.deps.settings;
        let due = self.deps.store.claim_due_events(settings.advance_batch, now, after(now, settings.advance_lease)).await?;
        if due.is_empty() {
            return Ok(Progress { worked: false, next_due: self.deps.store.next_event_due().await? });
        }
        let templates = self.deps.store.message_templates().await?;
        let purposes: BTreeMap<String, Purpose> = templates.into_iter().map(|template| (template.key, template.purpose)).collect();
        let steps: Vec<_> = due.iter().map(|event| self.work_on(event, &purposes).boxed()).collect();
        let results: Vec<Result<&'static str, OutreachError>> =
            stream::iter(steps).buffer_unordered(settings.advance_concurrency.max(1)).collect().await;
        results.into_iter().find_map(Result::err).map_or(Ok(Progress { worked: true, next_due: None }), Err)
    }
}

fn sends(transition: &Transition) -> impl Iterator<Item = &gateway_domain::journey::SendProposal> {
    transition.effects.iter().filter_map(|effect| match effect {
        Effect::Send(proposal) => Some(proposal),
        _ => None,
    })
}

fn object(due: &DueEvent) -> String {
    format!("run {}", due.run.id)
}
