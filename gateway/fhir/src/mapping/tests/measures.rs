//! What measures ask of a resource beyond what it is about.

use gateway_domain::code::systems;

use super::*;

fn codes(read: &ReadClinical, part: usize) -> Vec<(String, String)> {
    read.facts[part].codes.iter().map(|it| (it.system.clone(), it.code.clone())).collect()
}

fn of(system: &str, code: &str) -> (String, String) {
    (system.to_owned(), code.to_owned())
}

#[test]
fn a_vital_sign_is_known_by_its_profile_and_where_no_qi_core_profile_is_claimed_by_its_code() {
    const GENERAL: &str = "http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-observation";
    const PRESSURE: &str = "http://hl7.org/fhir/StructureDefinition/bp|4.0.1";
    let is_pressure = |profiles: Value, code: &str| {
        let resource = json!({"meta": {"profile": profiles}, "status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
                              "component": [{"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}}]});
        let read = clinical("Observation", resource);
        let known = |part| codes(&read, part).contains(&of(systems::VITAL_SIGN, "blood-pressure"));
        assert_eq!(known(0), known(1), "its components are known with it");
        known(0)
    };
    assert!(is_pressure(json!([PRESSURE]), "something"));
    assert!(is_pressure(json!([]), "85354-9"));
    assert!(is_pressure(json!("https://hospital.example.org/profile"), "85354-9"));
    assert!(!is_pressure(json!([GENERAL]), "85354-9"));
    assert!(is_pressure(json!([GENERAL, PRESSURE]), "85354-9"));
    assert!(!is_pressure(json!([]), "4548-4"));
}

#[test]
fn what_was_not_done_says_why_and_is_never_taken_for_done() {
    let reason = json!({"coding": [{"system": "http://snomed.info/sct", "code": "183932001"}]});
    let because = of("reason:http://snomed.info/sct", "183932001");
    let refused = json!({"meta": {"profile": ["http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-mednotrequested"]}, "status": "completed",
                         "intent": "order", "authoredOn": "2025-03-01", "reasonCode": [reason]});
    let read = clinical("MedicationRequest", refused);
    let flags = FactFlags::from(read.facts[1].flags);
    assert!(flags.contains(FactFlags::NOT_DONE | FactFlags::ENDED) && !flags.intersects(FactFlags::EFFECTIVE));
    assert!(codes(&read, 1).contains(&because));

    let url = "http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-notDoneReason";
    let cancelled =
        json!({"status": "cancelled", "issued": "2025-06-28T08:00:00Z", "extension": [{"url": url, "valueCodeableConcept": reason}]});
    let read = clinical("Observation", cancelled);
    assert!(codes(&read, 0).contains(&because));
    assert_eq!(read.facts[0].start, PartialDate::parse("2025-06-28T08:00:00Z"));
    assert!(
        codes(&clinical("Procedure", json!({"status": "completed", "reasonCode": [reason]})), 0).is_empty(),
        "a reason for what was done"
    );
}

#[test]
fn a_modifier_that_is_understood_negates_and_any_other_takes_the_statement_away() {
    let with = |url: &str, value: bool| {
        clinical(
            "DeviceRequest",
            json!({"status": "active", "intent": "order", "modifierExtension": [{"url": url, "valueBoolean": value}]}),
        )
    };
    let not_to = "http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-doNotPerform";
    let flags = |read: &ReadClinical| FactFlags::from(read.facts[0].flags);
    assert!(flags(&with(not_to, true)).contains(FactFlags::NOT_DONE));
    assert!(flags(&with(not_to, false)).contains(FactFlags::EFFECTIVE | FactFlags::ORDERED));
    assert!(flags(&with("http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-doNotPeform", true)).contains(FactFlags::NOT_DONE));
    assert!(with("https://example.org/of-a-donor", true).facts.is_empty());
}

#[test]
fn a_body_site_and_a_disposition_are_no_codes_of_what_the_fact_is_about() {
    let site = json!({"code": {"coding": [{"system": "s", "code": "mastectomy"}]}, "bodySite": [{"coding": [{"system": "http://snomed.info/sct", "code": "7771000"}]}]});
    assert_eq!(codes(&clinical("Condition", site), 0), [of("s", "mastectomy"), of("body-site:http://snomed.info/sct", "7771000")]);
    let home = json!({"status": "finished", "hospitalization": {"dischargeDisposition": {"coding": [{"system": "http://snomed.info/sct", "code": "428361000124107"}]}}});
    assert_eq!(codes(&clinical("Encounter", home), 0), [of("disposition:http://snomed.info/sct", "428361000124107")]);
}

#[test]
fn a_prescription_is_an_order_and_the_time_for_which_it_is_to_be_taken() {
    let day = |text: &str| PartialDate::parse(text);
    let prescription = |more: Value| {
        let mut whole = json!({"status": "active", "intent": "order", "authoredOn": "2025-01-10T08:00:00Z"});
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        clinical("MedicationRequest", whole)
    };
    let ninety =
        prescription(json!({"dispenseRequest": {"expectedSupplyDuration": {"value": 90, "code": "d"}, "numberOfRepeatsAllowed": 1}}));
    assert_eq!(
        (ninety.facts[0].kind, ninety.facts[0].start, ninety.facts[0].end),
        (FactKind::Medication, day("2025-01-10"), day("2025-07-08"))
    );
    assert_eq!((ninety.facts[1].kind, ninety.facts[1].start, ninety.facts[1].end), (FactKind::Order, day("2025-01-10T08:00:00Z"), None));

    let by_dose = prescription(json!({
        "dispenseRequest": {"quantity": {"value": 60}},
        "dosageInstruction": [{"timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}, "doseAndRate": [{"doseQuantity": {"value": 1}}]}],
    }));
    assert_eq!(by_dose.facts[0].end, day("2025-02-08"), "sixty tablets, two a day");

    let bounded = prescription(
        json!({"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": {"start": "2025-02-01", "end": "2025-03-01"}}}}]}),
    );
    assert_eq!((bounded.facts[0].start, bounded.facts[0].end), (day("2025-02-01"), day("2025-03-01")));
    assert!(FactFlags::from(bounded.facts[2].flags).contains(FactFlags::DOSAGE));

    let unknown = prescription(json!({}));
    assert_eq!((unknown.facts.len(), unknown.facts[0].end), (2, None), "nobody knows for how long");
    let nonsense = prescription(json!({"dispenseRequest": {"expectedSupplyDuration": {"value": 1e300}}, "dosageInstruction": "x"}));
    assert_eq!(nonsense.facts[0].end, None);
}

#[test]
fn a_medication_by_reference_is_known_by_it_except_where_qi_core_is_claimed() {
    let by_reference = |profile: &str| {
        clinical(
            "MedicationRequest",
            json!({"meta": {"profile": [profile]}, "status": "active", "medicationReference": {"reference": "Medication/7"}}),
        )
    };
    let local = of("https://fhir.example.org/r4/Medication", "7");
    assert_eq!(
        codes(&by_reference("http://hl7.org/fhir/us/core/StructureDefinition/us-core-medicationrequest"), 0),
        std::slice::from_ref(&local)
    );
    assert!(codes(&by_reference("http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-medicationrequest"), 0).is_empty());
    let medication = json!({"resourceType": "Medication", "id": "7", "code": {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "312836"}]}});
    let Projection::Medication(medication) = read(&medication).projection else { panic!("not a medication") };
    assert_eq!(of(&medication.reference.system, &medication.reference.code), local);
    assert_eq!(medication.codes[0].code, "312836");
}

#[test]
fn a_value_of_any_kind_is_one_and_a_period_without_an_end_goes_on() {
    for value in [
        json!({"valueBoolean": false}),
        json!({"valueString": "yes"}),
        json!({"valueInteger": 1}),
        json!({"valueRange": {"low": {"value": 1}}}),
    ] {
        assert!(flags("Observation", value.clone()).contains(FactFlags::HAS_VALUE), "{value}");
    }
    assert!(!flags("Observation", json!({"dataAbsentReason": {"text": "lost"}})).contains(FactFlags::HAS_VALUE));
    assert!(flags("Procedure", json!({"performedPeriod": {"start": "2025-01-01"}})).contains(FactFlags::OPEN_ENDED));
    assert!(!flags("Procedure", json!({"performedDateTime": "2025-01-01"})).contains(FactFlags::OPEN_ENDED));
    assert_eq!(clinical("Condition", json!({"onsetAge": {"value": 18, "code": "mo"}})).facts[0].value, Some(1.5));
}
