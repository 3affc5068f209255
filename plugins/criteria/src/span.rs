//! When something was: moments that are known more or less exactly, and from when to when a fact was true.

use outreach_plugin_sdk::day::Day;
use outreach_plugin_sdk::fact::{FactFlags, FactKind};
use outreach_plugin_sdk::patient::{Fact, Instants};

use crate::outcome::Truth;

/// How exactly moments are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Precision {
    /// By their calendar day.
    Day,
    /// To the millisecond: against a day of which no time is known, the day itself decides nothing.
    Instant,
}

/// A moment, as the first and last one it can be. `exact` ones are known as exactly as they are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) exact: bool,
}

impl Point {
    pub(crate) const NEVER: Self = Self { first: i64::MAX, last: i64::MAX, exact: true };
    pub(crate) const EVER: Self = Self { first: i64::MIN, last: i64::MIN, exact: true };

    pub(crate) const fn at(instant: i64) -> Self {
        Self { first: instant, last: instant, exact: true }
    }

    /// The same moment by its day, in days since 1970.
    pub(crate) fn by(self, precision: Precision) -> Self {
        if precision == Precision::Instant || self == Self::NEVER || self == Self::EVER {
            return self;
        }
        let (first, last) = (i64::from(Day::of_instant(self.first).0), i64::from(Day::of_instant(self.last).0));
        Self { first, last, exact: first == last }
    }

    /// Whether this is certainly at the other or after it.
    pub(crate) const fn at_or_after(self, other: Self) -> Truth {
        if self.first > other.last || (self.exact && other.exact && self.first == other.first) {
            Truth::True
        } else if self.last < other.first {
            Truth::False
        } else {
            Truth::Unknown
        }
    }

    /// Whether this is certainly after the other.
    pub(crate) const fn after(self, other: Self) -> Truth {
        other.at_or_after(self).not()
    }
}

impl From<Instants> for Point {
    fn from(it: Instants) -> Self {
        Self { first: it.first, last: it.last, exact: it.first == it.last }
    }
}

/// From when to when a fact was true. `None` is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: Option<Point>,
    pub(crate) end: Option<Point>,
}

impl Span {
    /// The span of a fact. What happens at once ends when it begins. What is stated as a period without an end goes on, and so does what is
    /// active; else nobody knows when it ended.
    pub(crate) fn of(fact: Fact<'_>) -> Self {
        let start = fact.began().map(Point::from);
        let flags = fact.flags();
        let end = match fact.ended() {
            Some(end) => Some(Point::from(end)),
            None if flags.contains(FactFlags::OPEN_ENDED) || fact.kind().is_some_and(FactKind::is_a_period) => Some(Point::NEVER),
            None if !fact.kind().is_some_and(FactKind::lasts) => start,
            None if flags.contains(FactFlags::ACTIVE) && start.is_some() => Some(Point::NEVER),
            None => None,
        };
        // What has an end and no beginning began before anybody looked.
        let start = start.or_else(|| fact.ended().map(|_| Point::EVER));
        Self { start, end }
    }

    /// Its end where it has one that is known and finite, else its start.
    pub(crate) fn latest(self) -> Option<Point> {
        self.end.filter(|end| *end != Point::NEVER).or(self.start)
    }

    /// Its start, else its end.
    pub(crate) fn earliest(self) -> Option<Point> {
        self.start.filter(|start| *start != Point::EVER).or(self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    #[test]
    fn a_day_is_not_compared_to_a_moment_within_it() {
        let day = Point { first: 10 * DAY, last: 11 * DAY - 1, exact: false };
        let midnight = Point::at(10 * DAY);
        assert_eq!(day.at_or_after(midnight), Truth::Unknown);
        assert_eq!(day.by(Precision::Day).at_or_after(midnight.by(Precision::Day)), Truth::True);
        assert_eq!(day.at_or_after(Point::at(10 * DAY - 1)), Truth::True);
        assert_eq!(day.after(Point::at(11 * DAY)), Truth::False);
    }

    #[test]
    fn a_year_may_have_begun_on_any_of_its_days() {
        let year = Point { first: 0, last: 365 * DAY - 1, exact: false };
        let first = Point::at(0).by(Precision::Day);
        assert_eq!(year.by(Precision::Day).at_or_after(first), Truth::Unknown);
        assert_eq!(year.by(Precision::Day).after(Point::at(-DAY).by(Precision::Day)), Truth::True);
    }
}
