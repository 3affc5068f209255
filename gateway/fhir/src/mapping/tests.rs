//! Each type and each trap, written by hand.

use gateway_domain::contact_point::ContactUse;
use gateway_domain::fact::{FactFlags, FactKind};
use gateway_domain::identity::{LinkKind, RecordLink};
use gateway_domain::patient::{Deceased, RecordStatus, Sex};
use gateway_domain::projection::{ReadClinical, ReadPatient};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

mod leniency;
mod measures;

const BASE: &str = "https://fhir.example.org/r4";

fn reader() -> FhirReader {
    FhirReader::new(SourceNo(1), BASE, fhir_profiles::mapping("us-core").unwrap())
}

fn read(resource: &Value) -> ReadResource {
    reader().resource(resource.to_string().into_bytes()).map_err(|(reason, _)| reason).unwrap()
}

fn refused(raw: &[u8]) -> Unreadable {
    reader().resource(raw.to_vec()).unwrap_err().0
}

fn patient(mut more: Value) -> ReadPatient {
    more["resourceType"] = "Patient".into();
    more["id"] = "p".into();
    match read(&more).projection {
        Projection::Patient(patient) => *patient,
        _ => panic!("not a patient"),
    }
}

fn clinical(resource_type: &str, mut more: Value) -> ReadClinical {
    more["resourceType"] = resource_type.into();
    more["id"] = "c".into();
    if more.get("patient").is_none() && more.get("beneficiary").is_none() && more.get("participant").is_none() {
        more["subject"] = json!({"reference": "Patient/p"});
    }
    match read(&more).projection {
        Projection::Clinical(clinical) => clinical,
        _ => panic!("not clinical"),
    }
}

fn flags(resource_type: &str, more: Value) -> FactFlags {
    clinical(resource_type, more).facts[0].flags.into()
}

#[test]
fn whatever_is_said_about_a_death_and_can_not_be_read_counts_as_one() {
    let date = |text| Deceased::On(PartialDate::parse(text).unwrap());
    for (said, expected) in [
        (json!({}), Deceased::No),
        (json!({"deceasedBoolean": false}), Deceased::No),
        (json!({"deceasedBoolean": "false"}), Deceased::No),
        (json!({"deceasedBoolean": true}), Deceased::Yes),
        (json!({"deceasedBoolean": "true"}), Deceased::Yes),
        (json!({"deceasedBoolean": 1}), Deceased::Unclear),
        (json!({"deceasedBoolean": {}}), Deceased::Unclear),
        (json!({"deceasedDateTime": "2020"}), date("2020")),
        (json!({"deceasedDateTime": "2020-02-03T10:00:00"}), date("2020-02-03T10:00:00")),
        (json!({"deceasedDateTime": "last week"}), Deceased::Unclear),
        (json!({"deceasedDateTime": ""}), Deceased::Unclear),
        (json!({"deceasedBoolean": false, "deceasedDateTime": "2020-02-30"}), Deceased::Unclear),
        (json!({"deceasedBoolean": false, "deceasedDateTime": "2020-02-03"}), date("2020-02-03")),
        (json!({"_deceasedDateTime": {"extension": [{"url": "x"}]}}), Deceased::Unclear),
        (json!({"_deceasedBoolean": {"extension": [{"url": "x"}]}}), Deceased::Unclear),
        (json!({"deceased": true}), Deceased::Unclear),
    ] {
        assert_eq!(patient(said.clone()).demographics.deceased, expected, "{said}");
    }
}

