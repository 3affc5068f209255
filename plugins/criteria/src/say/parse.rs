//! From lines to a document.

use serde_json::{Value, json};

use super::clauses::{read_codes, read_moment, read_set, read_time, read_value, read_value_set, set};
use super::lines::{Line, read_quoted, read_text};
use super::words::{CLAUSES, DECEASED, GROUP_FLAGS, GROUPS, HEAD, KINDS, MEASURE, POPULATIONS, SEXES, Shape, Table, word};

type Read<T> = Result<T, String>;

pub(super) fn document(lines: &[Line]) -> Read<Value> {
    let (mut document, mut measure) = (json!({ "version": 1 }), json!({}));
    for line in lines {
        if let Some((name, said)) = headed(HEAD, &line.text) {
            set(&mut document, name, said);
        } else if let Some((name, said)) = headed(MEASURE, &line.text) {
            set(&mut measure, name, said);
        } else if let Some(said) = line.text.strip_prefix("Period: ") {
            set(&mut document, "period", period(said).ok_or_else(|| line.wrong("a period"))?);
        } else if let Some(name) = line.text.strip_prefix("Block ") {
            let name = read_text(name).ok_or_else(|| line.wrong("the name of a block in quotation marks"))?;
            push(&mut document, "blocks", json!({ "name": name, "is": only(line)? }));
        } else if line.text == "Members" {
            set(&mut document, "members", only(line)?);
        } else if let Some(key) = line.text.strip_prefix("Group ") {
            let group = group(key, line)?;
            push(&mut document, "groups", group);
        } else {
            return Err(line.wrong("`Title`, `Key`, `Period`, `Block`, `Members` or `Group`"));
        }
    }
    if measure != json!({}) {
        set(&mut document, "measure", measure);
    }
    Ok(document)
}

fn push(document: &mut Value, name: &str, item: Value) {
    match document.get_mut(name).and_then(Value::as_array_mut) {
        Some(items) => items.push(item),
        None => set(document, name, json!([item])),
    }
}

fn headed(table: Table, said: &str) -> Option<(&'static str, String)> {
    table.iter().find_map(|(name, phrase)| Some((*name, read_text(said.strip_prefix(phrase)?.strip_prefix(": ")?)?)))
}

fn period(said: &str) -> Option<Value> {
    if said == "the calendar year" {
        return Some("calendar year".into());
    }
    if let Some(months) = said.strip_prefix("the ").and_then(|said| said.strip_suffix(" months up to today")) {
        return Some(json!({ "months": months.parse::<i64>().ok()? }));
    }
    let (from, to) = said.strip_prefix("from ")?.split_once(" to ")?;
    Some(json!({ "from": from, "to": to }))
}

fn group(key: &str, lines: &Line) -> Read<Value> {
    let mut group = json!({ "key": key });
    for line in &lines.below {
        if let Some((name, said)) = headed(&[("title", "Title")], &line.text) {
            set(&mut group, name, said);
        } else if let Some(name) = word(GROUP_FLAGS, &line.text) {
            set(&mut group, name, true);
        } else if let Some(name) = word(POPULATIONS, &line.text) {
            set(&mut group, name, only(line)?);
        } else {
            return Err(line.wrong("the title or a population of the group"));
        }
    }
    Ok(group)
}

/// The one condition a line goes on in.
fn only(line: &Line) -> Read<Value> {
    match line.below.as_slice() {
        [one] => condition(one),
        _ => Err(line.wrong("one condition in the lines below")),
    }
}

fn all(line: &Line) -> Read<Value> {
    line.below.iter().map(condition).collect()
}

fn condition(line: &Line) -> Read<Value> {
    let label = if line.text.starts_with('"') {
        let label = read_quoted(&line.text).and_then(|(label, rest)| Some((label, rest.strip_prefix(": ")?)));
        Some(label.ok_or_else(|| line.wrong("a label in quotation marks, a colon and a condition"))?)
    } else {
        None
    };
    let mut read = unlabelled(label.as_ref().map_or(line.text.as_str(), |(_, rest)| rest), line)?;
    if let Some((label, _)) = label {
        set(&mut read, "label", label);
    }
    Ok(read)
}

