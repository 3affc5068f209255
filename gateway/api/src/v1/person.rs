//! The person of a record: all records, what they come to and where each field is from, and why they are one.

use std::collections::BTreeMap;

use axum::extract::State;
use gateway_domain::audit::AuditAction;
use gateway_domain::contact_point::ContactKind;
use gateway_domain::golden_record::{GoldenField, Provenance};
use gateway_domain::identity::{LinkReason, StaffDecision};
use gateway_domain::ids::PatientId;
use gateway_domain::patient::{Deceased, Demographics, Sex};
use gateway_domain::person::{Person, PersonRecord};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::SourceNames;
use super::identity::{IdentityDecisionView, IdentityQuestionView, decision_views, question_view};
use super::patient::{address_lines, date_text};
use crate::ApiDeps;
use crate::access::Caller;
use crate::audit_trail::Shown;
use crate::extract::Id;
use crate::problem::ApiError;
use crate::words::{RecordStatusWord, SexWord};

/// A record of a person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonRecordView {
    /// `pat_...`
    pub id: String,
    /// First given name and family name.
    pub name: String,
    /// As exact as it is known.
    pub birth_date: Option<String>,
    /// Administrative sex.
    pub sex: SexWord,
    /// Name of the source.
    pub source: String,
    /// Id of the FHIR resource in its source.
    pub fhir_id: String,
    /// How the record stands in its source.
    pub status: RecordStatusWord,
    /// Whether it is the record by which the person is written to.
    pub primary: bool,
    /// Whether another record of its source stands in its place.
    pub replaced: bool,
    /// When its source last changed it.
    #[schema(value_type = String, format = DateTime)]
    pub said_at: Timestamp,
    /// The records it can be parted from: all but those its source merged with it.
    pub can_be_parted_from: Vec<String>,
}

/// What a field of the golden record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum GoldenFieldWord {
    /// Given and family name.
    Name,
    /// Birth date.
    Birth,
    /// Administrative sex.
    Sex,
    /// Whether the person has died.
    Deceased,
    /// Preferred language.
    Language,
    /// Home address.
    Address,
    /// Managing organization.
    Organization,
    /// A restricted security label.
    Restricted,
    /// An address the person can be reached at.
    ContactPoint,
    /// An identifier.
    Identifier,
}

/// A field of the golden record, and where it is from.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GoldenFieldView {
    /// What it is about.
    pub field: GoldenFieldWord,
    /// What kind of it: the system of an identifier, the kind of a contact point; null elsewhere.
    pub kind: Option<String>,
    /// The value as text.
    pub value: String,
    /// Name of the source that says so.
    pub source: String,
    /// The record that says so, `pat_...`.
    pub record: String,
    /// When that source last changed that record.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
}

/// By what two records are one person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LinkedByWord {
    /// Their source merged one into the other (FHIR `Patient.link`).
    Merge,
    /// Both have the same identifier in a system the hospital trusts.
    Identifier,
    /// Staff decided it.
    Staff,
}

/// Why two records are one person's.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordLinkView {
    /// One of them, `pat_...`.
    pub one: String,
    /// The other.
    pub other: String,
    /// By what.
    pub by: LinkedByWord,
    /// The identifier system, where it is by one.
    pub system: Option<String>,
    /// The same in words.
    pub text: String,
}

/// A person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonView {
    /// The record by which the person is written to; null where none may be.
    pub primary: Option<String>,
    /// Why none may be, in words, where that is the fault of the links.
    pub trouble: Option<String>,
    /// All records, the one whose word counts first at the top.
    pub records: Vec<PersonRecordView>,
    /// What all records come to, each field with where it is from.
    pub golden: Vec<GoldenFieldView>,
    /// Why they are one.
    pub links: Vec<RecordLinkView>,
    /// What staff decided about any of them, the newest first.
    pub decisions: Vec<IdentityDecisionView>,
    /// What is open about any of them.
    pub questions: Vec<IdentityQuestionView>,
}

/// The person of a record.
#[utoipa::path(get, path = "/patients/{id}/person", tag = "patients", params(("id" = String, Path)), responses((status = 200, body = PersonView)))]
pub(crate) async fn get(State(deps): State<ApiDeps>, caller: Caller, Id(id): Id<PatientId>) -> Result<Shown<PersonView>, ApiError> {
    let (view, shown) = view(&deps, id).await?;
    deps.show(&caller, AuditAction::Read, shown, view).await
}

/// The person of a record, and everybody whose data is in the view.
pub(crate) async fn view(deps: &ApiDeps, id: PatientId) -> Result<(PersonView, Vec<PatientId>), ApiError> {
    let person = deps.store.person(id).await?.ok_or(ApiError::NotFound("patient"))?;
    let sources = SourceNames::read(deps).await?;
    let mut names: BTreeMap<PatientId, String> =
        person.records.iter().map(|record| (record.patient.id, record.patient.demographics.display_name())).collect();
    for question in &person.questions {
        for patient in [Some(&question.one), question.other.as_ref()].into_iter().flatten() {
            names.insert(patient.id, patient.demographics.display_name());
        }
    }
    let mut shown: Vec<PatientId> = names.keys().copied().collect();
    shown.extend(person.decisions.iter().flat_map(|decision| [decision.one, decision.other]));
    let view = PersonView {
        primary: person.primary.and_then(|no| person.id_of(no)).map(|id| id.to_string()),
        trouble: person.trouble.map(|trouble| trouble.sentence().to_owned()),
        records: person.records.iter().map(|record| record_view(&person, record, &sources)).collect(),
        golden: golden(&person, &sources),
        links: links(&person),
        decisions: decision_views(deps, person.decisions, &names).await?,
        questions: person.questions.into_iter().map(|question| question_view(question, &sources)).collect(),
    };
    Ok((view, shown))
}

