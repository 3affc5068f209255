//! The last and the first of several facts, and the lowest value of a day.

use outreach_plugin_sdk::fact::{FactFlags, FactKind};
use outreach_plugin_sdk::testing::PatientBuilder;
use serde_json::{Value, json};

use super::{One, S, codes, fact, findings, is, segment, someone, strictly, with};
use crate::Truth::{False, True, Unknown};

fn answered(patient: PatientBuilder, day: &str, answer: &str) -> PatientBuilder {
    patient.observation(S, "a", day).answered(S, answer)
}

/// Whether the one that is picked was answered with yes.
fn picked(pick: &str) -> Value {
    let about = json!({ "that": "it", "value": { "in": { "codes": codes("yes") } } });
    fact("observation", "a", &json!({ "pick": pick, "as": "it", "is": about, "when": "starts", "window": { "to": "+10 years" } }))
}

#[test]
fn the_last_is_the_one_that_began_last_and_the_first_the_one_that_began_first() {
    let patient = answered(answered(someone(), "2025-01-01", "yes"), "2025-02-01", "no");
    assert_eq!((is(&picked("last"), patient.clone()), is(&picked("first"), patient)), (False, True));
    assert_eq!(is(&picked("last"), someone()), False, "there is none");
}

#[test]
fn the_last_ended_is_the_one_that_ended_last() {
    let stay = |patient: PatientBuilder, start, end, site: &str| {
        patient.fact(FactKind::Encounter, S, "a", start).until(end).also(&format!("reason:{S}"), site)
    };
    let patient = stay(stay(someone(), "2025-01-01", "2025-03-01", "yes"), "2025-02-01", "2025-02-02", "no");
    let about = json!({ "that": "it", "reason": { "codes": codes("yes") } });
    let pick = |pick: &str| fact("encounter", "a", &json!({ "pick": pick, "as": "it", "is": about }));
    assert_eq!((is(&pick("last ended"), patient.clone()), is(&pick("last"), patient)), (True, False));
}

#[test]
fn such_that_narrows_before_one_is_picked_and_is_asks_afterwards() {
    let patient = answered(answered(someone(), "2025-01-01", "yes"), "2025-02-01", "no");
    let yes = json!({ "that": "it", "value": { "in": { "codes": codes("yes") } } });
    let narrowed = fact("observation", "a", &json!({ "pick": "last", "as": "it", "such_that": yes }));
    assert_eq!((is(&narrowed, patient.clone()), is(&picked("last"), patient)), (True, False));
}

#[test]
fn the_value_beside_a_pick_narrows_and_the_value_of_the_most_recent_does_not() {
    let patient = someone().observation(S, "a", "2025-01-01").value(8.0, "%").observation(S, "a", "2025-02-01").value(10.0, "%");
    let below = json!({ "value": { "op": "<", "number": 9, "unit": "%" } });
    let asked = |more: Value| with(fact("observation", "a", &below), &more);
    assert_eq!(is(&asked(json!({ "pick": "last" })), patient.clone()), True, "there is a last one below 9 %");
    assert_eq!(is(&asked(json!({ "most_recent": true })), patient.clone()), False, "the last one is not below 9 %");
    assert_eq!(is(&asked(json!({})), patient), True);
}

#[test]
fn a_fact_that_may_be_the_last_one_leaves_its_answer_open() {
    // The day of the second is not known: it may be the last one, or not.
    let patient = |first, second| answered(answered(someone(), "2025-03-01", first), "2025", second);
    assert_eq!(is(&picked("last"), patient("no", "yes")), Unknown);
    assert_eq!(is(&picked("last"), patient("yes", "no")), Unknown);
    assert_eq!(is(&picked("last"), patient("yes", "yes")), True, "whichever it is");
    assert_eq!(is(&picked("last"), patient("no", "no")), False, "whichever it is");
    assert_eq!(strictly(&picked("last"), patient("yes", "no")), True);
}

#[test]
fn a_fact_without_a_date_may_be_the_last_one() {
    let recent = with(picked("last"), &json!({ "window": { "from": "period start", "to": "period end" } }));
    assert_eq!(is(&recent, answered(answered(someone(), "2025-03-01", "no"), "", "yes")), Unknown);
    assert_eq!(is(&recent, answered(answered(someone(), "2025-03-01", "yes"), "", "yes")), True);
    assert_eq!(is(&recent, answered(someone(), "", "yes")), Unknown);
    assert_eq!(is(&recent, answered(someone(), "", "no")), False, "either it does not count, or it is no");
}

