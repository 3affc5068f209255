//! By which value sets segments are decided: what they name, what is there of it, and who has to be evaluated anew because that is not
//! what it was.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use gateway_domain::code::CodeRole;
use gateway_domain::ids::SegmentId;
use gateway_domain::resource::ContentHash;
use gateway_domain::segment::Segment;
use gateway_domain::value_set::{ValueSetOrigin, ValueSetSummary};
use gateway_ports::plugins::{CodeSetNeed, Plugins};
use gateway_ports::terminology::{Terminology, TerminologyError};
use jiff::Timestamp;
use serde_json::Value;

use crate::OutreachError;
use crate::workers::OutreachDeps;

/// Levels of a document that are looked into; no definition that a plugin takes is deeper.
const DEEPEST: usize = 128;

/// A value set that somebody names, and what is there of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeededValueSet {
    /// As it is named.
    pub name: String,
    /// What whoever names it calls it.
    pub title: Option<String>,
    /// What is there.
    pub standing: Standing,
}

/// What is there of a value set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing, and why: who names it has no members.
    Missing(String),
    /// The starter set of the program: freely usable codes alone, a part of what its name stands for.
    Starter(ValueSetSummary),
    /// What was imported.
    Imported(ValueSetSummary),
}

/// All value sets that a JSON document names: under a key `value_set`, or one after the other under `value_sets`, each as text or as an
/// object with its `url`; each with the `name` that the object gives it.
pub fn named_in(document: &Value) -> BTreeMap<String, Option<String>> {
    fn name(value: &Value) -> Option<(&str, Option<&str>)> {
        let title = value.get("name").and_then(Value::as_str);
        value.as_str().or_else(|| value.get("url")?.as_str()).map(|name| (name, title))
    }
    fn collect(value: &Value, level: usize, names: &mut BTreeMap<String, Option<String>>) {
        let inside: Vec<&Value> = match value {
            _ if level > DEEPEST => return,
            Value::Object(members) => {
                let one = members.get("value_set").into_iter();
                let several = members.get("value_sets").and_then(Value::as_array).into_iter().flatten();
                for (name, title) in one.chain(several).filter_map(name) {
                    let known = names.entry(name.to_owned()).or_default();
                    *known = known.take().or_else(|| title.map(str::to_owned));
                }
                members.values().collect()
            }
            Value::Array(items) => items.iter().collect(),
            _ => return,
        };
        for each in inside {
            collect(each, level + 1, names);
        }
    }
    let mut names = BTreeMap::new();
    collect(document, 0, &mut names);
    names
}

/// What is there of each value set.
///
/// # Errors
/// [`OutreachError::Store`] where nobody can say now.
pub async fn standing(
    terminology: &dyn Terminology,
    names: impl IntoIterator<Item = (String, Option<String>)>,
) -> Result<Vec<NeededValueSet>, OutreachError> {
    let mut needed = Vec::new();
    for (name, title) in names {
        let standing = match terminology.find(&name).await {
            Ok(found) if found.origin == ValueSetOrigin::Starter => Standing::Starter(found),
            Ok(found) => Standing::Imported(found),
            Err(error @ TerminologyError::Unavailable(_)) => return Err(error.into()),
            Err(missing) => Standing::Missing(missing.to_string()),
        };
        needed.push(NeededValueSet { name, title, standing });
    }
    Ok(needed)
}

/// The value sets a segment goes by, as its plugin says; where the plugin can't be asked, those that the definition names.
pub async fn of_segment(plugins: &dyn Plugins, segment: &Segment) -> BTreeMap<String, Option<String>> {
    let described = match plugins.segment(&segment.plugin) {
        Ok(plugin) => plugin.describe(&segment.definition.to_string()).await.ok(),
        Err(_) => None,
    };
    let mut titles = named_in(&segment.definition);
    let Some(description) = described else { return titles };
    // What is asked for in a role is the same value set.
    let name = |need: CodeSetNeed| match need {
        CodeSetNeed::ValueSet(asked) => Some(CodeRole::of_value_set(&asked).0.to_owned()),
        CodeSetNeed::Codes(_) => None,
    };
    description.needs.code_sets.into_iter().filter_map(name).map(|name| (name.clone(), titles.remove(&name).flatten())).collect()
}

/// Notes by which value sets these segments are decided from now on. Where they are others than those noted everybody is marked dirty,
/// unless that was done for another reason already; the keys of the segments whose value sets are others.
///
/// # Errors
/// [`OutreachError::Store`].
pub async fn note(
    deps: &OutreachDeps,
    segments: impl Iterator<Item = &Segment>,
    mark_everybody: bool,
    now: Timestamp,
) -> Result<Vec<String>, OutreachError> {
    let noted: HashMap<SegmentId, String> = deps.store.noted_value_sets().await?.into_iter().collect();
    let (mut changed, mut to_note) = (Vec::new(), Vec::new());
    for segment in segments {
        let needed = standing(deps.lookup.terminology(), of_segment(&*deps.plugins, segment).await).await?;
        let (before, state) = (noted.get(&segment.id), state_of(&needed));
        // A segment that never named a value set has nothing to note.
        if before == Some(&state) || (before.is_none() && needed.is_empty()) {
            continue;
        }
        to_note.push((segment.id, state));
        changed.push(segment.key.clone());
    }
    if !to_note.is_empty() {
        deps.store.note_value_sets(&to_note, mark_everybody, now).await?;
    }
    Ok(changed)
}

/// Stands for the codes of all value sets that are needed.
fn state_of(needed: &[NeededValueSet]) -> String {
    let mut hashes = Vec::with_capacity(needed.len() * 17);
    for NeededValueSet { standing, .. } in needed {
        match standing {
            Standing::Missing(_) => hashes.push(0),
            Standing::Starter(found) | Standing::Imported(found) => {
                hashes.push(1);
                hashes.extend(found.hash.0);
            }
        }
    }
    let names: Vec<&[u8]> = needed.iter().flat_map(|it| [it.name.as_bytes(), b"\n".as_slice()]).collect();
    let hash = ContentHash::of(names.into_iter().chain([hashes.as_slice()]));
    hash.0.iter().fold(String::with_capacity(32), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_value_sets_of_a_document_are_found_wherever_they_stand() {
        let document = json!({
            "value_set": "1.2.3",
            "members": { "all": [{ "value_set": "http://example.org/a" }, { "any": [{ "value_set": "1.2.3" }] }] },
            "value_sets": ["http://example.org/b", { "url": "http://example.org/c", "name": "C" }, { "value_set": "http://example.org/d" }],
            "note": "value_set", "other": { "value_set": 7, "url": "http://example.org/none" },
        });
        let names = named_in(&document);
        let keys: Vec<_> = names.keys().map(String::as_str).collect();
        assert_eq!(keys, ["1.2.3", "http://example.org/a", "http://example.org/b", "http://example.org/c", "http://example.org/d"]);
        assert_eq!(names["http://example.org/c"].as_deref(), Some("C"));
    }

    #[test]
    fn a_document_of_a_thousand_levels_is_looked_into_as_far_as_any_definition_goes() {
        let deep = (0..1_000).fold(json!({ "value_set": "1.2.3" }), |inner, _| json!([inner]));
        assert!(named_in(&deep).is_empty());
    }
}
