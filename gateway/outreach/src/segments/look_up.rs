//! Lookups of single patients by the plugin that is asked about a batch: audited, remembered for the round, and for nobody outside the batch.

use std::sync::Arc;

use async_trait::async_trait;
use gateway_domain::audit::{Actor, AuditAction, AuditEntry};
use gateway_domain::fact::{CodedFact, FactKinds};
use gateway_domain::ids::{AuditId, PatientNo};
use gateway_domain::plugin::PluginName;
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::patient_lookup::{PatientLookup, PatientLookupError};
use gateway_ports::store::Store;

use crate::OutreachError;
use crate::lookup::{ClinicalLookup, Round};

/// What the audit calls it.
const OBJECT: &str = "clinical-record";

/// The patients of one batch, to be looked up by their rows.
pub(super) struct BatchLookup {
    pub(super) store: Arc<dyn Store>,
    pub(super) lookup: Arc<ClinicalLookup>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) round: Round,
    /// The patient of each row.
    pub(super) patients: Vec<PatientNo>,
}

impl BatchLookup {
    /// The patient in a row, once it is in the audit that a plugin asks for this of it.
    async fn audited(&self, plugin: &PluginName, row: usize, kinds: FactKinds, allowed: bool) -> Result<PatientNo, PatientLookupError> {
        let patient = *self.patients.get(row).ok_or(PatientLookupError::Nobody(row))?;
        let unavailable = |error: OutreachError| {
            tracing::warn!(%error, plugin = plugin.as_str(), "A plugin's look at a patient can't be audited, and is not made");
            PatientLookupError::Unavailable(row)
        };
        let id = self.lookup.patient_id(patient).await.map_err(unavailable)?.ok_or(PatientLookupError::Nobody(row))?;
        let now = self.clock.now();
        let entry = AuditEntry {
            id: AuditId::new(now, self.entropy.for_id()),
            at: now,
            actor: Actor::Plugin(plugin.to_string()),
            action: AuditAction::Read,
            object: OBJECT.to_owned(),
            patient: Some(id),
            allowed,
            detail: format!("kinds={:#x}", kinds.bits()),
        };
        self.store.audit(&[entry]).await.map_err(|error| unavailable(error.into()))?;
        Ok(patient)
    }
}

#[async_trait]
impl PatientLookup for BatchLookup {
    async fn facts(&self, plugin: &PluginName, row: usize, kinds: FactKinds) -> Result<Arc<[CodedFact]>, PatientLookupError> {
        let patient = self.audited(plugin, row, kinds, true).await?;
        self.lookup.coded_facts(self.round, patient, kinds).await.map_err(|error| {
            tracing::warn!(%error, plugin = plugin.as_str(), "What a plugin looks up of a patient can't be read");
            PatientLookupError::Unavailable(row)
        })
    }

    async fn refused(&self, plugin: &PluginName, row: usize, kinds: FactKinds) -> Result<(), PatientLookupError> {
        self.audited(plugin, row, kinds, false).await.map(drop)
    }
}
