//! Where a run goes on after a stop. It moves in the transaction that applies what lies before it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A place in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "kebab-case")]
pub(crate) enum Checkpoint {
    /// An export was kicked off; its files up to here are applied.
    Export {
        /// URL of the job's status.
        job: String,
        /// The server's clock at the export, as far as it is known.
        transaction_time: Option<Timestamp>,
        /// Number of files that are done, over resources, deletions and errors in this order.
        files: usize,
        /// Lines of the next file that are done.
        lines: u64,
    },
    /// A search: types that are done, and the next page of the one under way.
    Search {
        /// The server's clock when the search began.
        began_at: Timestamp,
        /// Only what changed since.
        since: Option<Timestamp>,
        /// Types that are done.
        types: usize,
        /// The next page.
        next: Option<String>,
    },
}

impl Checkpoint {
    /// As stored.
    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// As stored; `None` where a former version wrote something else, and then the run begins anew.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_reads_back_as_written() {
        let checkpoint =
            Checkpoint::Export { job: "http://ehr/job".into(), transaction_time: Some(Timestamp::UNIX_EPOCH), files: 2, lines: 7 };
        assert_eq!(Checkpoint::from_text(&checkpoint.to_text()), Some(checkpoint));
        assert_eq!(Checkpoint::from_text("{\"phase\":\"older\"}"), None);
    }
}