/// A decision's name in the audit.
pub(crate) const fn decision_name(decision: StaffDecision) -> &'static str {
    match decision {
        StaffDecision::Same => "same",
        StaffDecision::Different => "different",
    }
}

fn record_view(person: &Person, record: &PersonRecord, sources: &SourceNames) -> PersonRecordView {
    let patient = &record.patient;
    let apart = person.can_be_parted_from(patient.no);
    PersonRecordView {
        id: patient.id.to_string(),
        name: patient.demographics.display_name(),
        birth_date: patient.demographics.birth.map(date_text),
        sex: patient.demographics.sex.into(),
        source: sources.name(patient.source),
        fhir_id: patient.fhir_id.clone(),
        status: patient.status.into(),
        primary: person.primary == Some(patient.no),
        replaced: record.replaced,
        said_at: record.said_at,
        can_be_parted_from: apart.into_iter().filter_map(|no| person.id_of(no)).map(|id| id.to_string()).collect(),
    }
}

fn links(person: &Person) -> Vec<RecordLinkView> {
    let one = |(one, other, reason): (PatientId, PatientId, &LinkReason)| RecordLinkView {
        one: one.to_string(),
        other: other.to_string(),
        by: match reason {
            LinkReason::Merge => LinkedByWord::Merge,
            LinkReason::Identifier(_) => LinkedByWord::Identifier,
            LinkReason::Staff => LinkedByWord::Staff,
        },
        system: if let LinkReason::Identifier(system) = reason { Some(system.clone()) } else { None },
        text: reason.sentence(),
    };
    let ids = person.links.iter().filter_map(|((a, b), reasons)| Some((person.id_of(*a)?, person.id_of(*b)?, reasons)));
    ids.flat_map(|(a, b, reasons)| reasons.iter().map(move |reason| (a, b, reason))).map(one).collect()
}

fn golden(person: &Person, sources: &SourceNames) -> Vec<GoldenFieldView> {
    let one = |provenance: &Provenance| {
        let record = person.records.iter().find(|record| record.patient.no == provenance.record)?;
        let (field, kind, value) = said(&person.golden.demographics, provenance.field)?;
        Some(GoldenFieldView {
            field,
            kind,
            value,
            source: sources.name(record.patient.source),
            record: record.patient.id.to_string(),
            since: provenance.since,
        })
    };
    person.golden.provenance.iter().filter_map(one).collect()
}

/// A field as text, with its kind.
fn said(person: &Demographics, field: GoldenField) -> Option<(GoldenFieldWord, Option<String>, String)> {
    use GoldenFieldWord as Word;
    let plain = |word, value: String| Some((word, None, value));
    match field {
        GoldenField::Name => {
            let names = person.given.iter().chain(&person.family).map(String::as_str).collect::<Vec<_>>();
            plain(Word::Name, names.join(" "))
        }
        GoldenField::Birth => plain(Word::Birth, date_text(person.birth?)),
        GoldenField::Sex => plain(
            Word::Sex,
            match person.sex {
                Sex::Unknown => "unknown",
                Sex::Female => "female",
                Sex::Male => "male",
                Sex::Other => "other",
            }
            .to_owned(),
        ),
        GoldenField::Deceased => plain(
            Word::Deceased,
            match person.deceased {
                Deceased::No => "no".to_owned(),
                Deceased::Yes => "yes".to_owned(),
                Deceased::On(date) => date_text(date),
                Deceased::Unclear => "unclear".to_owned(),
            },
        ),
        GoldenField::Language => plain(Word::Language, person.language.clone()?),
        GoldenField::Address => {
            let lines = person.address.as_ref().map(address_lines).unwrap_or_default();
            plain(Word::Address, lines.into_iter().chain(person.time_zone.clone()).collect::<Vec<_>>().join(", "))
        }
        GoldenField::Organization => plain(Word::Organization, person.managing_organization.clone()?),
        GoldenField::Restricted => plain(Word::Restricted, "yes".to_owned()),
        GoldenField::ContactPoint(place) => {
            let point = person.contact_points.get(place)?;
            let kind = match point.kind {
                ContactKind::Email => "email",
                ContactKind::Phone => "phone",
                ContactKind::Sms => "sms",
                ContactKind::Other => "other",
            };
            Some((Word::ContactPoint, Some(kind.to_owned()), point.value.clone()))
        }
        GoldenField::Identifier(place) => {
            let identifier = person.identifiers.get(place)?;
            Some((Word::Identifier, Some(identifier.system.clone()), identifier.value.clone()))
        }
    }
}
