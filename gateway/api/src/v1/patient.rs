//! Patients.

use axum::body::Body as ResponseBody;
use axum::extract::{Path, State};
use axum::response::Response;
use gateway_domain::audit::AuditAction;
use gateway_domain::contact_point::ContactPoint;
use gateway_domain::date::{PartialDate, Precision, age_on};
use gateway_domain::ids::PatientId;
use gateway_domain::patient::{Address, Deceased, Patient, PatientFilter};
use http::{HeaderValue, header};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::SourceNames;
use crate::ApiDeps;
use crate::access::Caller;
use crate::audit_trail::Shown;
use crate::extract::{Id, List, Parameters, page};
use crate::problem::ApiError;
use crate::words::{ContactKindWord, ContactUseWord, RecordStatusWord, SexWord};

/// Whether a patient can be written to. The gate decides anew at each send.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContactabilityView {
    /// Whether there is a channel.
    pub reachable: bool,
    /// Channels that work, for example `email`.
    pub channels: Vec<String>,
    /// Why not, in words; empty when reachable.
    pub reasons: Vec<String>,
}

/// A patient as a row of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PatientRow {
    /// `pat_...`
    pub id: String,
    /// First given name and family name.
    pub name: String,
    /// As exact as it is known: `1980`, `1980-02` or `1980-02-29`.
    pub birth_date: Option<String>,
    /// Whole years; where the birth date is vague, the least the person can be.
    pub age: Option<i16>,
    /// Administrative sex.
    pub sex: SexWord,
    /// Preferred language (BCP 47).
    pub language: Option<String>,
    /// How the record stands in its source.
    pub status: RecordStatusWord,
    /// Name of the source.
    pub source: String,
    /// Id of the FHIR resource in its source.
    pub fhir_id: String,
    /// Whether the patient can be written to.
    pub contactability: ContactabilityView,
}

/// Whether a patient has died.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DeceasedWord {
    /// Nothing in the record says so.
    No,
    /// The record says so, without a date.
    Yes,
    /// The record gives the date.
    On,
    /// The record says something about it that can't be read. Taken as a death.
    Unclear,
}

/// Whether a patient has died, and when.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeceasedView {
    /// Whether.
    pub state: DeceasedWord,
    /// When, as exact as it is known.
    pub at: Option<String>,
}

/// A postal address.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AddressView {
    /// Street lines.
    pub lines: Vec<String>,
    /// City.
    pub city: Option<String>,
    /// State.
    pub state: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country.
    pub country: Option<String>,
}

/// An address a person can be reached at.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContactPointView {
    /// The kind.
    pub kind: ContactKindWord,
    /// The address.
    pub value: String,
    /// What it is used for.
    pub used_for: ContactUseWord,
    /// The person's order of preference; 1 is first.
    pub rank: Option<u32>,
    /// First day of use.
    #[schema(value_type = Option<String>, format = Date)]
    pub from: Option<Date>,
    /// Last day of use.
    #[schema(value_type = Option<String>, format = Date)]
    pub until: Option<Date>,
}

/// An identifier the person is known by.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IdentifierView {
    /// URI of the issuing system; empty where the source gave none.
    pub system: String,
    /// The value.
    pub value: String,
}

/// An account by id.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountRef {
    /// `acc_...`
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A member of a care team.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CareTeamMemberView {
    /// The role, in the words of the source.
    pub role: Option<String>,
    /// The name, where it is known.
    pub name: Option<String>,
}

/// A care team.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CareTeamView {
    /// What it is called or is for.
    pub name: Option<String>,
    /// Whether it is at work.
    pub active: bool,
    /// Its members.
    pub members: Vec<CareTeamMemberView>,
}

