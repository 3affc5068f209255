//! The send gate: may this message go to this person now? A pure decision over facts read inside the transaction that records it.
//! Whatever is unknown is decided against sending.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::consent::{Consent, ConsentDecision, Purpose, effective_consent_of_person};
use crate::contact_point::{EmailAddress, address_key, preferred_email};
use crate::date::{PartialDate, Precision, age_on};
use crate::journey::{JourneyStatus, RunStatus};
use crate::patient::{Demographics, RecordStatus};
use crate::quiet_hours::SendingWindow;
use crate::resource::ContentHash;
use crate::subscription_list::ListKind;

/// What the hospital decided once for all messages.
#[derive(Clone, Debug, PartialEq)]
pub struct GatePolicy {
    /// When sending is allowed, in the person's local time.
    pub sending_window: SendingWindow,
    /// IANA zone for people whose address tells none; `None` holds their messages.
    pub default_time_zone: Option<String>,
    /// How old the copy of the person's record may be.
    pub freshness: SignedDuration,
    /// Younger people are written to only by a rule for proxies, of which there is none yet.
    pub adult_age: u8,
    /// Most messages to one person in 24 hours.
    pub per_day: u32,
    /// Most messages to one person in 7 days.
    pub per_week: u32,
    /// Everything is held: the stop button, or a restored backup.
    pub stopped: bool,
}

impl Default for GatePolicy {
    /// 8:00 to 20:00, no default zone, a record at most a day old, adults of 18, one message a day and three a week.
    fn default() -> Self {
        Self {
            sending_window: SendingWindow { opens: jiff::civil::time(8, 0, 0, 0), closes: jiff::civil::time(20, 0, 0, 0) },
            default_time_zone: None,
            freshness: SignedDuration::from_hours(24),
            adult_age: 18,
            per_day: 1,
            per_week: 3,
            stopped: false,
        }
    }
}

/// Whether a record is the one by which its person is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordStanding {
    /// It is, or it is the only one.
    Primary,
    /// Another one is.
    Other,
    /// It can't be told which one is.
    Unclear,
}

/// What the gate looks at, as it stands in the transaction that decides.
#[derive(Clone, Debug, PartialEq)]
pub struct GateFacts {
    /// How the record stands in its source.
    pub record: RecordStatus,
    /// What is said of the person.
    pub demographics: Demographics,
    /// Whether this is the record by which the person is written to.
    pub standing: RecordStanding,
    /// All decisions kept with the record.
    pub consents: Vec<Consent>,
    /// Decisions kept with each other record of the same person.
    pub other_consents: Vec<Vec<Consent>>,
    /// Decisions kept with each record that may be the same person's: staff was asked, and has not answered. Only a refusal counts.
    pub possible_consents: Vec<Vec<Consent>>,
    /// Addresses of the person by which somebody asked not to be written to, by [`address_key`], and when.
    pub refused_addresses: Vec<(ContentHash, Timestamp)>,
    /// Whether the same message of the same version of the journey went, or may have gone, to another record of the same person.
    pub already_sent: bool,
    /// The medium.
    pub medium: String,
    /// What the message is for.
    pub purpose: Purpose,
    /// The subscription list it belongs to.
    pub list: Option<(String, ListKind)>,
    /// Not after this.
    pub expires_at: Option<Timestamp>,
    /// How the journey stands.
    pub journey: JourneyStatus,
    /// How the person's run stands.
    pub run: RunStatus,
    /// When the person's source was last read completely.
    pub synced_at: Option<Timestamp>,
    /// Whether a run of the source is under way or was given up, so that a part of the truth may be missing.
    pub sync_incomplete: bool,
    /// Messages handed over to this person in the last 24 hours, the newest first.
    pub sent_last_day: Vec<Timestamp>,
    /// Messages handed over to this person in the last 7 days, the newest first.
    pub sent_last_week: Vec<Timestamp>,
}

/// Why a message is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateReason {
    /// The person has died, or the record may say so.
    Deceased,
    /// The record is not in use.
    Inactive,
    /// The record was merged into another.
    Merged,
    /// The record was deleted in its source.
    Deleted,
    /// The source has not shown the record yet.
    NotSeen,
    /// Another record of the same person is the one that is written to.
    OtherRecord,
    /// It can't be told which record stands for the person.
    IdentityUnclear,
    /// Another record of the same person already got it.
    Duplicate,
    /// The record carries a restricted label.
    Restricted,
    /// The person is a minor, or the birth date is unknown or too vague to tell.
    MinorOrAgeUnknown,
    /// The person said no.
    OptedOut,
    /// The person has not said yes, and this needs a yes.
    NoConsent,
    /// Somebody at this address asked not to be written to.
    AddressRefused,
    /// There is no address that can be written to.
    NoAddress,
    /// The journey is stopped, or the person has left it.
    LeftJourney,
    /// The message's time ran out.
    Expired,
    /// The journey is paused or not live.
    JourneyPaused,
    /// It is night where the person lives.
    QuietHours,
    /// Where the person lives is not known, so quiet hours can't be told.
    TimeZoneUnknown,
    /// The person was written to enough.
    FrequencyCap,
    /// The copy of the record is too old, or a sync is under way.
    StaleSource,
    /// Everything is held.
    Stopped,
}

