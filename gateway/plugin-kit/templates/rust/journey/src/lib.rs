//! A journey: writes to somebody, waits for a click, and reminds once.
//!
//! Definition: `{ "message": "invite", "reminder": "remind", "after_days": 7, "channels": ["email"] }`.
//!
//! A journey is pure: the same definition, state, event and time give the same answer. It has no clock; `now` is an argument. It proposes,
//! and the gateway decides what is sent.

#![forbid(unsafe_code)]

use outreach_plugin_sdk::document::Reader;
use outreach_plugin_sdk::journey::{Answer, Effect, Event, Issue, Journey, Listener, PluginError, SendProposal, Transition, Wake};

const DAY: i64 = 86_400_000;

/// The plugin.
pub struct RemindOnce;

/// What is planned.
struct Definition {
    message: String,
    reminder: String,
    after_days: i64,
    channels: Vec<String>,
}

impl Definition {
    /// Reads the definition; each finding says where, and what was expected.
    fn read(document: &mut Reader<'_>) -> Option<Self> {
        document.object(&["message", "reminder", "after_days", "channels"]);
        let message = document.member("message").text().map(str::to_owned);
        let reminder = document.member("reminder").text().map(str::to_owned);
        let after_days = document.member("after_days").integer(1, 365);
        let channels = document.member("channels").items(10, |channel| channel.text().map(str::to_owned));
        Some(Self { message: message?, reminder: reminder?, after_days: after_days?, channels: channels? })
    }

    fn send(&self, step: &str, message: &str) -> Effect {
        Effect::Send(SendProposal { step: step.into(), message: message.into(), channels: self.channels.clone(), expires_at: None })
    }
}

impl Journey for RemindOnce {
    fn check(definition: &str) -> Vec<Issue> {
        Reader::check(definition, |document| {
            Definition::read(document);
        })
    }

    /// The state is the step the person is at, and nothing else.
    fn advance(definition: &str, state: Option<&str>, event: &Event, _answers: &[Answer], now: i64) -> Result<Transition, PluginError> {
        let plan = Reader::require(definition, Definition::read)?;
        let (next, effects) = match (state, event) {
            (None, Event::Entered(_)) => {
                // Clicks count from the start: one can be heard before the gateway says that the message went out.
                let listen = Listener { step: "invite".into(), kinds: vec!["clicked".into()], until: None };
                ("invite", vec![Effect::ListenFor(listen), plan.send("invite", &plan.message)])
            }
            (_, Event::Cancelled(why)) => ("end", leave(why)),
            (Some(_), Event::Happened(happening)) if happening.kind == "clicked" => ("end", leave("clicked")),
            (Some("invite"), Event::SendOutcome(outcome)) if outcome.outcome == "accepted" => {
                ("wait", vec![Effect::WakeAt(Wake { step: "wait".into(), at: now.saturating_add(plan.after_days * DAY) })])
            }
            (Some("invite"), Event::SendOutcome(_)) => ("end", leave("could not be reached")),
            (Some("wait"), Event::Timer(_)) => ("remind", vec![plan.send("remind", &plan.reminder)]),
            (Some("remind"), Event::SendOutcome(_)) => ("end", leave("reminded")),
            // What is not waited for changes nothing.
            (Some(at @ ("invite" | "wait" | "remind" | "end")), _) => (at, Vec::new()),
            _ => return Err(PluginError::Invalid("the state of this run was not written by this plugin".into())),
        };
        Ok(Transition { state: next.into(), effects, questions: Vec::new(), at_step: next.into() })
    }
}

fn leave(why: &str) -> Vec<Effect> {
    vec![Effect::Leave(why.into())]
}

outreach_plugin_sdk::export_journey!(RemindOnce);

#[cfg(test)]
mod tests {
    use outreach_plugin_sdk::testing::Simulator;

    use super::*;

    const DEFINITION: &str = r#"{ "message": "invite", "reminder": "remind", "after_days": 7, "channels": ["email"] }"#;

    fn invited() -> Simulator {
        let mut simulator = Simulator::of::<RemindOnce>(DEFINITION).starting("2026-11-23");
        simulator.enter("joined the segment").unwrap();
        simulator.send_outcome("invite", "accepted").unwrap();
        simulator
    }

    #[test]
    fn who_does_not_click_is_reminded_once() {
        let mut simulator = invited();
        simulator.advance_days(6).unwrap();
        assert_eq!(simulator.sends(), ["invite"]);
        simulator.advance_days(1).unwrap();
        assert_eq!(simulator.sends(), ["invite", "remind"]);
        simulator.send_outcome("remind", "accepted").unwrap();
        simulator.advance_days(365).unwrap();
        assert_eq!((simulator.sends().len(), simulator.left()), (2, Some("reminded")));
    }

    #[test]
    fn who_clicks_is_left_alone() {
        let mut simulator = invited();
        assert_eq!(simulator.happens("clicked", "invite"), Ok(true));
        assert_eq!((simulator.sends(), simulator.left()), (vec!["invite"], Some("clicked")));
    }

    #[test]
    fn a_state_of_another_plugin_and_a_definition_without_channels_are_errors() {
        assert!(RemindOnce::advance(DEFINITION, Some("elsewhere"), &Event::Timer("wait".into()), &[], 0).is_err());
        let issues = RemindOnce::check(r#"{ "message": "invite", "reminder": "remind", "after_days": 7, "channels": [] }"#);
        assert_eq!(issues[0].path, "/channels");
    }
}
