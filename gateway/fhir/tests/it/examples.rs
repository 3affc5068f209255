//! The official examples of FHIR R4 and of US Core: each is read, or refused for a reason that is known here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fhir_sdk::r4b::resources::Patient;
use gateway_domain::date::PartialDate;
use gateway_domain::ids::SourceNo;
use gateway_domain::projection::Projection;
use gateway_fhir::FhirReader;
use gateway_ports::ehr::ResourceReader as _;

/// What came of the examples of a folder.
#[derive(Default)]
struct Outcome {
    files: usize,
    read: usize,
    /// Facts taken, persons included.
    facts: usize,
    /// Reasons with the number of files.
    refused: BTreeMap<String, usize>,
}

fn folder(path: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    if !folder.is_dir() {
        eprintln!("SKIPPED: {} is not there", folder.display());
        return None;
    }
    Some(folder)
}

fn read_all(folder: &Path) -> Outcome {
    let reader = FhirReader::new(SourceNo(1), "http://hl7.org/fhir", fhir_profiles::mapping("us-core").unwrap());
    let mut outcome = Outcome::default();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.extension().is_none_or(|it| it != "json") || name == "package.json" || name.starts_with('.') {
            continue;
        }
        outcome.files += 1;
        let raw = std::fs::read(&path).unwrap();
        match reader.resource(raw.clone()) {
            Ok(resource) => {
                outcome.read += 1;
                assert_eq!(resource.raw, raw, "{name}: the raw text is what came");
                outcome.facts += match &resource.projection {
                    Projection::Clinical(clinical) => clinical.facts.len(),
                    Projection::Medication(_) | Projection::Kept => 0,
                    _ => 1,
                };
            }
            Err((unreadable, back)) => {
                assert_eq!(back, raw, "{name}: the bytes come back for the quarantine");
                *outcome.refused.entry(unreadable.reason).or_default() += 1;
            }
        }
    }
    outcome
}

#[test]
fn every_official_example_of_r4_is_read_or_refused_for_a_known_reason() {
    let Some(folder) = folder("conformance-tests/fhir-examples/node_modules/hl7.fhir.r4.examples") else { return };
    let outcome = read_all(&folder);
    assert_eq!(outcome.refused, BTreeMap::new(), "none of them gives a reason to be refused");
    assert_eq!((outcome.files, outcome.read), (5306, 5306));
    assert!(outcome.facts >= 298, "{} facts", outcome.facts);
}

#[test]
fn every_example_of_us_core_is_read() {
    let Some(folder) = folder("../shared/data/us-core-examples") else { return };
    let outcome = read_all(&folder);
    assert_eq!(outcome.refused, BTreeMap::new(), "none of them gives a reason to be refused");
    assert_eq!((outcome.files, outcome.read), (230, 230));
    assert!(outcome.facts >= 197, "{} facts", outcome.facts);
}

/// A second opinion: a typed model reads otherwise than we do, so what both read of a patient has to be the same.
#[test]
fn a_typed_model_sees_the_same_patients() {
    let Some(folder) = folder("conformance-tests/fhir-examples/node_modules/hl7.fhir.r4.examples") else { return };
    let reader = FhirReader::new(SourceNo(1), "http://hl7.org/fhir", fhir_profiles::mapping("us-core").unwrap());
    let mut compared = 0;
    for file in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = file.file_name().to_string_lossy().into_owned();
        if !name.starts_with("Patient-") {
            continue;
        }
        let raw = std::fs::read(file.path()).unwrap();
        let Ok(typed) = serde_json::from_slice::<Patient>(&raw) else { continue };
        let Ok(read) = reader.resource(raw) else { panic!("{name} is refused, and valid") };
        let Projection::Patient(read) = read.projection else { panic!("{name} is no patient") };
        let typed = serde_json::to_value(&typed.birth_date).unwrap();
        assert_eq!(read.demographics.birth, typed.as_str().and_then(PartialDate::parse), "{name}");
        compared += 1;
    }
    assert!(compared >= 20, "{compared} patients");
}
