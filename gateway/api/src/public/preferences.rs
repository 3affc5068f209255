//! The preference page: all email, and each topic.

use std::collections::HashSet;

use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use gateway_auth::signed_link::LinkPurpose;
use gateway_domain::audit::{Actor, AuditAction};
use gateway_domain::consent::{Consent, ConsentChannel, ConsentDecision};
use gateway_domain::ids::{ConsentId, PatientId};
use gateway_domain::subscription_list::{ListKind, SubscriptionList};
use http::{HeaderMap, StatusCode};
use url::form_urlencoded;

use super::page::{Choice, Page};
use super::unsubscribe::evidence;
use super::{Opened, PageError, open};
use crate::ApiDeps;

/// What the audit names.
const OBJECT: &str = "/p/preferences/{token}";
/// The field for all email.
const EMAIL: &str = "email";
/// What stands before the key of a list in its field.
const LIST: &str = "list-";

/// How a person stands to all email.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Email {
    /// May be written to.
    Open,
    /// Asked not to be.
    Refused,
    /// Asked not to be contacted by any means; more than this page can lift.
    EverythingRefused,
}

/// What the page shows.
#[derive(Debug, PartialEq, Eq)]
struct Preferences {
    email: Email,
    /// Each list with whether the person is on it.
    lists: Vec<(SubscriptionList, bool)>,
}

impl Preferences {
    fn of(consents: &[Consent], lists: Vec<SubscriptionList>) -> Self {
        let everything = last(consents, |consent| consent.list.is_none() && consent.medium.is_none());
        let email = last(consents, |consent| consent.list.is_none() && consent.medium.as_deref().is_none_or(|medium| medium == EMAIL));
        let email = match (everything, email) {
            (Some(ConsentDecision::Deny), _) => Email::EverythingRefused,
            (_, Some(ConsentDecision::Deny)) => Email::Refused,
            _ => Email::Open,
        };
        let lists = lists.into_iter().map(|list| {
            let said = last(consents, |consent| consent.list.as_deref() == Some(list.key.as_str()));
            let on = said.map_or(list.kind == ListKind::OptOut, |decision| decision == ConsentDecision::Permit);
            (list, on)
        });
        Self { email, lists: lists.collect() }
    }

    /// As [`Preferences::of`] for a person with several records: a refusal kept with one of them is the person's.
    fn of_person(by_record: &[Vec<Consent>], lists: Vec<SubscriptionList>) -> Self {
        let said = |consents: &[Consent], key: &str| last(consents, |consent| consent.list.as_deref() == Some(key));
        let email = by_record.iter().map(|consents| Self::of(consents, Vec::new()).email).max().unwrap_or(Email::Open);
        let lists = lists.into_iter().map(|list| {
            let decisions: Vec<ConsentDecision> = by_record.iter().filter_map(|consents| said(consents, &list.key)).collect();
            let on = !decisions.contains(&ConsentDecision::Deny) && (list.kind == ListKind::OptOut || !decisions.is_empty());
            (list, on)
        });
        Self { email, lists: lists.collect() }
    }

    /// What a form with these boxes ticked changes for a person: whatever is not so with one of the records.
    fn changes_of_person(by_record: &[Vec<Consent>], shown: &Self, ticked: &HashSet<String>) -> Vec<(Option<String>, ConsentDecision)> {
        let lists: Vec<SubscriptionList> = shown.lists.iter().map(|(list, _)| list.clone()).collect();
        let mut changes = shown.changes(ticked);
        for consents in by_record {
            for (list, decision) in Self::of(consents, lists.clone()).changes(ticked) {
                // Everything is more than the box stands for.
                let concerns_page = list.is_some() || shown.email != Email::EverythingRefused;
                if decision == ConsentDecision::Deny && concerns_page && !changes.iter().any(|(other, _)| *other == list) {
                    changes.push((list, decision));
                }
            }
        }
        changes
    }

