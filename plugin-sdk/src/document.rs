//! Reading a typed JSON document so that every finding names its place and its fix, and all findings come at once.
//!
//! ```
//! use outreach_plugin_sdk::document::Reader;
//!
//! fn months(document: &mut Reader<'_>) -> Option<i64> {
//!     document.object(&["months"]);
//!     document.member("months").integer(1, 120)
//! }
//!
//! assert_eq!(Reader::require(r#"{ "months": 12 }"#, months), Ok(12));
//!
//! // What can't be used is an error that says where, and what was expected.
//! let issues = Reader::check(r#"{ "months": 0, "month": 1 }"#, |document| {
//!     months(document);
//! });
//! assert_eq!(issues[0].message, "`month` is not known here; did you mean `months`?");
//! assert_eq!((issues[1].path.as_str(), issues[1].fatal), ("/months", true));
//! assert!(Reader::require("{}", months).is_err());
//! ```

use serde_json::{Map, Value};

use crate::segment::{Issue, PluginError};

/// A place in a document: the value there, the JSON pointer to it, and the findings so far.
pub struct Reader<'a> {
    value: &'a Value,
    path: String,
    issues: &'a mut Vec<Issue>,
}

/// The value of a document that has no member of that name.
static MISSING: Value = Value::Null;

impl<'a> Reader<'a> {
    /// Reads a document and says what is wrong with it.
    pub fn check(text: &str, read: impl FnOnce(&mut Reader<'_>)) -> Vec<Issue> {
        Self::read(text, |reader| {
            read(reader);
            Some(())
        })
        .1
    }

    /// Reads a document: what it says, where nothing fatal was found, and the findings.
    pub fn read<T>(text: &str, read: impl FnOnce(&mut Reader<'_>) -> Option<T>) -> (Option<T>, Vec<Issue>) {
        let mut issues = Vec::new();
        let value: Value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(error) => {
                issues.push(Issue::fatal("", format!("this is not a JSON document: {error}")));
                return (None, issues);
            }
        };
        let result = read(&mut Reader { value: &value, path: String::new(), issues: &mut issues });
        let usable = !issues.iter().any(|issue| issue.fatal);
        (result.filter(|_| usable), issues)
    }

    /// What a document says, or the first of its fatal findings as an error.
    ///
    /// # Errors
    /// [`PluginError::Invalid`] with the place and what was expected.
    pub fn require<T>(text: &str, read: impl FnOnce(&mut Reader<'_>) -> Option<T>) -> Result<T, PluginError> {
        let (result, issues) = Self::read(text, read);
        result.ok_or_else(|| {
            let finding = issues.iter().find(|issue| issue.fatal);
            PluginError::Invalid(
                finding.map_or_else(|| "the document can't be used".to_owned(), |issue| format!("{}: {}", issue.path, issue.message)),
            )
        })
    }

    /// A finding at this place that must be mended.
    pub fn fatal(&mut self, message: impl Into<String>) {
        self.issues.push(Issue::fatal(self.path.clone(), message));
    }

    /// A finding at this place that is worth a look.
    pub fn advice(&mut self, message: impl Into<String>) {
        self.issues.push(Issue::advice(self.path.clone(), message));
    }

    /// The JSON pointer to this place.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether there is nothing here.
    pub fn is_missing(&self) -> bool {
        self.value.is_null()
    }

    /// Whether this object has such a member.
    pub fn has(&self, name: &str) -> bool {
        self.value.get(name).is_some_and(|value| !value.is_null())
    }

    /// The place of a member; a missing one reads as nothing.
    pub fn member(&mut self, name: &str) -> Reader<'_> {
        let path = format!("{}/{}", self.path, name.replace('~', "~0").replace('/', "~1"));
        Reader { value: self.value.get(name).unwrap_or(&MISSING), path, issues: self.issues }
    }

    /// Whether this is an object with no other members than these; each other one is a finding that names the nearest known.
    pub fn object(&mut self, known: &[&str]) -> bool {
        let Some(object) = self.value.as_object() else {
            self.fatal(format!("expected an object, found {}", name_of(self.value)));
            return false;
        };
        for name in object.keys().filter(|name| !known.contains(&name.as_str())) {
            let nearest = known.iter().min_by_key(|candidate| distance(name, candidate)).copied().unwrap_or_default();
            let hint = if distance(name, nearest) <= 2 {
                format!("did you mean `{nearest}`?")
            } else {
                format!("expected one of {}", listed(known))
            };
            self.member(name).fatal(format!("`{name}` is not known here; {hint}"));
        }
        true
    }

    /// The names of the members of an object.
    pub fn names(&self) -> Vec<&'a str> {
        self.value.as_object().map(|object: &Map<_, _>| object.keys().map(String::as_str).collect()).unwrap_or_default()
    }

