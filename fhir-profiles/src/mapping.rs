//! A mapping profile: which words of a server mean what, which types it is synced for, how it is searched.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::{Table, Value};

use crate::error::ProfileError;

const WHAT: &str = "mapping";

/// The words for what a status, category or class says of a fact.
pub const FLAGS: [&str; 21] = [
    "effective",
    "active",
    "ended",
    "planned",
    "not-done",
    "in-error",
    "unconfirmed",
    "laboratory",
    "vital-sign",
    "imaging",
    "survey",
    "exam",
    "problem-list",
    "encounter-diagnosis",
    "outpatient",
    "inpatient",
    "emergency",
    "ordered",
    "recurring",
    "pre-admission",
    "amended",
];
const VIRTUAL: &str = "virtual";
const SEXES: [&str; 4] = ["female", "male", "other", "unknown"];

/// A mapping profile, complete and checked. Words are matched trimmed and without regard to case.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    pub name: String,
    pub title: String,
    /// Types to sync, in the order in which they are fetched.
    pub types: Vec<String>,
    /// Codes of `meta.security` that restrict a record.
    pub restricted: BTreeSet<String>,
    pub search: SearchRules,
    /// Other base URLs by which the server calls itself in references.
    pub own_bases: Vec<String>,
    /// Code systems whose codes say that nothing is said.
    pub ignored_systems: BTreeSet<String>,
    /// From another name of a code system to the one it is known by.
    pub code_systems: BTreeMap<String, String>,
    /// By code system, from a local code to the system and code of a standard one. Those of no system stand for words without a code.
    pub codes: BTreeMap<String, BTreeMap<String, (String, String)>>,
    /// From a word of `gender` to `female`, `male`, `other` or `unknown`.
    pub gender: BTreeMap<String, String>,
    /// By resource type (or `verification`, `intent`), from a status to flags.
    pub status: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// From a category's code to a flag.
    pub category: BTreeMap<String, String>,
    /// From an encounter's class to flags.
    pub encounter_class: BTreeMap<String, Vec<String>>,
    /// From a vital sign to how it is known.
    pub vital_signs: BTreeMap<String, VitalSign>,
    table: Table,
}

/// How a measurement is known to be a vital sign.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct VitalSign {
    /// Canonical URLs of profiles, without a version.
    pub profiles: Vec<String>,
    /// LOINC codes.
    pub codes: Vec<String>,
}

/// How a server is searched.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SearchRules {
    /// Entries on a page; 1 to 10,000.
    pub page_size: u32,
    /// By type, parameters without which the server refuses to search. Each of several values is a search of its own.
    #[serde(default)]
    pub required: BTreeMap<String, BTreeMap<String, SearchValues>>,
    /// The same, for servers that were not known to insist: added where a search without them is refused.
    #[serde(default)]
    pub if_refused: BTreeMap<String, BTreeMap<String, SearchValues>>,
}

/// What a required parameter is searched with: in a file one text, or a list of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum SearchValues {
    One(String),
    Several(Vec<String>),
}

impl SearchValues {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Several(values) => values,
        }
    }
}

impl SearchRules {
    /// Whether there is something to add to a search of a type that was refused.
    pub fn has_more(&self, resource_type: &str) -> bool {
        !self.required.contains_key(resource_type) && self.if_refused.contains_key(resource_type)
    }

