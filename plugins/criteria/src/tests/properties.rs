//! What holds of every document and every patient.

use outreach_plugin_sdk::day::Day;
use outreach_plugin_sdk::document::Reader;
use outreach_plugin_sdk::fact::{FactFlags, FactKind};
use outreach_plugin_sdk::segment::population::MEMBER;
use outreach_plugin_sdk::testing::{PatientBuilder, day};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{One, S, TODAY, codes, segment, with};
use crate::Caution::{Careful, Strict};
use crate::{Document, Truth};

/// A moment, mostly near the days on which facts are.
fn moment() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "as-of",
        "-1 year",
        "-30 days",
        "+10 days",
        "start of year",
        "end of year",
        "start of year -15 months",
        "period start",
        "period end",
        "period start -1 month",
        "birth +55 years",
    ])
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        (prop::sample::select(vec!["<", "<=", ">", ">=", "="]), 0..4_u8)
            .prop_map(|(op, number)| json!({ "op": op, "number": number, "unit": "%" })),
        (0..2_u8).prop_map(|code| json!({ "in": { "codes": codes(&format!("answer-{code}")) } })),
        any::<bool>().prop_map(|present| json!({ "present": present })),
    ]
}

/// A query over few codes and short windows, so that facts and windows meet.
fn query() -> impl Strategy<Value = Value> {
    let what = (prop::sample::select(vec!["observation", "condition", "encounter", "procedure"]), 0..2_u8);
    let relation = prop::option::of(prop::sample::select(vec!["starts", "ends", "within", "overlaps", "latest", "earliest"]));
    let edges = (prop::option::of((any::<bool>(), moment())), prop::option::of((any::<bool>(), moment())));
    let rest = (any::<bool>(), prop::option::of(value()), prop::bool::weighted(0.2), prop::bool::weighted(0.2));
    (what, relation, edges, rest).prop_map(|((kind, code), relation, (from, to), (instant, value, with_end, visit))| {
        let mut query = json!({ "fact": kind, "codes": codes(&code.to_string()) });
        let mut window = json!({});
        if let Some((after, moment)) = from {
            window[if after { "after" } else { "from" }] = moment.into();
        }
        if let Some((before, moment)) = to {
            window[if before { "before" } else { "to" }] = moment.into();
        }
        query["window"] = window;
        query["precision"] = if instant { "instant".into() } else { "day".into() };
        if let Some(relation) = relation {
            query["when"] = relation.into();
        }
        if let Some(value) = value {
            query["value"] = value;
        }
        if with_end {
            query["with_end"] = true.into();
        }
        if visit {
            query["visit_without"] = json!(["emergency"]);
        }
        query
    })
}

