use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::consent::ConsentChannel;
use crate::contact_point::{ContactKind, ContactPoint, ContactUse};
use crate::ids::ConsentId;
use crate::patient::Deceased;

const NOON: &str = "2026-11-23T18:00:00Z";

fn now() -> Timestamp {
    NOON.parse().unwrap()
}

fn facts() -> GateFacts {
    GateFacts {
        record: RecordStatus::Active,
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
        standing: RecordStanding::Primary,
        consents: Vec::new(),
        other_consents: Vec::new(),
        possible_consents: Vec::new(),
        refused_addresses: Vec::new(),
        already_sent: false,
        medium: "email".into(),
        purpose: Purpose::Treatment,
        list: None,
        expires_at: None,
        journey: JourneyStatus::Live,
        run: RunStatus::Active,
        synced_at: Some(now()),
        sync_incomplete: false,
        sent_last_day: Vec::new(),
        sent_last_week: Vec::new(),
    }
}

fn consent(decision: ConsentDecision) -> Consent {
    Consent {
        id: ConsentId::new(now(), [0; 10]),
        decision,
        medium: None,
        purpose: None,
        list: None,
        at: now(),
        through: ConsentChannel::Staff,
        evidence: String::new(),
    }
}

fn verdict(change: impl FnOnce(&mut GateFacts)) -> Verdict {
    let mut facts = facts();
    change(&mut facts);
    decide(&facts, &GatePolicy::default(), now())
}

#[test]
fn a_reachable_adult_is_written_to() {
    assert!(matches!(verdict(|_| {}), Verdict::Send(address) if address.as_str() == "ada@example.org"));
}

#[rstest]
#[case(Deceased::Yes)]
#[case(Deceased::Unclear)]
#[case(Deceased::On(PartialDate::parse("2020").unwrap()))]
fn the_dead_are_never_written_to(#[case] deceased: Deceased) {
    assert_eq!(verdict(|facts| facts.demographics.deceased = deceased), Verdict::Refuse(GateReason::Deceased));
}

#[rstest]
#[case(RecordStatus::Inactive, GateReason::Inactive)]
#[case(RecordStatus::Merged, GateReason::Merged)]
#[case(RecordStatus::Deleted, GateReason::Deleted)]
#[case(RecordStatus::Referenced, GateReason::NotSeen)]
fn a_record_out_of_use_is_refused(#[case] record: RecordStatus, #[case] reason: GateReason) {
    assert_eq!(verdict(|facts| facts.record = record), Verdict::Refuse(reason));
}

#[rstest]
#[case(None)]
#[case(PartialDate::parse("2008-11-24"))]
#[case(PartialDate::parse("2008"))]
#[case(PartialDate::parse("2030-01-01"))]
#[case(PartialDate::parse("1850-01-01"))]
fn whoever_may_be_a_minor_is_refused(#[case] birth: Option<PartialDate>) {
    assert_eq!(verdict(|facts| facts.demographics.birth = birth), Verdict::Refuse(GateReason::MinorOrAgeUnknown));
}

#[test]
fn an_opt_out_refuses_and_its_withdrawal_lets_out() {
    assert_eq!(verdict(|facts| facts.consents = vec![consent(ConsentDecision::Deny)]), Verdict::Refuse(GateReason::OptedOut));
    assert!(matches!(verdict(|facts| facts.consents = vec![consent(ConsentDecision::Permit)]), Verdict::Send(_)));
}

#[test]
fn only_the_record_that_stands_for_the_person_is_written_to() {
    assert_eq!(verdict(|facts| facts.standing = RecordStanding::Other), Verdict::Refuse(GateReason::OtherRecord));
    let held = verdict(|facts| facts.standing = RecordStanding::Unclear);
    assert!(matches!(held, Verdict::Hold { reason: GateReason::IdentityUnclear, .. }), "{held:?}");
}

#[test]
fn a_refusal_kept_with_another_record_refuses_whatever_this_one_says() {
    let said = verdict(|facts| {
        facts.consents = vec![consent(ConsentDecision::Permit)];
        facts.other_consents = vec![Vec::new(), vec![consent(ConsentDecision::Deny)]];
    });
    assert_eq!(said, Verdict::Refuse(GateReason::OptedOut));
}

