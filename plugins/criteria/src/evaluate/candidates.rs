//! The facts a query is about, and those it picks among them.

use outreach_plugin_sdk::day::Day;
use outreach_plugin_sdk::fact::FactFlags;
use outreach_plugin_sdk::patient::Fact;

use super::{Caution, Evaluation, Who};
use crate::document::{Pick, Query, ValueTest};
use crate::outcome::{Outcome, Truth};
use crate::span::{Precision, Span};

impl Evaluation<'_> {
    /// Every fact a query may be about, with the outcome for it.
    pub(crate) fn each<'a>(&self, query: &Query, who: &Who<'a>, mut take: impl FnMut(Fact<'a>, Outcome)) {
        let mut one = |row: u32| {
            let fact = who.patient.fact(row);
            if fact.kind() == Some(query.kind) && self.flags(&query.filter, fact) {
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

    /// The fact a query picks, and whether it is certain that there is one and that it is this one.
    pub(crate) fn pick<'a>(&self, query: &Query, who: &Who<'a>) -> (Option<Fact<'a>>, Outcome) {
        let mut picked: Option<(i64, Fact<'a>)> = None;
        let (mut until, mut doubtful) = (Day::NEVER, false);
        self.each(query, who, |fact, outcome| {
            until = until.min(outcome.until);
            match outcome.truth {
                Truth::True => {
                    let span = Span::of(fact);
                    let at = match query.pick {
                        Some(Pick::LastEnded) => span.end,
                        _ => span.start,
                    };
                    let at = at.map_or(i64::MIN, |at| at.first);
                    let better = picked.is_none_or(|(best, _)| if query.pick == Some(Pick::FirstStarted) { at < best } else { at >= best });
                    if better {
                        picked = Some((at, fact));
                    }
                }
                Truth::Unknown => doubtful = true,
                Truth::False => {}
            }
        });
        let truth = match (picked.is_some(), doubtful && who.caution == Caution::Careful) {
            (_, true) => Truth::Unknown,
            (found, false) => Truth::of(found),
        };
        (picked.map(|(_, fact)| fact), Outcome { truth, until })
    }

    /// The lowest of each on the last day on which there is one of `day_of`.
    pub(super) fn last_day(&self, day_of: &Query, lowest: &[Query], who: &Who<'_>) -> Outcome {
        let mut last: Option<i64> = None;
        let (mut until, mut doubtful) = (Day::NEVER, false);
        self.each(day_of, who, |fact, outcome| {
            until = until.min(outcome.until);
            let day = Span::of(fact).latest().map(|at| at.by(Precision::Day)).filter(|day| day.exact);
            match (outcome.truth, day) {
                (Truth::True, Some(day)) => last = last.max(Some(day.first)),
                (Truth::False, _) => {}
                _ => doubtful = true,
            }
        });
        let careful = doubtful && who.caution == Caution::Careful;
        let Some(day) = last.filter(|_| !careful) else {
            return Outcome { truth: if careful { Truth::Unknown } else { Truth::False }, until };
        };
        let mut truth = Truth::True;
        for query in lowest {
            truth = truth.and(self.lowest_on(query, day, who).map_or(Truth::Unknown, |fact| self.value_of(query, fact, who)));
        }
        Outcome { truth, until }
    }

    /// The fact with the lowest value on a day. One without a number is the lowest: what was measured and not written down may be anything.
    pub(crate) fn lowest_on<'a>(&self, query: &Query, day: i64, who: &Who<'a>) -> Option<Fact<'a>> {
        let mut lowest: Option<(f64, Fact<'a>)> = None;
        self.each(query, who, |fact, _| {
            let on = Span::of(fact).latest().map(|at| at.by(Precision::Day)).is_some_and(|at| at.exact && at.first == day);
            let value = self.number(query.filter.value.as_ref(), fact).unwrap_or(f64::NEG_INFINITY);
            if on && lowest.is_none_or(|(least, _)| value < least) {
                lowest = Some((value, fact));
            }
        });
        lowest.map(|(_, fact)| fact)
    }

    /// The number of a fact in the unit it is asked for.
    fn number(&self, test: Option<&ValueTest>, fact: Fact<'_>) -> Option<f64> {
        match test {
            Some(ValueTest::Compare(comparison)) => self.in_unit(comparison, fact),
            _ => fact.value(),
        }
    }

    fn value_of(&self, query: &Query, fact: Fact<'_>, who: &Who<'_>) -> Truth {
        query.filter.value.as_ref().map_or(Truth::True, |value| self.value(value, fact, who))
    }

    /// Whether the flags of a fact are those that are asked for.
    pub(crate) fn flags(&self, filter: &crate::document::Filter, fact: Fact<'_>) -> bool {
        let flags = fact.flags();
        flags.contains(filter.with)
            && !flags.intersects(filter.without)
            && (filter.one_of == FactFlags::empty() || flags.intersects(filter.one_of))
    }
}
