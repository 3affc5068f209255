//! The facts a query is about, and those it picks among them.

use outreach_plugin_sdk::day::Day;
use outreach_plugin_sdk::fact::FactFlags;
use outreach_plugin_sdk::patient::Fact;

use super::{Caution, Evaluation, Who};
use crate::document::{Filter, Lowest, Pick, Query, ValueTest};
use crate::outcome::{Outcome, Truth};
use crate::span::{Point, Precision, Span};

/// The fact that is picked among several.
pub(crate) struct Picked<'a> {
    /// It, among those that certainly count.
    pub(crate) fact: Option<Fact<'a>>,
    /// Those that may be the one as well: it is not certain that they count, or when they were.
    pub(crate) others: Vec<Fact<'a>>,
    /// The first day on which time alone can change this.
    pub(crate) until: Day,
}

impl Picked<'_> {
    /// Whether there is one.
    pub(crate) fn found(&self, caution: Caution) -> Truth {
        match (self.fact.is_some(), self.others.is_empty()) {
            (true, _) => Truth::True,
            (false, false) if caution == Caution::Careful => Truth::Unknown,
            (false, _) => Truth::False,
        }
    }
}

/// The last day on which there is a fact.
pub(crate) struct LastDay {
    /// Days since 1970.
    pub(crate) day: Option<i64>,
    /// Whether it may be a later one.
    pub(crate) doubtful: bool,
    /// The first day on which time alone can change this.
    pub(crate) until: Day,
}

