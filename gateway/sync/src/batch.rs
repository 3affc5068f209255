//! A batch on its way from bytes to values. Reading is work for a processor, so it is done beside the threads that wait.

use std::sync::Arc;

use gateway_domain::projection::ReadResource;
use gateway_ports::ehr::{ResourceReader, Unreadable};

use crate::SyncError;

/// Something as it came, with its line where it has one.
pub(crate) struct Raw {
    pub(crate) line: Option<u64>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) too_long: bool,
}

/// A resource that can't be read.
pub(crate) struct Rejected {
    pub(crate) why: Unreadable,
    pub(crate) raw: Vec<u8>,
    pub(crate) line: Option<u64>,
}

/// A batch as read.
#[derive(Default)]
pub(crate) struct ReadBatch {
    pub(crate) resources: Vec<ReadResource>,
    pub(crate) deletes: Vec<(String, String)>,
    pub(crate) rejected: Vec<Rejected>,
}

impl ReadBatch {
    pub(crate) fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.deletes.is_empty() && self.rejected.is_empty()
    }
}

/// What the lines of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Resources.
    Resources,
    /// Bundles of deletions.
    Deletions,
}

/// Reads a batch on a thread of its own.
pub(crate) async fn read(reader: &Arc<dyn ResourceReader>, content: Content, raws: Vec<Raw>) -> Result<ReadBatch, SyncError> {
    let reader = Arc::clone(reader);
    tokio::task::spawn_blocking(move || read_all(reader.as_ref(), content, raws))
        .await
        .map_err(|error| SyncError::Panicked(error.to_string()))
}

fn read_all(reader: &dyn ResourceReader, content: Content, raws: Vec<Raw>) -> ReadBatch {
    let mut batch = ReadBatch::default();
    for Raw { line, bytes, too_long } in raws {
        if too_long {
            let why = Unreadable {
                reason: "the line is longer than 16 MiB; the beginning of it is kept".to_owned(),
                resource_type: None,
                fhir_id: None,
            };
            batch.rejected.push(Rejected { why, raw: bytes, line });
            continue;
        }
        match content {
            Content::Resources => match reader.resource(bytes) {
                Ok(resource) => batch.resources.push(resource),
                Err((why, raw)) => batch.rejected.push(Rejected { why, raw, line }),
            },
            Content::Deletions => match reader.deletions(&bytes) {
                Ok(deletes) => batch.deletes.extend(deletes),
                Err(why) => batch.rejected.push(Rejected { why, raw: bytes, line }),
            },
        }
    }
    batch
}
