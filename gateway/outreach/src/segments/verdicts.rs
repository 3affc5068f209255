//! From a plugin's answer about a batch to the model's evaluations. Pure, and wary: an answer that does not fit the batch is none.

use std::ops::Range;

use gateway_domain::columns::{ClinicalRecord, ColumnBatch};
use gateway_domain::fact::FactKey;
use gateway_domain::ids::{PatientNo, SegmentId};
use gateway_domain::segment::{Evaluation, Evidence};
use gateway_ports::plugins::{EvidenceRow, Verdicts, population};
use jiff::civil::Date;

/// Longest phrase of evidence that is kept, in characters.
const LONGEST_PHRASE: usize = 500;
/// Most evidence that is kept of one membership.
const MOST_EVIDENCE: usize = 100;

/// What in an answer does not fit the question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// A column has the wrong length.
    #[error("the answer has {found} {column}, expected {expected}")]
    Length {
        /// The column.
        column: &'static str,
        /// Its length.
        found: usize,
        /// What it should be.
        expected: usize,
    },
    /// Evidence that is not a fact of the patient it is given for.
    #[error("the evidence of patient {patient} of the batch names fact row {row}, which is not that patient's")]
    ForeignFact {
        /// Row of the patient.
        patient: usize,
        /// Row of the fact.
        row: u32,
    },
}

/// The evaluations of one segment: `groups` are its groups among all of the answer.
pub fn evaluations(
    segment: SegmentId,
    groups: &Range<usize>,
    records: &[ClinicalRecord],
    batch: &ColumnBatch,
    verdicts: &Verdicts,
) -> Result<Vec<Evaluation>, Misfit> {
    let patients = batch.patients.len();
    expect("population bytes", verdicts.populations.len(), patients * verdicts.groups)?;
    expect("review dates", verdicts.review_on.len(), patients)?;
    if !verdicts.evidence.is_empty() {
        expect("lists of evidence", verdicts.evidence.len(), patients)?;
    }
    if verdicts.groups < groups.end || groups.is_empty() {
        return Err(Misfit::Length { column: "groups", found: verdicts.groups, expected: groups.end.max(1) });
    }
    let rows = verdicts.populations.chunks_exact(verdicts.groups);
    let mut evaluations = Vec::with_capacity(patients);
    for (row, ((patient, record), (bits, review_on))) in batch.patients.iter().zip(records).zip(rows.zip(&verdicts.review_on)).enumerate() {
        let populations = bits.get(groups.clone()).unwrap_or_default().to_vec();
        let member = populations.iter().any(|bits| bits & population::MEMBER != 0);
        let evidence = match verdicts.evidence.get(row) {
            Some(rows) if member => distinct_evidence(rows, row, record, batch)?,
            _ => Vec::new(),
        };
        evaluations.push(Evaluation { patient: *patient, segment, member, populations, evidence, review_on: *review_on });
    }
    Ok(evaluations)
}

/// Nobody belongs to the segment, and it is asked again on `review_on`. What is said where a segment can't be counted truthfully.
pub fn nobody(segment: SegmentId, records: &[ClinicalRecord], review_on: Option<Date>) -> Vec<Evaluation> {
    records
        .iter()
        .map(|record| Evaluation {
            patient: record.patient,
            segment,
            member: false,
            populations: Vec::new(),
            evidence: Vec::new(),
            review_on,
        })
        .collect()
}

/// These patients do not belong to the segment, and are not asked about until they change.
pub fn none_of(segment: SegmentId, patients: &[PatientNo]) -> impl Iterator<Item = Evaluation> {
    patients.iter().map(move |patient| Evaluation {
        patient: *patient,
        segment,
        member: false,
        populations: Vec::new(),
        evidence: Vec::new(),
        review_on: None,
    })
}

fn expect(column: &'static str, found: usize, expected: usize) -> Result<(), Misfit> {
    if found == expected { Ok(()) } else { Err(Misfit::Length { column, found, expected }) }
}

/// The evidence of one patient, each reason once: two branches of a rule may find the same fact, or miss the same thing.
fn distinct_evidence(rows: &[EvidenceRow], patient: usize, record: &ClinicalRecord, batch: &ColumnBatch) -> Result<Vec<Evidence>, Misfit> {
    let mut distinct: Vec<Evidence> = Vec::new();
    for row in rows {
        let evidence = evidence_of(row, patient, record, batch)?;
        if distinct.len() < MOST_EVIDENCE && !distinct.contains(&evidence) {
            distinct.push(evidence);
        }
    }
    Ok(distinct)
}

fn evidence_of(evidence: &EvidenceRow, patient: usize, record: &ClinicalRecord, batch: &ColumnBatch) -> Result<Evidence, Misfit> {
    let fact = evidence.fact.map(|row| fact_key(row, patient, record, batch).ok_or(Misfit::ForeignFact { patient, row })).transpose()?;
    Ok(Evidence { phrase: evidence.phrase.chars().take(LONGEST_PHRASE).collect(), fact })
}

/// The fact behind a row of the batch, if it is the patient's.
fn fact_key(row: u32, patient: usize, record: &ClinicalRecord, batch: &ColumnBatch) -> Option<FactKey> {
    let first = batch.columns.fact_offset.get(patient)?;
    let end = batch.columns.fact_offset.get(patient + 1)?;
    if !(*first..*end).contains(&row) {
        return None;
    }
    let origin = batch.fact_origin.get(row as usize)?;
    record.facts.get(*origin as usize).map(|fact| fact.key)
}

