//! What the words of a document mean, each said once as a test. `gateway/docs/criteria.md` names these tests.

mod counts;
mod evidence;
mod groups;
mod page;
mod people;
mod picks;
pub(crate) mod properties;
mod reading;
mod records;
mod review;
mod schema;
mod time;
mod values;

use std::cell::RefCell;

use outreach_plugin_sdk::day::Day;
use outreach_plugin_sdk::document::Reader;
use outreach_plugin_sdk::patient::{CodeSets, Patient, Question};
use outreach_plugin_sdk::segment::{Batch, Description, Issue, PluginError, Segment, VerdictBuilder};
use outreach_plugin_sdk::testing::{Codes, PatientBuilder, ask, batch, day};
use serde_json::{Value, json};

use crate::{Body, Caution, Document, Evaluation, Index, Lookup, Outcome, Populations, Truth, explain};

/// The code system of the tests.
pub(crate) const S: &str = "urn:s";
/// The day of the evaluation where a test says none; the period is the year 2025.
pub(crate) const TODAY: &str = "2025-07-01";

/// A document with these members.
pub(crate) fn segment(members: &Value) -> Value {
    json!({ "version": 1, "key": "k", "title": "t", "members": members })
}

/// Reads a document that has nothing to be mended.
pub(crate) fn read(document: &Value) -> Document {
    let (read, issues) = Reader::read(&document.to_string(), Document::read);
    read.unwrap_or_else(|| panic!("{issues:?}"))
}

/// What is fatally wrong with a document: places and messages.
pub(crate) fn findings(document: &Value) -> Vec<(String, String)> {
    let issues = Reader::check(&document.to_string(), |reader| {
        Document::read(reader);
    });
    issues.into_iter().filter(|issue| issue.fatal).map(|issue| (issue.path, issue.message)).collect()
}

/// One patient, laid out as the gateway does, so that a test can set what the builder has no word for.
pub(crate) struct One {
    codes: Codes,
    batch: Batch,
}

impl One {
    pub(crate) fn of(patient: PatientBuilder) -> Self {
        let mut codes = Codes::default();
        let batch = batch(&mut codes, &[patient]);
        Self { codes, batch }
    }

    /// The fact in a row, facts being in the order of their start, began at a moment of its day that is known.
    fn at_hour(mut self, row: usize, hour: i64) -> Self {
        self.batch.start[row] += hour * 3_600_000;
        self.batch.precision[row] |= 3;
        self
    }

    /// The fact in a row belongs to the visit in another.
    fn during(mut self, row: usize, visit: u32) -> Self {
        self.batch.encounter[row] = visit;
        self
    }

    /// An answer for each of several days.
    fn over<T>(
        &self,
        document: &Value,
        days: impl Iterator<Item = Day>,
        answer: impl Fn(&Document, &Evaluation<'_>, Patient<'_>, &Lookup) -> T,
    ) -> Vec<T> {
        let document = read(document);
        let sets = self.codes.clone().resolve(&document.code_sets);
        let index = Index::new(CodeSets(&sets));
        let patient = Patient::new(&self.batch, 0);
        let mut lookup = Lookup::default();
        lookup.look(patient, &index);
        days.map(|day| answer(&document, &Evaluation::new(&document, &index, day), patient, &lookup)).collect()
    }

    fn outcomes(&self, document: &Value, days: impl Iterator<Item = Day>, caution: Caution) -> Vec<Outcome> {
        self.over(document, days, |document, evaluation, patient, lookup| {
            let Body::Members(members) = &document.body else { panic!("a segment has members") };
            evaluation.outcome(members, patient, lookup, caution)
        })
    }

    fn truths(&self, document: &Value, days: impl Iterator<Item = Day>) -> Vec<Truth> {
        self.outcomes(document, days, Caution::Careful).into_iter().map(|outcome| outcome.truth).collect()
    }

    pub(crate) fn outcome(&self, document: &Value, on: &str, caution: Caution) -> Outcome {
        self.outcomes(document, std::iter::once(day(on)), caution)[0]
    }

    fn populations_over(&self, document: &Value, days: impl Iterator<Item = Day>) -> Vec<Vec<Populations>> {
        self.over(document, days, |document, evaluation, patient, lookup| {
            let Body::Groups(groups) = &document.body else { panic!("a measure has groups") };
            evaluation.populations(groups.iter(), patient, lookup)
        })
    }

    fn populations(&self, document: &Value, on: &str) -> Vec<Populations> {
        self.populations_over(document, std::iter::once(day(on))).remove(0)
    }

    fn is(&self, members: &Value) -> Truth {
        self.outcome(&segment(members), TODAY, Caution::Careful).truth
    }

    fn strictly(&self, members: &Value) -> Truth {
        self.outcome(&segment(members), TODAY, Caution::Strict).truth
    }
}

/// The truth of a condition about a patient today, where one is careful.
pub(crate) fn is(members: &Value, patient: PatientBuilder) -> Truth {
    One::of(patient).is(members)
}

/// The same as the public measure definitions have it.
pub(crate) fn strictly(members: &Value, patient: PatientBuilder) -> Truth {
    One::of(patient).strictly(members)
}

pub(crate) fn someone() -> PatientBuilder {
    PatientBuilder::born("1970-05-01").female()
}

/// `base` with the members of `more`.
pub(crate) fn with(mut base: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        base[name] = value.clone();
    }
    base
}

pub(crate) fn codes(code: &str) -> Value {
    json!([{ "system": S, "code": code }])
}

/// Facts of a kind with a code, and more.
pub(crate) fn fact(kind: &str, code: &str, more: &Value) -> Value {
    with(json!({ "fact": kind, "codes": codes(code) }), more)
}

/// The first day on which the answer about a patient may be another.
pub(crate) fn review(document: &Value, patient: PatientBuilder, on: &str) -> Day {
    One::of(patient).outcome(document, on, Caution::Careful).until
}

/// A plugin that explains everybody, whether a member or not.
struct Explainer(Document, Index, RefCell<Lookup>);

impl Segment for Explainer {
    fn check(_: &str) -> Vec<Issue> {
        Vec::new()
    }

    fn describe(config: &str) -> Result<Description, PluginError> {
        let document = Reader::require(config, Document::read)?;
        Ok(document.code_sets.into_iter().fold(Description::one("k", "t"), Description::code_set))
    }

    fn prepare(config: &str, sets: CodeSets<'_>) -> Result<Self, PluginError> {
        Ok(Self(Reader::require(config, Document::read)?, Index::new(sets), RefCell::default()))
    }

    fn evaluate(&self, patient: Patient<'_>, question: Question, verdict: &mut VerdictBuilder<'_>) {
        let mut lookup = self.2.borrow_mut();
        lookup.look(patient, &self.1);
        let evaluation = Evaluation::new(&self.0, &self.1, question.as_of);
        match &self.0.body {
            Body::Members(members) => explain(&evaluation, members, patient, &lookup, verdict),
            Body::Groups(groups) => groups.iter().for_each(|group| evaluation.explain_gap(group, patient, &lookup, verdict)),
        }
    }
}

/// What is said of a patient.
pub(crate) fn phrases(document: &Value, patient: PatientBuilder) -> Vec<String> {
    let answer = ask::<Explainer>(&document.to_string(), &mut Codes::default(), TODAY, &[patient]).unwrap();
    answer.phrases(0).into_iter().map(str::to_owned).collect()
}
