//! Reading what is asked of facts.

use outreach_plugin_sdk::document::Reader;
use outreach_plugin_sdk::fact::{FactFlags, FactKind};

use super::needs::Needs;
use super::values::{Role, read_set, read_sets, read_value};
use super::{read_condition, read_label, read_moment};
use crate::document::{Condition, FactsTest, Filter, Lowest, Pick, Query, Relation, Test, TimeTest};
use crate::moment::{Moment, Window};
use crate::span::Precision;

const MOST_SOURCES: usize = 20;
const MOST_NAMED: usize = 8;

/// What can be asked of one fact, wherever it is asked.
pub(crate) const OF_A_FACT: [&str; 13] = [
    "label",
    "status",
    "flags",
    "without",
    "when",
    "window",
    "precision",
    "with_end",
    "value",
    "body_site",
    "reason",
    "disposition",
    "visit_without",
];
/// What can be asked where facts are looked for.
pub(crate) const OF_A_QUERY: [&str; 12] =
    ["fact", "codes", "value_set", "value_sets", "as", "such_that", "pick", "most_recent", "is", "at_least", "distinct_days", "note"];
/// What asks for one fact among several.
const PICKS: [&str; 3] = ["pick", "most_recent", "is"];

/// `{ "fact": …, … }`: whether there are such facts.
pub(crate) fn read_one(reader: &mut Reader<'_>, needs: &mut Needs, depth: usize) -> Option<FactsTest> {
    let query = read_query(reader, needs, depth)?;
    let at_least = if reader.has("at_least") { reader.member("at_least").integer(1, 1_000)? as usize } else { 1 };
    let distinct_days = reader.has("distinct_days") && reader.member("distinct_days").boolean()?;
    if query.pick.is_some() && at_least != 1 {
        reader.member("at_least").fatal("one fact is picked, so there can't be more; leave `at_least` or `pick` out");
        return None;
    }
    Some(FactsTest { of: vec![query], at_least, distinct_days })
}

/// `{ "count": { "of": [ … ], "at_least": 4, "distinct_days": true } }`: facts of several kinds, counted together.
pub(crate) fn read_count(reader: &mut Reader<'_>, needs: &mut Needs, depth: usize) -> Option<FactsTest> {
    reader.object(&["count", "label"]);
    let mut count = reader.member("count");
    count.object(&["of", "at_least", "distinct_days"]);
    let of = count.member("of").items(MOST_SOURCES, |item| {
        for alone in ["at_least", "distinct_days"] {
            if item.has(alone) {
                item.member(alone).fatal(format!("`{alone}` is said once of the whole count, beside `of`"));
            }
        }
        read_all_of(item, needs, depth)
    });
    let at_least = if count.has("at_least") { count.member("at_least").integer(1, 1_000)? as usize } else { 1 };
    let distinct_days = count.has("distinct_days") && count.member("distinct_days").boolean()?;
    Some(FactsTest { of: of?, at_least, distinct_days })
}

/// `{ "that": "visit", … }`: something about a fact that was named before.
pub(crate) fn read_that(reader: &mut Reader<'_>, needs: &mut Needs) -> Option<Test> {
    let known: Vec<&str> = OF_A_FACT.into_iter().chain(["that"]).collect();
    reader.object(&known);
    let mut named = reader.member("that");
    let name = named.text()?;
    let Some(place) = needs.bound.iter().rposition(|known| known == name) else {
        let known = needs.named().unwrap_or_else(|| "none is named here".to_owned());
        named.fatal(format!("no fact around this is called `{name}`; {known}"));
        return None;
    };
    let filter = read_filter(reader, None, needs)?;
    Some(Test::That { place, filter: Box::new(filter) })
}

/// `{ "last_day": { "day_of": { "fact": … }, "lowest": [ { "fact": …, "value": … } ] } }`.
pub(crate) fn read_last_day(reader: &mut Reader<'_>, needs: &mut Needs, depth: usize) -> Option<Test> {
    reader.object(&["day_of", "lowest"]);
    let day_of = read_all_of(&mut reader.member("day_of"), needs, depth);
    let lowest = reader.member("lowest").items(MOST_SOURCES, |item| {
        let mut query = read_all_of(item, needs, depth)?;
        let value = query.filter.value.take();
        if value.is_none() {
            item.fatal("the lowest one is asked for its value: give a `value`");
        }
        Some(Lowest { query, value: value? })
    });
    Some(Test::LastDay { day_of: Box::new(day_of?), lowest: lowest? })
}

