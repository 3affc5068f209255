//! Segment plugin: criteria documents over coded facts. A document says in typed JSON who is a member: ages, sexes, coded facts with
//! windows, values and counts, the most recent value, combined with `all`, `any` and `none`. What is not known never makes a member.
//!
//! Architecture invariant: pure. The same document, day and patient give the same answer.

#![forbid(unsafe_code)]

mod document;
mod evaluate;
mod evidence;
mod truth;
mod window;

use outreach_plugin_sdk::document::Reader;
use outreach_plugin_sdk::patient::{CodeSets, Patient, Question};
use outreach_plugin_sdk::segment::{Description, Issue, PluginError, Segment, VerdictBuilder};

use crate::document::Document;
use crate::truth::Truth;

/// The plugin: a document, and its code sets as numbers.
pub struct SegmentRules {
    document: Document,
    sets: Vec<Vec<u32>>,
}

impl Segment for SegmentRules {
    fn check(config: &str) -> Vec<Issue> {
        Reader::check(config, |reader| {
            Document::read(reader);
        })
    }

    fn describe(config: &str) -> Result<Description, PluginError> {
        let document = Reader::require(config, Document::read)?;
        let description = Description::one(document.key, document.title).facts(document.kinds);
        Ok(document.code_sets.into_iter().fold(description, Description::code_set))
    }

    fn prepare(config: &str, sets: CodeSets<'_>) -> Result<Self, PluginError> {
        let document = Reader::require(config, Document::read)?;
        Ok(Self { document, sets: sets.0.to_vec() })
    }

    fn evaluate(&self, patient: Patient<'_>, question: Question, verdict: &mut VerdictBuilder<'_>) {
        let sets = CodeSets(&self.sets);
        let outcome = evaluate::group(&self.document.members, patient, sets, question.as_of);
        verdict.review_on(outcome.until);
        if outcome.truth == Truth::True {
            verdict.member(0);
            if question.with_evidence {
                evidence::explain(&self.document.members, patient, sets, question.as_of, verdict);
            }
        }
    }
}

outreach_plugin_sdk::export_segment!(SegmentRules);

#[cfg(test)]
mod tests;
