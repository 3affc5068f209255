//! Cases of segments: patients, a day, and who belongs.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use gateway_domain::code::{Coding, systems};
use gateway_domain::date::PartialDate;
use gateway_domain::fact::{CodedFact, FactFlags as DomainFlags, FactKind as DomainKind, FactKinds};
use jiff::civil::Date;
use outreach_plugin_sdk::document::Reader;
use outreach_plugin_sdk::fact::{FactFlags, FactKind};
use outreach_plugin_sdk::testing::PatientBuilder;
use serde_json::Value;

use super::{coding, expectation, json_text, list};

const MOST_PATIENTS: usize = 10_000;
const MOST_FACTS: usize = 10_000;
const MOST_CODES: usize = 200_000;

/// What a segment plugin is asked.
#[derive(Clone, Debug)]
pub(crate) struct SegmentCase {
    pub(crate) config: String,
    pub(crate) on: Date,
    /// Codes of value sets by canonical URL, as system and code.
    pub(crate) value_sets: BTreeMap<String, Vec<(String, String)>>,
    pub(crate) patients: Vec<PatientOfCase>,
}

/// A patient, of whom the plugin sees the kinds of fact it needs.
#[derive(Clone, Debug)]
pub(crate) struct PatientOfCase {
    person: PatientBuilder,
    facts: Vec<FactOfCase>,
}

#[derive(Clone, Debug)]
struct FactOfCase {
    kind: FactKind,
    codes: Vec<(String, String)>,
    start: String,
    end: Option<String>,
    flags: FactFlags,
    value: Option<(f64, String)>,
    answer: Option<(String, String)>,
}

impl PatientOfCase {
    /// The patient with facts of the kinds that are needed, as the gateway sends no others.
    pub(crate) fn with_facts(&self, is_needed: impl Fn(DomainKind) -> bool) -> PatientBuilder {
        let needed = self.facts.iter().filter(|fact| DomainKind::from_number(fact.kind as u8).is_some_and(&is_needed));
        needed.fold(self.person.clone(), |person, fact| {
            let mut codes = fact.codes.iter();
            let first = codes.next().cloned().unwrap_or_default();
            let mut person = person.fact(fact.kind, &first.0, &first.1, &fact.start).flags(fact.flags);
            for (system, code) in codes {
                person = person.also(system, code);
            }
            if let Some(end) = &fact.end {
                person = person.until(end);
            }
            if let Some((value, unit)) = &fact.value {
                person = person.value(*value, unit);
            }
            if let Some((system, code)) = &fact.answer {
                person = person.answered(system, code);
            }
            person
        })
    }

    /// Facts of these kinds as they are looked up: those that began last first.
    pub(crate) fn coded_facts(&self, kinds: FactKinds) -> Vec<CodedFact> {
        let of_kind = |fact: &FactOfCase| DomainKind::from_number(fact.kind as u8).filter(|kind| kinds.has(*kind));
        let coding = |(system, code): &(String, String)| Coding::new(system, code);
        let mut facts: Vec<CodedFact> = self
            .facts
            .iter()
            .filter_map(|fact| {
                Some(CodedFact {
                    kind: of_kind(fact)?,
                    codes: fact.codes.iter().map(coding).collect(),
                    flags: DomainFlags::from_bits_retain(fact.flags.bits()),
                    start: PartialDate::parse(&fact.start),
                    end: fact.end.as_deref().and_then(PartialDate::parse),
                    value: fact.value.as_ref().map(|(value, _)| *value),
                    unit: fact.value.as_ref().map(|(_, unit)| Coding::new(systems::UCUM, unit)),
                    value_code: fact.answer.as_ref().map(coding),
                })
            })
            .collect();
        facts.sort_by_key(|fact| Reverse(fact.start.map(|start| start.first)));
        facts
    }
}

pub(super) fn read(reader: &mut Reader<'_>, document: &Value) -> Option<SegmentCase> {
    reader.object(&["says", "config", "on", "value_sets", "patients", "expect"]);
    expectation(document, reader);
    let config = json_text(document, reader, "config");
    let on = day(&mut reader.member("on"));
    let value_sets = value_sets(reader);
    let patients = list(reader, "patients", MOST_PATIENTS, |reader| patient(reader, document));
    Some(SegmentCase { config: config?, on: on?, value_sets: value_sets?, patients: patients? })
}

