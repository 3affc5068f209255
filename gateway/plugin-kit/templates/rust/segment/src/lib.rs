//! A segment: people without a visit for so many months.
//!
//! Configuration: `{ "months": 12 }`.

#![forbid(unsafe_code)]

use outreach_plugin_sdk::document::Reader;
use outreach_plugin_sdk::fact::FactKind;
use outreach_plugin_sdk::patient::{CodeSets, Patient, Period, Question};
use outreach_plugin_sdk::segment::{Description, Issue, PluginError, Segment, VerdictBuilder};

/// The plugin: its configuration, read once for each batch of patients.
pub struct WithoutVisit {
    months: i32,
}

impl WithoutVisit {
    /// Reads the configuration; each finding says where, and what was expected.
    fn read(document: &mut Reader<'_>) -> Option<Self> {
        document.object(&["months"]);
        let months = document.member("months").integer(1, 120)?;
        Some(Self { months: months as i32 })
    }
}

impl Segment for WithoutVisit {
    fn check(config: &str) -> Vec<Issue> {
        Reader::check(config, |document| {
            Self::read(document);
        })
    }

    /// What the segment is called, and which facts it needs: no others reach it.
    fn describe(config: &str) -> Result<Description, PluginError> {
        let Self { months } = Reader::require(config, Self::read)?;
        Ok(Description::one("without-visit", format!("No visit for {months} months")).facts([FactKind::Encounter]))
    }

    fn prepare(config: &str, _sets: CodeSets<'_>) -> Result<Self, PluginError> {
        Reader::require(config, Self::read)
    }

    /// Who is not spoken of is no member. What is not known never makes one.
    fn evaluate(&self, patient: Patient<'_>, question: Question, verdict: &mut VerdictBuilder<'_>) {
        if patient.is_deceased() {
            return;
        }
        let since = question.as_of.plus_months(-self.months);
        let last = patient.encounters().within(Period::new(since, question.as_of)).most_recent();
        match last.and_then(|visit| visit.first_day().map(|day| (visit, day))) {
            Some((visit, day)) => {
                verdict.evidence(visit, format_args!("Visit on {day}"));
                // Without new data the answer changes on this day.
                verdict.review_on(day.plus_months(self.months).plus_days(1));
            }
            None => {
                verdict.member(0);
                verdict.without_fact(format_args!("No visit since {since}"));
            }
        }
    }
}

outreach_plugin_sdk::export_segment!(WithoutVisit);

#[cfg(test)]
mod tests {
    use outreach_plugin_sdk::testing::{Answer, Codes, PatientBuilder, ask};

    use super::*;

    fn on(day: &str, patient: PatientBuilder) -> Answer {
        ask::<WithoutVisit>(r#"{ "months": 12 }"#, &mut Codes::default(), day, &[patient]).unwrap()
    }

    #[test]
    fn who_was_not_seen_for_a_year_is_a_member() {
        let seen = || PatientBuilder::born("1970-05-01").visit("2025-11-20");
        let before = on("2026-11-20", seen());
        assert_eq!(before.is_member(0), Some(false));
        assert_eq!(before.review_on(0).to_string(), "2026-11-21");
        let after = on("2026-11-21", seen());
        assert_eq!((after.is_member(0), after.phrases(0)), (Some(true), vec!["No visit since 2025-11-21"]));
    }

    #[test]
    fn who_has_died_is_never_a_member() {
        assert_eq!(on("2026-11-20", PatientBuilder::unknown().deceased()).is_member(0), Some(false));
    }

    #[test]
    fn a_configuration_that_makes_no_sense_is_refused_with_its_place() {
        for wrong in ["{}", r#"{ "months": 0 }"#, r#"{ "months": 12, "month": 1 }"#, "months"] {
            assert!(WithoutVisit::check(wrong).iter().any(|issue| issue.fatal), "{wrong}");
        }
        assert_eq!(WithoutVisit::check(r#"{ "months": 6 }"#), []);
    }
}
