//! The ports of the store in memory, as faithful as the stages need them: leases, marks, revisions, the gate in one step with its record.
//! What the stages never call answers with an error that says so.

mod journeys;
mod messages;
mod segments;
mod unused;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use gateway_domain::account::Account;
use gateway_domain::audit::AuditEntry;
use gateway_domain::care_team::CareTeam;
use gateway_domain::code::{CodeId, Coding};
use gateway_domain::columns::ClinicalRecord;
use gateway_domain::consent::Consent;
use gateway_domain::fact::{DescribedFact, FactKinds};
use gateway_domain::ids::{MessageId, PatientId, PatientNo, RunId, SegmentId};
use gateway_domain::journey::{Journey, JourneyEvent, Run};
use gateway_domain::message::Message;
use gateway_domain::message_template::MessageTemplate;
use gateway_domain::patient::{Patient, PatientFilter};
use gateway_domain::segment::{Evaluation, MembershipEvent, Segment};
use gateway_ports::store::patients::Responsible;
use gateway_ports::store::{AuditStore, Page, PageRequest, PatientStore, StoreError};
use jiff::Timestamp;

/// A mark of a dirty patient.
pub(crate) struct Dirty {
    pub(crate) mark: i64,
    pub(crate) since: Timestamp,
    pub(crate) lease: Timestamp,
}

/// A run with what hangs on it.
pub(crate) struct KeptRun {
    pub(crate) run: Run,
    pub(crate) revision: i64,
    pub(crate) state: Option<String>,
    pub(crate) listeners: Vec<(String, Vec<String>, Option<Timestamp>)>,
}

/// An event in the queue.
pub(crate) struct Queued {
    pub(crate) run: RunId,
    pub(crate) event: JourneyEvent,
    pub(crate) due_at: Timestamp,
    pub(crate) tries: u32,
}

#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) patients: Vec<Patient>,
    pub(crate) records: HashMap<PatientNo, ClinicalRecord>,
    /// How many more rows the audit takes; `None` is any number.
    pub(crate) audit_room: Option<usize>,
    pub(crate) codes: Vec<Coding>,
    pub(crate) segments: Vec<Segment>,
    pub(crate) noted_value_sets: BTreeMap<SegmentId, String>,
    pub(crate) dirty: BTreeMap<PatientNo, Dirty>,
    pub(crate) members: BTreeMap<(SegmentId, PatientNo), Evaluation>,
    pub(crate) membership_events: Vec<MembershipEvent>,
    pub(crate) heard: usize,
    pub(crate) journeys: Vec<Journey>,
    pub(crate) runs: BTreeMap<RunId, KeptRun>,
    pub(crate) queue: BTreeMap<i64, Queued>,
    pub(crate) next_seq: i64,
    pub(crate) templates: Vec<MessageTemplate>,
    pub(crate) messages: BTreeMap<MessageId, Message>,
    pub(crate) consents: Vec<(PatientId, Consent)>,
    pub(crate) audit: Vec<AuditEntry>,
}

impl Kept {
    pub(crate) fn enqueue(&mut self, run: RunId, event: JourneyEvent, due_at: Timestamp) {
        self.next_seq += 1;
        self.queue.insert(self.next_seq, Queued { run, event, due_at, tries: 0 });
    }

    pub(crate) fn patient_of(&self, no: PatientNo) -> Option<&Patient> {
        self.patients.iter().find(|patient| patient.no == no)
    }
}

#[derive(Default)]
pub(crate) struct MemoryStore(Mutex<Kept>);

impl MemoryStore {
    pub(crate) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn not_kept(what: &str) -> StoreError {
    StoreError::Statement(format!("the store in memory does not keep what `{what}` asks for"))
}

#[async_trait]
impl PatientStore for MemoryStore {
    async fn patient(&self, id: PatientId) -> Result<Option<Patient>, StoreError> {
        Ok(self.kept().patients.iter().find(|patient| patient.id == id).cloned())
    }

    async fn clinical_records(&self, patients: &[PatientNo], kinds: FactKinds) -> Result<Vec<ClinicalRecord>, StoreError> {
        let kept = self.kept();
        let records = patients.iter().filter_map(|no| kept.records.get(no).cloned());
        Ok(records
            .map(|mut record| {
                record.facts.retain(|fact| kinds.has(fact.kind));
                record
            })
            .collect())
    }

    async fn facts(&self, _: PatientId) -> Result<Vec<DescribedFact>, StoreError> {
        Ok(Vec::new())
    }

    async fn intern_codes(&self, codings: &[Coding]) -> Result<Vec<CodeId>, StoreError> {
        let mut kept = self.kept();
        Ok(codings
            .iter()
            .map(|coding| {
                let place = kept.codes.iter().position(|known| known == coding).unwrap_or_else(|| {
                    kept.codes.push(coding.clone());
                    kept.codes.len() - 1
                });
                CodeId(place as u32)
            })
            .collect())
    }

    async fn patients(&self, _: &PatientFilter, _: PageRequest) -> Result<Page<Patient>, StoreError> {
        Err(not_kept("patients"))
    }

    async fn patient_by_no(&self, no: PatientNo) -> Result<Option<Patient>, StoreError> {
        Ok(self.kept().patients.iter().find(|patient| patient.no == no).cloned())
    }

    async fn patient_by_fhir_id(&self, _: &str, _: &str) -> Result<Option<Patient>, StoreError> {
        Err(not_kept("patient_by_fhir_id"))
    }

    async fn responsible(&self, _: PatientId) -> Result<Responsible, StoreError> {
        Err(not_kept("responsible"))
    }

    async fn care_teams(&self, _: PatientId) -> Result<Vec<CareTeam>, StoreError> {
        Err(not_kept("care_teams"))
    }

    async fn accounts(&self, _: Option<&str>, _: PageRequest) -> Result<Page<Account>, StoreError> {
        Err(not_kept("accounts"))
    }

    async fn raw_resource(&self, _: PatientId, _: &str, _: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Err(not_kept("raw_resource"))
    }

    async fn codings(&self, _: &[CodeId]) -> Result<Vec<(CodeId, Coding)>, StoreError> {
        Err(not_kept("codings"))
    }

    async fn patient_numbers_after(&self, after: Option<PatientNo>, limit: u32) -> Result<Vec<PatientNo>, StoreError> {
        let mut numbers: Vec<PatientNo> = self.kept().patients.iter().map(|patient| patient.no).collect();
        numbers.retain(|no| after.is_none_or(|after| *no > after));
        numbers.sort_unstable();
        numbers.truncate(limit as usize);
        Ok(numbers)
    }

    async fn patient_count(&self) -> Result<u64, StoreError> {
        Err(not_kept("patient_count"))
    }
}

#[async_trait]
impl AuditStore for MemoryStore {
    async fn audit(&self, entries: &[AuditEntry]) -> Result<(), StoreError> {
        let mut kept = self.kept();
        if let Some(room) = &mut kept.audit_room {
            *room = room.checked_sub(entries.len()).ok_or_else(|| StoreError::Unavailable("the disk is full".to_owned()))?;
        }
        kept.audit.extend_from_slice(entries);
        Ok(())
    }

    async fn audit_entries(&self, _: Option<PatientId>, _: PageRequest) -> Result<Page<AuditEntry>, StoreError> {
        Err(not_kept("audit_entries"))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Err(not_kept("ping"))
    }
}