impl GateReason {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::Deceased,
        Self::Inactive,
        Self::Merged,
        Self::Deleted,
        Self::NotSeen,
        Self::OtherRecord,
        Self::IdentityUnclear,
        Self::Duplicate,
        Self::Restricted,
        Self::MinorOrAgeUnknown,
        Self::OptedOut,
        Self::NoConsent,
        Self::AddressRefused,
        Self::NoAddress,
        Self::LeftJourney,
        Self::Expired,
        Self::JourneyPaused,
        Self::QuietHours,
        Self::TimeZoneUnknown,
        Self::FrequencyCap,
        Self::StaleSource,
        Self::Stopped,
    ];

    /// The reason of this [`GateReason::name`].
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// The reason as stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deceased => "deceased",
            Self::Inactive => "inactive",
            Self::Merged => "merged",
            Self::Deleted => "deleted",
            Self::NotSeen => "not-seen",
            Self::OtherRecord => "other-record",
            Self::IdentityUnclear => "identity-unclear",
            Self::Duplicate => "duplicate",
            Self::Restricted => "restricted",
            Self::MinorOrAgeUnknown => "minor-or-age-unknown",
            Self::OptedOut => "opted-out",
            Self::NoConsent => "no-consent",
            Self::AddressRefused => "address-refused",
            Self::NoAddress => "no-address",
            Self::LeftJourney => "left-journey",
            Self::Expired => "expired",
            Self::JourneyPaused => "journey-paused",
            Self::QuietHours => "quiet-hours",
            Self::TimeZoneUnknown => "time-zone-unknown",
            Self::FrequencyCap => "frequency-cap",
            Self::StaleSource => "stale-source",
            Self::Stopped => "stopped",
        }
    }

    /// The reason in words a coordinator would use.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Deceased => "The person has died, or the record may say so.",
            Self::Inactive => "The record is marked as not in use.",
            Self::Merged => "The record was merged into another.",
            Self::Deleted => "The record was deleted in its source.",
            Self::NotSeen => "The source has not shown this record yet.",
            Self::OtherRecord => "Another record of this person is the one that is written to.",
            Self::IdentityUnclear => "It is not clear which record stands for this person.",
            Self::Duplicate => "Another record of this person already got this message.",
            Self::Restricted => "The record carries a restricted security label.",
            Self::MinorOrAgeUnknown => "The person is a minor, or the birth date does not tell.",
            Self::OptedOut => "The person asked not to be written to.",
            Self::NoConsent => "This kind of message needs a permission, and there is none.",
            Self::AddressRefused => "Somebody at the person's address asked not to be written to.",
            Self::NoAddress => "There is no current address that can be written to.",
            Self::LeftJourney => "The person is no longer in the journey.",
            Self::Expired => "The message was not sent in time.",
            Self::JourneyPaused => "The journey is not live at the moment.",
            Self::QuietHours => "It is outside the sending hours where the person lives.",
            Self::TimeZoneUnknown => "It is not known where the person lives, so sending hours can't be kept.",
            Self::FrequencyCap => "The person has been written to enough for now.",
            Self::StaleSource => "The copy of the record is not fresh enough.",
            Self::Stopped => "Sending is stopped for everybody.",
        }
    }
}

/// What the gate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Send now, to this address.
    Send(EmailAddress),
    /// Ask again at that moment.
    Hold {
        /// Why not now.
        reason: GateReason,
        /// When to ask again.
        until: Timestamp,
    },
    /// Never send this message.
    Refuse(GateReason),
}

/// Decides. Refusals for good come before holds, so that nothing waits for what can never be.
pub fn decide(facts: &GateFacts, policy: &GatePolicy, now: Timestamp) -> Verdict {
    if let Some(reason) = refusal(facts, policy, now) {
        return Verdict::Refuse(reason);
    }
    let today = TimeZone::UTC.to_datetime(now).date();
    let Some(address) = preferred_email(&facts.demographics.contact_points, today).filter(|_| facts.medium == "email") else {
        return Verdict::Refuse(GateReason::NoAddress);
    };
    if is_refused(facts, address.as_str()) {
        return Verdict::Refuse(GateReason::AddressRefused);
    }
    match hold(facts, policy, now) {
        Some((reason, until)) => Verdict::Hold { reason, until },
        None => Verdict::Send(address),
    }
}

