//! Documents in, pieces out, each with the place after it: one thread gathers records, others read them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gateway_domain::code::SharedCodings;
use gateway_domain::ids::SourceId;
use gateway_domain::resource::ResourceKey;
use gateway_ports::ehr::{ResourceReader, Unreadable};
use gateway_ports::handover::{Handover, HandoverContent, HandoverRecord, UnreadableDocument};
use gateway_ports::store::SyncStore;
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

/// Records as they lie in the files: what will be a piece.
#[derive(Default)]
pub(super) struct Gathered {
    after: (usize, u64),
    /// Each with its document.
    found: Vec<(usize, Found)>,
    bytes: usize,
}

enum Found {
    Record(HandoverRecord),
    /// The document, or its rest, can't be read.
    Damage(UnreadableDocument),
}

impl Gathered {
    fn take_in(&mut self, document: usize, found: Found) {
        self.bytes += match &found {
            Found::Record(HandoverRecord { content: HandoverContent::Resource(raw) | HandoverContent::Unreadable(_, raw), .. }) => {
                raw.len()
            }
            Found::Record(HandoverRecord { content: HandoverContent::Deletion { .. }, .. }) => 64,
            Found::Damage(damage) => damage.beginning.len(),
        };
        self.found.push((document, found));
    }
}

/// Goes through documents.
pub(super) struct Gathering {
    pub(super) handover: Arc<dyn Handover>,
    pub(super) most_resources: usize,
    pub(super) most_bytes: usize,
}

impl Gathering {
    /// Goes on from a place, and gives what will be a piece to `take` until that says no.
    pub(super) fn run(&self, document: usize, skip: u64, mut take: impl FnMut(Gathered) -> bool) {
        let mut gathered = Gathered { after: (document, skip), ..Gathered::default() };
        for at in document..self.handover.documents().len() {
            let mut place = if at == document { skip } else { 0 };
            let mut records = match self.handover.open(at, place) {
                Ok(records) => records,
                Err(damage) => {
                    gathered.take_in(at, Found::Damage(damage));
                    gathered.after = (at + 1, 0);
                    continue;
                }
            };
            loop {
                match records.next() {
                    Ok(Some(record)) => {
                        // A piece ends between two places, never within one: it is resumed there.
                        let full = gathered.found.len() >= self.most_resources || gathered.bytes >= self.most_bytes;
                        if full && record.place != place {
                            gathered.after = (at, place);
                            let next = Gathered { found: Vec::with_capacity(gathered.found.len()), ..Gathered::default() };
                            if !take(std::mem::replace(&mut gathered, next)) {
                                return;
                            }
                        }
                        place = record.place;
                        gathered.take_in(at, Found::Record(record));
                    }
                    Ok(None) => break,
                    Err(damage) => {
                        gathered.take_in(at, Found::Damage(damage));
                        break;
                    }
                }
            }
            gathered.after = (at + 1, 0);
        }
        take(gathered);
    }
}

/// Reads what was gathered.
pub(super) struct Reading {
    pub(super) reader: Arc<dyn ResourceReader>,
    pub(super) source: SourceId,
    pub(super) store: Arc<dyn SyncStore>,
    /// The piece applied last was, for the most part.
    pub(super) likely_new: AtomicBool,
}

impl Reading {
    pub(super) fn read(&self, gathered: Gathered) -> Piece {
        let (mut names, mut codings) = (Names::default(), SharedCodings::default());
        let mut piece = Piece { after: gathered.after, ..Piece::default() };
        piece.records.reserve(gathered.found.len());
        piece.batch.resources.reserve(gathered.found.len());
        for (document, found) in gathered.found {
            match found {
                Found::Record(record) => self.record(document, record, &mut names, &mut codings, &mut piece),
                Found::Damage(damage) => self.damaged(document, damage, &mut names, &mut piece),
            }
        }
        self.store.prepare(&mut piece.batch, self.likely_new.load(Ordering::Relaxed));
        piece
    }

    fn damaged(&self, document: usize, damage: UnreadableDocument, names: &mut Names, piece: &mut Piece) {
        let told = format!("a whole file, or its rest: {}", damage.reason);
        piece.batch.quarantined.push(unread(
            self.source,
            Unreadable { reason: told, resource_type: None, fhir_id: None },
            damage.beginning,
            false,
            None,
        ));
        piece.records.push(Record { document, resource_type: names.of("unknown"), what: What::Unread });
        piece.damaged.push((document, damage.reason));
    }

    fn record(&self, document: usize, record: HandoverRecord, names: &mut Names, codings: &mut SharedCodings, piece: &mut Piece) {
        let mut whole = true;
        let (reason, raw) = match record.content {
            HandoverContent::Resource(raw) => match self.reader.resource_of(raw, codings) {
                Ok(resource) => {
                    if !piece.batch.deletes.is_empty() {
                        // Deleted, and then there again.
                        piece.batch.deletes.retain(|(kind, id)| *kind != resource.resource_type || *id != resource.fhir_id);
                    }
                    let resource_type = names.of(&resource.resource_type);
                    piece.records.push(Record { document, resource_type, what: What::Resource(resource.key) });
                    piece.batch.resources.push(resource);
                    return;
                }
                Err(unreadable) => unreadable,
            },
            HandoverContent::Deletion { resource_type, fhir_id } => {
                let key = self.reader.key(&resource_type, &fhir_id);
                piece.records.push(Record { document, resource_type: names.of(&resource_type), what: What::Deletion(key) });
                piece.batch.deletes.push((resource_type, fhir_id));
                return;
            }
            HandoverContent::Unreadable(reason, raw) => {
                whole = false;
                (reason, raw)
            }
        };
        // What the export says of itself is no resource of a patient.
        if reason.resource_type.as_deref() == Some("OperationOutcome") && reason.fhir_id.is_none() {
            for finding in self.reader.findings(&raw) {
                piece.missing |= finding.is_error;
                piece.remarks.push(finding.text);
            }
            return;
        }
        let resource_type = names.of(reason.resource_type.as_deref().unwrap_or("unknown"));
        piece.records.push(Record { document, resource_type, what: What::Unread });
        piece.batch.quarantined.push(unread(self.source, reason, raw, whole, Some(record.place)));
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
