//! A decision about being written to as a `Consent`.

use fhir_sdk::r4b::codes::{ConsentProvisionType, ConsentState};
use fhir_sdk::r4b::resources::{Consent, ConsentProvision};
use gateway_domain::consent::ConsentDecision;
use gateway_domain::write_back::ConsentRecord;

use super::RecordKeeperConfig;
use super::concept::{Built, coding, concept, identifier, medium, moment, patient, purpose, why};
use super::found::{Members, put};
use super::identifier::Identifier;

const SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
const LOINC: &str = "http://loinc.org";
/// Consent Document.
const CONSENT_DOCUMENT: &str = "59284-0";
const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

/// The resource, member by member. One whose place a later decision has taken is inactive.
pub(super) fn build(record: &ConsentRecord, known_by: &Identifier, config: &RecordKeeperConfig) -> Built<Members> {
    let consent = &record.consent;
    let (decision, rule, words) = match consent.decision {
        ConsentDecision::Deny => (ConsentProvisionType::Deny, "OPTOUT", "May not be written to"),
        ConsentDecision::Permit => (ConsentProvisionType::Permit, "OPTIN", "May be written to"),
    };
    let mut about = Vec::new();
    if let Some(named) = &consent.medium {
        about.push(Some(medium(named)?));
    }
    if let Some(list) = &consent.list {
        about.push(Some(concept(vec![coding(&format!("{}/subscription-list", config.systems), list)?], list)?));
    }
    let mut provision = ConsentProvision::builder().r#type(decision).code(about);
    if let Some(named) = consent.purpose {
        provision = provision.purpose(vec![Some(purpose(named)?)]);
    }
    let preference = coding(&format!("{}/consent-category", config.systems), "communication-preference")?;
    let built = Consent::builder()
        .identifier(vec![Some(identifier(known_by)?)])
        .status(if record.superseded { ConsentState::Inactive } else { ConsentState::Active })
        .scope(concept(vec![coding(SCOPE, "patient-privacy")?], "Communication preference")?)
        .category(vec![Some(concept(vec![coding(LOINC, CONSENT_DOCUMENT)?, preference], "Communication preference")?)])
        .patient(patient(&record.patient_fhir_id)?)
        .date_time(moment(consent.at)?)
        .performer(vec![Some(patient(&record.patient_fhir_id)?)])
        .policy_rule(concept(vec![coding(ACT_CODE, rule)?], words)?)
        .provision(provision.build().map_err(why)?);
    let built = built.build().map_err(why)?;
    let mut members = Members::new();
    put(&mut members, "resourceType", &"Consent")?;
    put(&mut members, "identifier", &built.identifier)?;
    put(&mut members, "status", &built.status)?;
    put(&mut members, "scope", &built.scope)?;
    put(&mut members, "category", &built.category)?;
    put(&mut members, "patient", &built.patient)?;
    put(&mut members, "dateTime", &built.date_time)?;
    put(&mut members, "performer", &built.performer)?;
    put(&mut members, "policyRule", &built.policy_rule)?;
    put(&mut members, "provision", &built.provision)?;
    Ok(members)
}
