//! What is looked up natively: the gateway of the test that asks the plugin. Without one nothing is known, and nothing was granted.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::bindings::segment::outreach::plugin::lookup::Expansion;
use crate::bindings::segment::outreach::plugin::patient_lookup::{Fact, Kinds, Page};
use crate::fact::FactKind;
use crate::segment::{Coding, PluginError};

/// As the gateway has them.
const MOST_CODES: usize = 1_000;
const MOST_FACTS: usize = 200;

/// What a gateway can be asked about codes and patients.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clinical {
    pub(super) value_sets: BTreeMap<String, BTreeSet<(String, String)>>,
    pub(super) displays: BTreeMap<(String, String), String>,
    pub(super) granted: BTreeSet<FactKind>,
    /// Facts of each patient of the batch.
    pub(super) patients: Vec<Vec<Fact>>,
    /// Rows that were looked at, in turn.
    pub(super) looked_up: Vec<usize>,
}

thread_local! {
    static AT_HAND: RefCell<Option<Clinical>> = const { RefCell::new(None) };
}

impl Clinical {
    /// Does something with it at hand, and gives it back.
    pub(super) fn within<T>(self, work: impl FnOnce() -> T) -> (Self, T) {
        let before = AT_HAND.replace(Some(self));
        let done = work();
        (AT_HAND.replace(before).unwrap_or_default(), done)
    }
}

fn asked<T>(answer: impl FnOnce(&mut Clinical) -> T) -> T {
    AT_HAND.with_borrow_mut(|at_hand| match at_hand {
        Some(clinical) => answer(clinical),
        None => answer(&mut Clinical::default()),
    })
}

pub(crate) fn in_value_set(value_set: &str, code: &Coding) -> Result<Option<bool>, PluginError> {
    let code = (code.system.clone(), code.code.clone());
    Ok(asked(|clinical| clinical.value_sets.get(value_set).map(|codes| codes.contains(&code))))
}

pub(crate) fn display(code: &Coding) -> Result<Option<String>, PluginError> {
    Ok(asked(|clinical| clinical.displays.get(&(code.system.clone(), code.code.clone())).cloned()))
}

pub(crate) fn expand(value_set: &str, first: u32) -> Result<Option<Expansion>, PluginError> {
    Ok(asked(|clinical| {
        let codes = clinical.value_sets.get(value_set)?;
        let page = codes.iter().skip(first as usize).take(MOST_CODES);
        let next = first as usize + MOST_CODES;
        Some(Expansion {
            codes: page.map(|(system, code)| Coding { system: system.clone(), code: code.clone() }).collect(),
            next: (next < codes.len()).then_some(next as u32),
        })
    }))
}

pub(crate) fn facts(row: u32, kinds: Kinds, first: u32) -> Result<Page, PluginError> {
    let of_kinds = |kind: u8| kinds.bits() & (1 << kind) != 0;
    asked(|clinical| {
        let Some(facts) = clinical.patients.get(row as usize) else {
            return Err(PluginError::Refused("patients are looked up only while a batch is evaluated".into()));
        };
        clinical.looked_up.push(row as usize);
        let missing = FactKind::ALL.iter().filter(|(kind, _)| of_kinds(*kind as u8) && !clinical.granted.contains(kind));
        let missing: Vec<String> = missing.map(|(_, name)| format!("`lookup:{name}`")).collect();
        if !missing.is_empty() {
            return Err(PluginError::Refused(format!("the plugin was not granted {}", missing.join(", "))));
        }
        let mut known = facts.iter().filter(|fact| of_kinds(fact.kind)).skip(first as usize);
        let page: Vec<Fact> = known.by_ref().take(MOST_FACTS).cloned().collect();
        let next = known.next().map(|_| first + MOST_FACTS as u32);
        Ok(Page { facts: page, next })
    })
}
