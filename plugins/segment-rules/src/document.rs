//! The criteria document, version 1, and how it is read.

use std::collections::BTreeSet;

use outreach_plugin_sdk::document::Reader;
use outreach_plugin_sdk::fact::{FactFlags, FactKind};
use outreach_plugin_sdk::patient::Sex;
use outreach_plugin_sdk::segment::{CodeSetNeed, Coding};

use crate::window::{GRAMMAR, Moment, Window};

const MOST_CONDITIONS: usize = 64;
const MOST_CODES: usize = 5_000;
const DEEPEST: usize = 12;

/// Who is a member.
pub(crate) struct Document {
    pub(crate) key: String,
    pub(crate) title: String,
    pub(crate) members: Condition,
    pub(crate) kinds: BTreeSet<FactKind>,
    pub(crate) code_sets: Vec<CodeSetNeed>,
}

/// One condition, with what a person would call it.
pub(crate) struct Condition {
    pub(crate) label: Option<String>,
    pub(crate) test: Test,
}

/// What is asked.
pub(crate) enum Test {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    None(Vec<Condition>),
    Age { from: Option<i32>, to: Option<i32>, at_end_of_year: bool },
    Sex(Sex),
    Deceased(bool),
    Fact(FactTest),
}

/// Facts that are looked for.
pub(crate) struct FactTest {
    pub(crate) kind: FactKind,
    /// Place of the set of codes; without one any code will do.
    pub(crate) codes: Option<usize>,
    pub(crate) with: FactFlags,
    pub(crate) without: FactFlags,
    pub(crate) window: Window,
    /// Whether a fact counts by what it covers, rather than by when it happened.
    pub(crate) lasting: bool,
    pub(crate) value: Option<ValueTest>,
    /// Whether the value is asked of the most recent fact alone.
    pub(crate) most_recent: bool,
    pub(crate) at_least: usize,
}

/// A comparison with a number.
pub(crate) struct ValueTest {
    pub(crate) compare: Compare,
    pub(crate) number: f64,
    /// Place of the set that holds the unit.
    pub(crate) unit: usize,
}

/// How numbers are compared.
#[derive(Clone, Copy)]
pub(crate) enum Compare {
    Less,
    AtMost,
    Greater,
    AtLeast,
    Equal,
}

impl Document {
    /// Reads a document; findings go to the reader.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        if !reader.object(&["version", "key", "title", "description", "note", "members"]) {
            return None;
        }
        reader.member("version").integer(1, 1)?;
        let key = reader.member("key").text().map(str::to_owned);
        if key.as_ref().is_some_and(|key| !key.chars().all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '-')) {
            reader.member("key").fatal("a key is made of lower-case letters, digits and hyphens");
        }
        let title = reader.member("title").text().map(str::to_owned);
        for optional in ["description", "note"] {
            if reader.has(optional) {
                reader.member(optional).text();
            }
        }
        let mut needs = Needs::default();
        let members = read_condition(&mut reader.member("members"), &mut needs, 0);
        Some(Self { key: key?, title: title?, members: members?, kinds: needs.kinds, code_sets: needs.code_sets })
    }
}

/// What the conditions read so far need.
#[derive(Default)]
struct Needs {
    kinds: BTreeSet<FactKind>,
    code_sets: Vec<CodeSetNeed>,
}

impl Needs {
    fn place(&mut self, set: CodeSetNeed) -> usize {
        self.code_sets.iter().position(|known| *known == set).unwrap_or_else(|| {
            self.code_sets.push(set);
            self.code_sets.len() - 1
        })
    }
}

fn read_condition(reader: &mut Reader<'_>, needs: &mut Needs, depth: usize) -> Option<Condition> {
    const TESTS: [&str; 7] = ["all", "any", "none", "age", "sex", "deceased", "fact"];
    if depth > DEEPEST {
        reader.fatal(format!("groups are nested more than {DEEPEST} deep; take some of them apart"));
        return None;
    }
    let found: Vec<&str> = TESTS.into_iter().filter(|test| reader.has(test)).collect();
    let [name] = found.as_slice() else {
        reader.fatal("expected an object with exactly one of `all`, `any`, `none`, `age`, `sex`, `deceased`, `fact`");
        return None;
    };
    let name = *name;
    if name != "fact" {
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
        "age" => read_age(&mut reader.member("age"))?,
        "sex" => Test::Sex(reader.member("sex").choice(&[("female", Sex::Female), ("male", Sex::Male), ("other", Sex::Other)])?),
        "deceased" => Test::Deceased(reader.member("deceased").boolean()?),
        _ => Test::Fact(read_fact(reader, needs)?),
    };
    let label = if reader.has("label") { Some(reader.member("label").text()?.chars().take(200).collect()) } else { None };
    Some(Condition { label, test })
}

