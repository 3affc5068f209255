//! Measures: criteria documents, whose shared blocks are written once in a folder of their own.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::error::ProfileError;
use crate::{BLOCKS, MEASURES};

const WHAT: &str = "measure";

/// A prebuilt measure.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// The name of its file, which is its key.
    pub name: String,
    /// The number of the public measure it is aligned with, for example `CMS125`; `None` for a segment of our own.
    pub id: Option<String>,
    pub title: String,
    /// The criteria document, shared blocks included.
    pub document: Value,
}

impl Measure {
    /// Whether it has the populations of a measure, rather than the members of a segment.
    pub fn has_groups(&self) -> bool {
        self.document.get("groups").is_some()
    }
}

/// All embedded measures, in the order of their names.
///
/// # Errors
/// [`ProfileError`]; the tests of this crate see to it that there is none.
pub fn measures() -> Result<Vec<Measure>, ProfileError> {
    MEASURES.iter().map(|(name, text)| read(name, text)).collect()
}

/// An embedded measure by its name or by the number of the public one, in any case: `cms125`, `CMS125`.
///
/// # Errors
/// [`ProfileError::Unknown`] names those there are.
pub fn measure(wanted: &str) -> Result<Measure, ProfileError> {
    let found = MEASURES.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    let (name, text) = found.ok_or_else(|| ProfileError::Unknown {
        what: WHAT,
        name: wanted.to_owned(),
        known: MEASURES.iter().map(|(it, _)| *it).collect::<Vec<_>>().join(", "),
    })?;
    read(name, text)
}

fn parse(name: &str, text: &str) -> Result<Value, ProfileError> {
    serde_json::from_str(text).map_err(|error| ProfileError::Document { what: WHAT, name: name.to_owned(), reason: error.to_string() })
}

fn read(name: &str, text: &str) -> Result<Measure, ProfileError> {
    let mut document = parse(name, text)?;
    let wrong = |path: &str, reason: &str| ProfileError::Value {
        what: WHAT,
        name: name.to_owned(),
        path: path.to_owned(),
        reason: reason.to_owned(),
    };
    if let Some(blocks) = document.get_mut("blocks").and_then(Value::as_array_mut) {
        let mut whole = Vec::new();
        let mut seen = BTreeSet::new();
        for block in blocks.drain(..) {
            match block {
                Value::String(shared) => add_shared(&shared, &mut seen, &mut whole).map_err(|reason| wrong("/blocks", &reason))?,
                own => whole.push(own),
            }
        }
        *blocks = whole;
    }
    let text = |path: &str| document.pointer(path).and_then(Value::as_str).map(str::to_owned);
    if text("/key").as_deref() != Some(name) {
        return Err(wrong("/key", "expected the name of its file"));
    }
    let title = text("/title").ok_or_else(|| wrong("/title", "expected a title"))?;
    Ok(Measure { name: name.to_owned(), id: text("/measure/id"), title, document })
}

/// Adds a shared block, after those it uses; each once.
fn add_shared(name: &str, seen: &mut BTreeSet<String>, whole: &mut Vec<Value>) -> Result<(), String> {
    if !seen.insert(name.to_owned()) {
        return Ok(());
    }
    let text = BLOCKS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
    let text = text.ok_or_else(|| format!("there is no shared block `{name}`"))?;
    let mut block: Value = serde_json::from_str(text).map_err(|error| format!("the shared block `{name}`: {error}"))?;
    let uses = block.as_object_mut().and_then(|block| block.remove("uses"));
    for used in uses.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        add_shared(used, seen, whole)?;
    }
    whole.push(block);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_is_found_by_the_number_of_the_public_one() {
        let screening = measure("CMS125").unwrap();
        assert_eq!((screening.name.as_str(), screening.id.as_deref()), ("cms125", Some("CMS125")));
        assert!(measure("CMS999").unwrap_err().to_string().contains("cms125"));
    }

    #[test]
    fn a_shared_block_stands_before_those_that_use_it() {
        let document = measure("cms125").unwrap().document;
        let names: Vec<&str> = document["blocks"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
        let place = |name: &str| names.iter().position(|it| *it == name).unwrap();
        assert!(place("frailty") < place("frailty-66"));
        assert!(document["blocks"][0].get("uses").is_none());
    }

    #[test]
    fn every_public_measure_says_that_it_is_not_certified() {
        for measure in measures().unwrap().into_iter().filter(Measure::has_groups) {
            let note = measure.document["note"].as_str().unwrap();
            assert!(note.contains("not certified") && note.contains(measure.id.as_deref().unwrap()), "{}", measure.name);
        }
    }
}
