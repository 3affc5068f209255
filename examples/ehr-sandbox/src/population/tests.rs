//! People are the same each time, and their records make sense to a clinician.

use std::collections::{HashMap, HashSet};

use jiff::civil::{Date, date};
use serde_json::Value;

use super::*;

const AS_OF: Date = date(2026, 11, 1);

fn population(people: u64) -> Population {
    Population { seed: 7, people, as_of: AS_OF }
}

/// A person's resources by type.
fn record(population: &Population, index: u64) -> HashMap<&'static str, Vec<Value>> {
    part(population, index, &Kinds::all())
}

fn part(population: &Population, index: u64, kinds: &Kinds) -> HashMap<&'static str, Vec<Value>> {
    let mut record: HashMap<_, Vec<Value>> = HashMap::new();
    for resource in population.person(index, kinds) {
        record.entry(resource.kind).or_default().push(resource.value());
    }
    record
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

fn of<'a>(record: &'a HashMap<&'static str, Vec<Value>>, kind: &str) -> &'a [Value] {
    record.get(kind).map_or(&[], Vec::as_slice)
}

fn patient<'a>(record: &'a HashMap<&'static str, Vec<Value>>) -> &'a Value {
    of(record, "Patient").first().expect("each record has a Patient")
}

/// The day something happened or began, whatever the element is called.
fn day(resource: &Value) -> Option<Date> {
    ["/effectiveDateTime", "/period/start", "/onsetDateTime", "/authoredOn", "/performedDateTime", "/occurrenceDateTime", "/recordedDate"]
        .iter()
        .map(|path| text(resource, path))
        .find(|found| !found.is_empty())
        .and_then(|found| found.get(..10)?.parse().ok())
}

#[test]
fn a_person_is_the_same_each_time_whoever_else_is_there() {
    let texts = |population: &Population, index| -> Vec<String> {
        population.person(index, &Kinds::all()).into_iter().map(|found| found.text).collect()
    };
    for index in [0, 1, 17, 498] {
        let once = texts(&population(500), index);
        assert_eq!(once, texts(&population(500), index));
        assert_eq!(once, texts(&population(90_000), index));
        assert_ne!(once, texts(&Population { seed: 8, ..population(500) }, index));
    }
}

#[test]
fn asking_for_one_type_gives_what_asking_for_all_gives() {
    let population = population(300);
    for index in 0..60 {
        let all = population.person(index, &Kinds::all());
        let mut counted = HashMap::new();
        population.tally(index, &Kinds::all(), |kind, number| *counted.entry(kind).or_insert(0) += number);
        for kind in ["Patient", "Observation", "Encounter", "CareTeam", "Coverage", "RelatedPerson", "Immunization"] {
            let ids = |list: &[Resource]| -> Vec<String> {
                list.iter().filter(|found| found.kind == kind).map(|found| found.id.clone()).collect()
            };
            assert_eq!(ids(&population.person(index, &Kinds::one(kind))), ids(&all));
            assert_eq!(counted.get(kind).copied().unwrap_or(0), ids(&all).len() as u64, "{kind} of {index}");
        }
    }
}

#[test]
fn nothing_happens_before_birth_after_death_or_in_the_future() {
    let population = population(1_200);
    let mut dead = 0;
    for index in 0..1_200 {
        let record = record(&population, index);
        let patient = patient(&record);
        let birth: Date = text(patient, "/birthDate").parse().expect("everybody has a birth date");
        let death: Option<Date> = text(patient, "/deceasedDateTime").get(..10).and_then(|day| day.parse().ok());
        dead += u32::from(death.is_some());
        for (kind, resources) in &record {
            for resource in resources {
                let Some(day) = day(resource) else { continue };
                assert!(day >= birth, "{kind} of {index} on {day}, before the birth on {birth}");
                assert!(day < AS_OF, "{kind} of {index} on {day}");
                assert!(death.is_none_or(|death| day <= death), "{kind} of {index} on {day}, after death on {death:?}");
                assert!(text(resource, "/meta/lastUpdated") <= "2026-11-01T00:00:00.000Z");
            }
        }
    }
    assert!(dead > 8, "only {dead} of 1,200 have died");
}

