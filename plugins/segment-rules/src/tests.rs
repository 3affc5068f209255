use outreach_plugin_sdk::day::Day;
use outreach_plugin_sdk::fact::{FactFlags, FactKind};
use outreach_plugin_sdk::segment::Segment;
use outreach_plugin_sdk::testing::{Answer, Codes, PatientBuilder, ask, day};
use proptest::prelude::*;

use super::SegmentRules;

const SCREENING: &str = include_str!("../../../fhir-profiles/measures/breast-cancer-screening-due.json");
const HBA1C: &str = include_str!("../../../fhir-profiles/measures/diabetes-hba1c-due.json");
const PRESSURE: &str = include_str!("../../../fhir-profiles/measures/hypertension-uncontrolled.json");
const LOINC: &str = "http://loinc.org";
const ICD: &str = "http://hl7.org/fhir/sid/icd-10-cm";

fn on(config: &str, day: &str, patient: PatientBuilder) -> Answer {
    ask::<SegmentRules>(config, &mut Codes::default(), day, &[patient]).unwrap()
}

fn is_due(patient: PatientBuilder) -> bool {
    on(SCREENING, "2026-11-23", patient).is_member(0).unwrap()
}

fn woman() -> PatientBuilder {
    PatientBuilder::born("1966-04-20").female().visit("2026-02-03")
}

#[test]
fn the_documents_that_are_shipped_have_no_findings() {
    for document in [SCREENING, HBA1C, PRESSURE] {
        assert_eq!(SegmentRules::check(document), []);
    }
}

#[test]
fn a_woman_without_a_mammogram_is_due_and_the_evidence_says_why() {
    let answer = on(SCREENING, "2026-11-23", woman());
    assert_eq!(answer.is_member(0), Some(true));
    let expected = [
        "Female",
        "Age 60 at the end of 2026",
        "Not known to have died",
        "Visit",
        "Visit",
        "No mammogram since 2024-10-01",
        "No mammogram since 2024-10-01",
        "No bilateral mastectomy on record",
        "No hospice or palliative care since 2026-01-01",
    ];
    assert_eq!(answer.phrases(0), expected);
}

#[test]
fn a_mammogram_in_the_last_27_months_of_the_measurement_year_closes_the_gap() {
    assert!(!is_due(woman().observation(LOINC, "24606-6", "2024-10-01")));
    assert!(is_due(woman().observation(LOINC, "24606-6", "2024-09-30")));
    assert!(!is_due(woman().procedure("http://www.nlm.nih.gov/research/umls/hcpcs", "G0202", "2026-11-23")));
}

#[test]
fn what_was_entered_in_error_planned_or_not_done_does_not_close_the_gap() {
    for flags in [FactFlags::IN_ERROR, FactFlags::PLANNED, FactFlags::NOT_DONE] {
        assert!(is_due(woman().observation(LOINC, "24606-6", "2026-03-01").flags(FactFlags::EFFECTIVE | flags)), "{flags:?}");
    }
}

#[test]
fn men_the_deceased_the_young_and_those_without_a_visit_are_not_due() {
    assert!(!is_due(woman().male()));
    assert!(!is_due(woman().deceased()));
    assert!(!is_due(PatientBuilder::born("1975-01-01").female().visit("2026-02-03")));
    assert!(is_due(PatientBuilder::born("1974-12-31").female().visit("2026-02-03")));
    assert!(!is_due(PatientBuilder::born("1966-04-20").female().visit("2024-02-03")));
}

#[test]
fn after_a_bilateral_mastectomy_nobody_is_due() {
    assert!(!is_due(woman().condition(ICD, "Z90.13", "2015-06-01")));
}

#[test]
fn what_is_not_known_never_makes_a_member() {
    assert!(!is_due(PatientBuilder::unknown().female().visit("2026-02-03")), "no birth date");
    assert!(!is_due(PatientBuilder::born("1966-04-20").visit("2026-02-03")), "no sex");
    assert!(!is_due(woman().observation(LOINC, "24606-6", "2024")), "a mammogram some time in 2024 may be recent enough");
    assert!(!is_due(woman().observation(LOINC, "24606-6", "")), "a mammogram at some time may be recent enough");
    assert!(is_due(woman().observation(LOINC, "24606-6", "2023")), "all of 2023 is too long ago");
}

#[test]
fn the_answer_is_looked_at_again_when_a_mammogram_becomes_too_old() {
    let screened = woman().observation(LOINC, "24606-6", "2025-03-10");
    let answer = on(SCREENING, "2026-11-23", screened.clone());
    assert_eq!(answer.review_on(0), Day::of(2027, 1, 1));
    assert_eq!(on(SCREENING, "2026-11-23", screened.male()).review_on(0), Day::NEVER);
}

#[test]
fn hba1c_is_due_in_diabetes_without_a_result_this_year() {
    let diabetic = PatientBuilder::born("1980-01-01").condition(ICD, "E11.9", "2019-05");
    assert_eq!(on(HBA1C, "2026-11-23", diabetic.clone()).is_member(0), Some(true));
    assert_eq!(on(HBA1C, "2026-11-23", diabetic.observation(LOINC, "4548-4", "2026-01-01")).is_member(0), Some(false));
}

