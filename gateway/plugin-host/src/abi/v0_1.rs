//! `outreach:plugin@0.1.0`: what is generated from the WIT, and the words all kinds share.

use std::time::Duration;

use gateway_domain::issue::Issue;
use gateway_ports::plugins::PluginError;

use crate::attempt::Failure;

pub(crate) mod segment {
    wasmtime::component::bindgen!({
        path: "../../plugin-sdk/wit",
        world: "segment-plugin",
        imports: { default: async },
        exports: { default: async },
    });
}

pub(crate) mod journey {
    wasmtime::component::bindgen!({
        path: "../../plugin-sdk/wit",
        world: "journey-plugin",
        imports: { default: async },
        exports: { default: async },
        with: {
            "outreach:plugin/types@0.1.0": super::segment::outreach::plugin::types,
            "outreach:plugin/log@0.1.0": super::segment::outreach::plugin::log,
        },
    });
}

/// Without the imports of `wasi:http`, which are not the gateway's own.
pub(crate) mod channel {
    wasmtime::component::bindgen!({
        inline: "
            package outreach:host;
            world channel-plugin {
                import outreach:plugin/log@0.1.0;
                import outreach:plugin/mail@0.1.0;
                import outreach:plugin/key-value@0.1.0;
                import outreach:plugin/secret@0.1.0;
                export outreach:plugin/channel@0.1.0;
            }",
        path: "../../plugin-sdk/wit",
        world: "outreach:host/channel-plugin",
        imports: { default: async },
        exports: { default: async },
        with: {
            "outreach:plugin/types@0.1.0": super::segment::outreach::plugin::types,
            "outreach:plugin/log@0.1.0": super::segment::outreach::plugin::log,
        },
    });
}

/// What a channel exports beside, if it does.
pub(crate) mod webhook {
    wasmtime::component::bindgen!({
        inline: "package outreach:host; world webhook-plugin { export outreach:plugin/webhook@0.1.0; }",
        path: "../../plugin-sdk/wit",
        world: "outreach:host/webhook-plugin",
        exports: { default: async },
        with: {
            "outreach:plugin/types@0.1.0": super::segment::outreach::plugin::types,
        },
    });
}

pub(crate) use channel::outreach::plugin::{key_value, mail, secret};
pub(crate) use segment::outreach::plugin::{log, lookup, patient_lookup, types};

/// Findings a check may have.
const MOST_ISSUES: usize = 1_000;

/// A text from a plugin, cut to what a person reads.
pub(crate) fn cut(text: &str) -> String {
    const LONGEST: usize = 500;
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(LONGEST).collect()
}

/// What the plugin itself said went wrong.
pub(crate) fn said(error: &types::PluginError, plugin: &str) -> Failure {
    let plugin = plugin.to_owned();
    Failure::Said(match error {
        types::PluginError::Invalid(reason) => PluginError::Invalid { plugin, reason: cut(reason) },
        types::PluginError::Unavailable(wait) => {
            PluginError::Unavailable { plugin, retry_after: wait.map(|wait| Duration::from_millis(u64::from(wait))) }
        }
        types::PluginError::Refused(reason) => PluginError::Refused { plugin, reason: cut(reason) },
    })
}

/// Findings, as the gateway has them.
pub(crate) fn issues(found: Vec<types::Issue>) -> Result<Vec<Issue>, Failure> {
    if found.len() > MOST_ISSUES {
        return Err(Failure::Nonsense(format!("{} findings; at most {MOST_ISSUES} are taken", found.len())));
    }
    Ok(found.into_iter().map(|issue| Issue { path: cut(&issue.path), message: cut(&issue.message), fatal: issue.fatal }).collect())
}
