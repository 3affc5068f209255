//! What a call may still ask of the host: how often, how much, and to whom mail goes. Each function of each interface enters here first.

use crate::config::HostConfig;

/// What is left to a call.
#[derive(Debug)]
pub(crate) struct Allowance {
    host_calls: u32,
    exceeded: bool,
    log_lines: u32,
    lookup_bytes: usize,
    patient_lookups: u32,
    /// To whom the messages of this call go, each once.
    recipients: Vec<String>,
}

impl Allowance {
    pub(crate) const fn new(config: &HostConfig) -> Self {
        let HostConfig { host_calls, log_lines, lookup_bytes, patient_lookups, .. } = *config;
        Self { host_calls, exceeded: false, log_lines, lookup_bytes, patient_lookups, recipients: Vec::new() }
    }

    /// Lets mail go to these, once to each as often as it is named.
    pub(crate) fn may_write_to(&mut self, recipients: Vec<String>) {
        self.recipients = recipients;
    }

    /// Whether the host was called too often; the call is then stopped at the next epoch.
    pub(crate) const fn is_exceeded(&self) -> bool {
        self.exceeded
    }

    /// Counts a call of the host; false where none is left.
    pub(super) const fn enter(&mut self) -> bool {
        match self.host_calls.checked_sub(1) {
            Some(left) => self.host_calls = left,
            None => self.exceeded = true,
        }
        !self.exceeded
    }

    /// Counts a line of the log; false where none is left.
    pub(super) const fn logs(&mut self) -> bool {
        let left = self.log_lines.checked_sub(1);
        self.log_lines = if let Some(left) = left { left } else { 0 };
        left.is_some()
    }

    /// Counts a look at a patient; false where none is left.
    pub(super) const fn looks_up_patient(&mut self) -> bool {
        let left = self.patient_lookups.checked_sub(1);
        self.patient_lookups = if let Some(left) = left { left } else { 0 };
        left.is_some()
    }

    /// Whether anybody can know what is so long.
    pub(super) fn may_look_up(&self, asked: &[&str]) -> bool {
        asked.iter().map(|text| text.len()).sum::<usize>() <= self.lookup_bytes
    }

    /// Takes a recipient; `None` where no message of the call is for it, or each was handed over.
    pub(super) fn take_recipient(&mut self, recipient: &str) -> Option<String> {
        let place = self.recipients.iter().position(|it| it == recipient)?;
        Some(self.recipients.swap_remove(place))
    }

    /// Lets the message to a recipient be handed over once more.
    pub(super) fn give_back(&mut self, recipient: String) {
        self.recipients.push(recipient);
    }
}