fn refusal(facts: &GateFacts, policy: &GatePolicy, now: Timestamp) -> Option<GateReason> {
    let person = &facts.demographics;
    if person.deceased.is_presumed() {
        return Some(GateReason::Deceased);
    }
    match facts.record {
        RecordStatus::Active => {}
        RecordStatus::Inactive => return Some(GateReason::Inactive),
        RecordStatus::Merged => return Some(GateReason::Merged),
        RecordStatus::Deleted => return Some(GateReason::Deleted),
        RecordStatus::Referenced => return Some(GateReason::NotSeen),
    }
    if facts.standing == RecordStanding::Other {
        return Some(GateReason::OtherRecord);
    }
    if person.restricted {
        return Some(GateReason::Restricted);
    }
    if !is_adult(person.birth, policy.adult_age, now) {
        return Some(GateReason::MinorOrAgeUnknown);
    }
    let list = facts.list.as_ref();
    let by_record = std::iter::once(&facts.consents).chain(&facts.other_consents).map(Vec::as_slice);
    let list_key = list.map(|(key, _)| key.as_str());
    let possible = facts.possible_consents.iter().map(Vec::as_slice);
    if effective_consent_of_person(possible, &facts.medium, facts.purpose, list_key) == Some(ConsentDecision::Deny) {
        return Some(GateReason::OptedOut);
    }
    match effective_consent_of_person(by_record, &facts.medium, facts.purpose, list_key) {
        Some(ConsentDecision::Deny) => return Some(GateReason::OptedOut),
        Some(ConsentDecision::Permit) => {}
        None => {
            let needs_permission = facts.purpose == Purpose::Marketing || list.is_some_and(|(_, kind)| *kind == ListKind::OptIn);
            if needs_permission {
                return Some(GateReason::NoConsent);
            }
        }
    }
    if facts.journey == JourneyStatus::Stopped || facts.run != RunStatus::Active {
        return Some(GateReason::LeftJourney);
    }
    if facts.already_sent {
        return Some(GateReason::Duplicate);
    }
    facts.expires_at.is_some_and(|expires_at| expires_at <= now).then_some(GateReason::Expired)
}

/// Whether somebody at this address asked for no more messages, and the person has not asked for them since.
fn is_refused(facts: &GateFacts, address: &str) -> bool {
    let key = address_key(&facts.medium, address);
    let refused_at = facts.refused_addresses.iter().filter(|(refused, _)| *refused == key).map(|(_, at)| *at).max();
    let list = facts.list.as_ref().map(|(key, _)| key.as_str());
    let permits = |at: Timestamp| {
        let by_record = std::iter::once(&facts.consents).chain(&facts.other_consents).flatten();
        by_record
            .into_iter()
            .any(|it| it.decision == ConsentDecision::Permit && it.at > at && it.covers(&facts.medium, facts.purpose, list))
    };
    refused_at.is_some_and(|at| !permits(at))
}

fn hold(facts: &GateFacts, policy: &GatePolicy, now: Timestamp) -> Option<(GateReason, Timestamp)> {
    let soon = later(now, SignedDuration::from_secs(30));
    if policy.stopped {
        return Some((GateReason::Stopped, soon));
    }
    if facts.journey != JourneyStatus::Live {
        return Some((GateReason::JourneyPaused, soon));
    }
    if facts.standing == RecordStanding::Unclear {
        return Some((GateReason::IdentityUnclear, later(now, SignedDuration::from_mins(10))));
    }
    let fresh = facts.synced_at.is_some_and(|synced_at| now.duration_since(synced_at) <= policy.freshness);
    if !fresh || facts.sync_incomplete {
        return Some((GateReason::StaleSource, later(now, SignedDuration::from_secs(2))));
    }
    let cap = |sent: &[Timestamp], most: u32, span: SignedDuration| {
        let oldest_that_counts = sent.get((most as usize).checked_sub(1)?)?;
        Some(later(*oldest_that_counts, span))
    };
    let day = if policy.per_day == 0 {
        Some(later(now, SignedDuration::from_hours(24)))
    } else {
        cap(&facts.sent_last_day, policy.per_day, SignedDuration::from_hours(24))
    };
    let week = if policy.per_week == 0 {
        Some(later(now, SignedDuration::from_hours(168)))
    } else {
        cap(&facts.sent_last_week, policy.per_week, SignedDuration::from_hours(168))
    };
    if let Some(until) = day.max(week) {
        return Some((GateReason::FrequencyCap, until.max(soon)));
    }
    let zone = facts.demographics.time_zone.as_deref().or(policy.default_time_zone.as_deref()).and_then(|name| TimeZone::get(name).ok());
    let Some(zone) = zone else {
        return Some((GateReason::TimeZoneUnknown, later(now, SignedDuration::from_hours(1))));
    };
    let next = policy.sending_window.next_open(now, &zone);
    (next > now).then_some((GateReason::QuietHours, next))
}

/// Old enough whatever the birth date's vagueness hides.
fn is_adult(birth: Option<PartialDate>, adult_age: u8, now: Timestamp) -> bool {
    let today = TimeZone::UTC.to_datetime(now).date();
    birth.is_some_and(|birth| {
        let last_possible = if birth.precision == Precision::Instant { birth.first_day() } else { birth.last_day() };
        birth.first <= now && (i16::from(adult_age)..=130).contains(&age_on(last_possible, today))
    })
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

#[cfg(test)]
mod tests;
