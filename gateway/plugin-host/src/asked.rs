//! What a call is for, and what it is given: by name and size, never by value.
//!
//! Architecture invariant: no value goes from here into a trace. A name that came with the call, of an attribute or a header, is shown
//! only if it can't be more than a name.

use std::borrow::Cow;

use gateway_domain::fact::FactKind;
use gateway_domain::journey::{Answer, JourneyEvent};
use gateway_domain::plugin_call::{CallInput, PluginFunction};
use gateway_ports::plugins::{OutgoingMessage, SegmentQuestion, WebhookRequest};

use crate::abi::v0_1::segment::exports::outreach::plugin::segment::Batch;
use crate::sight::Sight;

/// Different names of attributes or headers that are shown; the others are counted together.
const MOST_NAMES: usize = 20;
/// Letters of such a name, and digits in it.
const LONGEST_NAME: usize = 40;
const MOST_DIGITS: usize = 2;
/// Where names that are not shown are counted.
const OTHERS: &str = "others";

/// A function of a plugin, and its inputs as the trace shows them.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) function: PluginFunction,
    pub(crate) inputs: Vec<CallInput>,
}

impl Asked {
    pub(crate) const fn start() -> Self {
        Self { function: PluginFunction::Start, inputs: Vec::new() }
    }

    pub(crate) fn check(name: &'static str, text: &str) -> Self {
        Self { function: PluginFunction::Check, inputs: vec![CallInput::sized(name, text.len())] }
    }

    pub(crate) fn describe(config: &str) -> Self {
        Self { function: PluginFunction::Describe, inputs: vec![CallInput::sized("config", config.len())] }
    }

    pub(crate) fn evaluate(question: &SegmentQuestion, batch: &Batch, sight: Sight) -> Self {
        let codes = question.code_sets.iter().map(|set| set.as_slice().len()).sum();
        let asked = CallInput::named("question").of(vec![
            CallInput::sized("config", question.config.len()),
            CallInput::counted("code-sets", question.code_sets.len()).of(vec![CallInput::counted("codes", codes)]),
            CallInput::named("as-of"),
            CallInput::named("with-evidence"),
        ]);
        let columns = sight.columns().map(CallInput::named).chain([facts(&batch.kind)]);
        let patients = CallInput::counted("patients", batch.birth.len()).of(columns.collect());
        Self { function: PluginFunction::Evaluate, inputs: vec![asked, patients] }
    }

    pub(crate) fn advance(definition: &str, state: Option<&str>, event: &JourneyEvent, answers: &[Answer]) -> Self {
        let mut inputs = Vec::with_capacity(5);
        inputs.push(CallInput::sized("definition", definition.len()));
        inputs.extend(state.map(|state| CallInput::sized("state", state.len())));
        inputs.push(CallInput::named("event").of(vec![happened(event)]));
        if !answers.is_empty() {
            let keys = answers.iter().map(|answer| answer.key.len()).sum();
            let fields = vec![CallInput::sized("key", keys), CallInput::named("truth")];
            inputs.push(CallInput::counted("answers", answers.len()).of(fields));
        }
        inputs.push(CallInput::named("now"));
        Self { function: PluginFunction::Advance, inputs }
    }

    pub(crate) fn send(config: &str, messages: &[OutgoingMessage]) -> Self {
        let bytes = |size: fn(&OutgoingMessage) -> usize| messages.iter().map(size).sum();
        let mut fields = vec![
            CallInput::sized("key", bytes(|message| message.key.len())),
            CallInput::sized("to", bytes(|message| message.to.len())),
            CallInput::sized("content-kind", bytes(|message| message.content_kind.len())),
        ];
        if messages.iter().any(|message| message.subject.is_some()) {
            fields.push(CallInput::sized("subject", bytes(|message| message.subject.as_ref().map_or(0, String::len))));
        }
        fields.push(CallInput::sized("body", bytes(|message| message.body.len())));
        let attributes = named(messages.iter().flat_map(|message| &message.attributes));
        if !attributes.is_empty() {
            fields.push(CallInput::named("attributes").of(attributes));
        }
        let messages = CallInput::counted("messages", messages.len()).of(fields);
        Self { function: PluginFunction::Send, inputs: vec![CallInput::sized("config", config.len()), messages] }
    }

    pub(crate) fn receive(config: &str, request: &WebhookRequest) -> Self {
        let fields = vec![
            CallInput::sized("method", request.method.len()),
            CallInput::sized("url", request.url.len()),
            CallInput::counted("headers", request.headers.len()).of(named(&request.headers)),
            CallInput::sized("body", request.body.len()),
            CallInput::named("received-at"),
        ];
        let inputs = vec![CallInput::sized("config", config.len()), CallInput::named("request").of(fields)];
        Self { function: PluginFunction::Receive, inputs }
    }
}

