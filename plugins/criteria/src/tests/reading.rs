//! Documents that can't be used: the place, and what was expected.

use outreach_plugin_sdk::document::Reader;
use serde_json::{Value, json};

use super::{S, codes, fact, findings, read, segment, with};
use crate::Document;

#[track_caller]
fn found(document: &Value, path: &str, words: &str) {
    let issues = findings(document);
    assert!(issues.iter().any(|(at, message)| at == path && message.contains(words)), "{path} {words}: {issues:?}");
}

#[test]
fn an_operator_that_is_not_known_is_answered_with_those_there_are() {
    found(&segment(&json!({ "both": [] })), "/members", "`last_day`");
    found(&segment(&json!({ "all": [{ "sex": "female" }], "any": [{ "sex": "female" }] })), "/members", "exactly one");
    let wrong = fact("observation", "a", &json!({ "value": { "op": "!=", "number": 1, "unit": "%" } }));
    found(&segment(&wrong), "/members/value/op", "`<=`");
}

#[test]
fn a_misspelt_member_is_answered_with_the_nearest() {
    found(&segment(&fact("observation", "a", &json!({ "windw": {} }))), "/members/windw", "did you mean `window`?");
}

#[test]
fn a_code_system_is_a_uri() {
    let members = json!({ "fact": "condition", "codes": [{ "system": "loinc", "code": "1" }] });
    found(&segment(&members), "/members/codes/0/system", "http://loinc.org");
}

#[test]
fn a_moment_that_is_none_is_answered_with_how_one_is_written() {
    for wrong in ["27 months ago", "yesterday", "visit start", "-27 moons"] {
        let members = fact("condition", "a", &json!({ "window": { "from": wrong } }));
        found(&segment(&members), "/members/window/from", "period start");
    }
    let named = fact(
        "encounter",
        "a",
        &json!({ "as": "visit", "such_that": fact("condition", "b", &json!({ "window": { "to": "vist start" } })) }),
    );
    found(&segment(&named), "/members/such_that/window/to", "visit");
}

#[test]
fn a_period_or_a_window_that_ends_before_it_starts_is_found() {
    let wrong = json!({ "period": { "from": "2025-12-31", "to": "2025-01-01" } });
    found(&with(segment(&json!({ "sex": "female" })), &wrong), "/period", "exchange them");
    let advice = |window: Value| {
        let document = segment(&fact("condition", "a", &json!({ "window": window })));
        let issues = Reader::check(&document.to_string(), |reader| {
            Document::read(reader);
        });
        issues.iter().any(|issue| !issue.fatal && issue.path == "/members/window" && issue.message.contains("ends before it starts"))
    };
    for (from, to) in [("as-of", "-1 year"), ("period end", "period end -1 day"), ("birth +2 years", "birth +18 months")] {
        assert!(advice(json!({ "from": from, "to": to })), "{from}");
    }
    assert!(advice(json!({ "after": "as-of", "to": "as-of" })));
    assert!(advice(json!({ "from": "+10 days" })), "it goes up to today where nothing else is said");
    assert!(!advice(json!({ "from": "as-of", "to": "as-of" })));
    assert_eq!(findings(&segment(&json!({ "age": { "from": 74, "to": 52 } })))[0].0, "/members/age");
}

#[test]
fn a_day_that_is_not_in_the_calendar_is_found() {
    for wrong in ["2025-02-30", "2025", "31.12.2025", "2025-13-01"] {
        let period = json!({ "period": { "from": wrong, "to": "2026-01-01" } });
        found(&with(segment(&json!({ "sex": "female" })), &period), "/period/from", "2025-01-31");
    }
}

#[test]
fn a_document_is_of_members_or_of_groups() {
    found(&json!({ "version": 1, "key": "k", "title": "t" }), "", "`members`");
    found(&json!({ "version": 2, "key": "k", "title": "t", "members": { "sex": "female" } }), "/version", "from 1 to 1");
    found(&json!({ "version": 1, "key": "K k", "title": "t", "members": { "sex": "female" } }), "/key", "lower-case");
}