/// Facts that are looked for where all of them matter.
fn read_all_of(reader: &mut Reader<'_>, needs: &mut Needs, depth: usize) -> Option<Query> {
    for name in PICKS {
        if reader.has(name) {
            reader.member(name).fatal(format!("all facts matter here, so none is picked; leave `{name}` out"));
        }
    }
    read_query(reader, needs, depth)
}

fn read_query(reader: &mut Reader<'_>, needs: &mut Needs, depth: usize) -> Option<Query> {
    let known: Vec<&str> = OF_A_FACT.into_iter().chain(OF_A_QUERY).collect();
    reader.object(&known);
    let kinds: Vec<(&str, FactKind)> = FactKind::ALL.iter().map(|(kind, name)| (*name, *kind)).collect();
    let kind = reader.member("fact").choice(&kinds)?;
    needs.kinds.insert(kind);
    let sets = read_sets(reader)?;
    if sets.is_empty() && !kind.is_told_without_a_code() {
        reader.fatal(format!("a fact of kind `{}` needs `codes`, a `value_set` or `value_sets`", kind.name()));
        return None;
    }
    let codes: Vec<usize> = sets.iter().map(|set| set.place(Role::Main, needs)).collect();
    let filter = read_filter(reader, Some(kind), needs)?;
    if filter.visit_without != FactFlags::empty() {
        needs.kinds.insert(FactKind::Encounter);
    }
    // One without a name has a place all the same, under which nobody can refer to it.
    let name = if reader.has("as") { read_name(&mut reader.member("as"), needs)? } else { String::new() };
    let bound = needs.bound.len();
    needs.bound.push(name);
    let such_that = read_about(reader, "such_that", needs, depth);
    let is = read_about(reader, "is", needs, depth);
    needs.bound.truncate(bound);
    let (such_that, is) = (such_that?, is?);
    let most_recent = reader.has("most_recent") && reader.member("most_recent").boolean()?;
    let pick = if reader.has("pick") {
        Some(reader.member("pick").choice(&[
            ("last", Pick::LastStarted),
            ("last ended", Pick::LastEnded),
            ("first", Pick::FirstStarted),
        ])?)
    } else {
        most_recent.then_some(Pick::LastStarted)
    };
    if most_recent && (filter.value.is_none() || reader.has("at_least")) {
        reader.member("most_recent").fatal("`most_recent` asks for the value of one fact: give a `value` and leave `at_least` out");
        return None;
    }
    if is.is_some() && pick.is_none() {
        reader.member("is").fatal("`is` asks about the one fact that `pick` picks; without `pick` use `such_that`");
        return None;
    }
    let label = read_label(reader)?;
    let mut query = Query { label, kind, codes: (!codes.is_empty()).then_some(codes), filter, bound, such_that, pick, is };
    if most_recent {
        query.ask_the_value_of_the_picked();
    }
    Some(query)
}

impl Query {
    /// `most_recent` picks first and asks for the value then.
    fn ask_the_value_of_the_picked(&mut self) {
        let place = self.bound;
        let filter = Filter { value: self.filter.value.take(), ..Filter::default() };
        let about = Condition { label: None, test: Test::That { place, filter: Box::new(filter) } };
        self.is = Some(Box::new(match self.is.take() {
            Some(more) => Condition { label: None, test: Test::All(vec![about, *more]) },
            None => about,
        }));
    }
}

/// A condition about the fact at hand; `Some(None)` where there is none.
#[expect(clippy::option_option, reason = "not there, and there but wrong, are two things")]
fn read_about(reader: &mut Reader<'_>, name: &str, needs: &mut Needs, depth: usize) -> Option<Option<Box<Condition>>> {
    if !reader.has(name) {
        return Some(None);
    }
    read_condition(&mut reader.member(name), needs, depth + 1).map(|condition| Some(Box::new(condition)))
}

