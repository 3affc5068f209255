//! `patient-lookup`: what is known of one patient of the batch, of the kinds that were granted.
//!
//! Architecture invariant: neither the plugin nor this crate knows who a patient is. A row goes to the port, whose other side has the batch, and
//! audits each look before it is made.

use std::ops::Range;
use std::sync::Arc;

use gateway_domain::capability::Capability;
use gateway_domain::code::Coding;
use gateway_domain::columns::Span;
use gateway_domain::fact::{CodedFact, FactKind, FactKinds};
use gateway_domain::plugin_call::HostFunction;
use gateway_ports::patient_lookup::{PatientLookup, PatientLookupError};
use tokio::time::timeout;

use crate::abi::v0_1::patient_lookup::{Fact, Host, Kinds, NamedCode, Page};
use crate::abi::v0_1::types::{self, PluginError};
use crate::host::CallState;

/// Facts of one answer.
const MOST_FACTS: usize = 200;
/// Codes of one fact.
const MOST_CODES: usize = 50;
/// Letters of a display.
const LONGEST: usize = 300;

/// Whom a call is about: rows of a batch that others have.
pub(crate) struct People {
    lookup: Arc<dyn PatientLookup>,
    rows: Range<usize>,
}

impl People {
    pub(crate) const fn new(lookup: Arc<dyn PatientLookup>, rows: Range<usize>) -> Self {
        Self { lookup, rows }
    }
}

impl Host for CallState {
    async fn facts(&mut self, row: u32, kinds: Kinds, first: u32) -> Result<Page, PluginError> {
        let refused = |why: &str| Err(PluginError::Refused(why.to_owned()));
        if !self.calls(HostFunction::PatientLookup) {
            return refused("the host was called too often");
        }
        let Some(People { lookup, rows }) = &self.people else {
            return refused("patients are looked up only while a batch is evaluated");
        };
        let row = rows.start.saturating_add(row as usize);
        if !rows.contains(&row) {
            return refused("the batch has no such row");
        }
        if !self.allowance.looks_up_patient() {
            return refused("the call looked at too many patients");
        }
        let kinds = asked(kinds);
        let lookup = Arc::clone(lookup);
        let (plugin, granted) = (self.plugin.clone(), self.reach.looked_up);
        let look = async {
            if granted.contains(kinds) {
                lookup.facts(&plugin, row, kinds).await.map(Some)
            } else {
                lookup.refused(&plugin, row, kinds).await.map(|()| None)
            }
        };
        let outcome = match timeout(self.services.lookup_time, look).await {
            Ok(Ok(Some(facts))) => Ok(page(&facts, first)),
            Ok(Ok(None)) => {
                let kinds = FactKind::ALL.into_iter().filter(|kind| kinds.has(*kind) && !granted.has(*kind));
                let missing: Vec<String> = kinds.map(|kind| format!("`{}`", Capability::LookupFacts(kind))).collect();
                Err(PluginError::Refused(format!("the plugin was not granted {}", missing.join(", "))))
            }
            Ok(Err(PatientLookupError::Nobody(_))) => refused("nobody stands in this row any more"),
            Ok(Err(PatientLookupError::Unavailable(_))) | Err(_) => Err(PluginError::Unavailable(None)),
        };
        let result = match &outcome {
            Ok(_) => "answered",
            Err(PluginError::Refused(_)) => "refused",
            Err(_) => "unavailable",
        };
        let plugin = plugin.to_string();
        metrics::counter!("plugin_patient_lookups_total", "plugin" => plugin, "result" => result).increment(1);
        outcome
    }
}

/// The kinds of the WIT as those of the domain: their bits are the same.
fn asked(kinds: Kinds) -> FactKinds {
    let pairs = [
        (Kinds::CONDITION, FactKinds::CONDITION),
        (Kinds::MEDICATION, FactKinds::MEDICATION),
        (Kinds::ALLERGY, FactKinds::ALLERGY),
        (Kinds::IMMUNIZATION, FactKinds::IMMUNIZATION),
        (Kinds::PROCEDURE, FactKinds::PROCEDURE),
        (Kinds::OBSERVATION, FactKinds::OBSERVATION),
        (Kinds::ENCOUNTER, FactKinds::ENCOUNTER),
        (Kinds::ORDER, FactKinds::ORDER),
        (Kinds::COVERAGE, FactKinds::COVERAGE),
        (Kinds::APPOINTMENT, FactKinds::APPOINTMENT),
        (Kinds::CARE_TEAM, FactKinds::CARE_TEAM),
        (Kinds::INTERACTION, FactKinds::INTERACTION),
        (Kinds::SUBSCRIPTION, FactKinds::SUBSCRIPTION),
    ];
    pairs.into_iter().filter(|(wit, _)| kinds.contains(*wit)).map(|(_, kind)| kind).collect()
}

fn page(facts: &[CodedFact], first: u32) -> Page {
    let first = (first as usize).min(facts.len());
    let last = (first + MOST_FACTS).min(facts.len());
    let next = if last < facts.len() { u32::try_from(last).ok() } else { None };
    Page { facts: facts.get(first..last).unwrap_or_default().iter().map(crossing).collect(), next }
}

fn crossing(fact: &CodedFact) -> Fact {
    let span = Span::of(fact.kind, fact.start, fact.end);
    Fact {
        kind: fact.kind.number(),
        codes: fact.codes.iter().take(MOST_CODES).map(named).collect(),
        fact_flags: fact.flags.bits(),
        start: span.start,
        end: span.end,
        precision: span.precision,
        value: fact.value,
        unit: fact.unit.as_ref().map(named),
        value_code: fact.value_code.as_ref().map(named),
    }
}

fn named(coding: &Coding) -> NamedCode {
    NamedCode {
        coding: types::Coding { system: coding.system.clone(), code: coding.code.clone() },
        display: coding.display.as_ref().map(|display| display.chars().take(LONGEST).collect()),
    }
}

#[cfg(test)]
mod tests {
    use gateway_domain::fact::FactFlags;

    use super::*;

    fn facts(count: usize) -> Vec<CodedFact> {
        let fact = |number: usize| CodedFact {
            kind: FactKind::Observation,
            codes: vec![Coding::new("http://loinc.org", number.to_string())],
            flags: FactFlags::EFFECTIVE,
            start: None,
            end: None,
            value: None,
            unit: None,
            value_code: None,
        };
        (0..count).map(fact).collect()
    }

    #[test]
    fn a_record_is_read_page_by_page_to_its_end_and_not_beyond() {
        let facts = facts(450);
        let mut read = Vec::new();
        let mut first = Some(0);
        while let Some(from) = first {
            let page = page(&facts, from);
            read.extend(page.facts.into_iter().map(|fact| fact.codes[0].coding.code.clone()));
            first = page.next;
        }
        assert_eq!(read, (0..450).map(|number| number.to_string()).collect::<Vec<_>>());
        assert!(page(&facts, u32::MAX).facts.is_empty() && page(&facts, u32::MAX).next.is_none());
    }

    #[test]
    fn the_kinds_of_the_border_are_those_of_the_gateway() {
        assert_eq!(asked(Kinds::all()), FactKinds::all());
        assert_eq!(asked(Kinds::CONDITION | Kinds::CARE_TEAM), FactKinds::CONDITION | FactKinds::CARE_TEAM);
        assert_eq!(asked(Kinds::empty()), FactKinds::empty());
    }
}
