use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

use super::*;

fn codes(draft: &Draft) -> Vec<(&str, &str)> {
    match &draft.content {
        Content::Codes(codes) => codes.iter().map(|it| (it.system.as_str(), it.code.as_str())).collect(),
        other => panic!("{other:?}"),
    }
}

const LOINC: &str = "http://loinc.org";
const ICD: &str = "http://hl7.org/fhir/sid/icd-10-cm";

#[test]
fn an_expansion_is_read_with_nested_and_inactive_entries_but_without_abstract_ones() {
    let set = json!({ "resourceType": "ValueSet", "url": "http://example.org/v|3", "version": "3", "name": "V", "expansion": { "total": 4, "contains": [
        { "abstract": true, "system": LOINC, "code": "group", "contains": [
            { "system": LOINC, "code": " 1-8 ", "display": "One" }, { "system": "urn:oid:2.16.840.1.113883.6.90", "inactive": true, "code": "E11" },
        ] },
        { "display": "a heading", "contains": [] },
    ] } });
    let read = read(set.to_string().as_bytes()).unwrap();
    let [draft] = &read.drafts[..] else { panic!("{read:?}") };
    assert_eq!(codes(draft), [(LOINC, "1-8"), (ICD, "E11")]);
    assert_eq!((draft.url.as_str(), draft.version.as_deref(), draft.title.as_str()), ("http://example.org/v", Some("3"), "V"));
    assert_eq!(read.advice, [""; 0]);
}

#[test]
fn several_resources_in_a_file_line_by_line_are_all_read() {
    let line = |url: &str| json!({ "resourceType": "ValueSet", "url": url, "compose": { "include": [{ "system": LOINC, "concept": [{ "code": "1" }] }] } });
    let text = format!("\u{feff}{}\n{}\n", line("1.2.3"), line("1.2.4"));
    let read = read(text.as_bytes()).unwrap();
    assert_eq!(read.drafts.iter().map(|it| it.url.oid().unwrap()).collect::<Vec<_>>(), ["1.2.3", "1.2.4"]);
}

#[test]
fn the_oid_among_the_identifiers_is_a_second_name() {
    let set = json!({ "resourceType": "ValueSet", "url": "http://example.org/v", "identifier": [{ "value": "x" }, { "value": "urn:oid:1.2.3" }],
        "compose": { "include": [{ "system": LOINC, "concept": [{ "code": "1" }] }] } });
    let read = read(set.to_string().as_bytes()).unwrap();
    assert_eq!(read.drafts[0].alias.as_ref().and_then(ValueSetUrl::oid), Some("1.2.3"));
}

#[rstest]
#[case::rules(json!({"resourceType":"ValueSet","url":"1.2.3","compose":{"include":[{"system":LOINC,"filter":[{"property":"parent"}]}]}}), "compose.include[0]", "fhir/ValueSet/1.2.3/$expand")]
#[case::a_whole_system(json!({"resourceType":"ValueSet","url":"http://a/v","compose":{"include":[{"system":LOINC}]}}), "compose.include[0] of `http://a/v`", "all codes of the system `http://loinc.org`")]
#[case::nothing(json!({"resourceType":"ValueSet","url":"http://a/v"}), "expansion", "has no codes")]
#[case::no_url(json!({"resourceType":"Bundle","entry":[{"resource":{"resourceType":"ValueSet"}}]}), "entry[0].resource.url", "no canonical URL")]
#[case::no_system(json!({"resourceType":"ValueSet","url":"http://a/v","expansion":{"contains":[{"code":"x"}]}}), "expansion.contains", "`x` has no code system")]
#[case::no_code(json!({"resourceType":"ValueSet","url":"http://a/v","compose":{"include":[{"system":LOINC,"concept":[{}]}]}}), "compose.include[0]", "a code is missing")]
#[case::an_error(json!({"resourceType":"OperationOutcome"}), "the file", "answered with an error")]
#[case::a_patient(json!({"resourceType":"Patient"}), "the file", "expected a FHIR ValueSet")]
#[case::a_list(json!([1]), "the file", "expected a FHIR ValueSet")]
#[case::a_bundle_without(json!({"resourceType":"Bundle"}), "the file", "no value set in it")]
#[case::another_shape(json!({"resourceType":"ValueSet","url":7}), "the file", "invalid type")]
#[case::expansions(json!({"value_sets":{"1.2.3":{"codes":["http://loinc.org"]}}}), "codes[0]", "expected `system|code`")]
#[case::an_incomplete_one(json!({"value_sets":{"1.2.3":{"n":2,"codes":["http://loinc.org|1"]}}}), "value_sets", "not all codes")]
fn a_json_file_that_does_not_spell_out_codes_is_refused(#[case] file: serde_json::Value, #[case] place: &str, #[case] reason: &str) {
    let error = read(file.to_string().as_bytes()).unwrap_err();
    assert!(error.place.contains(place) && error.reason.contains(reason), "{error}");
}

