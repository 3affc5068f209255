//! Which events of a subscription were heard of: a pure account of numbers.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// Numbers ahead of a gap that are remembered.
const MOST_AHEAD: usize = 10_000;

/// Which events were heard of: all up to a number, and some beyond it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EventNumbers {
    /// `None` before the first event: whatever was before we listened was polled.
    through: Option<u64>,
    ahead: BTreeSet<u64>,
    /// The highest number there is known to be.
    known: u64,
}

impl EventNumbers {
    /// All up to `through` were heard of.
    pub(crate) fn through(through: Option<u64>) -> Self {
        Self { through, ahead: BTreeSet::new(), known: through.unwrap_or(0) }
    }

    /// The last number up to which nothing is missing.
    pub(crate) const fn last(&self) -> Option<u64> {
        self.through
    }

    /// An event came. Numbers begin at 1 or 0; twice, or late, changes nothing.
    pub(crate) fn heard(&mut self, number: u64) {
        let through = *self.through.get_or_insert(0);
        self.known = self.known.max(number);
        if number > through && self.ahead.len() < MOST_AHEAD {
            self.ahead.insert(number);
            while let Some(next) = self.through.and_then(|it| it.checked_add(1)).filter(|it| self.ahead.remove(it)) {
                self.through = Some(next);
            }
        }
    }

    /// The server says how many there were. Those that did not come are missing.
    pub(crate) fn counted(&mut self, events_since_start: u64) {
        self.through.get_or_insert(0);
        self.known = self.known.max(events_since_start);
    }

    /// What is missing: from the first number not heard of to the last.
    pub(crate) fn gap(&self) -> Option<RangeInclusive<u64>> {
        let first = self.through?.checked_add(1).filter(|it| *it <= self.known)?;
        let mut last = self.known;
        while last > first && self.ahead.contains(&last) {
            last -= 1;
        }
        Some(first..=last)
    }

    /// What is missing was fetched, or everything was asked for.
    pub(crate) fn healed(&mut self) {
        self.through = Some(self.known);
        self.ahead.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(numbers: &[u64]) -> EventNumbers {
        let mut heard = EventNumbers::through(Some(0));
        for number in numbers {
            heard.heard(*number);
        }
        heard
    }

    #[test]
    fn doubles_and_other_orders_leave_no_gap() {
        let heard = after(&[2, 1, 1, 3, 2]);
        assert_eq!((heard.last(), heard.gap()), (Some(3), None));
    }

    #[test]
    fn what_is_missing_is_named_until_it_came_or_was_fetched() {
        let mut heard = after(&[1, 4, 6, 7]);
        assert_eq!((heard.last(), heard.gap()), (Some(1), Some(2..=5)));
        heard.heard(2);
        assert_eq!(heard.gap(), Some(3..=5));
        heard.healed();
        assert_eq!((heard.last(), heard.gap()), (Some(7), None));
    }

    #[test]
    fn a_count_shows_that_the_last_ones_were_lost() {
        let mut heard = after(&[1, 2]);
        heard.counted(2);
        assert_eq!(heard.gap(), None);
        heard.counted(4);
        assert_eq!(heard.gap(), Some(3..=4));
        heard.healed();
        assert_eq!((heard.last(), heard.gap()), (Some(4), None));
    }

    #[test]
    fn the_first_number_heard_shows_what_was_before_it() {
        let mut heard = EventNumbers::default();
        heard.heard(1);
        assert_eq!((heard.last(), heard.gap()), (Some(1), None));
        let mut late = EventNumbers::default();
        late.heard(5);
        assert_eq!(late.gap(), Some(1..=4));
        let mut far = after(&[u64::MAX]);
        assert_eq!(far.gap(), Some(1..=u64::MAX - 1));
        far.healed();
        far.heard(u64::MAX);
        assert_eq!(far.last(), Some(u64::MAX));
    }
}