#[test]
fn every_medication_has_its_condition_and_no_allergy_against_it() {
    let population = population(2_000);
    let mut seen = 0;
    for index in 0..2_000 {
        let record = part(&population, index, &Kinds::only(vec!["Patient", "Condition", "AllergyIntolerance", "MedicationRequest"]));
        let conditions: HashMap<&str, &Value> =
            of(&record, "Condition").iter().map(|condition| (text(condition, "/id"), condition)).collect();
        let allergic: HashSet<&str> =
            of(&record, "AllergyIntolerance").iter().map(|allergy| text(allergy, "/code/coding/0/code")).collect();
        for medication in of(&record, "MedicationRequest") {
            seen += 1;
            let reason = text(medication, "/reasonReference/0/reference").trim_start_matches("Condition/");
            let condition = conditions.get(reason).expect("a medication names a condition that is there");
            assert!(day(medication) >= day(condition), "prescribed before the condition began");
            if text(medication, "/status") == "active" {
                assert!(text(patient(&record), "/deceasedDateTime").is_empty());
            }
            let name = text(medication, "/medicationCodeableConcept/text");
            assert!(!(allergic.contains("7980") && name.contains("amoxicillin")), "amoxicillin with a penicillin allergy");
            assert!(!(allergic.contains("29046") && name.contains("lisinopril")));
        }
    }
    assert!(seen > 1_500);
}

#[test]
fn conditions_fit_the_sex_and_the_age() {
    let population = population(3_000);
    for index in 0..3_000 {
        let record = part(&population, index, &Kinds::only(vec!["Patient", "Condition"]));
        let patient = patient(&record);
        let birth: Date = text(patient, "/birthDate").parse().expect("everybody has a birth date");
        for condition in of(&record, "Condition") {
            let code = text(condition, "/code/coding/0/code");
            let age = years_between(birth, day(condition).expect("a condition has an onset"));
            match code {
                "C61" => assert_eq!(text(patient, "/gender"), "male"),
                "C50.911" | "Z34.90" | "M81.0" | "Z90.13" => assert_eq!(text(patient, "/gender"), "female"),
                "F03.90" => assert!(age >= 68, "dementia at {age}"),
                "E11.9" | "I10" => assert!(age >= 30, "{code} at {age}"),
                _ => {}
            }
        }
    }
}

#[test]
fn mammograms_are_done_on_women_from_forty_on_and_not_after_mastectomy() {
    let population = population(2_000);
    let mut seen = 0;
    for index in 0..2_000 {
        let patient_only = part(&population, index, &Kinds::one("Patient"));
        if text(patient(&patient_only), "/gender") == "male" && index % 10 != 0 {
            continue;
        }
        let record = part(&population, index, &Kinds::only(vec!["Patient", "Condition", "Observation"]));
        let birth: Date = text(patient(&record), "/birthDate").parse().expect("everybody has a birth date");
        let removed = of(&record, "Condition").iter().find(|found| text(found, "/code/coding/0/code") == "Z90.13").and_then(day);
        for mammogram in of(&record, "Observation").iter().filter(|found| text(found, "/code/coding/0/code") == codes::MAMMOGRAM.code) {
            seen += 1;
            let on = day(mammogram).expect("a mammogram has a day");
            assert_eq!(text(patient(&record), "/gender"), "female");
            assert!(years_between(birth, on) >= 40);
            assert!(removed.is_none_or(|removed| on < removed));
            assert_eq!(text(mammogram, "/status"), "final");
            assert_eq!(text(mammogram, "/category/0/coding/0/code"), "imaging");
        }
    }
    assert!(seen > 400);
}

/// Whether mail to a contact point could arrive: well formed, not old, not ended.
fn usable_email(point: &Value) -> bool {
    let (local, host) = text(point, "/value").split_once('@').unwrap_or_default();
    text(point, "/system") == "email"
        && text(point, "/use") != "old"
        && point.pointer("/period/end").is_none()
        && !local.is_empty()
        && host.contains('.')
        && !host.contains(['@', ' '])
}

