//! The starter value sets that came with the program.

use std::collections::HashMap;

use gateway_domain::code::Coding;
use gateway_ports::terminology::{Terminology, TerminologyError};

/// Value sets by canonical URL, and what their codes are called.
pub(crate) struct Starter {
    sets: HashMap<String, Vec<Coding>>,
    displays: HashMap<(String, String), String>,
}

impl Starter {
    /// Reads the value sets of the program.
    ///
    /// # Errors
    /// Never, unless the program was built from a broken tree.
    pub(crate) fn load() -> anyhow::Result<Self> {
        let mut starter = Self { sets: HashMap::new(), displays: HashMap::new() };
        for set in fhir_profiles::value_sets()? {
            let codings = set.codes.into_iter().map(|code| {
                if let Some(display) = &code.display {
                    starter.displays.insert((code.system.clone(), code.code.clone()), display.clone());
                }
                Coding { system: code.system, code: code.code, display: code.display }
            });
            starter.sets.insert(set.url, codings.collect());
        }
        Ok(starter)
    }
}

impl Terminology for Starter {
    fn expand(&self, value_set: &str) -> Result<Vec<Coding>, TerminologyError> {
        let url = value_set.split_once('|').map_or(value_set, |(url, _)| url);
        self.sets.get(url).cloned().ok_or_else(|| TerminologyError::Unknown(value_set.to_owned()))
    }

    fn display(&self, coding: &Coding) -> Option<String> {
        self.displays.get(&(coding.system.clone(), coding.code.clone())).cloned()
    }
}
