//! Example of a segment plugin: people of an age who should take a statin, because of diabetes or of a last LDL cholesterol of 190 mg/dL
//! or more, and for whom no statin is known in the last months. What is not known never makes a member.
//!
//! Architecture invariant: pure. The same configuration, day and patient give the same answer, in Rust, JavaScript and Python.

#![forbid(unsafe_code)]

use outreach_plugin_sdk::day::Day;
use outreach_plugin_sdk::document::Reader;
use outreach_plugin_sdk::fact::FactKind;
use outreach_plugin_sdk::patient::{CodeSet, CodeSets, Fact, Patient, Period, Question};
use outreach_plugin_sdk::segment::{CodeSetNeed, Coding, Description, Issue, PluginError, Segment, VerdictBuilder};

const LOINC: &str = "http://loinc.org";
const UCUM: &str = "http://unitsofmeasure.org";
/// LDL cholesterol in serum or plasma: direct, and calculated.
const LDL: [&str; 2] = ["18262-6", "13457-7"];
const VERY_HIGH: f64 = 190.0;
/// How long an LDL cholesterol says something.
const LDL_MONTHS: i32 = 24;

/// Places of the code sets.
const DIABETES: usize = 0;
const STATINS: usize = 1;
const LDL_CODES: usize = 2;
const MILLIGRAMS: usize = 3;

/// The plugin: its settings, and the code sets as numbers.
pub struct Statin {
    settings: Settings,
    sets: Vec<Vec<u32>>,
}

/// What can be configured.
struct Settings {
    diabetes: String,
    statins: String,
    from: i32,
    to: i32,
    months: i32,
}

impl Settings {
    fn read(document: &mut Reader<'_>) -> Option<Self> {
        document.object(&["diabetes", "statins", "ages", "months"]);
        let diabetes = value_set(document, "diabetes");
        let statins = value_set(document, "statins");
        let (mut from, mut to, mut months) = (Some(40), Some(75), Some(12));
        if document.has("ages") {
            let mut ages = document.member("ages");
            if ages.object(&["from", "to"]) {
                from = ages.member("from").integer(0, 130);
                to = ages.member("to").integer(0, 130);
                if from.zip(to).is_some_and(|(from, to)| from > to) {
                    ages.fatal("`from` is later than `to`, so nobody is of this age");
                }
            }
        }
        if document.has("months") {
            months = document.member("months").integer(1, 120);
        }
        Some(Self { diabetes: diabetes?, statins: statins?, from: from? as i32, to: to? as i32, months: months? as i32 })
    }
}

/// The canonical URL of a value set.
fn value_set(document: &mut Reader<'_>, name: &str) -> Option<String> {
    let mut member = document.member(name);
    let url = member.text()?;
    if !url.starts_with("http://") && !url.starts_with("https://") && !url.starts_with("urn:") {
        member.fatal("expected the canonical URL of a value set, which begins with `http://`, `https://` or `urn:`");
    }
    Some(url.to_owned())
}

impl Segment for Statin {
    fn check(config: &str) -> Vec<Issue> {
        Reader::check(config, |document| {
            Settings::read(document);
        })
    }

    fn describe(config: &str) -> Result<Description, PluginError> {
        let settings = Reader::require(config, Settings::read)?;
        let codes = |system: &str, codes: &[&str]| {
            let codes = codes.iter().map(|code| Coding { system: system.to_owned(), code: (*code).to_owned() });
            CodeSetNeed::Codes(codes.collect())
        };
        Ok(Description::one("statin-due", "No statin, though one is due")
            .facts([FactKind::Condition, FactKind::Medication, FactKind::Observation])
            .code_set(CodeSetNeed::ValueSet(settings.diabetes))
            .code_set(CodeSetNeed::ValueSet(settings.statins))
            .code_set(codes(LOINC, &LDL))
            .code_set(codes(UCUM, &["mg/dL"])))
    }

    fn prepare(config: &str, sets: CodeSets<'_>) -> Result<Self, PluginError> {
        Ok(Self { settings: Reader::require(config, Settings::read)?, sets: sets.0.to_vec() })
    }

