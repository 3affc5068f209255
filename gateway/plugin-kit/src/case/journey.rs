//! Cases of journeys: what happens to one person, and what is proposed then.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};
use outreach_plugin_sdk::document::Reader;
use serde_json::Value;

use super::{expectation, json_text, list, moment, optional_text};

const MOST_EVENTS: usize = 1_000;

/// What a journey plugin is asked.
#[derive(Clone, Debug)]
pub(crate) struct JourneyCase {
    pub(crate) definition: String,
    /// Answers to questions, by their keys.
    pub(crate) answers: BTreeMap<String, Option<bool>>,
    pub(crate) events: Vec<EventOfCase>,
}

/// Something that happens.
#[derive(Clone, Debug)]
pub(crate) struct EventOfCase {
    pub(crate) kind: EventKind,
    pub(crate) at: When,
    /// Answers that hold from here on.
    pub(crate) answers: BTreeMap<String, Option<bool>>,
}

#[derive(Clone, Debug)]
pub(crate) enum EventKind {
    Entered(String),
    Timer(String),
    Happened { kind: String, detail: String },
    SendOutcome { step: String, outcome: String, reason: Option<String> },
    Cancelled(String),
}

/// When it happens.
#[derive(Clone, Debug)]
pub(crate) enum When {
    At(Timestamp),
    /// So long after what happened before.
    After(Span),
    /// For a timer when it is due, for all else the moment of what happened before.
    Unsaid,
}

impl When {
    /// The moment so long after another.
    pub(crate) fn after(before: Timestamp, span: Span) -> Option<Timestamp> {
        Zoned::new(before, TimeZone::UTC).checked_add(span).ok().map(|after| after.timestamp())
    }
}

pub(super) fn read(reader: &mut Reader<'_>, document: &Value) -> Option<JourneyCase> {
    reader.object(&["says", "definition", "answers", "events", "expect"]);
    expectation(document, reader);
    let definition = json_text(document, reader, "definition");
    let answers = answers(reader);
    let mut is_first = true;
    let events = list(reader, "events", MOST_EVENTS, |reader| {
        let event = event(reader, document, is_first);
        is_first = false;
        event
    });
    Some(JourneyCase { definition: definition?, answers: answers?, events: events? })
}

fn answers(reader: &mut Reader<'_>) -> Option<BTreeMap<String, Option<bool>>> {
    if !reader.has("answers") {
        return Some(BTreeMap::new());
    }
    let mut answers = reader.member("answers");
    let keys = answers.names();
    answers.object(&keys);
    let answer = |key: &str| {
        let mut answer = answers.member(key);
        let truth = if answer.is_missing() { None } else { Some(answer.boolean()?) };
        Some((key.to_owned(), truth))
    };
    keys.into_iter().map(answer).collect()
}

fn event(reader: &mut Reader<'_>, document: &Value, is_first: bool) -> Option<EventOfCase> {
    #[derive(Clone, Copy)]
    enum Named {
        Entered,
        Timer,
        Happened,
        SendOutcome,
        Cancelled,
    }
    expectation(document, reader);
    let kinds = [
        ("entered", Named::Entered),
        ("timer", Named::Timer),
        ("happened", Named::Happened),
        ("send-outcome", Named::SendOutcome),
        ("cancelled", Named::Cancelled),
    ];
    let named = reader.member("event").choice(&kinds)?;
    let members: &[&str] = match named {
        Named::Entered | Named::Cancelled => &["event", "at", "after", "answers", "expect", "why"],
        Named::Timer => &["event", "at", "after", "answers", "expect", "step"],
        Named::Happened => &["event", "at", "after", "answers", "expect", "kind", "detail"],
        Named::SendOutcome => &["event", "at", "after", "answers", "expect", "step", "outcome", "reason"],
    };
    reader.object(members);
    let text = |reader: &mut Reader<'_>, name: &str| reader.member(name).text().map(str::to_owned);
    let kind = match named {
        Named::Entered => Some(EventKind::Entered(optional_text(reader, "why").unwrap_or_default())),
        Named::Cancelled => Some(EventKind::Cancelled(optional_text(reader, "why").unwrap_or_default())),
        Named::Timer => text(reader, "step").map(EventKind::Timer),
        Named::Happened => {
            let (kind, detail) = (text(reader, "kind"), optional_text(reader, "detail").unwrap_or_default());
            kind.map(|kind| EventKind::Happened { kind, detail })
        }
        Named::SendOutcome => {
            let outcomes = ["accepted", "rejected", "refused", "unknown", "expired"].map(|outcome| (outcome, outcome));
            let (step, outcome) = (text(reader, "step"), reader.member("outcome").choice(&outcomes));
            let reason = optional_text(reader, "reason");
            step.zip(outcome).map(|(step, outcome)| EventKind::SendOutcome { step, outcome: outcome.to_owned(), reason })
        }
    };
    let at = when(reader, is_first);
    Some(EventOfCase { answers: answers(reader)?, kind: kind?, at: at? })
}

fn when(reader: &mut Reader<'_>, is_first: bool) -> Option<When> {
    match (reader.has("at"), reader.has("after")) {
        (true, true) => {
            reader.member("after").fatal("there is an `at` already; say one of them");
            None
        }
        (true, false) => moment(&mut reader.member("at")).map(When::At),
        (false, _) if is_first => {
            reader.member("at").fatal("expected the moment of the first event, such as `2026-11-23T09:00:00Z`");
            None
        }
        (false, true) => {
            let mut after = reader.member("after");
            let text = after.text()?;
            let span = text.parse::<Span>().ok().filter(|span| !span.is_negative());
            if span.is_none() {
                after.fatal(format!("`{text}` is no duration; expected one such as `7 days` or `36 hours`"));
            }
            span.map(When::After)
        }
        (false, false) => Some(When::Unsaid),
    }
}
