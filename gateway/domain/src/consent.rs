//! What a person said about being written to. The newest decision for a scope counts; a refusal of all counts over every permission
//! that is older than it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::ConsentId;

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentDecision {
    /// May be written to.
    Permit,
    /// Must not be written to.
    Deny,
}

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Care of the person: screening reminders, appointments.
    Treatment,
    /// Running the hospital: surveys, notices.
    Operations,
    /// Anything else. Needs a permission.
    Marketing,
}

/// How a decision reached us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentChannel {
    /// One-click unsubscribe by the mail program (RFC 8058).
    OneClick,
    /// The preference page.
    PreferencePage,
    /// Told to staff, who recorded it.
    Staff,
    /// A FHIR `Consent` of a source.
    Fhir,
    /// By the channel itself: the word STOP as an answer, or a complaint to the provider.
    Provider,
}

/// One decision, with its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Its identifier.
    pub id: ConsentId,
    /// Yes or no.
    pub decision: ConsentDecision,
    /// The medium it is about, for example `email`; `None` is every medium.
    pub medium: Option<String>,
    /// The purpose it is about; `None` is every purpose.
    pub purpose: Option<Purpose>,
    /// The subscription list it is about, by key; `None` is everything.
    pub list: Option<String>,
    /// When it was made.
    pub at: Timestamp,
    /// How it reached us.
    pub through: ConsentChannel,
    /// Who recorded it, which message it came from, which text was shown: ids and keys only.
    pub evidence: String,
}

impl Consent {
    /// Whether it is about a message of this medium, purpose and list.
    pub fn covers(&self, medium: &str, purpose: Purpose, list: Option<&str>) -> bool {
        self.medium.as_deref().is_none_or(|its| its == medium)
            && self.purpose.is_none_or(|its| its == purpose)
            && self.list.as_deref().is_none_or(|its| Some(its) == list)
    }

    /// Whether an older decision means nothing any more because of this one: it is about all that the older one is about.
    pub fn supersedes(&self, older: &Self) -> bool {
        fn holds<T: PartialEq>(mine: Option<&T>, its: Option<&T>) -> bool {
            mine.is_none() || mine == its
        }
        let order = |it: &Self| (it.at, it.decision == ConsentDecision::Deny, it.id);
        order(self) > order(older)
            && holds(self.medium.as_ref(), older.medium.as_ref())
            && holds(self.purpose.as_ref(), older.purpose.as_ref())
            && holds(self.list.as_ref(), older.list.as_ref())
    }

    /// How narrow its scope is: the more is named, the narrower.
    fn breadth(&self) -> u8 {
        u8::from(self.medium.is_none()) + u8::from(self.purpose.is_none()) + u8::from(self.list.is_none())
    }
}

/// What the decisions come to for one message; `None` where there is none.
///
/// The newest covering decision counts, but a permission never lifts a refusal of a broader scope: who left everything has to come
/// back to everything.
pub fn effective_consent(consents: &[Consent], medium: &str, purpose: Purpose, list: Option<&str>) -> Option<ConsentDecision> {
    let mut covering: Vec<&Consent> = consents.iter().filter(|consent| consent.covers(medium, purpose, list)).collect();
    covering.sort_by_key(|consent| (consent.at, consent.decision == ConsentDecision::Deny));
    let newest = covering.last()?;
    if newest.decision == ConsentDecision::Deny {
        return Some(ConsentDecision::Deny);
    }
    let standing_refusal = covering.iter().any(|refusal| {
        refusal.decision == ConsentDecision::Deny
            && !covering
                .iter()
                .any(|permit| permit.decision == ConsentDecision::Permit && permit.at > refusal.at && permit.breadth() >= refusal.breadth())
    });
    Some(if standing_refusal { ConsentDecision::Deny } else { ConsentDecision::Permit })
}

/// What the decisions kept with each record of one person come to: a refusal with any of the records refuses for the person.
pub fn effective_consent_of_person<'a>(
    records: impl IntoIterator<Item = &'a [Consent]>,
    medium: &str,
    purpose: Purpose,
    list: Option<&str>,
) -> Option<ConsentDecision> {
    let mut permitted = None;
    for consents in records {
        match effective_consent(consents, medium, purpose, list) {
            Some(ConsentDecision::Deny) => return Some(ConsentDecision::Deny),
            Some(ConsentDecision::Permit) => permitted = Some(ConsentDecision::Permit),
            None => {}
        }
    }
    permitted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consent(decision: ConsentDecision, list: Option<&str>, at: i64) -> Consent {
        Consent {
            id: ConsentId::new(Timestamp::UNIX_EPOCH, [0; 10]),
            decision,
            medium: Some("email".into()),
            purpose: None,
            list: list.map(Into::into),
            at: Timestamp::from_second(at).unwrap(),
            through: ConsentChannel::PreferencePage,
            evidence: String::new(),
        }
    }

    fn effective(consents: &[Consent], list: Option<&str>) -> Option<ConsentDecision> {
        effective_consent(consents, "email", Purpose::Treatment, list)
    }

    #[test]
    fn the_newest_decision_counts() {
        use ConsentDecision::{Deny, Permit};
        assert_eq!(effective(&[consent(Deny, None, 1), consent(Permit, None, 2)], None), Some(Permit));
        assert_eq!(effective(&[consent(Permit, None, 1), consent(Deny, None, 2)], None), Some(Deny));
    }

    #[test]
    fn of_two_at_the_same_moment_the_refusal_counts() {
        use ConsentDecision::{Deny, Permit};
        assert_eq!(effective(&[consent(Deny, None, 1), consent(Permit, None, 1)], None), Some(Deny));
    }

    #[test]
    fn joining_a_list_does_not_lift_the_refusal_of_everything() {
        use ConsentDecision::{Deny, Permit};
        assert_eq!(effective(&[consent(Deny, None, 1), consent(Permit, Some("news"), 2)], Some("news")), Some(Deny));
    }

    #[test]
    fn a_decision_takes_the_place_of_older_ones_it_is_wide_enough_for() {
        use ConsentDecision::{Deny, Permit};
        let (list, all) = (consent(Deny, Some("news"), 1), consent(Permit, None, 2));
        assert!(all.supersedes(&list) && !list.supersedes(&all));
        assert!(!consent(Permit, Some("news"), 3).supersedes(&all), "it is about less");
        assert!(!consent(Deny, None, 0).supersedes(&list), "it is older");
    }

    #[test]
    fn leaving_a_list_leaves_the_rest() {
        use ConsentDecision::Deny;
        assert_eq!(effective(&[consent(Deny, Some("news"), 1)], Some("news")), Some(Deny));
        assert_eq!(effective(&[consent(Deny, Some("news"), 1)], None), None);
    }

    #[test]
    fn a_refusal_with_any_record_is_the_persons() {
        use ConsentDecision::{Deny, Permit};
        let (refused, permitted, silent) = ([consent(Deny, None, 1)], [consent(Permit, None, 2)], []);
        let of = |records: &[&[Consent]]| effective_consent_of_person(records.iter().copied(), "email", Purpose::Treatment, None);
        assert_eq!(of(&[&permitted, &refused]), Some(Deny));
        assert_eq!(of(&[&permitted, &silent]), Some(Permit));
        assert_eq!(of(&[&silent, &silent]), None);
    }
}
