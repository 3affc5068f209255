//! Recorded cases: JSON files that say what a plugin is asked, and what is to come out.

pub(crate) mod channel;
pub(crate) mod journey;
pub(crate) mod segment;

use std::fs;
use std::path::{Path, PathBuf};

use gateway_domain::plugin::PluginKind;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use outreach_plugin_sdk::document::Reader;
use serde_json::Value;

use self::channel::ChannelCase;
use self::journey::JourneyCase;
use self::segment::SegmentCase;

/// Bytes of a case.
const LARGEST: u64 = 4 << 20;
/// Cases of a folder.
const MOST_CASES: usize = 10_000;

/// Why a case can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// It can't be read or written.
    #[error("`{path}`: {reason}")]
    File {
        /// The file or folder.
        path: String,
        /// Why.
        reason: String,
    },
    /// It says something that can't be.
    #[error("`{path}` can't be used:{}", listed(findings))]
    Content {
        /// The file.
        path: String,
        /// Each with its JSON pointer.
        findings: Vec<String>,
    },
}

fn listed(findings: &[String]) -> String {
    findings.iter().flat_map(|finding| ["\n  ", finding]).collect()
}

/// One recorded case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Where it is.
    pub file: PathBuf,
    /// What it says, in one sentence; the file's name where it says nothing.
    pub says: String,
    pub(crate) text: String,
    pub(crate) document: Value,
    pub(crate) asked: Asked,
}

/// What the plugin is asked.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    Segment(SegmentCase),
    Journey(JourneyCase),
    Channel(ChannelCase),
}

impl Case {
    /// Reads all cases of a folder, `*.json`, in the order of their names.
    ///
    /// # Errors
    /// [`CaseError`], of the first file that can't be used.
    pub fn all(folder: &Path, kind: PluginKind) -> Result<Vec<Self>, CaseError> {
        let failed = |error: std::io::Error| CaseError::File { path: folder.display().to_string(), reason: error.to_string() };
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            // As a person would name it from here.
            let path = path.strip_prefix(".").map(Path::to_path_buf).unwrap_or(path);
            if path.extension().is_some_and(|extension| extension == "json") {
                files.push(path);
            }
        }
        if files.len() > MOST_CASES {
            let reason = format!("it has {} cases; at most {MOST_CASES} are read", files.len());
            return Err(CaseError::File { path: folder.display().to_string(), reason });
        }
        files.sort();
        files.iter().map(|file| Self::read(file, kind)).collect()
    }

    fn read(file: &Path, kind: PluginKind) -> Result<Self, CaseError> {
        let failed = |reason: String| CaseError::File { path: file.display().to_string(), reason };
        let length = fs::metadata(file).map_err(|error| failed(error.to_string()))?.len();
        if length > LARGEST {
            return Err(failed(format!("it has {length} bytes; a case has at most {LARGEST}")));
        }
        let text = fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
        Self::of(file, text, kind)
    }

    /// The case that a text is.
    ///
    /// # Errors
    /// [`CaseError::Content`]
    pub fn of(file: &Path, text: String, kind: PluginKind) -> Result<Self, CaseError> {
        // Where it is no JSON the reader says so.
        let document: Value = serde_json::from_str(&text).unwrap_or_default();
        let mut says = None;
        let (asked, issues) = Reader::read(&text, |reader| {
            if reader.has("says") {
                says = reader.member("says").text().map(str::to_owned);
            }
            match kind {
                PluginKind::Segment => segment::read(reader, &document).map(Asked::Segment),
                PluginKind::Journey => journey::read(reader, &document).map(Asked::Journey),
                PluginKind::Channel => channel::read(reader, &document).map(Asked::Channel),
            }
        });
        let Some(asked) = asked else {
            let findings = issues
                .iter()
                .map(|issue| if issue.path.is_empty() { issue.message.clone() } else { format!("{}: {}", issue.path, issue.message) });
            return Err(CaseError::Content { path: file.display().to_string(), findings: findings.collect() });
        };
        let says = says.unwrap_or_else(|| file.file_stem().unwrap_or_default().to_string_lossy().replace(['-', '_'], " "));
        Ok(Self { file: file.to_owned(), says, text, document, asked })
    }
}

// === What cases of all kinds say ===

/// The value of a member as it is written.
fn raw<'a>(document: &'a Value, reader: &Reader<'_>, name: &str) -> Option<&'a Value> {
    document.pointer(reader.path())?.get(name).filter(|value| !value.is_null())
}

/// A member that is an object, as the JSON text a plugin gets; `{}` where there is none.
fn json_text(document: &Value, reader: &mut Reader<'_>, name: &str) -> Option<String> {
    match raw(document, reader, name) {
        None => Some("{}".to_owned()),
        Some(value) if value.is_object() => Some(value.to_string()),
        Some(_) => {
            reader.member(name).fatal("expected an object: the document the plugin gets");
            None
        }
    }
}

/// What is expected: an object, where it is there.
fn expectation(document: &Value, reader: &mut Reader<'_>) {
    if raw(document, reader, "expect").is_some_and(|value| !value.is_object()) {
        reader.member("expect").fatal("expected an object: what is to come out");
    }
}

/// A member whose values are texts, by their names.
fn texts(reader: &mut Reader<'_>, name: &str) -> Option<Vec<(String, String)>> {
    if !reader.has(name) {
        return Some(Vec::new());
    }
    let mut member = reader.member(name);
    let names = member.names();
    if !member.object(&names) {
        return None;
    }
    let read = |name: &str| Some((name.to_owned(), member.member(name).text()?.to_owned()));
    names.into_iter().map(read).collect()
}

/// A text that may be left out. One that can't be read is a finding, and nothing.
fn optional_text(reader: &mut Reader<'_>, name: &str) -> Option<String> {
    if reader.has(name) { reader.member(name).text().map(str::to_owned) } else { None }
}

/// A list that may be left out.
fn list<T>(reader: &mut Reader<'_>, name: &str, most: usize, read: impl FnMut(&mut Reader<'_>) -> Option<T>) -> Option<Vec<T>> {
    if reader.has(name) { reader.member(name).items(most, read) } else { Some(Vec::new()) }
}

fn moment(reader: &mut Reader<'_>) -> Option<Timestamp> {
    let text = reader.text()?;
    let read = text.parse::<Timestamp>().ok();
    let read = read.or_else(|| text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp()));
    if read.is_none() {
        reader.fatal(format!("`{text}` is no moment; expected one such as `2026-11-23T09:00:00Z`, or a day such as `2026-11-23`"));
    }
    read
}

/// A code as `system|code`.
fn coding(reader: &mut Reader<'_>) -> Option<(String, String)> {
    let text = reader.text()?;
    let read = text.rsplit_once('|').filter(|(_, code)| !code.is_empty());
    if read.is_none() {
        reader.fatal(format!("`{text}` is no code; expected a system and a code, such as `http://loinc.org|4548-4`"));
    }
    read.map(|(system, code)| (system.to_owned(), code.to_owned()))
}

#[cfg(test)]
mod tests;
