//! Patients as columns, cut into pieces for one call each, and the answers checked and put together again.

use std::ops::Range;
use std::sync::Arc;

use gateway_domain::columns::{NO_DAY, PatientColumns};
use gateway_domain::date::from_epoch_day;
use gateway_ports::plugins::{EvidenceRow, Verdicts};

use crate::abi::v0_1::cut;
use crate::abi::v0_1::segment::exports::outreach::plugin::segment::{Batch, Verdicts as Answer};
use crate::attempt::Failure;

/// No fact.
const NO_FACT: u32 = u32::MAX;
/// Groups of all segments of a plugin together.
const MOST_GROUPS: usize = 256;

/// Cuts a batch into ranges of patients of which none has too many patients or, unless it is a single one, too many facts.
pub(crate) fn pieces(columns: &PatientColumns, patients: usize, facts: usize) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let offset = |row: usize| columns.fact_offset.get(row).map_or(0, |offset| *offset as usize);
    let mut start = 0;
    for row in 0..columns.len() {
        let too_many = row - start >= patients.max(1) || offset(row + 1).saturating_sub(offset(start)) > facts;
        if too_many && row > start {
            pieces.push(start..row);
            start = row;
        }
    }
    if start < columns.len() {
        pieces.push(start..columns.len());
    }
    pieces
}

/// The patients of a range as they cross.
pub(crate) fn piece(columns: &PatientColumns, rows: &Range<usize>) -> Batch {
    let offset = |offsets: &[u32], at: usize| offsets.get(at).copied().unwrap_or_default();
    let first_fact = offset(&columns.fact_offset, rows.start);
    let facts = first_fact as usize..offset(&columns.fact_offset, rows.end) as usize;
    let first_code = offset(&columns.code_offset, facts.start);
    let codes = first_code as usize..offset(&columns.code_offset, facts.end) as usize;
    let rebased = |offsets: &[u32], range: &Range<usize>, first: u32| {
        part(offsets, &(range.start..range.end + 1)).iter().map(|offset| offset - first).collect()
    };
    Batch {
        birth: part(&columns.birth, rows).to_vec(),
        sex: part(&columns.sex, rows).to_vec(),
        deceased: part(&columns.deceased, rows).to_vec(),
        fact_offset: rebased(&columns.fact_offset, rows, first_fact),
        kind: part(&columns.kind, &facts).to_vec(),
        code_offset: rebased(&columns.code_offset, &facts, first_code),
        code: part(&columns.code, &codes).to_vec(),
        fact_flags: part(&columns.fact_flags, &facts).to_vec(),
        start: part(&columns.start, &facts).to_vec(),
        end: part(&columns.end, &facts).to_vec(),
        precision: part(&columns.precision, &facts).to_vec(),
        value: part(&columns.value, &facts).to_vec(),
        unit: part(&columns.unit, &facts).to_vec(),
        value_code: part(&columns.value_code, &facts).to_vec(),
        encounter: part(&columns.encounter, &facts).to_vec(),
    }
}

fn part<'a, T>(column: &'a [T], range: &Range<usize>) -> &'a [T] {
    column.get(range.clone()).unwrap_or(&[])
}

/// Checks the answer for a range of patients and adds it to the whole.
pub(crate) fn add(
    whole: &mut Verdicts,
    answer: &Answer,
    columns: &PatientColumns,
    rows: &Range<usize>,
    with_evidence: bool,
) -> Result<(), Failure> {
    let nonsense = |reason: String| Err(Failure::Nonsense(reason));
    let patients = rows.len();
    let groups = answer.populations.len() / patients.max(1);
    if groups == 0 || groups > MOST_GROUPS || groups * patients != answer.populations.len() {
        return nonsense(format!("{} populations for {patients} patients", answer.populations.len()));
    }
    if whole.groups != 0 && whole.groups != groups {
        return nonsense(format!("{groups} groups now and {} before", whole.groups));
    }
    if let Some(bits) = answer.populations.iter().find(|bits| **bits >= 64) {
        return nonsense(format!("population bits {bits}"));
    }
    if answer.review_on.len() != patients {
        return nonsense(format!("{} review days for {patients} patients", answer.review_on.len()));
    }
    let evidence = if with_evidence { evidence(answer, columns, rows)? } else { vec![Vec::new(); patients] };
    whole.groups = groups;
    whole.populations.extend_from_slice(&answer.populations);
    whole.review_on.extend(answer.review_on.iter().map(|day| (*day != NO_DAY).then(|| from_epoch_day(*day))));
    whole.evidence.extend(evidence);
    Ok(())
}

fn evidence(answer: &Answer, columns: &PatientColumns, rows: &Range<usize>) -> Result<Vec<Vec<EvidenceRow>>, Failure> {
    let nonsense = |reason: String| Failure::Nonsense(reason);
    let offsets = &answer.evidence_offset;
    let rows_of_evidence = answer.evidence_fact.len();
    if offsets.len() != rows.len() + 1 || offsets.first() != Some(&0) || offsets.last().copied() != u32::try_from(rows_of_evidence).ok() {
        return Err(nonsense(format!("{} evidence offsets for {} patients and {rows_of_evidence} rows", offsets.len(), rows.len())));
    }
    if answer.evidence_phrase.len() != rows_of_evidence {
        return Err(nonsense(format!("{} phrases for {rows_of_evidence} rows of evidence", answer.evidence_phrase.len())));
    }
    let phrases: Vec<Arc<str>> = answer.phrases.iter().map(|phrase| Arc::from(cut(phrase))).collect();
    let fact_offset = |row: usize| columns.fact_offset.get(row).copied().unwrap_or_default();
    let first_fact = fact_offset(rows.start);
    let mut all = Vec::with_capacity(rows.len());
    for (row, pair) in rows.clone().zip(offsets.windows(2)) {
        let &[from, to] = pair else { continue };
        let range = from as usize..to as usize;
        let (Some(facts), Some(numbers)) = (answer.evidence_fact.get(range.clone()), answer.evidence_phrase.get(range)) else {
            return Err(nonsense("evidence offsets that go back or too far".to_owned()));
        };
        let own = fact_offset(row)..fact_offset(row + 1);
        let mut of_patient = Vec::with_capacity(facts.len());
        for (fact, number) in facts.iter().zip(numbers) {
            let phrase =
                phrases.get(usize::from(*number)).cloned().ok_or_else(|| nonsense(format!("phrase {number} of {}", phrases.len())))?;
            let fact = if *fact == NO_FACT { None } else { Some(first_fact.saturating_add(*fact)) };
            if fact.is_some_and(|fact| !own.contains(&fact)) {
                return Err(nonsense("a fact of another patient, or none, as evidence".to_owned()));
            }
            of_patient.push(EvidenceRow { fact, phrase });
        }
        all.push(of_patient);
    }
    Ok(all)
}
