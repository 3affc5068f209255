//! What is remembered of one person's way: small, and JSON.

use outreach_plugin_sdk::journey::PluginError;
use serde::{Deserialize, Serialize};

/// Happenings that are remembered at most.
const MOST_HEARD: usize = 64;

/// One person's way so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    /// Version of this shape.
    pub(crate) v: u8,
    /// The step the person is at.
    pub(crate) at: String,
    /// When the person entered, in milliseconds.
    pub(crate) entered: i64,
    /// When the wait of the current step ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) due: Option<i64>,
    /// Steps that have proposed their send.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) sent: Vec<String>,
    /// What was heard since the last send was proposed: kind and detail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) heard: Vec<(String, String)>,
    /// Whether the person has left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) left: bool,
}

impl State {
    /// Someone who enters now.
    pub(crate) fn entering(start: &str, now: i64) -> Self {
        Self { v: 1, at: start.to_owned(), entered: now, due: None, sent: Vec::new(), heard: Vec::new(), left: false }
    }

    /// Reads a state written earlier.
    pub(crate) fn read(text: &str) -> Result<Self, PluginError> {
        serde_json::from_str::<Self>(text)
            .ok()
            .filter(|state| state.v == 1)
            .ok_or_else(|| PluginError::Invalid("the state of this run was not written by this plugin".to_owned()))
    }

    pub(crate) fn write(&self) -> Result<String, PluginError> {
        serde_json::to_string(self).map_err(|error| PluginError::Refused(format!("the state can't be written: {error}")))
    }

    pub(crate) fn hear(&mut self, kind: &str, detail: &str) {
        let known = self.heard.iter().any(|(heard, of)| heard == kind && of == detail);
        if !known && self.heard.len() < MOST_HEARD {
            let cut = |text: &str| text.chars().take(200).collect::<String>();
            self.heard.push((cut(kind), cut(detail)));
        }
    }
}
