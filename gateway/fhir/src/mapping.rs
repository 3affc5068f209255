//! From raw JSON to the model's values, leniently: what can be read is read, what can't be is said, and nothing is guessed in the
//! direction of sending.

use std::collections::{BTreeMap, HashMap};

use fhir_profiles::Mapping;
use gateway_domain::code::SharedCodings;
use gateway_domain::date::PartialDate;
use gateway_domain::fact::FactFlags;
use gateway_domain::ids::SourceNo;
use gateway_domain::projection::{Projection, ReadResource};
use gateway_domain::resource::{ContentHash, ResourceKey};
use gateway_ports::ehr::{Deletions, ResourceReader, ServerFinding, Unreadable};
use serde::Deserialize;

use crate::bundle::Bundle;

use self::claims::VitalSigns;
use self::codes::{Codes, lower};
pub(crate) use self::lean::Reference;
use self::lean::{Lean, LeanPerson, Meta};
use self::lenient::{Many, One, Text};
use self::reference::Resolved;
pub(crate) use self::reference::is_id;

mod claims;
mod clinical;
mod codes;
mod lean;
pub(crate) mod lenient;
mod medication;
mod person;
mod reference;
mod resource_types;
#[cfg(test)]
mod tests;
mod time_zone;

/// Counts up whenever this reader takes something else from the same bytes.
const READER: u8 = 2;

/// Reads the resources of one server.
pub struct FhirReader {
    source: SourceNo,
    base: String,
    mapping: Mapping,
    words: Words,
    codes: Codes,
    vital_signs: VitalSigns,
    /// Stands for the rules by which resources are read, so that a resource is applied anew after they changed.
    rules: ContentHash,
}

/// The mapping's words as the flags they mean.
struct Words {
    status: HashMap<String, HashMap<String, FactFlags>>,
    category: HashMap<String, FactFlags>,
    encounter_class: HashMap<String, FactFlags>,
}

impl FhirReader {
    /// A reader for the server at `base`, speaking as `mapping` says.
    pub fn new(source: SourceNo, base: &str, mapping: Mapping) -> Self {
        let fold = |words: &BTreeMap<String, Vec<String>>| words.iter().map(|(word, flags)| (word.clone(), named(flags))).collect();
        let words = Words {
            status: mapping.status.iter().map(|(group, words)| (group.clone(), fold(words))).collect(),
            category: mapping.category.iter().map(|(word, flag)| (word.clone(), named(std::slice::from_ref(flag)))).collect(),
            encounter_class: fold(&mapping.encounter_class),
        };
        let (codes, vital_signs) = (Codes::new(&mapping), VitalSigns::new(&mapping));
        let rules = ContentHash::of([mapping.reading_rules().as_bytes(), &[READER]]);
        Self { source, base: base.to_owned(), mapping, words, codes, vital_signs, rules }
    }

    /// The flags of a status; none for a word the mapping does not have.
    fn status(&self, group: &str, word: Option<&str>) -> FactFlags {
        let Some(word) = word else { return FactFlags::empty() };
        self.words.status.get(group).and_then(|words| words.get(lower(word).as_ref())).copied().unwrap_or_default()
    }

    fn resolve<'t>(&self, reference: &'t str) -> Resolved<'t> {
        match reference::resolve(reference, &[&self.base]) {
            Resolved::Elsewhere if !self.mapping.own_bases.is_empty() => {
                let bases: Vec<&str> = self.mapping.own_bases.iter().map(String::as_str).collect();
                reference::resolve(reference, &bases)
            }
            resolved => resolved,
        }
    }

    fn read(&self, text: &str, piece: &mut SharedCodings) -> Result<Read, Unreadable> {
        // Some servers start a file with a byte order mark.
        let text = text.trim_start_matches('\u{feff}').trim();
        if !text.starts_with('{') {
            return Err(unreadable("not a JSON object"));
        }
        let lean: Lean<'_> = serde_json::from_str(text)
            .map_err(|error| unreadable(&format!("not readable JSON: {} at column {}", cause(&error), error.column())))?;
        let resource_type = lean.resource_type.get().ok_or_else(|| unreadable("it has no resourceType"))?;
        let about = |reason: &str| Unreadable {
            reason: reason.to_owned(),
            resource_type: Some(resource_type.chars().filter(|it| !it.is_control()).take(64).collect()),
            fhir_id: lean.id.get().filter(|it| is_id(it)).map(str::to_owned),
        };
        if !resource_types::is_known(resource_type) {
            return Err(about("its resourceType is not one of FHIR R4"));
        }
        let id = lean.id.get().ok_or_else(|| about("it has no id"))?;
        if !is_id(id) {
            return Err(about("its id is longer than 256 bytes or has blanks, slashes or control characters"));
        }
        // A label that can't be read might be one that forbids.
        let meta = lean.meta.map(|raw| serde_json::from_str::<One<Meta<'_>>>(raw.get())).transpose();
        let meta = meta.map_err(|error| about(&format!("its meta is not readable: {}", cause(&error))))?;
        let meta = meta.and_then(|it| it.0).unwrap_or_default();
        if codes(&meta.tag).any(|it| it.eq_ignore_ascii_case("SUBSETTED")) {
            return Err(about("it is a summary (SUBSETTED), which must not replace the whole resource"));
        }
        let labels = codes(&meta.security).chain(meta.security.iter().filter_map(|it| it.text.get()));
        let restricted = labels.into_iter().any(|label| self.mapping.restricted.iter().any(|it| it.eq_ignore_ascii_case(label)));
        let claims = self.vital_signs.claims(&meta);
        let projection = match resource_type {
            "Patient" | "Organization" | "Practitioner" => {
                let person: LeanPerson<'_> =
                    serde_json::from_str(text).map_err(|error| about(&format!("not readable: {}", cause(&error))))?;
                match resource_type {
                    "Patient" => Projection::Patient(Box::new(self.patient(&person, restricted))),
                    "Organization" => Projection::Account(Box::new(self.account(&person))),
                    _ => Projection::Practitioner(Box::new(person::practitioner(&person))),
                }
            }
            _ => self.clinical(resource_type, id, &lean, &claims, restricted, piece).map_err(|reason| about(&reason))?,
        };
        Ok(Read {
            resource_type: resource_type.to_owned(),
            fhir_id: id.to_owned(),
            version_id: meta.version_id.owned(),
            last_updated: meta.last_updated.get().and_then(PartialDate::parse).map(|it| it.first),
            hash: content_hash(&self.rules, text, lean.meta.map(serde_json::value::RawValue::get), &claims.bytes()),
            projection,
        })
    }
}

