//! What nobody should send and somebody does: read as far as it is certain, refused with the reason where it is not.

use super::*;

fn with(line: &str) -> Result<ReadResource, Unreadable> {
    reader().resource(line.as_bytes().to_vec()).map_err(|(reason, _)| reason)
}

#[test]
fn a_line_is_read_in_spite_of_what_nobody_reads() {
    let deep = |levels: usize| format!("{}1{}", "{\"extension\":[".repeat(levels), "]}".repeat(levels));
    for (what, line) in [
        ("a byte order mark", "\u{feff}{\"resourceType\":\"Patient\",\"id\":\"1\"}".to_owned()),
        ("the end of a Windows line", "{\"resourceType\":\"Patient\",\"id\":\"1\"}\r".to_owned()),
        ("300 levels in an extension", format!("{{\"resourceType\":\"Condition\",\"id\":\"1\",\"extension\":{}}}", deep(300))),
        ("300 levels in a patient", format!("{{\"resourceType\":\"Patient\",\"id\":\"1\",\"contact\":[{{\"extension\":{}}}]}}", deep(300))),
        ("half of a character in the narrative", r#"{"resourceType":"Condition","id":"1","text":{"div":"\ud800"}}"#.to_owned()),
        ("an escaped NUL in the narrative", r#"{"resourceType":"Condition","id":"1","text":{"div":"\u0000"}}"#.to_owned()),
        ("an element that nobody reads twice", r#"{"resourceType":"Condition","id":"1","note":[],"note":[]}"#.to_owned()),
        (
            "explicit nulls",
            r#"{"resourceType":"Patient","id":"1","meta":null,"name":null,"telecom":[null],"contained":null,"birthDate":null,"gender":null,
                "_birthDate":null,"deceasedBoolean":null,"active":null,"address":null,"link":null,"modifierExtension":null}"#
                .replace('\n', ""),
        ),
        ("a line of 8 MB", format!("{{\"resourceType\":\"Condition\",\"id\":\"1\",\"text\":{{\"div\":\"{}\"}}}}", "a".repeat(8 << 20))),
    ] {
        let read = with(&line);
        assert!(read.is_ok(), "{what}: {}", read.unwrap_err().reason);
    }
}

#[test]
fn a_line_that_can_mean_two_things_or_none_is_refused_with_the_reason() {
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    for (line, reason) in [
        (r#"{"resourceType":"Patient","id":"1","id":"2"}"#, "`id` is there twice"),
        (r#"{"resourceType":"Patient","id":"1","deceasedBoolean":true,"deceasedBoolean":false}"#, "`deceasedBoolean` is there twice"),
        (
            r#"{"resourceType":"Condition","id":"1","subject":{"reference":"Patient/1","reference":"Patient/2"}}"#,
            "`reference` is there twice",
        ),
        (r#"{"resourceType":"Patient","id":"1","meta":{"security":[{"code":"R"}],"security":[]}}"#, "meta is not readable"),
        (r#"{"resourceType":"Patient","id":"1","meta":{"security":[{"code":"\ud800"}]}}"#, "lone surrogate"),
        (r#"{"resourceType":"Patient","id":"1","name":[{"family":"\ud800"}]}"#, "lone surrogate"),
        ("{\"resourceType\":\"Patient\",\"id\":\"1\",\"name\":[{\"family\":\"a\u{0}b\"}]}", "control character"),
        (r#"{"resourceType":"Patient","id":"1\u0000"}"#, "control characters"),
        (&format!("{{\"resourceType\":\"Patient\",\"id\":\"1\",\"name\":{deep}}}"), "nested too deeply"),
        (r#"{"resourceType":"Patient","id":"1"}{"resourceType":"Patient","id":"2"}"#, "something follows"),
        (r#"{"resourceType":null,"id":"1"}"#, "no resourceType"),
        (r#"{"resourceType":"Patient","id":null}"#, "no id"),
        (r#"{"resourceType":"Patient","id":"1","name":"#, "ends early"),
        ("null", "not a JSON object"),
        ("\"Patient\"", "not a JSON object"),
    ] {
        let refused = with(line).unwrap_err().reason;
        assert!(refused.contains(reason), "{refused} is not {reason}");
    }
    let odd_type = refused(br#"{"resourceType":"\u0000Encounter","id":"1"}"#);
    assert_eq!(odd_type.resource_type.as_deref(), Some("Encounter"), "told as far as every database can keep it");
    let latin_1 = b"{\"resourceType\":\"Patient\",\"id\":\"1\",\"name\":[{\"family\":\"M\xfcller\"}]}";
    assert!(refused(latin_1).reason.contains("not UTF-8 from byte 55"), "{}", refused(latin_1).reason);
}

#[test]
fn a_number_beyond_all_bounds_costs_only_itself_and_keeps_its_digits() {
    for (value, read_as) in
        [("1e999", None), ("0.10000000000000000000000000000000000001", Some(0.1)), ("1.00", Some(1.0)), ("\"5.5\"", Some(5.5))]
    {
        let line = format!(
            r#"{{"resourceType":"Observation","id":"1","status":"final","subject":{{"reference":"Patient/p"}},"valueQuantity":{{"value":{value}}}}}"#
        );
        let read = with(&line).unwrap();
        assert!(String::from_utf8(read.raw).unwrap().contains(value));
        let Projection::Clinical(clinical) = read.projection else { panic!("not clinical") };
        assert_eq!(clinical.facts[0].value, read_as, "{value}");
    }
}

#[test]
fn a_fact_belongs_to_its_patient_however_the_reference_is_written() {
    let subject = |subject: Value| clinical("Condition", json!({"patient": null, "subject": subject})).patient;
    for reference in [
        "Patient/p",
        "patient/p",
        "/Patient/p",
        "Patient/p/_history/2",
        "https://fhir.example.org/r4/Patient/p",
        "http://fhir.example.org/r4/Patient/p/_history/2",
        "urn:uuid:p",
    ] {
        assert_eq!(subject(json!({ "reference": reference })).as_deref(), Some("p"), "{reference}");
    }
    for nobody in [
        json!({"reference": "https://other.example.org/r4/Patient/p"}),
        json!({"reference": "Group/p"}),
        json!({"reference": "#p"}),
        json!({"reference": ""}),
        json!({"identifier": {"system": "mrn", "value": "1"}}),
        json!({"display": "Ann"}),
        json!([]),
        json!(7),
    ] {
        assert_eq!(subject(nobody.clone()), None, "{nobody}");
    }
    let own = fhir_profiles::mapping("us-core").unwrap().overlay("own", "own-bases = [\"http://inside:8080/fhir/\"]").unwrap();
    let reader = FhirReader::new(SourceNo(1), BASE, own);
    let read = reader
        .resource(br#"{"resourceType":"Condition","id":"1","subject":{"reference":"http://inside:8080/fhir/Patient/p"}}"#.to_vec())
        .unwrap();
    assert!(matches!(read.projection, Projection::Clinical(it) if it.patient.as_deref() == Some("p")));
}

#[test]
fn what_a_server_withholds_is_unknown_and_never_an_address() {
    let absent = json!({"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]});
    let read = patient(
        json!({"_birthDate": absent, "_gender": absent, "_deceasedDateTime": absent, "_active": absent, "name": [{"_family": absent}]}),
    );
    let it = &read.demographics;
    assert_eq!((it.birth, it.sex, it.deceased, read.status), (None, Sex::Unknown, Deceased::Unclear, RecordStatus::Inactive));
    let read = patient(json!({"telecom": [
        {"system": "phone", "value": "xxx-xxx-1234"}, {"system": "phone", "value": "(***) ***-1234"}, {"system": "phone", "value": "###-###-9876"},
        {"system": "email", "value": "a***@example.org"}, {"system": "email", "value": "xxxxx@example.org"}, {"system": "email", "value": "Unknown"},
        {"system": "email", "_value": absent}, {"system": "email", "value": "hidden@example.org", "extension": absent["extension"]},
        {"system": "email", "value": "max.xxl@example.org"}, {"system": "phone", "value": "+1 555 010 9999 x123"}]}));
    let kept: Vec<_> = read.demographics.contact_points.iter().map(|it| it.value.as_str()).collect();
    assert_eq!(kept, ["max.xxl@example.org", "+1 555 010 9999 x123"]);
    assert!(read.data_quality.iter().any(|it| it.contains("masked")));
}

#[test]
fn a_code_that_says_that_nothing_is_said_is_no_code() {
    let unknown =
        json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}], "text": "unknown"});
    let read = clinical(
        "Observation",
        json!({"status": "final", "code": unknown, "valueCodeableConcept": unknown, "component": [{"code": unknown}]}),
    );
    assert!(read.facts.iter().all(|it| it.codes.is_empty()));
    let read =
        clinical("Immunization", json!({"vaccineCode": {"coding": [{"system": "urn:oid:2.16.840.1.113883.5.1008", "code": "UNK"}]}}));
    assert!(read.facts[0].codes.is_empty());
    assert!(!flags("Condition", json!({"clinicalStatus": unknown})).contains(FactFlags::EFFECTIVE));
}

#[test]
fn a_code_system_goes_by_the_name_it_is_known_by() {
    for (system, known) in [
        ("urn:oid:2.16.840.1.113883.6.1", "http://loinc.org"),
        ("https://loinc.org/", "http://loinc.org"),
        ("HTTP://LOINC.ORG", "http://loinc.org"),
        ("http://loinc.org|2.77", "http://loinc.org"),
        (" http://snomed.info/sct/731000124108 ", "http://snomed.info/sct"),
        ("http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "http://www.nlm.nih.gov/research/umls/hcpcs"),
        ("urn:oid:1.2.840.114350.1.13.1", "urn:oid:1.2.840.114350.1.13.1"),
        ("", ""),
    ] {
        let read = clinical("Condition", json!({"code": {"coding": [{"system": system, "code": "1"}]}}));
        assert_eq!(read.facts[0].codes[0].system, known, "{system}");
    }
}

#[test]
fn a_local_code_or_word_has_the_standard_code_beside_it() {
    let text = "[codes.\"urn:oid:1.2.3\"]\nA1C = \"http://loinc.org|4548-4\"\n[codes.\"\"]\n\"mammogram screening\" = \"http://loinc.org|24606-6\"\n\
        [codes.\"https://fhir.example.org/r4/Medication\"]\nm7 = \"http://www.nlm.nih.gov/research/umls/rxnorm|860975\"";
    let reader = FhirReader::new(SourceNo(1), BASE, fhir_profiles::mapping("us-core").unwrap().overlay("own", text).unwrap());
    let codes = |resource: Value| match reader.resource(resource.to_string().into_bytes()).unwrap().projection {
        Projection::Clinical(it) => it.facts[0].codes.iter().map(|it| it.code.clone()).collect::<Vec<_>>(),
        _ => panic!("not clinical"),
    };
    let observation = |code: Value| json!({"resourceType": "Observation", "id": "1", "subject": {"reference": "Patient/p"}, "code": code});
    assert_eq!(codes(observation(json!({"coding": [{"system": "urn:oid:1.2.3", "code": "a1c "}]}))), ["a1c", "4548-4"]);
    let both = json!({"coding": [{"system": "urn:oid:1.2.3", "code": "A1C"}, {"system": "http://loinc.org", "code": "4548-4"}]});
    assert_eq!(codes(observation(both)), ["A1C", "4548-4"], "once is enough");
    assert_eq!(codes(observation(json!({"text": "Mammogram Screening "}))), ["24606-6"]);
    let request = json!({"resourceType": "MedicationRequest", "id": "1", "medicationReference": {"reference": "Medication/m7", "display": "Metformin"}});
    assert_eq!(codes(request), ["m7", "860975"]);
}

#[test]
fn shapes_of_r5_are_read_from_a_server_that_says_r4() {
    let concept = json!({"coding": [{"system": "http://loinc.org", "code": "x"}]});
    for (resource_type, resource) in [
        ("MedicationRequest", json!({"medication": {"concept": concept}})),
        ("ServiceRequest", json!({"code": {"concept": concept}})),
        ("DeviceRequest", json!({"code": {"concept": concept}})),
        ("Appointment", json!({"serviceType": [{"concept": concept}], "participant": [{"actor": {"reference": "Patient/p"}}]})),
        ("Encounter", json!({"type": [concept], "class": [{"coding": [{"code": "AMB"}]}], "actualPeriod": {"start": "2026-01-02"}})),
        ("Procedure", json!({"code": concept, "occurrencePeriod": {"start": "2026-01-02"}})),
    ] {
        let read = clinical(resource_type, resource);
        assert_eq!(read.facts[0].codes.first().map(|it| it.code.as_str()), Some("x"), "{resource_type}");
        assert_eq!(read.patient.as_deref(), Some("p"), "{resource_type}");
    }
}

#[test]
fn nothing_is_taken_from_what_a_modifier_may_turn_around() {
    for modifier in [json!({"modifierExtension": [{"url": "x"}]}), json!({"modifierExtension": "x"}), json!({"implicitRules": "http://x"})]
    {
        assert!(clinical("Procedure", modifier.clone()).facts.is_empty(), "{modifier}");
        assert_eq!(patient(modifier.clone()).status, RecordStatus::Inactive, "{modifier}");
    }
    assert_eq!(clinical("Procedure", json!({"modifierExtension": []})).facts.len(), 1);
    let component =
        |modifier: Value| json!({"code": {"coding": [{"code": "8480-6"}]}, "valueQuantity": {"value": 1}, "modifierExtension": modifier});
    let read = clinical("Observation", json!({"component": [component(json!([{"url": "x"}])), component(json!(null))]}));
    assert_eq!(read.facts.iter().map(|it| it.part).collect::<Vec<_>>(), [0, 2]);
}

#[test]
fn a_label_restricts_however_it_is_written() {
    for label in [json!([{"code": "R"}]), json!({"code": "v"}), json!(["R"]), json!([{"text": "V"}]), json!([{"coding": [{"code": "R"}]}])]
    {
        assert!(patient(json!({"meta": {"security": label}})).demographics.restricted, "{label}");
        assert!(flags("Condition", json!({"meta": {"security": label}})).contains(FactFlags::RESTRICTED), "{label}");
    }
    for label in [json!([{"code": "N"}]), json!(null), json!([])] {
        assert!(!patient(json!({"meta": {"security": label}})).demographics.restricted, "{label}");
    }
    let own = fhir_profiles::mapping("us-core").unwrap().overlay("own", "restricted = [\"R\", \"V\", \"PSY\"]").unwrap();
    let reader = FhirReader::new(SourceNo(1), BASE, own);
    let read = reader.resource(br#"{"resourceType":"Patient","id":"1","meta":{"security":[{"code":"PSY"}]}}"#.to_vec()).unwrap();
    assert!(matches!(read.projection, Projection::Patient(it) if it.demographics.restricted));
}

#[test]
fn a_resource_read_by_other_rules_counts_as_another() {
    let raw = br#"{"resourceType":"Basic","id":"1"}"#.to_vec();
    let own = |text: &str| FhirReader::new(SourceNo(1), BASE, fhir_profiles::mapping("us-core").unwrap().overlay("own", text).unwrap());
    let hash = |reader: FhirReader| reader.resource(raw.clone()).unwrap().hash;
    assert_eq!(hash(reader()), hash(own("title = \"Ours\"\n[search]\npage-size = 7")));
    assert_ne!(hash(reader()), hash(own("[gender]\nfrau = \"female\"")), "a changed mapping is applied by the next full sync");
}

#[test]
fn each_vendor_is_read_by_what_it_does_otherwise() {
    let epic = FhirReader::new(SourceNo(1), BASE, fhir_profiles::mapping("epic").unwrap());
    let class = json!({"system": "urn:oid:1.2.840.114350.1.72.1.7.7.10.696784.13260", "code": "13", "display": "Support OP Encounter"});
    let visit =
        json!({"resourceType": "Encounter", "id": "e", "status": "finished", "subject": {"reference": "Patient/p"}, "class": class});
    let flags = |reader: &FhirReader, resource: &Value| match reader.resource(resource.to_string().into_bytes()).unwrap().projection {
        Projection::Clinical(it) => FactFlags::from(it.facts[0].flags),
        _ => panic!("not clinical"),
    };
    assert!(flags(&epic, &visit).contains(FactFlags::OUTPATIENT));
    assert!(!flags(&reader(), &visit).contains(FactFlags::OUTPATIENT), "a word of Epic's is none of others");
    let observation = fhir_profiles::mapping("epic").unwrap().search.searches("Observation", false);
    assert_eq!(observation.len(), 6, "a search for each category");
    for (vendor, page_size) in
        [("us-core", 500), ("epic", 999), ("oracle-health", 100), ("hapi", 200), ("medplum", 1000), ("azure", 1000), ("google", 1000)]
    {
        let mapping = fhir_profiles::mapping(vendor).unwrap();
        assert_eq!(mapping.search.page_size, page_size, "{vendor}");
        let read = FhirReader::new(SourceNo(1), BASE, mapping)
            .resource(br#"{"resourceType":"Patient","id":"p","gender":"F","deceasedBoolean":true}"#.to_vec())
            .unwrap();
        let Projection::Patient(patient) = read.projection else { panic!("not a patient") };
        assert_eq!((patient.demographics.sex, patient.demographics.deceased), (Sex::Female, Deceased::Yes), "{vendor}");
    }
}
