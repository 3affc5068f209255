//! A record as it stands at the source. Its members stay the raw JSON they came as, so that what others wrote goes back unharmed.

use std::collections::BTreeMap;

use gateway_domain::write_back::RemoteRecord;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::bundle::Bundle;

use super::exchange::Answer;
use super::identifier::Identifier;

pub(super) type Members = BTreeMap<String, Box<RawValue>>;

/// A record at the source.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) id: String,
    pub(super) version: Option<String>,
    pub(super) members: Members,
}

impl Found {
    /// The resource of this type in an answer.
    pub(super) fn read(answer: &Answer, resource_type: &str) -> Option<Self> {
        let mut found = Self::of(members(&answer.body).ok()?, resource_type)?;
        found.version = found.version.or_else(|| answer.version());
        Some(found)
    }

    fn of(members: Members, resource_type: &str) -> Option<Self> {
        if text(&members, "resourceType")? != resource_type {
            return None;
        }
        let id = text(&members, "id").filter(|id| !id.is_empty())?;
        let meta: Option<Value> = members.get("meta").and_then(|raw| serde_json::from_str(raw.get()).ok());
        let version = meta.as_ref().and_then(|meta| meta.get("versionId")).and_then(Value::as_str).map(str::to_owned);
        Some(Self { id, version, members })
    }

    pub(super) fn remote(&self) -> RemoteRecord {
        RemoteRecord { id: self.id.clone(), version: self.version.clone() }
    }

    /// Whether it has our identifier.
    pub(super) fn carries(&self, identifier: &Identifier) -> bool {
        let value: Option<Value> = self.members.get("identifier").and_then(|raw| serde_json::from_str(raw.get()).ok());
        let is_ours = |it: &Value| {
            it.get("system").and_then(Value::as_str) == Some(identifier.system.as_str())
                && it.get("value").and_then(Value::as_str) == Some(identifier.value.as_str())
        };
        match value {
            Some(Value::Array(all)) => all.iter().any(is_ours),
            Some(one) => is_ours(&one),
            None => false,
        }
    }

    /// Somebody there said that it should never have been.
    pub(super) fn is_withdrawn(&self) -> bool {
        text(&self.members, "status").as_deref() == Some("entered-in-error")
    }

    /// Whether the status is the wanted one. Servers rewrite the rest: references, times, order.
    pub(super) fn says_the_same(&self, wanted: &Members) -> bool {
        text(&self.members, "status") == text(wanted, "status")
    }

    /// What is there, with those of the wanted members in place that follow the ledger.
    pub(super) fn laid_over(&self, wanted: &Members, follow: &[&str]) -> Members {
        let mut members = self.members.clone();
        for name in follow {
            match wanted.get(*name) {
                Some(value) => members.insert((*name).to_owned(), value.clone()),
                None => members.remove(*name),
            };
        }
        members
    }
}

/// The members of a JSON object; the reason where it is none.
pub(super) fn members(text: &[u8]) -> Result<Members, String> {
    serde_json::from_slice(text).map_err(|_| "it is no JSON object".to_owned())
}

/// Adds a member, unless there is nothing in it.
pub(super) fn put<T: Serialize>(members: &mut Members, name: &str, value: &T) -> Result<(), String> {
    let raw = serde_json::value::to_raw_value(value).map_err(|error| error.to_string())?;
    if !matches!(raw.get(), "null" | "[]") {
        members.insert(name.to_owned(), raw);
    }
    Ok(())
}

pub(super) fn text(members: &Members, name: &str) -> Option<String> {
    serde_json::from_str(members.get(name)?.get()).ok()
}

/// The resources of a search that carry the identifier, and how many of the type do not.
pub(super) fn of_bundle(body: &[u8], resource_type: &str, identifier: &Identifier) -> Result<(Vec<Found>, usize), String> {
    let bundle: Bundle<'_> = serde_json::from_slice(body).map_err(|_| "its answer is no Bundle".to_owned())?;
    if !bundle.resource_type.is("Bundle") {
        return Err("its answer is no Bundle".to_owned());
    }
    let of_type = bundle.entry.iter().filter_map(|entry| Found::of(members(entry.resource?.get().as_bytes()).ok()?, resource_type));
    let (ours, others): (Vec<_>, Vec<_>) = of_type.partition(|found| found.carries(identifier));
    Ok((ours, others.len()))
}

#[cfg(test)]
mod tests {
    use gateway_domain::write_back::WriteBackKind;

    use super::*;

    fn identifier() -> Identifier {
        Identifier { system: "urn:s".to_owned(), value: "v".to_owned() }
    }

    #[test]
    fn only_what_carries_the_identifier_is_ours() {
        let body = br#"{"resourceType":"Bundle","entry":[
            {"resource":{"resourceType":"Communication","id":"1","identifier":[{"system":"urn:s","value":"v"}],"meta":{"versionId":"7"}}},
            {"resource":{"resourceType":"Communication","id":"2","identifier":[{"system":"urn:other","value":"v"}]}},
            {"resource":{"resourceType":"OperationOutcome","id":"3"}},{}]}"#;
        let (ours, others) = of_bundle(body, "Communication", &identifier()).unwrap();
        assert_eq!((ours.len(), others), (1, 1));
        assert_eq!(ours[0].remote(), RemoteRecord { id: "1".to_owned(), version: Some("7".to_owned()) });
        assert!(of_bundle(b"<html>", "Communication", &identifier()).is_err());
        assert_eq!(of_bundle(br#"{"resourceType":"Bundle","entry":null}"#, "Communication", &identifier()).unwrap().1, 0);
    }

    #[test]
    fn what_others_added_goes_back_as_it_came() {
        let raw = br#"{"resourceType":"Communication","id":"1","status":"unknown","statusReason":{"text":"x"},"extension":[{"url":"u","valueDecimal":1.00}]}"#;
        let found = Found::of(members(raw).unwrap(), "Communication").unwrap();
        let wanted = members(br#"{"resourceType":"Communication","status":"completed"}"#).unwrap();
        assert!(!found.says_the_same(&wanted));
        let text = serde_json::to_string(&found.laid_over(&wanted, super::super::follows(WriteBackKind::Communication))).unwrap();
        assert!(text.contains("1.00") && text.contains("\"completed\"") && !text.contains("statusReason"), "{text}");
    }
}