fn day(reader: &mut Reader<'_>) -> Option<Date> {
    let text = reader.text()?;
    let read = text.parse().ok();
    if read.is_none() {
        reader.fatal(format!("`{text}` is no day; expected one such as `2026-11-23`"));
    }
    read
}

fn value_sets(reader: &mut Reader<'_>) -> Option<BTreeMap<String, Vec<(String, String)>>> {
    if !reader.has("value_sets") {
        return Some(BTreeMap::new());
    }
    let mut sets = reader.member("value_sets");
    let urls = sets.names();
    sets.object(&urls);
    urls.into_iter().map(|url| Some((url.to_owned(), sets.member(url).items(MOST_CODES, coding)?))).collect()
}

fn patient(reader: &mut Reader<'_>, document: &Value) -> Option<PatientOfCase> {
    reader.object(&["says", "born", "sex", "deceased", "facts", "expect"]);
    expectation(document, reader);
    let born = date(reader, "born");
    let mut person = born.as_deref().map_or_else(PatientBuilder::unknown, PatientBuilder::born);
    if reader.has("sex") {
        type As = fn(PatientBuilder) -> PatientBuilder;
        let sexes: [(&str, As); 3] = [("female", PatientBuilder::female), ("male", PatientBuilder::male), ("unknown", |person| person)];
        person = reader.member("sex").choice(&sexes)?(person);
    }
    if reader.has("deceased") && reader.member("deceased").boolean()? {
        person = person.deceased();
    }
    Some(PatientOfCase { person, facts: list(reader, "facts", MOST_FACTS, fact)? })
}

fn fact(reader: &mut Reader<'_>) -> Option<FactOfCase> {
    reader.object(&["kind", "code", "codes", "start", "end", "flags", "value", "unit", "answer"]);
    let kinds = FactKind::ALL.map(|(kind, name)| (name, kind));
    let kind = reader.member("kind").choice(&kinds);
    let mut codes = list(reader, "codes", MOST_CODES, coding)?;
    if reader.has("code") {
        codes.insert(0, coding(&mut reader.member("code"))?);
    }
    let (start, end) = (date(reader, "start"), date(reader, "end"));
    let flags = flags(reader, kind?);
    let mut value = None;
    if reader.has("value") {
        let quantity = reader.member("value").number();
        let unit = if reader.has("unit") { reader.member("unit").text()? } else { "1" };
        value = Some((quantity?, unit.to_owned()));
    }
    let answer = if reader.has("answer") { Some(coding(&mut reader.member("answer"))?) } else { None };
    Some(FactOfCase { kind: kind?, codes, start: start.unwrap_or_default(), end, flags: flags?, value, answer })
}

/// As a source would say of what is over, or goes on.
fn flags(reader: &mut Reader<'_>, kind: FactKind) -> Option<FactFlags> {
    if reader.has("flags") {
        let mut names = FactFlags::NAMES.to_vec();
        names.push(("in-error", FactFlags::IN_ERROR));
        let flags = reader.member("flags").items(names.len(), |flag| flag.choice(&names))?;
        return Some(flags.into_iter().fold(FactFlags::empty(), |all, flag| all | flag));
    }
    let lasts = kind.lasts() && !reader.has("end");
    Some(if lasts { FactFlags::EFFECTIVE | FactFlags::ACTIVE } else { FactFlags::EFFECTIVE })
}

/// A date as FHIR writes it, a year, a month or a day, where it is there. One that can't be read is a finding, and nothing.
fn date(reader: &mut Reader<'_>, name: &str) -> Option<String> {
    if !reader.has(name) {
        return None;
    }
    let mut reader = reader.member(name);
    let text = reader.text()?;
    let whole = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    if whole.len() == 10 && whole.parse::<Date>().is_ok() {
        return Some(text.to_owned());
    }
    let words = format!("`{text}` is no date; expected `2026`, `2026-11` or `2026-11-23`");
    reader.fatal(words);
    None
}
