//! What a definition would decide, before it is kept: how many people, who would join, who would leave. Nothing is changed.

use std::collections::HashSet;
use std::sync::Arc;

use gateway_domain::audit::{Actor, AuditAction, AuditEntry};
use gateway_domain::columns::ColumnBatch;
use gateway_domain::ids::{AuditId, PatientNo, SegmentId};
use gateway_domain::segment::Segment;
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::plugins::{PluginError, SegmentQuestion, population};
use jiff::{SignedDuration, Timestamp};

use super::look_up::BatchLookup;
use super::prepare::Preparation;
use super::verdicts;
use crate::OutreachError;
use crate::settings::after;

/// Patients evaluated in one batch.
const BATCH: u32 = 2_000;

/// What is asked.
pub struct PreviewQuestion<'a> {
    /// The definition, as a segment that need not be kept.
    pub segment: &'a Segment,
    /// The segment whose members it is compared with.
    pub instead_of: Option<SegmentId>,
    /// The moment for which is asked.
    pub as_of: Timestamp,
    /// How many people are named of each kind.
    pub named: usize,
    /// After this no further batch is begun; what was found by then is told.
    pub time: SignedDuration,
}

/// What a definition would decide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// How many people were looked at.
    pub looked_at: u64,
    /// Whether that was everybody.
    pub is_complete: bool,
    /// How many of them would be members.
    pub members: u64,
    /// For each group how many are in each population, in the order initial, denominator, exclusion, exception, numerator.
    pub groups: Vec<[u64; 5]>,
    /// How many would join.
    pub joining: u64,
    /// How many would leave.
    pub leaving: u64,
    /// Some of those who would be members.
    pub some_members: Vec<PatientNo>,
    /// Some of those who would join.
    pub some_joining: Vec<PatientNo>,
    /// Some of those who would leave.
    pub some_leaving: Vec<PatientNo>,
}

impl Preview {
    fn name(list: &mut Vec<PatientNo>, patient: PatientNo, most: usize) {
        if list.len() < most {
            list.push(patient);
        }
    }
}

impl Preparation {
    /// Evaluates everybody by a definition. The reading is noted in the audit before it is done, as that of the plugin.
    ///
    /// # Errors
    /// [`OutreachError::Terminology`] where a value set is missing, [`OutreachError::Plugin`] where the definition can't be used or the
    /// plugin gave no answer, [`OutreachError::Store`] also where the audit can't be written.
    pub async fn preview(
        &self,
        question: &PreviewQuestion<'_>,
        clock: &Arc<dyn Clock>,
        entropy: &Arc<dyn Entropy>,
    ) -> Result<Preview, OutreachError> {
        let (segment, store) = (question.segment, self.store());
        let prepared = self.resolve_now(segment).await?;
        let kept: HashSet<PatientNo> = match question.instead_of {
            Some(segment) => store.member_numbers(segment).await?.into_iter().collect(),
            None => HashSet::new(),
        };
        let asked = SegmentQuestion {
            config: prepared.config.clone(),
            code_sets: prepared.code_sets.clone(),
            as_of: question.as_of,
            with_evidence: false,
        };
        let begun = clock.now();
        store
            .audit(&[AuditEntry {
                id: AuditId::new(begun, entropy.for_id()),
                at: begun,
                actor: Actor::Plugin(segment.plugin.to_string()),
                action: AuditAction::Read,
                object: "clinical-records".to_owned(),
                patient: None,
                allowed: true,
                detail: format!("preview of a definition; kinds={:#x}", prepared.kinds.bits()),
            }])
            .await?;
        let mut preview = Preview { groups: vec![[0; 5]; prepared.groups.len()], ..Preview::default() };
        let mut last = None;
        loop {
            let numbers = store.patient_numbers_after(last, BATCH).await?;
            let Some(next) = numbers.last() else {
                preview.is_complete = true;
                return Ok(preview);
            };
            last = Some(*next);
            let round = self.lookup().begin_round();
            let records = store.clinical_records(&numbers, prepared.kinds).await?;
            let batch = ColumnBatch::build(&records, prepared.kinds);
            // Nobody is looked up one by one: a plugin that needs that says so, and is not previewed.
            let lookup = BatchLookup {
                store: Arc::clone(store),
                lookup: Arc::clone(self.lookup()),
                clock: Arc::clone(clock),
                entropy: Arc::clone(entropy),
                round,
                patients: batch.patients.clone(),
            };
            let answer = prepared.plugin.evaluate(&asked, &batch.columns, Some(Arc::new(lookup))).await?;
            let evaluations = verdicts::evaluations(segment.id, &prepared.groups, &records, &batch, &answer).map_err(|misfit| {
                OutreachError::Plugin(PluginError::Nonsense { plugin: segment.plugin.to_string(), reason: misfit.to_string() })
            })?;
            for evaluation in evaluations {
                let (patient, was) = (evaluation.patient, kept.contains(&evaluation.patient));
                preview.looked_at += 1;
                for (group, bits) in preview.groups.iter_mut().zip(&evaluation.populations) {
                    for (count, bit) in group.iter_mut().zip(POPULATIONS) {
                        *count += u64::from(bits & bit != 0);
                    }
                }
                match (evaluation.member, was) {
                    (true, was) => {
                        preview.members += 1;
                        Preview::name(&mut preview.some_members, patient, question.named);
                        if !was {
                            preview.joining += 1;
                            Preview::name(&mut preview.some_joining, patient, question.named);
                        }
                    }
                    (false, true) => {
                        preview.leaving += 1;
                        Preview::name(&mut preview.some_leaving, patient, question.named);
                    }
                    (false, false) => {}
                }
            }
            if clock.now() > after(begun, question.time) {
                return Ok(preview);
            }
        }
    }
}

const POPULATIONS: [u8; 5] =
    [population::INITIAL, population::DENOMINATOR, population::EXCLUSION, population::EXCEPTION, population::NUMERATOR];
