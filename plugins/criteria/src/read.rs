//! Reading a document. Every finding names its place and its fix, and all come at once.

mod facts;
mod needs;
mod values;

use outreach_plugin_sdk::day::Day;
use outreach_plugin_sdk::document::Reader;
use outreach_plugin_sdk::patient::Sex;

#[cfg(test)]
pub(crate) use self::facts::{OF_A_FACT, OF_A_QUERY, statuses};
use self::needs::Needs;
use crate::document::{Block, Body, Condition, Document, Group, PeriodRule, Test};
use crate::moment::{Anchor, GRAMMAR, Moment};

const MOST_CONDITIONS: usize = 200;
const MOST_BLOCKS: usize = 200;
const MOST_GROUPS: usize = 50;
const DEEPEST: usize = 16;
/// Blocks that use blocks: so deep can a condition be nested with all that it uses. A component's stack is small.
const DEEPEST_WITH_BLOCKS: usize = 64;
const MOST_CODE_SETS: usize = 10_000;
const LONGEST_LABEL: usize = 200;

/// What a document can say.
pub(crate) const MEMBERS_OF_A_DOCUMENT: [&str; 10] =
    ["version", "key", "title", "description", "note", "measure", "period", "blocks", "members", "groups"];
/// What can be said of a group.
pub(crate) const MEMBERS_OF_A_GROUP: [&str; 9] =
    ["key", "title", "inverse", "gap", "initial_population", "denominator", "denominator_exclusion", "denominator_exception", "numerator"];
/// What a condition can be.
pub(crate) const TESTS: [&str; 13] =
    ["all", "any", "none", "not", "block", "age", "sex", "deceased", "fact", "count", "that", "last_day", "member"];

impl Document {
    /// Reads a document of a segment or a measure; findings go to the reader.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        if !reader.object(&MEMBERS_OF_A_DOCUMENT) {
            return None;
        }
        reader.member("version").integer(1, 1)?;
        let key = read_key(&mut reader.member("key"));
        let title = reader.member("title").text().map(str::to_owned);
        for optional in ["description", "note"] {
            if reader.has(optional) {
                reader.member(optional).text();
            }
        }
        if reader.has("measure") {
            reader.member("measure").object(&["id", "title", "url", "version", "steward"]);
        }
        let period = if reader.has("period") { read_period(&mut reader.member("period")) } else { Some(PeriodRule::CalendarYear) };
        let mut needs = Needs::default();
        let blocks = read_blocks(reader, &mut needs);
        let body = match (reader.has("members"), reader.has("groups")) {
            (true, false) => read_condition(&mut reader.member("members"), &mut needs, 0).map(Body::Members),
            (false, true) => read_groups(&mut reader.member("groups"), &mut needs).map(Body::Groups),
            _ => {
                reader.fatal("expected either `members`, who belongs to a segment, or `groups`, the populations of a measure");
                None
            }
        };
        if needs.code_sets.len() > MOST_CODE_SETS {
            reader.fatal(format!("more than {MOST_CODE_SETS} different sets of codes; put them together in value sets"));
            return None;
        }
        Some(Self {
            key: key?,
            title: title?,
            body: body?,
            period: period?,
            blocks: blocks?,
            kinds: needs.kinds,
            code_sets: needs.code_sets,
        })
    }
}

fn read_key(reader: &mut Reader<'_>) -> Option<String> {
    let key = reader.text()?.to_owned();
    if !key.chars().all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '-') || key.len() > 100 {
        reader.fatal("a key is made of at most 100 lower-case letters, digits and hyphens");
        return None;
    }
    Some(key)
}

