//! Putting a value into a JSON text, and leaving everything else as its author wrote it.

use serde_json::Value;

/// Blanks of a level.
const STEP: usize = 2;

/// The text with a value at the place of a JSON pointer, whose parent is an object or list that is there. The text as it is where it is
/// none.
pub(crate) fn put(text: &str, pointer: &str, value: &Value) -> String {
    let names: Vec<String> = pointer.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~")).collect();
    let written = pretty(value, names.len() * STEP);
    let mut scanner = Scanner { bytes: text.as_bytes(), at: 0 };
    let changed = match scanner.find(&names) {
        Some(Place::There { start, end }) => spliced(text, start, end, &written),
        Some(Place::Missing { before, is_first }) => {
            let name = names.last().map(|name| Value::String(name.clone()).to_string()).unwrap_or_default();
            let (comma, indent) = (if is_first { "" } else { "," }, " ".repeat(names.len() * STEP));
            let end = if is_first { format!("\n{}", " ".repeat(names.len().saturating_sub(1) * STEP)) } else { String::new() };
            spliced(text, before, before, &format!("{comma}\n{indent}{name}: {written}{end}"))
        }
        None => None,
    };
    changed.unwrap_or_else(|| text.to_owned())
}

fn spliced(text: &str, start: usize, end: usize, between: &str) -> Option<String> {
    Some(format!("{}{between}{}", text.get(..start)?, text.get(end..)?))
}

/// A value on lines that begin with so many blanks, the first excepted; what is short on one.
fn pretty(value: &Value, indent: usize) -> String {
    let short = value.to_string();
    let is_flat = |value: &Value| !matches!(value, Value::Object(_) | Value::Array(_));
    match value {
        Value::Array(items) if items.iter().all(is_flat) && short.len() < 80 => {
            format!("[{}]", items.iter().map(Value::to_string).collect::<Vec<_>>().join(", "))
        }
        Value::Object(members) if !members.is_empty() && members.values().all(is_flat) && short.len() < 80 => {
            let members: Vec<String> = members.iter().map(|(name, value)| format!("{}: {value}", Value::String(name.clone()))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        Value::Array(items) if !items.is_empty() => {
            let inner = " ".repeat(indent + STEP);
            let items: Vec<String> = items.iter().map(|item| format!("{inner}{}", pretty(item, indent + STEP))).collect();
            format!("[\n{}\n{}]", items.join(",\n"), " ".repeat(indent))
        }
        Value::Object(members) if !members.is_empty() => {
            let inner = " ".repeat(indent + STEP);
            let member =
                |(name, value): (&String, &Value)| format!("{inner}{}: {}", Value::String(name.clone()), pretty(value, indent + STEP));
            let members: Vec<String> = members.iter().map(member).collect();
            format!("{{\n{}\n{}}}", members.join(",\n"), " ".repeat(indent))
        }
        _ => short,
    }
}

enum Place {
    There {
        start: usize,
        end: usize,
    },
    /// Where the last member of its parent ends, or the parent's bracket where there is none.
    Missing {
        before: usize,
        is_first: bool,
    },
}

/// Walks over a text that is known to be JSON.
struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn find(&mut self, names: &[String]) -> Option<Place> {
        self.blanks();
        let Some((name, rest)) = names.split_first() else {
            let start = self.at;
            self.skip()?;
            return Some(Place::There { start, end: self.at });
        };
        let opening = self.peek()?;
        self.at += 1;
        let (mut end, mut count) = (self.at, 0_usize);
        loop {
            self.blanks();
            match self.peek()? {
                b'}' | b']' => break,
                b',' => self.at += 1,
                _ => {
                    let is_it = if opening == b'{' {
                        let start = self.at;
                        self.string()?;
                        let key: String = serde_json::from_slice(self.bytes.get(start..self.at)?).ok()?;
                        self.blanks();
                        self.at += 1;
                        key == *name
                    } else {
                        count.to_string() == *name
                    };
                    if is_it {
                        return self.find(rest);
                    }
                    self.blanks();
                    self.skip()?;
                    (end, count) = (self.at, count + 1);
                }
            }
        }
        (rest.is_empty() && opening == b'{').then_some(Place::Missing { before: end, is_first: count == 0 })
    }

    fn skip(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.string(),
            b'{' | b'[' => {
                let mut depth = 0_usize;
                loop {
                    match self.peek()? {
                        b'"' => {
                            self.string()?;
                            continue;
                        }
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth -= 1,
                        _ => {}
                    }
                    self.at += 1;
                    if depth == 0 {
                        return Some(());
                    }
                }
            }
            _ => {
                while self.peek().is_some_and(|byte| !matches!(byte, b',' | b'}' | b']') && !byte.is_ascii_whitespace()) {
                    self.at += 1;
                }
                Some(())
            }
        }
    }

    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            match self.peek()? {
                b'\\' => self.at += 2,
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                _ => self.at += 1,
            }
        }
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "{\n  \"says\": \"a } \\\" {\",  \"events\": [ {\"at\": 1 }, { } ],\n  \"é\": [1,2]\n}\n";

    #[test]
    fn a_value_is_put_in_and_the_rest_stays_as_it_was_written() {
        assert_eq!(put(TEXT, "/events/0/at", &json!("now")), TEXT.replace("1 }", "\"now\" }"));
        assert_eq!(put(TEXT, "/é/1", &json!(null)), TEXT.replace("[1,2]", "[1,null]"));
    }

    #[test]
    fn a_member_that_is_missing_is_added() {
        let added = put(TEXT, "/events/0/expect", &json!({"effects": [], "at_step": "x"}));
        let read: Value = serde_json::from_str(&added).unwrap();
        assert_eq!(read["events"][0], json!({"at": 1, "expect": {"effects": [], "at_step": "x"}}));
        let added = put(&added, "/events/1/expect", &json!({"deep": [{"a": [1, 2]}, {}]}));
        let read: Value = serde_json::from_str(&added).unwrap();
        assert_eq!(read["events"][1]["expect"]["deep"][0]["a"], json!([1, 2]));
        assert!(added.ends_with("\"é\": [1,2]\n}\n"), "{added}");
        let added = put(TEXT, "/expect", &json!({"error": "no"}));
        assert!(added.ends_with("[1,2],\n  \"expect\": { \"error\": \"no\" }\n}\n"), "{added}");
    }

    #[test]
    fn what_has_no_place_changes_nothing() {
        for (text, pointer) in [(TEXT, "/none/at"), (TEXT, "/events/7/at"), (TEXT, "/events/7"), ("{", "/a"), ("", "/a"), ("[\"", "/0")] {
            assert_eq!(put(text, pointer, &json!(1)), text, "{pointer}");
        }
    }
}
