//! The day on which time alone can change an answer.

use outreach_plugin_sdk::day::Day;
use outreach_plugin_sdk::fact::FactKind;
use serde_json::{Value, json};

use super::{One, S, TODAY, fact, review, segment, someone, with};

fn on(members: &Value) -> String {
    format!("{:?}", review(&segment(members), someone(), TODAY))
}

#[test]
fn an_age_is_looked_at_again_on_the_birthday_that_matters_and_not_after_it() {
    // Born on 1 May 1970, so 55.
    assert_eq!(on(&json!({ "age": { "from": 60 } })), "2030-05-01");
    assert_eq!(on(&json!({ "age": { "from": 40, "to": 60 } })), "2031-05-01");
    assert_eq!(on(&json!({ "age": { "from": 40 } })), "never");
    assert_eq!(on(&json!({ "age": { "to": 40 } })), "never");
    assert_eq!(on(&json!({ "age": { "from": 40, "at": "end of year" } })), "2026-01-01");
}

#[test]
fn what_is_told_of_the_person_alone_never_changes_with_time() {
    assert_eq!(on(&json!({ "all": [{ "sex": "female" }, { "deceased": false }] })), "never");
}

#[test]
fn a_fact_is_looked_at_again_when_it_leaves_its_window_and_when_it_comes_to_it() {
    let recent = fact("procedure", "a", &json!({ "window": { "from": "-1 year" } }));
    let done = |day: &str| someone().procedure(S, "a", day);
    assert_eq!(review(&segment(&recent), done("2025-03-10"), TODAY), Day::of(2026, 3, 10), "a day early costs nothing");
    assert_eq!(review(&segment(&recent), done("2025-09-10"), TODAY), Day::of(2025, 9, 10));
    assert_eq!(review(&segment(&recent), done("2020-03-10"), TODAY), Day::NEVER);
    assert_eq!(review(&segment(&fact("procedure", "a", &json!({}))), done("2020-03-10"), TODAY), Day::NEVER);
}

#[test]
fn a_count_stands_while_as_many_as_are_needed_do() {
    let two = fact("immunization", "a", &json!({ "at_least": 2, "window": { "from": "-1 year" } }));
    let days = ["2024-08-01", "2025-02-01", "2025-03-01"];
    let three = days.iter().fold(someone(), |patient, day| patient.fact(FactKind::Immunization, S, "a", day));
    assert_eq!(review(&segment(&two), three, TODAY), Day::of(2026, 2, 1), "the first of them is to spare");
}

#[test]
fn a_period_of_months_moves_on_with_the_days() {
    let document = |window: Value, months: u8| {
        let members = fact("procedure", "a", &json!({ "window": window }));
        with(segment(&members), &json!({ "period": { "months": months } }))
    };
    let done = |day: &str| someone().procedure(S, "a", day);
    let whole = json!({ "from": "period start", "to": "period end" });
    assert_eq!(review(&document(whole, 12), done("2025-03-10"), TODAY), Day::of(2026, 3, 9));
    // The end of February makes the start of a period jump: each day before the review date is asked.
    for from in ["period start -1 month", "period start +1 month", "period start -1 month -1 day"] {
        let document = document(json!({ "from": from, "to": "+10 years" }), 1);
        for day in ["2025-01-29", "2025-01-30", "2025-01-31", "2025-02-01", "2025-02-28", "2025-03-01"] {
            let patient = One::of(done(day));
            let today = Day::of(2025, 3, 1);
            let now = patient.outcome(&document, &today.to_string(), crate::Caution::Careful);
            let last = now.until.0.min(today.0 + 100);
            let truths = patient.truths(&document, (today.0 + 1..last).map(Day));
            assert!(truths.iter().all(|truth| *truth == now.truth), "{from}, {day}, until {:?}: {truths:?}", now.until);
        }
    }
}
