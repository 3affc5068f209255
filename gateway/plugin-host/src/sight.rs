//! What of a patient a plugin sees: what it was granted, and nothing else.

use gateway_domain::capability::{Capability, PatientField};
use gateway_domain::columns::{NO_DAY, PatientColumns};
use gateway_domain::fact::{FactKind, FactKinds};

use crate::abi::v0_1::segment::exports::outreach::plugin::segment::Batch;

/// What a plugin may see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sight {
    facts: FactKinds,
    birth_date: bool,
    sex: bool,
    deceased: bool,
}

impl Sight {
    pub(crate) fn of(granted: &[Capability]) -> Self {
        let sees = |field| granted.contains(&Capability::Patient(field));
        let kinds = FactKind::ALL.into_iter().filter(|kind| granted.contains(&Capability::Facts(*kind)));
        Self {
            facts: kinds.map(|kind| FactKinds::from_bits_truncate(1 << kind.number())).collect(),
            birth_date: sees(PatientField::BirthDate),
            sex: sees(PatientField::Sex),
            deceased: sees(PatientField::Deceased),
        }
    }

    /// The columns of the person that it may see, as the WIT names them.
    pub(crate) fn columns(self) -> impl Iterator<Item = &'static str> {
        [("birth", self.birth_date), ("sex", self.sex), ("deceased", self.deceased)]
            .into_iter()
            .filter(|(_, seen)| *seen)
            .map(|(name, _)| name)
    }

    /// The kinds of these that it may not see. Deciding without them would be deciding wrongly, so nothing is decided.
    pub(crate) fn misses(self, kinds: FactKinds) -> Vec<Capability> {
        FactKind::ALL.into_iter().filter(|kind| kinds.has(*kind) && !self.facts.has(*kind)).map(Capability::Facts).collect()
    }

    /// The kinds of fact in a batch that it may not see.
    pub(crate) fn misses_of(self, columns: &PatientColumns) -> Vec<Capability> {
        let kinds = columns.kind.iter().filter_map(|number| FactKind::from_number(*number));
        self.misses(kinds.fold(FactKinds::empty(), |kinds, kind| kinds | FactKinds::from_bits_truncate(1 << kind.number())))
    }

    /// Takes out what it may not see of the person: it is unknown to it.
    pub(crate) fn blind(self, batch: &mut Batch) {
        if !self.birth_date {
            batch.birth.fill(NO_DAY);
        }
        if !self.sex {
            batch.sex.fill(0);
        }
        if !self.deceased {
            batch.deceased.fill(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns;

    #[test]
    fn what_is_missing_is_what_was_asked_for_and_not_granted() {
        let sight = Sight::of(&[Capability::Facts(FactKind::Condition), Capability::Log]);
        assert_eq!(sight.misses(FactKinds::CONDITION), []);
        assert_eq!(sight.misses(FactKinds::CONDITION | FactKinds::ORDER), [Capability::Facts(FactKind::Order)]);
        let columns = PatientColumns { kind: vec![0, 0, FactKind::Allergy.number()], ..PatientColumns::default() };
        assert_eq!(sight.misses_of(&columns), [Capability::Facts(FactKind::Allergy)]);
    }

    #[test]
    fn what_of_the_person_was_not_granted_is_unknown() {
        let one = PatientColumns {
            birth: vec![7],
            sex: vec![1],
            deceased: vec![1],
            fact_offset: vec![0, 0],
            code_offset: vec![0],
            ..PatientColumns::default()
        };
        for (granted, seen) in
            [(PatientField::BirthDate, (7, 0, 0)), (PatientField::Sex, (NO_DAY, 1, 0)), (PatientField::Deceased, (NO_DAY, 0, 1))]
        {
            let mut batch = columns::piece(&one, &(0..1));
            Sight::of(&[Capability::Patient(granted)]).blind(&mut batch);
            assert_eq!((batch.birth[0], batch.sex[0], batch.deceased[0]), seen, "{granted:?}");
        }
    }
}