    fn evaluate(&self, patient: Patient<'_>, question: Question, verdict: &mut VerdictBuilder<'_>) {
        let Settings { from, to, months, .. } = self.settings;
        let today = question.as_of;
        let (Some(birth), Some(age), false) = (patient.birth(), patient.age_on(today), patient.is_deceased()) else { return };
        if age > to {
            return;
        }
        verdict.review_on(Day::birthday(birth, if age < from { from } else { to + 1 }));
        if age < from {
            return;
        }
        let Some((reason, phrase)) = self.reason(patient, today, verdict) else { return };
        let window = Period::new(today.plus_months(-months), today);
        let taken = patient.medications().in_set(self.set(STATINS)).active_during(window);
        if let Some(end) = taken.map(|statin| statin.lasted().earliest_end).max() {
            verdict.review_on(first_day_without(end, months));
            return;
        }
        verdict.member(0);
        verdict.without_fact(format_args!("{age} years old"));
        verdict.evidence(reason, phrase);
        verdict.without_fact(format_args!("No statin since {}", window.first));
    }
}

impl Statin {
    fn set(&self, place: usize) -> CodeSet<'_> {
        CodeSets(&self.sets).get(place)
    }

    /// Why a statin is due, if it is.
    fn reason<'a>(&'a self, patient: Patient<'a>, today: Day, verdict: &mut VerdictBuilder<'_>) -> Option<(Fact<'a>, String)> {
        let diabetes = patient.conditions().in_set(self.set(DIABETES)).active_during(Period::new(today, today));
        if let Some(diabetes) = diabetes.most_recent() {
            return Some((diabetes, "Diabetes".to_owned()));
        }
        let window = Period::new(today.plus_months(-LDL_MONTHS), today);
        let ldl = patient.observations().in_set(self.set(LDL_CODES)).within(window).most_recent()?;
        let in_milligrams = ldl.unit().is_some_and(|unit| self.set(MILLIGRAMS).contains(unit));
        let is_very_high = ldl.value().is_some_and(|value| value >= VERY_HIGH);
        if !in_milligrams || !is_very_high {
            return None;
        }
        let day = ldl.happened().earliest_end;
        verdict.review_on(first_day_without(day, LDL_MONTHS));
        Some((ldl, format!("LDL cholesterol of 190 mg/dL or more on {day}")))
    }
}

/// The first day on which what ended on a day lies more than so many months back.
fn first_day_without(end: Day, months: i32) -> Day {
    // Months are cut to their length: what ended on 28 February is a month back until 31 March.
    let days = (1..=4).map(|days| end.plus_months(months).plus_days(days));
    days.into_iter().find(|day| day.plus_months(-months) > end).unwrap_or(Day::NEVER)
}

outreach_plugin_sdk::export_segment!(Statin);

#[cfg(test)]
mod tests {
    use outreach_plugin_sdk::fact::FactFlags;
    use outreach_plugin_sdk::testing::{Answer, Codes, PatientBuilder, ask};

    use super::*;

    const CONFIG: &str = r#"{"diabetes": "urn:diabetes", "statins": "urn:statins"}"#;
    const ON: &str = "2026-11-23";

    fn asked(patients: &[PatientBuilder]) -> Answer {
        let mut codes = Codes::default();
        codes.value_set("urn:diabetes", &[("s", "diabetes")]);
        codes.value_set("urn:statins", &[("s", "statin")]);
        ask::<Statin>(CONFIG, &mut codes, ON, patients).unwrap()
    }

    fn diabetic() -> PatientBuilder {
        PatientBuilder::born("1970-05-01").condition("s", "diabetes", "2015")
    }

    fn statin(patient: PatientBuilder, since: &str) -> PatientBuilder {
        patient.fact(FactKind::Medication, "s", "statin", since).flags(FactFlags::EFFECTIVE | FactFlags::ENDED)
    }

    fn ldl(value: f64, unit: &str) -> PatientBuilder {
        PatientBuilder::born("1970-05-01").observation(LOINC, "13457-7", "2025-11-30").value(value, unit)
    }

