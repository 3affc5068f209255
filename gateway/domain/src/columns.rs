//! Patients as columns: the shape in which they cross the plugin border. Row *i* of the patient columns is one patient; that
//! patient's facts are rows `fact_offset[i] .. fact_offset[i + 1]` of the fact columns, ordered by start.

use crate::date::{PartialDate, Precision, epoch_day};
use crate::fact::{Fact, FactKind, FactKinds};
use crate::ids::PatientNo;
use crate::patient::Sex;

/// No value in a column of numbers.
pub const NONE: u32 = u32::MAX;
/// No day in a column of days: an unknown birth date, or "never".
pub const NO_DAY: i32 = i32::MAX;
/// No start of a fact: it may be ever so old.
pub const UNKNOWN_START: i64 = i64::MIN;
/// No end of a fact: it goes on, or the end is unknown; the flags tell which.
pub const UNKNOWN_END: i64 = i64::MAX;

/// What is known of one patient for an evaluation: no name, no address.
#[derive(Clone, Debug, PartialEq)]
pub struct ClinicalRecord {
    /// Whose record it is.
    pub patient: PatientNo,
    /// Birth date.
    pub birth: Option<PartialDate>,
    /// Administrative sex.
    pub sex: Sex,
    /// Whether the person is known or suspected to have died.
    pub deceased: bool,
    /// The facts, in any order.
    pub facts: Vec<Fact>,
}

/// A batch of patients as columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PatientColumns {
    /// Day of birth since 1970-01-01; [`NO_DAY`] where unknown. A partial date stands for its first day.
    pub birth: Vec<i32>,
    /// [`Sex`] as a number.
    pub sex: Vec<u8>,
    /// 1 where the person is known or suspected to have died.
    pub deceased: Vec<u8>,
    /// Where the facts of each patient begin; one more entry than patients.
    pub fact_offset: Vec<u32>,
    /// [`crate::fact::FactKind`] as a number.
    pub kind: Vec<u8>,
    /// Where the codes of each fact begin; one more entry than facts.
    pub code_offset: Vec<u32>,
    /// The codes of all facts.
    pub code: Vec<u32>,
    /// [`crate::fact::FactFlags`] of each fact.
    pub fact_flags: Vec<u32>,
    /// First moment of each fact in milliseconds since 1970; [`UNKNOWN_START`] where there is none.
    pub start: Vec<i64>,
    /// Last moment of each fact (the end of the day for a day); [`UNKNOWN_END`] where there is none.
    pub end: Vec<i64>,
    /// Precision of start (bits 0-1) and end (bits 2-3) as 0 year, 1 month, 2 day, 3 instant; bit 4: there is an end of its own.
    pub precision: Vec<u8>,
    /// Quantity; NaN where there is none.
    pub value: Vec<f64>,
    /// Unit of the quantity; [`NONE`] where there is none.
    pub unit: Vec<u32>,
    /// A coded answer; [`NONE`] where there is none.
    pub value_code: Vec<u32>,
    /// Row, counted from the patient's first fact, of the encounter the fact belongs to; [`NONE`] where there is none.
    pub encounter: Vec<u32>,
}

/// A batch and, beside it, which patient each row is and which fact of the record each fact row is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnBatch {
    /// What the plugin sees.
    pub columns: PatientColumns,
    /// The patient of each row.
    pub patients: Vec<PatientNo>,
    /// For each fact row, its place in `ClinicalRecord::facts` of its patient.
    pub fact_origin: Vec<u32>,
}

impl ColumnBatch {
    /// Lays the records out as columns, with facts of the granted kinds alone.
    pub fn build(records: &[ClinicalRecord], kinds: FactKinds) -> Self {
        let facts: usize = records.iter().map(|record| record.facts.len()).sum();
        let mut batch = Self::default();
        let columns = &mut batch.columns;
        columns.fact_offset.reserve(records.len() + 1);
        columns.code_offset.reserve(facts + 1);
        columns.fact_offset.push(0);
        columns.code_offset.push(0);
        let mut order: Vec<u32> = Vec::new();
        for record in records {
            batch.patients.push(record.patient);
            columns.birth.push(record.birth.map_or(NO_DAY, |birth| epoch_day(birth.first_day())));
            columns.sex.push(record.sex.number());
            columns.deceased.push(u8::from(record.deceased));
            order.clear();
            order.extend(record.facts.iter().enumerate().filter(|(_, fact)| kinds.has(fact.kind)).map(|(place, _)| place as u32));
            order.sort_by_key(|place| record.facts.get(*place as usize).map(|fact| (start_of(fact), fact.key)));
            for place in &order {
                let Some(fact) = record.facts.get(*place as usize) else {
                    continue;
                };
                columns.push_fact(fact);
                columns.encounter.push(encounter_row(record, &order, fact));
                batch.fact_origin.push(*place);
            }
            columns.fact_offset.push(columns.kind.len() as u32);
        }
        batch
    }
}

impl PatientColumns {
    /// How many patients there are.
    pub fn len(&self) -> usize {
        self.birth.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.birth.is_empty()
    }

    fn push_fact(&mut self, fact: &Fact) {
        self.kind.push(fact.kind.number());
        self.code.extend(fact.codes.iter().map(|code| code.0));
        self.code_offset.push(self.code.len() as u32);
        self.fact_flags.push(fact.flags.bits());
        let span = Span::of(fact.kind, fact.start, fact.end);
        self.start.push(span.start);
        self.end.push(span.end);
        self.precision.push(span.precision);
        self.value.push(fact.value.unwrap_or(f64::NAN));
        self.unit.push(fact.unit.map_or(NONE, |unit| unit.0));
        self.value_code.push(fact.value_code.map_or(NONE, |code| code.0));
    }
}