#[test]
fn between_five_and_eight_percent_are_due_for_breast_cancer_screening_and_most_of_them_have_an_email() {
    let population = population(6_000);
    let (mut due, mut reachable) = (0, 0);
    for index in 0..6_000 {
        let demographics = part(&population, index, &Kinds::one("Patient"));
        let patient = patient(&demographics);
        let birth: Date = text(patient, "/birthDate").parse().expect("everybody has a birth date");
        let alive = patient.get("deceasedBoolean").is_none() && patient.get("deceasedDateTime").is_none();
        let active = patient.get("active").and_then(Value::as_bool) == Some(true);
        if text(patient, "/gender") != "female" || !alive || !active || !(52..=74).contains(&years_between(birth, AS_OF)) {
            continue;
        }
        let record = part(&population, index, &Kinds::only(vec!["Encounter", "Observation"]));
        let visited = of(&record, "Encounter").iter().filter_map(day).any(|day| day >= date(2025, 11, 1));
        let screened = of(&record, "Observation")
            .iter()
            .filter(|found| text(found, "/code/coding/0/code") == codes::MAMMOGRAM.code)
            .filter_map(day)
            .any(|day| day >= date(2024, 8, 1));
        if visited && !screened {
            due += 1;
            let telecom = patient.get("telecom").and_then(Value::as_array);
            reachable += u32::from(telecom.into_iter().flatten().any(usable_email));
        }
    }
    let share = due * 1_000 / 6_000;
    assert!((50..=80).contains(&share), "{share} of 1,000 are due");
    assert!(reachable * 10 > due * 6, "{reachable} of {due} have an email");
}

#[test]
fn contact_points_stay_within_reserved_names_and_numbers() {
    let population = population(2_000);
    let mut systems = HashSet::new();
    for index in 0..2_000 {
        for resource in population.person(index, &Kinds::only(vec!["Patient", "RelatedPerson"])) {
            let value = resource.value();
            for point in value.get("telecom").and_then(Value::as_array).into_iter().flatten() {
                let address = text(point, "/value");
                systems.insert((text(point, "/system").to_owned(), text(point, "/use").to_owned()));
                if text(point, "/system") == "email" {
                    let host = address.rsplit(['@', ' ']).next().unwrap_or_default();
                    assert!(
                        !host.contains('.')
                            || host.ends_with("example.org")
                            || host.ends_with("example.com")
                            || host.ends_with("example.net")
                            || !address.contains(['@', ' ']),
                        "{address}"
                    );
                } else {
                    assert!(address.contains("555-01"), "{address}");
                }
            }
        }
    }
    for wanted in ["mobile", "home", "work", "old", "temp"] {
        assert!(systems.contains(&("phone".to_owned(), wanted.to_owned())), "no {wanted} phone");
    }
}

#[test]
fn inactive_merged_and_deceased_records_of_every_form_are_there() {
    let population = population(4_000);
    let (mut inactive, mut merged, mut dated, mut flagged, mut minors_with_parents) = (0, 0, 0, 0, 0);
    for index in 0..4_000 {
        let record = part(&population, index, &Kinds::only(vec!["Patient", "RelatedPerson", "Condition"]));
        let patient = patient(&record);
        let linked = text(patient, "/link/0/type") == "replaced-by";
        if linked {
            merged += 1;
            let survivor: u64 = text(patient, "/link/0/other/reference").trim_start_matches("Patient/person-").parse().expect("a survivor");
            let other = population.person(survivor, &Kinds::one("Patient"));
            let other = other.first().expect("the survivor is there").value();
            assert_eq!(text(&other, "/link/0/type"), "replaces");
            assert_eq!(text(&other, "/name/0/family"), text(patient, "/name/0/family"));
            assert_eq!(record.len(), 1, "a merged record holds nothing but the Patient");
        }
        inactive += u32::from(!linked && patient.get("active").and_then(Value::as_bool) == Some(false));
        dated += u32::from(patient.get("deceasedDateTime").is_some());
        flagged += u32::from(patient.get("deceasedBoolean").is_some());
        let born: Date = text(patient, "/birthDate").parse().expect("everybody has a birth date");
        minors_with_parents += u32::from(years_between(born, AS_OF) < 18 && !of(&record, "RelatedPerson").is_empty());
    }
    assert!(inactive > 20 && merged > 10 && dated > 20 && flagged > 20 && minors_with_parents > 300);
}

