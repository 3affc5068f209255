//! A patient's clinical facts, segment memberships and evidence.

use axum::extract::State;
use gateway_domain::audit::AuditAction;
use gateway_domain::code::Coding;
use gateway_domain::fact::{DescribedFact, FactFlags};
use gateway_domain::ids::PatientId;
use gateway_domain::segment::Evidence;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::KeyRef;
use super::patient::{date_text, find};
use crate::ApiDeps;
use crate::access::Caller;
use crate::audit_trail::Shown;
use crate::extract::{Id, List, Parameters};
use crate::problem::ApiError;
use crate::words::{FactKindWord, PrecisionWord};

/// A code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodeView {
    /// URI of the code system; empty where the source gave none.
    pub system: String,
    /// The code.
    pub code: String,
    /// What the source calls it.
    pub display: Option<String>,
}

/// A clinical statement.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FactView {
    /// FHIR type of the resource it was read from.
    pub resource_type: String,
    /// Id of the resource in its source.
    pub fhir_id: String,
    /// What kind of statement it is.
    pub kind: FactKindWord,
    /// What a person would call it.
    pub text: String,
    /// Its codes.
    pub codes: Vec<CodeView>,
    /// When it began, was done, measured or ordered, as exact as it is known.
    pub start: Option<String>,
    /// When it ended.
    pub end: Option<String>,
    /// How exact `start` is.
    pub precision: Option<PrecisionWord>,
    /// A quantity.
    pub value: Option<f64>,
    /// Unit of the quantity.
    pub unit: Option<String>,
    /// A coded answer in words.
    pub value_text: Option<String>,
    /// Status, intent and category: `effective`, `active`, `ended`, `planned`, `not-done`, `in-error`, `unconfirmed`, `laboratory`...
    pub flags: Vec<String>,
}

/// The fact that counts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EvidenceFact {
    /// What kind of statement it is.
    pub kind: FactKindWord,
    /// What a person would call it.
    pub text: String,
    /// When, as exact as it is known.
    pub start: Option<String>,
    /// FHIR type of the resource it was read from.
    pub resource_type: String,
    /// Id of the resource in its source.
    pub fhir_id: String,
}

/// One reason for a membership.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EvidenceView {
    /// Why, in words.
    pub phrase: String,
    /// The fact that counts; null where something was looked for and not found.
    pub fact: Option<EvidenceFact>,
}

/// A patient's membership of a segment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MembershipView {
    /// The segment.
    pub segment: KeyRef,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Why.
    pub evidence: Vec<EvidenceView>,
    /// The next day on which the answer can change without new data.
    #[schema(value_type = Option<String>, format = Date)]
    pub review_on: Option<Date>,
}

/// Which facts are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FactQuery {
    /// Of this kind alone.
    #[param(inline)]
    kind: Option<FactKindWord>,
}

/// A patient's facts, newest first.
#[utoipa::path(get, path = "/patients/{id}/facts", tag = "patients", params(("id" = String, Path), FactQuery), responses((status = 200, body = List<FactView>)))]
pub(crate) async fn facts(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Id(id): Id<PatientId>,
    Parameters(query): Parameters<FactQuery>,
) -> Result<Shown<List<FactView>>, ApiError> {
    let facts = deps.lookup.facts(&find(&deps, id).await?).await?;
    let items = facts.iter().filter(|fact| query.kind.is_none_or(|kind| kind == fact.kind.into())).map(fact_view).collect();
    deps.show(&caller, AuditAction::Read, [id], List::whole(items)).await
}

/// A patient's segments, and why.
#[utoipa::path(get, path = "/patients/{id}/memberships", tag = "patients", params(("id" = String, Path)), responses((status = 200, body = List<MembershipView>)))]
pub(crate) async fn memberships(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Id(id): Id<PatientId>,
) -> Result<Shown<List<MembershipView>>, ApiError> {
    let facts = deps.lookup.facts(&find(&deps, id).await?).await?;
    let memberships = deps.store.memberships(id).await?;
    let segments = deps.store.segments().await?;
    let items = memberships
        .into_iter()
        .filter_map(|membership| {
            let segment = &segments.iter().find(|summary| summary.segment.id == membership.segment)?.segment;
            Some(MembershipView {
                segment: KeyRef { id: segment.id.to_string(), key: segment.key.clone(), title: segment.title.clone() },
                since: membership.since,
                evidence: evidence_view(&membership.evidence, &facts),
                review_on: membership.review_on,
            })
        })
        .collect();
    deps.show(&caller, AuditAction::Read, [id], List::whole(items)).await
}

/// Evidence with the facts it names. A fact that is gone by now is shown as none.
pub(crate) fn evidence_view(evidence: &[Evidence], facts: &[DescribedFact]) -> Vec<EvidenceView> {
    let fact_of = |evidence: &Evidence| {
        let key = evidence.fact?;
        let fact = facts.iter().find(|fact| fact.key == key)?;
        Some(EvidenceFact {
            kind: fact.kind.into(),
            text: fact_text(fact),
            start: fact.start.map(date_text),
            resource_type: fact.resource_type.clone(),
            fhir_id: fact.fhir_id.clone(),
        })
    };
    evidence.iter().map(|evidence| EvidenceView { phrase: evidence.phrase.clone(), fact: fact_of(evidence) }).collect()
}

/// What a person would call the fact.
pub(crate) fn fact_text(fact: &DescribedFact) -> String {
    let coded = || fact.codes.iter().find_map(|code| code.display.clone()).or_else(|| fact.codes.first().map(|code| code.code.clone()));
    fact.text.clone().or_else(coded).unwrap_or_else(|| fact.resource_type.clone())
}

fn fact_view(fact: &DescribedFact) -> FactView {
    FactView {
        text: fact_text(fact),
        kind: fact.kind.into(),
        start: fact.start.map(date_text),
        end: fact.end.map(date_text),
        precision: fact.start.map(|start| start.precision.into()),
        value: fact.value,
        unit: fact
            .unit
            .as_ref()
            .map(|unit| if unit.code.is_empty() { unit.display.clone().unwrap_or_default() } else { unit.code.clone() }),
        value_text: fact.value_code.as_ref().map(words_of),
        flags: flag_names(fact.flags.into()),
        codes: fact.codes.iter().cloned().map(|code| CodeView { system: code.system, code: code.code, display: code.display }).collect(),
        resource_type: fact.resource_type.clone(),
        fhir_id: fact.fhir_id.clone(),
    }
}

fn words_of(coding: &Coding) -> String {
    coding.display.as_ref().unwrap_or(&coding.code).clone()
}

fn flag_names(flags: FactFlags) -> Vec<String> {
    flags.iter_names().map(|(name, _)| name.to_ascii_lowercase().replace('_', "-")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_words_with_hyphens() {
        assert_eq!(flag_names(FactFlags::IN_ERROR | FactFlags::ACTIVE), ["active", "in-error"]);
    }
}
