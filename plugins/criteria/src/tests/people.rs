//! What is asked of the person: age, sex, death.

use outreach_plugin_sdk::testing::PatientBuilder;
use serde_json::json;

use super::{One, S, fact, is, someone};
use crate::Truth::{False, True, Unknown};

#[test]
fn an_age_is_whole_years_at_a_moment() {
    let age = |at: &str| json!({ "age": { "from": 55, "to": 55, "at": at } });
    // Born on 1 May 1970; today is 1 July 2025.
    let cases = [
        ("as-of", True),
        ("period start", False),
        ("period end", True),
        ("start of year", False),
        ("end of year", True),
        ("-61 days", True),
        ("-62 days", False),
        ("+10 months", False),
    ];
    for (at, expected) in cases {
        assert_eq!(is(&age(at), someone()), expected, "{at}");
    }
    assert_eq!(is(&json!({ "age": { "from": 55 } }), someone()), True, "without a moment it is today's");
    assert_eq!(is(&json!({ "age": { "to": 54 } }), someone()), False);
}

#[test]
fn an_age_is_not_known_without_a_birth_date() {
    assert_eq!(is(&json!({ "age": { "from": 0 } }), PatientBuilder::unknown()), Unknown);
}

#[test]
fn an_age_at_a_fact_of_which_the_day_is_not_known_may_be_two() {
    let at_test = |from: i32, to: i32| {
        let about = json!({ "age": { "from": from, "to": to, "at": "test start" } });
        fact("observation", "a", &json!({ "as": "test", "such_that": about }))
    };
    let tested = |day: &str| someone().observation(S, "a", day);
    assert_eq!(is(&at_test(30, 50), tested("2000-04-30")), False);
    assert_eq!(is(&at_test(30, 50), tested("2000-05-01")), True);
    assert_eq!(is(&at_test(30, 50), tested("2000")), Unknown);
    assert_eq!(is(&at_test(29, 50), tested("2000")), True);
    assert_eq!(is(&at_test(31, 50), tested("2000")), False);
    assert_eq!(is(&at_test(20, 28), tested("2000")), False);
}

#[test]
fn a_sex_that_is_not_stated_is_not_known_to_be_another() {
    assert_eq!(is(&json!({ "sex": "female" }), someone()), True);
    assert_eq!(is(&json!({ "sex": "male" }), someone()), False);
    assert_eq!(is(&json!({ "sex": "male" }), PatientBuilder::unknown()), Unknown);
    assert_eq!(is(&json!({ "not": { "sex": "male" } }), PatientBuilder::unknown()), Unknown);
    let mut other = One::of(PatientBuilder::unknown());
    other.batch.sex[0] = 3;
    assert_eq!((other.is(&json!({ "sex": "other" })), other.is(&json!({ "sex": "male" }))), (True, False));
}

#[test]
fn who_is_not_known_to_have_died_lives() {
    assert_eq!(is(&json!({ "deceased": false }), PatientBuilder::unknown()), True);
    assert_eq!(is(&json!({ "deceased": true }), someone().deceased()), True);
    assert_eq!(is(&json!({ "deceased": false }), someone().deceased()), False);
}