/// How many facts of which kinds.
fn facts(kinds: &[u8]) -> CallInput {
    let mut counts = [0_usize; FactKind::ALL.len()];
    for number in kinds {
        if let Some(count) = counts.get_mut(usize::from(*number)) {
            *count += 1;
        }
    }
    let there = FactKind::ALL.into_iter().zip(counts).filter(|(_, count)| *count > 0);
    CallInput::counted("facts", kinds.len()).of(there.map(|(kind, count)| CallInput::counted(kind.name(), count)).collect())
}

fn happened(event: &JourneyEvent) -> CallInput {
    match event {
        JourneyEvent::Entered(why) => CallInput::sized("entered", why.len()),
        JourneyEvent::Timer(step) => CallInput::sized("timer", step.len()),
        JourneyEvent::Happened(happening) => CallInput::named("happened").of(vec![
            CallInput::sized("kind", happening.kind.len()),
            CallInput::named("at"),
            CallInput::sized("detail", happening.detail.len()),
        ]),
        JourneyEvent::SendOutcome(outcome) => CallInput::named("send-outcome").of(vec![
            CallInput::sized("step", outcome.step.len()),
            CallInput::sized("outcome", outcome.outcome.len()),
            CallInput::sized("reason", outcome.reason.as_ref().map_or(0, String::len)),
        ]),
        JourneyEvent::Cancelled(why) => CallInput::sized("cancelled", why.len()),
    }
}

/// Pairs of names and values as names with the sizes of their values.
fn named<'a>(pairs: impl IntoIterator<Item = &'a (String, String)>) -> Vec<CallInput> {
    let mut fields: Vec<CallInput> = Vec::new();
    for (name, value) in pairs {
        let is_there = |shown: &str| fields.iter().any(|field| field.name == shown);
        let may_be_shown = is_name(name) && (is_there(name) || fields.len() < MOST_NAMES);
        let shown = if may_be_shown { name.as_str() } else { OTHERS };
        if !is_there(shown) {
            fields.push(CallInput { name: Cow::Owned(shown.to_owned()), count: Some(0), bytes: Some(0), fields: Vec::new() });
        }
        if let Some(CallInput { count: Some(count), bytes: Some(bytes), .. }) = fields.iter_mut().find(|field| field.name == shown) {
            *count += 1;
            *bytes += value.len() as u64;
        }
    }
    fields
}

/// Whether it looks as names of headers and attributes do.
fn is_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && text.bytes().filter(u8::is_ascii_digit).count() <= MOST_DIGITS
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn names_are_added_up_and_values_are_sizes() {
        let fields = named(&[pair("envelope-from", "ana"), pair("reply-to", "eve@x"), pair("envelope-from", "b")]);
        let seen: Vec<_> = fields.iter().map(|field| (field.name.as_ref(), field.count, field.bytes)).collect();
        assert_eq!(seen, [("envelope-from", Some(2), Some(4)), ("reply-to", Some(1), Some(5))]);
    }

    #[test]
    fn what_may_be_more_than_a_name_is_only_counted() {
        for odd in ["Ana García", "ana@example.org", "x-15550100123", "", &"a".repeat(41)] {
            let fields = named(&[pair(odd, "value")]);
            assert_eq!(fields.iter().map(|field| field.name.as_ref()).collect::<Vec<_>>(), [OTHERS], "{odd}");
        }
    }

    #[test]
    fn a_request_is_the_names_of_its_headers_and_sizes() {
        let canary = "canary-7f3a";
        let request = WebhookRequest {
            method: "POST".to_owned(),
            url: format!("https://gateway.example/webhooks/channel/sms?from={canary}"),
            headers: vec![pair("x-signature", canary), pair("x-15550100123", canary)],
            body: format!("From={canary}").into_bytes(),
            received_at: Timestamp::UNIX_EPOCH,
        };
        let asked = Asked::receive(canary, &request);
        let told = &asked.inputs[1];
        let names: Vec<&str> = told.fields.iter().map(|field| field.name.as_ref()).collect();
        assert_eq!(names, ["method", "url", "headers", "body", "received-at"]);
        let headers: Vec<&str> = told.fields[2].fields.iter().map(|field| field.name.as_ref()).collect();
        assert_eq!(headers, ["x-signature", OTHERS]);
        assert_eq!(told.fields[3].bytes, Some(16));
        let shown = format!("{asked:?}");
        assert!(!shown.contains(canary) && !shown.contains("5550100"), "{shown}");
    }

    #[test]
    fn names_without_end_are_counted_together() {
        let letters = (b'a'..=b'z').flat_map(|one| (b'a'..=b'z').map(move |two| format!("{}{}", char::from(one), char::from(two))));
        let fields = named(&letters.map(|name| pair(&name, "12")).collect::<Vec<_>>());
        assert_eq!(fields.len(), MOST_NAMES + 1);
        assert_eq!(fields.last().map(|field| (field.name.as_ref(), field.count)), Some((OTHERS, Some(26 * 26 - 20))));
    }
}
