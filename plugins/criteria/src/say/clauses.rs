//! Moments, windows, values and sets of codes, both ways.

use serde_json::{Value, json};

use super::lines::{Line, read_text, read_token, text, token};
use super::words::{
    ANCHORS, ANSWER, COMPARISONS, EDGES, INSTANT, OF_FACT, OFFSETS, PRESENCE, RELATIONS, SAME_RELATIONS, begun, english, word,
};

/// A member of an object that is there: nothing is nothing.
pub(super) fn member<'v>(object: &'v Value, name: &str) -> Option<&'v Value> {
    object.get(name).filter(|value| !value.is_null())
}

/// Gives an object a member.
pub(super) fn set(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value.into());
    }
}

/// A member that is a text.
pub(super) fn words<'v>(object: &'v Value, name: &str) -> Option<&'v str> {
    member(object, name)?.as_str()
}

/// `period start -15 months`: the start of the period less 15 months.
pub(super) fn write_moment(moment: &str) -> Option<String> {
    let parts: Vec<&str> = moment.split_whitespace().collect();
    // A number with a sign may stand right behind its anchor.
    let joined = parts.join(" ");
    let cut = joined.char_indices().find(|(place, each)| {
        let digit = joined.get(place + 1..).is_some_and(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()));
        let ahead = joined.get(..*place).unwrap_or_default();
        matches!(each, '+' | '-') && digit && (ahead.is_empty() || ahead.ends_with(' ') || is_anchor(ahead))
    });
    let (anchor, offsets) = joined.split_at(cut.map_or(joined.len(), |(place, _)| place));
    let anchor = anchor.trim();
    let mut said = match anchor {
        "" => english(ANCHORS, "as-of")?.to_owned(),
        anchor => match english(ANCHORS, anchor) {
            Some(phrase) => phrase.to_owned(),
            None => OF_FACT.iter().find_map(|(edge, phrase)| anchor.strip_suffix(edge).map(|name| format!("{phrase}[{name}]")))?,
        },
    };
    let mut rest = offsets.split_whitespace();
    while let Some(number) = rest.next() {
        let (sign, number) = number.split_at_checked(1)?;
        said = format!("{said} {} {number} {}", english(OFFSETS, sign)?, rest.next()?);
    }
    Some(said)
}

fn is_anchor(text: &str) -> bool {
    english(ANCHORS, text).is_some() || OF_FACT.iter().any(|(edge, _)| text.ends_with(edge))
}

/// The start of the period less 15 months: `period start -15 months`.
pub(super) fn read_moment(said: &str) -> Option<String> {
    let place = OFFSETS.iter().filter_map(|(_, phrase)| said.find(&format!(" {phrase} "))).min().unwrap_or(said.len());
    let (anchor, offsets) = said.split_at(place);
    let mut moment = match word(ANCHORS, anchor) {
        Some(known) => known.to_owned(),
        None => begun(OF_FACT, anchor).and_then(|(edge, name)| Some(format!("{}{edge}", name.strip_prefix('[')?.strip_suffix(']')?)))?,
    };
    let mut rest = offsets.split_whitespace();
    while let Some(phrase) = rest.next() {
        moment = format!("{moment} {}{} {}", word(OFFSETS, phrase)?, rest.next()?, rest.next()?);
    }
    Some(moment)
}

/// When a fact was, in one line; `Some(None)` where nothing is said of it.
#[expect(clippy::option_option, reason = "nothing to say, and nothing that can be said, are two things")]
pub(super) fn write_time(fact: &Value) -> Option<Option<Line>> {
    let (when, window, precision) = (words(fact, "when"), member(fact, "window"), words(fact, "precision"));
    if when.is_none() && window.is_none() && precision.is_none() {
        return Some(None);
    }
    let when = when.unwrap_or_default();
    let mut said = english(RELATIONS, english(SAME_RELATIONS, when).unwrap_or(when))?.to_owned();
    let edge = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, words(window?, name)?)));
    let (first, last) = (edge(["from", "after"]), edge(["to", "before"]).unwrap_or(("to", "as-of")));
    if let Some((name, moment)) = first {
        said = said + english(EDGES, name)? + &write_moment(moment)?;
    }
    said += match last.0 {
        "to" if first.is_some() => " to ",
        name => english(EDGES, name)?,
    };
    said += &write_moment(last.1)?;
    if precision == Some("instant") {
        said += INSTANT;
    }
    Some(Some(Line::new(said)))
}

