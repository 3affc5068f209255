//! Dates as FHIR has them: a year, a month, a day or an instant, each with its precision. Nothing is made up: a date of which only the
//! year is known stays one.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// How exact a date is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// Only the year is known.
    Year,
    /// Year and month.
    Month,
    /// A calendar day.
    Day,
    /// An instant.
    Instant,
}

/// A date with its precision (FHIR R4 `date`, `dateTime`, `instant`).
///
/// `first` is the first moment it can mean. Days, months and years are taken in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PartialDate {
    /// The first moment that is meant.
    pub first: Timestamp,
    /// How exact it is.
    pub precision: Precision,
}

impl PartialDate {
    /// A calendar day.
    pub fn day(date: Date) -> Self {
        Self { first: midnight(date), precision: Precision::Day }
    }

    /// An instant.
    pub const fn instant(at: Timestamp) -> Self {
        Self { first: at, precision: Precision::Instant }
    }

    /// The first day that is meant, in UTC.
    pub fn first_day(&self) -> Date {
        TimeZone::UTC.to_datetime(self.first).date()
    }

    /// The last day that is meant: 31 December for a year.
    pub fn last_day(&self) -> Date {
        let first = self.first_day();
        match self.precision {
            Precision::Year => Date::new(first.year(), 12, 31).unwrap_or(first),
            Precision::Month => first.last_of_month(),
            Precision::Day | Precision::Instant => first,
        }
    }

    /// Reads `YYYY`, `YYYY-MM`, `YYYY-MM-DD` or a date with a time, leniently: blanks around it, a blank for the `T`, a missing
    /// zone (taken as UTC), `24:00` and a leap second are understood. `None` where it is no date.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if !text.is_ascii() || !text.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        let at = |year: i16, month: i8, day: i8, precision| {
            Date::new(year, month, day).ok().map(|date| Self { first: midnight(date), precision })
        };
        match text.len() {
            4 => at(text.parse().ok()?, 1, 1, Precision::Year),
            7 if text.get(4..5)? == "-" => at(text.get(..4)?.parse().ok()?, text.get(5..)?.parse().ok()?, 1, Precision::Month),
            10 => day(text).map(Self::day),
            11.. => parse_instant(text).map(Self::instant),
            _ => None,
        }
    }
}

/// The first moment of a day. The last day of the year 9999, which servers send for "without end", is the last moment there is.
fn midnight(date: Date) -> Timestamp {
    let beyond = if date.year() > 0 { LAST } else { Timestamp::MIN };
    Timestamp::from_second(i64::from(epoch_day(date)) * 86_400).unwrap_or(beyond)
}

/// Reads `YYYY-MM-DD`, and whatever else jiff takes for a day.
fn day(text: &str) -> Option<Date> {
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_i16, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i16::from(digit - b'0')))
    };
    if let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text.as_bytes()
        && let (Some(year), Some(month), Some(day)) = (number(&[y1, y2, y3, y4]), number(&[m1, m2]), number(&[d1, d2]))
    {
        return Date::new(year, month as i8, day as i8).ok();
    }
    text.parse().ok()
}

/// The last moment there is that reads back from whole milliseconds, as stores keep it.
const LAST: Timestamp = Timestamp::constant(253_402_207_200, 0);

fn parse_instant(text: &str) -> Option<Timestamp> {
    let day = day(text.get(..10)?)?;
    let rest = text.get(11..)?;
    if !matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' ')) {
        return None;
    }
    let (clock, zone) = match rest.find(['Z', 'z', '+', '-']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let mut parts = clock.trim().splitn(3, ':');
    let hour: i64 = parts.next()?.parse().ok()?;
    let minute: i64 = parts.next()?.parse().ok()?;
    let second: f64 = parts.next().unwrap_or("0").parse().ok()?;
    if !(0..=24).contains(&hour)
        || !(0..60).contains(&minute)
        || !(0.0..61.0).contains(&second)
        || (hour == 24 && (minute > 0 || second > 0.0))
    {
        return None;
    }
    let offset = match zone {
        "" | "Z" | "z" => 0,
        zone => {
            let (hours, minutes) = zone.get(1..)?.split_once(':').or_else(|| zone.get(1..)?.split_at_checked(2))?;
            let number = |digits: &str| digits.bytes().all(|it| it.is_ascii_digit()).then(|| digits.parse::<u8>().ok()).flatten();
            let minutes = i64::from(number(hours)?) * 60 + i64::from(number(minutes)?);
            if minutes > 14 * 60 {
                return None;
            }
            if zone.starts_with('-') { -minutes } else { minutes }
        }
    };
    let milliseconds = ((hour * 60 + minute - offset) * 60_000) + (second * 1000.0).floor() as i64;
    midnight(day).checked_add(SignedDuration::from_millis(milliseconds)).ok()
}

