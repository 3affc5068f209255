//! Lists of expansions: a JSON object whose `value_sets` has, for each canonical URL, a name, a version and codes as `system|code`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Content, Draft, Notes, cut, fhir, named, version};
use crate::TerminologyFileError;

#[derive(Deserialize)]
struct Set {
    name: Option<String>,
    version: Option<String>,
    /// How many codes it has in all, where that is known.
    n: Option<u64>,
    #[serde(default)]
    codes: Vec<String>,
}

/// What stands beside the value sets.
#[derive(Deserialize)]
struct Beside {
    #[serde(default)]
    incomplete_expansions: Vec<String>,
}

pub(super) fn read(sets: &RawValue, whole: &RawValue, drafts: &mut Vec<Draft>, notes: &mut Notes) -> Result<(), TerminologyFileError> {
    let wrong = |error: &serde_json::Error| {
        let reason = format!(
            "expected an object of value sets, each with `name`, `version` and `codes` of the form `system|code` (line {})",
            error.line()
        );
        TerminologyFileError::new("value_sets", reason)
    };
    let sets: BTreeMap<String, Set> = serde_json::from_str(sets.get()).map_err(|error| wrong(&error))?;
    let beside: Beside = serde_json::from_str(whole.get()).map_err(|error| wrong(&error))?;
    for (name, set) in sets {
        let place = format!("value_sets.`{name}`");
        let url = named(&place, &name)?;
        let codes = set.codes.iter().enumerate().map(|(at, text)| {
            let place = format!("{place}.codes[{at}]");
            let (system, code) = text.split_once('|').ok_or_else(|| TerminologyFileError::new(&place, "expected `system|code`"))?;
            notes.coding(&place, system, code, None)
        });
        let codes: Vec<_> = codes.collect::<Result<_, _>>()?;
        if beside.incomplete_expansions.contains(&name) || set.n.is_some_and(|all| all > codes.len() as u64) {
            let reason = format!("not all codes of the value set are in the file; {}", fhir::download(&url));
            return Err(TerminologyFileError::new(place, reason));
        }
        drafts.push(Draft {
            title: set.name.as_deref().map(cut).filter(|it| !it.is_empty()).unwrap_or_else(|| url.to_string()),
            alias: None,
            version: version(set.version.as_deref()),
            place,
            content: Content::Codes(codes),
            url,
        });
    }
    Ok(())
}
