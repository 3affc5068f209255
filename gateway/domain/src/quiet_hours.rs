//! Quiet hours: the hours of a person's own day in which nothing is sent.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// Sending is allowed from `opens` to `closes` in the person's local time; outside of it is quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendingWindow {
    /// First minute of the day in which sending is allowed.
    pub opens: Time,
    /// First minute of the day in which it no longer is; after `opens`.
    pub closes: Time,
}

impl SendingWindow {
    /// A window within one day; `None` unless it opens before it closes.
    pub fn new(opens: Time, closes: Time) -> Option<Self> {
        (opens < closes).then_some(Self { opens, closes })
    }

    /// Whether sending is allowed at this moment in this zone.
    pub fn is_open(&self, at: Timestamp, zone: &TimeZone) -> bool {
        let local = zone.to_datetime(at).time();
        self.opens <= local && local < self.closes
    }

    /// The next moment, not before `at`, at which sending is allowed. A day on which the opening hour is skipped by a clock change
    /// opens when the clock has moved on.
    pub fn next_open(&self, at: Timestamp, zone: &TimeZone) -> Timestamp {
        if self.is_open(at, zone) {
            return at;
        }
        let today = zone.to_datetime(at).date();
        (0..=2)
            .filter_map(|days| today.checked_add(days.days()).ok())
            .filter_map(|day| zone.to_ambiguous_timestamp(day.to_datetime(self.opens)).compatible().ok())
            .find(|opening| *opening >= at && self.is_open(*opening, zone))
            .unwrap_or_else(|| at.saturating_add(jiff::SignedDuration::from_hours(24)).unwrap_or(at))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;

    fn window() -> SendingWindow {
        SendingWindow::new(time(8, 0, 0, 0), time(20, 0, 0, 0)).unwrap()
    }

    #[test]
    fn night_is_quiet_in_the_persons_own_zone() {
        let zone = TimeZone::get("America/Los_Angeles").unwrap();
        let at: Timestamp = "2026-11-23T15:00:00Z".parse().unwrap();
        assert!(!window().is_open(at, &zone));
        assert!(window().is_open(at, &TimeZone::get("America/New_York").unwrap()));
        assert_eq!(window().next_open(at, &zone), "2026-11-23T16:00:00Z".parse().unwrap());
    }

    #[test]
    fn an_evening_opens_again_the_next_morning() {
        let zone = TimeZone::get("America/Chicago").unwrap();
        let at: Timestamp = "2026-03-08T02:30:00Z".parse().unwrap();
        assert_eq!(window().next_open(at, &zone), "2026-03-08T13:00:00Z".parse().unwrap(), "after the clocks went forward");
    }

    #[test]
    fn the_next_opening_is_always_open() {
        for name in ["America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe", "America/Santiago"] {
            let zone = TimeZone::get(name).unwrap();
            for hour in 0..24 * 400 {
                let at = Timestamp::from_second(1_767_225_600 + hour * 3600).unwrap();
                let next = window().next_open(at, &zone);
                assert!(next >= at && window().is_open(next, &zone), "{name} {at}");
            }
        }
    }
}
