//! Which records are one person's: the person of a record, what is open, and what staff decides.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use axum::extract::{Path, State};
use gateway_domain::audit::AuditAction;
use gateway_domain::ids::{PatientId, PatientNo};
use gateway_domain::patient::Patient;
use gateway_domain::person::{IdentityDecision, OpenQuestion};
use gateway_ports::store::identity::{Decided, NewDecision};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::person::PersonView;
use super::{PatientRef, SourceNames, person};
use crate::ApiDeps;
use crate::access::Caller;
use crate::audit_trail::Shown;
use crate::extract::{Body, List, Parameters, page};
use crate::problem::{ApiError, FieldProblem};
use crate::v1::patient::{ContactPointView, IdentifierView, address_lines, contact_point, date_text, find};
use crate::words::{QuestionKindWord, RecordStatusWord, SexWord, StaffDecisionWord};

/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;
/// Others a record can be decided about at once: as many records as one person can have.
const MOST_OTHERS: usize = gateway_domain::identity::MOST_RECORDS;

/// A record that is asked about, with what tells people apart.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuestionRecordView {
    /// `pat_...`
    pub id: String,
    /// First given name and family name.
    pub name: String,
    /// As exact as it is known.
    pub birth_date: Option<String>,
    /// Administrative sex.
    pub sex: SexWord,
    /// How the record stands in its source.
    pub status: RecordStatusWord,
    /// Name of the source.
    pub source: String,
    /// Id of the FHIR resource in its source.
    pub fhir_id: String,
    /// Home address, line by line.
    pub address: Vec<String>,
    /// How the person can be reached.
    pub contact_points: Vec<ContactPointView>,
    /// Identifiers.
    pub identifiers: Vec<IdentifierView>,
}

/// Something that is open about one record or two.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IdentityQuestionView {
    /// What it is about.
    pub kind: QuestionKindWord,
    /// The same in words.
    pub text: String,
    /// The identifier system, where it is about one.
    pub system: Option<String>,
    /// Whether staff answers it with a decision. Otherwise it is put right in the source.
    pub for_staff: bool,
    /// Since when it is open.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// The record, or the two.
    pub records: Vec<QuestionRecordView>,
}

/// What staff decided about two records.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IdentityDecisionView {
    /// One of them.
    pub one: PatientRef,
    /// The other.
    pub other: PatientRef,
    /// Whether they are one person's.
    pub decision: StaffDecisionWord,
    /// Who decided it: the name of a user, or of a part of the gateway.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// A decision about a record and others.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentityDecisionInput {
    /// The record, `pat_...`.
    record: String,
    /// The others, each of which it is, or is not, one person's with.
    others: Vec<String>,
    /// Whether they are one person's.
    decision: StaffDecisionWord,
    /// Why, at most 500 characters.
    reason: String,
}

/// Which piece of a list is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct IdentityQuery {
    /// How many to leave out.
    offset: Option<u64>,
    /// How many at most, 1 to 500.
    limit: Option<u32>,
}

/// What is open, the oldest first.
#[utoipa::path(get, path = "/identity-questions", tag = "identity", params(IdentityQuery), responses((status = 200, body = List<IdentityQuestionView>)))]
pub(crate) async fn questions(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Parameters(query): Parameters<IdentityQuery>,
) -> Result<Shown<List<IdentityQuestionView>>, ApiError> {
    let found = deps.store.identity_questions(page(query.offset, query.limit)?).await?;
    let sources = SourceNames::read(&deps).await?;
    let patients: Vec<PatientId> =
        found.items.iter().flat_map(|item| [Some(&item.one), item.other.as_ref()]).flatten().map(|patient| patient.id).collect();
    let items = found.items.into_iter().map(|item| question_view(item, &sources)).collect();
    deps.show(&caller, AuditAction::Search, patients, List { items, total: found.total }).await
}

/// What staff decided and did not take back, the newest first.
#[utoipa::path(get, path = "/identity-decisions", tag = "identity", params(IdentityQuery), responses((status = 200, body = List<IdentityDecisionView>)))]
pub(crate) async fn decisions(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Parameters(query): Parameters<IdentityQuery>,
) -> Result<Shown<List<IdentityDecisionView>>, ApiError> {
    let found = deps.store.identity_decisions(page(query.offset, query.limit)?).await?;
    let patients: Vec<PatientId> = found.items.iter().flat_map(|item| [item.one, item.other]).collect();
    let items = decision_views(&deps, found.items, &BTreeMap::new()).await?;
    deps.show(&caller, AuditAction::Search, patients, List { items, total: found.total }).await
}

