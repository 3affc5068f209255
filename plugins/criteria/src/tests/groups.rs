//! Blocks, groups and populations.

use outreach_plugin_sdk::segment::population::{DENOMINATOR, EXCEPTION, EXCLUSION, INITIAL, MEMBER, NUMERATOR};
use outreach_plugin_sdk::testing::PatientBuilder;
use serde_json::{Value, json};

use super::{One, S, TODAY, fact, findings, read, segment, someone, with};
use crate::Caution::Careful;
use crate::Truth::{True, Unknown};

fn has(code: &str) -> Value {
    fact("condition", code, &json!({ "window": { "from": "period start" } }))
}

fn measure(group: &Value) -> Value {
    let group = with(json!({ "key": "g", "title": "G", "initial_population": has("ip"), "numerator": has("num") }), group);
    json!({ "version": 1, "key": "k", "title": "t", "groups": [group] })
}

fn whole(inverse: bool) -> Value {
    measure(&json!({
        "inverse": inverse, "denominator": has("den"), "denominator_exclusion": has("excl"), "denominator_exception": has("exc"),
    }))
}

fn bits(document: &Value, patient: PatientBuilder) -> u8 {
    One::of(patient).populations(document, TODAY)[0].bits
}

fn with_codes(codes: &[&str]) -> PatientBuilder {
    codes.iter().fold(someone(), |patient, code| patient.condition(S, code, "2020-01-01"))
}

#[test]
fn each_population_is_within_the_one_before_it() {
    let cases: [(&[&str], u8); 8] = [
        (&["den", "excl", "num"], 0),
        (&["ip", "excl", "num"], INITIAL),
        (&["ip", "den"], INITIAL | DENOMINATOR | MEMBER),
        (&["ip", "den", "num"], INITIAL | DENOMINATOR | NUMERATOR),
        (&["ip", "den", "excl", "num"], INITIAL | DENOMINATOR | EXCLUSION),
        (&["ip", "den", "exc"], INITIAL | DENOMINATOR | EXCEPTION),
        (&["ip", "den", "exc", "num"], INITIAL | DENOMINATOR | NUMERATOR),
        (&["ip", "den", "excl", "exc"], INITIAL | DENOMINATOR | EXCLUSION),
    ];
    for (codes, expected) in cases {
        assert_eq!(bits(&whole(false), with_codes(codes)), expected, "{codes:?}");
    }
}

#[test]
fn in_an_inverse_group_the_numerator_is_the_gap() {
    assert_eq!(bits(&whole(true), with_codes(&["ip", "den"])), INITIAL | DENOMINATOR);
    assert_eq!(bits(&whole(true), with_codes(&["ip", "den", "num"])), INITIAL | DENOMINATOR | NUMERATOR | MEMBER);
    assert_eq!(bits(&whole(true), with_codes(&["ip", "den", "num", "excl"])), INITIAL | DENOMINATOR | EXCLUSION);
}

#[test]
fn without_a_denominator_it_is_the_initial_population() {
    assert_eq!(bits(&measure(&json!({})), with_codes(&["ip"])), INITIAL | DENOMINATOR | MEMBER);
}

#[test]
fn nobody_has_a_gap_where_a_fact_that_is_not_certain_could_close_it() {
    let reported = INITIAL | DENOMINATOR;
    let open = || someone().condition(S, "ip", "2020-01-01").condition(S, "den", "2020-01-01");
    let uncertain = |code| open().fact(outreach_plugin_sdk::fact::FactKind::Condition, S, code, "2020-01-01");
    assert_eq!(bits(&whole(false), open()), reported | MEMBER);
    for code in ["num", "excl", "exc"] {
        assert_eq!(
            bits(&whole(false), uncertain(code)),
            reported,
            "{code}: reported as the public definition has it, and nobody is written to"
        );
    }
}