#[test]
fn of_somebody_who_may_be_the_same_only_a_refusal_counts() {
    assert_eq!(
        verdict(|facts| facts.possible_consents = vec![vec![consent(ConsentDecision::Deny)]]),
        Verdict::Refuse(GateReason::OptedOut)
    );
    let permitted_elsewhere = verdict(|facts| {
        facts.purpose = Purpose::Marketing;
        facts.possible_consents = vec![vec![consent(ConsentDecision::Permit)]];
    });
    assert_eq!(permitted_elsewhere, Verdict::Refuse(GateReason::NoConsent));
}

#[test]
fn what_another_record_already_got_is_not_sent_again() {
    assert_eq!(verdict(|facts| facts.already_sent = true), Verdict::Refuse(GateReason::Duplicate));
}

#[test]
fn marketing_and_opt_in_lists_need_a_permission() {
    assert_eq!(verdict(|facts| facts.purpose = Purpose::Marketing), Verdict::Refuse(GateReason::NoConsent));
    assert_eq!(verdict(|facts| facts.list = Some(("news".into(), ListKind::OptIn))), Verdict::Refuse(GateReason::NoConsent));
    assert!(matches!(verdict(|facts| facts.list = Some(("news".into(), ListKind::OptOut))), Verdict::Send(_)));
}

#[test]
fn a_person_who_left_the_journey_gets_nothing() {
    assert_eq!(verdict(|facts| facts.run = RunStatus::Left), Verdict::Refuse(GateReason::LeftJourney));
    assert_eq!(verdict(|facts| facts.journey = JourneyStatus::Stopped), Verdict::Refuse(GateReason::LeftJourney));
}

#[test]
fn a_paused_journey_holds() {
    assert!(matches!(verdict(|facts| facts.journey = JourneyStatus::Paused), Verdict::Hold { reason: GateReason::JourneyPaused, .. }));
}

#[test]
fn a_stale_or_half_read_source_holds() {
    let old = now().checked_sub(SignedDuration::from_hours(25)).unwrap();
    for change in [(Some(old), false), (None, false), (Some(now()), true)] {
        let held = verdict(|facts| (facts.synced_at, facts.sync_incomplete) = change);
        assert!(matches!(held, Verdict::Hold { reason: GateReason::StaleSource, .. }), "{held:?}");
    }
}

#[test]
fn a_second_message_waits_a_day() {
    let sent = now().checked_sub(SignedDuration::from_hours(20)).unwrap();
    let held = verdict(|facts| (facts.sent_last_day, facts.sent_last_week) = (vec![sent], vec![sent]));
    assert_eq!(held, Verdict::Hold { reason: GateReason::FrequencyCap, until: now().checked_add(SignedDuration::from_hours(4)).unwrap() });
}

#[test]
fn an_unknown_zone_holds_unless_the_hospital_names_one() {
    let mut facts = facts();
    facts.demographics.time_zone = None;
    let mut policy = GatePolicy::default();
    assert!(matches!(decide(&facts, &policy, now()), Verdict::Hold { reason: GateReason::TimeZoneUnknown, .. }));
    policy.default_time_zone = Some("America/New_York".into());
    assert!(matches!(decide(&facts, &policy, now()), Verdict::Send(_)));
}

#[test]
fn at_night_it_waits_for_the_morning() {
    let night: Timestamp = "2026-11-23T04:00:00Z".parse().unwrap();
    let mut facts = facts();
    facts.synced_at = Some(night);
    let held = decide(&facts, &GatePolicy::default(), night);
    assert_eq!(held, Verdict::Hold { reason: GateReason::QuietHours, until: "2026-11-23T14:00:00Z".parse().unwrap() });
}

#[test]
fn an_expired_message_is_refused_for_good() {
    assert_eq!(verdict(|facts| facts.expires_at = Some(now())), Verdict::Refuse(GateReason::Expired));
}

