//! The badge: can this person be written to, and if not, why? Asks the same rules as the send gate, with everything that only concerns
//! one message taken as fine. The gate decides anew at each send.

use gateway_domain::consent::Purpose;
use gateway_domain::gate::{GateFacts, GatePolicy, GateReason, Verdict, decide};
use gateway_domain::journey::{JourneyStatus, RunStatus};
use gateway_domain::patient::{Contactability, RecordStatus};
use gateway_ports::store::identity::WrittenTo;
use jiff::Timestamp;

/// What the badge says of a record that is written to as the person it belongs to. Care messages by email are what is asked about.
pub fn contactability(record: RecordStatus, person: WrittenTo, policy: &GatePolicy, now: Timestamp) -> Contactability {
    let facts = GateFacts {
        record,
        demographics: person.demographics,
        standing: person.standing,
        consents: Vec::new(),
        other_consents: person.consents,
        possible_consents: person.possible_consents,
        refused_addresses: Vec::new(),
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
    use gateway_domain::consent::{Consent, ConsentChannel, ConsentDecision};
    use gateway_domain::contact_point::{ContactKind, ContactPoint, ContactUse};
    use gateway_domain::date::PartialDate;
    use gateway_domain::gate::RecordStanding;
    use gateway_domain::ids::ConsentId;
    use gateway_domain::patient::{Deceased, Demographics};
    use rstest::rstest;

    use super::*;

    /// Three in the morning where the patient lives.
    fn night() -> Timestamp {
        "2026-11-23T09:00:00Z".parse().unwrap()
    }

    fn person() -> WrittenTo {
        let demographics = Demographics {
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
        };
        WrittenTo { standing: RecordStanding::Primary, demographics, consents: vec![Vec::new()], possible_consents: Vec::new() }
    }

    fn said(decision: ConsentDecision, at: i64) -> Vec<Consent> {
        vec![Consent {
            id: ConsentId::new(night(), [0; 10]),
            decision,
            medium: Some("email".into()),
            purpose: None,
            list: None,
            at: Timestamp::from_second(at).unwrap(),
            through: ConsentChannel::Staff,
            evidence: String::new(),
        }]
    }

    fn badge(status: RecordStatus, person: WrittenTo) -> (bool, Vec<String>) {
        let badge = contactability(status, person, &GatePolicy::default(), night());
        (badge.reachable, badge.reasons)
    }

    #[test]
    fn a_person_who_sleeps_is_reachable() {
        let badge = contactability(RecordStatus::Active, person(), &GatePolicy::default(), night());
        assert_eq!((badge.reachable, badge.channels), (true, vec!["email".to_owned()]));
    }

    #[rstest]
    #[case::died(|person: &mut WrittenTo| person.demographics.deceased = Deceased::Unclear, GateReason::Deceased)]
    #[case::without_address(|person: &mut WrittenTo| person.demographics.contact_points.clear(), GateReason::NoAddress)]
    #[case::somewhere(|person: &mut WrittenTo| person.demographics.time_zone = None, GateReason::TimeZoneUnknown)]
    #[case::by_another(|person: &mut WrittenTo| person.standing = RecordStanding::Other, GateReason::OtherRecord)]
    #[case::unclear(|person: &mut WrittenTo| person.standing = RecordStanding::Unclear, GateReason::IdentityUnclear)]
    #[case::refused(|person: &mut WrittenTo| person.consents = vec![said(ConsentDecision::Deny, 1)], GateReason::OptedOut)]
    #[case::refused_at_one_of_two(
        |person: &mut WrittenTo| person.consents = vec![said(ConsentDecision::Deny, 1), said(ConsentDecision::Permit, 2)],
        GateReason::OptedOut
    )]
    #[case::refused_by_who_may_be_the_same(
        |person: &mut WrittenTo| person.possible_consents = vec![said(ConsentDecision::Deny, 1)],
        GateReason::OptedOut
    )]
    fn who_can_not_be_written_to_is_told_why(#[case] change: fn(&mut WrittenTo), #[case] reason: GateReason) {
        let mut person = person();
        change(&mut person);
        assert_eq!(badge(RecordStatus::Active, person), (false, vec![reason.sentence().to_owned()]));
    }

    #[test]
    fn a_merged_record_is_not_written_to() {
        assert_eq!(badge(RecordStatus::Merged, person()), (false, vec![GateReason::Merged.sentence().to_owned()]));
    }
}
