//! A document being read: a resource a line, or whole values with Bundles among them; packed with gzip or not.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read as _;
use std::ops::Range;
use std::path::Path;

use gateway_ports::ehr::{ExportLine, Unreadable};
use gateway_ports::handover::{HandoverContent, HandoverRecord, HandoverRecords, UnreadableDocument};
use serde_json::value::RawValue;

use super::FolderLimits;
use super::bundle::{Unfolded, may_be_bundle, unfold};
use super::layout::{Layout, layout};
use crate::ehr::lines::{Packing, Splitter};

/// Read from a file at a time. Small, as gzip may make a thousand times as much of it.
const PIECE: usize = 128 << 10;
/// The first look at a document.
const FIRST_LOOK: usize = 64 << 10;
/// Kept of a document that can't be read.
const KEPT: usize = 16 << 10;

/// A file, unpacked as it is read.
struct Input {
    file: File,
    packing: Packing,
    piece: Vec<u8>,
    ended: bool,
}

impl Input {
    fn open(path: &Path) -> Result<Self, UnreadableDocument> {
        let file = File::open(path).map_err(|error| unreadable(&io_reason(&error), &[]))?;
        Ok(Self { file, packing: Packing::Unknown(Vec::new()), piece: vec![0; PIECE], ended: false })
    }

    /// Puts the next piece after what is there.
    fn pull(&mut self, buffer: &mut Vec<u8>) -> Result<(), String> {
        let length = loop {
            match self.file.read(&mut self.piece) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                read => break read.map_err(|error| io_reason(&error))?,
            }
        };
        let unpacked = if length == 0 {
            self.ended = true;
            self.packing.finish(buffer)
        } else {
            self.packing.unpack(self.piece.get(..length).unwrap_or_default(), buffer)
        };
        unpacked.map_err(|error| {
            self.ended = true;
            format!("its gzip is damaged or cut off: {error}")
        })
    }
}

/// Opens a document, after the records at its first `skip` places.
pub(super) fn open(
    path: &Path,
    skip: u64,
    limits: &FolderLimits,
    whole_urls: bool,
) -> Result<Box<dyn HandoverRecords>, UnreadableDocument> {
    let mut input = Input::open(path)?;
    let mut splitter = Splitter::new(skip, limits.longest_line);
    let mut look = FIRST_LOOK;
    let layout = loop {
        // What was cut off does not take away what came before it.
        let mut cut = None;
        while splitter.buffer.len() < look && !input.ended {
            cut = input.pull(&mut splitter.buffer).err();
        }
        if let Some(reason) = cut.as_deref().filter(|_| splitter.buffer.is_empty()) {
            return Err(unreadable(reason, &[]));
        }
        match layout(&splitter.buffer, input.ended) {
            // A line longer than any resource: a Bundle written on one line, or nothing of use.
            Layout::Open if splitter.buffer.len() > limits.longest_line => break Layout::Open,
            Layout::Open => look = splitter.buffer.len() * 2,
            told => {
                if let Some(reason) = cut {
                    return Ok(Box::new(Lines::new(input, splitter, whole_urls, Some(reason))));
                }
                break told;
            }
        }
    };
    match layout {
        Layout::Empty | Layout::Lines => Ok(Box::new(Lines::new(input, splitter, whole_urls, None))),
        Layout::Foreign(reason) => Err(unreadable(reason, &splitter.buffer)),
        Layout::Whole => Ok(Box::new(Values::read(input, splitter.buffer, skip, limits, whole_urls)?)),
        Layout::Open => {
            if let Ok(whole) = Values::read(input, splitter.buffer, skip, limits, whole_urls) {
                return Ok(Box::new(whole));
            }
            // Only this line may be of no use. The others are read.
            let splitter = Splitter::new(skip, limits.longest_line);
            Ok(Box::new(Lines::new(Input::open(path)?, splitter, whole_urls, None)))
        }
    }
}

// === A resource a line ===

struct Lines {
    input: Input,
    splitter: Splitter,
    whole_urls: bool,
    /// What is left of a line that is a Bundle.
    pending: VecDeque<HandoverRecord>,
    /// Why there is no more, told after what is there.
    cut: Option<String>,
    last: u64,
}

impl Lines {
    const fn new(input: Input, splitter: Splitter, whole_urls: bool, cut: Option<String>) -> Self {
        Self { input, splitter, whole_urls, pending: VecDeque::new(), cut, last: 0 }
    }

    fn record(&mut self, line: ExportLine) -> Option<HandoverRecord> {
        let place = line.number;
        let content = if line.too_long {
            HandoverContent::Unreadable(about("its line is too long"), line.bytes)
        } else if let Some((text, unfolded)) = bundle_of(&line.bytes, self.whole_urls) {
            let entries = (0..unfolded.len()).flat_map(|at| unfolded.entry(text, at, self.whole_urls));
            self.pending.extend(entries.map(|content| HandoverRecord { place, content }));
            return self.pending.pop_front();
        } else {
            HandoverContent::Resource(line.bytes)
        };
        Some(HandoverRecord { place, content })
    }
}