/// When a fact was, as it crosses the border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First moment in milliseconds since 1970; [`UNKNOWN_START`] where there is none.
    pub start: i64,
    /// Last moment (the end of the day for a day); [`UNKNOWN_END`] where there is none.
    pub end: i64,
    /// Precision of start (bits 0-1) and end (bits 2-3) as 0 year, 1 month, 2 day, 3 instant; bit 4: there is an end of its own.
    pub precision: u8,
}

impl Span {
    /// The span of a fact of a kind that began and ended so.
    pub fn of(kind: FactKind, start: Option<PartialDate>, end: Option<PartialDate>) -> Self {
        let precision = |date: Option<PartialDate>| date.map_or(0, |date| precision_number(date.precision));
        Self {
            start: start.map_or(UNKNOWN_START, |start| start.first.as_millisecond()),
            end: match (end, start) {
                (Some(end), _) => last_moment(end),
                (None, Some(start)) if happens_at_once(kind) => last_moment(start),
                _ => UNKNOWN_END,
            },
            precision: precision(start) | (precision(end.or(start)) << 2) | (u8::from(end.is_some()) << 4),
        }
    }
}

/// Whether a fact without an end of its own is a point in time rather than something that goes on.
fn happens_at_once(kind: FactKind) -> bool {
    use crate::fact::FactKind::{Allergy, CareTeam, Condition, Coverage, Encounter, Medication, Subscription};
    !matches!(kind, Condition | Coverage | Encounter | Medication | Subscription | CareTeam | Allergy)
}

fn start_of(fact: &Fact) -> i64 {
    fact.start.map_or(UNKNOWN_START, |start| start.first.as_millisecond())
}

fn last_moment(date: PartialDate) -> i64 {
    const DAY: i64 = 86_400_000;
    match date.precision {
        Precision::Instant => date.first.as_millisecond(),
        _ => (i64::from(epoch_day(date.last_day())) + 1) * DAY - 1,
    }
}

const fn precision_number(precision: Precision) -> u8 {
    match precision {
        Precision::Year => 0,
        Precision::Month => 1,
        Precision::Day => 2,
        Precision::Instant => 3,
    }
}

fn encounter_row(record: &ClinicalRecord, order: &[u32], fact: &Fact) -> u32 {
    let Some(encounter) = fact.encounter else {
        return NONE;
    };
    order
        .iter()
        .position(|place| record.facts.get(*place as usize).is_some_and(|other| other.key.resource == encounter && other.key.part == 0))
        .map_or(NONE, |row| row as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::CodeId;
    use crate::fact::{FactFlags, FactKey};
    use crate::resource::ResourceKey;

    fn fact(id: u8, kind: FactKind, start: Option<&str>) -> Fact {
        Fact {
            key: FactKey { resource: ResourceKey([id; 16]), part: 0 },
            kind,
            codes: vec![CodeId(u32::from(id))],
            flags: FactFlags::EFFECTIVE,
            start: start.and_then(PartialDate::parse),
            end: None,
            value: None,
            unit: None,
            value_code: None,
            encounter: None,
        }
    }

    fn record(facts: Vec<Fact>) -> ClinicalRecord {
        ClinicalRecord { patient: PatientNo(1), birth: PartialDate::parse("1970-01-02"), sex: Sex::Female, deceased: false, facts }
    }

    #[test]
    fn facts_stand_in_the_order_of_their_start() {
        let facts = vec![
            fact(1, FactKind::Observation, Some("2020")),
            fact(2, FactKind::Condition, None),
            fact(3, FactKind::Procedure, Some("2019")),
        ];
        let batch = ColumnBatch::build(&[record(facts)], FactKinds::all());
        assert_eq!(batch.columns.code, [2, 3, 1]);
        assert_eq!(batch.fact_origin, [1, 2, 0]);
        assert_eq!(batch.columns.birth, [1]);
    }

    #[test]
    fn a_kind_that_was_not_granted_does_not_cross() {
        let facts = vec![fact(1, FactKind::Observation, Some("2020")), fact(2, FactKind::Condition, None)];
        let batch = ColumnBatch::build(&[record(facts.clone()), record(facts)], FactKinds::OBSERVATION);
        assert_eq!(batch.columns.code, [1, 1]);
        assert_eq!(batch.columns.fact_offset, [0, 1, 2]);
    }

    #[test]
    fn a_day_ends_at_its_last_millisecond_and_a_condition_goes_on() {
        let facts = vec![fact(1, FactKind::Observation, Some("1970-01-01")), fact(2, FactKind::Condition, Some("1970-01-02"))];
        let batch = ColumnBatch::build(&[record(facts)], FactKinds::all());
        assert_eq!(batch.columns.end, [86_399_999, UNKNOWN_END]);
    }

    #[test]
    fn a_fact_knows_the_row_of_its_encounter() {
        let mut reading = fact(1, FactKind::Observation, Some("2020-01-02"));
        reading.encounter = Some(ResourceKey([9; 16]));
        let batch = ColumnBatch::build(&[record(vec![reading, fact(9, FactKind::Encounter, Some("2020-01-01"))])], FactKinds::all());
        assert_eq!(batch.columns.encounter, [NONE, 0]);
    }
}
