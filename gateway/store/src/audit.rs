//! The audit. Rows are only added; triggers refuse anything else.

use async_trait::async_trait;
use gateway_domain::audit::AuditEntry;
use gateway_domain::ids::{AuditId, PatientId};
use gateway_ports::store::{AuditStore, Page, PageRequest, StoreError};

use crate::Store;
use crate::database::bulk::{Column, Rows};
use crate::database::{Row, args};
use crate::page::{limit, offset};
use crate::stored::{from_json, from_name, name_of, to_json};

#[async_trait]
impl AuditStore for Store {
    async fn audit(&self, entries: &[AuditEntry]) -> Result<(), StoreError> {
        const ENTRY: &[Column] =
            &[Column::Bytes, Column::Integer, Column::Text, Column::Text, Column::Text, Column::Bytes, Column::Integer, Column::Text];
        let mut rows = Rows::new(ENTRY);
        for entry in entries {
            rows.push(args![
                entry.id.as_uuid(),
                entry.at,
                to_json("actor", &entry.actor)?,
                name_of(&entry.action)?,
                entry.object.as_str(),
                entry.patient.map(|id| *id.as_uuid()),
                entry.allowed,
                entry.detail.as_str(),
            ]);
        }
        let mut session = self.database.write().await?;
        session.execute_rows("INSERT INTO audit (id, at, actor, action, object, patient_id, allowed, detail) {rows}", rows).await?;
        session.commit().await
    }

    async fn audit_entries(&self, patient: Option<PatientId>, page: PageRequest) -> Result<Page<AuditEntry>, StoreError> {
        let mut session = self.database.read().await?;
        let condition = if patient.is_some() { "patient_id = $1" } else { "$1 IS NULL" };
        let id = || patient.map(|id| *id.as_uuid());
        let total = session.one(&format!("SELECT count(*) AS total FROM audit WHERE {condition}"), args![id()]).await?.count("total")?;
        let rows = session
            .all(
                &format!(
                    "SELECT id, at, actor, action, object, patient_id, allowed, detail FROM audit WHERE {condition} \
                     ORDER BY no DESC LIMIT $2 OFFSET $3"
                ),
                args![id(), limit(page), offset(page)],
            )
            .await?;
        let items = rows.iter().map(entry).collect::<Result<_, _>>()?;
        Ok(Page { items, total })
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let mut session = self.database.read().await?;
        session.one("SELECT 1 AS one", args![]).await.map(drop)
    }
}

fn entry(row: &Row) -> Result<AuditEntry, StoreError> {
    Ok(AuditEntry {
        id: AuditId::from_uuid(row.uuid("id")?),
        at: row.time("at")?,
        actor: from_json("actor", &row.text("actor")?)?,
        action: from_name("audit action", row.text("action")?)?,
        object: row.text("object")?,
        patient: row.optional_uuid("patient_id")?.map(PatientId::from_uuid),
        allowed: row.flag("allowed")?,
        detail: row.text("detail")?,
    })
}