    #[test]
    fn someone_with_diabetes_and_no_statin_is_a_member_and_is_told_why() {
        let answer = asked(&[diabetic()]);
        assert_eq!(answer.is_member(0), Some(true));
        assert_eq!(answer.phrases(0), ["56 years old", "Diabetes", "No statin since 2025-11-23"]);
        assert_eq!(answer.0.evidence_fact, [u32::MAX, 0, u32::MAX]);
        assert_eq!(answer.review_on(0).to_string(), "2046-05-01");
    }

    #[test]
    fn a_statin_that_is_taken_or_was_in_the_last_year_keeps_one_out_until_it_is_a_year_ago() {
        let taken = diabetic().fact(FactKind::Medication, "s", "statin", "2020").flags(FactFlags::EFFECTIVE | FactFlags::ACTIVE);
        let ended = statin(diabetic(), "2020").until("2026-02-28");
        let long_ago = statin(diabetic(), "2020").until("2025-11-22");
        let answer = asked(&[taken, ended, long_ago]);
        assert_eq!([0, 1, 2].map(|row| answer.is_member(row)), [Some(false), Some(false), Some(true)]);
        assert_eq!(answer.review_on(0).to_string(), "2046-05-01");
        assert_eq!(answer.review_on(1).to_string(), "2027-03-01");
    }

    #[test]
    fn a_last_cholesterol_counts_in_its_unit_alone() {
        let answer = asked(&[ldl(190.0, "mg/dL"), ldl(189.9, "mg/dL"), ldl(190.0, "mmol/L"), ldl(f64::NAN, "mg/dL")]);
        assert_eq!([0, 1, 2, 3].map(|row| answer.is_member(row)), [Some(true), Some(false), Some(false), Some(false)]);
        assert_eq!(answer.phrases(0)[1], "LDL cholesterol of 190 mg/dL or more on 2025-11-30");
        assert_eq!(answer.review_on(0).to_string(), "2027-12-01");
    }

    #[test]
    fn who_is_too_young_unknown_too_old_or_dead_is_no_member() {
        let young = PatientBuilder::born("1990-02-28").condition("s", "diabetes", "2015");
        let unknown = PatientBuilder::unknown().condition("s", "diabetes", "2015");
        let old = PatientBuilder::born("1940").condition("s", "diabetes", "2015");
        let answer = asked(&[young, unknown, old, diabetic().deceased()]);
        assert_eq!([0, 1, 2, 3].map(|row| answer.is_member(row)), [Some(false); 4]);
        assert_eq!(answer.review_on(0).to_string(), "2030-02-28");
        assert_eq!([1, 2, 3].map(|row| answer.review_on(row)), [Day::NEVER; 3]);
    }

    #[test]
    fn a_configuration_that_can_t_be_used_is_told_where_and_why() {
        let issues = Statin::check(r#"{"diabets": "urn:x", "statins": "statins", "ages": {"from": 76, "to": 75}, "months": 0}"#);
        let paths: Vec<&str> = issues.iter().map(|issue| issue.path.as_str()).collect();
        assert_eq!(paths, ["/diabets", "/diabetes", "/statins", "/ages", "/months"]);
        assert!(issues[0].message.contains("did you mean `diabetes`?"), "{}", issues[0].message);
        assert_eq!(Statin::check(CONFIG), []);
        assert!(matches!(Statin::describe("[]"), Err(PluginError::Invalid(_))));
    }

    #[test]
    fn the_day_after_a_window_is_the_first_on_which_it_is_over() {
        for (end, months, first) in [("2026-02-28", 1, "2026-04-01"), ("2025-11-30", 24, "2027-12-01"), ("2026-01-31", 1, "2026-03-01")] {
            let end = outreach_plugin_sdk::testing::day(end);
            let day = first_day_without(end, months);
            assert_eq!(day.to_string(), first);
            assert!(day.plus_months(-months) > end && day.plus_days(-1).plus_months(-months) <= end);
        }
    }
}
