//! Where a run goes on after a stop.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::bulk::ExportPosition;
use crate::import::ImportTally;
use crate::plan::Step;

/// Where a step of a run goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "way")]
pub(crate) enum Checkpoint {
    /// An export: its job, and how far its files are read.
    Export(ExportPosition),
    /// A search: its next page.
    Pages {
        next: Option<String>,
        /// From where it was begun anew, where its pages ran out before their end.
        since: Option<Timestamp>,
        /// The moment of the server's clock at which it was first answered.
        until: Option<Timestamp>,
    },
    /// A search for each patient: the last one that is done.
    Crawl { after: String },
    /// A hand-over by file: which one, how far it is read, and what was counted until then.
    Import {
        /// Changes with the documents.
        fingerprint: String,
        /// Documents read to their end.
        document: usize,
        /// Places read of the next one.
        place: u64,
        /// What was counted.
        tally: ImportTally,
    },
}

/// What a run has to do, and what it has done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunState {
    /// What it has to do, in order.
    pub(crate) steps: Vec<Step>,
    /// How much of that is done.
    pub(crate) at: usize,
    /// Types that are read, and the moment of the server's clock up to which they are complete.
    pub(crate) until: BTreeMap<String, Option<Timestamp>>,
    /// Types all of whose resources were shown.
    pub(crate) whole: BTreeSet<String>,
    /// Types of which something was shown.
    pub(crate) seen: BTreeSet<String>,
    /// Types of which something could not be read, so that nothing of them may be taken as gone. An empty name stands for all.
    #[serde(default)]
    pub(crate) doubtful: BTreeSet<String>,
    /// Types that could not be read, and why.
    pub(crate) problems: BTreeMap<String, String>,
    /// Exports to be ended with the run.
    pub(crate) jobs: BTreeSet<String>,
}

/// As stored with each piece of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) state: RunState,
    pub(crate) place: Option<Checkpoint>,
}

impl Stored {
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
        let mut position = ExportPosition::of("http://h/1".into(), Timestamp::UNIX_EPOCH);
        position.moved(2, 40);
        position.all_read = true;
        let place = Some(Checkpoint::Export(position));
        let step = Step::Crawl { resource_type: "Condition".into(), parameter: "patient".into() };
        let state = RunState { steps: vec![step], at: 1, until: [("Patient".to_owned(), None)].into(), ..RunState::default() };
        let stored = Stored { state, place };
        assert_eq!(Stored::read(stored.written().as_deref()), Some(stored));
        assert_eq!(Stored::read(Some("{\"way\":\"pigeon\"}")), None);
    }
}
