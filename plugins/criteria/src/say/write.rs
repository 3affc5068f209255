//! From a document to lines. `None` where a document has a shape that was not checked.

use serde_json::Value;

use super::clauses::{member, words, write_codes, write_moment, write_set, write_time, write_value, write_value_set};
use super::lines::{Line, quoted, text};
use super::words::{CLAUSES, DECEASED, GROUP_FLAGS, GROUPS, HEAD, KINDS, MEASURE, POPULATIONS, SEXES, Shape, Table, english};

pub(super) fn document(document: &Value) -> Option<Vec<Line>> {
    let mut lines = head(HEAD, document);
    lines.extend(member(document, "measure").map(|measure| head(MEASURE, measure)).unwrap_or_default());
    lines.push(Line::new(format!("Period: {}", period(member(document, "period"))?)));
    for block in list(document, "blocks") {
        lines.push(Line::with(format!("Block {}", quoted(words(block, "name")?)), vec![condition(member(block, "is")?)?]));
    }
    if let Some(members) = member(document, "members") {
        lines.push(Line::with("Members", vec![condition(members)?]));
    }
    for group in list(document, "groups") {
        let mut below = vec![Line::new(format!("Title: {}", text(words(group, "title")?)))];
        for (name, phrase) in GROUP_FLAGS {
            if member(group, name).and_then(Value::as_bool) == Some(true) {
                below.push(Line::new(*phrase));
            }
        }
        for (name, phrase) in POPULATIONS {
            if let Some(population) = member(group, name) {
                below.push(Line::with(*phrase, vec![condition(population)?]));
            }
        }
        lines.push(Line::with(format!("Group {}", words(group, "key")?), below));
    }
    Some(lines)
}

fn list<'v>(object: &'v Value, name: &str) -> &'v [Value] {
    member(object, name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn head(table: Table, object: &Value) -> Vec<Line> {
    let one = |(name, phrase): &(&str, &str)| words(object, name).map(|said| Line::new(format!("{phrase}: {}", text(said))));
    table.iter().filter_map(one).collect()
}

fn period(period: Option<&Value>) -> Option<String> {
    let Some(period) = period.filter(|period| period.is_object()) else { return Some("the calendar year".to_owned()) };
    match member(period, "months") {
        Some(months) if member(period, "from").is_none() => Some(format!("the {months} months up to today")),
        _ => Some(format!("from {} to {}", words(period, "from")?, words(period, "to")?)),
    }
}

/// A condition: what it is called, what it asks, and how it goes on.
fn condition(said: &Value) -> Option<Line> {
    let mut line = unlabelled(said)?;
    if let Some(label) = words(said, "label") {
        line.text = format!("{}: {}", quoted(label), line.text);
    }
    Some(line)
}

fn unlabelled(said: &Value) -> Option<Line> {
    for (name, phrase) in GROUPS {
        if member(said, name).is_some() {
            return Some(Line::with(*phrase, list(said, name).iter().map(condition).collect::<Option<_>>()?));
        }
    }
    if let Some(one) = member(said, "not") {
        return Some(Line::with("not", vec![condition(one)?]));
    }
    if let Some(block) = words(said, "block") {
        return Some(Line::new(format!("as in block {}", quoted(block))));
    }
    if let Some(age) = member(said, "age") {
        return self::age(age).map(Line::new);
    }
    if let Some(sex) = words(said, "sex") {
        return english(SEXES, sex).map(Line::new);
    }
    if let Some(deceased) = member(said, "deceased") {
        return english(DECEASED, if deceased.as_bool()? { "true" } else { "false" }).map(Line::new);
    }
    if let Some(kind) = words(said, "fact") {
        return Some(Line::with(english(KINDS, kind)?, clauses(said)?));
    }
    if let Some(name) = words(said, "that") {
        return Some(Line::with(format!("[{name}] is so"), clauses(said)?));
    }
    if let Some(count) = member(said, "count") {
        let mut below = clauses(count)?;
        below.push(Line::with("of", list(count, "of").iter().map(condition).collect::<Option<_>>()?));
        return Some(Line::with("a count", below));
    }
    let last_day = member(said, "last_day")?;
    let lowest = list(last_day, "lowest").iter().map(condition).collect::<Option<_>>()?;
    let of = Line::with("of", vec![condition(member(last_day, "day_of")?)?]);
    Some(Line::with("the last day", vec![of, Line::with("the lowest", lowest)]))
}

fn age(age: &Value) -> Option<String> {
    let years = |name: &str| member(age, name).and_then(Value::as_i64);
    let range = match (years("from"), years("to")) {
        (Some(from), Some(to)) => format!("{from} to {to} years old"),
        (Some(from), None) => format!("{from} years old or older"),
        (None, to) => format!("{} years old or younger", to?),
    };
    Some(format!("{range} on {}", write_moment(words(age, "at").unwrap_or("as-of"))?))
}

/// What is asked of a fact, a line for each.
fn clauses(said: &Value) -> Option<Vec<Line>> {
    let mut lines = Vec::new();
    for (name, phrase, shape) in CLAUSES {
        if let Some(value) = member(said, name) {
            lines.extend(clause(phrase, *shape, value)?);
        }
        if *name == "codes" {
            lines.extend(write_time(said)?);
            if let Some(value) = member(said, "value") {
                lines.push(write_value(value)?);
            }
        }
    }
    Some(lines)
}

#[expect(clippy::option_option, reason = "nothing to say, and nothing that can be said, are two things")]
fn clause(phrase: &str, shape: Shape, value: &Value) -> Option<Option<Line>> {
    let after = |rest: String| Line::new(format!("{phrase} {rest}"));
    Some(Some(match shape {
        Shape::Text => after(text(value.as_str()?)),
        Shape::Words => after(value.as_array()?.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?.join(", ")),
        Shape::Name => after(format!("[{}]", value.as_str()?)),
        Shape::Number => after(value.as_i64()?.to_string()),
        Shape::True if value.as_bool()? => Line::new(phrase),
        Shape::True => return Some(None),
        Shape::Choice(table) => after(english(table, value.as_str()?)?.to_owned()),
        Shape::ValueSet => after(write_value_set(value)?),
        Shape::ValueSets => {
            let sets = value.as_array()?.iter().map(|set| write_value_set(set).map(Line::new));
            Line::with(phrase, sets.collect::<Option<_>>()?)
        }
        Shape::Codes => Line::with(phrase, write_codes(value)?),
        Shape::Set => Line::with(phrase, write_set(value)?),
        Shape::Condition => Line::with(phrase, vec![condition(value)?]),
    }))
}
