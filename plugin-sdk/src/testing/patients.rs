//! Patients and batches built by hand, and a stand-in for the gateway's code table.

use std::collections::BTreeMap;

#[cfg(not(target_arch = "wasm32"))]
use crate::bindings::segment::outreach::plugin::patient_lookup::{Fact as KnownFact, NamedCode};
use crate::day::Day;
use crate::fact::{FactFlags, FactKind};
use crate::patient::NONE;
use crate::segment::{Batch, BatchQuestion, CodeSetNeed, PluginError, Segment, Verdicts, evaluate_batch, population};
#[cfg(not(target_arch = "wasm32"))]
use crate::segment::{Coding, FactKinds};

const UCUM: &str = "http://unitsofmeasure.org";

/// A code table: gives each code a number, and knows value sets.
#[derive(Clone, Debug, Default)]
pub struct Codes {
    numbers: BTreeMap<(String, String), u32>,
    value_sets: BTreeMap<String, Vec<u32>>,
}

impl Codes {
    /// The number of a code.
    pub fn number(&mut self, system: &str, code: &str) -> u32 {
        let next = self.numbers.len() as u32;
        *self.numbers.entry((system.to_owned(), code.to_owned())).or_insert(next)
    }

    /// Makes a value set known.
    pub fn value_set(&mut self, url: &str, codes: &[(&str, &str)]) {
        let numbers = codes.iter().map(|(system, code)| self.number(system, code)).collect();
        self.value_sets.insert(url.to_owned(), numbers);
    }

    /// Resolves what a plugin needs, as the gateway does.
    pub fn resolve(&mut self, needs: &[CodeSetNeed]) -> Vec<Vec<u32>> {
        needs
            .iter()
            .map(|need| {
                let mut numbers = match need {
                    CodeSetNeed::ValueSet(url) => self.value_sets.get(url).cloned().unwrap_or_default(),
                    CodeSetNeed::Codes(codes) => codes.iter().map(|code| self.number(&code.system, &code.code)).collect(),
                };
                numbers.sort_unstable();
                numbers.dedup();
                numbers
            })
            .collect()
    }
}

/// A fact of a patient under construction.
#[derive(Clone, Debug)]
struct BuiltFact {
    kind: FactKind,
    codes: Vec<(String, String)>,
    answer: Option<(String, String)>,
    flags: FactFlags,
    start: Option<String>,
    end: Option<String>,
    value: Option<(f64, String)>,
}

/// A patient under construction. Dates are `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
#[derive(Clone, Debug, Default)]
pub struct PatientBuilder {
    birth: Option<Day>,
    sex: u8,
    deceased: bool,
    facts: Vec<BuiltFact>,
}

impl PatientBuilder {
    /// Someone of whom nothing is known.
    pub fn unknown() -> Self {
        Self::default()
    }

    /// Someone born on a day.
    pub fn born(day: &str) -> Self {
        Self { birth: read_date(day).map(|(day, _)| day), ..Self::default() }
    }

    /// Female.
    pub fn female(self) -> Self {
        Self { sex: 1, ..self }
    }

    /// Male.
    pub fn male(self) -> Self {
        Self { sex: 2, ..self }
    }

    /// Has died.
    pub fn deceased(self) -> Self {
        Self { deceased: true, ..self }
    }

    /// With a fact of any kind, effective, that began on a date; an empty one is unknown.
    pub fn fact(mut self, kind: FactKind, system: &str, code: &str, start: &str) -> Self {
        self.facts.push(BuiltFact {
            kind,
            codes: Some((system.to_owned(), code.to_owned())).filter(|(_, code)| !code.is_empty()).into_iter().collect(),
            answer: None,
            flags: FactFlags::EFFECTIVE,
            start: Some(start.to_owned()).filter(|start| !start.is_empty()),
            end: None,
            value: None,
        });
        self
    }

    /// With an observation.
    pub fn observation(self, system: &str, code: &str, on: &str) -> Self {
        self.fact(FactKind::Observation, system, code, on)
    }

    /// With a procedure.
    pub fn procedure(self, system: &str, code: &str, on: &str) -> Self {
        self.fact(FactKind::Procedure, system, code, on)
    }

