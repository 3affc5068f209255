//! Tables, with commas, semicolons or tabs: one row a code. Either each row names its value set (our own form, and the spreadsheets of
//! programme releases), or what stands above the heading does (the text export of one value set by the Value Set Authority Center).

use std::collections::BTreeMap;

use gateway_domain::code::Coding;
use gateway_domain::value_set::ValueSetUrl;

use super::{Content, Draft, Notes, cut, named, version};
use crate::TerminologyFileError;

/// Columns of the heading, by what they are called; letters and digits alone, in lower case. Of several the first counts.
const VALUE_SET: &[&str] =
    &["valueset", "valueseturl", "valuesetcanonical", "valuesetoid", "valuesetid", "canonical", "canonicalurl", "oid", "url"];
const TITLE: &[&str] = &["valuesetname", "valuesettitle", "title"];
const VERSION: &[&str] = &["definitionversion", "valuesetversion", "version"];
/// The OID of a system before its name: it is never misspelled.
const SYSTEM: &[&str] =
    &["codesystemoid", "systemoid", "system", "systemuri", "codesystem", "codesystemuri", "codesystemurl", "codesystemname"];
const CODE: &[&str] = &["code"];
const DISPLAY: &[&str] = &["display", "description", "codedescription", "displayname", "conceptname"];

/// Cells above a heading that are looked at.
const MOST_ABOVE: usize = 200;

/// Where the columns are.
struct Heading {
    value_set: Option<usize>,
    title: Option<usize>,
    version: Option<usize>,
    /// The first that has something in it counts.
    system: Vec<usize>,
    code: usize,
    display: Option<usize>,
}

/// A value set whose rows are being read.
struct Open {
    draft: Draft,
    codes: Vec<Coding>,
}

pub(super) fn read(text: &str, notes: &mut Notes) -> Result<Vec<Draft>, TerminologyFileError> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter(text)).from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    let (mut heading, mut above): (Option<Heading>, Vec<(String, String)>) = (None, Vec::new());
    let mut open: Vec<Open> = Vec::new();
    let mut places: BTreeMap<(ValueSetUrl, Option<String>), usize> = BTreeMap::new();
    // Of a table without a column for it: the one that is named above the heading.
    let mut current = None;
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                return Err(TerminologyFileError::new(format!("line {line}"), "this row can't be read; are its quotes closed?"));
            }
        }
        let place = format!("line {}", record.position().map_or(0, |position| line_of(text, position)));
        let cell = |at: usize| record.get(at).unwrap_or_default().trim();
        if record.iter().all(|it| it.trim().is_empty()) {
            continue;
        }
        if let Some(found) = find_heading(&record) {
            if found.value_set.is_none() {
                let draft = described(&above, &place)?;
                current = Some(place_of(&mut open, &mut places, draft));
            }
            above.clear();
            heading = Some(found);
            continue;
        }
        let starts_another = key(cell(0)) == "valuesetname" && heading.as_ref().is_some_and(|it| it.value_set.is_none());
        if starts_another {
            heading = None;
        }
        let Some(columns) = &heading else {
            if above.len() >= MOST_ABOVE {
                return Err(no_heading());
            }
            above.push((key(cell(0)), record.iter().skip(1).map(str::trim).find(|it| !it.is_empty()).unwrap_or_default().to_owned()));
            continue;
        };
        let at = match columns.value_set {
            Some(column) => {
                let draft = row_of(cell(column), columns, &cell, &place)?;
                place_of(&mut open, &mut places, draft)
            }
            None => current.ok_or_else(no_heading)?,
        };
        let system = columns.system.iter().map(|column| cell(*column)).find(|it| !it.is_empty()).unwrap_or_default();
        let coding = notes.coding(&place, system, cell(columns.code), columns.display.map(cell))?;
        if let Some(open) = open.get_mut(at) {
            open.codes.push(coding);
        }
    }
    if heading.is_none() && open.is_empty() {
        return Err(no_heading());
    }
    Ok(open.into_iter().map(|it| Draft { content: Content::Codes(it.codes), ..it.draft }).collect())
}

