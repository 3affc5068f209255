//! What the conditions read so far need, and what they may refer to.

use std::collections::{BTreeMap, BTreeSet};

use outreach_plugin_sdk::fact::FactKind;
use outreach_plugin_sdk::segment::{CodeSetNeed, Coding};

/// What is needed, and what has been named.
#[derive(Default)]
pub(crate) struct Needs {
    pub(crate) kinds: BTreeSet<FactKind>,
    pub(crate) code_sets: Vec<CodeSetNeed>,
    /// Names of the blocks that can be used.
    pub(crate) blocks: Vec<String>,
    /// Names of the facts around the condition that is being read.
    pub(crate) bound: Vec<String>,
    /// How deep each of the blocks is nested, with those that it uses.
    pub(crate) depths: Vec<usize>,
    /// How deep what was read since the last block is nested.
    pub(crate) deepest: usize,
    places: BTreeMap<String, usize>,
}

impl Needs {
    /// The place of a set of codes, each kept once.
    pub(crate) fn place(&mut self, set: CodeSetNeed) -> usize {
        let written = match &set {
            CodeSetNeed::ValueSet(url) => format!("v {url}"),
            CodeSetNeed::Codes(codes) => codes.iter().fold("c".to_owned(), |written, code| written + " " + &code.system + "|" + &code.code),
        };
        *self.places.entry(written).or_insert_with(|| {
            self.code_sets.push(set);
            self.code_sets.len() - 1
        })
    }

    /// The place of a set with one code.
    pub(crate) fn code(&mut self, system: &str, code: &str) -> usize {
        self.place(CodeSetNeed::Codes(vec![Coding { system: system.to_owned(), code: code.to_owned() }]))
    }

    /// The names of facts that can be referred to; `None` where there are none.
    pub(crate) fn named(&self) -> Option<String> {
        let names: Vec<&str> = self.bound.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
        (!names.is_empty()).then(|| format!("facts that are named here: {}", names.join(", ")))
    }

    /// The place of a block.
    pub(crate) fn block(&self, name: &str) -> Option<usize> {
        self.blocks.iter().position(|known| known == name)
    }
}
