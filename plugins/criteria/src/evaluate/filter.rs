//! What is asked of one fact.

use outreach_plugin_sdk::fact::FactFlags;
use outreach_plugin_sdk::patient::Fact;

use super::candidates::has_flags;
use super::{Evaluation, Who};
use crate::document::{Compare, Comparison, Filter, ValueTest};
use crate::outcome::{Outcome, Truth};

impl Evaluation<'_> {
    pub(crate) fn filter<'a>(&self, filter: &Filter, fact: Fact<'a>, who: &Who<'a>) -> Outcome {
        if !has_flags(filter, fact) || !filter.roles.iter().all(|place| who.lookup.has(*place, fact)) {
            return Outcome::fixed(Truth::False);
        }
        // A fact whose visit is not known is taken as one of an ordinary visit.
        if filter.visit_without != FactFlags::empty()
            && fact.encounter().is_some_and(|visit| visit.flags().intersects(filter.visit_without))
        {
            return Outcome::fixed(Truth::False);
        }
        let mut outcome = Outcome::fixed(Truth::True);
        if filter.with_end && fact.ended().is_none() {
            outcome.truth = Truth::Unknown;
        }
        if let Some(value) = &filter.value {
            outcome.truth = outcome.truth.and(self.value(value, fact, who));
        }
        match &filter.time {
            Some(time) if outcome.truth != Truth::False => outcome.and(self.time(time, fact, who)),
            _ => outcome,
        }
    }

    pub(crate) fn value(&self, test: &ValueTest, fact: Fact<'_>, who: &Who<'_>) -> Truth {
        match test {
            ValueTest::Present(present) => Truth::of(has_value(fact) == *present),
            ValueTest::In { answer, further } => match fact.value_code() {
                Some(code) => Truth::of(self.index.contains(code, *answer) || who.lookup.has(*further, fact)),
                None => Truth::Unknown,
            },
            ValueTest::Compare(comparison) => match self.in_unit(comparison, fact) {
                Some(value) => Truth::of(match comparison.compare {
                    Compare::Less => value < comparison.number,
                    Compare::AtMost => value <= comparison.number,
                    Compare::Greater => value > comparison.number,
                    Compare::AtLeast => value >= comparison.number,
                    Compare::Equal => (value - comparison.number).abs() < f64::EPSILON,
                }),
                None => Truth::Unknown,
            },
        }
    }

    /// The number of a fact in the unit of a comparison. `None` where it has none, or in a unit that can't be compared.
    pub(crate) fn in_unit(&self, comparison: &Comparison, fact: Fact<'_>) -> Option<f64> {
        let (value, unit) = (fact.value()?, fact.unit()?);
        let factor = comparison.units.iter().find(|(place, _)| self.index.contains(unit, *place)).map(|(_, factor)| *factor)?;
        // A value in the very unit stays as it was written.
        Some(if (factor - 1.0).abs() < f64::EPSILON { value } else { value * factor })
    }
}

/// Whether a fact has a value of any kind.
pub(crate) fn has_value(fact: Fact<'_>) -> bool {
    fact.flags().contains(FactFlags::HAS_VALUE) || fact.value().is_some() || fact.value_code().is_some()
}
