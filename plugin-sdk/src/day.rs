//! Calendar days without a calendar library: a plugin has no clock, and a small component loads fast.
//!
//! ```
//! use outreach_plugin_sdk::day::Day;
//!
//! let last_mammogram = Day::of(2024, 11, 30);
//! assert_eq!(last_mammogram.plus_months(27).to_string(), "2027-02-28");
//! assert_eq!(Day::of(2026, 11, 23).age(Day::of(1970, 11, 24)), 55);
//!
//! // A day that can't be is the last of its month, and arithmetic stops at the ends of time: nothing panics.
//! assert_eq!(Day::of(2026, 2, 31), Day::of(2026, 2, 28));
//! assert_eq!(Day::NEVER.plus_days(1), Day::NEVER);
//! ```

use std::fmt;

/// A calendar day in UTC, as days since 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

const MILLISECONDS: i64 = 86_400_000;

impl Day {
    /// "Never", and later than every other day.
    pub const NEVER: Self = Self(i32::MAX);

    /// The day of a year, month (1-12) and day of the month; a day beyond the end of its month becomes the month's last.
    pub fn of(year: i32, month: i32, day: i32) -> Self {
        let month = month.clamp(1, 12);
        let day = day.clamp(1, days_in_month(year, month));
        // Years are counted from March, so that the leap day comes last.
        let shifted = i64::from(year) - i64::from(month <= 2);
        let era_year = shifted.rem_euclid(400);
        let days_before_month = (153 * i64::from((month + 9) % 12) + 2) / 5;
        let day_of_era = era_year * 365 + era_year / 4 - era_year / 100 + days_before_month + i64::from(day) - 1;
        let days = shifted.div_euclid(400) * 146_097 + day_of_era - 719_468;
        Self(i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX - 1 }))
    }

    /// The day of a moment in milliseconds since 1970.
    pub fn of_instant(milliseconds: i64) -> Self {
        let days = milliseconds.div_euclid(MILLISECONDS);
        Self(i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX }))
    }

    /// Year, month and day of the month.
    pub fn parts(self) -> (i32, i32, i32) {
        let days = i64::from(self.0) + 719_468;
        let day_of_era = days.rem_euclid(146_097);
        let era_year = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * era_year + era_year / 4 - era_year / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = (shifted_month + 2) % 12 + 1;
        let year = days.div_euclid(146_097) * 400 + era_year + i64::from(month <= 2);
        (year as i32, month as i32, day as i32)
    }

    /// The year.
    pub fn year(self) -> i32 {
        self.parts().0
    }

    /// So many days later, or earlier.
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// So many months later, or earlier; the day of the month is cut to the length of the month.
    pub fn plus_months(self, months: i32) -> Self {
        let (year, month, day) = self.parts();
        let all = i64::from(year) * 12 + i64::from(month - 1) + i64::from(months);
        Self::of(all.div_euclid(12).clamp(-200_000, 200_000) as i32, all.rem_euclid(12) as i32 + 1, day)
    }

    /// Whole years from a birthday to this day; someone born on 29 February turns a year older on 1 March.
    pub fn age(self, birth: Self) -> i32 {
        let (birth_year, birth_month, birth_day) = birth.parts();
        let (year, month, day) = self.parts();
        year - birth_year - i32::from((month, day) < (birth_month, birth_day))
    }

    /// The day on which someone born on `birth` turns `age`.
    pub fn birthday(birth: Self, age: i32) -> Self {
        let (year, month, day) = birth.parts();
        let year = year.saturating_add(age);
        if (month, day) == (2, 29) && days_in_month(year, 2) == 28 { Self::of(year, 3, 1) } else { Self::of(year, month, day) }
    }
}

fn days_in_month(year: i32, month: i32) -> i32 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            i32::MAX => f.write_str("never"),
            i32::MIN => f.write_str("ever"),
            _ => fmt::Display::fmt(self, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn days_are_counted_as_the_calendar_counts_them() {
        assert_eq!(Day::of(1970, 1, 1), Day(0));
        assert_eq!(Day::of(2000, 2, 29), Day(11_016));
        assert_eq!(Day::of(2026, 11, 23).to_string(), "2026-11-23");
        assert_eq!(Day::of(1969, 12, 31), Day(-1));
    }

    #[test]
    fn a_month_is_cut_to_its_length() {
        assert_eq!(Day::of(2024, 5, 31).plus_months(-3), Day::of(2024, 2, 29));
        assert_eq!(Day::of(2026, 11, 23).plus_months(-27), Day::of(2024, 8, 23));
        assert_eq!(Day::of(2026, 1, 31).plus_months(13), Day::of(2027, 2, 28));
    }

    #[test]
    fn a_leap_day_child_has_its_birthday_on_the_first_of_march() {
        let birth = Day::of(2004, 2, 29);
        assert_eq!(Day::of(2022, 2, 28).age(birth), 17);
        assert_eq!(Day::birthday(birth, 18), Day::of(2022, 3, 1));
        assert_eq!(Day::birthday(birth, 20), Day::of(2024, 2, 29));
    }

    proptest! {
        #[test]
        fn parts_read_back(day in -1_000_000_i32..1_000_000) {
            let (year, month, of_month) = Day(day).parts();
            prop_assert_eq!(Day::of(year, month, of_month), Day(day));
            prop_assert!(Day(day).0 + 1 == Day(day + 1).0 && Day(day + 1).parts() > Day(day).parts());
        }

        #[test]
        fn one_is_as_old_as_ones_last_birthday(birth in -20_000_i32..20_000, lived in 0_i32..40_000) {
            let today = Day(birth + lived);
            let age = today.age(Day(birth));
            prop_assert!(Day::birthday(Day(birth), age) <= today && today < Day::birthday(Day(birth), age + 1));
        }

        #[test]
        fn no_arithmetic_panics(day in any::<i32>(), months in any::<i32>()) {
            let _ = Day(day).plus_months(months).plus_days(months).age(Day(months));
        }
    }
}
