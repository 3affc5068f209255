//! Clinical look-ups that cost milliseconds, kept for a while: a patient's latest facts, the names of codes, expanded value sets.
//! Whoever asks while an answer is being fetched waits for that answer instead of fetching it again.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use gateway_domain::code::{CodeId, Coding};
use gateway_domain::fact::{CodedFact, DescribedFact, FactKinds};
use gateway_domain::ids::{PatientId, PatientNo};
use gateway_domain::patient::Patient;
use gateway_ports::store::Store;
use gateway_ports::terminology::{Terminology, TerminologyError};
use moka::future::Cache;

use crate::OutreachError;

/// How much is kept, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct LookupLimits {
    /// Facts, over all patients.
    pub facts: u64,
    /// How long a patient's facts are kept. They are dropped at once when a sync changes them; on a database shared by several
    /// processes the others notice after this time.
    pub facts_live: Duration,
    /// Names of codes.
    pub codings: u64,
    /// Codes of expanded value sets, over all value sets.
    pub value_set_codes: u64,
    /// How long value sets are kept.
    pub value_sets_live: Duration,
}

impl Default for LookupLimits {
    /// 200,000 facts for one minute, 50,000 codes, value sets of 500,000 codes for ten minutes.
    fn default() -> Self {
        Self {
            facts: 200_000,
            facts_live: Duration::from_mins(1),
            codings: 50_000,
            value_set_codes: 500_000,
            value_sets_live: Duration::from_mins(10),
        }
    }
}

/// A time in which patients are evaluated. What was looked up in one is not taken for true in the next: in between, a patient can have changed, and
/// be evaluated for that very reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Round(u64);

/// Looks things up, and remembers.
pub struct ClinicalLookup {
    store: Arc<dyn Store>,
    terminology: Arc<dyn Terminology>,
    facts: Cache<PatientNo, Arc<[DescribedFact]>>,
    coded: Cache<(Round, PatientNo, FactKinds), Arc<[CodedFact]>>,
    ids: Cache<PatientNo, Option<PatientId>>,
    codings: Cache<CodeId, Coding>,
    /// By the revision they belong to: what another revision says is another answer.
    value_sets: Cache<(i64, String), Arc<[Coding]>>,
    /// Counts invalidations, so that facts read before one are not kept after it.
    invalidations: AtomicU64,
    rounds: AtomicU64,
}

impl ClinicalLookup {
    /// Remembers nothing yet.
    pub fn new(store: Arc<dyn Store>, terminology: Arc<dyn Terminology>, limits: LookupLimits) -> Self {
        Self {
            store,
            terminology,
            facts: Cache::builder()
                .max_capacity(limits.facts)
                .weigher(|_, facts: &Arc<[DescribedFact]>| weight(facts.len()))
                .time_to_live(limits.facts_live)
                .build(),
            coded: Cache::builder()
                .max_capacity(limits.facts)
                .weigher(|_, facts: &Arc<[CodedFact]>| weight(facts.len()))
                .time_to_live(limits.facts_live)
                .build(),
            ids: Cache::builder().max_capacity(limits.codings).build(),
            codings: Cache::builder().max_capacity(limits.codings).build(),
            value_sets: Cache::builder()
                .max_capacity(limits.value_set_codes)
                .weigher(|_, codes: &Arc<[Coding]>| weight(codes.len()))
                .time_to_live(limits.value_sets_live)
                .build(),
            invalidations: AtomicU64::new(0),
            rounds: AtomicU64::new(0),
        }
    }

    /// A patient's facts in words, newest first. Whoever shows them audits the read.
    pub async fn facts(&self, patient: &Patient) -> Result<Arc<[DescribedFact]>, OutreachError> {
        let before = self.invalidations.load(Ordering::Acquire);
        let load = async { self.store.facts(patient.id).await.map(Arc::<[DescribedFact]>::from).map_err(OutreachError::from) };
        let entry = self
            .facts
            .entry(patient.no)
            .or_try_insert_with(load)
            .await
            .map_err(|error: Arc<OutreachError>| OutreachError::clone(&error))?;
        count("facts", entry.is_fresh());
        if self.invalidations.load(Ordering::Acquire) != before {
            self.facts.invalidate(&patient.no).await;
        }
        Ok(entry.into_value())
    }