#[test]
fn only_a_record_plainly_in_use_is_active() {
    for (said, expected) in [
        (json!({}), RecordStatus::Active),
        (json!({"active": true}), RecordStatus::Active),
        (json!({"active": "true"}), RecordStatus::Active),
        (json!({"active": false}), RecordStatus::Inactive),
        (json!({"active": "n"}), RecordStatus::Inactive),
        (json!({"_active": {"extension": []}}), RecordStatus::Inactive),
        (json!({"modifierExtension": [{"url": "x"}]}), RecordStatus::Inactive),
        (json!({"active": true, "link": [{"type": "replaced-by", "other": {"reference": "Patient/q"}}]}), RecordStatus::Merged),
        (json!({"link": [{"type": "seealso", "other": {"reference": "Patient/q"}}]}), RecordStatus::Active),
        (json!({"link": [{"type": "refer", "other": {"reference": "Patient/q"}}]}), RecordStatus::Active),
        (json!({"link": [{"type": "replaces", "other": {"reference": "Patient/q"}}]}), RecordStatus::Active),
        (json!({"link": [{"type": "REPLACED-BY", "other": {"display": "somebody"}}]}), RecordStatus::Merged),
        (json!({"link": [{"type": "joined-with", "other": {"reference": "Patient/q"}}]}), RecordStatus::Merged),
        (json!({"link": [{"other": {"reference": "Patient/q"}}]}), RecordStatus::Merged),
        (json!({"link": []}), RecordStatus::Active),
        (json!({"link": null}), RecordStatus::Active),
    ] {
        assert_eq!(patient(said.clone()).status, expected, "{said}");
    }
    let links = patient(json!({"link": [
        {"type": "replaces", "other": {"reference": "Patient/o"}},
        {"type": "replaced-by", "other": {"reference": "Patient/q"}},
        {"type": "replaced-by", "other": {"reference": "Patient/q"}},
        {"type": "replaced-by", "other": {"reference": "https://elsewhere.example.org/fhir/Patient/q"}},
    ]}));
    let link = |kind, other: Option<&str>| RecordLink { kind, other: other.map(Into::into) };
    let expected = [link(LinkKind::ReplacedBy, None), link(LinkKind::ReplacedBy, Some("q")), link(LinkKind::Replaces, Some("o"))];
    assert_eq!(links.links, expected);
    assert_eq!(links.data_quality, ["it was merged into a record that can't be told"]);
    let merged = patient(json!({"link": {"type": "replaced-by", "other": {"reference": format!("{BASE}/Patient/q/_history/2")}}}));
    assert_eq!(merged.replaced_by.as_deref(), Some("q"));
}