    /// With an active condition.
    pub fn condition(self, system: &str, code: &str, since: &str) -> Self {
        self.fact(FactKind::Condition, system, code, since).flags(FactFlags::EFFECTIVE | FactFlags::ACTIVE)
    }

    /// With an outpatient visit on one day.
    pub fn visit(self, on: &str) -> Self {
        self.fact(FactKind::Encounter, "", "", on).flags(FactFlags::EFFECTIVE | FactFlags::ENDED | FactFlags::OUTPATIENT).until(on)
    }

    /// Sets the flags of the last fact.
    pub fn flags(mut self, flags: FactFlags) -> Self {
        if let Some(fact) = self.facts.last_mut() {
            fact.flags = flags;
        }
        self
    }

    /// Gives the last fact an end.
    pub fn until(mut self, end: &str) -> Self {
        if let Some(fact) = self.facts.last_mut() {
            fact.end = Some(end.to_owned());
        }
        self
    }

    /// Gives the last fact one more code: the same said in another system.
    pub fn also(mut self, system: &str, code: &str) -> Self {
        if let Some(fact) = self.facts.last_mut() {
            fact.codes.push((system.to_owned(), code.to_owned()));
        }
        self
    }

    /// Gives the last fact a coded answer.
    pub fn answered(mut self, system: &str, code: &str) -> Self {
        if let Some(fact) = self.facts.last_mut() {
            fact.answer = Some((system.to_owned(), code.to_owned()));
        }
        self
    }

    /// Gives the last fact a quantity with a UCUM unit.
    pub fn value(mut self, value: f64, unit: &str) -> Self {
        if let Some(fact) = self.facts.last_mut() {
            fact.value = Some((value, unit.to_owned()));
        }
        self
    }

    /// The patient with facts of these kinds alone.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn with_facts_of(&self, kinds: FactKinds) -> Self {
        let facts = self.facts.iter().filter(|fact| kinds.contains(fact.kind.as_set())).cloned().collect();
        Self { facts, ..self.clone() }
    }

    /// The facts as they are looked up: those that began last first.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn known_facts(&self) -> Vec<KnownFact> {
        let named =
            |(system, code): &(String, String)| NamedCode { coding: Coding { system: system.clone(), code: code.clone() }, display: None };
        let known = |fact: &BuiltFact| {
            let (start, end, precision) = span(fact);
            KnownFact {
                kind: fact.kind as u8,
                codes: fact.codes.iter().map(named).collect(),
                fact_flags: fact.flags.bits(),
                start,
                end,
                precision,
                value: fact.value.as_ref().map(|(value, _)| *value),
                unit: fact.value.as_ref().map(|(_, unit)| named(&(UCUM.to_owned(), unit.clone()))),
                value_code: fact.answer.as_ref().map(named),
            }
        };
        let mut facts: Vec<KnownFact> = self.facts.iter().map(known).collect();
        facts.sort_by_key(|fact| std::cmp::Reverse(fact.start));
        facts
    }
}

/// Lays patients out as the gateway does.
pub fn batch(codes: &mut Codes, patients: &[PatientBuilder]) -> Batch {
    let mut batch = Batch {
        birth: Vec::new(),
        sex: Vec::new(),
        deceased: Vec::new(),
        fact_offset: vec![0],
        kind: Vec::new(),
        code_offset: vec![0],
        code: Vec::new(),
        fact_flags: Vec::new(),
        start: Vec::new(),
        end: Vec::new(),
        precision: Vec::new(),
        value: Vec::new(),
        unit: Vec::new(),
        value_code: Vec::new(),
        encounter: Vec::new(),
    };
    for patient in patients {
        batch.birth.push(patient.birth.map_or(i32::MAX, |day| day.0));
        batch.sex.push(patient.sex);
        batch.deceased.push(u8::from(patient.deceased));
        let mut facts: Vec<&BuiltFact> = patient.facts.iter().collect();
        facts.sort_by_key(|fact| fact.start.as_deref().and_then(read_date).map_or(i32::MIN, |(day, _)| day.0));
        for fact in facts {
            push_fact(&mut batch, codes, fact);
        }
        batch.fact_offset.push(batch.kind.len() as u32);
    }
    batch
}