    /// A new round of evaluation.
    pub fn begin_round(&self) -> Round {
        Round(self.rounds.fetch_add(1, Ordering::Relaxed))
    }

    /// The id of a patient by its number.
    pub async fn patient_id(&self, patient: PatientNo) -> Result<Option<PatientId>, OutreachError> {
        if let Some(known) = self.ids.get(&patient).await {
            return Ok(known);
        }
        let id = self.store.patient_by_no(patient).await?.map(|found| found.id);
        if id.is_some() {
            self.ids.insert(patient, id).await;
        }
        Ok(id)
    }

    /// A patient's facts of these kinds with their codes spelled out, those that began last first, as a plugin is told them: of all records
    /// of the person, as the columns of a batch have them. Whoever passes them on audits the read.
    pub async fn coded_facts(&self, round: Round, patient: PatientNo, kinds: FactKinds) -> Result<Arc<[CodedFact]>, OutreachError> {
        let entry = self
            .coded
            .entry((round, patient, kinds))
            .or_try_insert_with(self.load_coded(patient, kinds))
            .await
            .map_err(|error: Arc<OutreachError>| OutreachError::clone(&error))?;
        count("coded-facts", entry.is_fresh());
        Ok(entry.into_value())
    }

    async fn load_coded(&self, patient: PatientNo, kinds: FactKinds) -> Result<Arc<[CodedFact]>, OutreachError> {
        let mut facts: Vec<_> = self.store.clinical_records(&[patient], kinds).await?.into_iter().flat_map(|record| record.facts).collect();
        facts.sort_by_key(|fact| (Reverse(fact.start.map(|start| start.first)), fact.key));
        let mut codes: Vec<CodeId> =
            facts.iter().flat_map(|fact| fact.codes.iter().copied().chain(fact.unit).chain(fact.value_code)).collect();
        codes.sort_unstable();
        codes.dedup();
        let codings: HashMap<CodeId, Coding> = self.codings(&codes).await?.into_iter().collect();
        Ok(facts.iter().map(|fact| CodedFact::of(fact, |code| codings.get(&code).cloned())).collect())
    }

    /// What the codes are; those not known are left out.
    pub async fn codings(&self, codes: &[CodeId]) -> Result<Vec<(CodeId, Coding)>, OutreachError> {
        let mut found = Vec::with_capacity(codes.len());
        let mut missing = Vec::new();
        for code in codes {
            match self.codings.get(code).await {
                Some(coding) => found.push((*code, coding)),
                None => missing.push(*code),
            }
            count("codings", missing.last() == Some(code));
        }
        if !missing.is_empty() {
            for (code, coding) in self.store.codings(&missing).await? {
                self.codings.insert(code, coding.clone()).await;
                found.push((code, coding));
            }
        }
        Ok(found)
    }

    /// All codes of a value set, as of a revision or later.
    ///
    /// # Errors
    /// As [`Terminology::expand`]; not remembered, so that a value set counts as soon as it is there.
    pub async fn value_set(&self, url: &str, revision: i64) -> Result<Arc<[Coding]>, TerminologyError> {
        let entry = self
            .value_sets
            .entry((revision, url.to_owned()))
            .or_try_insert_with(async { self.terminology.expand(url).await.map(Arc::<[Coding]>::from) })
            .await
            .map_err(|error: Arc<TerminologyError>| TerminologyError::clone(&error))?;
        count("value-sets", entry.is_fresh());
        Ok(entry.into_value())
    }

    /// The value sets themselves, as nobody remembers them.
    pub fn terminology(&self) -> &dyn Terminology {
        self.terminology.as_ref()
    }

    /// Drops the facts of patients that changed. Called after a sync applied a piece.
    pub async fn invalidate(&self, patients: &[PatientNo]) {
        self.invalidations.fetch_add(1, Ordering::AcqRel);
        for patient in patients {
            self.facts.invalidate(patient).await;
        }
    }
}

fn weight(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX).saturating_add(1)
}

fn count(cache: &'static str, fetched: bool) {
    let result = if fetched { "miss" } else { "hit" };
    metrics::counter!("outreach_lookups_total", "cache" => cache, "result" => result).increment(1);
}
