//! How many facts there are.

use outreach_plugin_sdk::fact::FactKind;
use outreach_plugin_sdk::testing::PatientBuilder;
use serde_json::{Value, json};

use super::{S, fact, findings, is, segment, someone, strictly};
use crate::Truth::{False, True, Unknown};

fn doses(days: &[&str]) -> PatientBuilder {
    days.iter().fold(someone(), |patient, day| patient.fact(FactKind::Immunization, S, "a", day))
}

#[test]
fn at_least_so_many_are_asked_for() {
    let two = fact("immunization", "a", &json!({ "at_least": 2 }));
    assert_eq!(is(&two, doses(&["2025-01-01"])), False);
    assert_eq!(is(&two, doses(&["2025-01-01", "2025-01-01"])), True);
}

#[test]
fn several_on_one_day_count_as_one_where_days_are_counted() {
    let two = fact("immunization", "a", &json!({ "at_least": 2, "distinct_days": true }));
    assert_eq!(is(&two, doses(&["2025-01-01", "2025-01-01"])), False);
    assert_eq!(is(&two, doses(&["2025-01-01", "2025-01-02"])), True);
}

#[test]
fn a_fact_of_which_the_day_is_not_known_may_be_on_the_day_of_another() {
    let two = fact("immunization", "a", &json!({ "at_least": 2, "distinct_days": true }));
    assert_eq!(is(&two, doses(&["2025-03-10", "2025-03"])), Unknown);
    assert_eq!(strictly(&two, doses(&["2025-03-10", "2025-03"])), False);
}

#[test]
fn a_fact_that_may_count_makes_the_number_unknown_only_where_it_matters() {
    let some = |least: u8| fact("immunization", "a", &json!({ "at_least": least, "window": { "from": "period start" } }));
    let patient = || doses(&["2025-01-01", "2025-02-01", ""]);
    assert_eq!(is(&some(2), patient()), True);
    assert_eq!(is(&some(3), patient()), Unknown);
    assert_eq!(is(&some(4), patient()), False);
    assert_eq!(strictly(&some(3), patient()), False);
}

fn count(of: &[Value], at_least: u8, distinct_days: bool) -> Value {
    json!({ "count": { "of": of, "at_least": at_least, "distinct_days": distinct_days } })
}

#[test]
fn facts_of_several_kinds_are_counted_together() {
    let of = [fact("immunization", "a", &json!({})), fact("procedure", "b", &json!({}))];
    let given = |one: &str, other: &str| doses(&[one]).procedure(S, "b", other);
    assert_eq!(is(&count(&of, 2, false), given("2025-01-01", "2025-01-01")), True);
    assert_eq!(is(&count(&of, 2, true), given("2025-01-01", "2025-01-01")), False);
    assert_eq!(is(&count(&of, 2, true), given("2025-01-01", "2025-02-01")), True);
    assert_eq!(is(&count(&of, 2, true), doses(&["2025-01-01"])), False);
}

#[test]
fn a_record_that_is_meant_twice_counts_once() {
    let of = [fact("immunization", "a", &json!({})), fact("immunization", "b", &json!({}))];
    let both = doses(&["2025-01-01"]).also(S, "b");
    assert_eq!(is(&count(&of, 1, false), both.clone()), True);
    assert_eq!(is(&count(&of, 2, false), both), False);
}

#[test]
fn nothing_is_picked_where_facts_are_counted() {
    for (name, value) in [("pick", json!("last")), ("at_least", json!(2)), ("distinct_days", json!(true))] {
        let issues = findings(&segment(&count(&[fact("immunization", "a", &json!({ name: value }))], 2, false)));
        assert!(
            issues.iter().any(|(path, message)| path == &format!("/members/count/of/0/{name}") && message.contains(name)),
            "{issues:?}"
        );
    }
}
