//! When a fact was: relations, precision, ends that are not known, dates that are partly known.

use outreach_plugin_sdk::fact::{FactFlags, FactKind};
use outreach_plugin_sdk::testing::PatientBuilder;
use serde_json::{Value, json};

use super::{One, S, fact, is, someone, strictly, with};
use crate::Truth::{self, False, True, Unknown};

const EFFECTIVE: FactFlags = FactFlags::EFFECTIVE;

/// A fact in the year 2025.
fn in_2025(kind: &str, when: &str) -> Value {
    fact(kind, "a", &json!({ "when": when, "window": { "from": "period start", "to": "period end" } }))
}

fn stay(start: &str, end: &str) -> PatientBuilder {
    let stay = someone().fact(FactKind::Encounter, S, "a", start);
    if end.is_empty() { stay } else { stay.until(end) }
}

#[track_caller]
fn holds(cases: &[(&str, &str, &str, Truth)], facts: impl Fn(&str, &str) -> PatientBuilder, kind: &str) {
    for (when, start, end, expected) in cases {
        assert_eq!(is(&in_2025(kind, when), facts(start, end)), *expected, "{when}: {start} to {end}");
    }
}

#[test]
fn a_relation_says_what_of_a_fact_lies_in_the_window() {
    let cases = [
        ("starts", "2025-01-01", "2026-02-01", True),
        ("starts", "2024-12-31", "2025-02-01", False),
        ("ends", "2024-12-31", "2025-02-01", True),
        ("ends", "2025-12-31", "2026-01-01", False),
        ("within", "2025-01-01", "2025-12-31", True),
        ("within", "2024-12-31", "2025-12-31", False),
        ("within", "2025-01-01", "2026-01-01", False),
        ("overlaps", "2024-12-31", "2026-01-01", True),
        ("overlaps", "2024-01-01", "2025-01-01", True),
        ("overlaps", "2025-12-31", "2026-01-01", True),
        ("overlaps", "2024-01-01", "2024-12-31", False),
        ("overlaps", "2026-01-01", "2026-01-02", False),
        ("latest", "2024-12-31", "2025-01-01", True),
        ("latest", "2025-12-31", "2026-01-01", False),
        ("earliest", "2024-12-31", "2025-01-01", False),
        ("earliest", "2025-12-31", "2026-01-01", True),
    ];
    holds(&cases, stay, "encounter");
}

#[test]
fn active_and_happened_are_other_words_for_overlaps_and_latest() {
    for (word, same) in [("active", "overlaps"), ("happened", "latest")] {
        for (start, end) in [("2024-12-31", "2025-01-01"), ("2025-12-31", "2026-01-01"), ("2024-01-01", "2024-02-01")] {
            assert_eq!(is(&in_2025("encounter", word), stay(start, end)), is(&in_2025("encounter", same), stay(start, end)));
        }
    }
}

#[test]
fn where_nothing_is_said_what_lasts_overlaps_and_what_happens_is_told_by_its_latest() {
    let since = |kind| fact(kind, "a", &json!({ "window": { "from": "period start", "to": "period end" } }));
    let old = someone().condition(S, "a", "2001-01-01");
    assert_eq!(is(&since("condition"), old), True);
    assert_eq!(is(&since("encounter"), stay("2024-12-31", "2025-01-01")), True);
    assert_eq!(is(&since("encounter"), stay("2025-12-31", "2026-01-01")), False);
}

#[test]
fn a_stay_without_an_end_goes_on() {
    let cases = [
        ("ends", "2024-01-01", "", False),
        ("within", "2025-02-01", "", False),
        ("overlaps", "2024-01-01", "", True),
        ("overlaps", "2026-01-01", "", False),
        ("latest", "2025-02-01", "", True),
    ];
    holds(&cases, stay, "encounter");
}

#[test]
fn what_happens_at_once_ends_when_it_begins() {
    for when in ["starts", "ends", "within", "overlaps", "latest", "earliest"] {
        assert_eq!(is(&in_2025("procedure", when), someone().procedure(S, "a", "2025-03-01")), True, "{when}");
        assert_eq!(is(&in_2025("procedure", when), someone().procedure(S, "a", "2024-03-01")), False, "{when}");
    }
}

#[test]
fn an_active_condition_goes_on_and_of_another_nobody_knows_when_it_ended() {
    let condition = |flags, start: &str| someone().fact(FactKind::Condition, S, "a", start).flags(flags);
    let active = EFFECTIVE | FactFlags::ACTIVE;
    assert_eq!(is(&in_2025("condition", "overlaps"), condition(active, "2001-01-01")), True);
    assert_eq!(is(&in_2025("condition", "overlaps"), condition(EFFECTIVE, "2001-01-01")), Unknown);
    assert_eq!(is(&in_2025("condition", "overlaps"), condition(EFFECTIVE, "2026-01-01")), False, "it began afterwards");
    assert_eq!(is(&in_2025("condition", "ends"), condition(EFFECTIVE, "2025-03-01")), Unknown);
    assert_eq!(is(&in_2025("condition", "within"), condition(EFFECTIVE, "2025-03-01")), Unknown);
    assert_eq!(is(&in_2025("condition", "starts"), condition(EFFECTIVE, "2025-03-01")), True);
    assert_eq!(strictly(&in_2025("condition", "overlaps"), condition(EFFECTIVE, "2001-01-01")), False, "as the public definitions have it");
}