fn any_facts() -> impl Strategy<Value = GateFacts> {
    let people = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), 1930_i16..2030);
    let states = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), -3..40_i64);
    let persons = (any::<bool>(), 0_u8..8, any::<bool>());
    (people, states, persons).prop_map(|(people, states, (elsewhere, standing, already_sent))| {
        let ((dead, inactive, refused, restricted, year), (live, active, incomplete, zone, hours)) = (people, states);
        let mut facts = facts();
        facts.standing = match standing {
            0 => RecordStanding::Other,
            1 => RecordStanding::Unclear,
            _ => RecordStanding::Primary,
        };
        facts.other_consents = if elsewhere { vec![vec![consent(ConsentDecision::Deny)]] } else { Vec::new() };
        facts.already_sent = already_sent;
        facts.demographics.deceased = if dead { Deceased::Unclear } else { Deceased::No };
        facts.record = if inactive { RecordStatus::Inactive } else { RecordStatus::Active };
        facts.consents = if refused { vec![consent(ConsentDecision::Deny)] } else { Vec::new() };
        facts.demographics.restricted = restricted;
        facts.demographics.birth = PartialDate::parse(&year.to_string());
        facts.journey = if live { JourneyStatus::Live } else { JourneyStatus::Paused };
        facts.run = if active { RunStatus::Active } else { RunStatus::Left };
        facts.sync_incomplete = incomplete;
        facts.demographics.time_zone = zone.then(|| "Pacific/Honolulu".to_owned());
        facts.synced_at = now().checked_sub(SignedDuration::from_hours(hours)).ok();
        facts
    })
}

proptest! {
    #[test]
    fn what_is_sent_breaks_no_rule(facts in any_facts(), hour in 0_i64..24) {
        let at = now().checked_add(SignedDuration::from_hours(hour)).unwrap();
        if let Verdict::Send(_) = decide(&facts, &GatePolicy::default(), at) {
            prop_assert!(!facts.demographics.deceased.is_presumed());
            prop_assert_eq!(facts.record, RecordStatus::Active);
            prop_assert!(facts.consents.is_empty() && facts.other_consents.is_empty() && !facts.demographics.restricted);
            prop_assert!(facts.standing == RecordStanding::Primary && !facts.already_sent);
            prop_assert!(facts.demographics.birth.unwrap().last_day().year() <= 2008);
            prop_assert!(facts.journey == JourneyStatus::Live && facts.run == RunStatus::Active && !facts.sync_incomplete);
            prop_assert!(facts.synced_at.unwrap() >= at.checked_sub(SignedDuration::from_hours(24)).unwrap());
            let zone = TimeZone::get(facts.demographics.time_zone.as_deref().unwrap()).unwrap();
            prop_assert!((8..20).contains(&zone.to_datetime(at).hour()));
        }
    }

    #[test]
    fn a_hold_always_ends_later(facts in any_facts()) {
        if let Verdict::Hold { until, .. } = decide(&facts, &GatePolicy::default(), now()) {
            prop_assert!(until > now());
        }
    }
}

#[test]
fn an_address_that_was_refused_is_not_written_to_until_the_person_asks_for_it() {
    let key = |address: &str| address_key("email", address);
    let Verdict::Send(address) = verdict(|_| ()) else { panic!("the facts of these tests let a message through") };
    let refused_at = now();
    let refused = |facts: &mut GateFacts| facts.refused_addresses = vec![(key(address.as_str()), refused_at)];
    assert_eq!(verdict(refused), Verdict::Refuse(GateReason::AddressRefused));
    assert!(matches!(verdict(|facts| facts.refused_addresses = vec![(key("other@example.org"), refused_at)]), Verdict::Send(_)));
    let permit = |seconds: i64| Consent { at: refused_at + SignedDuration::from_secs(seconds), ..consent(ConsentDecision::Permit) };
    let asks = |seconds: i64| {
        verdict(|facts| {
            refused(facts);
            facts.consents = vec![permit(seconds)];
        })
    };
    assert_eq!(asks(-1), Verdict::Refuse(GateReason::AddressRefused));
    assert!(matches!(asks(1), Verdict::Send(_)));
}
