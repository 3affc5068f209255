//! Writing the audit: what is shown was noted before.

use axum::Json;
use axum::response::{IntoResponse, Response};
use gateway_domain::audit::{Actor, AuditAction, AuditEntry};
use gateway_domain::ids::{AuditId, PatientId};
use gateway_ports::store::AuditStore;
use serde::Serialize;

use crate::ApiDeps;
use crate::access::Caller;
use crate::problem::ApiError;

/// Patient data that may go out, because the audit says so already. Made by [`ApiDeps::show`] alone.
pub(crate) struct Shown<T>(T);

impl<T> Shown<T> {
    pub(crate) fn into_inner(self) -> T {
        self.0
    }
}

impl<T: Serialize> IntoResponse for Shown<T> {
    fn into_response(self) -> Response {
        Json(self.0).into_response()
    }
}

async fn note_first<T>(audit: &dyn AuditStore, entries: &[AuditEntry], data: T) -> Result<Shown<T>, ApiError> {
    audit.audit(entries).await.map_err(ApiError::Audit)?;
    Ok(Shown(data))
}

impl ApiDeps {
    /// Notes that the caller reads these patients' data, one row for each, and hands the data over. Where the audit can't be
    /// written, nothing is shown.
    pub(crate) async fn show<T>(
        &self,
        caller: &Caller,
        action: AuditAction,
        patients: impl IntoIterator<Item = PatientId>,
        data: T,
    ) -> Result<Shown<T>, ApiError> {
        let mut patients: Vec<Option<PatientId>> = patients.into_iter().map(Some).collect();
        patients.sort_unstable();
        patients.dedup();
        if patients.is_empty() {
            patients.push(None);
        }
        let shown = format!("{} patients", patients.iter().flatten().count());
        let entries: Vec<AuditEntry> =
            patients.into_iter().map(|patient| self.entry(caller.actor(), action, &caller.route, patient, true, shown.clone())).collect();
        note_first(&*self.store, &entries, data).await
    }

    /// Notes a change, before it is made: one that can't be noted is not made.
    pub(crate) async fn note_change(
        &self,
        caller: &Caller,
        action: AuditAction,
        patient: Option<PatientId>,
        detail: impl Into<String>,
    ) -> Result<(), ApiError> {
        self.note(self.entry(caller.actor(), action, &caller.route, patient, true, detail.into())).await
    }

    /// Notes an attempt that was not allowed.
    pub(crate) async fn note_refusal(&self, caller: &Caller, action: AuditAction, patient: Option<PatientId>) -> Result<(), ApiError> {
        let detail = format!("role {}", caller.user.role.name());
        self.note(self.entry(caller.actor(), action, &caller.route, patient, false, detail)).await
    }

    /// Writes one row.
    pub(crate) async fn note(&self, entry: AuditEntry) -> Result<(), ApiError> {
        self.store.audit(&[entry]).await.map_err(ApiError::Audit)
    }

    /// A row of this moment.
    pub(crate) fn entry(
        &self,
        actor: Actor,
        action: AuditAction,
        object: &str,
        patient: Option<PatientId>,
        allowed: bool,
        detail: String,
    ) -> AuditEntry {
        let at = self.clock.now();
        AuditEntry { id: AuditId::new(at, self.entropy.for_id()), at, actor, action, object: object.to_owned(), patient, allowed, detail }
    }
}

#[cfg(test)]
mod tests {
    use gateway_ports::store::{Page, PageRequest, StoreError};
    use http::StatusCode;

    use super::*;

    /// An audit whose disk is full.
    struct Full;

    #[async_trait::async_trait]
    impl AuditStore for Full {
        async fn audit(&self, _: &[AuditEntry]) -> Result<(), StoreError> {
            Err(StoreError::Unavailable("the disk is full".into()))
        }

        async fn audit_entries(&self, _: Option<PatientId>, _: PageRequest) -> Result<Page<AuditEntry>, StoreError> {
            Err(StoreError::Unavailable("the disk is full".into()))
        }

        async fn ping(&self) -> Result<(), StoreError> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn nothing_is_shown_that_could_not_be_noted() {
        let refused = note_first(&Full, &[], "Ada Lovelace").await;
        let Err(error) = refused else { panic!("shown without an audit") };
        assert_eq!(error.into_response().status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
