//! What was found: numbers in units, coded answers, whether there is any.

use outreach_plugin_sdk::fact::{FactFlags, FactKind};
use outreach_plugin_sdk::testing::PatientBuilder;
use serde_json::{Value, json};

use super::{S, codes, fact, findings, is, segment, someone, strictly};
use crate::Truth::{self, False, True, Unknown};

fn compare(op: &str, number: f64, unit: &str) -> Value {
    fact("observation", "a", &json!({ "value": { "op": op, "number": number, "unit": unit } }))
}

fn measured(value: f64, unit: &str) -> PatientBuilder {
    someone().observation(S, "a", "2025-03-01").value(value, unit)
}

#[test]
fn a_number_is_compared_with_a_number() {
    let cases: [(&str, [Truth; 3]); 5] = [
        ("<", [True, False, False]),
        ("<=", [True, True, False]),
        (">", [False, False, True]),
        (">=", [False, True, True]),
        ("=", [False, True, False]),
    ];
    for (op, expected) in cases {
        for (value, expected) in [139.0, 140.0, 141.0].into_iter().zip(expected) {
            assert_eq!(is(&compare(op, 140.0, "mm[Hg]"), measured(value, "mm[Hg]")), expected, "{value} {op} 140");
        }
    }
}

#[test]
fn a_value_in_a_unit_of_the_same_dimension_is_converted() {
    assert_eq!(is(&compare(">=", 190.0, "mg/dL"), measured(1.9, "g/L")), True);
    assert_eq!(is(&compare(">=", 190.0, "mg/dL"), measured(1.89, "g/L")), False);
    assert_eq!(is(&compare("<", 140.0, "mm[Hg]"), measured(18.0, "kPa")), True);
    assert_eq!(is(&compare(">", 9.0, "%"), measured(9.1, "percent")), True);
    assert_eq!(is(&compare(">", 100.0, "kg"), measured(225.0, "[lb_av]")), True);
}

#[test]
fn a_value_in_a_unit_of_another_dimension_or_without_one_says_nothing() {
    assert_eq!(is(&compare(">=", 190.0, "mg/dL"), measured(5.0, "mmol/L")), Unknown, "that depends on the substance");
    assert_eq!(is(&compare(">=", 190.0, "mg/dL"), someone().observation(S, "a", "2025-03-01")), Unknown);
    assert_eq!(strictly(&compare(">=", 190.0, "mg/dL"), measured(5.0, "mmol/L")), False);
}

#[test]
fn a_unit_that_is_not_known_equals_itself_alone() {
    assert_eq!(is(&compare(">", 1.0, "{score}"), measured(2.0, "{score}")), True);
    assert_eq!(is(&compare(">", 1.0, "{score}"), measured(2.0, "{points}")), Unknown);
}

#[test]
fn an_answer_is_in_a_set_or_not_and_without_one_nobody_knows() {
    let yes = fact("observation", "a", &json!({ "value": { "in": { "codes": codes("yes") } } }));
    let asked = || someone().observation(S, "a", "2025-03-01");
    assert_eq!(is(&yes, asked().answered(S, "yes")), True);
    assert_eq!(is(&yes, asked().answered(S, "no")), False);
    assert_eq!(is(&yes, asked()), Unknown);
    assert_eq!(is(&yes, asked().answered(S, "no").also(&format!("answer:{S}"), "yes")), True, "a further answer");
}

#[test]
fn a_value_is_there_or_not() {
    let present = |present: bool| fact("observation", "a", &json!({ "value": { "present": present } }));
    let bare = || someone().observation(S, "a", "2025-03-01");
    let told = || bare().flags(FactFlags::EFFECTIVE | FactFlags::HAS_VALUE);
    for (patient, expected) in [(bare(), False), (told(), True), (bare().value(0.0, "1"), True), (bare().answered(S, "x"), True)] {
        assert_eq!(is(&present(true), patient.clone()), expected);
        assert_eq!(is(&present(false), patient), expected.not());
    }
}

#[test]
fn a_body_site_a_reason_and_a_disposition_are_codes_of_the_same_record() {
    for (name, word) in [("body_site", "body-site"), ("reason", "reason"), ("disposition", "disposition")] {
        let asked = fact("encounter", "a", &json!({ name: { "codes": codes("left") } }));
        let stay = |system: &str, code: &str| someone().fact(FactKind::Encounter, S, "a", "2025-03-01").also(system, code);
        assert_eq!(is(&asked, stay(&format!("{word}:{S}"), "left")), True, "{name}");
        assert_eq!(is(&asked, stay(&format!("{word}:{S}"), "right")), False, "{name}");
        assert_eq!(is(&asked, stay(S, "left")), False, "what the fact is about is not its {name}");
    }
}

#[test]
fn an_oid_is_a_value_set_of_vsac() {
    let need = |text: &str| {
        let members = json!({ "fact": "condition", "value_set": text });
        match &super::read(&segment(&members)).code_sets[0] {
            outreach_plugin_sdk::segment::CodeSetNeed::ValueSet(url) => url.clone(),
            outreach_plugin_sdk::segment::CodeSetNeed::Codes(_) => panic!("a value set was named"),
        }
    };
    let whole = "http://cts.nlm.nih.gov/fhir/ValueSet/2.16.840.1.113883.3.1";
    for written in ["2.16.840.1.113883.3.1", "urn:oid:2.16.840.1.113883.3.1", whole] {
        assert_eq!(need(written), whole);
    }
    for wrong in ["mammography", "urn:s#reason", "urn: s"] {
        let members = json!({ "fact": "condition", "value_set": wrong });
        assert!(!findings(&segment(&members)).is_empty(), "{wrong}");
    }
}
