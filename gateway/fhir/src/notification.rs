//! What a server says when something changed: FHIR R4 rest-hooks (nothing, a bare resource, a Bundle), and the notifications of the
//! subscriptions-backport (a Bundle whose first entry is `Parameters` in R4, `SubscriptionStatus` in R4B and R5).
//!
//! A notification is a hint and nothing else. Only types, ids and numbers are taken out of it; an address in it is cut down to its last
//! two parts and never followed, and what a resource in it says is not looked at.

use std::collections::BTreeSet;

use gateway_ports::push::{Delivery, Hint, Notification, NotificationKind, NotificationReader};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::bundle::{Bundle, Entry, Head};
use crate::mapping::lenient::{Many, One, Text};
use crate::mapping::{Reference, is_id};

/// More than these in one notification, and everything is asked for in place of each.
const MOST_HINTS: usize = 1_000;
/// More event numbers than these are cut; what is between is then found missing.
const MOST_EVENTS: usize = 10_000;

/// Reads notifications of any server.
#[derive(Clone, Copy, Debug, Default)]
pub struct FhirNotifications;

impl NotificationReader for FhirNotifications {
    fn notification(&self, delivery: Delivery<'_>) -> Notification {
        read(delivery)
    }
}

/// What a delivery says. No bytes make it fail: what can't be read is a reason to look everywhere.
pub fn read(delivery: Delivery<'_>) -> Notification {
    let mut told: Vec<Hint> = delivery.place.into_iter().filter_map(|(resource_type, id)| hint(resource_type, id)).collect();
    told.extend(delivery.deleted.and_then(named));
    let mut notification = delivery.body.map_or_else(Notification::unreadable, read_body);
    if notification.kind == NotificationKind::Event && !told.is_empty() {
        // The address or header says what the body does not.
        notification.vague &= !notification.hints.is_empty();
        notification.hints.extend(told);
    }
    let distinct: BTreeSet<Hint> = std::mem::take(&mut notification.hints).into_iter().collect();
    notification.vague |= distinct.len() > MOST_HINTS;
    notification.hints = distinct.into_iter().take(MOST_HINTS).collect();
    notification.events.sort_unstable();
    notification.events.dedup();
    notification.events.truncate(MOST_EVENTS);
    notification
}

/// `SubscriptionStatus` (R4B, R5).
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct StatusResource<'a> {
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    r#type: Text<'a>,
    #[serde(borrow)]
    events_since_subscription_start: Text<'a>,
    #[serde(borrow)]
    notification_event: Many<Event<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Event<'a> {
    #[serde(borrow)]
    event_number: Text<'a>,
    #[serde(borrow)]
    focus: One<Reference<'a>>,
}

/// `Parameters` that stand for a status (R4).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Parameters<'a> {
    #[serde(borrow)]
    parameter: Many<Parameter<'a>>,
}

/// A parameter or a part of one. Numbers, words and references come in several forms; servers and versions of the guide differ.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Parameter<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow, rename = "valueString")]
    string: Text<'a>,
    #[serde(borrow, rename = "valueCode")]
    code: Text<'a>,
    #[serde(borrow, rename = "valueUnsignedInt")]
    unsigned_int: Text<'a>,
    #[serde(borrow, rename = "valuePositiveInt")]
    positive_int: Text<'a>,
    #[serde(borrow, rename = "valueInteger")]
    integer: Text<'a>,
    #[serde(borrow, rename = "valueInteger64")]
    integer64: Text<'a>,
    #[serde(borrow, rename = "valueDecimal")]
    decimal: Text<'a>,
    #[serde(borrow, rename = "valueUri")]
    uri: Text<'a>,
    #[serde(borrow, rename = "valueReference")]
    refers_to: One<Reference<'a>>,
    #[serde(borrow)]
    part: Many<Parameter<'a>>,
}

impl Parameter<'_> {
    fn word(&self) -> Option<&str> {
        let texts =
            [&self.code, &self.string, &self.unsigned_int, &self.positive_int, &self.integer, &self.integer64, &self.decimal, &self.uri];
        texts.into_iter().find_map(Text::get)
    }

    fn number(&self) -> Option<u64> {
        number(self.word()?)
    }

    fn reference(&self) -> Option<&str> {
        self.refers_to.get().and_then(|it| it.reference.get()).or_else(|| self.word())
    }
}

fn read_body(body: &[u8]) -> Notification {
    let Ok(text) = std::str::from_utf8(body) else { return Notification::unreadable() };
    let text = text.trim_start_matches('\u{feff}').trim();
    let Ok(body) = serde_json::from_str::<Bundle<'_>>(text) else { return Notification::unreadable() };
    match body.resource_type.get() {
        Some("Bundle") => bundle(&body),
        Some("SubscriptionStatus" | "Parameters") => {
            serde_json::from_str::<&RawValue>(text).ok().and_then(status).unwrap_or_else(Notification::unreadable)
        }
        Some(resource_type) => {
            let hints: Vec<Hint> = body.id.get().and_then(|id| hint(resource_type, id)).into_iter().collect();
            Notification { vague: hints.is_empty(), hints, ..Notification::unreadable() }
        }
        None => Notification::unreadable(),
    }
}

