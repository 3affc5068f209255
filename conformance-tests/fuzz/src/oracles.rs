//! The oracles: each takes any bytes, and panics where a promise is broken.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use gateway_domain::ids::SourceNo;
use gateway_domain::projection::ReadResource;
use gateway_fhir::{FhirReader, fuzzing};
use gateway_ports::ehr::{ResourceReader as _, Unreadable};
use gateway_ports::push::Delivery;
use serde_json::value::RawValue;

const BASE: &str = "https://fhir.example.org/r4";
/// Reasons are read by people and stored: they stay short.
const LONGEST_REASON: usize = 300;

static READER: LazyLock<FhirReader> = LazyLock::new(|| {
    let mapping = fhir_profiles::mapping(fhir_profiles::DEFAULT_MAPPING).expect("the default mapping is valid");
    FhirReader::new(SourceNo(1), BASE, mapping)
});

fn read(bytes: &[u8]) -> Result<ReadResource, Unreadable> {
    READER.resource(bytes.to_vec()).map_err(|(reason, raw)| {
        assert_eq!(raw, bytes, "the bytes come back for the quarantine as they were");
        reason
    })
}

fn is_told_well(reason: &str) {
    assert!(!reason.is_empty() && reason.len() <= LONGEST_REASON, "a reason is a short sentence: {reason:?}");
    assert!(!reason.contains(|it: char| it.is_control()), "a reason has no control characters: {reason:?}");
}

/// A line of an export: read or refused with a reason, the same way each time; what is read has a type and an id that can be stored, and
/// a hash that does not depend on `meta`.
pub fn ndjson_line(bytes: &[u8]) {
    let read_once = read(bytes);
    assert!(read_once == read(bytes), "reading twice gives the same");
    let resource = match read_once {
        Ok(resource) => resource,
        Err(unreadable) => {
            is_told_well(&unreadable.reason);
            assert!(unreadable.fhir_id.is_none_or(|it| is_plain(&it)), "an id that is told can be stored");
            assert!(
                unreadable.resource_type.is_none_or(|it| it.len() <= 256 && !it.contains(|it: char| it.is_control())),
                "a type that is told can be stored"
            );
            return;
        }
    };
    assert_eq!(resource.raw, bytes, "the raw text is what came");
    assert!(is_plain(&resource.fhir_id), "the id has no blanks and is of bounded length");
    assert!(resource.resource_type.bytes().all(|it| it.is_ascii_alphabetic()), "the type is one that FHIR has");
    if let Some(other) = with_other_meta(bytes) {
        let other = read(&other).unwrap_or_else(|unreadable| panic!("another meta costs the resource: {}", unreadable.reason));
        assert!(other.hash == resource.hash, "the hash leaves meta out");
        assert!(other.projection == resource.projection || is_labelled(bytes), "meta changes nothing but labels");
    }
    let _ = READER.deletions(bytes);
}

fn is_plain(id: &str) -> bool {
    (1..=256).contains(&id.len()) && !id.contains(|it: char| it.is_control() || it.is_whitespace())
}

fn is_labelled(bytes: &[u8]) -> bool {
    bytes.windows(8).any(|it| it == b"security") || bytes.contains(&b'\\')
}

/// The same resource with another `meta` in the same place, where it has one.
fn with_other_meta(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let elements: BTreeMap<String, &RawValue> = serde_json::from_str(text.trim_start_matches('\u{feff}').trim()).ok()?;
    let meta = elements.get("meta")?.get();
    let start = meta.as_ptr() as usize - bytes.as_ptr() as usize;
    let (before, after) = (bytes.get(..start)?, bytes.get(start + meta.len()..)?);
    Some([before, br#"{"versionId":"other"}"#, after].concat())
}

/// A Bundle: read or refused with a reason; each resource in it is valid JSON of its own and goes the way of a line.
pub fn bundle(bytes: &[u8]) {
    let page = fuzzing::bundle(bytes, "Patient", BASE);
    assert!(page == fuzzing::bundle(bytes, "Patient", BASE), "reading twice gives the same");
    match page {
        Err(reason) => is_told_well(&reason),
        Ok(page) => {
            for resource in &page.resources {
                ndjson_line(resource);
            }
            for id in &page.deleted {
                assert!(is_plain(id), "an id of a deletion can be stored");
            }
            for warning in &page.warnings {
                assert!(warning.chars().count() <= LONGEST_REASON, "a warning is cut");
            }
        }
    }
}

/// A manifest: files with a URL, or a reason.
pub fn manifest(bytes: &[u8]) {
    let manifest = fuzzing::manifest(bytes);
    assert!(manifest == fuzzing::manifest(bytes), "reading twice gives the same");
    match manifest {
        Err(reason) => is_told_well(&reason),
        Ok(None) => {}
        Ok(Some((manifest, _))) => {
            for file in manifest.files.iter().chain(&manifest.deleted).chain(&manifest.errors) {
                assert!(!file.url.is_empty(), "a file has a URL");
            }
        }
    }
}

/// An OperationOutcome, or what came in its place: findings that can be shown.
pub fn operation_outcome(bytes: &[u8]) {
    let findings = READER.findings(bytes);
    assert!(findings == READER.findings(bytes), "reading twice gives the same");
    for finding in findings {
        assert!(finding.text.chars().count() <= LONGEST_REASON, "a finding is cut");
        assert!(!finding.text.contains(|it: char| it.is_control()), "a finding has no control characters");
    }
}

/// A notification: hints that a server can be asked for, the same way each time.
pub fn notification(bytes: &[u8]) {
    let read = || gateway_fhir::notification::read(Delivery { body: Some(bytes), ..Delivery::default() });
    let notification = read();
    assert!(notification == read(), "reading twice gives the same");
    for hint in notification.hints {
        assert!(is_plain(&hint.fhir_id), "an id that is hinted at can be asked for");
        assert!(hint.resource_type.bytes().all(|it| it.is_ascii_alphabetic()), "so can its type");
    }
}

/// The answer of a token endpoint, its status before its body: a token with a life, or words that can be shown.
pub fn token_reply(bytes: &[u8]) {
    let Some((first, body)) = bytes.split_first() else { return };
    let status = match first % 6 {
        0 => 200,
        1 => 400,
        2 => 401,
        3 => 429,
        4 => 500,
        _ => 503,
    };
    let answer = gateway_auth::fuzzing::token_reply(status, body);
    assert!(answer == gateway_auth::fuzzing::token_reply(status, body), "reading twice gives the same");
    if let Err(words) = answer {
        assert!(words.chars().count() <= 2 * LONGEST_REASON, "the server's words are cut");
        assert!(!words.contains(|it: char| it.is_control()), "the server's words have no control characters");
    }
}