#[test]
fn a_list_of_expansions_is_read_and_what_stands_beside_it_is_left() {
    let file = json!({ "value_sets": { "http://cts.nlm.nih.gov/fhir/ValueSet/1.2.3": {
        "name": "Three", "version": "20240105", "expansion_total": null, "n": 1, "codes": ["http://snomed.info/sct|1"] } },
        "direct_codes": { "x": "http://loinc.org|1" }, "used_in_cases": {}, "systems": {}, "incomplete_expansions": [] });
    let read = read(file.to_string().as_bytes()).unwrap();
    assert_eq!((codes(&read.drafts[0]), read.drafts[0].title.as_str()), (vec![("http://snomed.info/sct", "1")], "Three"));
    assert_eq!(read.drafts[0].version.as_deref(), Some("20240105"));
}

const SVS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<ns0:RetrieveMultipleValueSetsResponse xmlns:ns0="urn:ihe:iti:svs:2008">
<ns0:DescribedValueSet ID="1.2.3" displayName="Clot &amp; more" version="20190819">
<ns0:ConceptList>
<ns0:Concept code="1-8" codeSystem="2.16.840.1.113883.6.1" codeSystemName="LOINC" codeSystemVersion="2.66" displayName="One"/>
<ns0:Concept code="E11" codeSystem="" codeSystemName="ICD10CM" displayName="Two"/>
</ns0:ConceptList>
<ns0:Status>Active</ns0:Status>
<ns0:RevisionDate>2019-08-20</ns0:RevisionDate>
</ns0:DescribedValueSet>
</ns0:RetrieveMultipleValueSetsResponse>"#;

#[test]
fn what_vsac_answers_in_xml_is_read() {
    let read = read(SVS.as_bytes()).unwrap();
    let [draft] = &read.drafts[..] else { panic!("{read:?}") };
    assert_eq!((draft.url.oid(), draft.version.as_deref(), draft.title.as_str()), (Some("1.2.3"), Some("20190820"), "Clot & more"));
    assert_eq!(codes(draft), [(LOINC, "1-8"), (ICD, "E11")]);
}

#[test]
fn xml_that_is_cut_off_anywhere_brings_nothing() {
    let end = SVS.rfind("</ns0:RetrieveMultipleValueSetsResponse>").unwrap();
    for length in 60..=end {
        if SVS.is_char_boundary(length) {
            assert!(read(&SVS.as_bytes()[..length]).is_err(), "{length}");
        }
    }
}

#[test]
fn json_that_is_cut_off_is_named_with_its_line() {
    let error = read(b"{\"resourceType\": \"ValueSet\",\n\"url\": \"http").unwrap_err();
    assert!(error.place.contains("line 2") && error.reason.contains("cut off"), "{error}");
}

