//! From a condition and a patient to a truth, and the day until which it stands.

mod candidates;
mod filter;
mod time;

use std::cell::{Cell, RefCell};

use outreach_plugin_sdk::day::Day;
use outreach_plugin_sdk::patient::{Fact, Patient, Sex};

use crate::document::{Condition, Document, FactsTest, PeriodRule, Query, Test};
use crate::facts::{Index, Lookup};
use crate::moment::{Anchor, Moment};
use crate::outcome::{Outcome, Truth};
use crate::span::{Point, Precision, Span};

/// What becomes of facts of which it is not certain whether they count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caution {
    /// They do not count, as the public measure definitions have it.
    Strict,
    /// Nobody knows then, as it must be before anybody is written to.
    Careful,
}

/// A document that is being evaluated for a day.
pub struct Evaluation<'d> {
    pub(crate) document: &'d Document,
    pub(crate) index: &'d Index,
    pub(crate) as_of: Day,
    pub(crate) period: (Day, Day),
}

/// One patient, and what is already known of that patient.
pub(crate) struct Who<'a> {
    pub(crate) patient: Patient<'a>,
    pub(crate) lookup: &'a Lookup,
    pub(crate) caution: Caution,
    /// Facts that have been named, by their places.
    bound: RefCell<Vec<Option<Fact<'a>>>>,
    /// Outcomes of blocks, by their places.
    blocks: RefCell<Vec<Option<Outcome>>>,
    /// How deep blocks are nested at the moment.
    depth: Cell<usize>,
}

impl<'a> Who<'a> {
    pub(crate) fn new(patient: Patient<'a>, lookup: &'a Lookup, caution: Caution) -> Self {
        Self { patient, lookup, caution, bound: RefCell::default(), blocks: RefCell::default(), depth: Cell::new(0) }
    }

    pub(crate) fn bind(&self, place: usize, fact: Option<Fact<'a>>) {
        let mut bound = self.bound.borrow_mut();
        if bound.len() <= place {
            bound.resize(place + 1, None);
        }
        if let Some(slot) = bound.get_mut(place) {
            *slot = fact;
        }
    }

    pub(crate) fn bound(&self, place: usize) -> Option<Fact<'a>> {
        self.bound.borrow().get(place).copied().flatten()
    }
}

impl<'d> Evaluation<'d> {
    /// An evaluation of a document for a day.
    pub fn new(document: &'d Document, index: &'d Index, as_of: Day) -> Self {
        let period = match document.period {
            PeriodRule::CalendarYear => (Day::of(as_of.year(), 1, 1), Day::of(as_of.year(), 12, 31)),
            PeriodRule::MonthsBack(months) => (as_of.plus_months(-months).plus_days(1), as_of),
            PeriodRule::Fixed(from, to) => (from, to),
        };
        Self { document, index, as_of, period }
    }

    /// The truth of a condition about a patient.
    pub fn outcome(&self, condition: &Condition, patient: Patient<'_>, lookup: &Lookup, caution: Caution) -> Outcome {
        self.condition(condition, &Who::new(patient, lookup, caution))
    }

