//! Codes as the model has them: code systems under the one name each is known by, local codes with their standard ones beside them, and
//! codes that say nothing left out.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use fhir_profiles::Mapping;
use gateway_domain::code::{Coding, SharedCodings, systems};

use super::lean::{Coded, Concept};
use super::lenient::{Many, Text};

/// Codes, and what a person would call them.
pub(super) type Said = (Vec<Arc<Coding>>, Option<String>);

/// What a mapping says of codes.
pub(super) struct Codes {
    /// From a name of a code system, in lower case, to the name it is known by.
    systems: HashMap<String, String>,
    /// Code systems whose codes say that nothing is said.
    ignored: HashSet<String>,
    /// From a local code, in lower case, by its system, to the standard code.
    standard: HashMap<String, HashMap<String, Arc<Coding>>>,
}

impl Codes {
    pub(super) fn new(mapping: &Mapping) -> Self {
        let coding = |(code, (system, standard)): (&String, &(String, String))| (code.clone(), Arc::new(Coding::new(system, standard)));
        let itself = systems::STANDARD.into_iter().map(|it| (it.to_ascii_lowercase(), it.to_owned()));
        Self {
            systems: itself.chain(mapping.code_systems.iter().map(|(from, to)| (from.clone(), to.clone()))).collect(),
            ignored: mapping.ignored_systems.iter().cloned().collect(),
            standard: mapping.codes.iter().map(|(system, codes)| (system.clone(), codes.iter().map(coding).collect())).collect(),
        }
    }

    /// The name a code system is known by, its version and a slash at its end left out.
    fn system<'s>(&'s self, system: Option<&'s str>) -> &'s str {
        let Some(system) = system else { return "" };
        let plain = match system.find('|') {
            Some(version) => system.get(..version).unwrap_or(system),
            None => system,
        };
        let plain = plain.trim_end_matches('/');
        self.systems.get(lower(plain).as_ref()).map_or(plain, String::as_str)
    }

    /// A code with its system; `None` where it is no code, or one that says nothing.
    pub(super) fn coding(&self, system: &Text<'_>, code: &Text<'_>, display: &Text<'_>, piece: &mut SharedCodings) -> Option<Arc<Coding>> {
        let code = code.get()?;
        piece.of(system.get(), code, display.get(), || {
            let system = self.system(system.get());
            let says_nothing = self.ignored.contains(system);
            (!says_nothing).then(|| Coding { system: system.to_owned(), code: code.to_owned(), display: display.owned() })
        })
    }

    /// The standard code of a local one, where the mapping has it.
    pub(super) fn standard(&self, system: &str, code: &str) -> Option<Arc<Coding>> {
        if self.standard.is_empty() {
            return None;
        }
        self.standard.get(lower(system).as_ref())?.get(lower(code).as_ref()).cloned()
    }

    /// All codes of a concept, translations included, and its words. The words of one without a code stand in for it where the mapping has
    /// them.
    pub(super) fn concept(&self, concept: &Concept<'_>, piece: &mut SharedCodings) -> Said {
        if let Some(inner) = concept.inner.get() {
            return self.concept(inner, piece);
        }
        let coded = |it: &Coded<'_>| self.coding(&it.system, &it.code, &it.display, piece);
        let mut codes = Vec::with_capacity(concept.coding.iter().len());
        codes.extend(concept.coding.iter().filter_map(coded));
        if codes.is_empty() {
            codes.extend(self.coding(&concept.system, &concept.code, &concept.display, piece));
        }
        let text = concept.text.owned().or_else(|| codes.iter().find_map(|it| it.display.clone()));
        if !self.standard.is_empty() {
            let mut more: Vec<Arc<Coding>> = codes.iter().filter_map(|it| self.standard(&it.system, &it.code)).collect();
            if codes.is_empty() {
                more.extend(text.as_deref().and_then(|it| self.standard("", it)));
            }
            more.retain(|it| !codes.iter().any(|known| (&known.system, &known.code) == (&it.system, &it.code)));
            codes.extend(more);
        }
        (codes, text)
    }

    /// The codes of all concepts, and the words of the first that has any.
    pub(super) fn concepts(&self, concepts: &Many<Concept<'_>>, piece: &mut SharedCodings) -> Said {
        let mut all = (Vec::new(), None);
        for concept in concepts.iter() {
            let (codes, text) = self.concept(concept, piece);
            if all.0.is_empty() {
                all.0 = codes;
            } else {
                all.0.extend(codes);
            }
            all.1 = all.1.or(text);
        }
        all
    }
}

/// In lower case, without an allocation where it is so already.
pub(super) fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|it| it.is_ascii_uppercase()) { text.to_ascii_lowercase().into() } else { text.into() }
}