/// A patient in full.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PatientView {
    /// What the list shows.
    #[serde(flatten)]
    pub row: PatientRow,
    /// Given names, first first.
    pub given: Vec<String>,
    /// Family name.
    pub family: Option<String>,
    /// Whether the person has died.
    pub deceased: DeceasedView,
    /// IANA time zone of the person's home, where the address tells it.
    pub time_zone: Option<String>,
    /// Home address.
    pub address: Option<AddressView>,
    /// How the person can be reached, in the order of the source.
    pub contact_points: Vec<ContactPointView>,
    /// Identifiers.
    pub identifiers: Vec<IdentifierView>,
    /// The record this one was merged into: its id where the gateway has it, its FHIR id elsewhere.
    pub replaced_by: Option<String>,
    /// What in the record could not be read, in words without values.
    pub data_quality: Vec<String>,
    /// The managing organization, where the gateway has it.
    pub managing_account: Option<AccountRef>,
    /// Names of general practitioners, where the gateway has them.
    pub general_practitioners: Vec<String>,
    /// Care teams.
    pub care_teams: Vec<CareTeamView>,
    /// When the gateway last applied a change of this record or its facts.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// Which patients are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PatientQuery {
    /// Words that are in the name, or an id or identifier, or a birth date as `1980-02-29`.
    q: Option<String>,
    /// Record status.
    #[param(inline)]
    status: Option<RecordStatusWord>,
    /// How many to leave out.
    offset: Option<u64>,
    /// How many at most, 1 to 500.
    limit: Option<u32>,
}

/// Patients by family name.
#[utoipa::path(get, path = "/patients", tag = "patients", params(PatientQuery), responses((status = 200, body = List<PatientRow>)))]
pub(crate) async fn list(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Parameters(query): Parameters<PatientQuery>,
) -> Result<Shown<List<PatientRow>>, ApiError> {
    let page = page(query.offset, query.limit)?;
    let found = deps.store.patients(&filter(query.q.as_deref(), query.status), page).await?;
    let sources = SourceNames::read(&deps).await?;
    let mut items = Vec::with_capacity(found.items.len());
    for patient in &found.items {
        items.push(row(&deps, &sources, patient).await?);
    }
    let patients = found.items.iter().map(|patient| patient.id);
    deps.show(&caller, AuditAction::Search, patients, List { items, total: found.total }).await
}

/// One patient in full.
#[utoipa::path(get, path = "/patients/{id}", tag = "patients", params(("id" = String, Path)), responses((status = 200, body = PatientView)))]
pub(crate) async fn get(State(deps): State<ApiDeps>, caller: Caller, Id(id): Id<PatientId>) -> Result<Shown<PatientView>, ApiError> {
    let patient = find(&deps, id).await?;
    let view = view(&deps, patient).await?;
    deps.show(&caller, AuditAction::Read, [id], view).await
}

/// The raw FHIR JSON of a resource of a patient, as it came.
#[utoipa::path(
    get, path = "/patients/{id}/resources/{type}/{fhir_id}", tag = "patients",
    params(("id" = String, Path), ("type" = String, Path), ("fhir_id" = String, Path)),
    responses((status = 200, content_type = "application/fhir+json", body = Object))
)]
pub(crate) async fn resource(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Path((id, resource_type, fhir_id)): Path<(String, String, String)>,
) -> Result<Response, ApiError> {
    let id: PatientId = id.parse().map_err(|_| ApiError::NotFound("patient"))?;
    let raw = deps.store.raw_resource(id, &resource_type, &fhir_id).await?.ok_or(ApiError::NotFound("resource"))?;
    let raw = deps.show(&caller, AuditAction::Read, [id], raw).await?.into_inner();
    let mut response = Response::new(ResponseBody::from(raw));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/fhir+json"));
    Ok(response)
}

/// The patient, or 404.
pub(crate) async fn find(deps: &ApiDeps, id: PatientId) -> Result<Patient, ApiError> {
    deps.store.patient(id).await?.ok_or(ApiError::NotFound("patient"))
}

fn filter(text: Option<&str>, status: Option<RecordStatusWord>) -> PatientFilter {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    let born_on = text.filter(|text| text.len() == 10).and_then(|text| text.parse::<Date>().ok());
    let text = if born_on.is_some() { None } else { text.map(str::to_owned) };
    PatientFilter { text, born_on, status: status.map(Into::into) }
}

