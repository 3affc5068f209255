//! A hand-over by file: documents with resources in them, in place of a server that is asked. The adapter knows files and their
//! packing; whoever calls it sees raw resources. Everything here blocks, and belongs on a thread of its own.

use jiff::Timestamp;

use crate::ehr::Unreadable;

/// Documents that were handed over, in an order that is the same each time.
pub trait Handover: Send + Sync {
    /// Where they lie, for people.
    fn place(&self) -> &str;
    /// Changes with the documents: their names, sizes or times.
    fn fingerprint(&self) -> &str;
    /// The documents.
    fn documents(&self) -> &[HandoverDocument];
    /// The moment of the export, where a manifest among the documents says it.
    fn exported_at(&self) -> Option<Timestamp>;
    /// Opens a document, after the records at its first `skip` places.
    ///
    /// # Errors
    /// [`UnreadableDocument`] where nothing of it can be read.
    fn open(&self, document: usize, skip: u64) -> Result<Box<dyn HandoverRecords>, UnreadableDocument>;
}

/// A document of a hand-over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandoverDocument {
    /// Its name within the hand-over.
    pub name: String,
    /// Its size in bytes, packed as it is.
    pub bytes: u64,
}

/// A document being read.
pub trait HandoverRecords: Send {
    /// The next record; `None` at the end. Nothing comes after an error.
    ///
    /// # Errors
    /// [`UnreadableDocument`] where its rest can't be read.
    fn next(&mut self) -> Result<Option<HandoverRecord>, UnreadableDocument>;
}

/// A record of a document.
#[derive(Clone, PartialEq, Eq)]
pub struct HandoverRecord {
    /// Its line, or its place among the entries of a Bundle, from 1. Several records may share one; they follow each other.
    pub place: u64,
    /// What it says.
    pub content: HandoverContent,
}

/// What a record says.
#[derive(Clone, PartialEq, Eq)]
pub enum HandoverContent {
    /// A resource, raw.
    Resource(Vec<u8>),
    /// A resource that is gone.
    Deletion {
        /// Its FHIR type.
        resource_type: String,
        /// Its FHIR id.
        fhir_id: String,
    },
    /// Something that is neither, with its bytes or their beginning.
    Unreadable(Unreadable, Vec<u8>),
}

/// Why a document, or its rest, can't be read.
#[derive(Clone, PartialEq, Eq)]
pub struct UnreadableDocument {
    /// Why, without the document's name.
    pub reason: String,
    /// Its beginning, for whoever looks at it later.
    pub beginning: Vec<u8>,
}