#[cfg(test)]
mod tests {
    use gateway_domain::code::CodeId;
    use gateway_domain::date::PartialDate;
    use gateway_domain::fact::{Fact, FactFlags, FactKind, FactKinds};
    use gateway_domain::ids::PatientNo;
    use gateway_domain::patient::Sex;
    use gateway_domain::resource::ResourceKey;
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn fact(id: u8, kind: FactKind, start: &str) -> Fact {
        Fact {
            key: FactKey { resource: ResourceKey([id; 16]), part: 0 },
            kind,
            codes: vec![CodeId(1)],
            flags: FactFlags::EFFECTIVE,
            start: PartialDate::parse(start),
            end: None,
            value: None,
            unit: None,
            value_code: None,
            encounter: None,
        }
    }

    fn record(no: i64, facts: Vec<Fact>) -> ClinicalRecord {
        ClinicalRecord { patient: PatientNo(no), birth: None, sex: Sex::Female, deceased: false, facts }
    }

    fn two() -> Vec<ClinicalRecord> {
        let late = fact(1, FactKind::Procedure, "2021");
        let hidden = fact(2, FactKind::Condition, "2020");
        let early = fact(3, FactKind::Procedure, "2019");
        vec![record(1, vec![late, hidden, early]), record(2, vec![fact(4, FactKind::Procedure, "2022")])]
    }

    fn segment() -> SegmentId {
        SegmentId::new(Timestamp::UNIX_EPOCH, [0; 10])
    }

    fn answer(populations: Vec<u8>, groups: usize, evidence: Vec<Vec<EvidenceRow>>) -> Verdicts {
        let patients = populations.len() / groups.max(1);
        Verdicts { populations, groups, review_on: vec![None; patients], evidence }
    }

    fn row(fact: u32) -> EvidenceRow {
        EvidenceRow { fact: Some(fact), phrase: "a screening".into() }
    }

    #[test]
    fn evidence_leads_back_to_the_fact_it_names() {
        let (records, batch) = (two(), ColumnBatch::build(&two(), FactKinds::PROCEDURE));
        let verdicts = answer(vec![population::MEMBER; 2], 1, vec![vec![row(0), row(1)], vec![row(2)]]);
        let answers = evaluations(segment(), &(0..1), &records, &batch, &verdicts).unwrap();
        let facts = |answer: &Evaluation| answer.evidence.iter().map(|each| each.fact.unwrap().resource.0[0]).collect::<Vec<_>>();
        assert_eq!(facts(&answers[0]), [3, 1], "in the order of their start, the ungranted condition left out");
        assert_eq!(facts(&answers[1]), [4]);
    }

    #[test]
    fn a_reason_that_was_given_twice_is_kept_once() {
        let (records, batch) = (two(), ColumnBatch::build(&two(), FactKinds::PROCEDURE));
        let missing = EvidenceRow { fact: None, phrase: "No mammogram".into() };
        let twice = vec![row(0), missing.clone(), row(0), row(1), missing];
        let verdicts = answer(vec![population::MEMBER; 2], 1, vec![twice, vec![]]);
        let answers = evaluations(segment(), &(0..1), &records, &batch, &verdicts).unwrap();
        assert_eq!(answers[0].evidence.len(), 3);
    }

    #[test]
    fn evidence_from_another_patients_record_is_nonsense() {
        let (records, batch) = (two(), ColumnBatch::build(&two(), FactKinds::PROCEDURE));
        let verdicts = answer(vec![population::MEMBER; 2], 1, vec![vec![row(2)], vec![]]);
        let misfit = evaluations(segment(), &(0..1), &records, &batch, &verdicts).unwrap_err();
        assert_eq!(misfit, Misfit::ForeignFact { patient: 0, row: 2 });
    }

    #[test]
    fn a_segment_hears_its_own_groups_alone() {
        let (records, batch) = (two(), ColumnBatch::build(&two(), FactKinds::all()));
        let verdicts = answer(vec![population::MEMBER, 0, 0, population::MEMBER], 2, vec![]);
        let members = |groups| {
            let answers = evaluations(segment(), &groups, &records, &batch, &verdicts).unwrap();
            answers.iter().map(|answer| answer.member).collect::<Vec<_>>()
        };
        assert_eq!((members(0..1), members(1..2)), (vec![true, false], vec![false, true]));
    }

    #[test]
    fn the_reasons_of_people_who_do_not_belong_are_not_kept() {
        let (records, batch) = (two(), ColumnBatch::build(&two(), FactKinds::all()));
        let verdicts = answer(vec![population::DENOMINATOR; 2], 1, vec![vec![row(0)], vec![row(3)]]);
        let answers = evaluations(segment(), &(0..1), &records, &batch, &verdicts).unwrap();
        assert!(answers.iter().all(|answer| !answer.member && answer.evidence.is_empty()));
    }

    proptest! {
        #[test]
        fn no_answer_of_a_plugin_panics(
            populations in prop::collection::vec(any::<u8>(), 0..8),
            groups in 0_usize..4,
            reviews in 0_usize..4,
            evidence in prop::collection::vec(prop::collection::vec(any::<u32>(), 0..4), 0..4),
        ) {
            let (records, batch) = (two(), ColumnBatch::build(&two(), FactKinds::all()));
            let evidence = evidence.into_iter().map(|rows| rows.into_iter().map(row).collect()).collect();
            let verdicts = Verdicts { populations, groups, review_on: vec![None; reviews], evidence };
            if let Ok(answers) = evaluations(segment(), &(0..1), &records, &batch, &verdicts) {
                prop_assert_eq!(answers.len(), records.len());
            }
        }
    }
}
