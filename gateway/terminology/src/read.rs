//! One file: what it is, and what is in it.

mod expansions;
mod fhir;
mod svs;
mod table;
mod xml;

use std::collections::BTreeMap;

use gateway_domain::code::Coding;
use gateway_domain::value_set::{LONGEST_NAME, ValueSetReference, ValueSetUrl};

pub(crate) use self::fhir::download;
use crate::system::system;
use crate::{LONGEST, TerminologyFileError};

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadFile {
    /// Value sets, in the order of the file.
    pub drafts: Vec<Draft>,
    /// What somebody should look at, though nothing is wrong.
    pub advice: Vec<String>,
}

/// A value set as a file says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its canonical URL.
    pub url: ValueSetUrl,
    /// Its second name.
    pub alias: Option<ValueSetUrl>,
    /// Its version.
    pub version: Option<String>,
    /// What people call it.
    pub title: String,
    /// Where in the file it is.
    pub place: String,
    /// What it consists of.
    pub content: Content,
}

/// What a value set consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Codes, spelled out.
    Codes(Vec<Coding>),
    /// A piece of its codes: where it begins, and how many there are in all.
    Piece {
        /// Entries before it.
        offset: u64,
        /// Entries in all.
        total: u64,
        /// Entries in it, those without a code too.
        entries: u64,
        /// Its codes.
        codes: Vec<Coding>,
    },
    /// What is in any of these, and in none of those.
    Composed {
        /// These.
        include: Vec<Part>,
        /// And not those.
        exclude: Vec<Part>,
    },
}

/// A part of a composed value set: what its codes and all the value sets it names have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Where it is.
    pub place: String,
    /// Codes, where any are spelled out.
    pub codes: Option<Vec<Coding>>,
    /// The system alone that is meant of the value sets, where one is named without codes.
    pub system: Option<String>,
    /// Value sets.
    pub value_sets: Vec<ValueSetReference>,
}

impl Draft {
    /// Codes in it, those of other value sets aside.
    pub fn codes(&self) -> usize {
        match &self.content {
            Content::Codes(codes) | Content::Piece { codes, .. } => codes.len(),
            Content::Composed { include, exclude } => {
                include.iter().chain(exclude).filter_map(|part| part.codes.as_ref()).map(Vec::len).sum()
            }
        }
    }
}

/// Reads a file of any kind that is understood.
///
/// # Errors
/// Naming the place and what was expected; then nothing of the file is taken in.
pub fn read(bytes: &[u8]) -> Result<ReadFile, TerminologyFileError> {
    let whole = |reason: &str| TerminologyFileError::new("the file", reason);
    if bytes.starts_with(b"PK\x03\x04") {
        return Err(whole(
            "it is a packed file: a spreadsheet (.xlsx) can't be read, save it as CSV (UTF-8) or download the text export or the FHIR \
             expansion instead; a .zip is to be unpacked first",
        ));
    }
    if bytes.starts_with(b"\x1f\x8b") {
        return Err(whole("it is packed with gzip; unpack it first"));
    }
    if bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(whole("it is a spreadsheet of an old kind (.xls), which can't be read; save it as CSV (UTF-8)"));
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(whole("it is UTF-16 text; save it as UTF-8"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes.get(..error.valid_up_to()).unwrap_or_default().split(|byte| *byte == b'\n').count();
        TerminologyFileError::new(format!("line {line}"), "it is not UTF-8; save the file as UTF-8")
    })?;
    let mut notes = Notes::default();
    let drafts = match text.trim_start().chars().next() {
        None => return Err(whole("it is empty")),
        Some('{' | '[') => fhir::read(text, &mut notes)?,
        Some('<') => svs::read(text, &mut notes)?,
        Some(_) => table::read(text, &mut notes)?,
    };
    if drafts.is_empty() {
        return Err(whole("there is no value set in it"));
    }
    Ok(ReadFile { drafts, advice: notes.advice() })
}

/// What is noticed while a file is read, added up.
#[derive(Default)]
pub(crate) struct Notes {
    unknown_systems: BTreeMap<String, u64>,
}

impl Notes {
    /// A code, its system by the name that FHIR has for it.
    fn coding(&mut self, place: &str, written: &str, code: &str, display: Option<&str>) -> Result<Coding, TerminologyFileError> {
        let code = code.trim();
        if code.is_empty() {
            return Err(TerminologyFileError::new(place, "a code is missing"));
        }
        if written.trim().is_empty() {
            let reason = format!("the code `{}` has no code system; codes of nobody's system are never matched", short(code));
            return Err(TerminologyFileError::new(place, reason));
        }
        if code.len() > LONGEST || written.len() > LONGEST {
            return Err(TerminologyFileError::new(place, format!("a code or a code system has more than {LONGEST} bytes")));
        }
        let system = system(written);
        if !system.is_known {
            *self.unknown_systems.entry(system.uri.clone()).or_default() += 1;
        }
        let display = display.map(str::trim).filter(|it| !it.is_empty()).map(|it| it.chars().take(LONGEST).collect());
        Ok(Coding { system: system.uri, code: code.to_owned(), display })
    }

    fn advice(self) -> Vec<String> {
        let unknown = self.unknown_systems.into_iter().map(|(system, codes)| {
            format!(
                "the code system `{system}` of {codes} code(s) is not known; it is kept as it is, and matches where sources write it so"
            )
        });
        unknown.collect()
    }
}

/// The name of a value set, or what is wrong with it.
fn named(place: &str, text: &str) -> Result<ValueSetUrl, TerminologyFileError> {
    ValueSetUrl::parse(text).map_err(|error| TerminologyFileError::new(place, error.to_string()))
}

fn cut(text: &str) -> String {
    text.trim().chars().take(LONGEST_NAME).collect()
}

/// A version; without one where nothing is said.
fn version(text: Option<&str>) -> Option<String> {
    text.map(cut).filter(|it| !it.is_empty() && !it.eq_ignore_ascii_case("n/a"))
}

/// A text short enough for a message.
fn short(text: &str) -> String {
    if text.chars().count() > 60 { text.chars().take(59).chain(['…']).collect() } else { text.to_owned() }
}

#[cfg(test)]
mod tests;
