//! One patient of a batch, and that patient's facts, as an author wants to read them.
//!
//! ```
//! use outreach_plugin_sdk::day::Day;
//! use outreach_plugin_sdk::patient::{CodeSet, Patient, Period, Sex};
//! use outreach_plugin_sdk::testing::{Codes, PatientBuilder, batch};
//!
//! let mut codes = Codes::default();
//! let ana = PatientBuilder::born("1970-05-01").female().observation("http://loinc.org", "4548-4", "2026-03").value(7.1, "%");
//! let batch = batch(&mut codes, &[ana]);
//! let ana = Patient::new(&batch, 0);
//! assert_eq!((ana.sex(), ana.age_on(Day::of(2026, 11, 23))), (Sex::Female, Some(56)));
//!
//! let a1c = [codes.number("http://loinc.org", "4548-4")];
//! let last = ana.observations().in_set(CodeSet(&a1c)).most_recent().unwrap();
//! assert_eq!(last.value(), Some(7.1));
//!
//! // It was in March, nobody knows on which day: what is not certain is not found, and who is not there is unknown.
//! let early = Period::new(Day::of(2026, 3, 1), Day::of(2026, 3, 15));
//! assert!(!ana.observations().within(early).exists());
//! assert_eq!(Patient::new(&batch, 7).birth(), None);
//! ```

use std::ops::Range;

use crate::bindings::segment::exports::outreach::plugin::segment::Batch;
use crate::day::Day;
use crate::fact::{FactFlags, FactKind};

/// No value in a column of numbers.
pub const NONE: u32 = u32::MAX;

/// A set of codes as resolved by the gateway, ascending.
#[derive(Clone, Copy, Debug, Default)]
pub struct CodeSet<'a>(pub &'a [u32]);

impl CodeSet<'_> {
    /// Whether the code is in the set.
    pub fn contains(&self, code: u32) -> bool {
        // Most sets of a rule hold a handful of codes: walking beats searching.
        if self.0.len() <= 8 { self.0.contains(&code) } else { self.0.binary_search(&code).is_ok() }
    }
}

/// The resolved code sets of a plugin, in the order in which it asked for them.
#[derive(Clone, Copy, Debug)]
pub struct CodeSets<'a>(pub &'a [Vec<u32>]);

impl<'a> CodeSets<'a> {
    /// The set at this place of the plugin's needs; empty where there is none.
    pub fn get(&self, place: usize) -> CodeSet<'a> {
        CodeSet(self.0.get(place).map_or(&[], Vec::as_slice))
    }
}

/// Administrative sex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// Not known.
    Unknown,
    /// Female.
    Female,
    /// Male.
    Male,
    /// Other.
    Other,
}

/// A closed range of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub first: Day,
    /// The last day.
    pub last: Day,
}

impl Period {
    /// From one day to another, both included.
    pub const fn new(first: Day, last: Day) -> Self {
        Self { first, last }
    }
}

/// The moment of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its day.
    pub as_of: Day,
    /// Whether evidence is wanted.
    pub with_evidence: bool,
}

/// A moment as the first and last millisecond since 1970 it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instants {
    /// The first one.
    pub first: i64,
    /// The last one; the same where the moment is known.
    pub last: i64,
}

/// One patient of a batch.
#[derive(Clone, Copy)]
pub struct Patient<'a> {
    batch: &'a Batch,
    row: usize,
}

impl<'a> Patient<'a> {
    /// The patient in this row.
    pub const fn new(batch: &'a Batch, row: usize) -> Self {
        Self { batch, row }
    }

    /// Its row.
    pub(crate) const fn row(&self) -> usize {
        self.row
    }

    /// Day of birth; the first possible where only a year or month is known.
    pub fn birth(&self) -> Option<Day> {
        self.batch.birth.get(self.row).copied().filter(|day| *day != i32::MAX).map(Day)
    }

    /// Age in whole years on a day, where the birth date is known.
    pub fn age_on(&self, day: Day) -> Option<i32> {
        self.birth().map(|birth| day.age(birth))
    }

    /// Administrative sex.
    pub fn sex(&self) -> Sex {
        match self.batch.sex.get(self.row) {
            Some(1) => Sex::Female,
            Some(2) => Sex::Male,
            Some(3) => Sex::Other,
            _ => Sex::Unknown,
        }
    }

    /// Whether the person is known or suspected to have died.
    pub fn is_deceased(&self) -> bool {
        self.batch.deceased.get(self.row).is_some_and(|deceased| *deceased != 0)
    }

    /// Rows of the batch that hold this patient's facts, whatever is said of them, in the order of their start.
    pub fn rows(&self) -> Range<u32> {
        let at = |row: usize| self.batch.fact_offset.get(row).copied().unwrap_or_default();
        let last = at(self.row + 1).min(self.batch.kind.len() as u32);
        at(self.row).min(last)..last
    }

