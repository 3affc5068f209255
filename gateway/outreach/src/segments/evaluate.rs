//! The stage that evaluates dirty patients. A segment whose plugin fails keeps its memberships and is asked again after a back-off;
//! its patients stay dirty meanwhile, and every other segment gets its answers.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use gateway_domain::audit::{Actor, AuditAction, AuditEntry};
use gateway_domain::columns::{ClinicalRecord, ColumnBatch};
use gateway_domain::fact::FactKinds;
use gateway_domain::ids::{AuditId, PatientNo, SegmentId};
use gateway_domain::segment::{Evaluation, MembershipChange, Segment};
use gateway_ports::plugins::{PluginError, SegmentQuestion};
use gateway_ports::store::segments::DirtyPatient;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::look_up::BatchLookup;
use super::prepare::{Preparation, PreparedSegment};
use super::value_sets;
use super::verdicts;
use crate::OutreachError;
use crate::settings::{after, back_off};
use crate::workers::{OutreachDeps, Progress, Stage, Wake};

/// A failing segment is asked again at the latest after this.
const LONGEST_BACK_OFF: SignedDuration = SignedDuration::from_mins(5);

/// Evaluates dirty patients.
pub struct Evaluate {
    deps: OutreachDeps,
    wake: Wake,
    preparation: Preparation,
    memory: Mutex<Memory>,
}

/// What is only an optimisation, and may be forgotten at any time.
#[derive(Default)]
struct Memory {
    /// The day for which review dates were looked at.
    reviewed: Option<Date>,
    /// The revision of the value sets by which it was last looked who has to be evaluated anew.
    revision: Option<i64>,
    /// The segments, by version, whose value sets are noted.
    noted: HashMap<SegmentId, u32>,
    /// Segments that fail: how often in a row, and when they are asked again.
    failing: HashMap<SegmentId, (u32, Timestamp)>,
}

/// What came of one segment for one batch.
enum Answered {
    /// It was decided.
    Decided(Vec<Evaluation>),
    /// It could not be decided and won't be in this version: memberships stay, nothing is asked again.
    Undecidable(String),
    /// It could not be decided now: memberships stay, the patients stay dirty.
    Failed(String),
}

impl Evaluate {
    /// The stage.
    pub fn new(deps: OutreachDeps, wake: Wake) -> Self {
        let preparation = Preparation::new(deps.store.clone(), deps.plugins.clone(), deps.lookup.clone());
        Self { deps, wake, preparation, memory: Mutex::default() }
    }

    fn today(&self, now: Timestamp) -> Date {
        self.deps.settings.time_zone.to_datetime(now).date()
    }

    async fn begin_day(&self, now: Timestamp) -> Result<(), OutreachError> {
        let today = self.today(now);
        if self.memory().reviewed == Some(today) {
            return Ok(());
        }
        let due = self.deps.store.mark_due_for_review(today, now).await?;
        self.memory().reviewed = Some(today);
        tracing::info!(%today, due, "Marked patients whose review date has come");
        Ok(())
    }

    /// Lets everybody be evaluated anew where a value set that a segment goes by is not what it was, whoever imported it and whenever.
    async fn begin_revision(&self, now: Timestamp) -> Result<(), OutreachError> {
        let revision = self.deps.lookup.terminology().revision().await?;
        if self.memory().revision == Some(revision) {
            return Ok(());
        }
        let segments = self.segments().await?;
        let changed = value_sets::note(&self.deps, segments.iter(), true, now).await?;
        let mut memory = self.memory();
        memory.revision = Some(revision);
        memory.noted = segments.iter().map(|segment| (segment.id, segment.version)).collect();
        drop(memory);
        if !changed.is_empty() {
            tracing::info!(segments = changed.join(" "), "Value sets are not what they were: everybody is evaluated anew");
        }
        Ok(())
    }

    /// Notes the value sets of segments that are new, or new in this version: everybody is dirty for them already.
    async fn begin_segments(&self, segments: &[Segment], now: Timestamp) -> Result<(), OutreachError> {
        let new: Vec<&Segment> = {
            let memory = self.memory();
            segments.iter().filter(|segment| memory.noted.get(&segment.id) != Some(&segment.version)).collect()
        };
        if !new.is_empty() {
            value_sets::note(&self.deps, new.iter().copied(), false, now).await?;
            self.memory().noted.extend(new.iter().map(|segment| (segment.id, segment.version)));
        }
        Ok(())
    }

    async fn segments(&self) -> Result<Vec<Segment>, OutreachError> {
        let all = self.deps.store.segments().await?;
        Ok(all.into_iter().map(|summary| summary.segment).filter(|segment| segment.active).collect())
    }

