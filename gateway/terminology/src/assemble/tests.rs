use serde_json::{Value, json};

use super::*;
use crate::read;

fn assembled(files: &[(&str, Value)]) -> Assembled {
    with_known(files, &HashMap::new())
}

fn with_known(files: &[(&str, Value)], known: &HashMap<ValueSetReference, Vec<Coding>>) -> Assembled {
    let mut assembly = Assembly::default();
    for (name, content) in files {
        assembly.add(name, read(content.to_string().as_bytes()));
    }
    assembly.finish(known)
}

fn set(url: &str, version: &str, codes: &[&str]) -> Value {
    let concepts: Vec<_> = codes.iter().map(|code| json!({ "code": code })).collect();
    composed(url, version, &json!([{ "system": "http://loinc.org", "concept": concepts }]))
}

fn composed(url: &str, version: &str, include: &Value) -> Value {
    json!({ "resourceType": "ValueSet", "url": url, "version": version, "compose": { "include": include } })
}

fn codes(assembled: &Assembled, url: &str) -> Vec<String> {
    let url = ValueSetUrl::parse(url).unwrap();
    let found = assembled.sets.iter().find(|it| it.set.url == url && it.is_latest).unwrap();
    found.set.codes().iter().map(|it| it.code.clone()).collect()
}

#[test]
fn a_set_made_of_others_has_the_codes_of_all_of_them() {
    let all = composed("http://a/all", "1", &json!([{ "valueSet": ["http://a/x"] }, { "valueSet": ["1.2.3|2"] }]));
    let files = [
        ("all.json", all),
        ("x.json", set("http://a/x", "1", &["1", "2"])),
        (
            "y.json",
            json!({ "resourceType": "Bundle", "entry": [
            { "resource": set("urn:oid:1.2.3", "1", &["8"]) }, { "resource": set("urn:oid:1.2.3", "2", &["2", "3"]) },
            { "resource": { "resourceType": "Library" } },
        ] }),
        ),
    ];
    let assembled = assembled(&files);
    assert_eq!(assembled.refused, []);
    assert_eq!(codes(&assembled, "http://a/all"), ["1", "2", "3"]);
    assert!(assembled.advice.iter().any(|it| it.contains("`2` is used, `1` is kept")), "{:?}", assembled.advice);
}

#[test]
fn what_one_part_names_together_is_what_it_has_in_common_and_exclusions_go() {
    let mut all = composed("http://a/all", "1", &json!([{ "valueSet": ["http://a/x", "http://a/y"] }, { "valueSet": ["http://a/z"] }]));
    all["compose"]["exclude"] = json!([{ "system": "http://loinc.org", "concept": [{ "code": "3" }] }]);
    let files = [
        ("all", all),
        ("x", set("http://a/x", "1", &["1", "2", "3"])),
        ("y", set("http://a/y", "1", &["2", "3", "4"])),
        ("z", set("http://a/z", "1", &["9"])),
    ];
    assert_eq!(codes(&assembled(&files), "http://a/all"), ["2", "9"]);
}

#[test]
fn a_set_that_is_there_already_answers_a_reference() {
    let all = composed("http://a/all", "1", &json!([{ "valueSet": ["http://a/x"] }]));
    let missing = assembled(&[("all", all.clone())]);
    let reason = &missing.refused[0].error.reason;
    assert!(missing.sets.is_empty() && reason.contains("http://a/x") && reason.contains("$expand"), "{reason}");
    let known = HashMap::from([(ValueSetReference::parse("http://a/x").unwrap(), vec![Coding::new("s", "c")])]);
    assert_eq!(codes(&with_known(&[("all", all)], &known), "http://a/all"), ["c"]);
}