impl HandoverRecords for Lines {
    fn next(&mut self) -> Result<Option<HandoverRecord>, UnreadableDocument> {
        loop {
            if let Some(record) = self.pending.pop_front() {
                return Ok(Some(record));
            }
            // A line without an end is half a line where the file was cut off.
            if let Some(line) = self.splitter.next(self.input.ended && self.cut.is_none()) {
                self.last = line.number;
                if let Some(record) = self.record(line) {
                    return Ok(Some(record));
                }
                continue;
            }
            if let Some(reason) = self.cut.take() {
                return Err(unreadable(&format!("{reason}; it was read up to line {}", self.last), &self.splitter.buffer));
            }
            if self.input.ended {
                return Ok(None);
            }
            self.cut = self.input.pull(&mut self.splitter.buffer).err();
        }
    }
}

fn bundle_of(bytes: &[u8], whole_urls: bool) -> Option<(&str, Unfolded)> {
    if !may_be_bundle(bytes) {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?.trim_start_matches('\u{feff}');
    Some((text, unfold(text, whole_urls)?))
}

// === Whole values ===

/// One value, or several one after the other, held whole.
struct Values {
    text: String,
    /// What is left of it.
    left: VecDeque<Value>,
    whole_urls: bool,
    place: u64,
    skip: u64,
    pending: VecDeque<HandoverContent>,
}

enum Value {
    Resource(Range<usize>),
    Bundle { at: Range<usize>, unfolded: Unfolded, next: usize },
}

impl Values {
    fn read(mut input: Input, mut buffer: Vec<u8>, skip: u64, limits: &FolderLimits, whole_urls: bool) -> Result<Self, UnreadableDocument> {
        while !input.ended {
            input.pull(&mut buffer).map_err(|reason| unreadable(&reason, &buffer))?;
            if buffer.len() > limits.largest_document {
                let most = limits.largest_document >> 20;
                let reason = format!("it is one document of more than {most} MB: split it, or hand it over as NDJSON, a resource a line");
                return Err(unreadable(&reason, &buffer));
            }
        }
        let text = String::from_utf8(buffer)
            .map_err(|error| unreadable(&format!("not UTF-8 from byte {}", error.utf8_error().valid_up_to()), error.as_bytes()))?;
        let trimmed = text.trim_start_matches('\u{feff}');
        let base = text.len() - trimmed.len();
        let mut values = VecDeque::new();
        let damaged = |error: &serde_json::Error| {
            let what = if error.is_eof() { "it ends early" } else { "a syntax error" };
            unreadable(&format!("not readable JSON: {what} at line {} column {}", error.line(), error.column()), text.as_bytes())
        };
        if trimmed.trim_start().starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(trimmed).map_err(|error| damaged(&error))?;
            for item in items {
                values.extend(value(trimmed, base, item.get(), whole_urls));
            }
        } else {
            for item in serde_json::Deserializer::from_str(trimmed).into_iter::<&RawValue>() {
                let item = item.map_err(|error| damaged(&error))?;
                values.extend(value(trimmed, base, item.get(), whole_urls));
            }
        }
        Ok(Self { text, left: values, whole_urls, place: 0, skip, pending: VecDeque::new() })
    }
}

fn value(text: &str, base: usize, item: &str, whole_urls: bool) -> Option<Value> {
    let start = (item.as_ptr() as usize).checked_sub(text.as_ptr() as usize)? + base;
    let at = start..start + item.len();
    Some(match may_be_bundle(item.as_bytes()).then(|| unfold(item, whole_urls)).flatten() {
        Some(unfolded) => Value::Bundle { at, unfolded, next: 0 },
        None => Value::Resource(at),
    })
}

impl HandoverRecords for Values {
    fn next(&mut self) -> Result<Option<HandoverRecord>, UnreadableDocument> {
        loop {
            if let Some(content) = self.pending.pop_front() {
                if self.place > self.skip {
                    return Ok(Some(HandoverRecord { place: self.place, content }));
                }
                continue;
            }
            let Some(first) = self.left.front_mut() else { return Ok(None) };
            match first {
                Value::Bundle { at, unfolded, next } if *next < unfolded.len() => {
                    if self.place >= self.skip {
                        let text = self.text.get(at.clone()).unwrap_or_default();
                        self.pending = unfolded.entry(text, *next, self.whole_urls).into();
                    }
                    *next += 1;
                    self.place += 1;
                }
                Value::Bundle { .. } => drop(self.left.pop_front()),
                Value::Resource(at) => {
                    self.place += 1;
                    let bytes = self.text.as_bytes().get(at.clone()).unwrap_or_default().to_vec();
                    self.pending.push_back(HandoverContent::Resource(bytes));
                    self.left.pop_front();
                }
            }
        }
    }
}

fn about(reason: &str) -> Unreadable {
    Unreadable { reason: reason.to_owned(), resource_type: None, fhir_id: None }
}

fn unreadable(reason: &str, text: &[u8]) -> UnreadableDocument {
    UnreadableDocument { reason: reason.to_owned(), beginning: text.get(..text.len().min(KEPT)).unwrap_or_default().to_vec() }
}

pub(super) fn io_reason(error: &std::io::Error) -> String {
    let kind = error.kind();
    match kind {
        std::io::ErrorKind::PermissionDenied => "it may not be read: check its permissions".to_owned(),
        std::io::ErrorKind::NotFound => "it is gone".to_owned(),
        _ => format!("it can't be read: {kind}"),
    }
}