    pub(crate) fn condition<'a>(&self, condition: &Condition, who: &Who<'a>) -> Outcome {
        match &condition.test {
            Test::All(parts) => self.all(parts, who),
            Test::Any(parts) => self.any(parts, who),
            Test::None(parts) => self.any(parts, who).negated(),
            Test::Block(place) => self.block(*place, who),
            Test::Age { from, to, at } => self.age(*from, *to, *at, who),
            Test::Sex(sex) => Outcome::fixed(match who.patient.sex() {
                Sex::Unknown => Truth::Unknown,
                known => Truth::of(known == *sex),
            }),
            Test::Deceased(deceased) => Outcome::fixed(Truth::of(who.patient.is_deceased() == *deceased)),
            Test::Facts(test) => self.facts(test, who),
            Test::That { place, filter } => match who.bound(*place) {
                Some(fact) => self.filter(filter, fact, who),
                None => Outcome::fixed(Truth::Unknown),
            },
            Test::LastDay { day_of, lowest } => self.last_day(day_of, lowest, who),
        }
    }

    fn all(&self, parts: &[Condition], who: &Who<'_>) -> Outcome {
        let mut whole = Outcome::fixed(Truth::True);
        for part in parts {
            whole = whole.and(self.condition(part, who));
            // Nothing that follows makes this true again.
            if whole.truth == Truth::False && whole.until == Day::NEVER {
                break;
            }
        }
        whole
    }

    fn any(&self, parts: &[Condition], who: &Who<'_>) -> Outcome {
        let mut whole = Outcome::fixed(Truth::False);
        for part in parts {
            whole = whole.or(self.condition(part, who));
            if whole.truth == Truth::True && whole.until == Day::NEVER {
                break;
            }
        }
        whole
    }

    /// A block is evaluated once for each patient: it depends on nothing around it.
    fn block(&self, place: usize, who: &Who<'_>) -> Outcome {
        if let Some(known) = who.blocks.borrow().get(place).copied().flatten() {
            return known;
        }
        let Some(block) = self.document.blocks.get(place) else { return Outcome::fixed(Truth::Unknown) };
        // A block uses only blocks before it, so this ends; the facts named around it are none of its business.
        let around = std::mem::take(&mut *who.bound.borrow_mut());
        who.depth.set(who.depth.get() + 1);
        let outcome = self.condition(&block.condition, who);
        who.depth.set(who.depth.get() - 1);
        *who.bound.borrow_mut() = around;
        let mut blocks = who.blocks.borrow_mut();
        blocks.resize(self.document.blocks.len(), None);
        if let Some(slot) = blocks.get_mut(place) {
            *slot = Some(outcome);
        }
        outcome
    }

    fn age(&self, from: Option<i32>, to: Option<i32>, at: Moment, who: &Who<'_>) -> Outcome {
        let Some(birth) = who.patient.birth() else { return Outcome::fixed(Truth::Unknown) };
        let Some(point) = self.moment(at, who).map(|point| point.by(Precision::Day)) else { return Outcome::fixed(Truth::Unknown) };
        let old_enough = |day: i64| from.is_none_or(|from| Day(day as i32).age(birth) >= from);
        let young_enough = |day: i64| to.is_none_or(|to| Day(day as i32).age(birth) <= to);
        let within = |day: i64| old_enough(day) && young_enough(day);
        let truth = match (within(point.first), within(point.last)) {
            (true, true) => Truth::True,
            (false, false) if old_enough(point.last) == old_enough(point.first) => Truth::False,
            _ => Truth::Unknown,
        };
        let birthdays = [from.map(|from| Day::birthday(birth, from)), to.map(|to| Day::birthday(birth, to + 1))];
        let until = birthdays.into_iter().flatten().map(|day| self.reaches(at, day)).min().unwrap_or(Day::NEVER);
        Outcome { truth, until }
    }

    fn facts(&self, test: &FactsTest, who: &Who<'_>) -> Outcome {
        if let [query] = test.of.as_slice()
            && query.pick.is_some()
        {
            return self.picked(query, who);
        }
        let mut days: Vec<Option<Day>> = Vec::new();
        let (mut certain, mut possible) = (0_usize, 0_usize);
        let (mut counted, mut open) = (Vec::new(), Day::NEVER);
        for query in &test.of {
            self.each(query, who, |fact, outcome| {
                match outcome.truth {
                    Truth::True => {
                        if test.distinct_days {
                            let day = Span::of(fact).earliest().map(|point| point.by(Precision::Day)).filter(|day| day.exact);
                            let day = day.map(|day| Day(day.first as i32));
                            // A fact of which the day is not known adds no day that is certain.
                            if day.is_none() || days.contains(&day) {
                                open = open.min(outcome.until);
                                possible += usize::from(day.is_none());
                                return;
                            }
                            days.push(day);
                        }
                        certain += 1;
                        counted.push(outcome.until);
                    }
                    Truth::Unknown => {
                        possible += 1;
                        open = open.min(outcome.until);
                    }
                    Truth::False => open = open.min(outcome.until),
                }
            });
        }
        if certain >= test.at_least {
            // It stands while as many as are needed do.
            counted.sort_unstable();
            let spare = certain - test.at_least;
            return Outcome { truth: Truth::True, until: counted.get(spare).copied().unwrap_or(Day::NEVER) };
        }
        let until = counted.into_iter().fold(open, Day::min);
        let truth = if who.caution == Caution::Careful && certain + possible >= test.at_least { Truth::Unknown } else { Truth::False };
        Outcome { truth, until }
    }

    fn picked(&self, query: &Query, who: &Who<'_>) -> Outcome {
        let (picked, whole) = self.pick(query, who);
        let Some(fact) = picked else { return whole };
        let Some(is) = &query.is else { return whole };
        who.bind(query.bound, Some(fact));
        let outcome = self.condition(is, who);
        who.bind(query.bound, None);
        Outcome { truth: whole.truth.and(outcome.truth), until: whole.until.min(outcome.until) }
    }

    /// The moment a document means, or `None` where that depends on something that is not known.
    pub(crate) fn moment(&self, moment: Moment, who: &Who<'_>) -> Option<Point> {
        let day = |day: Day| Point { first: start_of(day), last: start_of(day.plus_days(1)) - 1, exact: false };
        let anchor = match moment.anchor {
            Anchor::AsOf => day(self.as_of),
            Anchor::StartOfYear => Point::at(start_of(Day::of(self.as_of.year(), 1, 1))),
            Anchor::EndOfYear => Point::at(start_of(Day::of(self.as_of.year() + 1, 1, 1)) - 1),
            Anchor::PeriodStart => Point::at(start_of(self.period.0)),
            Anchor::PeriodEnd => Point::at(start_of(self.period.1.plus_days(1)) - 1),
            Anchor::Birth => day(who.patient.birth()?),
            Anchor::FactStart(place) => Span::of(who.bound(place)?).start?,
            Anchor::FactEnd(place) => Span::of(who.bound(place)?).latest()?,
        };
        Some(moment.shifted(anchor))
    }

    /// The first day after the day of the evaluation on which a moment means this day or later; never where it does not move.
    pub(crate) fn reaches(&self, moment: Moment, day: Day) -> Day {
        let next_year = || Day::of(self.as_of.year() + 1, 1, 1);
        match (moment.anchor, self.document.period) {
            (Anchor::AsOf, _) => moment.first_reaching(day, self.as_of),
            (Anchor::StartOfYear | Anchor::EndOfYear, _) | (Anchor::PeriodStart | Anchor::PeriodEnd, PeriodRule::CalendarYear) => {
                next_year()
            }
            (Anchor::PeriodStart, PeriodRule::MonthsBack(months)) => {
                Moment { anchor: Anchor::AsOf, months: moment.months - months, days: moment.days + 1 }.first_reaching(day, self.as_of)
            }
            (Anchor::PeriodEnd, PeriodRule::MonthsBack(_)) => moment.first_reaching(day, self.as_of),
            _ => Day::NEVER,
        }
    }
}

/// The first moment of a day, in milliseconds since 1970.
fn start_of(day: Day) -> i64 {
    i64::from(day.0) * 86_400_000
}