#[test]
fn a_block_says_once_what_is_used_in_several_places() {
    let document = |members: Value| {
        let blocks = json!([
            { "name": "diabetes", "is": has("a") },
            { "name": "both", "is": { "all": [{ "block": "diabetes" }, has("b")] } },
        ]);
        with(segment(&members), &json!({ "blocks": blocks }))
    };
    let truth = |members: Value, codes: &[&str]| One::of(with_codes(codes)).outcome(&document(members), TODAY, Careful).truth;
    assert_eq!(truth(json!({ "block": "both" }), &["a", "b"]), True);
    assert_eq!(truth(json!({ "all": [{ "block": "diabetes" }, { "not": { "block": "both" } }] }), &["a"]), True);
    assert!(read(&document(json!({ "block": "both" }))).blocks.len() == 2);
}

#[test]
fn a_block_uses_only_those_before_it_so_nothing_goes_round() {
    let around = with(
        segment(&json!({ "block": "a" })),
        &json!({ "blocks": [{ "name": "a", "is": { "block": "b" } }, { "name": "b", "is": { "block": "a" } }] }),
    );
    let issues = findings(&around);
    assert!(issues.iter().any(|(path, message)| path == "/blocks/0/is/block" && message.contains("before")), "{issues:?}");
    let own = with(segment(&json!({ "block": "a" })), &json!({ "blocks": [{ "name": "a", "is": { "block": "a" } }] }));
    assert!(!findings(&own).is_empty());
}

#[test]
fn a_block_knows_nothing_of_the_facts_that_are_named_around_it() {
    let document = with(
        segment(&fact("encounter", "v", &json!({ "as": "visit", "such_that": { "block": "a" } }))),
        &json!({ "blocks": [{ "name": "a", "is": fact("procedure", "p", &json!({ "window": { "from": "visit start" } })) }] }),
    );
    assert!(findings(&document).iter().any(|(path, _)| path == "/blocks/0/is/window/from"));
}

#[test]
fn blocks_are_nested_only_so_deep() {
    let chain = |length: usize| {
        let block = |place: usize| {
            let is = if place == 0 { json!({ "sex": "female" }) } else { json!({ "block": format!("b{}", place - 1) }) };
            json!({ "name": format!("b{place}"), "is": is })
        };
        let blocks: Vec<Value> = (0..length).map(block).collect();
        with(segment(&json!({ "block": format!("b{}", length - 1) })), &json!({ "blocks": blocks }))
    };
    assert_eq!(One::of(someone()).outcome(&chain(60), TODAY, Careful).truth, True);
    assert!(findings(&chain(100)).iter().any(|(_, message)| message.contains("deep")));
}

#[test]
fn blocks_that_use_blocks_twice_are_evaluated_and_explained_in_no_time() {
    let block = |place: usize| {
        let before = json!({ "block": format!("b{}", place.saturating_sub(1)) });
        let is = if place == 0 { has("a") } else { json!({ "any": [before, before] }) };
        json!({ "name": format!("b{place}"), "is": is })
    };
    let blocks: Vec<Value> = (0..30).map(block).collect();
    let document = with(segment(&json!({ "block": "b29" })), &json!({ "blocks": blocks }));
    assert_eq!(super::phrases(&document, with_codes(&["a"])), ["b29"], "called by the first block that is met");
}

#[test]
fn an_answer_that_is_not_known_stays_so_through_groups() {
    let unsure = fact("condition", "x", &json!({ "when": "overlaps", "window": { "from": "period start" } }));
    let patient = || someone().fact(outreach_plugin_sdk::fact::FactKind::Condition, S, "x", "2020-01-01");
    for members in [json!({ "all": [unsure] }), json!({ "any": [unsure] }), json!({ "none": [unsure] }), json!({ "not": unsure })] {
        assert_eq!(super::is(&members, patient()), Unknown, "{members}");
    }
    assert_eq!(super::is(&json!({ "any": [unsure, { "sex": "female" }] }), patient()), True);
    assert_eq!(super::is(&json!({ "all": [unsure, { "sex": "male" }] }), patient()), crate::Truth::False);
}
