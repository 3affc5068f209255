//! `mail`: messages to the hospital's relay.

use std::time::Instant;

use gateway_ports::mail::RelayOutcome as Relayed;

use crate::abi::v0_1::mail::{Host, RelayOutcome};
use crate::host::CallState;

impl Host for CallState {
    async fn relay(&mut self, envelope_from: String, envelope_to: String, message: Vec<u8>) -> RelayOutcome {
        let services = self.services.clone();
        let Some(mail) = &services.mail else { return RelayOutcome::Later("no mail relay is configured".to_owned()) };
        if message.len() > services.message_bytes {
            return RelayOutcome::Rejected(format!(
                "the message has {} bytes; at most {} are relayed",
                message.len(),
                services.message_bytes
            ));
        }
        let asked = Instant::now();
        let outcome = mail.relay(&envelope_from, &envelope_to, &message).await;
        self.outside += asked.elapsed();
        match outcome {
            Relayed::Accepted(words) => RelayOutcome::Accepted(words),
            Relayed::Rejected(words) => RelayOutcome::Rejected(words),
            Relayed::Later(why) => RelayOutcome::Later(why),
            Relayed::Unknown(why) => RelayOutcome::Unknown(why),
        }
    }
}
