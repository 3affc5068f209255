//! What FHIR servers say in which words: mapping profiles for each vendor, starter value sets of free codes, and measures, embedded
//! and indexed.
//!
//! Architecture invariant: data and its validation only. No I/O at run time, no gateway crate, no code system that may not be passed on.

mod error;
mod mapping;
mod measure;
mod value_set;

pub use self::{
    error::ProfileError,
    mapping::{FLAGS, Mapping, SearchRules, SearchValues, VitalSign},
    measure::{Measure, measure, measures},
    value_set::{ValueSet, ValueSetCode},
};

include!(concat!(env!("OUT_DIR"), "/documents.rs"));

/// The mapping that others state their differences to.
pub const DEFAULT_MAPPING: &str = "us-core";

/// An embedded mapping by its name.
///
/// # Errors
/// [`ProfileError::Unknown`] names those there are.
pub fn mapping(name: &str) -> Result<Mapping, ProfileError> {
    let text = MAPPINGS.iter().find(|(it, _)| *it == name).map(|(_, text)| *text).ok_or_else(|| ProfileError::Unknown {
        what: "mapping",
        name: name.to_owned(),
        known: MAPPINGS.iter().map(|(it, _)| *it).collect::<Vec<_>>().join(", "),
    })?;
    if name == DEFAULT_MAPPING { Mapping::parse(name, text) } else { mapping(DEFAULT_MAPPING)?.overlay(name, text) }
}

/// All embedded value sets, in the order of their names.
///
/// # Errors
/// [`ProfileError::Document`]; the tests of this crate see to it that there is none.
pub fn value_sets() -> Result<Vec<ValueSet>, ProfileError> {
    VALUE_SETS.iter().map(|(name, text)| ValueSet::parse(name, text)).collect()
}

/// An embedded value set by its canonical URL, with or without a version.
///
/// # Errors
/// [`ProfileError::Document`], as [`value_sets`].
pub fn value_set(url: &str) -> Result<Option<ValueSet>, ProfileError> {
    let url = url.split_once('|').map_or(url, |(url, _)| url);
    Ok(value_sets()?.into_iter().find(|it| it.url == url))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_embedded_document_is_valid() {
        for (name, _) in MAPPINGS {
            mapping(name).unwrap();
        }
        let sets = value_sets().unwrap();
        assert!(sets.len() > 15);
        let urls: BTreeSet<_> = sets.iter().map(|it| it.url.as_str()).collect();
        assert_eq!(urls.len(), sets.len(), "each canonical URL is used once");
        assert_eq!(measures().unwrap().len(), MEASURES.len());
    }

    #[test]
    fn only_code_systems_that_may_be_passed_on_are_used() {
        let licensed = ["http://snomed.info/sct", "http://www.ama-assn.org/go/cpt", "http://www.ada.org/cdt"];
        for set in value_sets().unwrap() {
            for code in &set.codes {
                assert!(!licensed.contains(&code.system.as_str()), "{} of {}", code.code, set.name);
            }
        }
    }

    #[test]
    fn each_starter_set_stands_in_for_one_published_set_and_says_that_it_is_a_part() {
        let sets = value_sets().unwrap();
        let oids: Vec<_> = sets.iter().filter_map(|it| it.oid.as_deref()).collect();
        assert_eq!(oids.iter().collect::<BTreeSet<_>>().len(), oids.len(), "each OID is used once");
        for set in sets.iter().filter(|it| it.oid.is_some()) {
            assert!(set.description.contains("starter set"), "{}", set.name);
        }
    }

    #[test]
    fn measures_on_screening_diabetes_and_blood_pressure_can_be_tried_with_starter_sets_alone() {
        fn named(value: &serde_json::Value, urls: &mut BTreeSet<String>) {
            if let Some(url) = value.get("url").or_else(|| value.get("value_set")).and_then(serde_json::Value::as_str) {
                urls.insert(url.to_owned());
            }
            let inside = value.as_object().map(|it| it.values().collect::<Vec<_>>()).or_else(|| Some(value.as_array()?.iter().collect()));
            inside.into_iter().flatten().for_each(|it| named(it, urls));
        }
        let sets = value_sets().unwrap();
        let vsac = |oid: &str| format!("http://cts.nlm.nih.gov/fhir/ValueSet/{oid}");
        let there: BTreeSet<String> = sets.iter().filter_map(|it| it.oid.as_deref()).map(vsac).collect();
        for id in ["CMS122", "CMS124", "CMS125", "CMS130", "CMS131", "CMS165", "CMS951"] {
            let mut urls = BTreeSet::new();
            named(&measure(id).unwrap().document, &mut urls);
            let missing: Vec<_> = urls.difference(&there).collect();
            assert!(urls.len() > 5 && missing.is_empty(), "{id}: {missing:?}");
        }
    }

    #[test]
    fn a_value_set_is_found_with_and_without_its_version() {
        let url = "https://outreach-gateway.org/fhir/ValueSet/mammography";
        assert!(value_set(url).unwrap().unwrap().codes.iter().any(|it| it.code == "24606-6"));
        assert!(value_set(&format!("{url}|1.0.0")).unwrap().is_some());
        assert!(value_set("https://example.org/none").unwrap().is_none());
    }

    #[test]
    fn an_unknown_mapping_is_answered_with_those_there_are() {
        let error = mapping("uscore").unwrap_err().to_string();
        assert!(error.contains("us-core"), "{error}");
    }
}