    /// What a form with these boxes ticked changes: list (none for all email) and decision.
    fn changes(&self, ticked: &HashSet<String>) -> Vec<(Option<String>, ConsentDecision)> {
        let decision = |on: bool| if on { ConsentDecision::Permit } else { ConsentDecision::Deny };
        let email = match self.email {
            Email::EverythingRefused => None,
            now => {
                let wanted = ticked.contains(EMAIL);
                (wanted != (now == Email::Open)).then(|| (None, decision(wanted)))
            }
        };
        let lists = self.lists.iter().filter_map(|(list, on)| {
            let wanted = ticked.contains(&format!("{LIST}{}", list.key));
            (wanted != *on).then(|| (Some(list.key.clone()), decision(wanted)))
        });
        email.into_iter().chain(lists).collect()
    }
}

/// The last word among the decisions for every purpose that `about` picks; of two at the same moment the refusal.
fn last(consents: &[Consent], about: impl Fn(&Consent) -> bool) -> Option<ConsentDecision> {
    consents
        .iter()
        .filter(|consent| consent.purpose.is_none() && about(consent))
        .max_by_key(|consent| (consent.at, consent.decision == ConsentDecision::Deny))
        .map(|consent| consent.decision)
}

/// Shows how things stand. Changes nothing.
pub(super) async fn show(State(deps): State<ApiDeps>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    match read(&deps, &token, &headers).await {
        Ok((opened, preferences)) => page(&deps, &opened, &preferences, false),
        Err(error) => error.page(&deps, &headers),
    }
}

/// Saves what was chosen, and shows how things stand then.
pub(super) async fn save(State(deps): State<ApiDeps>, Path(token): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    match change(&deps, &token, &headers, &body).await {
        Ok((opened, preferences)) => page(&deps, &opened, &preferences, true),
        Err(error) => error.page(&deps, &headers),
    }
}

async fn read(deps: &ApiDeps, token: &str, headers: &HeaderMap) -> Result<(Opened, Preferences), PageError> {
    let opened = open(deps, LinkPurpose::Preferences, token, headers).await?;
    let patient = opened.message.patient;
    let preferences = current(deps, patient).await?;
    let entry = deps.entry(Actor::Patient(patient.to_string()), AuditAction::Read, OBJECT, Some(patient), true, String::new());
    deps.store.audit(&[entry]).await?;
    Ok((opened, preferences))
}

async fn change(deps: &ApiDeps, token: &str, headers: &HeaderMap, body: &[u8]) -> Result<(Opened, Preferences), PageError> {
    let ticked: HashSet<String> = form_urlencoded::parse(body).map(|(name, _)| name.into_owned()).collect();
    let (opened, before) = read(deps, token, headers).await?;
    // A request that did not come from the button is no choice: every box it leaves out would be taken as a refusal.
    if !ticked.contains("save") {
        return Ok((opened, before));
    }
    let patient = opened.message.patient;
    let by_record = deps.store.consents_by_record(patient).await?;
    for (list, decision) in Preferences::changes_of_person(&by_record, &before, &ticked) {
        let at = deps.clock.now();
        let consent = Consent {
            id: ConsentId::new(at, deps.entropy.for_id()),
            decision,
            medium: Some(EMAIL.to_owned()),
            purpose: None,
            list,
            at,
            through: ConsentChannel::PreferencePage,
            evidence: evidence(opened.message.id, opened.wording),
        };
        let actor = Actor::Patient(patient.to_string());
        let entry = deps.entry(actor, AuditAction::Update, OBJECT, Some(patient), true, consent.id.to_string());
        deps.store.record_consent(patient, &consent).await?;
        deps.store.audit(&[entry]).await?;
    }
    deps.wake.journeys_changed();
    let after = current(deps, patient).await?;
    Ok((opened, after))
}