impl Evaluation<'_> {
    /// Every fact a query may be about, with the outcome for it.
    pub(crate) fn each<'a>(&self, query: &Query, who: &Who<'a>, mut take: impl FnMut(Fact<'a>, Outcome)) {
        let mut one = |row: u32| {
            let fact = who.patient.fact(row);
            if fact.kind() == Some(query.kind) && has_flags(&query.filter, fact) {
                take(fact, self.counts(query, fact, who));
            }
        };
        match query.codes.as_deref() {
            None => who.patient.rows().for_each(one),
            Some([place]) => who.lookup.rows(*place).for_each(one),
            Some(places) => {
                let mut rows: Vec<u32> = places.iter().flat_map(|place| who.lookup.rows(*place)).collect();
                rows.sort_unstable();
                rows.dedup();
                rows.into_iter().for_each(&mut one);
            }
        }
    }

    /// Whether one fact counts.
    fn counts<'a>(&self, query: &Query, fact: Fact<'a>, who: &Who<'a>) -> Outcome {
        let outcome = self.filter(&query.filter, fact, who);
        let Some(such_that) = query.such_that.as_ref().filter(|_| outcome.truth != Truth::False || outcome.until != Day::NEVER) else {
            return outcome;
        };
        who.bind(query.bound, Some(fact));
        let more = self.condition(such_that, who);
        who.bind(query.bound, None);
        outcome.and(more)
    }

    /// The fact a query picks, and those that may be the one as well.
    pub(crate) fn pick<'a>(&self, query: &Query, who: &Who<'a>) -> Picked<'a> {
        let first = query.pick == Some(Pick::FirstStarted);
        let at = |fact: Fact<'_>| match query.pick {
            Some(Pick::LastEnded) => Span::of(fact).end,
            _ => Span::of(fact).start,
        };
        let mut until = Day::NEVER;
        let mut found: Vec<(Fact<'a>, Truth, Option<Point>)> = Vec::new();
        let mut best: Option<(i64, usize)> = None;
        self.each(query, who, |fact, outcome| {
            until = until.min(outcome.until);
            if outcome.truth == Truth::False {
                return;
            }
            let point = at(fact);
            let moment = point.map_or(i64::MIN, |at| at.first);
            if outcome.truth == Truth::True && best.is_none_or(|(best, _)| if first { moment < best } else { moment >= best }) {
                best = Some((moment, found.len()));
            }
            found.push((fact, outcome.truth, point));
        });
        let best = best.and_then(|(_, place)| found.get(place).copied());
        let may_be_the_one = |other: Option<Point>| {
            let (Some((_, _, Some(best))), Some(other)) = (best, other) else { return true };
            if first { other.first < best.last } else { other.last > best.first }
        };
        let others = found
            .into_iter()
            .filter(|(fact, _, at)| best.is_none_or(|(best, ..)| best.row() != fact.row()) && may_be_the_one(*at))
            .map(|(fact, ..)| fact)
            .collect();
        Picked { fact: best.map(|(fact, ..)| fact), others, until }
    }

    /// The lowest of each on the last day on which there is one of `day_of`.
    pub(super) fn last_day(&self, day_of: &Query, lowest: &[Lowest], who: &Who<'_>) -> Outcome {
        let LastDay { day, doubtful, mut until } = self.day_of(day_of, who);
        let careful = doubtful && who.caution == Caution::Careful;
        let Some(day) = day.filter(|_| !careful) else {
            return Outcome { truth: if careful { Truth::Unknown } else { Truth::False }, until };
        };
        let mut truth = Truth::True;
        for each in lowest {
            let found = self.lowest_on(each, day, who);
            until = until.min(found.until);
            let mut value = found.fact.map_or(Truth::Unknown, |fact| self.value(&each.value, fact, who));
            if who.caution == Caution::Careful && found.others.into_iter().any(|other| self.value(&each.value, other, who) != value) {
                value = Truth::Unknown;
            }
            truth = truth.and(value);
        }
        Outcome { truth, until }
    }

    /// The last day on which there certainly is a fact.
    pub(crate) fn day_of(&self, query: &Query, who: &Who<'_>) -> LastDay {
        let (mut last, mut doubt): (Option<i64>, Option<i64>) = (None, None);
        let mut until = Day::NEVER;
        self.each(query, who, |fact, outcome| {
            until = until.min(outcome.until);
            let day = Span::of(fact).latest().map(|at| at.by(Precision::Day));
            match (outcome.truth, day) {
                (Truth::False, _) => {}
                (Truth::True, Some(day)) if day.exact => last = last.max(Some(day.first)),
                (_, day) => doubt = doubt.max(Some(day.map_or(i64::MAX, |day| day.last))),
            }
        });
        LastDay { day: last, doubtful: doubt > last, until }
    }

    /// The fact with the lowest value on a day. One without a number is the lowest: what was measured and not written down may be anything.
    pub(crate) fn lowest_on<'a>(&self, lowest: &Lowest, day: i64, who: &Who<'a>) -> Picked<'a> {
        let mut least: Option<(f64, Fact<'a>)> = None;
        let (mut others, mut until) = (Vec::new(), Day::NEVER);
        self.each(&lowest.query, who, |fact, outcome| {
            until = until.min(outcome.until);
            let on = Span::of(fact).latest().map(|at| at.by(Precision::Day));
            let certain = outcome.truth == Truth::True && on.is_some_and(|on| on.exact);
            if outcome.truth == Truth::False || on.is_some_and(|on| day < on.first || on.last < day) {
                return;
            }
            if !certain {
                others.push(fact);
                return;
            }
            let value = self.number(&lowest.value, fact).unwrap_or(f64::NEG_INFINITY);
            if least.is_none_or(|(least, _)| value < least) {
                least = Some((value, fact));
            }
        });
        Picked { fact: least.map(|(_, fact)| fact), others, until }
    }

    /// The number of a fact in the unit it is asked for.
    fn number(&self, test: &ValueTest, fact: Fact<'_>) -> Option<f64> {
        match test {
            ValueTest::Compare(comparison) => self.in_unit(comparison, fact),
            _ => fact.value(),
        }
    }
}

/// Whether the flags of a fact are those that are asked for.
pub(super) fn has_flags(filter: &Filter, fact: Fact<'_>) -> bool {
    let flags = fact.flags();
    flags.contains(filter.with)
        && !flags.intersects(filter.without)
        && (filter.one_of == FactFlags::empty() || flags.intersects(filter.one_of))
}
