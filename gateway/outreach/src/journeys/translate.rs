//! From what a plugin proposes to what the store writes. Pure: a proposal that can't be carried out as a whole is not carried out at all.

use std::collections::BTreeMap;

use gateway_domain::consent::Purpose;
use gateway_domain::ids::{MessageId, TaskId};
use gateway_domain::journey::{Effect, JourneyEvent, RunStatus, SendProposal, TaskProposal, Transition};
use gateway_domain::user::{Permission, Role};
use gateway_ports::store::journeys::{Advance, DueEvent, NewMessage};
use gateway_ports::store::tasks::NewTask;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Most effects of one event.
pub const MOST_EFFECTS: usize = 64;
/// Longest state, in bytes.
pub const LONGEST_STATE: usize = 64 * 1024;

/// Why a proposal can't be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untranslatable {
    /// There is no such template.
    #[error("step `{step}` sends the message `{template}`, and there is no template with that key")]
    NoTemplate {
        /// The step.
        step: String,
        /// Key of the template.
        template: String,
    },
    /// No installed channel carries any of them.
    #[error("step `{step}` sends by {channels:?}, and no installed channel carries any of these")]
    NoChannel {
        /// The step.
        step: String,
        /// The media it names.
        channels: Vec<String>,
    },
    /// Lists are changed by people, not by journeys, so far.
    #[error("the journey asks to change the subscription list `{list}`; journeys can't change lists in this version")]
    ListChange {
        /// Key of the list.
        list: String,
    },
    /// Nobody who has that role could do it, or there is no such role.
    #[error("step `{step}` makes a task for `{role}`, which is no role that works on tasks")]
    NoRole {
        /// The step.
        step: String,
        /// The role it names.
        role: String,
    },
    /// More than a person's run may hold.
    #[error("the plugin proposes {found} {what}, at most {most} are taken")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How many.
        found: usize,
        /// How many are taken.
        most: usize,
    },
}

/// What translating needs to know besides the proposal.
pub struct Surroundings<'a> {
    /// Purpose of each template, by key.
    pub purposes: &'a BTreeMap<String, Purpose>,
    /// Media that an installed channel carries.
    pub media: &'a [String],
    /// How many messages the run has proposed so far, by step and medium.
    pub sent_before: &'a BTreeMap<(String, String), u32>,
    /// Ids for new messages, as many as there are effects.
    pub ids: &'a [MessageId],
    /// Ids for new tasks, as many as there are effects.
    pub task_ids: &'a [TaskId],
    /// Where days begin for the hospital.
    pub time_zone: &'a TimeZone,
}

/// What is written for the transition.
pub fn translate(due: &DueEvent, transition: Transition, with: &Surroundings<'_>, now: Timestamp) -> Result<Advance, Untranslatable> {
    within("bytes of state", transition.state.len(), LONGEST_STATE)?;
    within("effects", transition.effects.len(), MOST_EFFECTS)?;
    let left = match (transition.leaves(), &due.event) {
        (_, JourneyEvent::Cancelled(reason)) => Some(reason.clone()),
        (Some(reason), _) => Some(reason.to_owned()),
        (None, _) => None,
    };
    let mut advance = Advance {
        seq: due.seq,
        run: due.run.id,
        revision: due.revision,
        state: transition.state,
        at_step: transition.at_step,
        status: if left.is_some() { RunStatus::Left } else { RunStatus::Active },
        reason: left,
        messages: Vec::new(),
        tasks: Vec::new(),
        timers: Vec::new(),
        listeners: Vec::new(),
        branches: Vec::new(),
        plugin_version: None,
    };
    let (mut ids, mut task_ids) = (with.ids.iter(), with.task_ids.iter());
    for effect in transition.effects {
        match effect {
            // Whoever was taken out is not written to and gives nobody work, whatever the plugin says.
            Effect::Send(_) | Effect::CreateTask(_) if matches!(due.event, JourneyEvent::Cancelled(_)) => {}
            Effect::Send(proposal) => {
                let message = message(proposal, &advance.messages, with, ids.next().copied(), now)?;
                advance.messages.push(message);
            }
            Effect::CreateTask(proposal) => {
                let found = advance.tasks.len() + 1;
                let id = task_ids.next().copied().ok_or(Untranslatable::TooMuch { what: "tasks", found, most: with.task_ids.len() })?;
                advance.tasks.push(task(proposal, id, with.time_zone)?);
            }
            Effect::WakeAt(wake) => advance.timers.push((wake.step, wake.at)),
            Effect::ListenFor(listener) => advance.listeners.push((listener.step, listener.kinds, listener.until)),
            Effect::NoteBranch(branch) => advance.branches.push((branch.step, branch.taken)),
            Effect::ChangeList(change) => return Err(Untranslatable::ListChange { list: change.list_key }),
            Effect::Leave(_) => {}
        }
    }
    Ok(advance)
}