#[test]
fn a_fact_that_is_certainly_older_changes_nothing() {
    assert_eq!(is(&picked("last"), answered(answered(someone(), "2025-03-01", "yes"), "2024", "no")), True);
    assert_eq!(is(&picked("first"), answered(answered(someone(), "2024", "yes"), "2025-03-01", "no")), True);
}

#[test]
fn that_there_is_a_last_one_is_certain_where_one_certainly_counts() {
    let any = fact("observation", "a", &json!({ "pick": "last", "window": { "from": "period start" } }));
    assert_eq!(is(&any, someone().observation(S, "a", "2025-03-01").observation(S, "a", "")), True);
    assert_eq!(is(&any, someone().observation(S, "a", "")), Unknown);
}

#[test]
fn is_needs_a_pick() {
    let issues = findings(&segment(&fact("observation", "a", &json!({ "as": "it", "is": { "that": "it" } }))));
    assert!(issues.iter().any(|(path, message)| path == "/members/is" && message.contains("such_that")), "{issues:?}");
}

/// Both values below 140 and 90 on the last day of a reading.
fn controlled(more: &Value) -> Value {
    let below = |code: &str, number: u8| {
        with(fact("observation", code, &json!({ "value": { "op": "<", "number": number, "unit": "mm[Hg]" } })), more)
    };
    json!({ "last_day": { "day_of": with(fact("observation", "bp", &json!({})), more), "lowest": [below("sys", 140), below("dia", 90)] } })
}

fn reading(patient: PatientBuilder, day: &str, systolic: f64, diastolic: f64) -> PatientBuilder {
    patient
        .observation(S, "bp", day)
        .observation(S, "sys", day)
        .value(systolic, "mm[Hg]")
        .observation(S, "dia", day)
        .value(diastolic, "mm[Hg]")
}

#[test]
fn the_lowest_of_each_on_the_last_day_decides() {
    let twice = reading(reading(someone(), "2025-03-01", 150.0, 85.0), "2025-03-01", 135.0, 95.0);
    assert_eq!(is(&controlled(&json!({})), twice.clone()), True, "the lowest of each, from different readings");
    assert_eq!(is(&controlled(&json!({})), reading(twice, "2025-04-01", 141.0, 80.0)), False, "a later day");
    assert_eq!(is(&controlled(&json!({})), someone()), False, "no reading at all");
}

#[test]
fn a_reading_without_a_number_may_be_anything() {
    let patient = reading(someone(), "2025-03-01", 135.0, 85.0).observation(S, "sys", "2025-03-01");
    assert_eq!(is(&controlled(&json!({})), patient), Unknown);
    let half = someone().observation(S, "bp", "2025-03-01").observation(S, "sys", "2025-03-01").value(120.0, "mm[Hg]");
    assert_eq!(is(&controlled(&json!({})), half.clone()), Unknown, "no diastolic value that day");
    assert_eq!(strictly(&controlled(&json!({})), half), Unknown, "and that is not below 90");
}

#[test]
fn what_is_asked_beside_the_lowest_value_is_asked_of_each_reading() {
    let stay =
        someone().fact(FactKind::Encounter, S, "v", "2025-03-01").flags(FactFlags::EFFECTIVE | FactFlags::EMERGENCY).until("2025-03-01");
    let twice = One::of(reading(reading(stay, "2025-03-01", 150.0, 95.0), "2025-03-01", 130.0, 80.0));
    let ordinary = controlled(&json!({ "visit_without": ["emergency"] }));
    assert_eq!(twice.is(&ordinary), True);
    let emergency = twice.during(4, 0).during(5, 0).during(6, 0);
    assert_eq!(emergency.is(&ordinary), False, "the low values were measured in an emergency");
}

#[test]
fn a_reading_of_which_the_day_is_not_known_leaves_the_last_day_open() {
    let known = || reading(someone(), "2025-03-01", 130.0, 80.0);
    assert_eq!(is(&controlled(&json!({})), known().observation(S, "bp", "2025-05")), Unknown);
    assert_eq!(is(&controlled(&json!({})), known().observation(S, "bp", "2024")), True, "an older one changes nothing");
    assert_eq!(
        is(&controlled(&json!({})), known().observation(S, "sys", "2025").value(190.0, "mm[Hg]")),
        Unknown,
        "it may have been that day"
    );
    assert_eq!(is(&controlled(&json!({})), known().observation(S, "sys", "2025").value(110.0, "mm[Hg]")), True, "below, whenever it was");
}
