//! Codes, references and times as the typed builders want them.

use fhir_sdk::DateTime;
use fhir_sdk::r4b::types::{CodeableConcept, Coding, Identifier as FhirIdentifier, Reference};
use gateway_domain::consent::Purpose;
use jiff::Timestamp;

use super::identifier::Identifier;

pub(super) type Built<T> = Result<T, String>;

const ACT_REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const PARTICIPATION_MODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode";

pub(super) fn why(error: impl std::fmt::Display) -> String {
    error.to_string()
}

pub(super) fn coding(system: &str, code: &str) -> Built<Coding> {
    Coding::builder().system(system.to_owned()).code(code.to_owned()).build().map_err(why)
}

pub(super) fn concept(codings: Vec<Coding>, text: &str) -> Built<CodeableConcept> {
    let built = CodeableConcept::builder().coding(codings.into_iter().map(Some).collect()).text(text.to_owned());
    built.build().map_err(why)
}

pub(super) fn identifier(identifier: &Identifier) -> Built<FhirIdentifier> {
    FhirIdentifier::builder().system(identifier.system.clone()).value(identifier.value.clone()).build().map_err(why)
}

/// The record of the patient in the source that is written to.
pub(super) fn patient(fhir_id: &str) -> Built<Reference> {
    Reference::builder().reference(format!("Patient/{fhir_id}")).build().map_err(why)
}

/// A moment to the second, in UTC.
pub(super) fn moment(at: Timestamp) -> Built<DateTime> {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().parse().map_err(|_| "a time is beyond the calendar".to_owned())
}

/// By which way (v3 ParticipationMode); a medium that has no code there has its name alone.
pub(super) fn medium(medium: &str) -> Built<CodeableConcept> {
    let code = match medium {
        "email" => Some("EMAILWRIT"),
        "letter" => Some("MAILWRIT"),
        "fax" => Some("FAXWRIT"),
        "phone" => Some("PHONE"),
        "portal" => Some("ONLINEWRIT"),
        "sms" | "webhook" => Some("ELECTRONIC"),
        _ => None,
    };
    let codings = code.map(|code| coding(PARTICIPATION_MODE, code)).transpose()?.into_iter().collect();
    concept(codings, medium)
}

/// What for (v3 ActReason).
pub(super) fn purpose(purpose: Purpose) -> Built<Coding> {
    let code = match purpose {
        Purpose::Treatment => "TREAT",
        Purpose::Operations => "HOPERAT",
        Purpose::Marketing => "HMARKT",
    };
    coding(ACT_REASON, code)
}

pub(super) const fn purpose_words(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Treatment => "Treatment",
        Purpose::Operations => "Health care operations",
        Purpose::Marketing => "Health care marketing",
    }
}