#[test]
fn demographics_are_read_from_what_servers_really_send() {
    let read = patient(json!({
        "meta": {"security": [{"code": "R"}]},
        "name": [{"use": "old", "family": "Old"}, {"use": "official", "family": "Doe", "given": ["Ann", null, "B."]}],
        "gender": "F", "birthDate": "1980-02",
        "telecom": [{"system": "email", "value": " a@example.org ", "use": "home", "rank": "1"},
                    {"system": "email", "value": "b@example.org", "period": {"end": "2020-13-01"}}, {"system": "phone"}],
        "address": [{"use": "work", "state": "CA"}, {"use": "home", "line": "1 Way", "state": "TX", "postalCode": 79901}],
        "communication": [{"language": {"coding": [{"code": "en"}]}}, {"preferred": true, "language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "es-US"}]}}],
        "identifier": {"system": "mrn", "value": "  Z1 "},
        "managingOrganization": {"reference": "Organization/o"}, "generalPractitioner": [{"reference": "Practitioner/d"}, {"display": "x"}],
    }));
    let it = &read.demographics;
    assert_eq!((it.given.join(" "), it.family.as_deref()), ("Ann B.".to_owned(), Some("Doe")));
    assert_eq!((it.sex, it.birth), (Sex::Female, PartialDate::parse("1980-02")));
    assert_eq!(it.contact_points.len(), 2);
    assert_eq!((it.contact_points[0].value.as_str(), it.contact_points[0].rank), ("a@example.org", Some(1)));
    assert_eq!(it.contact_points[1].used_for, ContactUse::Old, "an end that can't be read is taken as past");
    assert_eq!(it.time_zone.as_deref(), Some("America/Denver"));
    assert_eq!(it.language.as_deref(), Some("es-US"));
    assert_eq!(it.identifiers[0].value, "Z1");
    assert_eq!(it.managing_organization.as_deref(), Some("o"));
    assert_eq!(it.general_practitioners, ["d"]);
    assert!(it.restricted);
    assert!(read.data_quality.iter().any(|it| it.contains("none of FHIR's codes")), "gender F is read, and noted");
}

#[test]
fn a_birth_date_that_is_none_is_dropped_with_a_note() {
    let read = patient(json!({"birthDate": "1980-1-1"}));
    assert!(read.demographics.birth.is_none());
    assert!(read.data_quality.iter().any(|it| it.contains("birth date")));
}

#[test]
fn what_must_not_count_does_not() {
    let status = |code: &str| json!({"coding": [{"code": code}]});
    let active = FactFlags::EFFECTIVE | FactFlags::ACTIVE;
    assert_eq!(flags("Condition", json!({"clinicalStatus": status("active"), "verificationStatus": status("confirmed")})), active);
    for wrong in ["refuted", "entered-in-error"] {
        let flags = flags("Condition", json!({"clinicalStatus": status("active"), "verificationStatus": status(wrong)}));
        assert_eq!(flags, FactFlags::IN_ERROR, "{wrong}");
    }
    assert_eq!(
        flags("Condition", json!({"clinicalStatus": status("active"), "verificationStatus": status("provisional")})),
        active | FactFlags::UNCONFIRMED
    );
    assert_eq!(flags("Condition", json!({"clinicalStatus": status("resolved")})), FactFlags::EFFECTIVE | FactFlags::ENDED);
    assert_eq!(flags("Immunization", json!({"status": "not-done"})), FactFlags::NOT_DONE);
    assert_eq!(flags("Procedure", json!({"status": "in-progress"})), FactFlags::ACTIVE);
    assert_eq!(flags("Observation", json!({"status": "entered-in-error"})), FactFlags::IN_ERROR);
    assert_eq!(flags("Observation", json!({"status": "what"})), FactFlags::empty());
    assert!(!flags("MedicationRequest", json!({"status": "active", "intent": "order", "doNotPerform": true})).intersects(active));
    assert!(clinical("Condition", json!({"modifierExtension": [{"url": "x"}]})).facts.is_empty());
}

#[test]
fn an_observation_is_read_with_its_components_units_and_translations() {
    let read = clinical(
        "Observation",
        json!({"status": "final", "category": [{"coding": [{"code": "vital-signs"}]}], "effectivePeriod": {"start": "2026-01-02", "end": "2026-01-03"},
               "code": {"coding": [{"system": "http://loinc.org", "code": " 85354-9 "}, {"system": "local", "code": "BP"}]},
               "encounter": {"reference": "Encounter/e"},
               "component": [{"code": {"coding": [{"code": "8480-6"}]}, "valueQuantity": {"value": "120", "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}},
                             {"code": {"coding": [{"code": "8462-4"}]}, "dataAbsentReason": {}}]}),
    );
    assert_eq!(read.patient.as_deref(), Some("p"));
    assert_eq!(read.facts.iter().map(|it| it.part).collect::<Vec<_>>(), [0, 1, 2]);
    let codes: Vec<&str> = read.facts[0].codes.iter().map(|it| it.code.as_str()).collect();
    assert_eq!(codes, ["85354-9", "BP", "blood-pressure"]);
    assert_eq!((read.facts[1].value, read.facts[1].unit.as_ref().map(|it| it.code.as_str())), (Some(120.0), Some("mm[Hg]")));
    assert_eq!((read.facts[2].value, read.facts[2].end), (None, PartialDate::parse("2026-01-03")));
    assert!(FactFlags::from(read.facts[1].flags).contains(FactFlags::VITAL_SIGN | FactFlags::EFFECTIVE));
    assert_eq!(read.facts[0].encounter, Some(reader().key("Encounter", "e")));
}

#[test]
fn each_type_gives_its_kind_of_fact() {
    let concept = json!({"coding": [{"system": "s", "code": "x"}]});
    for (resource_type, resource, kind) in [
        ("MedicationRequest", json!({"medicationCodeableConcept": concept, "authoredOn": "2026-01-02"}), FactKind::Medication),
        (
            "MedicationRequest",
            json!({"contained": [{"resourceType": "Medication", "id": "m", "code": concept}], "medicationReference": {"reference": "#m"}, "authoredOn": "2026-01-02"}),
            FactKind::Medication,
        ),
        ("MedicationStatement", json!({"medication": {"concept": concept}, "effectiveDateTime": "2026-01-02"}), FactKind::Medication),
        (
            "AllergyIntolerance",
            json!({"code": concept, "category": ["food"], "patient": {"reference": "Patient/p"}, "recordedDate": "2026-01-02"}),
            FactKind::Allergy,
        ),
        (
            "Immunization",
            json!({"vaccineCode": concept, "patient": {"reference": "Patient/p"}, "occurrenceDateTime": "2026-01-02"}),
            FactKind::Immunization,
        ),
        ("Procedure", json!({"code": concept, "performedPeriod": {"start": "2026-01-02"}}), FactKind::Procedure),
        ("DiagnosticReport", json!({"code": concept, "effectiveDateTime": "2026-01-02"}), FactKind::Observation),
        ("Encounter", json!({"type": [concept], "period": {"start": "2026-01-02"}}), FactKind::Encounter),
        ("ServiceRequest", json!({"code": concept, "authoredOn": "2026-01-02"}), FactKind::Order),
        ("DeviceRequest", json!({"codeCodeableConcept": concept, "authoredOn": "2026-01-02"}), FactKind::Order),
        (
            "Coverage",
            json!({"type": concept, "beneficiary": {"reference": "Patient/p"}, "period": {"start": "2026-01-02"}}),
            FactKind::Coverage,
        ),
        (
            "Appointment",
            json!({"serviceType": [concept], "start": "2026-01-02", "participant": [{"actor": {"reference": "Patient/p"}}]}),
            FactKind::Appointment,
        ),
        ("CareTeam", json!({"category": [concept], "period": {"start": "2026-01-02"}, "participant": []}), FactKind::CareTeam),
    ] {
        let read = clinical(resource_type, resource.clone());
        let fact = &read.facts[0];
        assert_eq!(
            (fact.kind, fact.codes.first().map(|it| it.code.as_str()), fact.start),
            (kind, Some("x"), PartialDate::parse("2026-01-02")),
            "{resource}"
        );
        if resource_type != "CareTeam" {
            assert_eq!(read.patient.as_deref(), Some("p"), "{resource}");
        }
    }
}

#[test]
fn an_encounter_is_classed_whether_its_class_is_a_coding_or_a_list() {
    for class in [json!({"code": "AMB"}), json!([{"coding": [{"code": "AMB"}]}])] {
        assert!(flags("Encounter", json!({"status": "finished", "class": class})).contains(FactFlags::OUTPATIENT), "{class}");
    }
    assert!(flags("Encounter", json!({"class": {"code": "VR"}})).contains(FactFlags::OUTPATIENT | FactFlags::VIRTUAL));
    assert!(flags("Encounter", json!({"class": {"code": "EMER"}})).contains(FactFlags::EMERGENCY));
}

#[test]
fn a_care_team_has_its_members() {
    let read = clinical(
        "CareTeam",
        json!({"status": "active", "name": "Team", "participant": [{"role": [{"text": "Nurse"}], "member": {"reference": "Practitioner/n", "display": "N"}}]}),
    );
    let team = read.care_team.unwrap();
    assert!(team.active);
    assert_eq!(team.name.as_deref(), Some("Team"));
    assert_eq!((team.members[0].role.as_deref(), team.members[0].reference.as_deref()), (Some("Nurse"), Some("Practitioner/n")));
}

#[test]
fn an_organization_and_a_practitioner_have_their_names() {
    let organization =
        read(&json!({"resourceType": "Organization", "id": "o", "name": "Clinic", "partOf": {"reference": "Organization/q"}}));
    assert!(
        matches!(organization.projection, Projection::Account(it) if it.name == "Clinic" && it.part_of.as_deref() == Some("q") && it.active)
    );
    let practitioner =
        read(&json!({"resourceType": "Practitioner", "id": "d", "name": [{"family": "Ortiz", "given": ["O."], "prefix": ["Dr."]}]}));
    assert!(matches!(practitioner.projection, Projection::Practitioner(it) if it.name == "Dr. O. Ortiz"));
}

#[test]
fn what_can_not_be_read_is_told_with_type_id_and_reason_and_without_values() {
    for (raw, reason) in [
        (&b"\xff\xfe"[..], "UTF-8"),
        (b"", "object"),
        (b"[]", "object"),
        (b"{\"resourceType\":\"Patient\"", "readable JSON"),
        (b"{\"resourceType\":\"Patient\",\"id\":\"\\ud800\"}", "readable JSON"),
        (b"{\"id\":\"1\"}", "resourceType"),
        (b"{\"resourceType\":\"Dragon\",\"id\":\"1\"}", "R4"),
        (b"{\"resourceType\":\"Patient\"}", "no id"),
        (b"{\"resourceType\":\"Patient\",\"id\":\"a b\"}", "blanks"),
        (b"{\"resourceType\":\"Patient\",\"id\":\"1\",\"meta\":{\"tag\":[{\"code\":\"SUBSETTED\"}]}}", "SUBSETTED"),
        (b"{\"resourceType\":\"Observation\",\"id\":\"1\",\"effectiveDateTime\":\"2021-02-30\"}", "impossible date"),
    ] {
        let refused = refused(raw);
        assert!(refused.reason.contains(reason), "{}", refused.reason);
    }
    let refused = refused(b"{\"resourceType\":\"Observation\",\"id\":\"1\",\"effectiveDateTime\":\"2021-02-30\"}");
    assert_eq!((refused.resource_type.as_deref(), refused.fhir_id.as_deref()), (Some("Observation"), Some("1")));
    assert!(!refused.reason.contains("2021"));
}

#[test]
fn the_hash_leaves_meta_out_and_the_raw_text_is_kept() {
    let raw = |meta: &str| format!("\u{feff}{{\"resourceType\":\"Basic\",\"id\":\"1\",\"meta\":{meta},\"x\":1}}\r");
    let (one, two) = (raw("{\"versionId\":\"1\"}"), raw("{\"versionId\":\"2\",\"lastUpdated\":\"2026-01-01T00:00:00Z\"}"));
    let one_read = reader().resource(one.clone().into_bytes()).unwrap();
    let two_read = reader().resource(two.into_bytes()).unwrap();
    assert_eq!(one_read.hash, two_read.hash);
    assert_eq!(one_read.raw, one.into_bytes());
    assert_eq!(two_read.version_id.as_deref(), Some("2"));
    assert!(two_read.last_updated.is_some());
    let other = reader().resource(raw("{}").replace("\"x\":1", "\"x\":2").into_bytes()).unwrap();
    assert_ne!(one_read.hash, other.hash);
}

#[test]
fn deletions_of_an_export_are_read() {
    let bundle = br#"{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Patient/1"}}]}"#;
    assert_eq!(reader().deletions(bundle).unwrap().gone, [("Patient".to_owned(), "1".to_owned())]);
    assert!(reader().deletions(b"{}").is_err());
}

#[test]
fn one_deletion_that_names_nothing_does_not_cost_the_others() {
    let bundle = br#"{"resourceType":"Bundle","type":"history","entry":[
        {"request":{"method":"DELETE","url":"Patient?identifier=1"}},
        {"fullUrl":"https://fhir.example.org/r4/Patient/2","request":{"method":"DELETE"}},
        {"fullUrl":"https://fhir.example.org/r4/Patient/3"},
        {"request":{"method":"PUT","url":"Patient/4"}},
        {"request":{"method":"delete","url":"Condition/5/_history/2"}}]}"#;
    let deletions =
        FhirReader::new(SourceNo(1), "https://fhir.example.org/r4", fhir_profiles::mapping("us-core").unwrap()).deletions(bundle).unwrap();
    let gone: Vec<_> = deletions.gone.iter().map(|(kind, id)| format!("{kind}/{id}")).collect();
    assert_eq!((gone.join(" "), deletions.unreadable), ("Patient/2 Patient/3 Condition/5".to_owned(), 1));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "(|true|2020-02-30|2020|Patient/1|#m|active|\\PC{0,8})".prop_map(Value::from),
    ];
    let key = "(code|coding|system|text|value|start|end|reference|extension|period|status|display)";
    leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..4).prop_map(|it| it.into_iter().collect::<Value>())
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_panic(raw in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = reader().resource(raw.clone());
        let _ = reader().deletions(&raw);
        let _ = reader().findings(&raw);
    }

    #[test]
    fn no_shape_of_a_resource_panics_or_loses_it(
        resource_type in "(Patient|Organization|Practitioner|Observation|Condition|Encounter|CareTeam|MedicationRequest|Appointment)",
        fields in prop::collection::btree_map(
            "(name|telecom|gender|birthDate|deceasedBoolean|_deceasedDateTime|active|link|address|communication|code|component|valueQuantity|class|participant|contained|medicationReference|category|clinicalStatus|meta)",
            any_json(), 0..6),
    ) {
        let mut resource: Value = fields.into_iter().collect();
        resource["resourceType"] = resource_type.into();
        resource["id"] = "1".into();
        if let Err((reason, _)) = reader().resource(resource.to_string().into_bytes()) {
            prop_assert!(reason.reason.contains("impossible date"), "{} {}", reason.reason, resource);
        }
    }
}
