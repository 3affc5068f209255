//! A Bundle taken apart: the resources of its entries, raw, with references to each other by URN led to what they mean.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use gateway_ports::ehr::Unreadable;
use gateway_ports::handover::HandoverContent;

use crate::bundle::Bundle;
use crate::mapping::own_reference;

/// Bundles in Bundles in Bundles: no further.
const DEEPEST: u8 = 3;

/// What an entry is.
enum Entry {
    /// A resource, at its place in the text; where it says no id, the one its URN gives it.
    Resource {
        at: Range<usize>,
        id: Option<String>,
    },
    Deletion {
        resource_type: String,
        fhir_id: String,
    },
    Unreadable {
        reason: &'static str,
        at: Range<usize>,
    },
}

/// A Bundle taken apart, over the text it came in.
pub(super) struct Unfolded {
    entries: Vec<Entry>,
    /// What the full URL of an entry stands for.
    names: HashMap<String, String>,
}

/// Whether a text may be a Bundle, told without parsing it: most lines are none.
pub(super) fn may_be_bundle(text: &[u8]) -> bool {
    match text.strip_prefix(b"{\"resourceType\":\"") {
        Some(rest) => rest.starts_with(b"Bundle\""),
        None => std::str::from_utf8(text).is_ok_and(|text| text.contains("\"Bundle\"")),
    }
}

/// Takes a Bundle apart; `None` where the text is none, or is one that is a document of its own (a message, a clinical document).
/// `whole_urls` leads absolute full URLs to the entries they name, too: right where the server they belong to is not known.
pub(super) fn unfold(text: &str, whole_urls: bool) -> Option<Unfolded> {
    let bundle: Bundle<'_> = serde_json::from_str(text).ok()?;
    let kind = bundle.r#type.get();
    if !bundle.resource_type.is("Bundle") || matches!(kind, Some("document" | "message")) {
        return None;
    }
    let mut entries = Vec::new();
    let mut names = HashMap::new();
    for raw in bundle.entry.iter() {
        let method = raw.method().unwrap_or("");
        let full_url = raw.full_url.get().unwrap_or("");
        if method.eq_ignore_ascii_case("DELETE") {
            entries.push(match raw.places().find_map(named) {
                Some((resource_type, fhir_id)) => Entry::Deletion { resource_type, fhir_id },
                None => Entry::Unreadable { reason: "a deletion that names no resource", at: 0..0 },
            });
            continue;
        }
        let Some(at) = raw.resource.and_then(|it| span(text, it.get())) else { continue };
        let head = raw.head();
        if method.eq_ignore_ascii_case("PATCH") {
            entries.push(Entry::Unreadable { reason: "a PATCH, which says only what changes", at });
            continue;
        }
        let urn_id = full_url.strip_prefix("urn:uuid:").filter(|_| head.id.get().is_none());
        if let (Some(resource_type), Some(id)) = (head.resource_type.get(), head.id.get().or(urn_id))
            && (full_url.starts_with("urn:") || whole_urls && full_url.contains("://"))
        {
            names.insert(full_url.to_owned(), format!("{resource_type}/{id}"));
        }
        entries.push(Entry::Resource { at, id: urn_id.map(str::to_owned) });
    }
    // The newest version comes first in a history, and is to be applied last.
    if kind == Some("history") {
        entries.reverse();
    }
    Some(Unfolded { entries, names })
}

impl Unfolded {
    /// How many entries it has.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// An entry, out of the text the Bundle was in.
    pub(super) fn entry(&self, text: &str, place: usize, whole_urls: bool) -> Vec<HandoverContent> {
        let mut found = Vec::new();
        self.push(text, place, whole_urls, DEEPEST, &mut found);
        found
    }

    fn push(&self, text: &str, place: usize, whole_urls: bool, depth: u8, to: &mut Vec<HandoverContent>) {
        let part = |at: &Range<usize>| text.get(at.clone()).unwrap_or_default();
        match self.entries.get(place) {
            None => {}
            Some(Entry::Deletion { resource_type, fhir_id }) => {
                to.push(HandoverContent::Deletion { resource_type: resource_type.clone(), fhir_id: fhir_id.clone() });
            }
            Some(Entry::Unreadable { reason, at }) => {
                let reason = Unreadable { reason: (*reason).to_owned(), resource_type: None, fhir_id: None };
                to.push(HandoverContent::Unreadable(reason, part(at).as_bytes().to_vec()));
            }
            Some(Entry::Resource { at, id }) => {
                let mut resource = led_home(part(at), &self.names);
                if let (Some(id), Some(rest)) = (id, resource.trim_start().strip_prefix('{')) {
                    let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
                    resource = Cow::Owned(format!("{{\"id\":{}{comma}{rest}", serde_json::Value::from(id.as_str())));
                }
                if depth > 0
                    && may_be_bundle(resource.as_bytes())
                    && let Some(inner) = unfold(&resource, whole_urls)
                {
                    for place in 0..inner.len() {
                        inner.push(&resource, place, whole_urls, depth - 1, to);
                    }
                } else {
                    to.push(HandoverContent::Resource(resource.into_owned().into_bytes()));
                }
            }
        }
    }
}

/// Type and id that a URL names, on whatever server.
fn named(url: &str) -> Option<(String, String)> {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let mut parts = path.split('?').next()?.rsplit('/');
    let id = parts.next()?;
    let resource_type = parts.next()?;
    if url.contains('?') {
        return None;
    }
    own_reference(&format!("{resource_type}/{id}"), "").map(|(resource_type, id)| (resource_type.to_owned(), id.to_owned()))
}