    async fn evaluate(&self, claimed: &[DirtyPatient], now: Timestamp) -> Result<(), OutreachError> {
        // Asked after the claim: what was imported before the marks were made counts.
        let revision = self.deps.lookup.terminology().revision().await?;
        let segments = self.segments().await?;
        self.begin_segments(&segments, now).await?;
        let mut ready: Vec<(&Segment, Result<Arc<PreparedSegment>, OutreachError>)> = Vec::new();
        let mut waiting = false;
        for segment in &segments {
            if self.memory().failing.get(&segment.id).is_some_and(|(_, again_at)| now < *again_at) {
                waiting = true;
                continue;
            }
            ready.push((segment, self.preparation.prepare(segment, revision).await));
        }
        let kinds =
            ready.iter().filter_map(|(_, prepared)| prepared.as_ref().ok()).fold(FactKinds::empty(), |all, prepared| all | prepared.kinds);
        let round = self.deps.lookup.begin_round();
        let numbers: Vec<_> = claimed.iter().map(|dirty| dirty.patient).collect();
        let records = self.deps.store.clinical_records(&numbers, kinds).await?;
        let shown: HashSet<PatientNo> = records.iter().map(|record| record.patient).collect();
        let hidden: Vec<PatientNo> = numbers.into_iter().filter(|patient| !shown.contains(patient)).collect();
        self.audit(&ready, records.len(), now).await?;

        let mut batches: Vec<(FactKinds, ColumnBatch)> = Vec::new();
        let mut evaluations = Vec::new();
        let mut versions = Vec::new();
        for (segment, prepared) in ready {
            // Whoever is not shown, because the record is out of use or another one stands for the person, belongs to no segment,
            // whether or not its plugin can be asked.
            evaluations.extend(verdicts::none_of(segment.id, &hidden));
            let answered = match prepared {
                Ok(prepared) => {
                    if !batches.iter().any(|(kinds, _)| *kinds == prepared.kinds) {
                        batches.push((prepared.kinds, ColumnBatch::build(&records, prepared.kinds)));
                    }
                    match batches.iter().find(|(kinds, _)| *kinds == prepared.kinds) {
                        Some((_, batch)) => {
                            let lookup = Arc::new(BatchLookup {
                                store: Arc::clone(&self.deps.store),
                                lookup: Arc::clone(&self.deps.lookup),
                                clock: Arc::clone(&self.deps.clock),
                                entropy: Arc::clone(&self.deps.entropy),
                                round,
                                patients: batch.patients.clone(),
                            });
                            ask(segment, &prepared, &records, batch, lookup, now).await
                        }
                        None => Answered::Failed("the batch could not be laid out".to_owned()),
                    }
                }
                Err(OutreachError::Terminology(error)) => {
                    self.deps.problems.note(object(segment), format!("{error}; until then the segment has no members"), now);
                    let tomorrow = self.today(now).checked_add(1.day()).ok();
                    Answered::Decided(verdicts::nobody(segment.id, &records, tomorrow))
                }
                // The store is asked again as a whole; this is no fault of the segment.
                Err(error @ (OutreachError::Store(_) | OutreachError::Panicked(_))) => return Err(error),
                Err(OutreachError::Plugin(error)) => failure(&error),
                Err(error @ OutreachError::Ambiguous { .. }) => Answered::Undecidable(error.to_string()),
            };
            waiting |= self.take(segment, answered, &mut evaluations, now);
            versions.push((segment.id, segment.version));
        }
        metrics::counter!("outreach_evaluations_total").increment(evaluations.len() as u64);
        let done: &[DirtyPatient] = if waiting { &[] } else { claimed };
        let events = self.deps.store.apply_evaluations(done, &evaluations, &versions, now).await?;
        for event in &events {
            let change = if event.change == MembershipChange::Joined { "joined" } else { "left" };
            metrics::counter!("outreach_membership_changes_total", "change" => change).increment(1);
        }
        if !events.is_empty() {
            self.wake.memberships_changed();
        }
        Ok(())
    }

