use proptest::prelude::*;
use serde_json::{Value, json};

use super::lines;
use super::words::{CLAUSES, COMPARISONS, PRESENCE, RELATIONS};
use super::{from_plain, plain};
use crate::Caution::{Careful, Strict};
use crate::tests::properties::{condition, document, patient, period};
use crate::tests::{One, S, TODAY, codes, fact, segment, with};

/// What a document says, after it was said, read, and said again in the same words.
fn again(document: &Value) -> Value {
    let said = plain(document).unwrap();
    let read = from_plain(&said).unwrap_or_else(|error| panic!("{error}\n{said}"));
    assert_eq!(plain(&read).unwrap(), said);
    read
}

fn document_of(name: &str) -> Value {
    let path = format!("{}/../../fhir-profiles/measures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A shipped document with its shared blocks, as the profiles put it together.
fn shipped(name: &str) -> Value {
    fn add(name: &str, whole: &mut Vec<Value>) {
        if whole.iter().any(|block| block["name"] == name) {
            return;
        }
        let mut block = document_of(&format!("../blocks/{name}"));
        let uses = block.as_object_mut().unwrap().remove("uses");
        for used in uses.iter().flat_map(|uses| uses.as_array().unwrap()) {
            add(used.as_str().unwrap(), whole);
        }
        whole.push(block);
    }
    let mut document = document_of(name);
    let mut whole = Vec::new();
    for block in document["blocks"].as_array().cloned().unwrap_or_default() {
        match block.as_str() {
            Some(shared) => add(shared, &mut whole),
            None => whole.push(block),
        }
    }
    if !whole.is_empty() {
        document["blocks"] = whole.into();
    }
    document
}

#[test]
fn a_document_is_said_in_lines_that_a_nurse_can_read() {
    let said = plain(&shipped("cms125")).unwrap();
    let start = "\
Title: Breast cancer screening
Key: cms125
Description: Women of 52 to 74 with a visit, and whether they had a mammogram in the 27 months up to the end of the measurement period.
";
    assert!(said.starts_with(start), "{said}");
    let initial = "
  Initial population:
    all of:
      52 to 74 years old on the end of the period
      is female
      as in block \"adult-outpatient-visit\"
";
    assert!(said.contains(initial), "{said}");
    let numerator = "
  Numerator:
    \"Mammogram\": an observation:
      of status final
      of one of the value sets:
        Mammography (http://cts.nlm.nih.gov/fhir/ValueSet/2.16.840.1.113883.3.464.1003.108.12.1018)
      ending from the start of the period less 15 months to the end of the period
";
    assert!(said.contains(numerator), "{said}");
}

#[test]
fn every_document_that_is_shipped_says_the_same_when_it_is_read_again() {
    let folder = format!("{}/../../fhir-profiles/measures", env!("CARGO_MANIFEST_DIR"));
    let mut said = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
        let (was, read) = (shipped(&name), again(&shipped(&name)));
        // What is written the long way reads the same; only the ways of saying a value set differ.
        for member in ["key", "title", "description", "note"] {
            assert_eq!(was[member], read[member], "{name}");
        }
        let sets = |document: &Value| crate::tests::read(document).code_sets.iter().map(|set| format!("{set:?}")).collect::<Vec<_>>();
        assert_eq!(sets(&was), sets(&read), "{name}");
        said += 1;
    }
    assert!(said >= 17);
}

#[test]
fn what_has_strange_letters_is_put_in_quotation_marks() {
    let odd = "He said \"yes\":\n  - (all of)";
    let members = json!({
        "fact": "condition", "label": odd, "codes": [{ "system": "urn:a b", "code": "x y\"", "display": odd }],
        "value": { "op": "=", "number": 1e300, "unit": "% HbA1c" }, "reason": { "value_set": "urn:s:(a)", "name": odd }, "note": odd,
    });
    let document = with(segment(&members), &json!({ "title": odd, "description": "Title: x" }));
    let read = again(&document);
    assert_eq!((&read["title"], &read["members"]["label"]), (&json!(odd), &json!(odd)));
    assert_eq!(read["members"]["codes"], members["codes"]);
    assert_eq!(read["members"]["reason"]["value_set"]["name"], json!(odd));
}

#[test]
fn a_moment_is_said_in_words() {
    let said = |moment: &str| super::clauses::write_moment(moment).unwrap();
    assert_eq!(said("period start -15 months"), "the start of the period less 15 months");
    assert_eq!(said("birth +42 days"), "birth plus 42 days");
    assert_eq!(said("-27 months"), "today less 27 months");
    assert_eq!(said("visit-2 end +1 year -1 day"), "the end of [visit-2] plus 1 year less 1 day");
    for moment in ["as-of", "as-of -1 day", "start of year +2 weeks", "plus start -1 day", "less-1 end"] {
        assert_eq!(super::clauses::read_moment(&said(moment)).as_deref(), Some(moment));
    }
}

#[test]
fn a_document_that_is_wrong_is_not_said() {
    let error = plain(&segment(&json!({ "sex": "femal" }))).unwrap_err();
    assert!(error.starts_with("/members/sex"), "{error}");
}

#[test]
fn a_line_that_can_not_be_read_is_named() {
    let said = plain(&segment(&fact("condition", "a", &json!({})))).unwrap();
    let error = from_plain(&said.replace("a condition", "some condition")).unwrap_err();
    assert!(error.starts_with("line 5: expected a condition, found `some condition`"), "{error}\n{said}");
    for (wrong, expected) in [
        ("Title: t\nWhoever: x\n", "line 2"),
        ("Title: t\n   Key: x\n", "line 2"),
        ("Members:\n  all of:\n      is female\n", "line 3"),
        ("Members:\n  an encounter:\n    of state x\n", "line 3"),
        ("Title: t\nKey: k\nMembers:\n  as in block \"b\"\n", "/members/block"),
    ] {
        let error = from_plain(wrong).unwrap_err();
        assert!(error.contains(expected), "{wrong}: {error}");
    }
}

#[test]
fn no_phrase_begins_another() {
    let clauses = CLAUSES.iter().map(|(_, phrase, _)| *phrase);
    let others = [RELATIONS, COMPARISONS, PRESENCE].into_iter().flatten().map(|(_, phrase)| *phrase);
    let phrases: Vec<&str> = clauses.chain(others).collect();
    for (place, phrase) in phrases.iter().enumerate() {
        for (other_place, other) in phrases.iter().enumerate() {
            assert!(place == other_place || !other.starts_with(phrase), "`{phrase}` begins `{other}`");
        }
    }
}

#[test]
fn lines_are_read_as_they_were_written() {
    let text = "a:\n  b:\n    c\n  d\ne\n";
    assert_eq!(lines::print(&lines::read(text).unwrap()), text);
}

#[test]
fn every_clause_and_group_comes_through() {
    let whole = json!({
        "fact": "encounter", "label": "Visit", "status": "performed", "flags": ["outpatient", "active"], "without": ["virtual"],
        "value_set": "urn:s:1", "value_sets": ["urn:s:2", { "url": "urn:s:3", "name": "Three" }], "codes": codes("a"), "with_end": true,
        "when": "overlaps", "window": { "after": "period start", "before": "period end" }, "precision": "instant", "value": { "present": true },
        "body_site": { "codes": codes("l") }, "reason": { "value_set": { "url": "urn:s:4", "name": "Four" } }, "disposition": { "codes": codes("d") },
        "visit_without": ["emergency"], "as": "visit", "such_that": { "not": { "that": "visit", "window": { "from": "visit start" } } },
        "pick": "first", "is": { "that": "visit", "value": { "present": false } }, "note": "Why",
    });
    let group = json!({
        "key": "g", "title": "G", "inverse": true, "gap": true, "initial_population": whole, "denominator": { "sex": "other" },
        "denominator_exclusion": { "deceased": true }, "denominator_exception": { "age": { "to": 5 } }, "numerator": { "age": { "from": 5, "at": "period start" } },
    });
    let document = json!({ "version": 1, "key": "k", "title": "t", "measure": { "id": "CMS1", "version": "1" }, "period": { "months": 3 }, "groups": [group] });
    let read = again(&document);
    let mut expected = document;
    expected["groups"][0]["initial_population"]["such_that"]["not"]["window"]["to"] = "as-of".into();
    expected["groups"][0]["denominator_exception"]["age"]["at"] = "as-of".into();
    assert_eq!(read, expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_again_means_the_same(
        members in condition(), block in condition(), period in period(), patients in prop::collection::vec(patient(), 4),
    ) {
        let document = document(&members, &block, &period);
        let read = again(&document);
        for patient in patients {
            let patient = One::of(patient);
            for caution in [Careful, Strict] {
                prop_assert_eq!(patient.outcome(&read, TODAY, caution), patient.outcome(&document, TODAY, caution));
            }
        }
    }

    #[test]
    fn labels_and_titles_of_any_letters_come_through(label in "\\PC{0,30}", title in "\\PC{0,10}x\\PC{0,10}") {
        let members = with(fact("condition", "a", &json!({})), &json!({ "label": format!("{label}x") }));
        let read = again(&with(segment(&members), &json!({ "title": title })));
        prop_assert_eq!(&read["members"]["label"], &json!(format!("{label}x")));
        prop_assert_eq!(&read["title"], &json!(title));
    }

    #[test]
    fn no_text_panics(text in "((Title|Members|Block|all of|an encounter|dated|with a value|\\[a\\] is so|the value set|\"|:|\n|  | |of|from|less) ?){0,20}") {
        let _ = from_plain(&text);
    }
}

#[test]
fn a_code_may_be_a_word_of_the_language() {
    let members = json!({ "fact": "condition", "codes": [{ "system": S.to_owned() + ":", "code": "the" }], "reason": { "codes": [{ "system": "urn:set", "code": "the" }, { "system": "urn:x", "code": "of" }] } });
    assert_eq!(again(&segment(&members))["members"]["reason"], members["reason"]);
}
