//! Why someone is a member: the facts that count, and what was looked for and not found.

use outreach_plugin_sdk::day::Day;
use outreach_plugin_sdk::patient::{CodeSets, Fact, Patient, Sex};
use outreach_plugin_sdk::segment::VerdictBuilder;

use crate::document::{Condition, FactTest, Test};
use crate::evaluate::{candidates, counts, group, most_recent_fact};
use crate::truth::Truth;

/// Facts that are named for one condition, the latest ones.
const MOST_FACTS: usize = 3;

/// Explains a condition that is true.
pub(crate) fn explain(condition: &Condition, patient: Patient<'_>, sets: CodeSets<'_>, as_of: Day, verdict: &mut VerdictBuilder<'_>) {
    let is_true = |part: &&Condition| group(part, patient, sets, as_of).truth == Truth::True;
    match &condition.test {
        Test::All(parts) => parts.iter().for_each(|part| explain(part, patient, sets, as_of, verdict)),
        Test::Any(parts) => parts.iter().filter(is_true).for_each(|part| explain(part, patient, sets, as_of, verdict)),
        Test::None(parts) => parts.iter().for_each(|part| explain_absence(part, as_of, verdict)),
        Test::Age { at_end_of_year, .. } => {
            let on = if *at_end_of_year { Day::of(as_of.year(), 12, 31) } else { as_of };
            if let Some(age) = patient.age_on(on) {
                if *at_end_of_year {
                    verdict.without_fact(format_args!("Age {age} at the end of {}", on.year()));
                } else {
                    verdict.without_fact(format_args!("Age {age}"));
                }
            }
        }
        Test::Sex(sex) => verdict.without_fact(match sex {
            Sex::Female => "Female",
            Sex::Male => "Male",
            Sex::Other | Sex::Unknown => "Sex other than female or male",
        }),
        Test::Deceased(deceased) => verdict.without_fact(if *deceased { "Deceased" } else { "Not known to have died" }),
        Test::Fact(test) => {
            let label = label_of(condition, test);
            if test.most_recent {
                if let Some(fact) = most_recent_fact(test, patient, sets, as_of) {
                    verdict.evidence(fact, format_args!("Most recent: {label}"));
                }
                return;
            }
            let counting: Vec<Fact<'_>> =
                candidates(test, patient, sets).filter(|fact| counts(test, *fact, sets, as_of).truth == Truth::True).collect();
            for fact in counting.iter().rev().take(MOST_FACTS) {
                verdict.evidence(*fact, label);
            }
        }
    }
}

/// Says what was looked for and not found.
fn explain_absence(condition: &Condition, as_of: Day, verdict: &mut VerdictBuilder<'_>) {
    match &condition.test {
        Test::Fact(test) => {
            let label = in_a_sentence(label_of(condition, test));
            match test.window.from {
                Some(from) => verdict.without_fact(format_args!("No {label} since {}", from.on(as_of))),
                None => verdict.without_fact(format_args!("No {label} on record")),
            }
        }
        // What else is ruled out is worth saying where it has a name.
        _ => {
            if let Some(label) = &condition.label {
                verdict.without_fact(format_args!("Not: {}", in_a_sentence(label)));
            }
        }
    }
}

fn label_of<'a>(condition: &'a Condition, test: &FactTest) -> &'a str {
    condition.label.as_deref().unwrap_or_else(|| test.kind.name())
}

/// A label as it stands within a sentence: an ordinary word begins with a small letter, an abbreviation stays.
fn in_a_sentence(label: &str) -> String {
    let mut letters = label.chars();
    let first_word = label.split_whitespace().next().unwrap_or_default();
    match letters.next() {
        Some(first)
            if first_word.chars().skip(1).all(|letter| letter.is_lowercase() || letter == '-') && first_word.chars().count() > 1 =>
        {
            first.to_lowercase().chain(letters).collect()
        }
        _ => label.to_owned(),
    }
}
