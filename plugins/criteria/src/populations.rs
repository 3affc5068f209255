//! The populations of a measure (FHIR `Measure.group.population`), and who has a gap.

use outreach_plugin_sdk::day::Day;
use outreach_plugin_sdk::patient::Patient;
use outreach_plugin_sdk::segment::population;

use crate::document::{Condition, Group};
use crate::evaluate::{Caution, Evaluation, Who};
use crate::facts::Lookup;
use crate::outcome::{Outcome, Truth};

/// Where one patient stands in one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Populations {
    /// Bits of [`population`].
    pub bits: u8,
    /// The first day on which time alone can change them.
    pub until: Day,
}

impl Evaluation<'_> {
    /// The populations of a patient in each of the groups. Facts that are not certain count as the public definitions have it; but nobody has
    /// a gap where such a fact could mean that there is none.
    pub fn populations<'g>(&self, groups: impl Iterator<Item = &'g Group>, patient: Patient<'_>, lookup: &Lookup) -> Vec<Populations> {
        let (strict, careful) = (Who::new(patient, lookup, Caution::Strict), Who::new(patient, lookup, Caution::Careful));
        groups.map(|group| self.group(group, &strict, &careful)).collect()
    }

    fn group(&self, group: &Group, strict: &Who<'_>, careful: &Who<'_>) -> Populations {
        let mut until = Day::NEVER;
        let mut holds = |condition: &Condition, who: &Who<'_>| {
            let outcome = self.condition(condition, who);
            until = until.min(outcome.until);
            outcome.truth
        };
        let is = |truth: Truth| truth == Truth::True;
        let mut bits = 0;
        // Each population is within the one before it; who is excluded is in no further one.
        if is(holds(&group.initial, strict)) {
            bits |= population::INITIAL;
            if group.denominator.as_ref().is_none_or(|denominator| is(holds(denominator, strict))) {
                bits |= population::DENOMINATOR;
                if group.exclusion.as_ref().is_some_and(|exclusion| is(holds(exclusion, strict))) {
                    bits |= population::EXCLUSION;
                } else if is(holds(&group.numerator, strict)) {
                    bits |= population::NUMERATOR;
                } else if group.exception.as_ref().is_some_and(|exception| is(holds(exception, strict))) {
                    bits |= population::EXCEPTION;
                }
            }
        }
        let open = population::INITIAL | population::DENOMINATOR | if group.inverse { population::NUMERATOR } else { 0 };
        if bits == open {
            let certainly = |truth: Truth, wanted: Truth| truth == wanted;
            let numerator = if group.inverse { Truth::True } else { Truth::False };
            let is_gap = certainly(holds(&group.initial, careful), Truth::True)
                && group.denominator.as_ref().is_none_or(|it| certainly(holds(it, careful), Truth::True))
                && group.exclusion.as_ref().is_none_or(|it| certainly(holds(it, careful), Truth::False))
                && group.exception.as_ref().is_none_or(|it| certainly(holds(it, careful), Truth::False))
                && certainly(holds(&group.numerator, careful), numerator);
            if is_gap {
                bits |= population::MEMBER;
            }
        }
        Populations { bits, until }
    }

    /// Whether a patient is a member, where the document is of a segment.
    pub fn member(&self, members: &Condition, patient: Patient<'_>, lookup: &Lookup) -> Outcome {
        self.outcome(members, patient, lookup, Caution::Careful)
    }
}