/// A condition of every sort there is.
pub(crate) fn condition() -> impl Strategy<Value = Value> {
    let counted = (query(), 1..3_u8, any::<bool>())
        .prop_map(|(query, at_least, distinct_days)| with(query, &json!({ "at_least": at_least, "distinct_days": distinct_days })));
    let together = (prop::collection::vec(query(), 1..3), 1..4_u8, any::<bool>())
        .prop_map(|(of, at_least, distinct_days)| json!({ "count": { "of": of, "at_least": at_least, "distinct_days": distinct_days } }));
    let picked = (query(), prop::sample::select(vec!["last", "last ended", "first"]), value(), any::<bool>()).prop_map(
        |(query, pick, value, such_that)| {
            let picked = with(query, &json!({ "pick": pick, "as": "it", "is": { "that": "it", "value": value } }));
            let started = json!({ "that": "it", "when": "starts", "window": { "from": "period start" } });
            if such_that { with(picked, &json!({ "such_that": started })) } else { picked }
        },
    );
    let recent = (query(), value()).prop_map(|(query, value)| with(query, &json!({ "most_recent": true, "value": value })));
    let about = (query(), query(), any::<bool>()).prop_map(|(visit, other, after)| {
        let window = if after { json!({ "from": "it start", "to": "it end +30 days" }) } else { json!({ "before": "it start" }) };
        with(visit, &json!({ "as": "it", "such_that": with(other, &json!({ "window": window })) }))
    });
    let last_day = (query(), query(), value()).prop_map(
        |(day_of, lowest, value)| json!({ "last_day": { "day_of": day_of, "lowest": [with(lowest, &json!({ "value": value }))] } }),
    );
    let age = (50..60_u8, 0..3_u8, moment()).prop_map(|(from, more, at)| {
        let at = if at.starts_with("birth") { "as-of" } else { at };
        json!({ "age": { "from": from, "to": from + more, "at": at } })
    });
    let person = prop::sample::select(vec![
        json!({ "sex": "female" }),
        json!({ "sex": "male" }),
        json!({ "deceased": false }),
        json!({ "block": "b" }),
    ]);
    prop_oneof![3 => counted, 1 => together, 2 => picked, 1 => recent, 1 => about, 1 => last_day, 1 => age, 1 => person].prop_recursive(
        3,
        12,
        3,
        |inner| {
            prop_oneof![
                (prop::sample::select(vec!["all", "any", "none"]), prop::collection::vec(inner.clone(), 1..4))
                    .prop_map(|(group, parts)| json!({ group: parts })),
                inner.prop_map(|inner| json!({ "not": inner })),
            ]
        },
    )
}

pub(crate) fn period() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!("calendar year"),
        json!({ "months": 1 }),
        json!({ "months": 12 }),
        json!({ "from": "2024-07-01", "to": "2025-06-30" }),
    ])
}

pub(crate) fn document(members: &Value, block: &Value, period: &Value) -> Value {
    let block = if block.to_string().contains("\"block\"") { json!({ "sex": "female" }) } else { block.clone() };
    with(segment(members), &json!({ "period": period, "blocks": [{ "name": "b", "is": block }] }))
}

type GeneratedFact = ((usize, u8), String, Option<String>, (bool, bool, Option<u8>, u8));

fn a_fact() -> impl Strategy<Value = GeneratedFact> {
    let start = "(|202[3-6](-(0[1-9]|1[0-2])(-[012][1-8])?)?)";
    let end = prop::option::of("202[4-7](-(0[1-9]|1[0-2])(-[012][1-8])?)?");
    ((0..4_usize, 0..2_u8), start, end, (any::<bool>(), any::<bool>(), prop::option::of(0..4_u8), 0..6_u8))
}

fn add(patient: PatientBuilder, ((kind, code), start, end, (active, ended, answer, value)): GeneratedFact) -> PatientBuilder {
    let kind = [FactKind::Observation, FactKind::Condition, FactKind::Encounter, FactKind::Procedure][kind];
    let mut flags = FactFlags::EFFECTIVE;
    flags.set(FactFlags::ACTIVE, active);
    flags.set(FactFlags::ENDED, ended);
    let mut patient = patient.fact(kind, S, &code.to_string(), &start).flags(flags);
    if let Some(end) = end.filter(|end| end[..4] > *start.get(..4).unwrap_or("") || start.is_empty()) {
        patient = patient.until(&end);
    }
    if let Some(answer) = answer {
        patient = patient.answered(S, &format!("answer-{answer}"));
    }
    if value < 4 { patient.value(f64::from(value), "%") } else { patient }
}

/// A patient of whom more or less is known.
pub(crate) fn patient() -> impl Strategy<Value = PatientBuilder> {
    let birth = prop::option::of("19(69|7[0-2])-(02-29|0[1-9]-1[0-9])");
    (birth, any::<bool>(), prop::collection::vec(a_fact(), 0..6)).prop_map(|(birth, female, facts)| {
        let person = birth.map_or_else(PatientBuilder::unknown, |birth| PatientBuilder::born(&birth));
        facts.into_iter().fold(if female { person.female() } else { person }, add)
    })
}