#[test]
fn sets_made_of_each_other_are_refused_and_stop_nothing_else() {
    let files = [
        ("a", composed("http://a/a", "1", &json!([{ "valueSet": ["http://a/b"] }]))),
        ("b", composed("http://a/b", "1", &json!([{ "valueSet": ["http://a/a"] }]))),
        ("c", set("http://a/c", "1", &["1"])),
    ];
    let assembled = assembled(&files);
    assert_eq!(assembled.refused.len(), 2);
    assert!(assembled.refused[0].error.reason.contains("made of itself"), "{:?}", assembled.refused);
    assert_eq!(codes(&assembled, "http://a/c"), ["1"]);
}

#[test]
fn a_file_with_anything_wrong_brings_nothing_and_takes_those_along_that_need_it() {
    let wrong = json!({ "resourceType": "Bundle", "entry": [
        { "resource": set("http://a/x", "1", &["1"]) }, { "resource": { "resourceType": "ValueSet", "url": "http://a/none", "compose": {} } },
    ] });
    let files = [("needs", composed("http://a/all", "1", &json!([{ "valueSet": ["http://a/x"] }]))), ("wrong", wrong)];
    let assembled = assembled(&files);
    assert!(assembled.sets.is_empty());
    let reasons: Vec<_> = assembled.refused.iter().map(|it| (it.file.as_str(), it.error.to_string())).collect();
    assert!(reasons[0].0 == "needs" && reasons[0].1.contains("http://a/x"), "{reasons:?}");
    assert!(reasons[1].0 == "wrong" && reasons[1].1.contains("`http://a/none` has no codes"), "{reasons:?}");
}

#[test]
fn the_pieces_of_an_expansion_are_joined_whatever_file_they_are_in() {
    let piece = |offset: u64, codes: &[&str]| {
        let contains: Vec<_> = codes.iter().map(|code| json!({ "system": "http://loinc.org", "code": code })).collect();
        json!({ "resourceType": "ValueSet", "url": "http://a/x", "expansion": { "total": 3, "offset": offset, "contains": contains } })
    };
    let whole = assembled(&[("2", piece(2, &["3"])), ("1", piece(0, &["1", "2"]))]);
    assert_eq!(codes(&whole, "http://a/x"), ["1", "2", "3"]);
    for part in [piece(0, &["1", "2"]), piece(2, &["3"])] {
        let assembled = assembled(&[("part", part)]);
        let error = assembled.refused[0].error.to_string();
        assert!(assembled.sets.is_empty() && error.contains("of 3 codes") && error.contains("offset="), "{error}");
    }
}

#[test]
fn files_that_contradict_each_other_are_not_mixed() {
    let files = [("one", set("1.2.3", "1", &["1"])), ("same", set("1.2.3", "1", &["1"])), ("other", set("urn:oid:1.2.3", "1", &["2"]))];
    let assembled = assembled(&files);
    assert_eq!((assembled.sets.len(), codes(&assembled, "1.2.3")), (1, vec!["1".to_owned()]));
    let [refused] = &assembled.refused[..] else { panic!("{:?}", assembled.refused) };
    assert!(refused.file == "other" && refused.error.reason.contains("other codes than `one`"), "{refused:?}");
}

#[test]
fn a_long_chain_of_sets_inside_sets_ends() {
    let chain: Vec<_> = (0..5_000)
        .map(|at| json!({ "resource": composed(&format!("http://a/{at}"), "1", &json!([{ "valueSet": [format!("http://a/{}", at + 1)] }])) }))
        .collect();
    let assembled = assembled(&[("chain", json!({ "resourceType": "Bundle", "entry": chain }))]);
    assert!(assembled.refused[0].error.reason.contains("inside of more than"), "{:?}", assembled.refused);
}

#[test]
fn a_code_that_is_there_twice_counts_once_and_is_told() {
    let assembled = assembled(&[("x", json!({ "value_sets": { "1.2.3": { "codes": ["http://loinc.org|1", "LOINC|1"] } } }))]);
    assert_eq!(codes(&assembled, "1.2.3"), ["1"]);
    assert!(assembled.advice.iter().any(|it| it.contains("1 code(s) more than once")), "{:?}", assembled.advice);
}