/// What is written where the run can't go on: a person has to look. Somebody who is being taken out is taken out all the same.
pub fn stuck(due: &DueEvent, reason: &str) -> Advance {
    let (status, reason) = match &due.event {
        JourneyEvent::Cancelled(cancelled) => (RunStatus::Left, cancelled.clone()),
        _ => (RunStatus::Stuck, reason.to_owned()),
    };
    Advance {
        seq: due.seq,
        run: due.run.id,
        revision: due.revision,
        state: due.state.clone().unwrap_or_default(),
        at_step: due.run.at_step.clone(),
        status,
        reason: Some(reason),
        messages: Vec::new(),
        tasks: Vec::new(),
        timers: Vec::new(),
        listeners: Vec::new(),
        branches: Vec::new(),
        plugin_version: None,
    }
}

fn message(
    proposal: SendProposal,
    so_far: &[NewMessage],
    with: &Surroundings<'_>,
    id: Option<MessageId>,
    now: Timestamp,
) -> Result<NewMessage, Untranslatable> {
    let Some(purpose) = with.purposes.get(&proposal.message).copied() else {
        return Err(Untranslatable::NoTemplate { step: proposal.step, template: proposal.message });
    };
    let medium = proposal.channels.iter().find(|medium| with.media.contains(medium)).cloned();
    let Some(medium) = medium else {
        return Err(Untranslatable::NoChannel { step: proposal.step, channels: proposal.channels });
    };
    let id = id.ok_or(Untranslatable::TooMuch { what: "messages", found: so_far.len() + 1, most: with.ids.len() })?;
    let before = with.sent_before.get(&(proposal.step.clone(), medium.clone())).copied().unwrap_or(0);
    let now_too = so_far.iter().filter(|other| other.step == proposal.step && other.medium == medium).count() as u32;
    Ok(NewMessage {
        id,
        step: proposal.step,
        occurrence: before.saturating_add(now_too),
        medium,
        template: proposal.message,
        purpose,
        due_at: now,
        expires_at: proposal.expires_at,
    })
}

fn task(proposal: TaskProposal, id: TaskId, time_zone: &TimeZone) -> Result<NewTask, Untranslatable> {
    let role = match proposal.role {
        Some(name) => match Role::from_name(&name).filter(|role| role.may(Permission::WorkOnTasks)) {
            Some(role) => Some(role),
            None => return Err(Untranslatable::NoRole { step: proposal.step, role: name }),
        },
        None => None,
    };
    Ok(NewTask {
        id,
        step: proposal.step,
        kind: proposal.kind,
        note: proposal.note.filter(|note| !note.trim().is_empty()),
        role,
        due_on: proposal.due_at.map(|at| time_zone.to_datetime(at).date()),
    })
}

fn within(what: &'static str, found: usize, most: usize) -> Result<(), Untranslatable> {
    if found <= most { Ok(()) } else { Err(Untranslatable::TooMuch { what, found, most }) }
}

#[cfg(test)]
mod tests;