#[test]
fn every_type_has_what_us_core_requires() {
    let required: &[(&str, &[&str])] = &[
        ("Patient", &["/identifier/0/system", "/identifier/0/value", "/name/0/family", "/gender", "/birthDate"]),
        ("RelatedPerson", &["/patient/reference", "/relationship/0/coding/0/code", "/name/0/family"]),
        ("Coverage", &["/status", "/type/coding/0/code", "/beneficiary/reference", "/payor/0/reference", "/subscriberId"]),
        ("CareTeam", &["/status", "/subject/reference", "/participant/0/role/0/text", "/participant/0/member/reference"]),
        ("AllergyIntolerance", &["/clinicalStatus/coding/0/code", "/code/coding/0/code", "/patient/reference"]),
        ("Condition", &["/clinicalStatus/coding/0/code", "/category/0/coding/0/code", "/code/coding/0/code", "/subject/reference"]),
        ("Encounter", &["/status", "/class/code", "/type/0/text", "/subject/reference", "/period/start"]),
        (
            "MedicationRequest",
            &[
                "/status",
                "/intent",
                "/medicationCodeableConcept/coding/0/code",
                "/subject/reference",
                "/authoredOn",
                "/requester/reference",
            ],
        ),
        ("Observation", &["/status", "/category/0/coding/0/code", "/code/coding/0/code", "/subject/reference", "/effectiveDateTime"]),
        ("Procedure", &["/status", "/code/coding/0/code", "/subject/reference", "/performedDateTime"]),
        ("Immunization", &["/status", "/vaccineCode/coding/0/code", "/patient/reference", "/occurrenceDateTime"]),
        ("Organization", &["/name", "/identifier/0/value"]),
        ("Practitioner", &["/name/0/family", "/identifier/0/value"]),
        ("Group", &["/type", "/name", "/member/0/entity/reference"]),
    ];
    let population = population(400);
    let mut resources = population.shared(&Kinds::all());
    resources.extend((0..400).flat_map(|index| population.person(index, &Kinds::all())));
    let mut ids = HashSet::new();
    for resource in &resources {
        let value = resource.value();
        assert!(ids.insert((resource.kind, resource.id.clone())), "{}/{} twice", resource.kind, resource.id);
        assert!(resource.id.len() <= 64);
        assert_eq!(text(&value, "/resourceType"), resource.kind);
        let (_, paths) = required.iter().find(|(kind, _)| *kind == resource.kind).expect("a listed type");
        for path in *paths {
            assert!(!text(&value, path).is_empty(), "{}/{} has no {path}", resource.kind, resource.id);
        }
        let valued = ["valueQuantity", "valueCodeableConcept", "component"].iter().any(|member| value.get(member).is_some());
        assert!(resource.kind != "Observation" || valued, "{} has no value", resource.id);
        for system in ["http://snomed.info/sct", "http://www.ama-assn.org/go/cpt"] {
            assert!(!resource.text.contains(system), "{} has a licensed code", resource.id);
        }
    }
    let kinds: HashSet<&str> = resources.iter().map(|resource| resource.kind).collect();
    assert_eq!(kinds.len(), required.len());
}

#[test]
fn references_lead_to_resources_that_are_there() {
    let population = population(300);
    let mut there: HashSet<String> = HashSet::new();
    let mut resources = population.shared(&Kinds::all());
    resources.extend((0..300).flat_map(|index| population.person(index, &Kinds::all())));
    there.extend(resources.iter().map(|resource| format!("{}/{}", resource.kind, resource.id)));
    for resource in &resources {
        for part in resource.text.split("\"reference\":\"").skip(1) {
            let target = part.split('"').next().unwrap_or_default();
            assert!(there.contains(target), "{}/{} refers to {target}", resource.kind, resource.id);
        }
    }
}
