//! What is said within one `fact` is about one record; two of them are about any two records.

use outreach_plugin_sdk::fact::{FactFlags, FactKind};
use outreach_plugin_sdk::testing::PatientBuilder;
use serde_json::{Value, json};

use super::{One, S, codes, fact, findings, is, segment, someone, strictly, with};
use crate::Truth::{self, False, True, Unknown};

const EFFECTIVE: FactFlags = FactFlags::EFFECTIVE;

#[test]
fn what_one_fact_is_asked_must_hold_of_one_record() {
    let reading = |patient: PatientBuilder, value, day| patient.observation(S, "a", day).value(value, "%");
    let this_year = json!({ "window": { "from": "period start" } });
    let high = json!({ "value": { "op": ">", "number": 9, "unit": "%" } });
    let both = with(fact("observation", "a", &this_year), &high);
    let apart = json!({ "all": [fact("observation", "a", &this_year), fact("observation", "a", &high)] });
    // High last year, and good this year.
    let patient = reading(reading(someone(), 10.0, "2024-03-01"), 7.0, "2025-03-01");
    assert_eq!(is(&both, patient.clone()), False);
    assert_eq!(is(&apart, patient), True);
    assert_eq!(is(&both, reading(someone(), 10.0, "2025-03-01")), True);
}

#[test]
fn none_of_two_facts_is_about_any_records() {
    let none = json!({ "none": [fact("procedure", "a", &json!({})), fact("procedure", "b", &json!({}))] });
    assert_eq!(is(&none, someone()), True);
    assert_eq!(is(&none, someone().procedure(S, "b", "2020-01-01")), False);
}

#[test]
fn a_condition_about_a_named_fact_is_about_that_record() {
    let screen = |about: Value| fact("observation", "a", &json!({ "as": "screen", "such_that": about }));
    let positive = json!({ "that": "screen", "value": { "in": { "codes": codes("yes") } } });
    let followed = fact("procedure", "b", &json!({ "window": { "from": "screen start", "to": "screen start +2 days" } }));
    let both = screen(json!({ "all": [positive, followed] }));
    let screened = |patient: PatientBuilder, day: &str, answer: &str| patient.observation(S, "a", day).answered(S, answer);
    let patient = screened(screened(someone(), "2025-01-01", "yes"), "2025-03-01", "no");
    assert_eq!(is(&both, patient.clone().procedure(S, "b", "2025-01-03")), True);
    assert_eq!(is(&both, patient.clone().procedure(S, "b", "2025-03-01")), False, "that followed the other one");
    assert_eq!(is(&both, patient), False);
}

#[test]
fn any_code_of_a_fact_and_any_set_that_is_named_will_do() {
    let mut members = fact("condition", "a", &json!({}));
    members["codes"] = json!([{ "system": S, "code": "a" }, { "system": S, "code": "b" }]);
    assert_eq!(is(&members, someone().condition(S, "b", "2020-01-01")), True);
    assert_eq!(is(&members, someone().condition(S, "x", "2020-01-01").also(S, "a")), True);
    assert_eq!(is(&members, someone().condition("urn:other", "a", "2020-01-01")), False, "the code of another system");
    assert_eq!(is(&members, someone().procedure(S, "a", "2020-01-01")), False, "another kind");
}

#[test]
fn a_visit_is_told_without_a_code() {
    assert_eq!(is(&json!({ "fact": "encounter" }), someone().visit("2025-03-01")), True);
    assert!(findings(&segment(&json!({ "fact": "condition" })))[0].1.contains("needs `codes`"));
}

#[test]
fn what_was_entered_in_error_or_refuted_never_counts() {
    for kind in ["condition", "procedure", "observation"] {
        let kind_of = FactKind::named(kind).unwrap();
        let wrong = someone().fact(kind_of, S, "a", "2025-03-01").flags(EFFECTIVE | FactFlags::IN_ERROR);
        for more in [json!({}), json!({ "status": "any" })] {
            assert_eq!(is(&fact(kind, "a", &more), wrong.clone()), False);
        }
    }
    assert!(FactFlags::named("in-error").is_none(), "it can't even be asked for");
}

#[test]
fn what_is_planned_or_was_not_done_counts_only_where_it_is_asked_for() {
    let has =
        |more: Value, flags| is(&fact("procedure", "a", &more), someone().fact(FactKind::Procedure, S, "a", "2025-03-01").flags(flags));
    assert_eq!(has(json!({}), FactFlags::PLANNED), False);
    assert_eq!(has(json!({ "flags": ["planned"] }), FactFlags::PLANNED), True);
    assert_eq!(has(json!({}), FactFlags::NOT_DONE), False);
    assert_eq!(has(json!({ "status": "not done" }), FactFlags::NOT_DONE), True);
    assert_eq!(has(json!({ "status": "not done" }), EFFECTIVE), False);
    assert_eq!(has(json!({ "without": ["imaging"] }), EFFECTIVE | FactFlags::IMAGING), False);
}