    /// The fact in a row of the batch.
    pub const fn fact(&self, row: u32) -> Fact<'a> {
        Fact { batch: self.batch, row: row as usize }
    }

    /// All facts that count: none entered in error, none that was not done, none that is merely planned.
    pub fn facts(&self) -> Facts<'a> {
        let rows = self.rows();
        Facts {
            batch: self.batch,
            rows: rows.start as usize..rows.end as usize,
            kind: None,
            set: None,
            with: FactFlags::empty(),
            without: FactFlags::IN_ERROR | FactFlags::NOT_DONE | FactFlags::PLANNED | FactFlags::DOSAGE,
            within: None,
            active: None,
        }
    }

    /// Facts of one kind.
    pub fn of_kind(&self, kind: FactKind) -> Facts<'a> {
        Facts { kind: Some(kind as u8), ..self.facts() }
    }

    /// Diagnoses and problems.
    pub fn conditions(&self) -> Facts<'a> {
        self.of_kind(FactKind::Condition)
    }

    /// Medications.
    pub fn medications(&self) -> Facts<'a> {
        self.of_kind(FactKind::Medication)
    }

    /// Vaccinations.
    pub fn immunizations(&self) -> Facts<'a> {
        self.of_kind(FactKind::Immunization)
    }

    /// Procedures.
    pub fn procedures(&self) -> Facts<'a> {
        self.of_kind(FactKind::Procedure)
    }

    /// Measurements, results and answers.
    pub fn observations(&self) -> Facts<'a> {
        self.of_kind(FactKind::Observation)
    }

    /// Visits and stays.
    pub fn encounters(&self) -> Facts<'a> {
        self.of_kind(FactKind::Encounter)
    }
}

/// Facts of one patient, narrowed step by step, in the order of their start.
#[derive(Clone)]
pub struct Facts<'a> {
    batch: &'a Batch,
    rows: Range<usize>,
    kind: Option<u8>,
    set: Option<CodeSet<'a>>,
    with: FactFlags,
    without: FactFlags,
    within: Option<Period>,
    active: Option<Period>,
}

impl<'a> Facts<'a> {
    /// Those with a code of the set.
    pub fn in_set(self, set: CodeSet<'a>) -> Self {
        Self { set: Some(set), ..self }
    }

    /// Those with all of these flags. Asking for what is planned or not done brings it in.
    pub fn with(self, flags: FactFlags) -> Self {
        Self { with: self.with | flags, without: self.without - flags, ..self }
    }

    /// Those with none of these flags.
    pub fn without(self, flags: FactFlags) -> Self {
        Self { without: self.without | flags, ..self }
    }

    /// Those that certainly happened within the period: a stay by its end.
    pub fn within(self, period: Period) -> Self {
        Self { within: Some(period), ..self }
    }

    /// Those that were certainly going on at some time of the period.
    pub fn active_during(self, period: Period) -> Self {
        Self { active: Some(period), ..self }
    }

    /// The one that began last.
    pub fn most_recent(self) -> Option<Fact<'a>> {
        self.last()
    }

    /// Whether there is one.
    pub fn exists(mut self) -> bool {
        self.next().is_some()
    }

    /// Whether there are at least so many.
    pub fn at_least(self, count: usize) -> bool {
        self.take(count).count() == count
    }

    fn matches(&self, fact: Fact<'a>) -> bool {
        let flags = fact.flags();
        self.kind.is_none_or(|kind| self.batch.kind.get(fact.row) == Some(&kind))
            && flags.contains(self.with)
            && !flags.intersects(self.without)
            && self.set.is_none_or(|set| fact.has_code_in(set))
            && self.within.is_none_or(|period| fact.happened().is_certainly_within(period))
            && self.active.is_none_or(|period| fact.lasted().is_certainly_during(period))
    }
}

impl<'a> Iterator for Facts<'a> {
    type Item = Fact<'a>;

    fn next(&mut self) -> Option<Fact<'a>> {
        loop {
            let fact = Fact { batch: self.batch, row: self.rows.next()? };
            if self.matches(fact) {
                return Some(fact);
            }
        }
    }
}

/// One clinical statement.
#[derive(Clone, Copy)]
pub struct Fact<'a> {
    batch: &'a Batch,
    row: usize,
}

impl<'a> Fact<'a> {
    /// Its row in the batch.
    pub const fn row(&self) -> u32 {
        self.row as u32
    }

    /// Its kind.
    pub fn kind(&self) -> Option<FactKind> {
        let number = self.batch.kind.get(self.row)?;
        FactKind::ALL.get(usize::from(*number)).map(|(kind, _)| *kind)
    }

    /// Its flags.
    pub fn flags(&self) -> FactFlags {
        FactFlags::from_bits_retain(self.batch.fact_flags.get(self.row).copied().unwrap_or_default())
    }

