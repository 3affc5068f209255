//! Leaving: a page with one button, and the one-click request of a mail program (RFC 8058), which needs neither cookie nor page.

use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use gateway_auth::signed_link::LinkPurpose;
use gateway_domain::audit::{Actor, AuditAction};
use gateway_domain::consent::{Consent, ConsentChannel, ConsentDecision};
use gateway_domain::ids::{ConsentId, MessageId};
use http::{HeaderMap, StatusCode};

use super::page::Page;
use super::wording::{VERSION, Wording};
use super::{Opened, PageError, open, preferences_page};
use crate::ApiDeps;

/// What the audit names.
const OBJECT: &str = "/p/unsubscribe/{token}";
/// What a mail program posts (RFC 8058, section 3.2), whatever kind of form it wraps it into.
const ONE_CLICK: &[u8] = b"One-Click";

/// Asks. Changes nothing, since scanners follow every link.
pub(super) async fn ask(State(deps): State<ApiDeps>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    match open(&deps, LinkPurpose::Unsubscribe, &token, &headers).await {
        Ok(Opened { message, wording }) => Page::new(wording, &deps.organization, wording.leave_title)
            .paragraph(wording.leave_text)
            .form()
            .send("leave", wording.leave_button)
            .link(&preferences_page(&deps, message.id), wording.choose_instead)
            .answer(StatusCode::OK),
        Err(error) => error.page(&deps, &headers),
    }
}

/// Leaves. Doing it again changes nothing more.
pub(super) async fn leave(State(deps): State<ApiDeps>, Path(token): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let one_click = body.windows(ONE_CLICK.len()).any(|window| window.eq_ignore_ascii_case(ONE_CLICK));
    let through = if one_click { ConsentChannel::OneClick } else { ConsentChannel::PreferencePage };
    let left = match open(&deps, LinkPurpose::Unsubscribe, &token, &headers).await {
        Ok(opened) => record(&deps, &opened, through).await.map(|()| opened),
        Err(error) => Err(error),
    };
    match left {
        Ok(Opened { message, wording }) => Page::new(wording, &deps.organization, wording.left_title)
            .status(wording.left_text)
            .link(&preferences_page(&deps, message.id), wording.come_back)
            .answer(StatusCode::OK),
        Err(error) => error.page(&deps, &headers),
    }
}

async fn record(deps: &ApiDeps, opened: &Opened, through: ConsentChannel) -> Result<(), PageError> {
    let patient = opened.message.patient;
    // Each record by itself: a refusal that only another record of the person holds would not stay with this one.
    let by_record = deps.store.consents_by_record(patient).await?;
    if !by_record.is_empty() && by_record.iter().all(|consents| has_left(consents)) {
        return Ok(());
    }
    let at = deps.clock.now();
    let refusal = Consent {
        id: ConsentId::new(at, deps.entropy.for_id()),
        decision: ConsentDecision::Deny,
        medium: Some("email".to_owned()),
        purpose: None,
        list: None,
        at,
        through,
        evidence: evidence(opened.message.id, opened.wording),
    };
    deps.store.record_consent(patient, &refusal).await?;
    deps.wake.journeys_changed();
    let entry = deps.entry(
        Actor::Patient(patient.to_string()),
        AuditAction::Update,
        OBJECT,
        Some(patient),
        true,
        format!("{} {}", refusal.id, opened.message.id),
    );
    // Leaving counts even where the audit can't be written; the decision carries its own evidence.
    if let Err(error) = deps.store.audit(&[entry]).await {
        tracing::error!(%error, consent = %refusal.id, "Audit of an opt-out could not be written");
    }
    Ok(())
}

/// Whether the last word about all email, for every purpose, is a refusal.
fn has_left(consents: &[Consent]) -> bool {
    let about_all_email = |consent: &&Consent| {
        consent.list.is_none() && consent.purpose.is_none() && consent.medium.as_deref().is_none_or(|medium| medium == "email")
    };
    let last = consents.iter().filter(about_all_email).max_by_key(|consent| (consent.at, consent.decision == ConsentDecision::Deny));
    last.is_some_and(|consent| consent.decision == ConsentDecision::Deny)
}

/// Which message the decision came from, and which text was shown.
pub(super) fn evidence(message: MessageId, wording: &Wording) -> String {
    format!("{message}, text {VERSION} {}", wording.language)
}