/// JSON made of the words of documents, mostly nonsense.
fn nonsense() -> impl Strategy<Value = Value> {
    let words = vec![
        "all",
        "any",
        "none",
        "not",
        "block",
        "age",
        "sex",
        "deceased",
        "fact",
        "count",
        "that",
        "last_day",
        "of",
        "day_of",
        "lowest",
        "codes",
        "value_set",
        "value_sets",
        "as",
        "such_that",
        "pick",
        "is",
        "at_least",
        "distinct_days",
        "most_recent",
        "status",
        "flags",
        "window",
        "from",
        "to",
        "after",
        "before",
        "when",
        "precision",
        "value",
        "op",
        "number",
        "unit",
        "in",
        "present",
        "label",
        "system",
        "code",
        "observation",
        "encounter",
        "last",
        "first",
        "starts",
        "period start",
        "x start",
        "x",
        "female",
        "<",
        "%",
        "members",
        "groups",
        "blocks",
        "version",
        "key",
        "title",
        "period",
        "numerator",
        "initial_population",
        "name",
        "months",
        "2025-01-01",
        "calendar year",
        "-1 year",
        "urn:s",
    ];
    let word = prop::sample::select(words);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop::sample::select(vec![json!(0), json!(1), json!(-1), json!(i64::MAX), json!(i64::MIN), json!(1e300), json!(0.5)]),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..6)
                .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

fn truth() -> impl Strategy<Value = Truth> {
    prop::sample::select(vec![Truth::False, Truth::Unknown, Truth::True])
}

