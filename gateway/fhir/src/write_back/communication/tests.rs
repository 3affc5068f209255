use gateway_domain::consent::{Consent, ConsentChannel, ConsentDecision, Purpose};
use gateway_domain::ids::{ConsentId, MessageId};
use gateway_domain::patient::RecordStatus;
use gateway_domain::write_back::{ConsentRecord, WriteBackObject};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::consent;
use super::*;

fn at() -> Timestamp {
    "2026-11-23T18:00:00.25Z".parse().unwrap()
}

fn record(status: MessageStatus, reason: Option<&str>) -> CommunicationRecord {
    CommunicationRecord {
        message: MessageId::new(at(), [1; 10]),
        patient_fhir_id: "p1".to_owned(),
        patient_status: RecordStatus::Active,
        status,
        bounced: false,
        reason: reason.map(str::to_owned),
        medium: "email".to_owned(),
        purpose: Purpose::Treatment,
        template: "screening-invitation".to_owned(),
        template_title: Some("Invitation".to_owned()),
        subject: Some("A clinical subject".to_owned()),
        language: Some("es".to_owned()),
        journey: "screening".to_owned(),
        journey_title: "Screening".to_owned(),
        created_at: at(),
        sent_at: (status == MessageStatus::Accepted).then(at),
    }
}

fn config(content: CommunicationContent) -> RecordKeeperConfig {
    RecordKeeperConfig { base_url: "https://ehr.example.org/fhir".parse().unwrap(), systems: "https://x.example".to_owned(), content }
}

fn built(record: &CommunicationRecord, content: CommunicationContent) -> Value {
    let identifier = Identifier::of("https://x.example", WriteBackObject::Message(record.message));
    serde_json::to_value(build(record, &identifier, &config(content)).unwrap()).unwrap()
}

#[test]
fn a_sent_message_is_completed_with_its_time_way_and_person_and_without_its_text() {
    let sent = built(&record(MessageStatus::Accepted, None), CommunicationContent::Title);
    assert_eq!(sent["resourceType"], "Communication");
    assert_eq!((&sent["status"], &sent["sent"]), (&json!("completed"), &json!("2026-11-23T18:00:00Z")));
    assert_eq!(sent["medium"][0]["coding"][0]["code"], "EMAILWRIT");
    assert_eq!(sent["subject"]["reference"], "Patient/p1");
    assert_eq!(sent["identifier"][0]["system"], "https://x.example/message-id");
    assert!(sent["identifier"][0]["value"].as_str().unwrap().starts_with("msg_"));
    assert_eq!(sent["payload"][0]["contentString"], "Invitation");
    assert!(sent["statusReason"].is_null());
    assert!(!sent.to_string().contains("clinical subject"), "{sent}");
    let bare = built(&record(MessageStatus::Accepted, None), CommunicationContent::None);
    assert!(bare["payload"].is_null() && bare["topic"].is_null(), "{bare}");
}

#[test]
fn each_end_of_a_message_has_its_status_and_reason() {
    use MessageStatus::{Cancelled, Expired, Refused, Rejected, Unknown};
    for (status, reason, expected, fhir, ours) in [
        (Refused, Some("opted-out"), "not-done", "patient-objection", "opted-out"),
        (Refused, Some("quiet-hours"), "not-done", "unknown", "quiet-hours"),
        (Refused, Some("the field `Name` has no value for ada@example.org"), "not-done", "unknown", "not-rendered"),
        (Rejected, Some("550 no such user ada@example.org"), "not-done", "system-error", "rejected"),
        (Expired, Some("expired"), "not-done", "unknown", "expired"),
        (Cancelled, Some("left-journey"), "not-done", "unknown", "left-journey"),
        (Unknown, Some("stopped"), "unknown", "unknown", "outcome-unknown"),
    ] {
        let written = built(&record(status, reason), CommunicationContent::Title);
        assert_eq!(written["status"], expected, "{status:?}");
        let codings = &written["statusReason"]["coding"];
        assert_eq!((&codings[0]["code"], &codings[1]["code"]), (&json!(fhir), &json!(ours)), "{status:?}");
        assert!(!written.to_string().contains('@'), "a provider's words may name the address: {written}");
    }
    let bounced = CommunicationRecord { bounced: true, ..record(MessageStatus::Accepted, None) };
    assert_eq!(built(&bounced, CommunicationContent::Title)["status"], "stopped");
}

#[test]
fn a_decision_names_what_it_is_about_and_ends_when_another_takes_its_place() {
    let mut decision = ConsentRecord {
        consent: Consent {
            id: ConsentId::new(at(), [2; 10]),
            decision: ConsentDecision::Deny,
            medium: Some("email".to_owned()),
            purpose: Some(Purpose::Marketing),
            list: Some("news".to_owned()),
            at: at(),
            through: ConsentChannel::OneClick,
            evidence: "message".to_owned(),
        },
        patient_fhir_id: "p1".to_owned(),
        patient_status: RecordStatus::Active,
        superseded: false,
    };
    let build = |record: &ConsentRecord| -> Value {
        let identifier = Identifier::of("https://x.example", WriteBackObject::Consent(record.consent.id));
        serde_json::to_value(consent::build(record, &identifier, &config(CommunicationContent::Title)).unwrap()).unwrap()
    };
    let written = build(&decision);
    assert_eq!((&written["status"], &written["provision"]["type"]), (&json!("active"), &json!("deny")));
    assert_eq!(written["provision"]["purpose"][0]["code"], "HMARKT");
    assert_eq!(written["provision"]["code"][0]["coding"][0]["code"], "EMAILWRIT");
    assert_eq!(written["provision"]["code"][1]["coding"][0]["code"], "news");
    assert_eq!(written["policyRule"]["coding"][0]["code"], "OPTOUT");
    assert_eq!(written["patient"]["reference"], "Patient/p1");
    decision.superseded = true;
    decision.consent.medium = None;
    decision.consent.list = None;
    let later = build(&decision);
    assert_eq!(later["status"], "inactive");
    assert!(later["provision"]["code"].is_null(), "{later}");
}
