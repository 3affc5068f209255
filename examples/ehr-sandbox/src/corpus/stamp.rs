//! Version and time put into a resource's text, without touching anything else of it: decimals keep their digits,
//! unknown elements stay, the order of elements stays.

use std::fmt;

use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use crate::resource::{Resource, kind_named, referenced_patient};

/// What the server says of a version.
pub(crate) enum Stamp<'a> {
    /// Fill in what is missing, leave what is there.
    Missing { version: &'a str, last_updated: Timestamp },
    /// The server's own word replaces whatever was there.
    Own { id: &'a str, version: &'a str, last_updated: Timestamp },
}

/// A stamped resource and the patient it tells of.
pub(crate) struct Stamped {
    pub(crate) resource: Resource,
    pub(crate) patient: Option<String>,
}

/// Reads one resource and stamps it.
///
/// # Errors
/// Says what is wrong with the text: not a JSON object, no known `resourceType`, no `id`, or `meta` not an object.
pub(crate) fn stamp(text: &str, with: &Stamp<'_>) -> Result<Stamped, String> {
    let Members(members) = serde_json::from_str(text).map_err(|error| format!("not a JSON object: {error}"))?;
    let raw = |name: &str| members.iter().find(|(member, _)| member == name).map(|(_, value)| *value);
    let word = |name: &str| raw(name).and_then(|value| serde_json::from_str::<String>(value.get()).ok());
    let named = word("resourceType").ok_or("resourceType is missing")?;
    let kind = kind_named(&named).ok_or_else(|| format!("resourceType {named:?} is not a type of FHIR R4"))?;

    let old = raw("meta").map(|meta| serde_json::from_str::<Members<'_>>(meta.get()));
    let old = old.transpose().map_err(|_| "meta is not an object")?.map_or_else(Vec::new, |Members(meta)| meta);
    let old_word = |name: &str| {
        let value = old.iter().find(|(member, _)| member == name)?.1;
        serde_json::from_str::<String>(value.get()).ok()
    };
    let (id, version, last_updated, overwrite) = match with {
        Stamp::Own { id, version, last_updated } => ((*id).to_owned(), (*version).to_owned(), *last_updated, true),
        Stamp::Missing { version, last_updated } => (
            word("id").ok_or("id is missing")?,
            old_word("versionId").unwrap_or_else(|| (*version).to_owned()),
            old_word("lastUpdated").and_then(|at| at.parse().ok()).unwrap_or(*last_updated),
            false,
        ),
    };

    let mut meta = String::from("{");
    let keeps = |name: &str| !overwrite && old.iter().any(|(member, _)| member == name);
    if !keeps("versionId") {
        push_member(&mut meta, "versionId", &quoted(&version));
    }
    if !keeps("lastUpdated") {
        push_member(&mut meta, "lastUpdated", &quoted(&format!("{last_updated:.3}")));
    }
    for (name, value) in &old {
        if !(overwrite && matches!(name.as_str(), "versionId" | "lastUpdated")) {
            push_member(&mut meta, name, value.get());
        }
    }
    meta.push('}');

    let mut out = String::with_capacity(text.len() + 96);
    out.push('{');
    push_member(&mut out, "resourceType", &quoted(kind));
    push_member(&mut out, "id", &quoted(&id));
    push_member(&mut out, "meta", &meta);
    for (name, value) in &members {
        if !matches!(name.as_str(), "resourceType" | "id" | "meta") {
            push_member(&mut out, name, value.get());
        }
    }
    out.push('}');
    // JSON strings hold no raw line breaks, so any there are lie between tokens.
    if out.contains(['\n', '\r']) {
        out = out.replace(['\n', '\r'], " ");
    }

    let patient = if kind == "Patient" { Some(id.clone()) } else { patient_in(&members) };
    Ok(Stamped { resource: Resource { kind, id, version, last_updated, text: out }, patient })
}

fn patient_in(members: &[(String, &RawValue)]) -> Option<String> {
    let holder = members.iter().find(|(name, _)| matches!(name.as_str(), "subject" | "patient" | "beneficiary"))?.1;
    let holder: Value = serde_json::from_str(holder.get()).ok()?;
    referenced_patient(holder.get("reference")?.as_str()?).map(str::to_owned)
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn push_member(object: &mut String, name: &str, value: &str) {
    if object.len() > 1 {
        object.push(',');
    }
    object.push_str(&quoted(name));
    object.push(':');
    object.push_str(value);
}

/// The members of an object in their order, each value as it was written.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(16);
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn everything_but_the_stamp_stays_as_it_was_written() {
        let text = r#"{"resourceType":"Observation","id":"o1","valueQuantity":{"value":1.00},"x-unknown":[1e400],"subject":{"reference":"Patient/p"}}"#;
        let stamped = stamp(text, &Stamp::Missing { version: "1", last_updated: AT }).expect("it is a resource");
        assert_eq!(
            stamped.resource.text,
            r#"{"resourceType":"Observation","id":"o1","meta":{"versionId":"1","lastUpdated":"1970-01-01T00:00:00.000Z"},"valueQuantity":{"value":1.00},"x-unknown":[1e400],"subject":{"reference":"Patient/p"}}"#
        );
        assert_eq!(stamped.patient.as_deref(), Some("p"));
    }

    #[test]
    fn a_version_that_is_there_is_kept_on_load_and_replaced_on_write() {
        let text = r#"{"resourceType":"Patient","id":"a","meta":{"profile":["p"],"versionId":"7","lastUpdated":"2020-01-01T00:00:00Z"}}"#;
        let loaded = stamp(text, &Stamp::Missing { version: "1", last_updated: AT }).expect("it is a resource");
        assert_eq!(loaded.resource.version, "7");
        assert!(loaded.resource.text.contains("2020-01-01T00:00:00Z"));
        let written = stamp(text, &Stamp::Own { id: "b", version: "8", last_updated: AT }).expect("it is a resource");
        assert_eq!(
            written.resource.text,
            r#"{"resourceType":"Patient","id":"b","meta":{"versionId":"8","lastUpdated":"1970-01-01T00:00:00.000Z","profile":["p"]}}"#
        );
    }

    #[test]
    fn what_is_not_a_resource_is_refused_with_the_reason() {
        for (text, reason) in [
            ("[]", "not a JSON object"),
            (r#"{"id":"a"}"#, "resourceType is missing"),
            (r#"{"resourceType":"Foo","id":"a"}"#, "not a type"),
            (r#"{"resourceType":"Patient"}"#, "id is missing"),
            (r#"{"resourceType":"Patient","id":"a","meta":3}"#, "meta is not an object"),
        ] {
            let error = stamp(text, &Stamp::Missing { version: "1", last_updated: AT }).err().unwrap_or_default();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
