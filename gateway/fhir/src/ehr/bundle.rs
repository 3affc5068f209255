//! Bundles as the answers of a search or history.

use std::collections::BTreeSet;

use url::Url;

use crate::bundle::Bundle;
use crate::mapping::{Outcome, own_reference};

/// What a search found on a page.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The resources of the type, raw.
    pub(crate) resources: Vec<Vec<u8>>,
    /// Their ids, those of partial ones included.
    pub(crate) ids: Vec<String>,
    /// The ids of those that came only in part.
    pub(crate) partial: Vec<String>,
    /// What the server warned of.
    pub(crate) warnings: Vec<String>,
}

/// Reads a Bundle; the reason where the body is none.
pub(crate) fn read(body: &[u8]) -> Result<Bundle<'_>, String> {
    let text = std::str::from_utf8(body).map_err(|_| "its answer is not UTF-8".to_owned())?;
    let bundle: Bundle<'_> =
        serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|_| "its answer is no FHIR JSON".to_owned())?;
    if bundle.resource_type.is("Bundle") { Ok(bundle) } else { Err("its answer is no Bundle".to_owned()) }
}

impl Bundle<'_> {
    pub(crate) fn next(&self) -> Option<&str> {
        self.link.iter().find(|it| it.relation.is("next"))?.url.get()
    }

    /// How many there are in all, as far as the server knows.
    pub(crate) fn total(&self) -> Option<u64> {
        self.total.get()?.parse().ok()
    }

    pub(crate) fn has_links(&self) -> bool {
        self.link.iter().next().is_some()
    }

    /// Whether this is a history. A server that does not say tells it by how its entries came about.
    pub(crate) fn is_history(&self) -> bool {
        match self.r#type.get() {
            Some(kind) => kind.eq_ignore_ascii_case("history"),
            None => self.entry.iter().any(|it| it.request.get().is_some()),
        }
    }

    /// Whether the server says by its `self` link that it left a parameter out. A `self` that tells no parameters tells nothing.
    pub(crate) fn ignored(&self, parameter: &str) -> bool {
        let Some(link) = self.link.iter().find(|it| it.relation.is("self")).and_then(|it| it.url.get()) else { return false };
        let base = Url::parse("http://base.invalid/");
        let Ok(url) = base.and_then(|base| base.join(link)) else { return false };
        let names: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
        let tells = names.iter().any(|it| it == "_count" || it == "_sort");
        tells && !names.iter().any(|it| it == parameter)
    }

    /// What the search found of a type, and what the server warned of.
    pub(crate) fn matches(&self, resource_type: &str) -> Found {
        let mut found = Found::default();
        for entry in self.entry.iter() {
            let Some(raw) = entry.resource else { continue };
            let head = entry.head();
            let mode = entry.search.get().and_then(|it| it.mode.get());
            if head.resource_type.is("OperationOutcome") && resource_type != "OperationOutcome" {
                let outcome: Outcome<'_> = serde_json::from_str(raw.get()).unwrap_or_default();
                found.warnings.extend(outcome.findings().into_iter().map(|it| it.text));
            } else if head.resource_type.get().is_none_or(|it| it == resource_type)
                && mode.is_none_or(|it| it.eq_ignore_ascii_case("match"))
            {
                let id = head.id.owned();
                match &id {
                    // A part never stands for the whole, which is read by itself.
                    Some(id) if head.is_subsetted() => found.partial.push(id.clone()),
                    _ => found.resources.push(raw.get().as_bytes().to_vec()),
                }
                // What has no id has its content for a name, so that pages can be told apart.
                found.ids.push(id.unwrap_or_else(|| raw.get().chars().take(100).collect()));
            }
        }
        found
    }

    /// The ids of a type whose newest entry is a deletion. A history has its newest entries first.
    pub(crate) fn deleted(&self, resource_type: &str, base: &str) -> Vec<String> {
        let mut told = BTreeSet::new();
        let mut deleted = Vec::new();
        for entry in self.entry.iter() {
            let Some((found, id)) = entry.places().find_map(|place| own_reference(place, base)) else { continue };
            if found == resource_type && told.insert(id) && entry.method().is_some_and(|it| it.eq_ignore_ascii_case("DELETE")) {
                deleted.push(id.to_owned());
            }
        }
        deleted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_matches_of_the_type_are_taken_and_outcomes_become_warnings() {
        let body = br#"{"resourceType":"Bundle","type":"collection","link":[{"relation":"next","url":"?page=2"}],"entry":[
            {"resource":{"resourceType":"Patient","id":"1"},"search":{"mode":"match"}},
            {"resource":{"resourceType":"Patient","id":"2"}},
            {"resource":{"resourceType":"Patient","id":"3"},"search":{"mode":"include"}},
            {"resource":{"resourceType":"Organization","id":"4"}},
            {"resource":{"resourceType":"OperationOutcome","issue":[{"severity":"warning","diagnostics":"may not contain the entire record"}]}},
            {"fullUrl":"urn:uuid:1"}, null]}"#;
        let bundle = read(body).unwrap();
        let found = bundle.matches("Patient");
        assert_eq!(found.resources.len(), 2);
        assert_eq!(found.ids, ["1", "2"]);
        assert_eq!(found.warnings, ["may not contain the entire record"]);
        assert_eq!(bundle.next(), Some("?page=2"));
    }

    #[test]
    fn a_part_is_told_from_the_whole_and_a_history_from_a_search() {
        let body = br#"{"resourceType":"Bundle","total":"7","entry":[
            {"resource":{"resourceType":"Patient","id":"1","meta":{"tag":[{"code":"SUBSETTED"}]}}},
            {"resource":{"resourceType":"Patient","id":"2"}}]}"#;
        let bundle = read(body).unwrap();
        let found = bundle.matches("Patient");
        assert_eq!((found.partial.as_slice(), found.resources.len()), (&["1".to_owned()][..], 1));
        assert!(bundle.total() == Some(7) && !bundle.is_history() && !bundle.has_links());
        assert!(read(br#"{"resourceType":"Bundle","type":"history"}"#).unwrap().is_history());
        assert!(!read(br#"{"resourceType":"Bundle","type":"searchset","total":0}"#).unwrap().is_history());
    }

    #[test]
    fn a_parameter_missing_from_a_telling_self_link_was_ignored() {
        for (link, ignored) in [
            ("http://h/Patient?_count=5&_lastUpdated=ge2020", false),
            ("http://h/Patient?_count=5", true),
            ("Patient?_sort=_id", true),
            ("http://h?_getpages=abc", false),
            ("http://h/Patient", false),
        ] {
            let body = format!(r#"{{"resourceType":"Bundle","link":[{{"relation":"self","url":"{link}"}}]}}"#);
            assert_eq!(read(body.as_bytes()).unwrap().ignored("_lastUpdated"), ignored, "{link}");
        }
    }

    #[test]
    fn deletions_are_told_by_request_or_full_url_unless_made_anew() {
        let body = br#"{"resourceType":"Bundle","type":"history","entry":[
            {"fullUrl":"http://h/r4/Patient/1","request":{"method":"DELETE","url":"Patient/1"}},
            {"fullUrl":"http://h/r4/Patient/2","request":{"method":"DELETE"}},
            {"request":{"method":"PUT","url":"Patient/3"},"resource":{"resourceType":"Patient","id":"3"}},
            {"request":{"method":"DELETE","url":"Patient/3"}}]}"#;
        assert_eq!(read(body).unwrap().deleted("Patient", "http://h/r4/"), ["1", "2"]);
    }
}
