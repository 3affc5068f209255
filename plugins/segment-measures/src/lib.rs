//! Segment plugin: the populations of a quality measure (FHIR `Measure`), group by group, by a criteria document. Who is in the
//! denominator and neither excluded, excepted nor in the numerator has a gap and is a member.
//!
//! The groups that are reported come first, as one segment with the document's key. Each group that is marked as a gap of its own, such as
//! one vaccine of a schedule, is a segment too, with the key `<document>-<group>`.
//!
//! Architecture invariant: pure. The same document, day and patient give the same answer.

#![forbid(unsafe_code)]

use std::cell::RefCell;

use criteria::{Body, Document, Evaluation, Group, Index, Lookup};
use outreach_plugin_sdk::document::Reader;
use outreach_plugin_sdk::patient::{CodeSets, Patient, Question};
use outreach_plugin_sdk::segment::{Description, Issue, PluginError, Segment, SegmentInfo, VerdictBuilder, population};

/// The plugin: a document, and its code sets by code.
pub struct SegmentMeasures {
    document: Document,
    index: Index,
    lookup: RefCell<Lookup>,
}

/// Reads the document of a measure.
fn read(reader: &mut Reader<'_>) -> Option<Document> {
    let document = Document::read(reader)?;
    if groups(&document).is_empty() {
        reader.fatal("a measure has `groups` with their populations; a segment with `members` is decided by `segment-rules`");
        return None;
    }
    if groups(&document).iter().all(|group| group.is_gap) {
        reader.member("groups").fatal("at least one group must be one of the measure itself, without `gap`");
        return None;
    }
    Some(document)
}

fn groups(document: &Document) -> &[Group] {
    match &document.body {
        Body::Groups(groups) => groups,
        Body::Members(_) => &[],
    }
}

/// The groups in the order of their verdicts: those of the measure, then each gap.
fn in_order(document: &Document) -> impl Iterator<Item = &Group> {
    let of = |gap: bool| groups(document).iter().filter(move |group| group.is_gap == gap);
    of(false).chain(of(true))
}

impl Segment for SegmentMeasures {
    fn check(config: &str) -> Vec<Issue> {
        Reader::check(config, |reader| {
            read(reader);
        })
    }

    fn describe(config: &str) -> Result<Description, PluginError> {
        let document = Reader::require(config, read)?;
        let mut description = Description::one(document.key.as_str(), document.title.as_str()).facts(document.kinds.iter().copied());
        let reported = in_order(&document).filter(|group| !group.is_gap).map(|group| group.key.clone()).collect();
        let gaps = in_order(&document).filter(|group| group.is_gap).map(|group| SegmentInfo {
            key: format!("{}-{}", document.key, group.key),
            title: group.title.clone(),
            groups: vec![group.key.clone()],
        });
        let gaps: Vec<SegmentInfo> = gaps.collect();
        for info in &mut description.segments {
            info.groups.clone_from(&reported);
        }
        description.segments.extend(gaps);
        Ok(document.code_sets.into_iter().fold(description, Description::code_set))
    }

    fn prepare(config: &str, sets: CodeSets<'_>) -> Result<Self, PluginError> {
        Ok(Self { document: Reader::require(config, read)?, index: Index::new(sets), lookup: RefCell::default() })
    }

    fn evaluate(&self, patient: Patient<'_>, question: Question, verdict: &mut VerdictBuilder<'_>) {
        let mut lookup = self.lookup.borrow_mut();
        lookup.look(patient, &self.index);
        let evaluation = Evaluation::new(&self.document, &self.index, question.as_of);
        let populations = evaluation.populations(in_order(&self.document), patient, &lookup);
        for (place, (group, answer)) in in_order(&self.document).zip(populations).enumerate() {
            verdict.populations(place, answer.bits);
            verdict.review_on(answer.until);
            if answer.bits & population::MEMBER != 0 && question.with_evidence {
                evaluation.explain_gap(group, patient, &lookup, verdict);
            }
        }
    }
}

outreach_plugin_sdk::export_segment!(SegmentMeasures);
