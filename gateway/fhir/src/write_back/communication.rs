//! A message as a `Communication`: that it was sent or why not, never its text.

use fhir_sdk::r4b::codes::EventStatus;
use fhir_sdk::r4b::resources::{Communication, CommunicationPayload, CommunicationPayloadContent};
use fhir_sdk::r4b::types::CodeableConcept;
use gateway_domain::gate::GateReason;
use gateway_domain::message::MessageStatus;
use gateway_domain::write_back::CommunicationRecord;

use super::concept::{Built, coding, concept, identifier, medium, moment, patient, purpose, purpose_words, why};
use super::found::{Members, put};
use super::identifier::Identifier;
use super::{CommunicationContent, RecordKeeperConfig};

const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/communication-category";
const NOT_DONE: &str = "http://terminology.hl7.org/CodeSystem/communication-not-done-reason";

/// The resource, member by member.
pub(super) fn build(record: &CommunicationRecord, known_by: &Identifier, config: &RecordKeeperConfig) -> Built<Members> {
    let reason = concept(vec![purpose(record.purpose)?], purpose_words(record.purpose))?;
    let mut built = Communication::builder()
        .identifier(vec![Some(identifier(known_by)?)])
        .status(status(record))
        .category(vec![Some(concept(vec![coding(CATEGORY, "notification")?], "Outreach message")?)])
        .medium(vec![Some(medium(&record.medium)?)])
        .subject(patient(&record.patient_fhir_id)?)
        .recipient(vec![Some(patient(&record.patient_fhir_id)?)])
        .reason_code(vec![Some(reason)]);
    if let Some(reason) = status_reason(record, &config.systems)? {
        built = built.status_reason(reason);
    }
    if let Some(sent) = record.sent_at {
        built = built.sent(moment(sent)?);
    }
    let content = match config.content {
        CommunicationContent::None => None,
        CommunicationContent::Key => Some(record.template.clone()),
        CommunicationContent::Title => Some(record.template_title.clone().unwrap_or_else(|| record.template.clone())),
        CommunicationContent::Subject => Some(record.subject.clone().unwrap_or_else(|| record.template.clone())),
    };
    if let Some(content) = content.filter(|content| !content.trim().is_empty()) {
        let journey = coding(&format!("{}/journey", config.systems), &record.journey)?;
        built = built.topic(concept(vec![journey], &record.journey_title)?);
        let payload = CommunicationPayload::builder().content(CommunicationPayloadContent::String(content)).build().map_err(why)?;
        built = built.payload(vec![Some(payload)]);
    }
    let built = built.build().map_err(why)?;
    // Not as a whole: that would compile the writing of each of FHIR's types, for the sake of `contained`.
    let mut members = Members::new();
    put(&mut members, "resourceType", &"Communication")?;
    put(&mut members, "identifier", &built.identifier)?;
    put(&mut members, "status", &built.status)?;
    put(&mut members, "statusReason", &built.status_reason)?;
    put(&mut members, "category", &built.category)?;
    put(&mut members, "medium", &built.medium)?;
    put(&mut members, "subject", &built.subject)?;
    put(&mut members, "topic", &built.topic)?;
    put(&mut members, "sent", &built.sent)?;
    put(&mut members, "recipient", &built.recipient)?;
    put(&mut members, "reasonCode", &built.reason_code)?;
    put(&mut members, "payload", &built.payload)?;
    Ok(members)
}

/// FHIR's word for where the message stands. What never began is `not-done`; what was handed over and came back is `stopped`.
const fn status(record: &CommunicationRecord) -> EventStatus {
    match record.status {
        MessageStatus::Due => EventStatus::Preparation,
        MessageStatus::InFlight => EventStatus::InProgress,
        MessageStatus::Accepted if record.bounced => EventStatus::Stopped,
        MessageStatus::Accepted => EventStatus::Completed,
        MessageStatus::Refused | MessageStatus::Rejected | MessageStatus::Expired | MessageStatus::Cancelled => EventStatus::NotDone,
        MessageStatus::Unknown => EventStatus::Unknown,
    }
}

/// Why it was not sent: FHIR's code where one fits, and ours. A provider's own words stay here, because they may name the address.
fn status_reason(record: &CommunicationRecord, systems: &str) -> Built<Option<CodeableConcept>> {
    let (ours, words) = match record.status {
        MessageStatus::Accepted if record.bounced => ("bounced", "The provider could not deliver it."),
        MessageStatus::Due | MessageStatus::InFlight | MessageStatus::Accepted => return Ok(None),
        MessageStatus::Rejected => ("rejected", "The provider did not take it."),
        MessageStatus::Unknown => ("outcome-unknown", "It may or may not have gone out."),
        MessageStatus::Expired => ("expired", "Its time ran out before it could be sent."),
        MessageStatus::Cancelled => ("left-journey", "The person had left the journey."),
        MessageStatus::Refused => (refusal(record.reason.as_deref()), "The send gate refused it."),
    };
    let fhir = match ours {
        "opted-out" | "no-consent" => "patient-objection",
        "no-address" | "bounced" | "deceased" => "recipient-unavailable",
        "rejected" => "system-error",
        _ => "unknown",
    };
    let codings = vec![coding(NOT_DONE, fhir)?, coding(&format!("{systems}/message-reason"), ours)?];
    let words = GateReason::named(ours).map_or(words, GateReason::sentence);
    concept(codings, words).map(Some)
}

/// The reason as a code; a reason in words is of the rendering.
fn refusal(reason: Option<&str>) -> &str {
    let is_code = |reason: &&str| !reason.is_empty() && reason.len() <= 40 && reason.chars().all(|it| it.is_ascii_lowercase() || it == '-');
    reason.filter(is_code).unwrap_or("not-rendered")
}

#[cfg(test)]
mod tests;