    /// The searches that together show all of a type: for each, the parameters it needs, and those for a server that `refused` to be
    /// searched without. At least one.
    pub fn searches(&self, resource_type: &str, refused: bool) -> Vec<Vec<(String, String)>> {
        let more = if refused && self.has_more(resource_type) { &self.if_refused } else { &self.required };
        let mut searches = vec![Vec::new()];
        for (name, values) in more.get(resource_type).into_iter().flatten() {
            let with = |search: &Vec<(String, String)>| {
                let one = |value: &String| search.iter().cloned().chain([(name.clone(), value.clone())]).collect();
                values.as_slice().iter().map(one).collect::<Vec<_>>()
            };
            searches = searches.iter().flat_map(with).collect();
        }
        searches
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Document {
    title: String,
    types: Vec<String>,
    restricted: BTreeSet<String>,
    search: SearchRules,
    own_bases: Vec<String>,
    ignored_systems: BTreeSet<String>,
    code_systems: BTreeMap<String, String>,
    codes: BTreeMap<String, BTreeMap<String, String>>,
    gender: BTreeMap<String, String>,
    status: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    category: BTreeMap<String, String>,
    encounter_class: BTreeMap<String, Vec<String>>,
    vital_signs: BTreeMap<String, VitalSign>,
}

impl Mapping {
    /// Reads a whole mapping.
    ///
    /// # Errors
    /// [`ProfileError`] with the place and what was expected.
    pub fn parse(name: &str, text: &str) -> Result<Self, ProfileError> {
        Self::from_table(name, read_table(name, text)?)
    }

    /// This mapping with the differences a vendor's file states: tables are merged key by key, everything else is replaced.
    ///
    /// # Errors
    /// [`ProfileError`] with the place and what was expected.
    pub fn overlay(&self, name: &str, text: &str) -> Result<Self, ProfileError> {
        let mut table = self.table.clone();
        merge(&mut table, read_table(name, text)?);
        Self::from_table(name, table)
    }

    /// The name a code system is known by, its version and a slash at its end left out.
    pub fn code_system<'s>(&'s self, system: &'s str) -> &'s str {
        let plain = system.split_once('|').map_or(system, |(plain, _)| plain).trim_end_matches('/');
        self.code_systems.get(&plain.to_ascii_lowercase()).map_or(plain, String::as_str)
    }

    /// The whole mapping as a document, with everything that others state and this one takes over.
    pub fn document(&self) -> String {
        self.table.to_string()
    }

    /// The part of the document on which hangs what is taken from a resource.
    pub fn reading_rules(&self) -> String {
        let mut table = self.table.clone();
        for key in ["title", "types", "search"] {
            table.remove(key);
        }
        table.to_string()
    }

    fn from_table(name: &str, table: Table) -> Result<Self, ProfileError> {
        let document: Document = table.clone().try_into().map_err(|error: toml::de::Error| ProfileError::Document {
            what: WHAT,
            name: name.to_owned(),
            reason: error.to_string().trim_end().replace('\n', " "),
        })?;
        let wrong = |path: String, reason: String| ProfileError::Value { what: WHAT, name: name.to_owned(), path, reason };
        if document.types.is_empty() {
            return Err(wrong("types".into(), "expected at least one resource type".into()));
        }
        if !document.types.iter().any(|it| it == "Patient") {
            return Err(wrong("types".into(), "expected `Patient` among them".into()));
        }
        for (at, name) in document.types.iter().enumerate() {
            let shaped = name.starts_with(|it: char| it.is_ascii_uppercase()) && name.bytes().all(|it| it.is_ascii_alphabetic());
            if !shaped || document.types.iter().filter(|it| *it == name).count() > 1 {
                return Err(wrong(format!("types[{at}]"), format!("`{name}` is no FHIR resource type, or is there twice")));
            }
        }
        if !(1..=10_000).contains(&document.search.page_size) {
            return Err(wrong("search.page-size".into(), "expected 1 to 10000".into()));
        }
        for (table, types) in [("required", &document.search.required), ("if-refused", &document.search.if_refused)] {
            for (resource_type, parameters) in types {
                for (name, values) in parameters {
                    if values.as_slice().is_empty() || values.as_slice().len() > 100 {
                        let place = format!("search.{table}.{resource_type}.{name}");
                        return Err(wrong(place, "expected a text, or a list of 1 to 100".into()));
                    }
                }
            }
        }
        for (word, sex) in &document.gender {
            if !SEXES.contains(&sex.as_str()) {
                return Err(wrong(format!("gender.{word}"), format!("expected one of {}", SEXES.join(", "))));
            }
        }
        let known = |flag: &str| FLAGS.contains(&flag) || flag == VIRTUAL;
        let expected = || format!("expected flags out of {}, {VIRTUAL}", FLAGS.join(", "));
        for (group, words) in &document.status {
            for (word, flags) in words {
                if !flags.iter().all(|it| known(it)) {
                    return Err(wrong(format!("status.{group}.{word}"), expected()));
                }
            }
        }
        for (word, flags) in &document.encounter_class {
            if !flags.iter().all(|it| known(it)) {
                return Err(wrong(format!("encounter-class.{word}"), expected()));
            }
        }
        for (word, flag) in &document.category {
            if !known(flag) {
                return Err(wrong(format!("category.{word}"), expected()));
            }
        }
        for (at, base) in document.own_bases.iter().enumerate() {
            if !base.starts_with("http://") && !base.starts_with("https://") {
                return Err(wrong(format!("own-bases[{at}]"), "expected a base URL, for example `https://ehr.example.org/fhir`".into()));
            }
        }
        for (alias, system) in &document.code_systems {
            if system.trim().is_empty() {
                return Err(wrong(format!("code-systems.{alias}"), "expected the URI of a code system".into()));
            }
        }
        let systems = folded(document.code_systems);
        let mut codes: BTreeMap<String, BTreeMap<String, (String, String)>> = BTreeMap::new();
        for (local, words) in document.codes {
            let known = local.trim().trim_end_matches('/').to_ascii_lowercase();
            let known = systems.get(&known).map_or(known, |it| it.to_ascii_lowercase());
            for (word, standard) in words {
                let parts = standard.split_once('|').map(|(system, code)| (system.trim().to_owned(), code.trim().to_owned()));
                match parts {
                    Some((system, code)) if !system.is_empty() && !code.is_empty() => {
                        codes.entry(known.clone()).or_default().insert(word.trim().to_ascii_lowercase(), (system, code));
                    }
                    _ => {
                        let reason = "expected a system and a code, for example `http://loinc.org|4548-4`";
                        return Err(wrong(format!("codes.\"{local}\".\"{word}\""), reason.into()));
                    }
                }
            }
        }
        Ok(Self {
            name: name.to_owned(),
            title: document.title,
            own_bases: document.own_bases,
            ignored_systems: document.ignored_systems,
            code_systems: systems,
            codes,
            types: document.types,
            restricted: document.restricted,
            search: document.search,
            vital_signs: document.vital_signs,
            gender: folded(document.gender),
            status: document.status.into_iter().map(|(group, words)| (group, folded(words))).collect(),
            category: folded(document.category),
            encounter_class: folded(document.encounter_class),
            table,
        })
    }
}

fn folded<T>(words: BTreeMap<String, T>) -> BTreeMap<String, T> {
    words.into_iter().map(|(word, value)| (word.trim().to_ascii_lowercase(), value)).collect()
}

fn read_table(name: &str, text: &str) -> Result<Table, ProfileError> {
    text.parse().map_err(|error: toml::de::Error| ProfileError::Document {
        what: WHAT,
        name: name.to_owned(),
        reason: error.to_string().trim_end().to_owned(),
    })
}

fn merge(onto: &mut Table, from: Table) {
    for (key, value) in from {
        match (onto.get_mut(&key), value) {
            (Some(Value::Table(onto)), Value::Table(from)) => merge(onto, from),
            (_, value) => {
                onto.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn us_core() -> Mapping {
        crate::mapping(crate::DEFAULT_MAPPING).unwrap()
    }

    #[test]
    fn a_vendor_states_only_what_differs() {
        let vendor = us_core().overlay("vendor", "title = \"Vendor\"\n[gender]\nfrau = \"female\"\n[search]\npage-size = 200").unwrap();
        assert_eq!(vendor.search.page_size, 200);
        assert_eq!(vendor.gender["frau"], "female");
        assert_eq!(vendor.gender["m"], "male");
        assert_eq!(vendor.types, us_core().types);
    }

    #[test]
    fn each_value_of_a_required_parameter_is_a_search_of_its_own() {
        let text = "[search.required]\nObservation = { category = [\"laboratory\", \"vital-signs\"], active = \"true\" }";
        let rules = us_core().overlay("vendor", text).unwrap().search;
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let both = |category| vec![pair("active", "true"), pair("category", category)];
        assert_eq!(rules.searches("Observation", false), [both("laboratory"), both("vital-signs")]);
        assert_eq!(rules.searches("Observation", true), rules.searches("Observation", false), "what is required is known better");
        assert_eq!(rules.searches("Patient", true), [Vec::new()]);
        assert_eq!(us_core().search.searches("Observation", false), [Vec::new()]);
        assert!(us_core().search.searches("Observation", true).contains(&vec![pair("category", "laboratory")]));
    }

    #[test]
    fn a_local_code_has_its_standard_one_whatever_its_system_is_called() {
        let text =
            "[code-systems]\n\"urn:oid:1.2\" = \"https://ehr.example.org/lab\"\n[codes.\"urn:oid:1.2\"]\nA1C = \"http://loinc.org|4548-4\"";
        let own = us_core().overlay("own", text).unwrap();
        assert_eq!(own.codes["https://ehr.example.org/lab"]["a1c"], ("http://loinc.org".to_owned(), "4548-4".to_owned()));
        assert!(own.document().contains("4548-4") && own.document().contains("us-core") || own.document().contains("US Core"));
        assert_ne!(own.reading_rules(), us_core().reading_rules());
        let paged = us_core().overlay("own", "[search]\npage-size = 7").unwrap();
        assert_eq!(paged.reading_rules(), us_core().reading_rules(), "how it is searched changes nothing of what is read");
    }

    #[test]
    fn a_mistake_is_told_with_its_place_and_what_was_expected() {
        for (text, place, expected) in [
            ("[gender]\nfrau = \"woman\"", "gender.frau", "female"),
            ("[status.Procedure]\ndone = [\"efective\"]", "status.Procedure.done", "effective"),
            ("types = [\"Patient\", \"patient\"]", "types[1]", "resource type"),
            ("types = [\"Condition\"]", "types", "Patient"),
            ("[search]\npage-size = 0", "search.page-size", "10000"),
            ("[search.required]\nObservation = { category = [] }", "search.required.Observation.category", "1 to 100"),
            ("[search.if-refused]\nObservation = { category = [] }", "search.if-refused.Observation.category", "1 to 100"),
            ("[serch]\n", "serch", "expected"),
            ("[search]\npage-size = \"many\"", "search.page-size", "expected u32"),
            ("[code-systems]\n\"urn:oid:1\" = \"\"", "code-systems.urn:oid:1", "URI"),
            ("[codes.\"urn:oid:1\"]\nA1C = \"4548-4\"", "codes.\"urn:oid:1\".\"A1C\"", "http://loinc.org|4548-4"),
            ("own-bases = [\"ehr.example.org\"]", "own-bases[0]", "base URL"),
        ] {
            let error = us_core().overlay("vendor", text).unwrap_err().to_string();
            assert!(error.contains(place) && error.contains(expected), "{error}");
        }
    }
}
