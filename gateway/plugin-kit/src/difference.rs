//! What was expected beside what came out.
//!
//! An expectation says what matters: of an object the members it names, of a list each item, in order. A text that begins or ends with `...`
//! stands for one that ends or begins so, and `null` for nothing.

use std::fmt;

use serde_json::{Map, Value};

/// What stands for any text before or after.
const ANYTHING: &str = "...";
/// Letters of a value that are shown.
const SHOWN: usize = 2_000;

/// Something that came out otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// JSON pointer to what was expected, in the case.
    pub path: String,
    /// What was expected.
    pub expected: String,
    /// What came out.
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, expected, found } = self;
        if expected.len() + found.len() < 60 {
            write!(f, "{path}: expected {expected}, found {found}")
        } else {
            write!(f, "{path}:\n  expected {expected}\n  found    {found}")
        }
    }
}

impl Difference {
    /// Something came out of which the case says nothing.
    pub(crate) fn unsaid(path: &str, found: &Value) -> Self {
        Self { path: path.to_owned(), expected: "the case to say what is to come out".to_owned(), found: shown(found) }
    }
}

/// Where what came out is not what was expected.
pub(crate) fn differences(path: &str, expected: &Value, found: &Value) -> Vec<Difference> {
    let mut all = Vec::new();
    compare(path, expected, found, &mut all);
    all
}

fn compare(path: &str, expected: &Value, found: &Value, all: &mut Vec<Difference>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (name, expected) in expected {
                compare(&under(path, name), expected, found.get(name).unwrap_or(&Value::Null), all);
            }
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            for (place, (expected, found)) in expected.iter().zip(found).enumerate() {
                compare(&under(path, &place.to_string()), expected, found, all);
            }
        }
        (Value::String(pattern), Value::String(text)) if matches(pattern, text) => {}
        (Value::Number(expected), Value::Number(found)) if expected.as_f64() == found.as_f64() => {}
        _ if expected == found => {}
        _ => all.push(Difference { path: path.to_owned(), expected: shown(expected), found: shown(found) }),
    }
}

/// The JSON pointer to a member.
pub(crate) fn under(path: &str, name: &str) -> String {
    format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn matches(pattern: &str, text: &str) -> bool {
    match (pattern.strip_prefix(ANYTHING), pattern.strip_suffix(ANYTHING)) {
        (Some(rest), Some(_)) => text.contains(rest.strip_suffix(ANYTHING).unwrap_or_default()),
        (Some(end), None) => text.ends_with(end),
        (None, Some(start)) => text.starts_with(start),
        (None, None) => pattern == text,
    }
}

fn shown(value: &Value) -> String {
    let text = if value.is_null() { "nothing".to_owned() } else { value.to_string() };
    if text.chars().count() > SHOWN { format!("{}...", text.chars().take(SHOWN).collect::<String>()) } else { text }
}

/// What came out, in the words of what was expected: only what that names, and all of it where it names nothing.
pub(crate) fn as_expected(expected: Option<&Value>, found: &Value) -> Value {
    match (expected, found) {
        (Some(Value::Object(expected)), Value::Object(found)) if !expected.is_empty() => {
            let member = |(name, expected): (&String, &Value)| {
                (name.clone(), found.get(name).map_or(Value::Null, |found| as_expected(Some(expected), found)))
            };
            Value::Object(expected.iter().map(member).collect())
        }
        (Some(Value::Array(expected)), Value::Array(found)) if expected.len() == found.len() => {
            Value::Array(expected.iter().zip(found).map(|(expected, found)| as_expected(Some(expected), found)).collect())
        }
        (Some(Value::String(pattern)), Value::String(text)) if matches(pattern, text) => Value::String(pattern.clone()),
        _ => without_nothing(found),
    }
}

/// Without members that are `null`.
fn without_nothing(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let there = members.iter().filter(|(_, value)| !value.is_null());
            Value::Object(there.map(|(name, value)| (name.clone(), without_nothing(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_nothing).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_named_does_not_matter_and_what_is_named_does() {
        let found = json!({"at_step": "invite", "effects": [{"send": "hello", "step": "invite"}], "error": null});
        for expected in [json!({}), json!({"at_step": "invite"}), json!({"effects": [{"send": "hello"}]}), json!({"error": null})] {
            assert_eq!(differences("", &expected, &found), [], "{expected}");
        }
        let paths = |expected: Value| differences("/expect", &expected, &found).into_iter().map(|it| it.path).collect::<Vec<_>>();
        assert_eq!(paths(json!({"at_step": "end", "effects": [{"send": "bye"}]})), ["/expect/at_step", "/expect/effects/0/send"]);
        assert_eq!(paths(json!({"effects": []})), ["/expect/effects"]);
        assert_eq!(paths(json!({"a/b": 1})), ["/expect/a~1b"]);
    }

    #[test]
    fn points_stand_for_any_text() {
        for (pattern, text) in [("a...", "abc"), ("...c", "abc"), ("...b...", "abc"), ("...", "abc"), ("abc", "abc")] {
            assert!(matches(pattern, text), "{pattern}");
        }
        for pattern in ["b...", "...b", "...d...", "ab", ""] {
            assert!(!matches(pattern, "abc"), "{pattern}");
        }
    }

    #[test]
    fn what_is_written_names_what_was_named() {
        let found = json!({"member": true, "review_on": null, "evidence": ["seen on 2026-03-01"]});
        assert_eq!(as_expected(None, &found), json!({"member": true, "evidence": ["seen on 2026-03-01"]}));
        assert_eq!(as_expected(Some(&json!({"member": false})), &found), json!({"member": true}));
        assert_eq!(as_expected(Some(&json!({"evidence": ["seen..."]})), &found), json!({"evidence": ["seen..."]}));
        assert_eq!(as_expected(Some(&json!({"review_on": "2027-01-01"})), &found), json!({"review_on": null}));
    }
}