/// `"calendar year"`, `{ "months": 12 }` or `{ "from": "2025-01-01", "to": "2025-12-31" }`.
fn read_period(reader: &mut Reader<'_>) -> Option<PeriodRule> {
    if reader.has("from") || reader.has("to") {
        reader.object(&["from", "to"]);
        let (from, to) = (read_day(&mut reader.member("from")), read_day(&mut reader.member("to")));
        let (from, to) = (from?, to?);
        if from > to {
            reader.fatal(format!("the period ends on {to}, before it starts on {from}; exchange them"));
            return None;
        }
        return Some(PeriodRule::Fixed(from, to));
    }
    if reader.has("months") {
        reader.object(&["months"]);
        return reader.member("months").integer(1, 240).map(|months| PeriodRule::MonthsBack(months as i32));
    }
    reader.choice(&[("calendar year", PeriodRule::CalendarYear)])
}

fn read_day(reader: &mut Reader<'_>) -> Option<Day> {
    let text = reader.text()?;
    let parts: Vec<Option<i32>> = text.split('-').map(|part| part.parse().ok()).collect();
    if let [Some(year), Some(month), Some(day)] = *parts.as_slice() {
        let read = Day::of(year, month, day);
        if read.parts() == (year, month, day) && (1..=9_999).contains(&year) {
            return Some(read);
        }
    }
    reader.fatal("expected a day such as 2025-01-31");
    None
}

/// Blocks in the order in which they stand; each may use those before it, so that nothing goes round in circles.
fn read_blocks(reader: &mut Reader<'_>, needs: &mut Needs) -> Option<Vec<Block>> {
    if !reader.has("blocks") {
        return Some(Vec::new());
    }
    reader.member("blocks").items(MOST_BLOCKS, |item| {
        let name = item.member("name").text().map(str::to_owned);
        if let Some(name) = &name
            && needs.block(name).is_some()
        {
            item.member("name").fatal(format!("there are two blocks called `{name}`; rename one"));
        }
        item.object(&["name", "is"]);
        needs.deepest = 0;
        let condition = read_condition(&mut item.member("is"), needs, 0);
        let (name, condition) = (name?, condition?);
        needs.blocks.push(name.clone());
        needs.depths.push(needs.deepest);
        Some(Block { name, condition })
    })
}

fn read_groups(reader: &mut Reader<'_>, needs: &mut Needs) -> Option<Vec<Group>> {
    let mut keys: Vec<String> = Vec::new();
    reader.items(MOST_GROUPS, |item| {
        item.object(&MEMBERS_OF_A_GROUP);
        let key = read_key(&mut item.member("key"))?;
        if keys.contains(&key) {
            item.member("key").fatal(format!("there are two groups with the key `{key}`; rename one"));
        }
        keys.push(key.clone());
        let title = item.member("title").text().map(str::to_owned);
        let mut flag = |name: &str| if item.has(name) { item.member(name).boolean() } else { Some(false) };
        let (inverse, is_gap) = (flag("inverse"), flag("gap"));
        let initial = read_condition(&mut item.member("initial_population"), needs, 0);
        let mut optional = |name: &str| {
            if item.has(name) { read_condition(&mut item.member(name), needs, 0).map(Some) } else { Some(None) }
        };
        let (denominator, exclusion, exception) =
            (optional("denominator"), optional("denominator_exclusion"), optional("denominator_exception"));
        let numerator = read_condition(&mut item.member("numerator"), needs, 0);
        Some(Group {
            key,
            title: title?,
            is_gap: is_gap?,
            inverse: inverse?,
            initial: initial?,
            denominator: denominator?,
            exclusion: exclusion?,
            exception: exception?,
            numerator: numerator?,
        })
    })
}