async fn row(deps: &ApiDeps, sources: &SourceNames, patient: &Patient) -> Result<PatientRow, ApiError> {
    let person = &patient.demographics;
    let today = TimeZone::UTC.to_datetime(deps.clock.now()).date();
    let age_until = if person.deceased.is_presumed() { None } else { Some(today) };
    Ok(PatientRow {
        id: patient.id.to_string(),
        name: person.display_name(),
        birth_date: person.birth.map(date_text),
        age: person.birth.zip(age_until).map(|(birth, today)| age_on(birth.last_day(), today).max(0)),
        sex: person.sex.into(),
        language: person.language.clone(),
        status: patient.status.into(),
        source: sources.name(patient.source),
        fhir_id: patient.fhir_id.clone(),
        contactability: contactability(deps, patient).await?,
    })
}

async fn view(deps: &ApiDeps, patient: Patient) -> Result<PatientView, ApiError> {
    let sources = SourceNames::read(deps).await?;
    let row = row(deps, &sources, &patient).await?;
    let source = sources.name(patient.source);
    let care_teams = deps.store.care_teams(patient.id).await?;
    let responsible = deps.store.responsible(patient.id).await?;
    let person = patient.demographics;
    let replaced_by = match patient.replaced_by {
        Some(fhir_id) => {
            let into = deps.store.patient_by_fhir_id(&source, &fhir_id).await?;
            Some(into.map_or(fhir_id, |into| into.id.to_string()))
        }
        None => None,
    };
    Ok(PatientView {
        row,
        given: person.given,
        family: person.family,
        deceased: deceased(person.deceased),
        time_zone: person.time_zone,
        address: person.address.map(|address| AddressView {
            lines: address.lines,
            city: address.city,
            state: address.state,
            postal_code: address.postal_code,
            country: address.country,
        }),
        contact_points: person.contact_points.into_iter().map(contact_point).collect(),
        identifiers: person.identifiers.into_iter().map(|its| IdentifierView { system: its.system, value: its.value }).collect(),
        replaced_by,
        data_quality: patient.data_quality,
        managing_account: responsible.managing_account.map(|(id, name)| AccountRef { id: id.to_string(), name }),
        general_practitioners: responsible.general_practitioners,
        care_teams: care_teams
            .into_iter()
            .map(|team| CareTeamView {
                name: team.name,
                active: team.active,
                members: team.members.into_iter().map(|member| CareTeamMemberView { role: member.role, name: member.name }).collect(),
            })
            .collect(),
        updated_at: patient.updated_at,
    })
}

/// An address as it is written on an envelope.
pub(crate) fn address_lines(address: &Address) -> Vec<String> {
    let place =
        [&address.postal_code, &address.city, &address.state].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
    let place = (!place.is_empty()).then_some(place);
    address.lines.iter().cloned().chain(place).chain(address.country.clone()).collect()
}

pub(crate) fn contact_point(point: ContactPoint) -> ContactPointView {
    ContactPointView {
        kind: point.kind.into(),
        value: point.value,
        used_for: point.used_for.into(),
        rank: point.rank,
        from: point.from,
        until: point.until,
    }
}

fn deceased(deceased: Deceased) -> DeceasedView {
    let (state, at) = match deceased {
        Deceased::No => (DeceasedWord::No, None),
        Deceased::Yes => (DeceasedWord::Yes, None),
        Deceased::On(date) => (DeceasedWord::On, Some(date_text(date))),
        Deceased::Unclear => (DeceasedWord::Unclear, None),
    };
    DeceasedView { state, at }
}

/// A date as exact as it is known.
pub(crate) fn date_text(date: PartialDate) -> String {
    let day = date.first_day();
    match date.precision {
        Precision::Year => format!("{:04}", day.year()),
        Precision::Month => format!("{:04}-{:02}", day.year(), day.month()),
        Precision::Day => day.to_string(),
        Precision::Instant => date.first.to_string(),
    }
}

async fn contactability(deps: &ApiDeps, patient: &Patient) -> Result<ContactabilityView, ApiError> {
    let person = deps.store.written_to(patient.id).await?.ok_or(ApiError::NotFound("patient"))?;
    let badge = gateway_outreach::contactability::contactability(patient.status, person, &deps.gate_policy, deps.clock.now());
    Ok(ContactabilityView { reachable: badge.reachable, channels: badge.channels, reasons: badge.reasons })
}
