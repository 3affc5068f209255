//! Moments relative to the day of an evaluation: `as-of`, `-27 months`, `start of year -15 months`, `end of year`.

use outreach_plugin_sdk::day::Day;

/// What a moment is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Anchor {
    AsOf,
    StartOfYear,
    EndOfYear,
}

/// A day relative to the day of an evaluation. It never moves back when the day of the evaluation moves on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    anchor: Anchor,
    months: i32,
    days: i32,
}

/// How a moment is written, for messages.
pub(crate) const GRAMMAR: &str =
    "`as-of`, `start of year` or `end of year`, and an offset such as `-27 months` or `+90 days` (days, weeks, months, years)";

/// Days after which nothing is looked for: about 200 years.
const HORIZON: i32 = 73_000;

impl Moment {
    pub(crate) const AS_OF: Self = Self { anchor: Anchor::AsOf, months: 0, days: 0 };

    /// Reads a moment; `None` where it can't be read.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let anchors = [("as-of", Anchor::AsOf), ("start of year", Anchor::StartOfYear), ("end of year", Anchor::EndOfYear)];
        let (anchor, rest) = anchors
            .into_iter()
            .find_map(|(name, anchor)| text.strip_prefix(name).map(|rest| (anchor, rest)))
            .unwrap_or((Anchor::AsOf, text));
        let mut moment = Self { anchor, ..Self::AS_OF };
        let mut words = rest.split_whitespace();
        while let Some(number) = words.next() {
            if !number.starts_with(['+', '-']) {
                return None;
            }
            let number: i32 = number.parse().ok().filter(|number| (-2400..=2400).contains(number))?;
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

    /// The day it means when asked on a day.
    pub(crate) fn on(self, as_of: Day) -> Day {
        let anchor = match self.anchor {
            Anchor::AsOf => as_of,
            Anchor::StartOfYear => Day::of(as_of.year(), 1, 1),
            Anchor::EndOfYear => Day::of(as_of.year(), 12, 31),
        };
        anchor.plus_months(self.months).plus_days(self.days)
    }

    /// The first day after `as_of` on which it means `day` or later.
    pub(crate) fn first_reaching(self, day: Day, as_of: Day) -> Day {
        let (mut low, mut high) = (as_of.plus_days(1), as_of.plus_days(HORIZON));
        if self.on(high) < day {
            return Day::NEVER;
        }
        while low < high {
            let middle = Day(low.0 + (high.0 - low.0) / 2);
            if self.on(middle) < day { low = middle.plus_days(1) } else { high = middle }
        }
        low
    }
}

/// From one moment to another, both included; without a beginning, ever since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: Option<Moment>,
    pub(crate) to: Moment,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_as_it_is_said() {
        let today = Day::of(2026, 11, 23);
        let on = |text| Moment::read(text).map(|moment| moment.on(today).to_string());
        assert_eq!(on("as-of").as_deref(), Some("2026-11-23"));
        assert_eq!(on("-27 months").as_deref(), Some("2024-08-23"));
        assert_eq!(on("start of year -15 months").as_deref(), Some("2024-10-01"));
        assert_eq!(on("end of year").as_deref(), Some("2026-12-31"));
        assert_eq!(on("+2 weeks").as_deref(), Some("2026-12-07"));
        for wrong in ["", "27 months", "-27", "- 27 months", "yesterday", "-27 moons", "start of year last"] {
            assert_eq!(on(wrong), None, "{wrong}");
        }
    }
}