/// Decides that a record and others are one person's, or are not. Whoever is parted keeps the opt-outs of all of them. The person of the
/// record as it is then.
#[utoipa::path(
    post, path = "/identity-decisions", tag = "identity", request_body = IdentityDecisionInput,
    responses((status = 200, body = PersonView))
)]
pub(crate) async fn decide(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Body(input): Body<IdentityDecisionInput>,
) -> Result<Shown<PersonView>, ApiError> {
    let new = read(&deps, &caller, input).await?;
    let named = |ids: &[PatientId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let word = person::decision_name(new.decision);
    deps.note_change(&caller, AuditAction::Update, Some(new.record), format!("{word} {}", named(&new.others))).await?;
    for other in &new.others {
        deps.note_change(&caller, AuditAction::Update, Some(*other), format!("{word} {}", new.record)).await?;
    }
    match deps.store.decide_identity(&new, deps.clock.now()).await? {
        Decided::Holds(changed) => pass_on(&deps, &changed).await,
        Decided::MergedBySource => {
            return Err(ApiError::Conflict(
                "Their source merged these records, so only the source can part them. Undo the merge there; the gateway follows."
                    .to_owned(),
            ));
        }
        Decided::KeptApart => {
            return Err(ApiError::Conflict(
                "An earlier decision says that other records of these two are not one person's. Take that one back first.".to_owned(),
            ));
        }
    }
    let (view, records) = person::view(&deps, new.record).await?;
    deps.show(&caller, AuditAction::Read, records, view).await
}

/// Takes a decision about two records back: the rules alone count for them again. Whoever is parted by it keeps the opt-outs of both.
#[utoipa::path(
    delete, path = "/identity-decisions/{id}/{other}", tag = "identity",
    params(("id" = String, Path, description = "One of the records, `pat_...`"), ("other" = String, Path, description = "The other")),
    responses((status = 204))
)]
pub(crate) async fn take_back(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Path((id, other)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let unknown = || ApiError::NotFound("decision");
    let (one, other): (PatientId, PatientId) = (id.parse().map_err(|_| unknown())?, other.parse().map_err(|_| unknown())?);
    for (patient, with) in [(one, other), (other, one)] {
        if deps.store.patient(patient).await?.is_none() {
            return Err(unknown());
        }
        deps.note_change(&caller, AuditAction::Update, Some(patient), format!("take back {with}")).await?;
    }
    let changed = deps.store.take_back_identity(one, other, deps.clock.now()).await?.ok_or_else(unknown)?;
    pass_on(&deps, &changed).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells all who remember these records, or wait for a change of them.
async fn pass_on(deps: &ApiDeps, changed: &[PatientNo]) {
    deps.lookup.invalidate(changed).await;
    deps.wake.patients_changed();
    deps.wake.journeys_changed();
    deps.wake.messages_changed();
}

async fn read(deps: &ApiDeps, caller: &Caller, input: IdentityDecisionInput) -> Result<NewDecision, ApiError> {
    let mut errors = Vec::new();
    let reason = input.reason.trim();
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        errors.push(FieldProblem::new("/reason", format!("Say why, in at most {LONGEST_REASON} characters.")));
    }
    if input.others.is_empty() || input.others.len() > MOST_OTHERS {
        errors.push(FieldProblem::new("/others", format!("Name one other record, and at most {MOST_OTHERS}.")));
    }
    let mut ids = Vec::new();
    let places = std::iter::once(("/record".to_owned(), &input.record));
    let others = input.others.iter().take(MOST_OTHERS).enumerate().map(|(place, other)| (format!("/others/{place}"), other));
    for (place, text) in places.chain(others) {
        match text.parse::<PatientId>() {
            Ok(id) if ids.contains(&id) => errors.push(FieldProblem::new(place, "This record is named twice.")),
            Ok(id) if deps.store.patient(id).await?.is_some() => ids.push(id),
            _ => errors.push(FieldProblem::new(place, "There is no patient record with this id.")),
        }
    }
    let mut ids = ids.into_iter();
    match ids.next().filter(|_| errors.is_empty()) {
        Some(record) => Ok(NewDecision {
            record,
            others: ids.collect(),
            decision: input.decision.into(),
            by: caller.user.id.to_string(),
            reason: reason.to_owned(),
        }),
        None => Err(ApiError::Invalid(errors)),
    }
}

pub(crate) fn question_view(question: OpenQuestion, sources: &SourceNames) -> IdentityQuestionView {
    IdentityQuestionView {
        kind: question.kind.into(),
        text: question.kind.sentence().to_owned(),
        system: question.system,
        for_staff: question.kind.is_for_staff(),
        since: question.since,
        records: [Some(question.one), question.other].into_iter().flatten().map(|patient| record_view(patient, sources)).collect(),
    }
}

fn record_view(patient: Patient, sources: &SourceNames) -> QuestionRecordView {
    let person = patient.demographics;
    QuestionRecordView {
        id: patient.id.to_string(),
        name: person.display_name(),
        birth_date: person.birth.map(date_text),
        sex: person.sex.into(),
        status: patient.status.into(),
        source: sources.name(patient.source),
        fhir_id: patient.fhir_id,
        address: person.address.as_ref().map(address_lines).unwrap_or_default(),
        contact_points: person.contact_points.into_iter().map(contact_point).collect(),
        identifiers: person.identifiers.into_iter().map(|its| IdentifierView { system: its.system, value: its.value }).collect(),
    }
}

/// Decisions with the names of the records, those of `known` among them, and of who decided.
pub(crate) async fn decision_views(
    deps: &ApiDeps,
    decisions: Vec<IdentityDecision>,
    known: &BTreeMap<PatientId, String>,
) -> Result<Vec<IdentityDecisionView>, ApiError> {
    let mut names = known.clone();
    let mut users: BTreeMap<String, String> = BTreeMap::new();
    let mut views = Vec::with_capacity(decisions.len());
    for decision in decisions {
        for id in [decision.one, decision.other] {
            if let Entry::Vacant(unknown) = names.entry(id) {
                unknown.insert(find(deps, id).await?.demographics.display_name());
            }
        }
        if let Entry::Vacant(unknown) = users.entry(decision.by.clone()) {
            let user = match decision.by.parse() {
                Ok(id) => deps.store.user(id).await?,
                Err(_) => None,
            };
            unknown.insert(user.map_or_else(|| decision.by.clone(), |user| user.name));
        }
        let patient = |id: PatientId| PatientRef { id: id.to_string(), name: names.get(&id).cloned().unwrap_or_default() };
        views.push(IdentityDecisionView {
            one: patient(decision.one),
            other: patient(decision.other),
            decision: decision.decision.into(),
            by: users.get(&decision.by).cloned().unwrap_or_default(),
            reason: decision.reason,
            at: decision.at,
        });
    }
    Ok(views)
}
