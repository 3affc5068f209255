//! `log`: lines from plugins, cut, counted, and without what looks like an address or a number of a person.

use gateway_domain::plugin_call::HostFunction;

use crate::abi::v0_1::log::{Host, Level};
use crate::host::CallState;

/// Letters of a line.
const LONGEST: usize = 300;

impl Host for CallState {
    async fn write(&mut self, level: Level, message: String) {
        let may = self.calls(HostFunction::LogWrite) && self.allowance.logs();
        let plugin = self.plugin.as_str();
        if !may {
            metrics::counter!("plugin_log_lines_dropped_total", "plugin" => plugin.to_owned()).increment(1);
            return;
        }
        let message = redacted(&message);
        match level {
            Level::Debug => tracing::debug!(plugin, message, "Plugin"),
            Level::Info => tracing::info!(plugin, message, "Plugin"),
            Level::Warn => tracing::warn!(plugin, message, "Plugin"),
            Level::Error => tracing::error!(plugin, message, "Plugin"),
        }
    }
}

/// A line without words that have an `@` or six digits and more, unless they are identifiers of the gateway.
fn redacted(message: &str) -> String {
    let cut: String = message.chars().take(LONGEST).map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let hide = |word: &str| {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        let is_id = word
            .split_once('_')
            .is_some_and(|(prefix, rest)| prefix.len() == 3 && rest.len() == 32 && rest.chars().all(|letter| letter.is_ascii_hexdigit()));
        word.contains('@') || (digits >= 6 && !is_id)
    };
    cut.split(' ').map(|word| if hide(word) { "[hidden]" } else { word }).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_shows_identifiers_and_hides_addresses_and_numbers() {
        let id = "pat_019ab3cd00007000800000000000abcd";
        assert_eq!(redacted(&format!("{id} ana@example.org +15550100123 12\n")), format!("{id} [hidden] [hidden] 12 "));
        assert_eq!(redacted(&"x".repeat(1_000)).len(), LONGEST);
    }
}