fn read_name(reader: &mut Reader<'_>, needs: &Needs) -> Option<String> {
    let name = reader.text()?.to_owned();
    if !name.chars().all(|each| each.is_ascii_alphanumeric() || each == '-') {
        reader.fatal("a name is one word of letters, digits and hyphens");
        return None;
    }
    if ["as-of", "start", "end", "period", "birth"].contains(&name.as_str()) || needs.bound.contains(&name) {
        reader.fatal(format!("`{name}` is taken; choose another name"));
        return None;
    }
    if needs.bound.iter().filter(|name| !name.is_empty()).count() >= MOST_NAMED {
        reader.fatal(format!("more than {MOST_NAMED} facts are named within each other; take the condition apart"));
        return None;
    }
    Some(name)
}

/// What a status asks for: flags all of which, and flags one of which, a fact must have.
pub(crate) type Status = (FactFlags, FactFlags);

/// The words for the status of a fact of a kind; the first is meant where none is said.
pub(crate) fn statuses(kind: FactKind) -> Vec<(&'static str, Status)> {
    const EFFECTIVE: FactFlags = FactFlags::EFFECTIVE;
    const ACTIVE: FactFlags = FactFlags::ACTIVE;
    const ENDED: FactFlags = FactFlags::ENDED;
    const ANY: FactFlags = FactFlags::empty();
    match kind {
        FactKind::Encounter => vec![
            ("any", (ANY, ANY)),
            ("performed", (ANY, EFFECTIVE.union(ACTIVE))),
            ("finished", (EFFECTIVE.union(ENDED), ANY)),
            ("booked", (FactFlags::PLANNED, ANY)),
        ],
        FactKind::Procedure | FactKind::Immunization => {
            vec![("any", (ANY, ANY)), ("completed", (EFFECTIVE, ANY)), ("not done", (FactFlags::NOT_DONE, ANY))]
        }
        FactKind::Observation => vec![
            ("any", (ANY, ANY)),
            ("final", (EFFECTIVE, ANY)),
            ("final or preliminary", (ANY, EFFECTIVE.union(FactFlags::UNCONFIRMED))),
            ("not done", (FactFlags::NOT_DONE, ANY)),
        ],
        FactKind::Order => vec![
            ("any", (ANY, ANY)),
            ("ordered", (EFFECTIVE.union(FactFlags::ORDERED), ACTIVE.union(ENDED))),
            ("active or completed", (EFFECTIVE, ACTIVE.union(ENDED))),
            ("not done", (FactFlags::NOT_DONE, ANY)),
        ],
        FactKind::Medication => vec![
            ("any", (ANY, ANY)),
            ("active", (EFFECTIVE.union(ACTIVE), ANY)),
            ("active order", (EFFECTIVE.union(ACTIVE).union(FactFlags::ORDERED), ANY)),
            ("ordered", (EFFECTIVE.union(FactFlags::ORDERED), ACTIVE.union(ENDED))),
            ("not done", (FactFlags::NOT_DONE, ANY)),
        ],
        FactKind::Appointment => {
            vec![("any", (ANY, ANY)), ("booked", (EFFECTIVE.union(FactFlags::PLANNED), ANY)), ("fulfilled", (ENDED, ANY))]
        }
        _ => vec![("any", (ANY, ANY)), ("active", (ACTIVE, ANY)), ("ended", (ENDED, ANY))],
    }
}

fn read_filter(reader: &mut Reader<'_>, kind: Option<FactKind>, needs: &mut Needs) -> Option<Filter> {
    let mut filter = Filter { with: read_flags(reader, "flags")?, ..Filter::default() };
    let mut without = read_flags(reader, "without")?;
    if reader.has("status") {
        let Some(kind) = kind else {
            reader.member("status").fatal("the status is asked where the fact is looked for");
            return None;
        };
        let (with, one_of) = reader.member("status").choice(&statuses(kind))?;
        filter.with |= with;
        filter.one_of = one_of;
    }
    if kind.is_some() {
        // What is in error never counts; what was not done or is merely planned only where it is asked for. An order is a plan.
        let planned = if kind == Some(FactKind::Order) { FactFlags::empty() } else { FactFlags::PLANNED };
        without |= FactFlags::IN_ERROR | ((FactFlags::NOT_DONE | FactFlags::DOSAGE | planned) - filter.with);
    }
    filter.without = without;
    filter.time = read_time(reader, kind, needs)?;
    filter.with_end = reader.has("with_end") && reader.member("with_end").boolean()?;
    if reader.has("value") {
        filter.value = Some(read_value(&mut reader.member("value"), needs)?);
    }
    for (name, role) in [("body_site", Role::BodySite), ("reason", Role::Reason), ("disposition", Role::Disposition)] {
        if reader.has(name) {
            let set = read_set(&mut reader.member(name))?;
            filter.roles.push(set.place(role, needs));
        }
    }
    filter.visit_without = read_flags(reader, "visit_without")?;
    Some(filter)
}