/// The value set that a row names.
fn row_of<'a>(name: &str, columns: &Heading, cell: &impl Fn(usize) -> &'a str, place: &str) -> Result<Draft, TerminologyFileError> {
    if name.is_empty() {
        return Err(TerminologyFileError::new(place, "the row names no value set"));
    }
    let (name, behind) = name.split_once('|').map_or((name, None), |(name, version)| (name, Some(version)));
    let url = named(place, name)?;
    let version = version(behind).or_else(|| version(columns.version.map(cell)));
    let title = columns.title.map(cell).map(cut).filter(|it| !it.is_empty());
    Ok(Draft {
        title: title.unwrap_or_else(|| url.to_string()),
        alias: None,
        version,
        place: place.to_owned(),
        content: Content::Codes(Vec::new()),
        url,
    })
}

/// The value set that is described above a heading.
fn described(above: &[(String, String)], place: &str) -> Result<Draft, TerminologyFileError> {
    let of = |names: &[&str]| {
        above.iter().find(|(key, value)| names.contains(&key.as_str()) && !value.is_empty()).map(|(_, value)| value.as_str())
    };
    let oid = of(VALUE_SET).ok_or_else(|| {
        let reason = "the table has no column `value_set`, and above it there is no line `OID` that says whose codes these are";
        TerminologyFileError::new(place, reason)
    })?;
    let url = named(place, oid)?;
    Ok(Draft {
        title: of(TITLE).map_or_else(|| url.to_string(), cut),
        alias: None,
        version: version(of(VERSION)).or_else(|| version(of(&["expansionversion"]))),
        place: place.to_owned(),
        content: Content::Codes(Vec::new()),
        url,
    })
}

/// Where the rows of a value set go.
fn place_of(open: &mut Vec<Open>, places: &mut BTreeMap<(ValueSetUrl, Option<String>), usize>, draft: Draft) -> usize {
    *places.entry((draft.url.clone(), draft.version.clone())).or_insert_with(|| {
        open.push(Open { draft, codes: Vec::new() });
        open.len() - 1
    })
}

fn find_heading(record: &csv::StringRecord) -> Option<Heading> {
    let keys: Vec<String> = record.iter().map(key).collect();
    let of = |names: &[&str]| names.iter().find_map(|name| keys.iter().position(|it| it == name));
    let system: Vec<usize> = SYSTEM.iter().filter_map(|name| keys.iter().position(|it| it == name)).collect();
    let code = of(CODE).filter(|_| !system.is_empty())?;
    Some(Heading { value_set: of(VALUE_SET), title: of(TITLE), version: of(VERSION), system, code, display: of(DISPLAY) })
}

/// The line of a row; its position is that of the blank lines before it.
fn line_of(text: &str, position: &csv::Position) -> u64 {
    let from = usize::try_from(position.byte()).ok().and_then(|at| text.as_bytes().get(at..)).unwrap_or_default();
    position.line() + from.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).filter(|byte| **byte == b'\n').count() as u64
}

fn key(cell: &str) -> String {
    cell.chars().filter(char::is_ascii_alphanumeric).map(|it| it.to_ascii_lowercase()).collect()
}

/// What stands between the cells of the heading.
fn delimiter(text: &str) -> u8 {
    let heading = text.lines().take(MOST_ABOVE * 2).find(|line| {
        let key = key(line);
        key.contains("code") && key.contains("system") && line.contains(['\t', ',', ';'])
    });
    let line = heading.or_else(|| text.lines().find(|line| !line.trim().is_empty())).unwrap_or_default();
    let count = |it: char| line.matches(it).count();
    [('\t', b'\t'), (';', b';'), (',', b',')].into_iter().max_by_key(|(it, _)| count(*it)).map_or(b',', |(_, byte)| byte)
}

fn no_heading() -> TerminologyFileError {
    let reason = "no heading was found; expected the columns `value_set`, `system`, `code` and `display`, or the text export of a value \
                  set with `OID` above and `Code` and `Code System` over its codes";
    TerminologyFileError::new("the file", reason)
}
