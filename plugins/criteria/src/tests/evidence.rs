//! Why somebody is a member, in words.

use serde_json::{Value, json};

use super::{S, fact, phrases, segment, someone, with};

fn labelled(fact: Value, label: &str) -> Value {
    with(fact, &json!({ "label": label }))
}

#[test]
fn what_was_found_is_named_by_its_label_the_latest_three() {
    let visit = labelled(fact("procedure", "a", &json!({})), "Physiotherapy");
    let patient = ["2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01"].iter().fold(someone(), |it, day| it.procedure(S, "a", day));
    assert_eq!(phrases(&segment(&visit), patient), ["Physiotherapy", "Physiotherapy", "Physiotherapy"]);
}

#[test]
fn what_was_not_found_is_said_with_the_day_since_when_it_was_looked_for() {
    let mammogram = labelled(fact("procedure", "a", &json!({ "window": { "from": "period start -15 months" } })), "Mammogram");
    assert_eq!(phrases(&segment(&json!({ "none": [mammogram] })), someone()), ["No mammogram since 2023-10-01"]);
    let twice = labelled(fact("immunization", "a", &json!({ "at_least": 2 })), "MMR");
    assert_eq!(phrases(&segment(&json!({ "not": twice })), someone()), ["Fewer than 2: MMR on record"]);
}

#[test]
fn the_person_is_described() {
    let members = json!({ "all": [{ "sex": "female" }, { "age": { "from": 50, "at": "period end" } }, { "deceased": false }] });
    assert_eq!(phrases(&segment(&members), someone()), ["Female", "Age 55 at the end of 2025", "Not known to have died"]);
}

#[test]
fn the_most_recent_value_is_the_reason_where_it_decides() {
    let high = json!({ "value": { "op": ">", "number": 9, "unit": "%" }, "most_recent": true });
    let members = labelled(fact("observation", "a", &high), "HbA1c");
    let patient = someone().observation(S, "a", "2025-01-01").value(8.0, "%").observation(S, "a", "2025-02-01").value(10.0, "%");
    assert_eq!(phrases(&segment(&members), patient), ["Most recent: HbA1c"]);
}

#[test]
fn a_gap_says_why_the_measure_is_about_the_person_and_what_is_missing() {
    let group = json!({
        "key": "g", "title": "G", "initial_population": labelled(fact("condition", "a", &json!({})), "Diabetes"),
        "numerator": labelled(fact("observation", "b", &json!({ "window": { "from": "period start" } })), "Eye exam"),
    });
    let document = json!({ "version": 1, "key": "k", "title": "t", "groups": [group] });
    assert_eq!(phrases(&document, someone().condition(S, "a", "2020-01-01")), ["Diabetes", "No eye exam since 2025-01-01"]);
}