/// A resource read, before its raw bytes join it.
struct Read {
    resource_type: String,
    fhir_id: String,
    version_id: Option<String>,
    last_updated: Option<jiff::Timestamp>,
    hash: ContentHash,
    projection: Projection,
}

impl ResourceReader for FhirReader {
    fn knows(&self, resource_type: &str) -> bool {
        resource_types::is_known(resource_type)
    }

    fn resource_of(&self, raw: Vec<u8>, piece: &mut SharedCodings) -> Result<ReadResource, (Unreadable, Vec<u8>)> {
        let read = std::str::from_utf8(&raw)
            .map_err(|error| unreadable(&format!("not UTF-8 from byte {}", error.valid_up_to())))
            .and_then(|text| self.read(text, piece));
        match read {
            Ok(read) => Ok(ReadResource {
                key: self.key(&read.resource_type, &read.fhir_id),
                resource_type: read.resource_type,
                fhir_id: read.fhir_id,
                version_id: read.version_id,
                last_updated: read.last_updated,
                hash: read.hash,
                raw,
                projection: read.projection,
            }),
            Err(reason) => Err((reason, raw)),
        }
    }

    fn deletions(&self, raw: &[u8]) -> Result<Deletions, Unreadable> {
        let raw = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
        let bundle: Bundle<'_> = serde_json::from_slice(raw).map_err(|_| unreadable("a line of deletions is not readable JSON"))?;
        if !bundle.resource_type.is("Bundle") {
            return Err(unreadable("a line of deletions is no Bundle"));
        }
        let mut deletions = Deletions::default();
        for entry in bundle.entry.iter() {
            if entry.request.get().is_some_and(|it| it.method.is_there() && !it.method.is("DELETE")) {
                continue;
            }
            let found = entry.places().find_map(|place| match self.resolve(place) {
                Resolved::Own { resource_type, id } => Some((resource_type, id)),
                _ => None,
            });
            match found {
                Some((resource_type, id)) => deletions.gone.push((resource_type.to_owned(), id.to_owned())),
                None => deletions.unreadable += 1,
            }
        }
        Ok(deletions)
    }

    fn findings(&self, raw: &[u8]) -> Vec<ServerFinding> {
        match serde_json::from_slice::<Outcome<'_>>(raw) {
            Ok(outcome) if outcome.resource_type.is("OperationOutcome") => outcome.findings(),
            _ => vec![ServerFinding { is_error: true, text: "the server's error file has a line that is no OperationOutcome".to_owned() }],
        }
    }

    fn key(&self, resource_type: &str, fhir_id: &str) -> ResourceKey {
        ResourceKey::of(self.source, resource_type, fhir_id)
    }

    fn types(&self) -> &[String] {
        &self.mapping.types
    }
}

/// An OperationOutcome, read leniently.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Outcome<'a> {
    #[serde(borrow)]
    resource_type: Text<'a>,
    #[serde(borrow)]
    issue: Many<OutcomeIssue<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OutcomeIssue<'a> {
    #[serde(borrow)]
    severity: Text<'a>,
    #[serde(borrow)]
    code: Text<'a>,
    #[serde(borrow)]
    diagnostics: Text<'a>,
    #[serde(borrow)]
    details: One<lean::Concept<'a>>,
}