#[test]
fn a_status_is_said_in_the_words_of_its_kind() {
    const ACTIVE: FactFlags = FactFlags::ACTIVE;
    const ENDED: FactFlags = FactFlags::ENDED;
    const ORDERED: FactFlags = FactFlags::ORDERED;
    let cases: &[(&str, &str, FactFlags, Truth)] = &[
        ("encounter", "performed", EFFECTIVE, True),
        ("encounter", "performed", ACTIVE, True),
        ("encounter", "performed", FactFlags::UNCONFIRMED, False),
        ("encounter", "finished", EFFECTIVE.union(ENDED), True),
        ("encounter", "finished", EFFECTIVE, False),
        ("procedure", "completed", EFFECTIVE, True),
        ("procedure", "completed", ACTIVE, False),
        ("immunization", "completed", EFFECTIVE, True),
        ("observation", "final", EFFECTIVE, True),
        ("observation", "final", FactFlags::UNCONFIRMED, False),
        ("observation", "final or preliminary", FactFlags::UNCONFIRMED, True),
        ("order", "ordered", EFFECTIVE.union(ORDERED).union(ACTIVE), True),
        ("order", "ordered", EFFECTIVE.union(ACTIVE), False),
        ("order", "active or completed", EFFECTIVE.union(ENDED), True),
        ("order", "ordered", EFFECTIVE.union(ORDERED).union(ACTIVE).union(FactFlags::PLANNED), True),
        ("medication", "active", EFFECTIVE.union(ACTIVE), True),
        ("medication", "active order", EFFECTIVE.union(ACTIVE), False),
        ("medication", "active order", EFFECTIVE.union(ACTIVE).union(ORDERED), True),
        ("medication", "ordered", EFFECTIVE.union(ENDED).union(ORDERED), True),
        ("condition", "active", ACTIVE, True),
        ("condition", "ended", ENDED, True),
        ("condition", "active", ENDED, False),
        ("appointment", "booked", EFFECTIVE.union(FactFlags::PLANNED), True),
        ("appointment", "fulfilled", ENDED, True),
    ];
    for (kind, status, flags, expected) in cases {
        let asked = fact(kind, "a", &json!({ "status": status, "when": "starts" }));
        let patient = someone().fact(FactKind::named(kind).unwrap(), S, "a", "2025-03-01").flags(*flags);
        assert_eq!(is(&asked, patient), *expected, "{kind} {status} {flags:?}");
    }
}

#[test]
fn a_status_of_another_kind_is_answered_with_those_there_are() {
    let issues = findings(&segment(&fact("condition", "a", &json!({ "status": "completed" }))));
    assert_eq!(issues[0].0, "/members/status");
    assert!(issues[0].1.contains("`active`"), "{issues:?}");
}

#[test]
fn the_time_of_a_dosage_counts_only_where_it_is_asked_for() {
    let dosage = someone().fact(FactKind::Medication, S, "a", "2025-03-01").flags(EFFECTIVE | FactFlags::ACTIVE | FactFlags::DOSAGE);
    assert_eq!(is(&fact("medication", "a", &json!({})), dosage.clone()), False);
    assert_eq!(is(&fact("medication", "a", &json!({ "flags": ["dosage"] })), dosage), True);
}

#[test]
fn a_fact_of_a_visit_that_is_left_out_does_not_count_and_one_of_no_visit_does() {
    let measured = |class| {
        One::of(someone().fact(FactKind::Encounter, S, "v", "2025-02-01").flags(EFFECTIVE | class).until("2025-02-02").observation(
            S,
            "a",
            "2025-02-02",
        ))
    };
    let asked = fact("observation", "a", &json!({ "visit_without": ["emergency", "inpatient"] }));
    assert_eq!(measured(FactFlags::EMERGENCY).during(1, 0).is(&asked), False);
    assert_eq!(measured(FactFlags::OUTPATIENT).during(1, 0).is(&asked), True);
    assert_eq!(measured(FactFlags::EMERGENCY).is(&asked), True, "the visit is not known");
}

#[test]
fn strict_is_no_where_careful_does_not_know() {
    let asked = fact("procedure", "a", &json!({ "window": { "from": "period start" } }));
    let some_day = someone().procedure(S, "a", "");
    assert_eq!((is(&asked, some_day.clone()), strictly(&asked, some_day.clone())), (Unknown, False));
    let absent = json!({ "not": asked });
    assert_eq!((is(&absent, some_day.clone()), strictly(&absent, some_day)), (Unknown, True));
}