/// Days since 1970-01-01.
pub fn epoch_day(date: Date) -> i32 {
    // Years begin in March, so that the leap day is the last of its year, and come in rounds of 400.
    let (month, day) = (i32::from(date.month()), i32::from(date.day()));
    let year = i32::from(date.year()) - i32::from(month <= 2);
    let (round, of_round) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    round * 146_097 + of_round * 365 + of_round / 4 - of_round / 100 + of_year - 719_468
}

/// The calendar day of a number of days since 1970-01-01; the nearest representable day beyond the calendar's ends.
pub fn from_epoch_day(day: i32) -> Date {
    Date::constant(1970, 1, 1).saturating_add(i64::from(day).days())
}

/// Whole years from a birth date to a day, as a birthday is counted: someone born on 29 February turns a year older on 1 March.
pub fn age_on(birth: Date, on: Date) -> i16 {
    let had_birthday = (on.month(), on.day()) >= (birth.month(), birth.day());
    on.year() - birth.year() - i16::from(!had_birthday)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("2020", "2020-01-01T00:00:00Z", Precision::Year)]
    #[case("2020-02", "2020-02-01T00:00:00Z", Precision::Month)]
    #[case(" 2020-02-29 ", "2020-02-29T00:00:00Z", Precision::Day)]
    #[case("2026-11-23T01:42:10+05:30", "2026-11-22T20:12:10Z", Precision::Instant)]
    #[case("2026-11-23 01:42:10", "2026-11-23T01:42:10Z", Precision::Instant)]
    #[case("2026-11-23T01:42:10.0690000Z", "2026-11-23T01:42:10.069Z", Precision::Instant)]
    #[case("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", Precision::Instant)]
    #[case("2026-11-22T24:00:00Z", "2026-11-23T00:00:00Z", Precision::Instant)]
    #[case("2026-11-23T01:42-0500", "2026-11-23T06:42:00Z", Precision::Instant)]
    #[case("2026-11-23T01:42:10+14:00", "2026-11-22T11:42:10Z", Precision::Instant)]
    #[case("9999-12-31", "9999-12-30T22:00:00Z", Precision::Day)]
    fn a_date_is_read_with_its_precision(#[case] text: &str, #[case] first: &str, #[case] precision: Precision) {
        assert_eq!(PartialDate::parse(text), Some(PartialDate { first: first.parse().unwrap(), precision }));
    }

    #[rstest]
    #[case("")]
    #[case("1980-1-1")]
    #[case("-123")]
    #[case("+980")]
    #[case("-009999-01")]
    #[case("2026-11-23T01:42:10+14:30")]
    #[case("2026-11-23T01:42:10-99999999999999999999:00")]
    #[case("2026-11-23T01:4--002222222222222222222:22")]
    #[case("2026-11-23T01:42:10+-5:00")]
    #[case("2021-02-29")]
    #[case("2020-13")]
    #[case("2020-01-01T25:00:00Z")]
    #[case("2020-01-01T10:61:00Z")]
    #[case("２０２０")]
    #[case("yesterday at noon")]
    fn what_is_no_date_is_not_guessed(#[case] text: &str) {
        assert_eq!(PartialDate::parse(text), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = PartialDate::parse(&text);
        }

        #[test]
        fn epoch_days_read_back(day in -700_000_i32..2_900_000) {
            proptest::prop_assert_eq!(epoch_day(from_epoch_day(day)), day);
        }
    }

    #[test]
    fn a_leap_day_child_has_its_birthday_on_the_first_of_march() {
        assert_eq!(age_on(date(2004, 2, 29), date(2022, 2, 28)), 17);
        assert_eq!(age_on(date(2004, 2, 29), date(2022, 3, 1)), 18);
    }

    #[test]
    fn a_year_ends_on_new_years_eve() {
        assert_eq!(PartialDate::parse("2020").unwrap().last_day(), date(2020, 12, 31));
        assert_eq!(PartialDate::parse("2020-02").unwrap().last_day(), date(2020, 2, 29));
    }
}
