//! Segment plugin: criteria documents over coded facts. A document says in typed JSON who is a member: ages, sexes, coded facts with
//! windows, values and counts, the most recent value, combined with `all`, `any` and `none`. What is not known never makes a member.
//!
//! Architecture invariant: pure. The same document, day and patient give the same answer.

#![forbid(unsafe_code)]

use std::cell::RefCell;

use criteria::{Body, Condition, Document, Evaluation, Index, Lookup, Truth, explain};
use outreach_plugin_sdk::document::Reader;
use outreach_plugin_sdk::patient::{CodeSets, Patient, Question};
use outreach_plugin_sdk::segment::{Description, Issue, PluginError, Segment, VerdictBuilder};

/// The plugin: a document, and its code sets by code.
pub struct SegmentRules {
    document: Document,
    index: Index,
    lookup: RefCell<Lookup>,
}

/// Reads the document of a segment.
fn read(reader: &mut Reader<'_>) -> Option<Document> {
    let document = Document::read(reader)?;
    if members(&document).is_none() {
        reader.fatal("a segment has `members`; a measure with `groups` is decided by `segment-measures`");
        return None;
    }
    Some(document)
}

const fn members(document: &Document) -> Option<&Condition> {
    match &document.body {
        Body::Members(members) => Some(members),
        Body::Groups(_) => None,
    }
}

impl Segment for SegmentRules {
    fn check(config: &str) -> Vec<Issue> {
        Reader::check(config, |reader| {
            read(reader);
        })
    }

    fn describe(config: &str) -> Result<Description, PluginError> {
        let document = Reader::require(config, read)?;
        let description = Description::one(document.key, document.title).facts(document.kinds);
        Ok(document.code_sets.into_iter().fold(description, Description::code_set))
    }

    fn prepare(config: &str, sets: CodeSets<'_>) -> Result<Self, PluginError> {
        Ok(Self { document: Reader::require(config, read)?, index: Index::new(sets), lookup: RefCell::default() })
    }

    fn evaluate(&self, patient: Patient<'_>, question: Question, verdict: &mut VerdictBuilder<'_>) {
        let Some(members) = members(&self.document) else { return };
        let mut lookup = self.lookup.borrow_mut();
        lookup.look(patient, &self.index);
        let evaluation = Evaluation::new(&self.document, &self.index, question.as_of);
        let outcome = evaluation.member(members, patient, &lookup);
        verdict.review_on(outcome.until);
        if outcome.truth == Truth::True {
            verdict.member(0);
            if question.with_evidence {
                explain(&evaluation, members, patient, &lookup, verdict);
            }
        }
    }
}

outreach_plugin_sdk::export_segment!(SegmentRules);

#[cfg(test)]
mod tests;