#[test]
fn what_began_in_the_window_was_going_on_in_it_whenever_it_ended() {
    for start in ["2025-01-01", "2025-06-30", "2025-12-31"] {
        let resolved = someone().fact(FactKind::Condition, S, "a", start).flags(EFFECTIVE | FactFlags::ENDED);
        assert_eq!(is(&in_2025("condition", "overlaps"), resolved), True, "{start}");
    }
}

#[test]
fn what_is_stated_as_open_goes_on() {
    let open = someone().fact(FactKind::Medication, S, "a", "2020-01-01").flags(EFFECTIVE | FactFlags::OPEN_ENDED);
    assert_eq!(is(&in_2025("medication", "overlaps"), open.clone()), True);
    assert_eq!(is(&in_2025("medication", "ends"), open.clone()), False);
    assert_eq!(is(&with(in_2025("medication", "overlaps"), &json!({ "with_end": true })), open.clone()), Unknown);
    assert_eq!(is(&with(in_2025("medication", "overlaps"), &json!({ "with_end": true })), open.until("2025-01-01")), True);
}

#[test]
fn what_has_an_end_and_no_beginning_began_before_anybody_looked() {
    let healed = someone().fact(FactKind::Condition, S, "a", "").until("2025-03-01");
    let cases = [("overlaps", True), ("ends", True), ("starts", False), ("within", False), ("earliest", True), ("latest", True)];
    for (when, expected) in cases {
        assert_eq!(is(&in_2025("condition", when), healed.clone()), expected, "{when}");
    }
}

#[test]
fn a_fact_without_a_date_may_have_been_at_any_time() {
    for when in ["starts", "ends", "within", "overlaps", "latest", "earliest"] {
        assert_eq!(is(&in_2025("procedure", when), someone().procedure(S, "a", "")), Unknown, "{when}");
        assert_eq!(strictly(&in_2025("procedure", when), someone().procedure(S, "a", "")), False, "{when}");
    }
}

#[test]
fn a_partial_date_counts_where_every_day_of_it_does() {
    let procedure = |start: &str, _: &str| someone().procedure(S, "a", start);
    let cases = [
        ("starts", "2025", "", Unknown),
        ("starts", "2025-03", "", True),
        ("starts", "2024-12", "", False),
        ("starts", "2024", "", False),
        ("starts", "2026", "", False),
    ];
    holds(&cases, procedure, "procedure");
    let later = fact("procedure", "a", &json!({ "when": "starts", "window": { "from": "period start +14 days", "to": "period end" } }));
    for (start, expected) in [("2025-01", Unknown), ("2025", Unknown), ("2025-02", True)] {
        assert_eq!(is(&later, procedure(start, "")), expected, "{start}");
    }
}

#[test]
fn a_month_that_begins_with_the_window_is_not_compared_with_its_first_day() {
    // CQL compares to the precision both have, and a month and a day have the month alone.
    assert_eq!(is(&in_2025("procedure", "starts"), someone().procedure(S, "a", "2025-01")), Unknown);
    assert_eq!(is(&in_2025("procedure", "starts"), someone().procedure(S, "a", "2025-12")), Unknown);
    assert_eq!(is(&in_2025("procedure", "starts"), someone().procedure(S, "a", "2025-06")), True);
}

#[test]
fn what_is_dated_in_the_future_counts_only_where_the_window_reaches_it() {
    let planned = someone().procedure(S, "a", "2025-08-01");
    assert_eq!(is(&fact("procedure", "a", &json!({})), planned.clone()), False, "nothing is looked for beyond today");
    assert_eq!(is(&fact("procedure", "a", &json!({ "window": { "from": "period start" } })), planned.clone()), False);
    assert_eq!(is(&fact("procedure", "a", &json!({ "window": { "to": "+1 month" } })), planned.clone()), True);
    assert_eq!(is(&in_2025("procedure", "latest"), planned), True);
}

#[test]
fn after_and_before_leave_the_edge_itself_out() {
    let edge = |from: &str, to: &str| fact("procedure", "a", &json!({ "window": { from: "period start", to: "period end" } }));
    let on = |day: &str| someone().procedure(S, "a", day);
    for (from, to, first, last) in [("from", "to", True, True), ("after", "before", False, False), ("from", "before", True, False)] {
        assert_eq!(is(&edge(from, to), on("2025-01-01")), first, "{from}");
        assert_eq!(is(&edge(from, to), on("2025-12-31")), last, "{to}");
        assert_eq!(is(&edge(from, to), on("2025-01-02")), True);
    }
}

