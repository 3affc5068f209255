//! Lookups of single patients by the plugin that is asked about a batch: audited, remembered for the round, and for nobody outside the batch.

use std::sync::Arc;

use async_trait::async_trait;
use gateway_domain::audit::{Actor, AuditAction, AuditEntry};
use gateway_domain::fact::{CodedFact, FactKinds};
use gateway_domain::ids::{AuditId, PatientNo};
use gateway_domain::plugin::PluginName;
use gateway_ports::patient_lookup::{PatientLookup, PatientLookupError};

use crate::OutreachError;
use crate::lookup::Round;
use crate::workers::OutreachDeps;

/// What the audit calls it.
const OBJECT: &str = "clinical-record";

/// The patients of one batch, to be looked up by their rows.
pub(super) struct BatchLookup {
    deps: OutreachDeps,
    round: Round,
    patients: Vec<PatientNo>,
}

impl BatchLookup {
    pub(super) const fn new(deps: OutreachDeps, round: Round, patients: Vec<PatientNo>) -> Self {
        Self { deps, round, patients }
    }

    /// The patient in a row, once it is in the audit that a plugin asks for this of it.
    async fn audited(&self, plugin: &PluginName, row: usize, kinds: FactKinds, allowed: bool) -> Result<PatientNo, PatientLookupError> {
        let patient = *self.patients.get(row).ok_or(PatientLookupError::Nobody(row))?;
        let unavailable = |error: OutreachError| {
            tracing::warn!(%error, plugin = plugin.as_str(), "A plugin's look at a patient can't be audited, and is not made");
            PatientLookupError::Unavailable(row)
        };
        let id = self.deps.lookup.patient_id(patient).await.map_err(unavailable)?.ok_or(PatientLookupError::Nobody(row))?;
        let now = self.deps.clock.now();
        let entry = AuditEntry {
            id: AuditId::new(now, self.deps.entropy.for_id()),
            at: now,
            actor: Actor::Plugin(plugin.to_string()),
            action: AuditAction::Read,
            object: OBJECT.to_owned(),
            patient: Some(id),
            allowed,
            detail: format!("kinds={:#x}", kinds.bits()),
        };
        self.deps.store.audit(&[entry]).await.map_err(|error| unavailable(error.into()))?;
        Ok(patient)
    }
}

#[async_trait]
impl PatientLookup for BatchLookup {
    async fn facts(&self, plugin: &PluginName, row: usize, kinds: FactKinds) -> Result<Arc<[CodedFact]>, PatientLookupError> {
        let patient = self.audited(plugin, row, kinds, true).await?;
        self.deps.lookup.coded_facts(self.round, patient, kinds).await.map_err(|error| {
            tracing::warn!(%error, plugin = plugin.as_str(), "What a plugin looks up of a patient can't be read");
            PatientLookupError::Unavailable(row)
        })
    }

    async fn refused(&self, plugin: &PluginName, row: usize, kinds: FactKinds) -> Result<(), PatientLookupError> {
        self.audited(plugin, row, kinds, false).await.map(drop)
    }
}