/// Reads when a fact was into the fact; `None` where the line says something else.
pub(super) fn read_time(said: &str, fact: &mut Value) -> Option<()> {
    let (relation, rest) = begun(RELATIONS, said)?;
    let (rest, precision) = rest.strip_suffix(INSTANT).map_or((rest, "day"), |rest| (rest, "instant"));
    let mut window = json!({});
    let (edge, mut rest) = begun(EDGES, rest)?;
    let mut edge = edge;
    if ["from", "after"].contains(&edge) {
        let ends = EDGES.iter().filter(|(name, phrase)| ["to", "before"].contains(name) && *phrase != " up to ");
        let (place, end, phrase) = ends.filter_map(|(name, phrase)| rest.find(phrase).map(|place| (place, *name, *phrase))).min()?;
        set(&mut window, edge, read_moment(rest.get(..place)?)?);
        (edge, rest) = (end, rest.get(place + phrase.len()..)?);
    }
    set(&mut window, edge, read_moment(rest)?);
    if !relation.is_empty() {
        set(fact, "when", relation);
    }
    if precision == "instant" {
        set(fact, "precision", precision);
    }
    set(fact, "window", window);
    Some(())
}

/// What is asked of the value of a fact, in one line.
pub(super) fn write_value(value: &Value) -> Option<Line> {
    if let Some(present) = member(value, "present") {
        return english(PRESENCE, if present.as_bool()? { "true" } else { "false" }).map(Line::new);
    }
    if let Some(set) = member(value, "in") {
        return write_set(set).map(|below| Line::with(ANSWER, below));
    }
    let phrase = english(COMPARISONS, words(value, "op")?)?;
    Some(Line::new(format!("{phrase}{} {}", member(value, "number")?, text(words(value, "unit")?))))
}

/// Reads what is asked of a value; `None` where the line says something else.
pub(super) fn read_value(line: &Line) -> Option<Value> {
    if let Some(present) = word(PRESENCE, &line.text) {
        return Some(json!({ "present": present == "true" }));
    }
    if line.text == ANSWER {
        return read_set(&line.below).map(|set| json!({ "in": set }));
    }
    let (op, rest) = begun(COMPARISONS, &line.text)?;
    let (number, unit) = rest.split_once(' ')?;
    let number: serde_json::Number = serde_json::from_str(number).ok()?;
    Some(json!({ "op": op, "number": number, "unit": read_text(unit)? }))
}

/// A value set: `Mammography (http://…)`, or its URL alone.
pub(super) fn write_value_set(set: &Value) -> Option<String> {
    let mut url = set;
    let mut name = None;
    while let Some(inner) = member(url, "url") {
        name = name.or_else(|| words(url, "name"));
        url = inner;
    }
    let url = url.as_str()?;
    Some(name.filter(|name| !name.trim().is_empty()).map_or_else(|| url.to_owned(), |name| format!("{} ({url})", text(name))))
}

pub(super) fn read_value_set(said: &str) -> Option<Value> {
    match said.strip_suffix(')').and_then(|said| said.rsplit_once(" (")) {
        Some((name, url)) => Some(json!({ "url": url, "name": read_text(name)? })),
        None => Some(said.into()),
    }
}

/// Codes, a line for each: `24028007 of http://snomed.info/sct (Right)`.
pub(super) fn write_codes(codes: &Value) -> Option<Vec<Line>> {
    let one = |code: &Value| {
        let (system, code, display) = (words(code, "system")?, words(code, "code")?, words(code, "display"));
        let display = display.map(|display| format!(" ({})", text(display))).unwrap_or_default();
        Some(Line::new(format!("{} of {}{display}", token(code), token(system))))
    };
    codes.as_array()?.iter().map(one).collect()
}

pub(super) fn read_codes(lines: &[Line]) -> Option<Value> {
    lines.iter().map(|line| read_code(&line.text)).collect()
}

fn read_code(said: &str) -> Option<Value> {
    let (code, rest) = read_token(said)?;
    let (system, rest) = read_token(rest.strip_prefix(" of ")?)?;
    let mut read = json!({ "system": system, "code": code });
    if !rest.is_empty() {
        set(&mut read, "display", read_text(rest.strip_prefix(" (")?.strip_suffix(')')?)?);
    }
    Some(read)
}

const ONE_VALUE_SET: &str = "the value set ";

/// One set: a value set in one line, or codes in a line each.
pub(super) fn write_set(set: &Value) -> Option<Vec<Line>> {
    if let Some(codes) = member(set, "codes") {
        return write_codes(codes);
    }
    let url = member(set, "value_set")?;
    let named = match words(set, "name").filter(|_| member(url, "url").is_none()) {
        Some(name) => json!({ "url": url, "name": name }),
        None => url.clone(),
    };
    Some(vec![Line::new(format!("{ONE_VALUE_SET}{}", write_value_set(&named)?))])
}

pub(super) fn read_set(lines: &[Line]) -> Option<Value> {
    match lines {
        [line] if line.text.starts_with(ONE_VALUE_SET) => {
            Some(json!({ "value_set": read_value_set(line.text.strip_prefix(ONE_VALUE_SET)?)? }))
        }
        lines => Some(json!({ "codes": read_codes(lines)? })),
    }
}
