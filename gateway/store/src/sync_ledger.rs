//! How far each type of a source is read, and which process is at work on it.

use async_trait::async_trait;
use gateway_domain::ids::{SourceId, SyncRunId};
use gateway_domain::source::TypeCursor;
use gateway_ports::process::ProcessId;
use gateway_ports::store::{StoreError, SyncLedger};
use jiff::Timestamp;

use crate::Store;
use crate::database::{Row, args, sixteen};
use crate::source::source_no;

#[async_trait]
impl SyncLedger for Store {
    async fn cursors(&self, source: SourceId) -> Result<Vec<TypeCursor>, StoreError> {
        let mut session = self.database.read().await?;
        let rows = session
            .all(
                "SELECT c.resource_type, c.complete_until, c.read_at, c.whole_at, c.problem FROM sync_cursor c \
                 JOIN source s ON s.no = c.source_no WHERE s.id = $1 ORDER BY c.resource_type",
                args![source.as_uuid()],
            )
            .await?;
        rows.iter().map(cursor).collect()
    }

    async fn save_cursors(&self, source: SourceId, cursors: &[TypeCursor]) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        let source_no = source_no(&mut session, source).await?;
        for cursor in cursors {
            session
                .execute(
                    "INSERT INTO sync_cursor (source_no, resource_type, complete_until, read_at, whole_at, problem) \
                     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (source_no, resource_type) DO UPDATE SET \
                     complete_until = excluded.complete_until, read_at = excluded.read_at, whole_at = excluded.whole_at, \
                     problem = excluded.problem",
                    args![
                        source_no,
                        cursor.resource_type.as_str(),
                        cursor.complete_until,
                        cursor.read_at,
                        cursor.whole_at,
                        cursor.problem.clone()
                    ],
                )
                .await?;
        }
        session.commit().await
    }

    async fn unseen(&self, run: SyncRunId, types: &[String], most: usize) -> Result<Option<Vec<(String, String)>>, StoreError> {
        self.unseen_of_run(run, types, most).await
    }

    async fn known_patients(&self, source: SourceId, after: Option<&str>, most: u32) -> Result<Vec<String>, StoreError> {
        let mut session = self.database.read().await?;
        let rows = session
            .all(
                "SELECT p.fhir_id FROM patient p JOIN source s ON s.no = p.source_no \
                 WHERE s.id = $1 AND p.fhir_id > $2 AND p.status <> 'deleted' ORDER BY p.fhir_id LIMIT $3",
                args![source.as_uuid(), after.unwrap_or_default(), i64::from(most)],
            )
            .await?;
        rows.iter().map(|row| row.text("fhir_id")).collect()
    }

    async fn take_lease(&self, source: SourceId, holder: ProcessId, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        let mut session = self.database.write().await?;
        let source_no = source_no(&mut session, source).await?;
        let taken = session
            .execute(
                "INSERT INTO source_lease (source_no, holder, until) VALUES ($1, $2, $3) \
                 ON CONFLICT (source_no) DO UPDATE SET holder = excluded.holder, until = excluded.until \
                 WHERE source_lease.holder = excluded.holder OR source_lease.until <= $4",
                args![source_no, holder.to_vec(), until, now],
            )
            .await?;
        session.commit().await?;
        Ok(taken > 0)
    }

    async fn end_lease(&self, source: SourceId, holder: ProcessId) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        session
            .execute(
                "DELETE FROM source_lease WHERE source_no = (SELECT no FROM source WHERE id = $1) AND holder = $2",
                args![source.as_uuid(), holder.to_vec()],
            )
            .await?;
        session.commit().await
    }

    async fn lease(&self, source: SourceId, now: Timestamp) -> Result<Option<(ProcessId, Timestamp)>, StoreError> {
        let mut session = self.database.read().await?;
        let row = session
            .optional(
                "SELECT l.holder, l.until FROM source_lease l JOIN source s ON s.no = l.source_no WHERE s.id = $1 AND l.until > $2",
                args![source.as_uuid(), now],
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let holder = sixteen(&row.get::<Vec<u8>, _>("holder")?)?;
        Ok(Some((holder, row.time("until")?)))
    }
}

fn cursor(row: &Row) -> Result<TypeCursor, StoreError> {
    Ok(TypeCursor {
        resource_type: row.text("resource_type")?,
        complete_until: row.optional_time("complete_until")?,
        read_at: row.optional_time("read_at")?,
        whole_at: row.optional_time("whole_at")?,
        problem: row.get("problem")?,
    })
}
