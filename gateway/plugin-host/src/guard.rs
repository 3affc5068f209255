//! What a host call has to pass before the interface sees it: how many there may be, how long their arguments, and to whom mail goes.

use wasmtime::component::HasData;

use crate::abi::v0_1::{log, lookup, mail, types};
use crate::config::HostConfig;
use crate::host::CallState;

/// What a call may still ask of the host.
#[derive(Debug)]
pub(crate) struct Allowance {
    host_calls: u32,
    lookup_bytes: usize,
    /// To whom the messages of this call go, each once.
    recipients: Vec<String>,
    exceeded: bool,
}

impl Allowance {
    pub(crate) const fn new(config: &HostConfig) -> Self {
        Self { host_calls: config.host_calls, lookup_bytes: config.lookup_bytes, recipients: Vec::new(), exceeded: false }
    }

    /// Lets mail go to these, once to each as often as it is named.
    pub(crate) fn may_write_to(&mut self, recipients: Vec<String>) {
        self.recipients = recipients;
    }

    /// Whether the host was called too often; the call is then stopped at the next epoch.
    pub(crate) const fn is_exceeded(&self) -> bool {
        self.exceeded
    }
}

/// The state of a call, behind the guard.
pub(crate) struct Guard<'a>(&'a mut CallState);

/// Says to the linker that the interfaces are reached through a [`Guard`].
pub(crate) struct Guarded;

impl HasData for Guarded {
    type Data<'a> = Guard<'a>;
}

/// Stands before the state of a call.
pub(crate) const fn guard(state: &mut CallState) -> Guard<'_> {
    Guard(state)
}

impl Guard<'_> {
    /// Counts a host call; false if there are none left.
    const fn enter(&mut self) -> bool {
        let allowance = &mut self.0.allowance;
        if let Some(left) = allowance.host_calls.checked_sub(1) {
            allowance.host_calls = left;
            true
        } else {
            allowance.exceeded = true;
            false
        }
    }

    /// Counts a lookup, and says whether anybody can know what it asks for.
    fn looks_up(&mut self, asked: [&str; 3]) -> Result<bool, types::PluginError> {
        if !self.enter() {
            return Err(types::PluginError::Refused("the host was called too often".to_owned()));
        }
        Ok(asked.iter().map(|text| text.len()).sum::<usize>() <= self.0.allowance.lookup_bytes)
    }
}

impl log::Host for Guard<'_> {
    async fn write(&mut self, level: log::Level, message: String) {
        if !self.enter() {
            return;
        }
        log::Host::write(self.0, level, message).await;
    }
}

impl lookup::Host for Guard<'_> {
    async fn in_value_set(&mut self, value_set: String, code: types::Coding) -> Result<Option<bool>, types::PluginError> {
        if !self.looks_up([&value_set, &code.system, &code.code])? {
            return Ok(None);
        }
        self.0.in_value_set(value_set, code).await
    }

    async fn display(&mut self, code: types::Coding) -> Result<Option<String>, types::PluginError> {
        if !self.looks_up(["", &code.system, &code.code])? {
            return Ok(None);
        }
        lookup::Host::display(self.0, code).await
    }
}

impl mail::Host for Guard<'_> {
    /// Only to the recipients of the messages of this call, which passed the gate, and once for each message unless the relay said
    /// that it certainly did not take it.
    async fn relay(&mut self, envelope_from: String, envelope_to: String, message: Vec<u8>) -> mail::RelayOutcome {
        if !self.enter() {
            return mail::RelayOutcome::Later("the host was called too often".to_owned());
        }
        let recipients = &mut self.0.allowance.recipients;
        let Some(position) = recipients.iter().position(|recipient| *recipient == envelope_to) else {
            let plugin = self.0.plugin.as_str();
            metrics::counter!("plugin_mail_refused_total", "plugin" => plugin.to_owned()).increment(1);
            tracing::warn!(plugin, "A channel plugin tried to write to somebody who has no message in this call, or has had it");
            return mail::RelayOutcome::Rejected("no message of this call is for this recipient, or it was handed over before".to_owned());
        };
        let recipient = recipients.swap_remove(position);
        let outcome = self.0.relay(envelope_from, envelope_to, message).await;
        if matches!(outcome, mail::RelayOutcome::Later(_)) {
            self.0.allowance.recipients.push(recipient);
        }
        outcome
    }
}