fn read_flags(reader: &mut Reader<'_>, name: &str) -> Option<FactFlags> {
    if !reader.has(name) {
        return Some(FactFlags::empty());
    }
    let flags = reader.member(name).items(FactFlags::NAMES.len(), |item| item.choice(&FactFlags::NAMES))?;
    Some(flags.into_iter().collect())
}

#[expect(clippy::option_option, reason = "not there, and there but wrong, are two things")]
fn read_time(reader: &mut Reader<'_>, kind: Option<FactKind>, needs: &Needs) -> Option<Option<TimeTest>> {
    let relation = if reader.has("when") {
        Some(reader.member("when").choice(&[
            ("starts", Relation::Starts),
            ("ends", Relation::Ends),
            ("within", Relation::Within),
            ("overlaps", Relation::Overlaps),
            ("active", Relation::Overlaps),
            ("latest", Relation::Latest),
            ("happened", Relation::Latest),
            ("earliest", Relation::Earliest),
        ])?)
    } else {
        None
    };
    let precision = if reader.has("precision") {
        reader.member("precision").choice(&[("day", Precision::Day), ("instant", Precision::Instant)])?
    } else {
        Precision::Day
    };
    if !reader.has("window") {
        if let (None, Some(name)) = (kind, ["when", "precision"].into_iter().find(|name| reader.has(name))) {
            reader.member(name).fatal(format!("`{name}` says how the fact lies in a `window`; give one, or leave it out"));
            return None;
        }
        // Without a window a fact must have happened, or begun, by the day of the evaluation.
        let window = Window { from: None, after: false, to: Some(Moment::AS_OF), before: false };
        let usual = kind.map(|kind| TimeTest { relation: relation.unwrap_or_else(|| usual_relation(kind)), window, precision });
        return Some(usual);
    }
    let window = read_window(&mut reader.member("window"), needs)?;
    let relation = relation.or_else(|| kind.map(usual_relation)).unwrap_or(Relation::Latest);
    Some(Some(TimeTest { relation, window, precision }))
}

/// What of a fact must lie in its window where nothing else is said.
const fn usual_relation(kind: FactKind) -> Relation {
    if kind.lasts() { Relation::Overlaps } else { Relation::Latest }
}

fn read_window(reader: &mut Reader<'_>, needs: &Needs) -> Option<Window> {
    if !reader.object(&["from", "after", "to", "before"]) {
        return None;
    }
    for (one, other) in [("from", "after"), ("to", "before")] {
        if reader.has(one) && reader.has(other) {
            reader.fatal(format!("`{one}` and `{other}` exclude each other; keep one"));
            return None;
        }
    }
    let mut moment = |name: &str| if reader.has(name) { read_moment(&mut reader.member(name), needs).map(Some) } else { Some(None) };
    let (from, after, to, before) = (moment("from"), moment("after"), moment("to"), moment("before"));
    let (from, after, to, before) = (from?, after?, to?, before?);
    // Nothing is looked for beyond the day of the evaluation unless a document says how far.
    let end = to.or(before).or(Some(Moment::AS_OF));
    if let (Some(first), Some(last)) = (from.or(after), end)
        && first.anchor == last.anchor
        && first.months >= last.months
        && first.days >= last.days
        && (first != last || after.is_some() || before.is_some())
    {
        // It is a document all the same: nobody is found by it.
        reader.advice("the window ends before it starts, so nothing is ever in it; exchange its ends, or say how far it goes by `to`");
    }
    Some(Window { from: from.or(after), after: after.is_some(), to: end, before: before.is_some() })
}