impl Outcome<'_> {
    pub(crate) fn is_one(&self) -> bool {
        self.resource_type.is("OperationOutcome")
    }

    /// Whether it says that there were too many requests (Azure says so with other statuses than 429 too).
    pub(crate) fn is_throttled(&self) -> bool {
        self.issue.iter().any(|issue| issue.code.is("throttled"))
    }

    /// What it says, each finding cut to 300 characters.
    pub(crate) fn findings(&self) -> Vec<ServerFinding> {
        let one = |issue: &OutcomeIssue<'_>| {
            let details = issue.details.get().and_then(|it| it.text.get());
            let text = issue.diagnostics.get().or(details).or_else(|| issue.code.get()).unwrap_or("no reason given");
            let clean = text.chars().map(|it| if it.is_control() { ' ' } else { it });
            ServerFinding { is_error: issue.severity.is("error") || issue.severity.is("fatal"), text: clean.take(300).collect() }
        };
        self.issue.iter().map(one).collect()
    }
}

fn named(flags: &[String]) -> FactFlags {
    let flag = |name: &String| match name.as_str() {
        "effective" => FactFlags::EFFECTIVE,
        "active" => FactFlags::ACTIVE,
        "ended" => FactFlags::ENDED,
        "planned" => FactFlags::PLANNED,
        "not-done" => FactFlags::NOT_DONE,
        "in-error" => FactFlags::IN_ERROR,
        "unconfirmed" => FactFlags::UNCONFIRMED,
        "laboratory" => FactFlags::LABORATORY,
        "vital-sign" => FactFlags::VITAL_SIGN,
        "imaging" => FactFlags::IMAGING,
        "survey" => FactFlags::SURVEY,
        "exam" => FactFlags::EXAM,
        "problem-list" => FactFlags::PROBLEM_LIST,
        "encounter-diagnosis" => FactFlags::ENCOUNTER_DIAGNOSIS,
        "outpatient" => FactFlags::OUTPATIENT,
        "inpatient" => FactFlags::INPATIENT,
        "emergency" => FactFlags::EMERGENCY,
        "virtual" => FactFlags::VIRTUAL,
        "ordered" => FactFlags::ORDERED,
        "recurring" => FactFlags::RECURRING,
        "pre-admission" => FactFlags::PRE_ADMISSION,
        "amended" => FactFlags::AMENDED,
        _ => FactFlags::empty(),
    };
    flags.iter().map(flag).collect()
}

/// Type and id a reference leads to, where it leads to a resource of the server at `base`.
pub(crate) fn own_reference<'a>(reference: &'a str, base: &str) -> Option<(&'a str, &'a str)> {
    match reference::resolve(reference, &[base]) {
        Resolved::Own { resource_type, id } => Some((resource_type, id)),
        _ => None,
    }
}

/// The codes of concepts, whatever their system.
fn codes<'a>(concepts: &'a Many<lean::Concept<'_>>) -> impl Iterator<Item = &'a str> {
    concepts.iter().flat_map(|it| it.coding.iter().filter_map(|it| it.code.get()).chain(it.code.get()))
}

fn unreadable(reason: &str) -> Unreadable {
    Unreadable { reason: reason.to_owned(), resource_type: None, fhir_id: None }
}

/// What kind of error it is, in words without values: the message of a parser may quote the data, save where it names an element of
/// ours or an escape.
fn cause(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let twice = message.strip_prefix("duplicate field `").and_then(|rest| rest.split('`').next());
    match error.classify() {
        _ if twice.is_some() => format!("the element `{}` is there twice", twice.unwrap_or_default()),
        serde_json::error::Category::Eof => "it ends early".to_owned(),
        serde_json::error::Category::Syntax if message.starts_with("recursion limit") => "nested too deeply".to_owned(),
        serde_json::error::Category::Syntax if message.contains("hex escape") => "half of a character (a lone surrogate)".to_owned(),
        serde_json::error::Category::Syntax if message.starts_with("control character") => "a control character in a text".to_owned(),
        serde_json::error::Category::Syntax if message.starts_with("number out of range") => "a number beyond all bounds".to_owned(),
        serde_json::error::Category::Syntax if message.starts_with("trailing characters") => "something follows its end".to_owned(),
        serde_json::error::Category::Syntax => "a syntax error".to_owned(),
        serde_json::error::Category::Data => "an element of another shape, or missing".to_owned(),
        serde_json::error::Category::Io => "an input error".to_owned(),
    }
}

/// The hash of a resource without its `meta`, which changes when nothing else does, as read by these rules; what is read from the profiles
/// named there counts.
fn content_hash(rules: &ContentHash, text: &str, meta: Option<&str>, claims: &[u8]) -> ContentHash {
    let span = meta.and_then(|meta| {
        let start = (meta.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
        Some((text.get(..start)?, text.get(start + meta.len()..)?))
    });
    let (before, after) = span.unwrap_or((text, ""));
    ContentHash::of([&rules.0, before.as_bytes(), after.as_bytes(), claims])
}