#[test]
fn a_plain_table_is_read_whatever_its_columns_are_called() {
    let table = "\u{feff}Value_Set,SYSTEM,Code,Display,Version\r\n\
                 1.2.3,LOINC,1-8,\"One, or \"\"more\"\"\",2024\r\n\
                 http://example.org/v,urn:oid:2.16.840.1.113883.6.90,E11,,\r\n\
                 \r\n\
                 urn:oid:1.2.3,LOINC,2-6,Two,2024\r\n";
    let read = read(table.as_bytes()).unwrap();
    let [one, other] = &read.drafts[..] else { panic!("{read:?}") };
    assert_eq!((codes(one), one.version.as_deref()), (vec![(LOINC, "1-8"), (LOINC, "2-6")], Some("2024")));
    assert_eq!((codes(other), other.version.as_deref()), (vec![(ICD, "E11")], None));
    let Content::Codes(codings) = &one.content else { panic!() };
    assert_eq!(codings[0].display.as_deref(), Some("One, or \"more\""));
}

#[test]
fn the_text_export_of_one_set_is_read_by_what_stands_above_its_codes() {
    let export = "Value Set Name\tDiabetes\n\
                  Code System\tICD10CM LOINC\n\
                  OID\t2.16.840.1.113883.3.464.1003.103.12.1001\n\
                  Type\tGrouping\n\
                  Definition Version\t20220924\n\
                  Steward\tSomebody\n\
                  Purpose: Clinical Focus\tPeople with it, and \"quotes\".\n\
                  \n\
                  Expansion List\n\
                  Code\tDescription\tCode System\tCode System Version\tCode System OID\tTTY\n\
                  E11.9\tType 2, plain\tICD10CM\t2024\t2.16.840.1.113883.6.90\t\n\
                  1-8\tOne\tLOINC\t2.7\t2.16.840.1.113883.6.1\tLC\n\
                  Value Set Name\tOther\n\
                  OID\t1.2.3\n\
                  Code\tDescription\tCode System\n\
                  2-6\tTwo\tLOINC\n";
    for text in [export.to_owned(), export.replace('\n', "\r\n")] {
        let read = read(text.as_bytes()).unwrap();
        let [diabetes, other] = &read.drafts[..] else { panic!("{read:?}") };
        assert_eq!((diabetes.title.as_str(), diabetes.version.as_deref()), ("Diabetes", Some("20220924")));
        assert_eq!(codes(diabetes), [(ICD, "E11.9"), (LOINC, "1-8")]);
        assert_eq!((codes(other), other.url.oid()), (vec![(LOINC, "2-6")], Some("1.2.3")));
    }
}

#[test]
fn the_spreadsheet_of_a_release_is_read_with_its_title_line() {
    let sheet = "Eligible Clinician Value Sets,,,,,,,,\n\
                 CMS ID,Value Set Name,Value Set OID,QDM Category,Definition Version,Expansion Version,Code,Description,Code System,Code System OID\n\
                 CMS125,Mammography,1.2.3,Diagnostic Study,20210304,eCQM 2024,1-8,One,LOINC,2.16.840.1.113883.6.1\n\
                 CMS999,Mammography,1.2.3,Diagnostic Study,20210304,eCQM 2024,1-8,One,LOINC,2.16.840.1.113883.6.1\n";
    let read = read(sheet.as_bytes()).unwrap();
    let [draft] = &read.drafts[..] else { panic!("{read:?}") };
    assert_eq!((draft.title.as_str(), draft.version.as_deref(), codes(draft).len()), ("Mammography", Some("20210304"), 2));
}

#[rstest]
#[case::no_set("value_set,system,code\n,LOINC,1\n", "line 2", "names no value set")]
#[case::no_name("value_set,system,code\n1.2.3,LOINC,1\nMammography,LOINC,1\n", "line 3", "`Mammography` is no name")]
#[case::no_system("value_set,system,code\n\n1.2.3,,1\n", "line 3", "`1` has no code system")]
#[case::no_code("value_set,system,code\n1.2.3,LOINC,\n", "line 2", "a code is missing")]
#[case::too_few_cells("value_set,system,code\n1.2.3\n", "line 2", "a code is missing")]
#[case::no_heading("1.2.3,LOINC,1\n", "the file", "no heading")]
#[case::words("hello", "the file", "no heading")]
#[case::nobodys_codes("Code,Code System\n1,LOINC\n", "line 1", "no line `OID`")]
#[case::only_a_heading("value_set,system,code\n", "the file", "no value set in it")]
#[case::nothing("  \n", "the file", "empty")]
fn a_table_that_does_not_say_everything_is_refused_with_the_line(#[case] table: &str, #[case] place: &str, #[case] reason: &str) {
    let error = read(table.as_bytes()).unwrap_err();
    assert!(error.place == place && error.reason.contains(reason), "{error}");
}

