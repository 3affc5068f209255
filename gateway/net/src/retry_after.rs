//! What a server asks for when it says "not now": `Retry-After` and its relatives.

use std::{ops::RangeInclusive, time::Duration};

use http::{HeaderMap, header};
use jiff::{Timestamp, civil::DateTime, fmt::rfc2822, tz::TimeZone};

/// The header by which Azure services give the wait in milliseconds; finer, so it goes first.
const RETRY_AFTER_MILLISECONDS: &str = "x-ms-retry-after-ms";

/// The wait a response asks for, clamped to `bounds`; `None` where it asks for nothing readable.
///
/// `x-ms-retry-after-ms` is looked at first, then `Retry-After` as seconds or as an HTTP date
/// (RFC 9110 section 10.2.3). A date in the past gives the lower bound.
pub fn retry_after(headers: &HeaderMap, now: Timestamp, bounds: RangeInclusive<Duration>) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let asked = text(RETRY_AFTER_MILLISECONDS)
        .and_then(|value| value.parse().ok().map(Duration::from_millis))
        .or_else(|| text(header::RETRY_AFTER.as_str()).and_then(|value| parse(value, now)))?;
    Some(asked.clamp(*bounds.start(), (*bounds.end()).max(*bounds.start())))
}

/// Reads the value of a `Retry-After` header. Servers also send fractions of a second.
pub fn parse(value: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let wait = http_date(value)?.duration_since(now);
    Some(Duration::try_from(wait).unwrap_or(Duration::ZERO))
}

/// Reads an HTTP date in any of the three shapes of RFC 9110 section 5.6.7.
pub fn http_date(value: &str) -> Option<Timestamp> {
    if let Ok(zoned) = rfc2822::parse(value) {
        return Some(zoned.timestamp());
    }
    ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
        .iter()
        .find_map(|shape| DateTime::strptime(shape, value).ok())
        .and_then(|civil| TimeZone::UTC.to_timestamp(civil).ok())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const NOW: &str = "1994-11-06T08:49:07Z";

    fn asked(name: &'static str, value: &'static str) -> Option<Duration> {
        let headers = HeaderMap::from_iter([(header::HeaderName::from_static(name), HeaderValue::from_static(value))]);
        let bounds = Duration::from_secs(5)..=Duration::from_mins(5);
        retry_after(&headers, NOW.parse().unwrap(), bounds)
    }

    #[test]
    fn seconds_and_all_three_date_shapes_are_read() {
        let half_a_minute = Some(Duration::from_secs(30));
        for value in ["30", " 30 ", "30.0", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(asked("retry-after", value), half_a_minute, "{value}");
        }
        assert_eq!(asked("x-ms-retry-after-ms", "30000"), half_a_minute);
    }

    #[test]
    fn waits_are_clamped_and_past_dates_mean_soon() {
        assert_eq!(asked("retry-after", "0"), Some(Duration::from_secs(5)));
        assert_eq!(asked("retry-after", "18000"), Some(Duration::from_mins(5)));
        assert_eq!(asked("retry-after", "Sat, 05 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(5)));
    }

    #[test]
    fn nonsense_asks_for_nothing() {
        for value in ["", "soon", "-5", "NaN", "inf", "1e400", "99999999999999999999999999x"] {
            assert_eq!(asked("retry-after", value), None, "{value}");
        }
    }
}
