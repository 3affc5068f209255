//! From a condition and a patient to a truth, and the day until which it stands.

mod candidates;
mod filter;
mod time;

use std::cell::RefCell;
use std::collections::BTreeSet;

use outreach_plugin_sdk::day::Day;
use outreach_plugin_sdk::patient::{Fact, Patient, Sex};

use crate::document::{Condition, Document, FactsTest, PeriodRule, Query, Test};
use crate::facts::{Index, Lookup};
use crate::moment::{Anchor, Moment, first_reaching};
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
    /// Blocks that have been explained, by their places, as found or as not found.
    explained: RefCell<BTreeSet<(usize, bool)>>,
}

impl<'a> Who<'a> {
    pub(crate) fn new(patient: Patient<'a>, lookup: &'a Lookup, caution: Caution) -> Self {
        Self { patient, lookup, caution, bound: RefCell::default(), blocks: RefCell::default(), explained: RefCell::default() }
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

    /// Whether a block is explained for the first time. Blocks that use blocks twice would double what is said with each of them.
    pub(crate) fn is_news(&self, place: usize, found: bool) -> bool {
        self.explained.borrow_mut().insert((place, found))
    }

    pub(crate) fn bound(&self, place: usize) -> Option<Fact<'a>> {
        self.bound.borrow().get(place).copied().flatten()
    }
}

impl<'d> Evaluation<'d> {
    /// An evaluation of a document for a day.
    pub fn new(document: &'d Document, index: &'d Index, as_of: Day) -> Self {
        Self { document, index, as_of, period: document.period.on(as_of) }
    }

    /// The truth of a condition about a patient.
    pub fn outcome(&self, condition: &Condition, patient: Patient<'_>, lookup: &Lookup, caution: Caution) -> Outcome {
        self.condition(condition, &Who::new(patient, lookup, caution))
    }

    pub(crate) fn condition(&self, condition: &Condition, who: &Who<'_>) -> Outcome {
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
        let outcome = self.condition(&block.condition, who);
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
        let mut tally = Tally::new(test);
        match test.of.as_slice() {
            [query] => self.each(query, who, |fact, outcome| tally.add(fact, outcome)),
            several => {
                let mut found: Vec<(Fact<'_>, Outcome)> = Vec::new();
                for query in several {
                    self.each(query, who, |fact, outcome| found.push((fact, outcome)));
                }
                // A fact that is found in two places is one fact.
                found.sort_by_key(|(fact, _)| fact.row());
                found.dedup_by(|again, kept| {
                    let same = again.0.row() == kept.0.row();
                    if same {
                        kept.1 = kept.1.or(again.1);
                    }
                    same
                });
                for (fact, outcome) in found {
                    tally.add(fact, outcome);
                }
            }
        }
        tally.outcome(who.caution)
    }

    /// The fact that is picked is asked about. Whoever is careful asks about every fact that may be the one, and knows only what holds of all.
    fn picked(&self, query: &Query, who: &Who<'_>) -> Outcome {
        let picked = self.pick(query, who);
        let Some(is) = &query.is else { return Outcome { truth: picked.found(who.caution), until: picked.until } };
        let about = |fact| {
            who.bind(query.bound, Some(fact));
            let outcome = self.condition(is, who);
            who.bind(query.bound, None);
            outcome
        };
        let nobody = Outcome::fixed(Truth::False);
        let mut whole = picked.fact.map_or(nobody, about);
        if who.caution == Caution::Careful {
            for fact in picked.others {
                let other = about(fact);
                let truth = if other.truth == whole.truth { whole.truth } else { Truth::Unknown };
                whole = Outcome { truth, until: whole.until.min(other.until) };
            }
        }
        Outcome { truth: whole.truth, until: whole.until.min(picked.until) }
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
        let rule = self.document.period;
        match (moment.anchor, rule) {
            (Anchor::AsOf, _) => first_reaching(day, self.as_of, |as_of| moment.from(as_of)),
            (Anchor::StartOfYear | Anchor::EndOfYear, _) | (Anchor::PeriodStart | Anchor::PeriodEnd, PeriodRule::CalendarYear) => {
                next_year()
            }
            (Anchor::PeriodStart, PeriodRule::MonthsBack(_)) => first_reaching(day, self.as_of, |as_of| moment.from(rule.on(as_of).0)),
            (Anchor::PeriodEnd, PeriodRule::MonthsBack(_)) => first_reaching(day, self.as_of, |as_of| moment.from(rule.on(as_of).1)),
            _ => Day::NEVER,
        }
    }
}

/// Facts as they are counted.
struct Tally<'t> {
    test: &'t FactsTest,
    days: Vec<Day>,
    certain: usize,
    possible: usize,
    /// Until when each of those counts that certainly do.
    counted: Vec<Day>,
    /// When the first of the others may come to count.
    open: Day,
}

impl<'t> Tally<'t> {
    const fn new(test: &'t FactsTest) -> Self {
        Self { test, days: Vec::new(), certain: 0, possible: 0, counted: Vec::new(), open: Day::NEVER }
    }

    fn add(&mut self, fact: Fact<'_>, outcome: Outcome) {
        match outcome.truth {
            Truth::True if self.test.distinct_days => {
                let day = Span::of(fact).earliest().map(|point| point.by(Precision::Day)).filter(|day| day.exact);
                match day.map(|day| Day(day.first as i32)) {
                    Some(day) if !self.days.contains(&day) => {
                        self.days.push(day);
                        self.certain += 1;
                        self.counted.push(outcome.until);
                    }
                    // A fact of which the day is not known adds no day that is certain.
                    day => {
                        self.possible += usize::from(day.is_none());
                        self.open = self.open.min(outcome.until);
                    }
                }
            }
            Truth::True => {
                self.certain += 1;
                self.counted.push(outcome.until);
            }
            Truth::Unknown => {
                self.possible += 1;
                self.open = self.open.min(outcome.until);
            }
            Truth::False => self.open = self.open.min(outcome.until),
        }
    }

    fn outcome(mut self, caution: Caution) -> Outcome {
        let wanted = self.test.at_least;
        if self.certain >= wanted {
            // It stands while as many as are needed do.
            self.counted.sort_unstable();
            let spare = self.certain - wanted;
            return Outcome { truth: Truth::True, until: self.counted.get(spare).copied().unwrap_or(Day::NEVER) };
        }
        let until = self.counted.into_iter().fold(self.open, Day::min);
        let truth = if caution == Caution::Careful && self.certain + self.possible >= wanted { Truth::Unknown } else { Truth::False };
        Outcome { truth, until }
    }
}

/// The first moment of a day, in milliseconds since 1970.
fn start_of(day: Day) -> i64 {
    i64::from(day.0) * 86_400_000
}
