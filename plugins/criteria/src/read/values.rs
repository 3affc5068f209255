//! Reading sets of codes and what is asked of values.

use outreach_plugin_sdk::document::Reader;
use outreach_plugin_sdk::segment::{CodeSetNeed, Coding};

use super::needs::Needs;
use crate::document::{Compare, Comparison, ValueTest};
use crate::unit;

const MOST_CODES: usize = 100_000;
const MOST_SETS: usize = 100;
const UCUM: &str = "http://unitsofmeasure.org";

/// What a code says of a fact, where it is not what the fact is about. The word stands before the code system.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// What the fact is about.
    Main,
    BodySite,
    Reason,
    Disposition,
    /// A further answer of several.
    Answer,
}

impl Role {
    const fn word(self) -> Option<&'static str> {
        match self {
            Self::Main => None,
            Self::BodySite => Some("body-site"),
            Self::Reason => Some("reason"),
            Self::Disposition => Some("disposition"),
            Self::Answer => Some("answer"),
        }
    }

    fn system(self, system: &str) -> String {
        self.word().map_or_else(|| system.to_owned(), |word| format!("{word}:{system}"))
    }

    fn value_set(self, url: &str) -> String {
        self.word().map_or_else(|| url.to_owned(), |word| format!("{url}#{word}"))
    }
}

/// A set of codes as a document has it.
#[derive(Clone)]
pub(crate) enum Codes {
    ValueSet(String),
    Listed(Vec<(String, String)>),
}

impl Codes {
    /// The place of the set, for codes that say this of a fact.
    pub(crate) fn place(&self, role: Role, needs: &mut Needs) -> usize {
        needs.place(match self {
            Self::ValueSet(url) => CodeSetNeed::ValueSet(role.value_set(url)),
            Self::Listed(codes) => {
                let coding = |(system, code): &(String, String)| Coding { system: role.system(system), code: code.clone() };
                CodeSetNeed::Codes(codes.iter().map(coding).collect())
            }
        })
    }
}

/// The sets of codes an object names by `codes`, `value_set` and `value_sets`; empty where it names none.
pub(crate) fn read_sets(reader: &mut Reader<'_>) -> Option<Vec<Codes>> {
    let mut sets = Vec::new();
    if reader.has("value_set") {
        sets.push(Codes::ValueSet(read_canonical(&mut reader.member("value_set"))?));
    }
    if reader.has("value_sets") {
        sets.extend(reader.member("value_sets").items(MOST_SETS, |item| read_canonical(item).map(Codes::ValueSet))?);
    }
    if reader.has("codes") {
        sets.push(Codes::Listed(read_codes(&mut reader.member("codes"))?));
    }
    Some(sets)
}

/// One set of codes: `{ "value_set": … }` or `{ "codes": [ … ] }`.
pub(crate) fn read_set(reader: &mut Reader<'_>) -> Option<Codes> {
    if !reader.object(&["value_set", "codes", "name"]) {
        return None;
    }
    match (reader.has("value_set"), reader.has("codes")) {
        (true, false) => read_canonical(&mut reader.member("value_set")).map(Codes::ValueSet),
        (false, true) => read_codes(&mut reader.member("codes")).map(Codes::Listed),
        _ => {
            reader.fatal("expected either `value_set` or `codes`");
            None
        }
    }
}

/// The canonical URL of a value set, alone or as `url` with a `name` beside it for people to read. A bare OID is one of VSAC.
fn read_canonical(reader: &mut Reader<'_>) -> Option<String> {
    if reader.has("url") {
        reader.object(&["url", "name"]);
        return read_canonical(&mut reader.member("url"));
    }
    let text = reader.text()?;
    let oid = text.strip_prefix("urn:oid:").unwrap_or(text);
    if oid.split('.').count() > 3 && oid.split('.').all(|arc| !arc.is_empty() && arc.bytes().all(|digit| digit.is_ascii_digit())) {
        return Some(format!("http://cts.nlm.nih.gov/fhir/ValueSet/{oid}"));
    }
    if !text.contains(':') || text.contains('#') || text.contains(char::is_whitespace) {
        reader.fatal("expected the canonical URL of a value set, or its OID");
        return None;
    }
    Some(text.to_owned())
}

fn read_codes(reader: &mut Reader<'_>) -> Option<Vec<(String, String)>> {
    reader.items(MOST_CODES, |item| {
        item.object(&["system", "code", "display"]);
        let system = item.member("system").text()?.to_owned();
        if !system.contains(':') {
            item.member("system").fatal("expected the URI of a code system, such as http://loinc.org");
        }
        Some((system, item.member("code").text()?.to_owned()))
    })
}

/// What is asked of a value: `{ "present": true }`, `{ "in": … }` or `{ "op": "<", "number": 140, "unit": "mm[Hg]" }`.
pub(crate) fn read_value(reader: &mut Reader<'_>, needs: &mut Needs) -> Option<ValueTest> {
    if reader.has("present") {
        reader.object(&["present"]);
        return reader.member("present").boolean().map(ValueTest::Present);
    }
    if reader.has("in") {
        reader.object(&["in"]);
        let set = read_set(&mut reader.member("in"))?;
        return Some(ValueTest::In { answer: set.place(Role::Main, needs), further: set.place(Role::Answer, needs) });
    }
    if !reader.object(&["op", "number", "unit"]) {
        return None;
    }
    let compare = reader.member("op").choice(&[
        ("<", Compare::Less),
        ("<=", Compare::AtMost),
        (">", Compare::Greater),
        (">=", Compare::AtLeast),
        ("=", Compare::Equal),
    ]);
    let number = reader.member("number").number();
    let unit = reader.member("unit").text().map(str::to_owned);
    if let Some(unit) = &unit
        && unit::comparable(unit).is_none()
    {
        reader
            .member("unit")
            .advice(format!("`{unit}` is not a unit that others are converted to; only values in exactly this unit are compared"));
    }
    let unit = unit?;
    let written = unit::comparable(&unit).unwrap_or_default();
    let mut units = Vec::new();
    let own = std::iter::once((unit.as_str(), 1.0));
    for (name, factor) in own.chain(written) {
        for system in [UCUM, ""] {
            let place = needs.code(system, name);
            if !units.iter().any(|(known, _)| *known == place) {
                units.push((place, factor));
            }
        }
    }
    Some(ValueTest::Compare(Comparison { compare: compare?, number: number?, units }))
}