fn read_age(reader: &mut Reader<'_>) -> Option<Test> {
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
    let at_end_of_year = reader.has("at") && reader.member("at").choice(&[("as-of", false), ("end of year", true)])?;
    Some(Test::Age { from, to, at_end_of_year })
}

fn read_fact(reader: &mut Reader<'_>, needs: &mut Needs) -> Option<FactTest> {
    reader.object(&["fact", "label", "codes", "value_set", "window", "when", "flags", "without", "value", "most_recent", "at_least"]);
    let kinds: Vec<(&str, FactKind)> = FactKind::ALL.iter().map(|(kind, name)| (*name, *kind)).collect();
    let kind = reader.member("fact").choice(&kinds)?;
    needs.kinds.insert(kind);
    let any_code = matches!(kind, FactKind::Encounter | FactKind::Coverage | FactKind::Appointment | FactKind::CareTeam)
        && !reader.has("codes")
        && !reader.has("value_set");
    let codes = if any_code { None } else { Some(needs.place(read_codes(reader, kind)?)) };
    let window = read_window(&mut reader.member("window"))?;
    let lasting = if reader.has("when") { reader.member("when").choice(&[("happened", false), ("active", true)])? } else { kind.lasts() };
    let with = read_flags(reader, "flags")?;
    let without = read_flags(reader, "without")? | FactFlags::IN_ERROR | ((FactFlags::NOT_DONE | FactFlags::PLANNED) - with);
    let value = if reader.has("value") { Some(read_value(&mut reader.member("value"), needs)?) } else { None };
    let most_recent = reader.has("most_recent") && reader.member("most_recent").boolean()?;
    let at_least = if reader.has("at_least") { reader.member("at_least").integer(1, 1_000)? as usize } else { 1 };
    if most_recent && (value.is_none() || at_least != 1) {
        reader.member("most_recent").fatal("`most_recent` asks for the value of one fact: give a `value` and leave `at_least` out");
        return None;
    }
    Some(FactTest { kind, codes, with, without, window, lasting, value, most_recent, at_least })
}

fn read_codes(reader: &mut Reader<'_>, kind: FactKind) -> Option<CodeSetNeed> {
    match (reader.has("codes"), reader.has("value_set")) {
        (true, true) => {
            reader.fatal("`codes` and `value_set` exclude each other; keep one");
            None
        }
        (true, false) => {
            let codes = reader.member("codes").items(MOST_CODES, |item| {
                item.object(&["system", "code", "display"]);
                let system = item.member("system").text()?.to_owned();
                Some(Coding { system, code: item.member("code").text()?.to_owned() })
            })?;
            Some(CodeSetNeed::Codes(codes))
        }
        (false, true) => Some(CodeSetNeed::ValueSet(reader.member("value_set").text()?.to_owned())),
        (false, false) => {
            reader.fatal(format!("a fact of kind `{}` needs `codes` or a `value_set`", kind.name()));
            None
        }
    }
}

fn read_window(reader: &mut Reader<'_>) -> Option<Window> {
    let mut window = Window { from: None, to: Moment::AS_OF };
    if reader.is_missing() {
        return Some(window);
    }
    if !reader.object(&["from", "to"]) {
        return None;
    }
    if reader.has("from") {
        window.from = Some(read_moment(&mut reader.member("from"))?);
    }
    if reader.has("to") {
        window.to = read_moment(&mut reader.member("to"))?;
    }
    Some(window)
}

fn read_moment(reader: &mut Reader<'_>) -> Option<Moment> {
    let moment = Moment::read(reader.text()?);
    if moment.is_none() {
        reader.fatal(format!("this is no moment; expected {GRAMMAR}"));
    }
    moment
}

fn read_flags(reader: &mut Reader<'_>, name: &str) -> Option<FactFlags> {
    if !reader.has(name) {
        return Some(FactFlags::empty());
    }
    let flags = reader.member(name).items(FactFlags::NAMES.len(), |item| item.choice(&FactFlags::NAMES))?;
    Some(flags.into_iter().collect())
}

fn read_value(reader: &mut Reader<'_>, needs: &mut Needs) -> Option<ValueTest> {
    if !reader.object(&["op", "number", "unit"]) {
        return None;
    }
    let compare = reader.member("op").choice(&[
        ("<", Compare::Less),
        ("<=", Compare::AtMost),
        (">", Compare::Greater),
        (">=", Compare::AtLeast),
        ("=", Compare::Equal),
    ]);
    let number = reader.member("number").number();
    let unit = reader.member("unit").text().map(|unit| Coding { system: "http://unitsofmeasure.org".to_owned(), code: unit.to_owned() });
    Some(ValueTest { compare: compare?, number: number?, unit: needs.place(CodeSetNeed::Codes(vec![unit?])) })
}