/// Reads one condition.
pub(crate) fn read_condition(reader: &mut Reader<'_>, needs: &mut Needs, depth: usize) -> Option<Condition> {
    if depth > DEEPEST {
        reader.fatal(format!("groups are nested more than {DEEPEST} deep; take some of them apart, or name them as blocks"));
        return None;
    }
    let found: Vec<&str> = TESTS.into_iter().filter(|test| reader.has(test)).collect();
    let [name] = found.as_slice() else {
        reader.fatal(format!("expected an object with exactly one of {}", named(&TESTS)));
        return None;
    };
    let name = *name;
    needs.deepest = needs.deepest.max(depth);
    if !matches!(name, "fact" | "count" | "that") {
        reader.object(&[name, "label"]);
    }
    let test = match name {
        "all" | "any" | "none" => {
            let items = reader.member(name).items(MOST_CONDITIONS, |item| read_condition(item, needs, depth + 1));
            match name {
                "all" => Test::All(items?),
                "any" => Test::Any(items?),
                _ => Test::None(items?),
            }
        }
        "not" => Test::None(vec![read_condition(&mut reader.member("not"), needs, depth + 1)?]),
        "block" => Test::Block(read_block_name(&mut reader.member("block"), needs, depth)?),
        "age" => read_age(&mut reader.member("age"), needs)?,
        "sex" => Test::Sex(reader.member("sex").choice(&[("female", Sex::Female), ("male", Sex::Male), ("other", Sex::Other)])?),
        "deceased" => Test::Deceased(reader.member("deceased").boolean()?),
        "fact" => Test::Facts(facts::read_one(reader, needs, depth)?),
        "count" => Test::Facts(facts::read_count(reader, needs, depth)?),
        "that" => facts::read_that(reader, needs)?,
        "last_day" => facts::read_last_day(&mut reader.member("last_day"), needs, depth)?,
        _ => {
            reader.fatal("whether somebody is a member of another segment can't be asked here yet");
            return None;
        }
    };
    Some(Condition { label: read_label(reader)?, test })
}

/// The label of a condition, cut to a length that can be shown.
#[expect(clippy::option_option, reason = "not there, and there but wrong, are two things")]
pub(crate) fn read_label(reader: &mut Reader<'_>) -> Option<Option<String>> {
    if !reader.has("label") {
        return Some(None);
    }
    reader.member("label").text().map(|label| Some(label.chars().take(LONGEST_LABEL).collect()))
}

fn read_block_name(reader: &mut Reader<'_>, needs: &mut Needs, depth: usize) -> Option<usize> {
    let name = reader.text()?;
    let place = needs.block(name);
    if place.is_none() {
        let known = if needs.blocks.is_empty() { "there are none".to_owned() } else { format!("there are {}", needs.blocks.join(", ")) };
        reader.fatal(format!("no block called `{name}` stands before this; {known}. A block can use only those before it"));
    }
    let whole = depth + 1 + place.and_then(|place| needs.depths.get(place)).copied().unwrap_or_default();
    if whole > DEEPEST_WITH_BLOCKS {
        reader.fatal(format!("with the blocks that it uses this is nested more than {DEEPEST_WITH_BLOCKS} deep; take some of them apart"));
        return None;
    }
    needs.deepest = needs.deepest.max(whole);
    place
}

fn read_age(reader: &mut Reader<'_>, needs: &Needs) -> Option<Test> {
    reader.object(&["from", "to", "at"]);
    let mut years =
        |name: &str| if reader.has(name) { reader.member(name).integer(0, 150).map(|years| Some(years as i32)) } else { Some(None) };
    let (from, to) = (years("from")?, years("to")?);
    if from.is_none() && to.is_none() {
        reader.fatal("an age needs `from`, `to` or both, in whole years");
        return None;
    }
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        reader.fatal("`from` is greater than `to`: nobody is of that age; exchange them");
        return None;
    }
    let at = if reader.has("at") { read_moment(&mut reader.member("at"), needs)? } else { Moment::AS_OF };
    if at.anchor == Anchor::Birth {
        reader.member("at").fatal("an age is asked at a day of the calendar, not counted from the birth");
        return None;
    }
    Some(Test::Age { from, to, at })
}

/// Reads a moment.
pub(crate) fn read_moment(reader: &mut Reader<'_>, needs: &Needs) -> Option<Moment> {
    let moment = Moment::read(reader.text()?, &needs.bound);
    if moment.is_none() {
        let bound = needs.named().map(|names| format!("; {names}")).unwrap_or_default();
        reader.fatal(format!("this is no moment; expected {GRAMMAR}{bound}"));
    }
    moment
}

fn named(names: &[&str]) -> String {
    names.iter().filter(|name| **name != "member").map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