    /// Files an answer; says whether the patients have to wait for another one.
    fn take(&self, segment: &Segment, answered: Answered, evaluations: &mut Vec<Evaluation>, now: Timestamp) -> bool {
        match answered {
            Answered::Decided(decided) => {
                // Nobody because of a missing value set is a decision, but the problem stands.
                if decided.iter().any(|each| !each.populations.is_empty()) {
                    self.deps.problems.clear(&object(segment));
                }
                self.memory().failing.remove(&segment.id);
                evaluations.extend(decided);
                false
            }
            Answered::Undecidable(reason) => {
                self.failed(segment, &reason, now);
                false
            }
            Answered::Failed(reason) => {
                self.failed(segment, &reason, now);
                let mut memory = self.memory();
                let failures = memory.failing.get(&segment.id).map_or(0, |(failures, _)| failures + 1);
                let again_at = after(now, back_off(failures, self.deps.settings.evaluate_lease, LONGEST_BACK_OFF));
                memory.failing.insert(segment.id, (failures, again_at));
                true
            }
        }
    }

    fn failed(&self, segment: &Segment, reason: &str, now: Timestamp) {
        metrics::counter!("outreach_evaluation_failures_total", "segment" => segment.key.clone()).increment(1);
        self.deps.problems.note(object(segment), format!("{reason}; memberships stay as they are"), now);
    }

    /// One row for each plugin that is about to see patient data. What can't be audited is not read.
    async fn audit(
        &self,
        ready: &[(&Segment, Result<Arc<PreparedSegment>, OutreachError>)],
        patients: usize,
        now: Timestamp,
    ) -> Result<(), OutreachError> {
        let mut by_plugin: BTreeMap<&str, (usize, FactKinds)> = BTreeMap::new();
        for (segment, prepared) in ready {
            if let Ok(prepared) = prepared {
                let (segments, kinds) = by_plugin.entry(segment.plugin.as_str()).or_default();
                *segments += 1;
                *kinds |= prepared.kinds;
            }
        }
        let entries: Vec<AuditEntry> = by_plugin
            .into_iter()
            .map(|(plugin, (segments, kinds))| AuditEntry {
                id: AuditId::new(now, self.deps.entropy.for_id()),
                at: now,
                actor: Actor::Plugin(plugin.to_owned()),
                action: AuditAction::Read,
                object: "clinical-records".to_owned(),
                patient: None,
                allowed: true,
                detail: format!("patients={patients} segments={segments} kinds={:#x}", kinds.bits()),
            })
            .collect();
        if !entries.is_empty() && patients > 0 {
            self.deps.store.audit(&entries).await?;
        }
        Ok(())
    }

    async fn measure_backlog(&self, now: Timestamp) -> Result<(), OutreachError> {
        let (waiting, oldest) = self.deps.store.dirty_backlog().await?;
        metrics::gauge!("outreach_dirty_patients").set(waiting as f64);
        let age = oldest.map_or(0.0, |oldest| now.duration_since(oldest).as_secs_f64().max(0.0));
        metrics::gauge!("outreach_oldest_dirty_seconds").set(age);
        Ok(())
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Stage for Evaluate {
    fn name(&self) -> &'static str {
        "evaluate"
    }

    async fn work(&self) -> Result<Progress, OutreachError> {
        let now = self.deps.clock.now();
        self.begin_day(now).await?;
        self.begin_revision(now).await?;
        let settings = &self.deps.settings;
        let lease = after(now, settings.evaluate_lease);
        let claimed = self.deps.store.claim_dirty(settings.evaluate_batch, now, lease).await?;
        if !claimed.is_empty() {
            self.evaluate(&claimed, now).await?;
        }
        self.measure_backlog(now).await?;
        Ok(Progress { worked: !claimed.is_empty(), next_due: None })
    }
}

async fn ask(
    segment: &Segment,
    prepared: &PreparedSegment,
    records: &[ClinicalRecord],
    batch: &ColumnBatch,
    lookup: Arc<BatchLookup>,
    now: Timestamp,
) -> Answered {
    let question =
        SegmentQuestion { config: prepared.config.clone(), code_sets: prepared.code_sets.clone(), as_of: now, with_evidence: true };
    match prepared.plugin.evaluate(&question, &batch.columns, Some(lookup)).await {
        Ok(answer) => match verdicts::evaluations(segment.id, &prepared.groups, records, batch, &answer) {
            Ok(evaluations) => Answered::Decided(evaluations),
            Err(misfit) => Answered::Failed(format!("plugin `{}` answered nonsense: {misfit}", segment.plugin)),
        },
        Err(error) => failure(&error),
    }
}

/// A refused configuration stays refused until there is a new version, and a new version marks everybody dirty.
fn failure(error: &PluginError) -> Answered {
    match error {
        PluginError::Invalid { .. } => Answered::Undecidable(error.to_string()),
        _ => Answered::Failed(error.to_string()),
    }
}

fn object(segment: &Segment) -> String {
    format!("segment {}", segment.key)
}