fn bundle(bundle: &Bundle<'_>) -> Notification {
    let told = bundle.entry.iter().filter_map(|it| it.resource).find_map(status);
    let mut notification = told.unwrap_or(Notification { vague: false, ..Notification::unreadable() });
    if notification.kind != NotificationKind::Event && notification.kind != NotificationKind::Answer {
        return notification;
    }
    if notification.hints.is_empty() {
        let hints = bundle.entry.iter().filter_map(hint_of_entry);
        notification.hints = hints.filter(|it| !is_status(&it.resource_type)).collect();
        let nothing_happened = notification.kind == NotificationKind::Answer && notification.events.is_empty();
        notification.vague = notification.hints.is_empty() && !nothing_happened;
    }
    notification
}

fn is_status(resource_type: &str) -> bool {
    matches!(resource_type, "Parameters" | "SubscriptionStatus" | "Subscription")
}

fn hint_of_entry(entry: &Entry<'_>) -> Option<Hint> {
    let head = entry.head();
    let inside = head.resource_type.get().zip(head.id.get()).and_then(|(resource_type, id)| hint(resource_type, id));
    inside.or_else(|| entry.places().find_map(named))
}

/// What a status says; `None` where the resource is none.
fn status(raw: &RawValue) -> Option<Notification> {
    let head: Head<'_> = serde_json::from_str(raw.get()).ok()?;
    match head.resource_type.get()? {
        "SubscriptionStatus" => serde_json::from_str::<StatusResource<'_>>(raw.get()).ok().map(|it| of_status(&it)),
        "Parameters" => serde_json::from_str::<Parameters<'_>>(raw.get()).ok().and_then(|it| of_parameters(&it)),
        _ => None,
    }
}

fn of_status(status: &StatusResource<'_>) -> Notification {
    let events = status.notification_event.iter().map(|it| {
        let focus = it.focus.get().and_then(|it| it.reference.get());
        (it.event_number.get().and_then(number), focus)
    });
    of_parts(status.r#type.get(), status.status.get(), status.events_since_subscription_start.get().and_then(number), events)
}

fn of_parameters(parameters: &Parameters<'_>) -> Option<Notification> {
    let find = |name: &str| parameters.parameter.iter().find(|it| it.name.is(name));
    let kind = find("type").and_then(Parameter::word);
    // Other operations answer with Parameters too.
    kind.or_else(|| find("subscription").and_then(Parameter::reference))?;
    let events = parameters.parameter.iter().filter(|it| it.name.is("notification-event")).map(|it| {
        let part = |name: &str| it.part.iter().find(|it| it.name.is(name));
        (part("event-number").and_then(Parameter::number), part("focus").and_then(Parameter::reference))
    });
    Some(of_parts(
        kind,
        find("status").and_then(Parameter::word),
        find("events-since-subscription-start").and_then(Parameter::number),
        events,
    ))
}

fn of_parts<'a>(
    kind: Option<&str>,
    status: Option<&str>,
    events_since_start: Option<u64>,
    told: impl Iterator<Item = (Option<u64>, Option<&'a str>)>,
) -> Notification {
    let kind = match kind {
        Some("handshake") => NotificationKind::Handshake,
        Some("heartbeat") => NotificationKind::Heartbeat,
        Some("query-status" | "query-event") => NotificationKind::Answer,
        _ => NotificationKind::Event,
    };
    let (mut hints, mut events, mut vague, mut none) = (Vec::new(), Vec::new(), false, true);
    for (number, focus) in told {
        none = false;
        events.extend(number);
        match focus.and_then(named) {
            Some(hint) => hints.push(hint),
            // An event of which it is not said what changed.
            None => vague = true,
        }
    }
    if kind == NotificationKind::Event && none {
        vague = true;
        // Without its own events a notification tells of the last one there was.
        events.extend(events_since_start);
    }
    let failing = matches!(status, Some("error" | "off" | "entered-in-error"));
    Notification { kind, hints, vague, failing, events, events_since_start }
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok()
}

/// Type and id at the end of a reference, wherever it points: they are asked of our own server alone.
fn named(reference: &str) -> Option<Hint> {
    let path = reference.split(['?', '#', '|']).next()?;
    let mut parts: Vec<&str> = path.split('/').filter(|it| !it.is_empty()).collect();
    if let Some(at) = parts.iter().rposition(|it| *it == "_history") {
        parts.truncate(at);
    }
    let id = parts.pop()?;
    hint(parts.pop()?, id)
}

/// A hint that can be asked for safely: a type that looks like one, an id that stays one part of a path.
fn hint(resource_type: &str, id: &str) -> Option<Hint> {
    let is_type = resource_type.len() <= 64
        && resource_type.starts_with(|it: char| it.is_ascii_uppercase())
        && resource_type.bytes().all(|it| it.is_ascii_alphabetic());
    let is_safe = is_id(id) && !id.starts_with(['$', '_', '.']) && !id.contains(['?', '#', '%', '\\', ';']);
    (is_type && is_safe).then(|| Hint { resource_type: resource_type.to_owned(), fhir_id: id.to_owned() })
}

#[cfg(test)]
mod tests;
