//! The reading thread: documents in, pieces out, each with the place after it.

use std::collections::HashMap;
use std::sync::Arc;

use gateway_domain::ids::SourceId;
use gateway_domain::resource::ResourceKey;
use gateway_ports::ehr::{ResourceReader, Unreadable};
use gateway_ports::handover::{Handover, HandoverContent, HandoverRecord};
use gateway_ports::store::sync::ApplyBatch;

use crate::intake::unread;

/// A piece, to be applied as a whole.
#[derive(Default)]
pub(super) struct Piece {
    pub(super) batch: ApplyBatch,
    /// Documents read to their end, and places read of the next one.
    pub(super) after: (usize, u64),
    /// Documents that could not be read, or not to their end.
    pub(super) damaged: Vec<(usize, String)>,
    /// What the export said of itself.
    pub(super) remarks: Vec<String>,
    /// The export said that data is missing.
    pub(super) missing: bool,
    pub(super) records: Vec<Record>,
}

/// What is to be counted of a record.
pub(super) struct Record {
    pub(super) document: usize,
    pub(super) resource_type: Arc<str>,
    pub(super) what: What,
}

#[derive(Clone, Copy)]
pub(super) enum What {
    Resource(ResourceKey),
    Deletion(ResourceKey),
    Unread,
}

/// Reads documents.
pub(super) struct Reading {
    pub(super) handover: Arc<dyn Handover>,
    pub(super) reader: Arc<dyn ResourceReader>,
    pub(super) source: SourceId,
    pub(super) most_resources: usize,
    pub(super) most_bytes: usize,
}

impl Reading {
    /// Reads from a place on, and gives each piece to `take` until that says no.
    pub(super) fn run(&self, document: usize, skip: u64, mut take: impl FnMut(Piece) -> bool) {
        let mut names = Names::default();
        let mut piece = Piece { after: (document, skip), ..Piece::default() };
        let mut bytes = 0;
        for at in document..self.handover.documents().len() {
            let skip = if at == document { skip } else { 0 };
            let mut place = skip;
            let opened = self.handover.open(at, skip);
            let mut records = match opened {
                Ok(records) => records,
                Err(damage) => {
                    self.damaged(at, damage.reason, damage.beginning, &mut names, &mut piece);
                    piece.after = (at + 1, 0);
                    continue;
                }
            };
            loop {
                match records.next() {
                    Ok(Some(record)) => {
                        // A piece ends between two places, never within one: it is resumed there.
                        let full = piece.records.len() >= self.most_resources || bytes >= self.most_bytes;
                        if full && record.place != place {
                            piece.after = (at, place);
                            if !take(std::mem::take(&mut piece)) {
                                return;
                            }
                            bytes = 0;
                        }
                        place = record.place;
                        bytes += self.record(at, record, &mut names, &mut piece);
                    }
                    Ok(None) => break,
                    Err(damage) => {
                        self.damaged(at, damage.reason, damage.beginning, &mut names, &mut piece);
                        break;
                    }
                }
            }
            piece.after = (at + 1, 0);
        }
        take(piece);
    }

    fn damaged(&self, document: usize, reason: String, beginning: Vec<u8>, names: &mut Names, piece: &mut Piece) {
        let told = format!("a whole file, or its rest: {reason}");
        piece.batch.quarantined.push(unread(
            self.source,
            Unreadable { reason: told, resource_type: None, fhir_id: None },
            beginning,
            false,
            None,
        ));
        piece.records.push(Record { document, resource_type: names.of("unknown"), what: What::Unread });
        piece.damaged.push((document, reason));
    }

    /// Takes in a record; its bytes.
    fn record(&self, document: usize, record: HandoverRecord, names: &mut Names, piece: &mut Piece) -> usize {
        let mut whole = true;
        let (reason, raw) = match record.content {
            HandoverContent::Resource(raw) => {
                let bytes = raw.len();
                match self.reader.resource(raw) {
                    Ok(resource) => {
                        if !piece.batch.deletes.is_empty() {
                            // Deleted, and then there again.
                            piece.batch.deletes.retain(|(kind, id)| *kind != resource.resource_type || *id != resource.fhir_id);
                        }
                        let resource_type = names.of(&resource.resource_type);
                        piece.records.push(Record { document, resource_type, what: What::Resource(resource.key) });
                        piece.batch.resources.push(resource);
                        return bytes;
                    }
                    Err(unreadable) => unreadable,
                }
            }
            HandoverContent::Deletion { resource_type, fhir_id } => {
                let key = self.reader.key(&resource_type, &fhir_id);
                piece.records.push(Record { document, resource_type: names.of(&resource_type), what: What::Deletion(key) });
                piece.batch.deletes.push((resource_type, fhir_id));
                return 64;
            }
            HandoverContent::Unreadable(reason, raw) => {
                whole = false;
                (reason, raw)
            }
        };
        let bytes = raw.len();
        // What the export says of itself is no resource of a patient.
        if reason.resource_type.as_deref() == Some("OperationOutcome") && reason.fhir_id.is_none() {
            for finding in self.reader.findings(&raw) {
                piece.missing |= finding.is_error;
                piece.remarks.push(finding.text);
            }
            return bytes;
        }
        let resource_type = names.of(reason.resource_type.as_deref().unwrap_or("unknown"));
        piece.records.push(Record { document, resource_type, what: What::Unread });
        piece.batch.quarantined.push(unread(self.source, reason, raw, whole, Some(record.place)));
        bytes
    }
}

/// The names of types, each once.
#[derive(Default)]
struct Names(HashMap<String, Arc<str>>);

impl Names {
    /// More are not remembered: what names a type may say anything.
    const MOST: usize = 1_000;

    fn of(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.get(name) {
            return Arc::clone(known);
        }
        let new: Arc<str> = name.into();
        if self.0.len() < Self::MOST {
            self.0.insert(name.to_owned(), Arc::clone(&new));
        }
        new
    }
}
