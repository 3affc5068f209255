//! The published schema and the reader know the same words. Where a reader says more than a schema can, the reader has the last word.

use std::collections::BTreeSet;

use outreach_plugin_sdk::fact::{FactFlags, FactKind};
use serde_json::{Map, Value, json};

use super::{codes, fact, findings, segment, with};
use crate::read::{MEMBERS_OF_A_DOCUMENT, MEMBERS_OF_A_GROUP, OF_A_FACT, OF_A_QUERY, TESTS, statuses};

fn folder(name: &str) -> String {
    format!("{}/../../fhir-profiles/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn schema() -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder("criteria.schema.json")).unwrap()).unwrap()
}

/// The part of JSON Schema that the schema uses, but for patterns. What is wrong, with its place.
struct Validator {
    root: Value,
}

impl Validator {
    fn check(&self, schema: &Value, value: &Value) -> Result<(), String> {
        for (word, said) in schema.as_object().unwrap() {
            self.word(word, said, schema, value).map_err(|error| if error.starts_with('/') { error } else { format!(": {error}") })?;
        }
        Ok(())
    }

    fn word(&self, word: &str, said: &Value, schema: &Value, value: &Value) -> Result<(), String> {
        let ok = |holds: bool| if holds { Ok(()) } else { Err(format!("{word} {said} does not hold")) };
        let fits = |schema: &Value| self.check(schema, value).is_ok();
        let some = |schemas: &Value| schemas.as_array().unwrap().iter().filter(|schema| fits(schema)).count();
        match word {
            "$schema" | "$id" | "$defs" | "title" | "description" | "default" | "then" => Ok(()),
            "$ref" => self.check(self.root.pointer(said.as_str().unwrap().strip_prefix('#').unwrap()).unwrap(), value),
            "const" => ok(said == value),
            "enum" => ok(said.as_array().unwrap().contains(value)),
            "type" => ok(match said.as_str().unwrap() {
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "integer" => value.is_i64(),
                "number" => value.is_number(),
                "array" => value.is_array(),
                "object" => value.is_object(),
                other => panic!("{other}"),
            }),
            // A grammar that the reader knows better.
            "pattern" => ok(true),
            "minLength" => ok(value.as_str().is_none_or(|text| !text.is_empty())),
            "minimum" => ok(value.as_f64().is_none_or(|number| number >= said.as_f64().unwrap())),
            "maximum" => ok(value.as_f64().is_none_or(|number| number <= said.as_f64().unwrap())),
            "minItems" => ok(value.as_array().is_none_or(|items| items.len() as u64 >= said.as_u64().unwrap())),
            "maxItems" => ok(value.as_array().is_none_or(|items| items.len() as u64 <= said.as_u64().unwrap())),
            "items" => value.as_array().into_iter().flatten().try_for_each(|item| self.check(said, item)),
            "required" => ok(value
                .as_object()
                .is_none_or(|object| said.as_array().unwrap().iter().all(|name| object.contains_key(name.as_str().unwrap())))),
            "properties" => {
                let none = Map::new();
                let object = value.as_object().unwrap_or(&none);
                let known = said.as_object().unwrap();
                object.iter().try_for_each(|(name, value)| {
                    known.get(name).map_or(Ok(()), |schema| self.check(schema, value).map_err(|error| format!("/{name}{error}")))
                })
            }
            "additionalProperties" => {
                let known = schema["properties"].as_object().unwrap();
                ok(value.as_object().is_none_or(|object| object.keys().all(|name| known.contains_key(name))))
            }
            "allOf" => said.as_array().unwrap().iter().try_for_each(|schema| self.check(schema, value)),
            "anyOf" => ok(some(said) > 0),
            "oneOf" => ok(some(said) == 1),
            "not" => ok(!fits(said)),
            "if" => {
                if fits(said) {
                    self.check(&schema["then"], value)
                } else {
                    Ok(())
                }
            }
            other => panic!("the schema uses `{other}`"),
        }
    }
}

fn valid(document: &Value) -> Result<(), String> {
    let root = schema();
    Validator { root: root.clone() }.check(&root, document)
}

fn names(schema: &Value) -> BTreeSet<String> {
    schema["properties"].as_object().unwrap().keys().cloned().collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn words(schema: &Value) -> Vec<&str> {
    schema["enum"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
}

#[test]
fn every_document_that_is_shipped_fits_the_schema() {
    let mut checked = 0;
    for entry in std::fs::read_dir(folder("measures")).unwrap() {
        let path = entry.unwrap().path();
        let document: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(valid(&document), Ok(()), "{}", path.display());
        checked += 1;
    }
    assert!(checked >= 17);
}

#[test]
fn the_schema_has_the_members_that_the_reader_knows() {
    let schema = schema();
    let part = |name: &str| &schema["$defs"][name];
    assert_eq!(names(&schema), set(&MEMBERS_OF_A_DOCUMENT));
    assert_eq!(names(part("group")), set(&MEMBERS_OF_A_GROUP));
    assert_eq!(names(part("fact")), set(&[&OF_A_FACT[..], &OF_A_QUERY[..]].concat()));
    let about: Vec<&str> = OF_A_FACT.into_iter().filter(|name| *name != "status").chain(["that"]).collect();
    assert_eq!(names(part("that")), set(&about));
    let conditions: BTreeSet<String> = schema["$defs"]["condition"]["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .map(|condition| condition["$ref"].as_str().unwrap().rsplit('/').next().unwrap().to_owned())
        .collect();
    // That of segments within segments is announced and not there yet.
    let tests: Vec<&str> = TESTS.into_iter().filter(|test| *test != "member").collect();
    assert_eq!(conditions, set(&tests));
}

#[test]
fn the_schema_has_the_words_that_the_reader_knows() {
    let schema = schema();
    assert_eq!(words(&schema["$defs"]["fact"]["properties"]["fact"]), FactKind::ALL.map(|(_, name)| name));
    assert_eq!(words(&schema["$defs"]["flags"]["items"]), FactFlags::NAMES.map(|(name, _)| name));
    let root = Validator { root: schema.clone() };
    for (kind, name) in FactKind::ALL {
        for status in words(&schema["$defs"]["fact"]["properties"]["status"]) {
            let known = statuses(kind).iter().any(|(word, _)| *word == status);
            let asked = fact(name, "a", &json!({ "status": status }));
            assert_eq!(root.check(&schema["$defs"]["fact"], &asked).is_ok(), known, "{name} {status}");
        }
    }
}

#[test]
fn what_the_reader_refuses_for_its_shape_the_schema_refuses() {
    let documents = [
        segment(&json!({ "both": [] })),
        segment(&json!({ "all": [] })),
        segment(&json!({ "all": [{ "sex": "female" }], "any": [{ "sex": "female" }] })),
        segment(&json!({ "sex": "femal" })),
        segment(&json!({ "age": {} })),
        segment(&json!({ "age": { "from": 200 } })),
        segment(&json!({ "fact": "condition" })),
        segment(&fact("condition", "a", &json!({ "windw": {} }))),
        segment(&fact("condition", "a", &json!({ "status": "completed" }))),
        segment(&fact("condition", "a", &json!({ "window": { "from": "as-of", "after": "as-of" } }))),
        segment(&fact("observation", "a", &json!({ "value": { "op": "!=", "number": 1, "unit": "%" } }))),
        segment(&fact("observation", "a", &json!({ "body_site": { "value_set": "urn:s:a", "codes": codes("a") } }))),
        segment(&json!({ "count": { "of": [fact("condition", "a", &json!({ "pick": "last" }))] } })),
        segment(
            &json!({ "last_day": { "day_of": fact("observation", "a", &json!({})), "lowest": [fact("observation", "a", &json!({}))] } }),
        ),
        with(segment(&json!({ "sex": "female" })), &json!({ "version": 2 })),
        with(segment(&json!({ "sex": "female" })), &json!({ "groups": [] })),
        json!({ "version": 1, "key": "k", "title": "t" }),
    ];
    for document in documents {
        assert!(valid(&document).is_err(), "{document}");
        assert!(!findings(&document).is_empty(), "{document}");
    }
}

proptest::proptest! {
    #[test]
    fn what_the_reader_takes_fits_the_schema(members in super::properties::condition(), period in super::properties::period()) {
        let document = super::properties::document(&members, &json!({ "sex": "male" }), &period);
        proptest::prop_assert_eq!(valid(&document), Ok(()));
    }
}