#[test]
fn names_are_used_once() {
    let block = json!({ "name": "a", "is": { "sex": "female" } });
    found(&with(segment(&json!({ "block": "a" })), &json!({ "blocks": [block, block] })), "/blocks/1/name", "two blocks");
    let group = json!({ "key": "g", "title": "G", "initial_population": { "sex": "female" }, "numerator": { "sex": "female" } });
    found(&json!({ "version": 1, "key": "k", "title": "t", "groups": [group, group] }), "/groups/1/key", "two groups");
    let inner = fact("encounter", "a", &json!({ "as": "visit", "such_that": fact("condition", "b", &json!({ "as": "visit" })) }));
    found(&segment(&inner), "/members/such_that/as", "taken");
    found(&segment(&fact("encounter", "a", &json!({ "as": "my visit" }))), "/members/as", "one word");
}

#[test]
fn what_is_said_without_effect_is_found() {
    let about =
        |about: Value| segment(&fact("encounter", "a", &json!({ "as": "visit", "such_that": with(json!({ "that": "visit" }), &about) })));
    found(&about(json!({ "when": "starts" })), "/members/such_that/when", "window");
    found(&about(json!({ "precision": "instant" })), "/members/such_that/precision", "window");
    found(&about(json!({ "most_recent": true })), "/members/such_that/most_recent", "not known here");
    found(&about(json!({ "status": "finished" })), "/members/such_that/status", "looked for");
    found(&segment(&fact("observation", "a", &json!({ "most_recent": true }))), "/members/most_recent", "give a `value`");
    found(&segment(&fact("observation", "a", &json!({ "pick": "last", "at_least": 2 }))), "/members/at_least", "picked");
    let both = json!({ "window": { "from": "as-of", "after": "as-of" } });
    found(&segment(&fact("observation", "a", &both)), "/members/window", "exclude each other");
}

#[test]
fn a_lowest_value_is_asked_for_a_value() {
    let members =
        json!({ "last_day": { "day_of": fact("observation", "a", &json!({})), "lowest": [fact("observation", "a", &json!({}))] } });
    found(&segment(&members), "/members/last_day/lowest/0", "give a `value`");
}

#[test]
fn limits_are_said_in_numbers() {
    let nested = |deep: usize| (0..deep).fold(json!({ "sex": "female" }), |inner, _| json!({ "all": [inner] }));
    assert_eq!(findings(&segment(&nested(16))), []);
    assert!(findings(&segment(&nested(17)))[0].1.contains("16 deep"));
    let wide = |conditions: usize| json!({ "any": vec![json!({ "sex": "female" }); conditions] });
    assert_eq!(findings(&segment(&wide(200))), []);
    found(&segment(&wide(201)), "/members/any", "at most 200");
    found(&segment(&json!({ "all": [] })), "/members/all", "at least one");
    found(&segment(&json!({ "age": { "from": 151 } })), "/members/age/from", "150");
}

#[test]
fn a_hundred_thousand_codes_are_read_and_one_more_is_found() {
    let many = |codes: usize| {
        let codes: Vec<Value> = (0..codes).map(|code| json!({ "system": S, "code": code.to_string() })).collect();
        segment(&json!({ "fact": "condition", "codes": codes }))
    };
    assert_eq!(read(&many(100_000)).code_sets.len(), 1);
    found(&many(100_001), "/members/codes", "at most 100000");
}

#[test]
fn more_sets_of_codes_than_can_be_numbered_are_found() {
    let query =
        |set: usize| json!({ "fact": "condition", "value_sets": (0..100).map(|it| format!("urn:s:{set}:{it}")).collect::<Vec<_>>() });
    let parts: Vec<Value> = (0..101).map(query).collect();
    found(&segment(&json!({ "any": parts })), "", "sets of codes");
}

#[test]
fn a_value_set_and_codes_may_stand_side_by_side_and_a_set_is_named_one_way() {
    let both = json!({ "fact": "condition", "value_set": "urn:s:a", "codes": codes("a") });
    assert_eq!(read(&segment(&both)).code_sets.len(), 2);
    let site = fact("condition", "a", &json!({ "body_site": { "value_set": "urn:s:a", "codes": codes("a") } }));
    found(&segment(&site), "/members/body_site", "either");
}
