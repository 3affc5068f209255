//! Durations as people write them: `3 days`, `90 seconds`, `1 hour 30 minutes`.

const SECOND: i64 = 1_000;
/// Ten years: longer than any journey.
const LONGEST: i64 = 3_650 * 86_400 * SECOND;

/// How a duration is written, for messages.
pub(crate) const GRAMMAR: &str =
    "a duration such as `3 days` or `1 hour 30 minutes` (seconds, minutes, hours, days, weeks; at most 10 years)";

/// Milliseconds of a duration; `None` where it can't be read.
pub(crate) fn read(text: &str) -> Option<i64> {
    let mut words = text.split_whitespace();
    let mut total: i64 = 0;
    while let Some(number) = words.next() {
        let number: i64 = number.parse().ok().filter(|number| (0..=1_000_000_000).contains(number))?;
        let unit = match words.next()?.trim_end_matches('s') {
            "second" => SECOND,
            "minute" => 60 * SECOND,
            "hour" => 3_600 * SECOND,
            "day" => 86_400 * SECOND,
            "week" => 7 * 86_400 * SECOND,
            _ => return None,
        };
        total = total.checked_add(number * unit)?;
    }
    (total > 0 && total <= LONGEST).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read_as_it_is_said() {
        assert_eq!(read("3 days"), Some(259_200_000));
        assert_eq!(read("1 hour 30 minutes"), Some(5_400_000));
        for wrong in ["", "3", "days", "-1 day", "0 seconds", "1 fortnight", "3650 days 1 second"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
