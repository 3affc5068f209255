//! Where a run goes on after a stop.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a run goes on. Stored as JSON with each piece of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "way")]
pub(crate) enum Checkpoint {
    /// An export: its job, and how far its files are read.
    Export {
        job: String,
        /// Files read to their end.
        file: usize,
        /// Lines read of the next one.
        line: u64,
    },
    /// A search: the types that are done, and the page of the next one.
    Search {
        done: usize,
        next: Option<String>,
        /// The earliest moment of the server's clock at which a type was first asked for.
        until: Option<Timestamp>,
    },
}

impl Checkpoint {
    /// As stored. A checkpoint of another version is none: the run starts over, and what is unchanged is skipped by its hash.
    pub(crate) fn read(text: Option<&str>) -> Option<Self> {
        serde_json::from_str(text?).ok()
    }

    pub(crate) fn written(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_reads_back_and_a_foreign_one_is_none() {
        let checkpoint = Checkpoint::Export { job: "http://h/1".into(), file: 2, line: 40 };
        assert_eq!(Checkpoint::read(checkpoint.written().as_deref()), Some(checkpoint));
        assert_eq!(Checkpoint::read(Some("{\"way\":\"pigeon\"}")), None);
    }
}
