//! The parameters of a search, and of history.

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};

use super::LARGEST_PAGE;
use crate::{error::Error, resource::referenced_patient};

/// Entries of a page where the client does not say.
const USUAL_PAGE: usize = 100;

/// A search that was understood.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) kind: &'static str,
    pub(crate) ids: Option<Vec<String>>,
    pub(crate) patient: Option<String>,
    pub(crate) updated: Vec<Bound>,
    pub(crate) identifier: Option<Token>,
    pub(crate) name: Option<String>,
    pub(crate) birthdate: Vec<(Comparison, String)>,
    pub(crate) gender: Option<String>,
    pub(crate) category: Option<Vec<Token>>,
    pub(crate) code: Option<Vec<Token>>,
    /// `url` of a Subscription.
    pub(crate) endpoint: Option<String>,
    pub(crate) count: usize,
    pub(crate) sort: Sort,
    /// Names of parameters that are not known here.
    pub(crate) unknown: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    None,
    OldestFirst,
    NewestFirst,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotBefore,
    After,
    NotAfter,
    Before,
}

/// A bound on `meta.lastUpdated`; a date or a coarse instant is the interval it spans.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    pub(crate) comparison: Comparison,
    pub(crate) start: Timestamp,
    /// The first instant after the interval.
    pub(crate) end: Timestamp,
}

/// `system|code`, `|code`, `system|` or `code`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) system: Option<String>,
    pub(crate) code: Option<String>,
}

impl Query {
    /// A query for everything of a type.
    pub(crate) fn everything(kind: &'static str) -> Self {
        Self {
            kind,
            ids: None,
            patient: None,
            updated: Vec::new(),
            identifier: None,
            name: None,
            birthdate: Vec::new(),
            gender: None,
            category: None,
            code: None,
            endpoint: None,
            count: USUAL_PAGE,
            sort: Sort::None,
            unknown: Vec::new(),
        }
    }

    /// Reads the parameters. `_format` and `_pretty` have no say here.
    ///
    /// # Errors
    /// `Invalid` names the parameter whose value can't be read.
    pub(crate) fn read(kind: &'static str, parameters: &[(String, String)]) -> Result<Self, Error> {
        let mut query = Self::everything(kind);
        let is_patient = kind == "Patient";
        for (name, value) in parameters {
            match name.as_str() {
                "_id" => query.ids = Some(value.split(',').map(str::to_owned).collect()),
                "patient" | "subject" if !is_patient => query.patient = Some(patient(name, value)?),
                "_lastUpdated" => query.updated.push(bound(name, value)?),
                "_since" => query.updated.push(Bound { comparison: Comparison::NotBefore, ..bound(name, value)? }),
                "_count" => query.count = count(value)?,
                "_sort" => query.sort = sort(value)?,
                "identifier" => query.identifier = Some(token(value)),
                "name" if is_patient => query.name = Some(value.to_lowercase()),
                "birthdate" if is_patient => query.birthdate.push(comparison(value)),
                "gender" if is_patient => query.gender = Some(value.clone()),
                "category" if !is_patient => query.category = Some(value.split(',').map(token).collect()),
                "code" if !is_patient => query.code = Some(value.split(',').map(token).collect()),
                "url" if kind == "Subscription" => query.endpoint = Some(value.clone()),
                "_format" | "_pretty" => {}
                other => query.unknown.push(other.to_owned()),
            }
        }
        Ok(query)
    }

    /// Only what was changed after this instant can match.
    pub(crate) fn after(&self) -> Option<Timestamp> {
        let lower = self.updated.iter().filter_map(|bound| match bound.comparison {
            Comparison::After => Some(bound.end),
            Comparison::NotBefore | Comparison::Equal => Some(bound.start),
            Comparison::NotAfter | Comparison::Before => None,
        });
        let before = |at: Timestamp| at.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(at);
        lower.max().map(before)
    }
}

fn sort(value: &str) -> Result<Sort, Error> {
    match value {
        "_lastUpdated" => Ok(Sort::OldestFirst),
        "-_lastUpdated" => Ok(Sort::NewestFirst),
        other => Err(Error::Invalid(format!("_sort={other} is not known; _lastUpdated and -_lastUpdated are"))),
    }
}

fn patient(name: &str, value: &str) -> Result<String, Error> {
    if !value.contains('/') {
        return Ok(value.to_owned());
    }
    referenced_patient(value).map(str::to_owned).ok_or_else(|| Error::Invalid(format!("{name}={value} does not name a Patient")))
}

/// Reads `_count`, at most the largest page.
pub(crate) fn count(value: &str) -> Result<usize, Error> {
    match value.parse() {
        Ok(0) | Err(_) => Err(Error::Invalid(format!("_count={value} is not a number from 1 on"))),
        Ok(count) => Ok(LARGEST_PAGE.min(count)),
    }
}

fn comparison(value: &str) -> (Comparison, String) {
    for (prefix, comparison) in [
        ("eq", Comparison::Equal),
        ("ge", Comparison::NotBefore),
        ("gt", Comparison::After),
        ("le", Comparison::NotAfter),
        ("lt", Comparison::Before),
    ] {
        if let Some(rest) = value.strip_prefix(prefix) {
            return (comparison, rest.to_owned());
        }
    }
    (Comparison::Equal, value.to_owned())
}

/// Reads a date or instant with an optional comparison before it.
pub(crate) fn bound(name: &str, value: &str) -> Result<Bound, Error> {
    let (comparison, moment) = comparison(value);
    let (start, end) = interval(&moment)
        .ok_or_else(|| Error::Invalid(format!("{name}={value} is not a date or an instant like 2026-01-31T08:00:00Z (write + as %2B)")))?;
    Ok(Bound { comparison, start, end })
}

fn interval(text: &str) -> Option<(Timestamp, Timestamp)> {
    let midnight = |day: Date| day.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    match text.len() {
        4 => {
            let start: Date = format!("{text}-01-01").parse().ok()?;
            Some((midnight(start)?, midnight(start.checked_add(1.year()).ok()?)?))
        }
        7 => {
            let start: Date = format!("{text}-01").parse().ok()?;
            Some((midnight(start)?, midnight(start.checked_add(1.month()).ok()?)?))
        }
        10 => {
            let start: Date = text.parse().ok()?;
            Some((midnight(start)?, midnight(start.tomorrow().ok()?)?))
        }
        _ => {
            let start: Timestamp = text.parse().ok()?;
            let fine = text.contains('.');
            let width = if fine { SignedDuration::from_millis(1) } else { SignedDuration::from_secs(1) };
            Some((start, start.checked_add(width).ok()?))
        }
    }
}

fn token(value: &str) -> Token {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    match value.split_once('|') {
        Some((system, code)) => Token { system: some(system), code: some(code) },
        None => Token { system: None, code: some(value) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_spans_its_whole_day() {
        let bound = bound("_lastUpdated", "gt2026-11-23").expect("it is a date");
        assert_eq!(bound.comparison, Comparison::After);
        assert_eq!(bound.end.to_string(), "2026-11-24T00:00:00Z");
    }

    #[test]
    fn what_is_not_known_is_told_apart_from_what_is_wrong() {
        let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        let query = Query::read("Patient", &pair("favourite", "tea")).expect("unknown is not wrong");
        assert_eq!(query.unknown, ["favourite"]);
        assert!(Query::read("Patient", &pair("_lastUpdated", "yesterday")).is_err());
        assert!(Query::read("Patient", &pair("_count", "0")).is_err());
        assert!(Query::read("Observation", &pair("subject", "Group/1")).is_err());
    }
}