fn or(one: Truth, other: Truth) -> Truth {
    one.not().and(other.not()).not()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn truth_follows_kleene(a in truth(), b in truth(), c in truth()) {
        prop_assert_eq!(a.not().not(), a);
        prop_assert_eq!(a.and(b), b.and(a));
        prop_assert_eq!(a.and(b).and(c), a.and(b.and(c)));
        prop_assert_eq!(a.and(or(b, c)), or(a.and(b), a.and(c)));
        prop_assert_eq!(a.and(Truth::True), a);
        prop_assert_eq!(a.and(Truth::False), Truth::False);
        prop_assert_eq!(a.and(a), a);
        prop_assert_eq!(or(a, a.and(b)), a);
    }

    #[test]
    fn groups_follow_de_morgan(parts in prop::collection::vec(condition(), 1..4), patient in patient()) {
        let patient = One::of(patient);
        let ask = |members: Value| [Careful, Strict].map(|caution| {
            patient.outcome(&document(&members, &json!({ "sex": "male" }), &json!("calendar year")), TODAY, caution).truth
        });
        let negated: Vec<Value> = parts.iter().map(|part| json!({ "not": part })).collect();
        prop_assert_eq!(ask(json!({ "not": { "all": parts } })), ask(json!({ "any": negated })));
        prop_assert_eq!(ask(json!({ "not": { "any": parts } })), ask(json!({ "all": negated })));
        prop_assert_eq!(ask(json!({ "none": parts })), ask(json!({ "all": negated })));
        prop_assert_eq!(ask(json!({ "not": { "not": parts[0] } })), ask(parts[0].clone()));
    }

    #[test]
    fn nothing_changes_before_the_review_date(
        members in condition(), block in condition(), period in period(), patient in patient(), start in 0..700_i32,
    ) {
        let document = document(&members, &block, &period);
        let patient = One::of(patient);
        let first = day("2024-06-01").plus_days(start);
        let now = patient.outcome(&document, &first.to_string(), Careful);
        prop_assert!(now.until > first);
        let days = || (first.0 + 1..now.until.0.min(first.0 + 800)).map(Day);
        for (on, truth) in days().zip(patient.truths(&document, days())) {
            prop_assert_eq!(truth, now.truth, "on {}", on);
        }
    }

    #[test]
    fn no_population_changes_before_the_review_date(
        conditions in prop::collection::vec(condition(), 4), inverse in any::<bool>(), period in period(), patient in patient(), start in 0..700_i32,
    ) {
        let [initial, exclusion, exception, numerator] = <[Value; 4]>::try_from(conditions).unwrap();
        let group = json!({
            "key": "g", "title": "G", "inverse": inverse, "initial_population": { "any": [initial, { "sex": "female" }] },
            "denominator_exclusion": { "all": [exclusion, { "sex": "female" }] }, "denominator_exception": exception, "numerator": numerator,
        });
        let document = json!({
            "version": 1, "key": "k", "title": "t", "period": period, "groups": [group], "blocks": [{ "name": "b", "is": { "sex": "male" } }],
        });
        let patient = One::of(patient);
        let first = day("2024-06-01").plus_days(start);
        let now = patient.populations(&document, &first.to_string())[0];
        let days = || (first.0 + 1..now.until.0.min(first.0 + 800)).map(Day);
        for (on, later) in days().zip(patient.populations_over(&document, days())) {
            prop_assert_eq!(later[0].bits, now.bits, "on {}", on);
        }
    }

    #[test]
    fn one_more_fact_never_makes_a_count_less_certain(
        query in query(), at_least in 1..3_u8, patient in patient(), more in a_fact(),
    ) {
        let members = with(query, &json!({ "at_least": at_least }));
        let ask = |patient: PatientBuilder| One::of(patient).is(&members);
        if ask(patient.clone()) == Truth::True {
            prop_assert_eq!(ask(add(patient, more)), Truth::True);
        }
    }

    #[test]
    fn to_know_more_of_a_date_never_takes_an_answer_back(
        members in condition(), rest in patient(), day in "202[4-6]-(0[1-9]|1[0-2])-[012][1-8]", kind in 0..4_usize, code in 0..2_u8, value in 0..6_u8,
    ) {
        let dated = |date: &str| One::of(add(rest.clone(), ((kind, code), date.to_owned(), None, (false, false, Some(0), value))));
        let ask = |date: &str| dated(date).outcome(&document(&members, &json!({ "sex": "female" }), &json!("calendar year")), TODAY, Careful).truth;
        for less in [&day[..4], &day[..7]] {
            let known = ask(less);
            if known != Truth::Unknown {
                prop_assert_eq!(ask(&day), known, "{} became {}", less, day);
            }
        }
    }

    #[test]
    fn who_is_careful_never_says_the_opposite_of_who_is_strict_about_a_fact(query in query(), patient in patient()) {
        let patient = One::of(patient);
        match patient.is(&query) {
            Truth::Unknown => {}
            known => prop_assert_eq!(patient.strictly(&query), known),
        }
    }

    #[test]
    fn a_gap_is_open_in_what_is_reported(initial in condition(), numerator in condition(), patient in patient(), inverse in any::<bool>()) {
        let group = json!({ "key": "g", "title": "G", "inverse": inverse, "initial_population": initial, "numerator": numerator });
        let document = json!({ "version": 1, "key": "k", "title": "t", "groups": [group], "blocks": [{ "name": "b", "is": { "sex": "male" } }] });
        let bits = One::of(patient).populations(&document, TODAY)[0].bits;
        if bits & MEMBER != 0 {
            use outreach_plugin_sdk::segment::population::{DENOMINATOR, INITIAL, NUMERATOR};
            prop_assert_eq!(bits, MEMBER | INITIAL | DENOMINATOR | if inverse { NUMERATOR } else { 0 });
        }
    }

    #[test]
    fn everybody_can_be_explained(members in condition(), block in condition(), patient in patient()) {
        let _ = super::phrases(&document(&members, &block, &json!("calendar year")), patient);
    }

    #[test]
    fn no_document_of_known_words_panics(document in nonsense()) {
        let _ = Reader::check(&document.to_string(), |reader| { Document::read(reader); });
    }

    #[test]
    fn no_condition_of_known_words_panics(members in nonsense()) {
        let _ = super::findings(&segment(&members));
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,80}") {
        let _ = Reader::check(&text, |reader| { Document::read(reader); });
    }
}