    /// Its codes.
    pub fn codes(&self) -> &'a [u32] {
        let at = |row: usize| self.batch.code_offset.get(row).map_or(0, |offset| *offset as usize);
        self.batch.code.get(at(self.row)..at(self.row + 1)).unwrap_or(&[])
    }

    /// Whether one of its codes is in the set.
    pub fn has_code_in(&self, set: CodeSet<'_>) -> bool {
        self.codes().iter().any(|code| set.contains(*code))
    }

    /// Its quantity.
    pub fn value(&self) -> Option<f64> {
        self.batch.value.get(self.row).copied().filter(|value| !value.is_nan())
    }

    /// The unit of its quantity.
    pub fn unit(&self) -> Option<u32> {
        self.batch.unit.get(self.row).copied().filter(|unit| *unit != NONE)
    }

    /// Its coded answer.
    pub fn value_code(&self) -> Option<u32> {
        self.batch.value_code.get(self.row).copied().filter(|code| *code != NONE)
    }

    /// The first day it can have begun, where that is known.
    pub fn first_day(&self) -> Option<Day> {
        self.batch.start.get(self.row).copied().filter(|start| *start != i64::MIN).map(Day::of_instant)
    }

    /// When it began, was done, measured or ordered.
    pub fn began(&self) -> Option<Instants> {
        let first = self.batch.start.get(self.row).copied().filter(|start| *start != i64::MIN)?;
        let last = match self.precision() & 3 {
            3 => first,
            _ => after(self.start_days()?.1) - 1,
        };
        Some(Instants { first, last })
    }

    /// When it ended, where that is stated of it.
    pub fn ended(&self) -> Option<Instants> {
        let precision = self.precision();
        let last = self.batch.end.get(self.row).copied().filter(|end| *end != i64::MAX && precision & 16 != 0)?;
        let first = match (precision >> 2) & 3 {
            3 => last,
            _ => after(self.own_end_days()?.0.plus_days(-1)),
        };
        Some(Instants { first, last })
    }

    /// The patient's age in years when a condition began, where that is what is known of its beginning.
    pub fn age_at_start(&self) -> Option<f64> {
        if self.kind() == Some(FactKind::Condition) { self.value() } else { None }
    }

    /// The visit it belongs to.
    pub fn encounter(&self) -> Option<Self> {
        let row = self.batch.encounter.get(self.row).copied().filter(|row| *row != NONE)?;
        let patient = self.batch.fact_offset.partition_point(|offset| *offset as usize <= self.row).checked_sub(1)?;
        let first = *self.batch.fact_offset.get(patient)?;
        Some(Self { batch: self.batch, row: (first + row) as usize })
    }

    /// The fact as something that happens on a day: by its end where it has one of its own, else by its start.
    pub fn happened(&self) -> Span {
        let (start, end) = (self.start_days(), self.own_end_days());
        let point = end.or(start).unwrap_or((Day(i32::MIN), Day::NEVER));
        Span { earliest_start: point.0, latest_start: point.1, earliest_end: point.0, latest_end: point.1 }
    }

    /// The fact as something that goes on from its start to its end. Without an end it goes on if it is active; if it is not, nobody
    /// knows when it ended.
    pub fn lasted(&self) -> Span {
        let active = self.flags().contains(FactFlags::ACTIVE);
        let unknown_start = (Day(i32::MIN), if active { Day(i32::MIN) } else { Day::NEVER });
        let start = self.start_days().unwrap_or(unknown_start);
        let end = self.own_end_days().unwrap_or(if active { (Day::NEVER, Day::NEVER) } else { (start.0, Day::NEVER) });
        Span { earliest_start: start.0, latest_start: start.1, earliest_end: end.0, latest_end: end.1 }
    }

    /// First and last day the start can be.
    fn start_days(&self) -> Option<(Day, Day)> {
        let first = self.first_day()?;
        let (year, month, _) = first.parts();
        Some((
            first,
            match self.precision() & 3 {
                0 => Day::of(year, 12, 31),
                1 => Day::of(year, month, 31),
                _ => first,
            },
        ))
    }

    /// First and last day the end can be, where the fact has an end of its own.
    fn own_end_days(&self) -> Option<(Day, Day)> {
        let precision = self.precision();
        let end = self.batch.end.get(self.row).copied().filter(|end| *end != i64::MAX && precision & 16 != 0)?;
        let last = Day::of_instant(end);
        let (year, month, _) = last.parts();
        Some((
            match (precision >> 2) & 3 {
                0 => Day::of(year, 1, 1),
                1 => Day::of(year, month, 1),
                _ => last,
            },
            last,
        ))
    }

    fn precision(&self) -> u8 {
        self.batch.precision.get(self.row).copied().unwrap_or_default()
    }
}

/// The first millisecond after a day.
fn after(day: Day) -> i64 {
    (i64::from(day.0) + 1) * 86_400_000
}

/// When something began and ended, each as the first and last day it can have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First day it can have begun.
    pub earliest_start: Day,
    /// Last day it can have begun.
    pub latest_start: Day,
    /// First day it can have ended.
    pub earliest_end: Day,
    /// Last day it can have ended.
    pub latest_end: Day,
}

impl Span {
    /// Whether it began and ended within the period, whatever was left open.
    pub fn is_certainly_within(&self, period: Period) -> bool {
        self.earliest_start >= period.first && self.latest_end <= period.last
    }

    /// Whether it was going on at some time of the period, whatever was left open.
    pub fn is_certainly_during(&self, period: Period) -> bool {
        self.latest_start <= period.last && self.earliest_end >= period.first
    }
}