#[rstest]
#[case::a_spreadsheet(b"PK\x03\x04rest", "save it as CSV")]
#[case::an_old_spreadsheet(b"\xd0\xcf\x11\xe0\xa1", "save it as CSV")]
#[case::gzip(b"\x1f\x8b\x08", "unpack it")]
#[case::utf16(b"\xff\xfev\0", "save it as UTF-8")]
#[case::another_encoding(b"value_set,system,code\n1.2.3,LOINC,\xe9\n", "not UTF-8")]
#[case::fhir_in_xml(b"<ValueSet xmlns=\"http://hl7.org/fhir\"/>", "application/fhir+json")]
#[case::another_xml(b"<html/>", "RetrieveMultipleValueSetsResponse")]
#[case::an_unknown_entity(b"<!DOCTYPE x><RetrieveValueSetResponse/>", "document type")]
fn what_cannot_be_read_says_what_to_do(#[case] bytes: &[u8], #[case] reason: &str) {
    let error = read(bytes).unwrap_err();
    assert!(error.reason.contains(reason), "{error}");
}

#[test]
fn an_unknown_system_is_kept_and_told_once() {
    let read = read(b"value_set;system;code\n1.2.3;OUR LAB;1\n1.2.3;OUR LAB;2\n").unwrap();
    assert_eq!(codes(&read.drafts[0]), [("OUR LAB", "1"), ("OUR LAB", "2")]);
    let [advice] = &read.advice[..] else { panic!("{read:?}") };
    assert!(advice.contains("`OUR LAB` of 2 code(s)"), "{advice}");
}

#[test]
fn deep_and_large_files_are_read_or_refused_in_time() {
    let began = std::time::Instant::now();
    let deep = format!("{{\"resourceType\":\"ValueSet\",\"url\":\"1.2.3\",\"expansion\":{}", "{\"contains\":[".repeat(200_000));
    assert!(read(deep.as_bytes()).is_err());
    let nested = "{\"code\":\"1\",\"system\":\"s\",\"contains\":[".repeat(500) + &"]}".repeat(500);
    let nested = format!("{{\"resourceType\":\"ValueSet\",\"url\":\"1.2.3\",\"expansion\":{{\"contains\":[{nested}]}}}}");
    assert!(read(nested.as_bytes()).unwrap_err().reason.contains("recursion"));
    let row = |code| format!("1.2.3,SNOMEDCT,{code},A finding that has a name of some length {code}");
    let rows = (0..200_000).map(row).collect::<Vec<_>>().join("\n");
    let large = format!("value_set,system,code,display\n{rows}");
    assert!(large.len() > 10_000_000);
    assert_eq!(codes(&read(large.as_bytes()).unwrap().drafts[0]).len(), 200_000);
    let concept = |code| format!("<Concept code=\"{code}\" codeSystem=\"2.16.840.1.113883.6.96\"/>");
    let concepts = (0..100_000).map(concept).collect::<Vec<_>>().join("\n");
    let xml = format!(
        "<RetrieveValueSetResponse><ValueSet id=\"1.2.3\"><ConceptList>\n{concepts}</ConceptList></ValueSet></RetrieveValueSetResponse>"
    );
    assert_eq!(codes(&read(xml.as_bytes()).unwrap().drafts[0]).len(), 100_000);
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }

    #[test]
    fn any_table_is_read_or_refused(text in "(value_set|system|code|OID|1\\.2\\.3|[,;\t\n\"a])*") {
        let _ = read(text.as_bytes());
    }
}
