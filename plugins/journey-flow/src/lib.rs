//! Journey plugin: a definition of steps by key (send, task, wait, wait for, branch, exit), and one person's way through it.
//!
//! Architecture invariant: pure and replayable. The state is a small JSON document; nothing else is remembered.

#![forbid(unsafe_code)]

mod advance;
mod check;
mod definition;
mod duration;
mod state;

use outreach_plugin_sdk::document::Reader;
use outreach_plugin_sdk::journey::{Answer, Event, Issue, Journey, PluginError, Transition};

use crate::definition::Definition;
use crate::state::State;

/// The plugin.
pub struct JourneyFlow;

impl Journey for JourneyFlow {
    fn check(definition: &str) -> Vec<Issue> {
        Reader::check(definition, |reader| {
            Definition::read(reader);
        })
    }

    fn advance(definition: &str, state: Option<&str>, event: &Event, answers: &[Answer], now: i64) -> Result<Transition, PluginError> {
        let definition = Reader::require(definition, Definition::read)?;
        let state = state.map(State::read).transpose()?;
        advance::advance(&definition, state, event, answers, now)
    }
}

outreach_plugin_sdk::export_journey!(JourneyFlow);

#[cfg(test)]
mod tests;
