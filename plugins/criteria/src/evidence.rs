//! Why somebody is a member, or has a gap: the facts that count, and what was looked for and not found.

use outreach_plugin_sdk::fact::FactKind;
use outreach_plugin_sdk::patient::{Fact, Patient, Sex};
use outreach_plugin_sdk::segment::VerdictBuilder;

use crate::document::{Condition, Group, Query, Test};
use crate::evaluate::{Caution, Evaluation, Who};
use crate::facts::Lookup;
use crate::moment::{Anchor, Moment};
use crate::outcome::Truth;
use crate::span::Precision;

/// Facts that are named for one condition, the latest ones.
const MOST_FACTS: usize = 3;

/// Explains why a patient is a member.
pub fn explain(evaluation: &Evaluation<'_>, members: &Condition, patient: Patient<'_>, lookup: &Lookup, verdict: &mut VerdictBuilder<'_>) {
    let who = Who::new(patient, lookup, Caution::Careful);
    evaluation.explain(members, None, &who, verdict);
}

impl Evaluation<'_> {
    /// Explains why a patient has a gap: why the measure is about that patient, and what is missing.
    pub fn explain_gap(&self, group: &Group, patient: Patient<'_>, lookup: &Lookup, verdict: &mut VerdictBuilder<'_>) {
        let who = Who::new(patient, lookup, Caution::Careful);
        self.explain(&group.initial, None, &who, verdict);
        if let Some(denominator) = &group.denominator {
            self.explain(denominator, None, &who, verdict);
        }
        if group.inverse {
            self.explain(&group.numerator, None, &who, verdict);
        } else {
            self.explain_absence(&group.numerator, None, &who, verdict);
        }
    }

    /// Explains a condition that is true. `named` is what it is called by what is around it.
    fn explain<'a>(&self, condition: &Condition, named: Option<&str>, who: &Who<'a>, verdict: &mut VerdictBuilder<'_>) {
        let named = condition.label.as_deref().or(named);
        match &condition.test {
            Test::All(parts) => parts.iter().for_each(|part| self.explain(part, None, who, verdict)),
            Test::Any(parts) => {
                for part in parts.iter().filter(|part| self.condition(part, who).truth == Truth::True) {
                    self.explain(part, named, who, verdict);
                }
            }
            Test::None(parts) => parts.iter().for_each(|part| self.explain_absence(part, named, who, verdict)),
            Test::Block(place) => {
                if let Some(block) = self.document.blocks.get(*place).filter(|_| who.is_news(*place, true)) {
                    self.explain(&block.condition, named.or(Some(&block.name)), who, verdict);
                }
            }
            Test::Age { at, .. } => self.explain_age(*at, who, verdict),
            Test::Sex(sex) => verdict.without_fact(match sex {
                Sex::Female => "Female",
                Sex::Male => "Male",
                Sex::Other | Sex::Unknown => "Sex other than female or male",
            }),
            Test::Deceased(deceased) => verdict.without_fact(if *deceased { "Deceased" } else { "Not known to have died" }),
            Test::Facts(test) => {
                for query in &test.of {
                    let label = query.label.as_deref().or(named).unwrap_or(query.kind.name());
                    if query.pick.is_some() {
                        if let Some(fact) = self.pick(query, who).fact {
                            verdict.evidence(fact, format_args!("Most recent: {label}"));
                        }
                        continue;
                    }
                    let mut counting: Vec<Fact<'a>> = Vec::new();
                    self.each(query, who, |fact, outcome| {
                        if outcome.truth == Truth::True {
                            counting.push(fact);
                        }
                    });
                    for fact in counting.iter().rev().take(MOST_FACTS.max(test.at_least)) {
                        verdict.evidence(*fact, label);
                    }
                }
            }
            Test::LastDay { day_of, lowest } => {
                let label = |query: &Query| query.label.as_deref().or(named).unwrap_or(query.kind.name()).to_owned();
                let last = self.day_of(day_of, who).day;
                for each in lowest {
                    if let Some(fact) = last.and_then(|day| self.lowest_on(each, day, who).fact) {
                        verdict.evidence(fact, format_args!("Most recent: {}", label(&each.query)));
                    }
                }
            }
            Test::That { .. } => {}
        }
    }

    fn explain_age(&self, at: Moment, who: &Who<'_>, verdict: &mut VerdictBuilder<'_>) {
        let (Some(birth), Some(point)) = (who.patient.birth(), self.moment(at, who).map(|point| point.by(Precision::Day))) else { return };
        let day = outreach_plugin_sdk::day::Day(point.first as i32);
        let age = day.age(birth);
        match at.anchor {
            Anchor::AsOf => verdict.without_fact(format_args!("Age {age}")),
            Anchor::EndOfYear | Anchor::PeriodEnd if day.parts() == (day.year(), 12, 31) => {
                verdict.without_fact(format_args!("Age {age} at the end of {}", day.year()));
            }
            _ => verdict.without_fact(format_args!("Age {age} on {day}")),
        }
    }

    /// Says what was looked for and not found.
    fn explain_absence(&self, condition: &Condition, named: Option<&str>, who: &Who<'_>, verdict: &mut VerdictBuilder<'_>) {
        let named = condition.label.as_deref().or(named);
        match &condition.test {
            Test::Facts(test) => {
                for query in &test.of {
                    let label = query.label.as_deref().or(named).unwrap_or(query.kind.name());
                    self.not_found(label, query, test.at_least, who, verdict);
                }
            }
            Test::Block(place) => {
                if let Some(block) = self.document.blocks.get(*place).filter(|_| who.is_news(*place, false)) {
                    self.explain_absence(&block.condition, named.or(Some(&block.name)), who, verdict);
                }
            }
            // What is missing of several is what is not there.
            Test::All(parts) if named.is_none() => {
                for part in parts.iter().filter(|part| self.condition(part, who).truth != Truth::True) {
                    self.explain_absence(part, None, who, verdict);
                }
            }
            Test::Any(parts) if named.is_none() => parts.iter().for_each(|part| self.explain_absence(part, None, who, verdict)),
            // Of what is told by a most recent value, that value is the reason.
            Test::LastDay { .. } => {
                let before = verdict.count();
                self.explain(condition, named, who, verdict);
                if verdict.count() == before {
                    verdict.without_fact(format_args!("No {} on record", in_a_sentence(named.unwrap_or("reading"))));
                }
            }
            _ => {
                if let Some(label) = named {
                    verdict.without_fact(format_args!("Not: {}", in_a_sentence(label)));
                }
            }
        }
    }

    fn not_found(&self, label: &str, query: &Query, at_least: usize, who: &Who<'_>, verdict: &mut VerdictBuilder<'_>) {
        let label = in_a_sentence(label);
        let few = if at_least > 1 { format!("Fewer than {at_least}: {label}") } else { format!("No {label}") };
        let from = query.filter.time.as_ref().and_then(|time| time.window.from).and_then(|from| self.moment(from, who));
        match from.map(|from| from.by(Precision::Day)).filter(|from| from.exact) {
            Some(from) => verdict.without_fact(format_args!("{few} since {}", outreach_plugin_sdk::day::Day(from.first as i32))),
            None if query.kind == FactKind::Encounter || query.filter.time.is_some() => {
                verdict.without_fact(format_args!("{few} on record"));
            }
            None => verdict.without_fact(few),
        }
    }
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
