//! Measures evaluated over records that are not in the store: official test patients, a bundle at hand.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use gateway_domain::code::{CodeId, CodeRole, CodeSet, Coding};
use gateway_domain::columns::{ClinicalRecord, ColumnBatch};
use gateway_domain::date::PartialDate;
use gateway_domain::fact::{Fact, FactKey, ReadFact};
use gateway_domain::ids::PatientNo;
use gateway_domain::patient::{Deceased, Sex};
use gateway_domain::projection::{Projection, ReadResource};
use gateway_ports::plugins::{CodeSetNeed, SegmentPlugin, SegmentQuestion};
use gateway_ports::terminology::TerminologyError;
use jiff::Timestamp;

use crate::OutreachError;

/// Numbers for codes, for as long as an evaluation lasts.
#[derive(Default)]
pub struct Codes {
    numbers: HashMap<(String, String), CodeId>,
}

impl Codes {
    fn number(&mut self, coding: &Coding) -> CodeId {
        let next = CodeId(u32::try_from(self.numbers.len() + 1).unwrap_or(u32::MAX));
        *self.numbers.entry((coding.system.clone(), coding.code.clone())).or_insert(next)
    }
}

/// One patient with all that is known of that patient, put together from resources.
#[derive(Default)]
pub struct Case {
    birth: Option<PartialDate>,
    sex: Sex,
    deceased: bool,
    patients: usize,
    facts: Vec<(ReadResource, ReadFact)>,
    /// What medications with a resource of their own are.
    medications: HashMap<(String, String), Vec<Arc<Coding>>>,
}

impl Case {
    /// Adds a resource.
    pub fn add(&mut self, mut resource: ReadResource) {
        match std::mem::replace(&mut resource.projection, Projection::Kept) {
            Projection::Patient(patient) => {
                self.patients += 1;
                self.birth = patient.demographics.birth;
                self.sex = patient.demographics.sex;
                self.deceased = patient.demographics.deceased != Deceased::No;
            }
            Projection::Clinical(clinical) => {
                resource.raw = Vec::new();
                self.facts.extend(clinical.facts.into_iter().map(|fact| (resource.clone(), fact)));
            }
            Projection::Medication(medication) => {
                self.medications.insert((medication.reference.system, medication.reference.code), medication.codes);
            }
            Projection::Account(_) | Projection::Practitioner(_) | Projection::Kept => {}
        }
    }

    /// How many patients were added; a case is of one.
    pub const fn patients(&self) -> usize {
        self.patients
    }

    fn record(&self, patient: PatientNo, codes: &mut Codes) -> ClinicalRecord {
        let mut facts = Vec::with_capacity(self.facts.len());
        for (resource, fact) in &self.facts {
            let further = fact.codes.iter().filter_map(|code| self.medications.get(&(code.system.clone(), code.code.clone()))).flatten();
            let all: Vec<CodeId> = fact.codes.iter().chain(further).map(|coding| codes.number(coding)).collect();
            facts.push(Fact {
                key: FactKey { resource: resource.key, part: fact.part },
                kind: fact.kind,
                codes: all,
                flags: fact.flags.into(),
                start: fact.start,
                end: fact.end,
                value: fact.value,
                unit: fact.unit.as_ref().map(|unit| codes.number(unit)),
                value_code: fact.value_code.as_ref().map(|code| codes.number(code)),
                encounter: fact.encounter,
            });
        }
        ClinicalRecord { patient, birth: self.birth, sex: self.sex, deceased: self.deceased, facts }
    }
}

/// Bits of [`gateway_ports::plugins::population`] for each group of the measure, of each case in order.
///
/// # Errors
/// [`OutreachError::Terminology`] names a value set that is missing; nobody is counted without it. [`OutreachError::Plugin`] where the
/// document can't be used, naming the place in it.
pub async fn evaluate(
    plugin: &dyn SegmentPlugin,
    document: &str,
    value_sets: &BTreeMap<String, Vec<Coding>>,
    cases: &[Case],
    as_of: Timestamp,
) -> Result<Vec<Vec<u8>>, OutreachError> {
    let description = plugin.describe(document).await?;
    let reported = description.segments.first().map_or(0, |segment| segment.groups.len());
    let mut codes = Codes::default();
    let mut code_sets = Vec::with_capacity(description.needs.code_sets.len());
    for need in &description.needs.code_sets {
        let numbers: Vec<CodeId> = match need {
            CodeSetNeed::Codes(codings) => codings.iter().map(|coding| codes.number(coding)).collect(),
            CodeSetNeed::ValueSet(asked) => {
                let (url, role) = CodeRole::of_value_set(asked);
                let set = value_sets.get(url).ok_or_else(|| TerminologyError::Unknown(url.to_owned()))?;
                let coding = |coding: &Coding| role.map_or_else(|| coding.clone(), |role| role.of(coding));
                set.iter().map(|it| codes.number(&coding(it))).collect()
            }
        };
        code_sets.push(CodeSet::new(numbers));
    }
    let records: Vec<ClinicalRecord> = (1..).zip(cases).map(|(number, case)| case.record(PatientNo(number), &mut codes)).collect();
    let batch = ColumnBatch::build(&records, description.needs.facts);
    let question = SegmentQuestion { config: document.into(), code_sets: code_sets.into(), as_of, with_evidence: false };
    let verdicts = plugin.evaluate(&question, &batch.columns, None).await?;
    let rows = verdicts.populations.chunks_exact(verdicts.groups.max(1));
    Ok(rows.map(|bits| bits.get(..reported).unwrap_or_default().to_vec()).collect())
}
