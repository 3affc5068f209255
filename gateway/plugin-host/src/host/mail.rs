//! `mail`: messages to the hospital's relay.

use gateway_domain::plugin_call::HostFunction;
use gateway_ports::mail::RelayOutcome as Relayed;

use crate::abi::v0_1::mail::{Host, RelayOutcome};
use crate::host::CallState;

impl Host for CallState {
    /// Only to the recipients of the messages of this call, which passed the gate, and once for each message unless the relay said that it
    /// certainly did not take it.
    async fn relay(&mut self, envelope_from: String, envelope_to: String, message: Vec<u8>) -> RelayOutcome {
        if !self.calls(HostFunction::MailRelay) {
            return RelayOutcome::Later("the host was called too often".to_owned());
        }
        let Some(recipient) = self.allowance.take_recipient(&envelope_to) else {
            let plugin = self.plugin.as_str();
            metrics::counter!("plugin_mail_refused_total", "plugin" => plugin.to_owned()).increment(1);
            tracing::warn!(plugin, "A channel plugin tried to write to somebody who has no message in this call, or has had it");
            return RelayOutcome::Rejected("no message of this call is for this recipient, or it was handed over before".to_owned());
        };
        let services = self.services.clone();
        let Some(mail) = &services.mail else {
            self.allowance.give_back(recipient);
            return RelayOutcome::Later("no mail relay is configured".to_owned());
        };
        if message.len() > services.message_bytes {
            return RelayOutcome::Rejected(format!(
                "the message has {} bytes; at most {} are relayed",
                message.len(),
                services.message_bytes
            ));
        }
        let outcome = mail.relay(&envelope_from, &envelope_to, &message).await;
        match outcome {
            Relayed::Accepted(words) => RelayOutcome::Accepted(words),
            Relayed::Rejected(words) => RelayOutcome::Rejected(words),
            Relayed::Later(why) => {
                self.allowance.give_back(recipient);
                RelayOutcome::Later(why)
            }
            Relayed::Unknown(why) => RelayOutcome::Unknown(why),
        }
    }
}