#[test]
fn the_most_recent_pressure_decides_and_a_unit_of_something_else_says_nothing() {
    let reading = |patient: PatientBuilder, value, unit, day| patient.observation(LOINC, "8480-6", day).value(value, unit);
    let patient = PatientBuilder::born("1960-01-01").condition(ICD, "I10", "2010-01-01");
    let once_high = reading(patient.clone(), 150.0, "mm[Hg]", "2026-02-01");
    let is_member = |patient| on(PRESSURE, "2026-11-23", patient).is_member(0).unwrap();
    assert!(is_member(once_high.clone()));
    assert!(!is_member(reading(once_high, 130.0, "mm[Hg]", "2026-05-01")));
    assert!(is_member(reading(patient.clone(), 20.0, "kPa", "2026-05-01")), "that is 150 mm[Hg]");
    assert!(!is_member(reading(patient.clone(), 200.0, "kg", "2026-05-01")));
    assert!(!is_member(patient));
}

#[test]
fn a_finding_names_the_place_and_the_fix() {
    let document = r#"{ "version": 1, "key": "k", "title": "t", "members": { "all": [
        { "age": { "from": 74, "to": 52 } },
        { "fact": "observation", "code": [] },
        { "fact": "observation", "codes": [{ "system": "urn:s", "code": "c" }], "window": { "from": "27 months ago" } },
        { "sex": "femal" }, { "all": [], "any": [] } ] } }"#;
    let issues = SegmentRules::check(document);
    let findings: Vec<(&str, &str)> = issues.iter().map(|issue| (issue.path.as_str(), issue.message.as_str())).collect();
    let has = |path: &str, words: &str| findings.iter().any(|(at, message)| *at == path && message.contains(words));
    assert!(has("/members/all/0/age", "exchange them"), "{findings:?}");
    assert!(has("/members/all/1/code", "did you mean `codes`?"), "{findings:?}");
    assert!(has("/members/all/2/window/from", "start of year"), "{findings:?}");
    assert!(has("/members/all/3/sex", "`female`"), "{findings:?}");
    assert!(has("/members/all/4", "exactly one"), "{findings:?}");
}

/// A condition over few codes and short windows, so that facts and windows meet.
fn condition() -> impl Strategy<Value = serde_json::Value> {
    let moment = prop::sample::select(vec!["-27 months", "-1 year", "start of year", "start of year -15 months", "-30 days", "+10 days"]);
    let fact = (
        prop::sample::select(vec!["observation", "condition", "encounter"]),
        0..3_u8,
        prop::option::of(moment),
        any::<bool>(),
        1..3_u8,
        0..3_u8,
    )
        .prop_map(|(kind, code, from, to_end, least, value)| {
            let mut test = serde_json::json!({ "fact": kind, "codes": [{ "system": "urn:s", "code": code.to_string() }] });
            if let Some(from) = from {
                test["window"] = serde_json::json!({ "from": from, "to": if to_end { "end of year" } else { "as-of" } });
            }
            match value {
                0 => test["at_least"] = least.into(),
                1 => test["value"] = serde_json::json!({ "op": "<", "number": 50, "unit": "1" }),
                _ => {
                    test["value"] = serde_json::json!({ "op": ">=", "number": 50, "unit": "1" });
                    test["most_recent"] = true.into();
                }
            }
            test
        });
    let age = (20..60_i32, 0..40_i32, any::<bool>()).prop_map(|(from, more, year)| {
        serde_json::json!({ "age": { "from": from, "to": from + more, "at": if year { "end of year" } else { "as-of" } } })
    });
    prop_oneof![4 => fact, 1 => age].prop_recursive(3, 12, 3, |inner| {
        (prop::sample::select(vec!["all", "any", "none"]), prop::collection::vec(inner, 1..4))
            .prop_map(|(group, parts)| serde_json::json!({ group: parts }))
    })
}

prop_compose! {
    fn patient()(birth in "19[5-9][0-9]-(02-29|0[1-9]-1[0-9])", facts in prop::collection::vec((0..3_u8, 0..3_u8, "20(2[3-7])(-(0[1-9]|1[0-2])(-[012][1-8])?)?", any::<bool>(), any::<bool>(), 0..100_u8), 0..6)) -> PatientBuilder {
        facts.into_iter().fold(PatientBuilder::born(&birth).female(), |patient, (kind, code, start, active, ends, value)| {
            let kind = [FactKind::Observation, FactKind::Condition, FactKind::Encounter][usize::from(kind)];
            let flags = if active { FactFlags::EFFECTIVE | FactFlags::ACTIVE } else { FactFlags::EFFECTIVE };
            let patient = patient.fact(kind, "urn:s", &code.to_string(), &start).flags(flags).value(f64::from(value), "1");
            if ends { patient.until("2027-06-30") } else { patient }
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn nothing_changes_before_the_review_date(members in condition(), patient in patient(), start in 0..1_000_i32) {
        let config = serde_json::json!({ "version": 1, "key": "k", "title": "t", "members": members }).to_string();
        let first = day("2025-01-01").plus_days(start);
        let at = |day: Day| on(&config, &day.to_string(), patient.clone());
        let answer = at(first);
        let review = answer.review_on(0);
        prop_assert!(review > first);
        for step in 1..(review.0 - first.0).min(500) {
            prop_assert_eq!(at(first.plus_days(step)).is_member(0), answer.is_member(0), "on {}", first.plus_days(step));
        }
    }

    #[test]
    fn no_document_panics(text in "\\PC{0,80}") {
        let _ = SegmentRules::check(&text);
    }
}
