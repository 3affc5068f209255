//! What a criteria document says, once it has been read.

use std::collections::BTreeSet;

use outreach_plugin_sdk::day::Day;
use outreach_plugin_sdk::fact::{FactFlags, FactKind};
use outreach_plugin_sdk::patient::Sex;
use outreach_plugin_sdk::segment::CodeSetNeed;

use crate::moment::{Moment, Window};
use crate::span::Precision;

/// A criteria document.
#[derive(Debug)]
pub struct Document {
    /// Its key: lower case, digits and hyphens.
    pub key: String,
    /// Its title for people.
    pub title: String,
    /// Who is meant.
    pub body: Body,
    /// Kinds of fact it looks at.
    pub kinds: BTreeSet<FactKind>,
    /// The code sets it refers to, in the order of their places.
    pub code_sets: Vec<CodeSetNeed>,
    pub(crate) period: PeriodRule,
    pub(crate) blocks: Vec<Block>,
}

/// Who is meant.
#[derive(Debug)]
pub enum Body {
    /// The members of a segment.
    Members(Condition),
    /// The populations of a measure, group by group.
    Groups(Vec<Group>),
}

/// A group of a measure.
#[derive(Debug)]
pub struct Group {
    /// Its key: lower case, digits and hyphens.
    pub key: String,
    /// Its title for people.
    pub title: String,
    /// Whether it is a segment of its own for outreach, rather than a group of the measure as it is reported.
    pub is_gap: bool,
    /// Whether the numerator is what should not be.
    pub(crate) inverse: bool,
    pub(crate) initial: Condition,
    pub(crate) denominator: Option<Condition>,
    pub(crate) exclusion: Option<Condition>,
    pub(crate) exception: Option<Condition>,
    pub(crate) numerator: Condition,
}

/// A condition with a name, said once and used in several places.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) name: String,
    pub(crate) condition: Condition,
}

/// The measurement period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PeriodRule {
    /// The calendar year of the day of the evaluation.
    CalendarYear,
    /// So many months that end with the day of the evaluation.
    MonthsBack(i32),
    /// From one day to another.
    Fixed(Day, Day),
}

impl PeriodRule {
    /// First and last day of the period that a day belongs to.
    pub(crate) fn on(self, as_of: Day) -> (Day, Day) {
        match self {
            Self::CalendarYear => (Day::of(as_of.year(), 1, 1), Day::of(as_of.year(), 12, 31)),
            Self::MonthsBack(months) => (as_of.plus_months(-months).plus_days(1), as_of),
            Self::Fixed(from, to) => (from, to),
        }
    }
}

/// One condition, with what a person would call it.
#[derive(Debug)]
pub struct Condition {
    pub(crate) label: Option<String>,
    pub(crate) test: Test,
}

/// What is asked.
#[derive(Debug)]
pub(crate) enum Test {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    None(Vec<Condition>),
    /// The block in this place.
    Block(usize),
    Age {
        from: Option<i32>,
        to: Option<i32>,
        at: Moment,
    },
    Sex(Sex),
    Deceased(bool),
    /// Whether there are facts, and how many.
    Facts(FactsTest),
    /// Whether a fact that was named before is so.
    That {
        place: usize,
        filter: Box<Filter>,
    },
    /// What was found on the last day on which there is a fact.
    LastDay {
        day_of: Box<Query>,
        lowest: Vec<Lowest>,
    },
}

/// Facts that are looked for, and how many there should be.
#[derive(Debug)]
pub(crate) struct FactsTest {
    /// Where they are looked for; what is found is counted together.
    pub(crate) of: Vec<Query>,
    pub(crate) at_least: usize,
    /// Whether several on one day count as one.
    pub(crate) distinct_days: bool,
}

/// The fact with the lowest value, and what is asked of that value.
#[derive(Debug)]
pub(crate) struct Lowest {
    pub(crate) query: Query,
    pub(crate) value: ValueTest,
}

/// Facts of one kind.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) label: Option<String>,
    pub(crate) kind: FactKind,
    /// Places of the sets of codes, one of which a fact must have a code of; without any, every fact will do.
    pub(crate) codes: Option<Vec<usize>>,
    pub(crate) filter: Filter,
    /// The place under which the fact is known to the conditions about it.
    pub(crate) bound: usize,
    /// What else must hold of each fact.
    pub(crate) such_that: Option<Box<Condition>>,
    /// Only the last one, by start or by end, or the first.
    pub(crate) pick: Option<Pick>,
    /// What must hold of the one that was picked.
    pub(crate) is: Option<Box<Condition>>,
}

/// The one fact that is picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    LastStarted,
    LastEnded,
    FirstStarted,
}

/// What is asked of one fact.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) with: FactFlags,
    pub(crate) without: FactFlags,
    /// At least one of these, where there are any.
    pub(crate) one_of: FactFlags,
    pub(crate) time: Option<TimeTest>,
    /// Whether it must have an end of its own.
    pub(crate) with_end: bool,
    pub(crate) value: Option<ValueTest>,
    /// Places of further sets, of each of which it must have a code: a body site, a reason.
    pub(crate) roles: Vec<usize>,
    /// Flags that its visit must not have, where the visit is known.
    pub(crate) visit_without: FactFlags,
}

/// When a fact was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeTest {
    pub(crate) relation: Relation,
    pub(crate) window: Window,
    pub(crate) precision: Precision,
}

/// What of a fact lies in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// Its start.
    Starts,
    /// Its end.
    Ends,
    /// All of it.
    Within,
    /// Some of it.
    Overlaps,
    /// Its end where that is known, else its start.
    Latest,
    /// Its start where that is known, else its end.
    Earliest,
}

/// What was found.
#[derive(Debug)]
pub(crate) enum ValueTest {
    /// Whether there is a value of any kind.
    Present(bool),
    /// An answer that is in the set in this place; in the other place the same set for further answers.
    In { answer: usize, further: usize },
    /// A number.
    Compare(Comparison),
}

/// A comparison with a number.
#[derive(Debug)]
pub(crate) struct Comparison {
    pub(crate) compare: Compare,
    pub(crate) number: f64,
    /// Places of the sets that hold one unit each, with the factor that leads to the unit in which `number` is.
    pub(crate) units: Vec<(usize, f64)>,
}

/// How numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compare {
    Less,
    AtMost,
    Greater,
    AtLeast,
    Equal,
}
