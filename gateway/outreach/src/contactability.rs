//! The badge: can this person be written to, and if not, why? Asks the same rules as the send gate, with everything that only concerns
//! one message taken as fine. The gate decides anew at each send.

use gateway_domain::consent::{Consent, Purpose};
use gateway_domain::gate::{GateFacts, GatePolicy, GateReason, RecordStanding, Verdict, decide};
use gateway_domain::journey::{JourneyStatus, RunStatus};
use gateway_domain::patient::{Contactability, Patient};
use jiff::Timestamp;

/// What the badge says of a patient. Care messages by email are what is asked about.
pub fn contactability(patient: &Patient, consents: &[Consent], policy: &GatePolicy, now: Timestamp) -> Contactability {
    let facts = GateFacts {
        record: patient.status,
        demographics: patient.demographics.clone(),
        standing: RecordStanding::Primary,
        consents: consents.to_vec(),
        other_consents: Vec::new(),
        already_sent: false,
        medium: "email".to_owned(),
        purpose: Purpose::Treatment,
        list: None,
        expires_at: None,
        journey: JourneyStatus::Live,
        run: RunStatus::Active,
        synced_at: Some(now),
        sync_incomplete: false,
        sent_last_day: Vec::new(),
        sent_last_week: Vec::new(),
    };
    let policy = GatePolicy { stopped: false, per_day: policy.per_day.max(1), per_week: policy.per_week.max(1), ..policy.clone() };
    match decide(&facts, &policy, now) {
        // Neither hold ends by itself.
        Verdict::Refuse(reason) | Verdict::Hold { reason: reason @ (GateReason::TimeZoneUnknown | GateReason::IdentityUnclear), .. } => {
            Contactability { reachable: false, channels: Vec::new(), reasons: vec![reason.sentence().to_owned()] }
        }
        Verdict::Send(_) | Verdict::Hold { .. } => Contactability { reachable: true, channels: vec![facts.medium], reasons: Vec::new() },
    }
}

#[cfg(test)]
mod tests {
    use gateway_domain::consent::{ConsentChannel, ConsentDecision};
    use gateway_domain::contact_point::{ContactKind, ContactPoint, ContactUse};
    use gateway_domain::date::PartialDate;
    use gateway_domain::ids::{ConsentId, PatientId, PatientNo, SourceId};
    use gateway_domain::patient::{Deceased, Demographics, RecordStatus};
    use rstest::rstest;

    use super::*;

    /// Three in the morning where the patient lives.
    fn night() -> Timestamp {
        "2026-11-23T09:00:00Z".parse().unwrap()
    }

    fn patient() -> Patient {
        Patient {
            id: PatientId::new(night(), [1; 10]),
            no: PatientNo(1),
            source: SourceId::new(night(), [2; 10]),
            fhir_id: "p1".into(),
            status: RecordStatus::Active,
            replaced_by: None,
            demographics: Demographics {
                birth: PartialDate::parse("1965-04-01"),
                time_zone: Some("America/Chicago".into()),
                contact_points: vec![ContactPoint {
                    kind: ContactKind::Email,
                    value: "ada@example.org".into(),
                    used_for: ContactUse::Home,
                    rank: None,
                    from: None,
                    until: None,
                }],
                ..Demographics::default()
            },
            data_quality: Vec::new(),
            updated_at: night(),
        }
    }

    #[test]
    fn a_person_who_sleeps_is_reachable() {
        let badge = contactability(&patient(), &[], &GatePolicy::default(), night());
        assert_eq!((badge.reachable, badge.channels), (true, vec!["email".to_owned()]));
    }

    #[rstest]
    #[case::died(|patient: &mut Patient| patient.demographics.deceased = Deceased::Unclear, GateReason::Deceased)]
    #[case::without_address(|patient: &mut Patient| patient.demographics.contact_points.clear(), GateReason::NoAddress)]
    #[case::somewhere(|patient: &mut Patient| patient.demographics.time_zone = None, GateReason::TimeZoneUnknown)]
    #[case::merged(|patient: &mut Patient| patient.status = RecordStatus::Merged, GateReason::Merged)]
    fn who_can_not_be_written_to_is_told_why(#[case] change: fn(&mut Patient), #[case] reason: GateReason) {
        let mut patient = patient();
        change(&mut patient);
        let badge = contactability(&patient, &[], &GatePolicy::default(), night());
        assert_eq!((badge.reachable, badge.reasons), (false, vec![reason.sentence().to_owned()]));
    }

    #[test]
    fn an_opt_out_shows_on_the_badge() {
        let refusal = Consent {
            id: ConsentId::new(night(), [0; 10]),
            decision: ConsentDecision::Deny,
            medium: Some("email".into()),
            purpose: None,
            list: None,
            at: night(),
            through: ConsentChannel::Staff,
            evidence: String::new(),
        };
        let badge = contactability(&patient(), &[refusal], &GatePolicy::default(), night());
        assert_eq!(badge.reasons, [GateReason::OptedOut.sentence()]);
    }
}