fn push_fact(batch: &mut Batch, codes: &mut Codes, fact: &BuiltFact) {
    let (start, end, precision) = span(fact);
    batch.kind.push(fact.kind as u8);
    batch.code.extend(fact.codes.iter().map(|(system, code)| codes.number(system, code)));
    batch.code_offset.push(batch.code.len() as u32);
    batch.fact_flags.push(fact.flags.bits());
    batch.start.push(start);
    batch.end.push(end);
    batch.precision.push(precision);
    batch.value.push(fact.value.as_ref().map_or(f64::NAN, |(value, _)| *value));
    batch.unit.push(fact.value.as_ref().map_or(NONE, |(_, unit)| codes.number(UCUM, unit)));
    batch.value_code.push(fact.answer.as_ref().map_or(NONE, |(system, code)| codes.number(system, code)));
    batch.encounter.push(NONE);
}

/// Start, end and precision as they cross the border.
fn span(fact: &BuiltFact) -> (i64, i64, u8) {
    const DAY: i64 = 86_400_000;
    let start = fact.start.as_deref().and_then(read_date);
    let end = fact.end.as_deref().and_then(read_date);
    let last_moment = |(first, precision): (Day, u8)| (i64::from(last_day(first, precision).0) + 1) * DAY - 1;
    let lasts = fact.kind.lasts() || fact.kind == FactKind::Encounter;
    let precision = |date: Option<(Day, u8)>| date.map_or(0, |(_, precision)| precision);
    (
        start.map_or(i64::MIN, |(first, _)| i64::from(first.0) * DAY),
        end.or(start.filter(|_| !lasts)).map_or(i64::MAX, last_moment),
        precision(start) | (precision(end.or(start)) << 2) | (u8::from(end.is_some()) << 4),
    )
}

/// The first day of a date, and its precision as it crosses the border.
fn read_date(text: &str) -> Option<(Day, u8)> {
    let mut parts = text.split('-').map(str::parse::<i32>);
    let year = parts.next()?.ok()?;
    let month = parts.next().transpose().ok()?;
    let day = parts.next().transpose().ok()?;
    let precision = u8::from(month.is_some()) + u8::from(day.is_some());
    Some((Day::of(year, month.unwrap_or(1), day.unwrap_or(1)), precision))
}

fn last_day(first: Day, precision: u8) -> Day {
    let (year, month, _) = first.parts();
    match precision {
        0 => Day::of(year, 12, 31),
        1 => Day::of(year, month, 31),
        _ => first,
    }
}

/// The day of a date, for tests. An unreadable one is "never".
pub fn day(text: &str) -> Day {
    read_date(text).map_or(Day::NEVER, |(day, _)| day)
}

/// An answer, with ways to read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer(pub Verdicts);

impl Answer {
    /// Whether a patient is a member, where the plugin decides one segment of one group; `None` where there is no such patient.
    pub fn is_member(&self, patient: usize) -> Option<bool> {
        self.0.populations.get(patient).map(|bits| bits & population::MEMBER != 0)
    }

    /// The next day on which the answer for a patient can change.
    pub fn review_on(&self, patient: usize) -> Day {
        self.0.review_on.get(patient).map_or(Day::NEVER, |day| Day(*day))
    }

    /// The phrases given for a patient.
    pub fn phrases(&self, patient: usize) -> Vec<&str> {
        let at = |place: usize| self.0.evidence_offset.get(place).map_or(0, |offset| *offset as usize);
        let rows = self.0.evidence_phrase.get(at(patient)..at(patient + 1)).unwrap_or(&[]);
        rows.iter().filter_map(|phrase| self.0.phrases.get(usize::from(*phrase)).map(String::as_str)).collect()
    }
}

/// Asks a plugin about patients on a day, with evidence, as the gateway would.
///
/// # Errors
/// Whatever the plugin answers.
pub fn ask<S: Segment>(config: &str, codes: &mut Codes, on: &str, patients: &[PatientBuilder]) -> Result<Answer, PluginError> {
    let patients = batch(codes, patients);
    let code_sets = codes.resolve(&S::describe(config)?.needs.code_sets);
    let as_of = i64::from(day(on).0) * 86_400_000 + 43_200_000;
    let question = BatchQuestion { config: config.to_owned(), code_sets, as_of, with_evidence: true };
    evaluate_batch::<S>(&question, &patients).map(Answer)
}
