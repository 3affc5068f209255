//! `outreach plugin`: what is installed.

use gateway_domain::plugin::{Capability, PluginStatus};
use gateway_ports::plugins::Plugins as _;

use crate::cli::PluginCommand;
use crate::progress::table;
use crate::wiring::Parts;

/// Does what the command line asks.
pub(crate) fn run(command: &PluginCommand, parts: &Parts) {
    match command {
        PluginCommand::List => {
            let rows: Vec<_> = parts
                .plugins
                .list()
                .into_iter()
                .map(|plugin| {
                    let status = match plugin.status {
                        PluginStatus::Active => "active",
                        PluginStatus::Parked => "parked",
                    };
                    vec![
                        plugin.name.to_string(),
                        plugin.version.clone(),
                        plugin.kind.name().to_owned(),
                        words(&plugin.asks),
                        words(&plugin.granted),
                        status.to_owned(),
                        plugin.digest.chars().take(12).collect(),
                    ]
                })
                .collect();
            table(&["NAME", "VERSION", "KIND", "ASKS FOR", "GRANTED", "STATUS", "SHA-256"], &rows);
        }
    }
}

fn words(capabilities: &[Capability]) -> String {
    let names: Vec<String> = capabilities.iter().map(Capability::to_string).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}
