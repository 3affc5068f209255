//! How values of the model are written down: enumerations by their serde name, documents as JSON, days as days since 1970, dates with
//! their precision in the lowest two bits.

use gateway_domain::date::{PartialDate, Precision, epoch_day, from_epoch_day};
use gateway_ports::store::StoreError;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::corrupt;

/// The serde name of a plain enumeration's value.
pub(crate) fn name_of<T: Serialize>(value: &T) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        _ => Err(corrupt("name", "the value has no name")),
    }
}

/// The value of a serde name.
pub(crate) fn from_name<T: DeserializeOwned>(what: &'static str, name: String) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(name)).map_err(|_| corrupt(what, "the name is not known"))
}

pub(crate) fn to_json<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| corrupt(what, format!("it can't be written: {error}")))
}

/// Reads a document. The error says where it goes wrong, not what stands there.
pub(crate) fn from_json<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text)
        .map_err(|error| corrupt(what, format!("line {}, column {} is not as expected", error.line(), error.column())))
}

/// Milliseconds since 1970 times four, plus the precision: sorts as the dates do.
pub(crate) fn partial_date_number(date: PartialDate) -> i64 {
    let precision = match date.precision {
        Precision::Year => 0,
        Precision::Month => 1,
        Precision::Day => 2,
        Precision::Instant => 3,
    };
    date.first.as_millisecond() * 4 + precision
}

pub(crate) fn partial_date(number: i64) -> Result<PartialDate, StoreError> {
    Ok(PartialDate {
        first: Timestamp::from_millisecond(number.div_euclid(4)).map_err(|_| corrupt("date", "it is beyond the calendar"))?,
        precision: match number.rem_euclid(4) {
            0 => Precision::Year,
            1 => Precision::Month,
            2 => Precision::Day,
            _ => Precision::Instant,
        },
    })
}

pub(crate) fn day_number(day: Date) -> i64 {
    i64::from(epoch_day(day))
}

pub(crate) fn day(number: i64) -> Result<Date, StoreError> {
    i32::try_from(number).map(from_epoch_day).map_err(|_| corrupt("day", "it is beyond the calendar"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_reads_back_with_its_precision() {
        for text in ["1969", "1969-12", "1969-12-31", "1969-12-31T23:59:59.999Z", "0001", "9999-12-31"] {
            let date = PartialDate::parse(text).unwrap();
            assert_eq!(partial_date(partial_date_number(date)).unwrap(), date, "{text}");
        }
    }
}