fn unlabelled(said: &str, line: &Line) -> Read<Value> {
    if let Some(group) = word(GROUPS, said) {
        return Ok(json!({ group: all(line)? }));
    }
    if said == "not" {
        return Ok(json!({ "not": only(line)? }));
    }
    if let Some(name) = said.strip_prefix("as in block ") {
        return read_text(name).map(|name| json!({ "block": name })).ok_or_else(|| line.wrong("the name of a block in quotation marks"));
    }
    if let Some(sex) = word(SEXES, said) {
        return Ok(json!({ "sex": sex }));
    }
    if let Some(deceased) = word(DECEASED, said) {
        return Ok(json!({ "deceased": deceased == "true" }));
    }
    if let Some(kind) = word(KINDS, said) {
        return clauses(json!({ "fact": kind }), &line.below);
    }
    if let Some(name) = said.strip_suffix("] is so").and_then(|said| said.strip_prefix('[')) {
        return clauses(json!({ "that": name }), &line.below);
    }
    match said {
        "a count" => count(line),
        "the last day" => last_day(line),
        _ => age(said).ok_or_else(|| line.wrong("a condition")),
    }
}

fn count(line: &Line) -> Read<Value> {
    let (of, rest): (Vec<&Line>, Vec<&Line>) = line.below.iter().partition(|below| below.text == "of");
    let [of] = of.as_slice() else { return Err(line.wrong("one line `of` below")) };
    let rest: Vec<Line> = rest.into_iter().cloned().collect();
    Ok(json!({ "count": clauses(json!({ "of": all(of)? }), &rest)? }))
}

fn last_day(line: &Line) -> Read<Value> {
    match line.below.as_slice() {
        [of, lowest] if of.text == "of" && lowest.text == "the lowest" => {
            Ok(json!({ "last_day": { "day_of": only(of)?, "lowest": all(lowest)? } }))
        }
        _ => Err(line.wrong("a line `of` and a line `the lowest` below")),
    }
}

fn age(said: &str) -> Option<Value> {
    let (range, at) = said.split_once(" on ")?;
    let mut age = json!({ "at": read_moment(at)? });
    let years = |text: &str| text.parse::<i64>().ok();
    if let Some(from) = range.strip_suffix(" years old or older") {
        set(&mut age, "from", years(from)?);
    } else if let Some(to) = range.strip_suffix(" years old or younger") {
        set(&mut age, "to", years(to)?);
    } else {
        let (from, to) = range.strip_suffix(" years old")?.split_once(" to ")?;
        set(&mut age, "from", years(from)?);
        set(&mut age, "to", years(to)?);
    }
    Some(json!({ "age": age }))
}

/// Reads what is asked of a fact into the fact.
fn clauses(mut fact: Value, lines: &[Line]) -> Read<Value> {
    for line in lines {
        if let Some(value) = read_value(line) {
            set(&mut fact, "value", value);
        } else if read_time(&line.text, &mut fact).is_none() {
            let (name, value) = clause(line)?;
            set(&mut fact, name, value);
        }
    }
    Ok(fact)
}

fn clause(line: &Line) -> Read<(&'static str, Value)> {
    let said = line.text.as_str();
    for (name, phrase, shape) in CLAUSES {
        let Some(rest) = said.strip_prefix(phrase) else { continue };
        if *shape == Shape::Condition && rest.is_empty() {
            return Ok((name, only(line)?));
        }
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        let value = match shape {
            Shape::Text => read_text(rest).map(Value::from),
            Shape::Words => Some(rest.split(", ").map(Value::from).collect()),
            Shape::Name => rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).map(Value::from),
            Shape::Number => rest.parse::<i64>().ok().map(Value::from),
            Shape::True if rest.is_empty() => Some(true.into()),
            Shape::Choice(table) => word(table, rest).map(Value::from),
            Shape::ValueSet => read_value_set(rest),
            Shape::ValueSets if rest.is_empty() => line.below.iter().map(|line| read_value_set(&line.text)).collect(),
            Shape::Codes if rest.is_empty() => read_codes(&line.below),
            Shape::Set if rest.is_empty() => read_set(&line.below),
            _ => None,
        };
        return value.map(|value| (*name, value)).ok_or_else(|| line.wrong("the rest of what is asked of a fact"));
    }
    Err(line.wrong("something that can be asked of a fact"))
}