async fn current(deps: &ApiDeps, patient: PatientId) -> Result<Preferences, PageError> {
    let by_record = deps.store.consents_by_record(patient).await?;
    Ok(Preferences::of_person(&by_record, deps.store.subscription_lists().await?))
}

fn page(deps: &ApiDeps, opened: &Opened, preferences: &Preferences, saved: bool) -> Response {
    let wording = opened.wording;
    let mut page = Page::new(wording, &deps.organization, wording.preferences_title);
    if saved {
        page = page.status(wording.saved);
    }
    page = page.paragraph(wording.preferences_text).form();
    let (ticked, open, hint) = match preferences.email {
        Email::Open => (true, true, wording.email_hint),
        Email::Refused => (false, true, wording.email_hint),
        Email::EverythingRefused => (false, false, wording.refused_everything),
    };
    page = page.choices(wording.email_legend, &[Choice { name: EMAIL, label: wording.email_label, hint, ticked, open }]);
    let names: Vec<String> = preferences.lists.iter().map(|(list, _)| format!("{LIST}{}", list.key)).collect();
    let topics: Vec<Choice<'_>> = preferences
        .lists
        .iter()
        .zip(&names)
        .map(|((list, on), name)| Choice { name, label: &list.title, hint: &list.description, ticked: *on, open: true })
        .collect();
    if !topics.is_empty() {
        page = page.choices(wording.lists_legend, &topics);
    }
    page.send("save", wording.save_button).answer(StatusCode::OK)
}

#[cfg(test)]
mod tests {
    use gateway_domain::ids::SubscriptionListId;
    use jiff::Timestamp;

    use super::*;

    fn list(key: &str, kind: ListKind) -> SubscriptionList {
        SubscriptionList {
            id: SubscriptionListId::new(Timestamp::UNIX_EPOCH, [0; 10]),
            key: key.into(),
            title: key.into(),
            description: String::new(),
            kind,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn said(decision: ConsentDecision, medium: Option<&str>, list: Option<&str>, at: i64) -> Consent {
        Consent {
            id: ConsentId::new(Timestamp::UNIX_EPOCH, [0; 10]),
            decision,
            medium: medium.map(Into::into),
            purpose: None,
            list: list.map(Into::into),
            at: Timestamp::from_second(at).unwrap(),
            through: ConsentChannel::PreferencePage,
            evidence: String::new(),
        }
    }

    fn ticked(names: &[&str]) -> HashSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn saving_what_is_there_changes_nothing() {
        let preferences = Preferences::of(&[], vec![list("news", ListKind::OptIn), list("care", ListKind::OptOut)]);
        assert_eq!(preferences.changes(&ticked(&["email", "list-care"])), []);
    }

    #[test]
    fn only_what_differs_is_recorded() {
        let preferences = Preferences::of(&[], vec![list("news", ListKind::OptIn), list("care", ListKind::OptOut)]);
        assert_eq!(
            preferences.changes(&ticked(&["list-news", "list-care"])),
            [(None, ConsentDecision::Deny), (Some("news".to_owned()), ConsentDecision::Permit)]
        );
    }

    #[test]
    fn a_refusal_of_every_contact_is_not_lifted_by_a_tick() {
        let consents = [said(ConsentDecision::Deny, None, None, 1), said(ConsentDecision::Permit, Some("email"), None, 2)];
        let preferences = Preferences::of(&consents, Vec::new());
        assert_eq!(preferences.email, Email::EverythingRefused);
        assert_eq!(preferences.changes(&ticked(&["email"])), []);
    }

    #[test]
    fn leaving_and_coming_back_shows_as_open() {
        let left = said(ConsentDecision::Deny, Some("email"), None, 1);
        let back = said(ConsentDecision::Permit, Some("email"), None, 2);
        assert_eq!(Preferences::of(std::slice::from_ref(&left), Vec::new()).email, Email::Refused);
        assert_eq!(Preferences::of(&[left, back], Vec::new()).email, Email::Open);
    }
}