    /// A text that is not empty.
    pub fn text(&mut self) -> Option<&'a str> {
        match self.value {
            Value::String(text) if !text.trim().is_empty() => Some(text),
            value => {
                self.fatal(format!("expected a text, found {}", name_of(value)));
                None
            }
        }
    }

    /// A whole number within bounds.
    pub fn integer(&mut self, least: i64, most: i64) -> Option<i64> {
        match self.value.as_i64() {
            Some(number) if (least..=most).contains(&number) => Some(number),
            _ => {
                self.fatal(format!("expected a whole number from {least} to {most}, found {}", name_of(self.value)));
                None
            }
        }
    }

    /// A number.
    pub fn number(&mut self) -> Option<f64> {
        let number = self.value.as_f64();
        if number.is_none() {
            self.fatal(format!("expected a number, found {}", name_of(self.value)));
        }
        number
    }

    /// True or false.
    pub fn boolean(&mut self) -> Option<bool> {
        let truth = self.value.as_bool();
        if truth.is_none() {
            self.fatal(format!("expected true or false, found {}", name_of(self.value)));
        }
        truth
    }

    /// Each item of a list that is not empty; `None` where one of them, or the list, can't be read.
    pub fn items<T>(&mut self, most: usize, mut read: impl FnMut(&mut Reader<'_>) -> Option<T>) -> Option<Vec<T>> {
        let Some(items) = self.value.as_array().filter(|items| !items.is_empty()) else {
            self.fatal(format!("expected a list with at least one item, found {}", name_of(self.value)));
            return None;
        };
        if items.len() > most {
            self.fatal(format!("expected at most {most} items, found {}", items.len()));
            return None;
        }
        let read: Vec<Option<T>> = items
            .iter()
            .enumerate()
            .map(|(place, value)| read(&mut Reader { value, path: format!("{}/{place}", self.path), issues: self.issues }))
            .collect();
        read.into_iter().collect()
    }

    /// One of several texts, each with its meaning.
    pub fn choice<T: Copy>(&mut self, choices: &[(&str, T)]) -> Option<T> {
        let found = self.value.as_str().and_then(|text| choices.iter().find(|(name, _)| *name == text));
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            self.fatal(format!("expected one of {}, found {}", listed(&names), name_of(self.value)));
        }
        found.map(|(_, meaning)| *meaning)
    }
}

/// What a value is, in words that fit a message; texts are shown, cut.
fn name_of(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.trim().is_empty() => "an empty text".to_owned(),
        Value::String(text) => format!("`{}`", text.chars().take(60).collect::<String>()),
        Value::Array(items) if items.is_empty() => "an empty list".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// How many letters have to be put in, taken out or changed to make one name the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (place, letter) in one.chars().take(64).enumerate() {
        let mut diagonal = place;
        let mut left = place + 1;
        for (cell, known) in row.iter_mut().skip(1).zip(&other) {
            let best = (diagonal + usize::from(letter != *known)).min(*cell + 1).min(left + 1);
            diagonal = *cell;
            *cell = best;
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = place + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_names_its_place() {
        let issues = Reader::check(r#"{"a": {"b": [1, "x"]}, "c~/d": 1}"#, |document| {
            document.object(&["a"]);
            document.member("a").member("b").items(10, |item| item.integer(0, 9));
        });
        let paths: Vec<&str> = issues.iter().map(|issue| issue.path.as_str()).collect();
        assert_eq!(paths, ["/c~0~1d", "/a/b/1"]);
    }

    #[test]
    fn what_is_no_json_is_one_finding() {
        let (read, issues) = Reader::read("{", |_| Some(1));
        assert_eq!((read, issues.len()), (None, 1));
    }

    #[test]
    fn the_distance_of_names_counts_changed_letters() {
        assert_eq!(distance("tittle", "title"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("wait", "wait"), 0);
    }
}