/// Where a part lies in the text it was borrowed from.
fn span(text: &str, part: &str) -> Option<Range<usize>> {
    let start = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    text.get(start..start + part.len()).map(|_| start..start + part.len())
}

/// Leads the references of a resource to what their URNs stand for. The rest of its text stays as it came.
fn led_home<'a>(resource: &'a str, names: &HashMap<String, String>) -> Cow<'a, str> {
    const KEY: &str = "\"reference\"";
    if names.is_empty() {
        return Cow::Borrowed(resource);
    }
    let mut led = String::new();
    let mut done = 0;
    let mut from = 0;
    while let Some(key) = resource.get(from..).and_then(|rest| rest.find(KEY)) {
        from += key + KEY.len();
        let rest = resource.get(from..).unwrap_or_default();
        let Some(value) = rest.trim_start().strip_prefix(':').and_then(|it| it.trim_start().strip_prefix('"')) else { continue };
        let begins = resource.len() - value.len();
        let Some(length) = value.find('"') else { break };
        if let Some(name) = value.get(..length).and_then(|reference| names.get(reference.trim())) {
            led.push_str(resource.get(done..begins).unwrap_or_default());
            led.push_str(name);
            done = begins + length;
        }
        from = begins + length;
    }
    if done == 0 {
        return Cow::Borrowed(resource);
    }
    led.push_str(resource.get(done..).unwrap_or_default());
    Cow::Owned(led)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str, whole_urls: bool) -> Vec<String> {
        let unfolded = unfold(text, whole_urls).unwrap();
        (0..unfolded.len())
            .flat_map(|place| unfolded.entry(text, place, whole_urls))
            .map(|content| match content {
                HandoverContent::Resource(raw) => String::from_utf8(raw).unwrap(),
                HandoverContent::Deletion { resource_type, fhir_id } => format!("-{resource_type}/{fhir_id}"),
                HandoverContent::Unreadable(reason, _) => format!("!{}", reason.reason),
            })
            .collect()
    }

    #[test]
    fn urns_lead_to_the_entries_they_name() {
        let text = r#"{"resourceType":"Bundle","type":"transaction","entry":[
            {"fullUrl":"urn:uuid:a","resource":{"resourceType":"Patient","id":"1"},"request":{"method":"POST","url":"Patient"}},
            {"fullUrl":"urn:uuid:b","resource":{"resourceType":"Condition","subject" : {"reference" : "urn:uuid:a"},"note":[{"text":"\"reference\":\"urn:uuid:a\""}]}},
            {"resource":{"resourceType":"Encounter","id":"3","subject":{"reference":"urn:uuid:c"},"part":{"reference":"urn:uuid:b"}}},
            {"request":{"method":"DELETE","url":"Observation/9"}},
            {"fullUrl":"http://h/r4/Observation/8","request":{"method":"DELETE"}},
            {"request":{"method":"DELETE","url":"Observation?code=1"}},
            {"request":{"method":"GET","url":"Patient/1"}}, null, 3]}"#;
        assert_eq!(
            entries(text, false),
            [
                r#"{"resourceType":"Patient","id":"1"}"#,
                r#"{"id":"b","resourceType":"Condition","subject" : {"reference" : "Patient/1"},"note":[{"text":"\"reference\":\"urn:uuid:a\""}]}"#,
                r#"{"resourceType":"Encounter","id":"3","subject":{"reference":"urn:uuid:c"},"part":{"reference":"Condition/b"}}"#,
                "-Observation/9",
                "-Observation/8",
                "!a deletion that names no resource",
            ]
        );
    }

    #[test]
    fn a_history_is_told_from_its_beginning_and_bundles_in_bundles_are_opened() {
        let text = r#"{"resourceType":"Bundle","type":"history","entry":[
            {"request":{"method":"DELETE","url":"Patient/1"}},
            {"resource":{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Patient","id":"1"}}]}}]}"#;
        assert_eq!(entries(text, false), [r#"{"resourceType":"Patient","id":"1"}"#, "-Patient/1"]);
    }

    #[test]
    fn whole_urls_are_led_home_only_where_asked_for() {
        let text = r#"{"resourceType":"Bundle","type":"collection","entry":[
            {"fullUrl":"http://h/Patient/1","resource":{"resourceType":"Patient","id":"1"}},
            {"resource":{"resourceType":"Condition","id":"2","subject":{"reference":"http://h/Patient/1"}}}]}"#;
        assert!(entries(text, true)[1].contains(r#""Patient/1""#));
        assert!(entries(text, false)[1].contains(r#""http://h/Patient/1""#));
    }

    #[test]
    fn what_is_no_bundle_of_records_stays_whole() {
        for text in [r#"{"resourceType":"Patient"}"#, r#"{"resourceType":"Bundle","type":"document"}"#, "nonsense", "{\"entry\":3}"] {
            assert!(unfold(text, false).is_none(), "{text}");
        }
        assert!(!may_be_bundle(br#"{"resourceType":"Patient","id":"Bundle"}"#));
        assert!(may_be_bundle(br#"{"id":"1","resourceType":"Bundle"}"#));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,200}") {
            let _ = unfold(&text, true);
            let names = HashMap::from([("a".to_owned(), "B/a".to_owned())]);
            let _ = led_home(&text, &names);
        }
    }
}