#[test]
fn by_the_day_the_time_of_the_day_does_not_matter_and_by_the_instant_it_does() {
    let visit = |hour| One::of(stay("2025-01-01", "2025-01-01").procedure(S, "b", "2025-01-01")).at_hour(0, 12).at_hour(1, hour);
    let before = |precision: &str| {
        let such_that = fact("procedure", "b", &json!({ "when": "starts", "window": { "to": "visit start" }, "precision": precision }));
        fact("encounter", "a", &json!({ "as": "visit", "such_that": such_that, "when": "starts" }))
    };
    assert_eq!(visit(9).is(&before("instant")), True);
    assert_eq!(visit(15).is(&before("instant")), False);
    assert_eq!(visit(15).is(&before("day")), True);
    // A day of which no time is known is not compared with a moment within it.
    let no_time = One::of(stay("2025-01-01", "2025-01-01").procedure(S, "b", "2025-01-01")).at_hour(0, 12);
    assert_eq!(no_time.is(&before("instant")), Unknown);
    assert_eq!(no_time.is(&before("day")), True);
}

#[test]
fn a_date_alone_is_not_compared_with_the_last_moment_of_the_period() {
    let ends =
        |precision: &str| fact("procedure", "a", &json!({ "when": "ends", "window": { "to": "period end" }, "precision": precision }));
    let on = |day: &str| someone().procedure(S, "a", day);
    assert_eq!(is(&ends("instant"), on("2025-12-31")), Unknown);
    assert_eq!(is(&ends("instant"), on("2025-12-30")), True);
    assert_eq!(is(&ends("day"), on("2025-12-31")), True);
}

#[test]
fn where_only_an_age_at_onset_is_known_it_is_a_year_long() {
    let at_40 = |value| someone().fact(FactKind::Condition, S, "a", "").flags(EFFECTIVE | FactFlags::ACTIVE).value(value, "a");
    let starts = |from: &str, to: &str| fact("condition", "a", &json!({ "when": "starts", "window": { "from": from, "to": to } }));
    assert_eq!(is(&starts("birth +39 years", "birth +42 years"), at_40(40.0)), True);
    assert_eq!(is(&starts("birth +482 months", "birth +42 years"), at_40(40.0)), Unknown);
    assert_eq!(is(&starts("birth +42 years", "as-of"), at_40(40.0)), False);
    assert_eq!(
        is(&starts("birth +39 years", "birth +42 years"), PatientBuilder::unknown().fact(FactKind::Condition, S, "a", "").value(40.0, "a")),
        Unknown
    );
}

#[test]
fn a_window_can_be_counted_from_the_birth_and_is_not_known_without_one() {
    let newborn = fact("immunization", "a", &json!({ "window": { "from": "birth +42 days", "to": "birth +2 years" } }));
    let dose = |person: PatientBuilder, day: &str| person.fact(FactKind::Immunization, S, "a", day);
    let born = || PatientBuilder::born("2023-01-01");
    assert_eq!(is(&newborn, dose(born(), "2023-02-11")), False);
    assert_eq!(is(&newborn, dose(born(), "2023-02-12")), True);
    assert_eq!(is(&newborn, dose(born(), "2025-01-01")), True);
    assert_eq!(is(&newborn, dose(born(), "2025-01-02")), False);
    assert_eq!(is(&newborn, dose(PatientBuilder::unknown(), "2025-01-02")), Unknown);
}

#[test]
fn a_period_is_a_year_months_back_or_two_days() {
    let within = |period: Value| {
        let members = in_2025("procedure", "latest");
        json!({ "version": 1, "key": "k", "title": "t", "period": period, "members": members })
    };
    let on = |period: Value, day: &str| {
        One::of(someone().procedure(S, "a", day)).outcome(&within(period), super::TODAY, crate::Caution::Careful).truth
    };
    for (day, expected) in [("2025-01-01", True), ("2024-12-31", False), ("2025-12-31", True)] {
        assert_eq!(on(json!("calendar year"), day), expected, "{day}");
    }
    for (day, expected) in [("2024-07-02", True), ("2024-07-01", False), ("2025-07-01", True), ("2025-07-02", False)] {
        assert_eq!(on(json!({ "months": 12 }), day), expected, "{day}");
    }
    for (day, expected) in [("2020-02-29", True), ("2020-02-28", False), ("2020-03-01", True), ("2020-03-02", False)] {
        assert_eq!(on(json!({ "from": "2020-02-29", "to": "2020-03-01" }), day), expected, "{day}");
    }
}

#[test]
fn a_fact_may_be_called_by_a_word_that_begins_like_another() {
    let members = fact(
        "encounter",
        "a",
        &json!({ "as": "birth-visit", "such_that": fact("procedure", "b", &json!({ "window": { "from": "birth-visit start", "to": "birth-visit end +1 week" } })) }),
    );
    assert_eq!(is(&members, stay("2025-01-01", "2025-01-02").procedure(S, "b", "2025-01-09")), True);
}
