//! Moments as documents write them: `period start -15 months`, `birth +42 days`, `visit end`, `as-of`.

use outreach_plugin_sdk::day::Day;

use crate::span::Point;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// What a moment is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    AsOf,
    StartOfYear,
    EndOfYear,
    PeriodStart,
    PeriodEnd,
    Birth,
    /// Start of the fact bound in this place.
    FactStart(usize),
    /// End of the fact bound in this place, or its start where it has none.
    FactEnd(usize),
}

/// A moment relative to an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) anchor: Anchor,
    pub(crate) months: i32,
    pub(crate) days: i32,
}

/// How a moment is written, for messages.
pub(crate) const GRAMMAR: &str = "`as-of`, `start of year`, `end of year`, `period start`, `period end`, `birth`, or `start` or `end` of a fact \
     named with `as` such as `visit start`; then an offset such as `-27 months` or `+90 days` (days, weeks, months, years)";

/// Days after which nothing is looked for: about 200 years.
const HORIZON: i32 = 73_000;

impl Moment {
    pub(crate) const AS_OF: Self = Self::of(Anchor::AsOf);

    pub(crate) const fn of(anchor: Anchor) -> Self {
        Self { anchor, months: 0, days: 0 }
    }

    /// Reads a moment; `bound` are the names of facts that may be referred to. `None` where it can't be read.
    pub(crate) fn read(text: &str, bound: &[String]) -> Option<Self> {
        let text = text.trim();
        let anchors = [
            ("as-of", Anchor::AsOf),
            ("start of year", Anchor::StartOfYear),
            ("end of year", Anchor::EndOfYear),
            ("period start", Anchor::PeriodStart),
            ("period end", Anchor::PeriodEnd),
            ("birth", Anchor::Birth),
        ];
        let known = anchors.into_iter().find_map(|(name, anchor)| text.strip_prefix(name).map(|rest| (anchor, rest)));
        let of_fact = || {
            bound.iter().enumerate().rev().find_map(|(place, name)| {
                let rest = text.strip_prefix(name.as_str())?.strip_prefix(' ')?;
                rest.strip_prefix("start")
                    .map(|rest| (Anchor::FactStart(place), rest))
                    .or_else(|| rest.strip_prefix("end").map(|rest| (Anchor::FactEnd(place), rest)))
            })
        };
        // A fact may be called `birthweight`: its name goes first.
        let (anchor, rest) = of_fact().or(known).unwrap_or((Anchor::AsOf, text));
        let mut moment = Self::of(anchor);
        let mut words = rest.split_whitespace();
        while let Some(number) = words.next() {
            if !number.starts_with(['+', '-']) {
                return None;
            }
            let number: i32 = number.parse().ok().filter(|number| (-2_400..=2_400).contains(number))?;
            match words.next()?.trim_end_matches('s') {
                "day" => moment.days += number,
                "week" => moment.days += number * 7,
                "month" => moment.months += number,
                "year" => moment.months += number * 12,
                _ => return None,
            }
        }
        (!text.is_empty()).then_some(moment)
    }

    /// The day it means when counted from a day.
    pub(crate) fn from(self, anchor: Day) -> Day {
        anchor.plus_months(self.months).plus_days(self.days)
    }

    /// The moment it means when counted from another; the time of the day stays.
    pub(crate) fn shifted(self, anchor: Point) -> Point {
        if (self.months, self.days) == (0, 0) || anchor == Point::NEVER || anchor == Point::EVER {
            return anchor;
        }
        let shift = |instant: i64| i64::from(self.from(Day::of_instant(instant)).0) * DAY + instant.rem_euclid(DAY);
        Point { first: shift(anchor.first), last: shift(anchor.last), exact: anchor.exact }
    }
}

/// The first day after `as_of` on which what moves on with the days comes to `day`; never where it has come there before.
pub(crate) fn first_reaching(day: Day, as_of: Day, moved: impl Fn(Day) -> Day) -> Day {
    let (mut low, mut high) = (as_of.plus_days(1), as_of.plus_days(HORIZON));
    if moved(as_of) >= day || moved(high) < day {
        return Day::NEVER;
    }
    while low < high {
        let middle = Day(low.0 + (high.0 - low.0) / 2);
        if moved(middle) < day { low = middle.plus_days(1) } else { high = middle }
    }
    low
}

/// From one moment to another; without a beginning ever since, without an end for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: Option<Moment>,
    /// Whether the beginning itself is left out.
    pub(crate) after: bool,
    pub(crate) to: Option<Moment>,
    /// Whether the end itself is left out.
    pub(crate) before: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_as_it_is_said() {
        let today = Day::of(2026, 11, 23);
        let on = |text| Moment::read(text, &[]).map(|moment| (moment.anchor, moment.from(today).to_string()));
        let expected = |anchor, day: &str| Some((anchor, day.to_owned()));
        assert_eq!(on("as-of"), expected(Anchor::AsOf, "2026-11-23"));
        assert_eq!(on("-27 months"), expected(Anchor::AsOf, "2024-08-23"));
        assert_eq!(on("start of year -15 months"), expected(Anchor::StartOfYear, "2025-08-23"));
        assert_eq!(on("birth +42 days"), expected(Anchor::Birth, "2027-01-04"));
        assert_eq!(on("+2 weeks"), expected(Anchor::AsOf, "2026-12-07"));
        for wrong in ["", "27 months", "-27", "- 27 months", "yesterday", "-27 moons", "start of year last", "visit start"] {
            assert_eq!(on(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_fact_is_named_by_what_it_was_called() {
        let bound = ["visit".to_owned(), "test".to_owned()];
        assert_eq!(Moment::read("visit end +2 days", &bound).map(|it| it.anchor), Some(Anchor::FactEnd(0)));
        assert_eq!(Moment::read("test start", &bound).map(|it| it.anchor), Some(Anchor::FactStart(1)));
        assert_eq!(Moment::read("tests start", &bound), None);
    }

    #[test]
    fn a_moment_keeps_its_time_of_the_day() {
        let morning = Point::at(i64::from(Day::of(2025, 1, 31).0) * DAY + 3_600_000);
        let later = Moment::read("+1 month", &[]).unwrap().shifted(morning);
        assert_eq!(later.first, i64::from(Day::of(2025, 2, 28).0) * DAY + 3_600_000);
    }
}
