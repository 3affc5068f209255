//! Resources and the other values tests begin with.

use gateway_domain::account::AccountDetails;
use gateway_domain::code::Coding;
use gateway_domain::consent::{Consent, ConsentChannel, ConsentDecision, Purpose};
use gateway_domain::contact_point::{ContactKind, ContactPoint, ContactUse};
use gateway_domain::date::PartialDate;
use gateway_domain::fact::{FactFlags, FactKind, ReadFact};
use gateway_domain::ids::{ConsentId, JourneyId, SegmentId};
use gateway_domain::journey::{Journey, JourneyStatus};
use gateway_domain::patient::{Demographics, Identifier, RecordStatus, Sex};
use gateway_domain::plugin::PluginName;
use gateway_domain::projection::{Projection, ReadClinical, ReadPatient, ReadResource};
use gateway_domain::resource::{ContentHash, ResourceKey};
use gateway_domain::segment::Segment;
use gateway_domain::source::Source;
use jiff::Timestamp;
use serde_json::json;

use crate::fixture::{entropy, now};

/// A resource of version `version`, last updated that many seconds after 2026-01-01.
pub(crate) fn resource(source: &Source, resource_type: &str, id: &str, version: u32, projection: Projection) -> ReadResource {
    let raw = format!("{{\"resourceType\":\"{resource_type}\",\"id\":\"{id}\",\"version\":{version}}}").into_bytes();
    ReadResource {
        key: ResourceKey::of(source.no, resource_type, id),
        resource_type: resource_type.to_owned(),
        fhir_id: id.to_owned(),
        version_id: Some(version.to_string()),
        last_updated: Some(Timestamp::from_second(1_767_225_600 + i64::from(version)).unwrap()),
        hash: ContentHash::of([raw.as_slice()]),
        raw,
        projection,
    }
}

pub(crate) fn person(family: &str) -> Demographics {
    Demographics {
        given: vec!["Ada".into()],
        family: Some(family.into()),
        birth: PartialDate::parse("1965-04-01"),
        sex: Sex::Female,
        time_zone: Some("America/Chicago".into()),
        contact_points: vec![ContactPoint {
            kind: ContactKind::Email,
            value: "ada@example.org".into(),
            used_for: ContactUse::Home,
            rank: None,
            from: None,
            until: None,
        }],
        identifiers: vec![Identifier { system: "urn:mrn".into(), value: format!("MRN-{family}") }],
        managing_organization: Some("org".into()),
        ..Demographics::default()
    }
}

pub(crate) fn patient(source: &Source, id: &str, version: u32) -> ReadResource {
    let patient = ReadPatient {
        status: RecordStatus::Active,
        replaced_by: None,
        links: Vec::new(),
        demographics: person(&format!("Lovelace{version}")),
        data_quality: Vec::new(),
    };
    resource(source, "Patient", id, version, Projection::Patient(Box::new(patient)))
}

pub(crate) fn organization(source: &Source, id: &str, name: &str) -> ReadResource {
    let details = AccountDetails { name: name.into(), kind: None, active: true, part_of: None, contact_points: Vec::new(), address: None };
    resource(source, "Organization", id, 1, Projection::Account(Box::new(details)))
}

pub(crate) fn fact(part: u16, kind: FactKind, code: &str, start: &str) -> ReadFact {
    ReadFact {
        part,
        kind,
        codes: vec![Coding { system: "http://loinc.org".into(), code: code.into(), display: Some(format!("Code {code}")) }.into()],
        flags: FactFlags::EFFECTIVE.into(),
        start: PartialDate::parse(start),
        end: None,
        value: Some(f64::from(part) + 0.5),
        unit: Some(Coding::new("http://unitsofmeasure.org", "mm[Hg]").into()),
        value_code: None,
        encounter: None,
        text: Some("A reading".into()),
    }
}

/// An observation with two facts; its code tells its version.
pub(crate) fn observation(source: &Source, id: &str, of: &str, version: u32) -> ReadResource {
    let code = format!("{id}-{version}");
    let clinical = ReadClinical {
        patient: Some(of.to_owned()),
        facts: vec![fact(0, FactKind::Observation, &code, "2026-01-02"), fact(1, FactKind::Condition, "part", "2025")],
        care_team: None,
    };
    resource(source, "Observation", id, version, Projection::Clinical(clinical))
}

pub(crate) fn segment(key: &str) -> Segment {
    Segment {
        id: SegmentId::new(now(), entropy()),
        key: key.into(),
        title: key.to_uppercase(),
        description: "For tests.".into(),
        plugin: PluginName::new("segment-rules").unwrap(),
        definition: json!({"any": []}),
        version: 1,
        active: true,
        created_at: now(),
    }
}

pub(crate) fn journey(key: &str, entry: Option<SegmentId>) -> Journey {
    Journey {
        id: JourneyId::new(now(), entropy()),
        key: key.into(),
        title: key.to_uppercase(),
        description: "For tests.".into(),
        status: JourneyStatus::Live,
        version: 1,
        plugin: PluginName::new("journey-flow").unwrap(),
        definition: json!({"steps": []}),
        entry_segment: entry,
        reentry_after_days: None,
        keeps_plugin: false,
        created_at: now(),
    }
}

pub(crate) fn consent(decision: ConsentDecision, at: Timestamp) -> Consent {
    Consent {
        id: ConsentId::new(at, entropy()),
        decision,
        medium: Some("email".into()),
        purpose: Some(Purpose::Treatment),
        list: None,
        at,
        through: ConsentChannel::OneClick,
        evidence: "message".into(),
    }
}
