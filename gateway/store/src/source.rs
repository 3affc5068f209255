//! Sources and their runs.

use async_trait::async_trait;
use gateway_domain::ids::{SourceId, SourceNo, SyncRunId};
use gateway_domain::source::{Source, SyncCounts, SyncRun};
use gateway_domain::unmapped::CodeReport;
use gateway_ports::store::{Page, PageRequest, SourceStore, StoreError};

use crate::Store;
use crate::database::{Row, Session, args};
use crate::error::missing;
use crate::page::{limit, offset};
use crate::stored::from_name;
use crate::unmapped;

const RUN: &str = "r.id, s.id AS source_id, r.no, r.source_no, r.strategy, r.status, r.checkpoint, r.resources_read, r.applied, \
    r.unchanged, r.deleted, r.quarantined, r.started_at, r.ended_at, r.note \
    FROM sync_run r JOIN source s ON s.no = r.source_no";

#[async_trait]
impl SourceStore for Store {
    async fn put_source(&self, id: SourceId, name: &str, base_url: &str) -> Result<Source, StoreError> {
        let mut session = self.database.write().await?;
        let row = session
            .one(
                "INSERT INTO source (id, name, base_url) VALUES ($1, $2, $3) \
                 ON CONFLICT (name) DO UPDATE SET base_url = excluded.base_url \
                 RETURNING no, id, name, base_url, complete_until, synced_at",
                args![id.as_uuid(), name, base_url],
            )
            .await?;
        let source = source(&row)?;
        session.commit().await?;
        Ok(source)
    }

    async fn sources(&self) -> Result<Vec<Source>, StoreError> {
        let mut session = self.database.read().await?;
        let rows = session.all("SELECT no, id, name, base_url, complete_until, synced_at FROM source ORDER BY name", args![]).await?;
        rows.iter().map(source).collect()
    }

    async fn source_by_name(&self, name: &str) -> Result<Option<Source>, StoreError> {
        let mut session = self.database.read().await?;
        let row =
            session.optional("SELECT no, id, name, base_url, complete_until, synced_at FROM source WHERE name = $1", args![name]).await?;
        row.as_ref().map(source).transpose()
    }

    async fn sync_runs(&self, id: SourceId, page: PageRequest) -> Result<Page<SyncRun>, StoreError> {
        let mut session = self.database.read().await?;
        let total = session
            .one("SELECT count(*) AS total FROM sync_run r JOIN source s ON s.no = r.source_no WHERE s.id = $1", args![id.as_uuid()])
            .await?
            .count("total")?;
        let rows = session
            .all(
                &format!("SELECT {RUN} WHERE s.id = $1 ORDER BY r.no DESC LIMIT $2 OFFSET $3"),
                args![id.as_uuid(), limit(page), offset(page)],
            )
            .await?;
        let items = rows.iter().map(sync_run).collect::<Result<_, _>>()?;
        Ok(Page { items, total })
    }

    async fn resource_counts(&self, source: Option<SourceId>) -> Result<Vec<(String, u64)>, StoreError> {
        let mut session = self.database.read().await?;
        let id = source.map(|id| id.as_uuid().as_bytes().to_vec());
        let rows = session
            .all(
                "SELECT t.name, CAST(sum(t.held) AS BIGINT) AS held FROM resource_type t \
                 JOIN source s ON s.no = t.source_no WHERE $1 IS NULL OR s.id = $1 \
                 GROUP BY t.name HAVING sum(t.held) > 0 ORDER BY t.name",
                args![id],
            )
            .await?;
        rows.iter().map(|row| Ok((row.text("name")?, row.count("held")?))).collect()
    }

    async fn code_report(&self, source: SourceId, most: usize) -> Result<CodeReport, StoreError> {
        let mut session = self.database.read().await?;
        let source = source_no(&mut session, source).await?;
        unmapped::code_report(&mut session, source, most).await
    }
}

/// What a run of the sync hangs on inside the database.
pub(crate) struct OpenRun {
    pub(crate) no: i64,
    pub(crate) source: SourceNo,
    pub(crate) run: SyncRun,
}

pub(crate) async fn source_no(session: &mut Session, id: SourceId) -> Result<SourceNo, StoreError> {
    session
        .optional("SELECT no FROM source WHERE id = $1", args![id.as_uuid()])
        .await?
        .ok_or_else(|| missing("source", id))?
        .integer("no")
        .map(SourceNo)
}

pub(crate) async fn run_of_source(session: &mut Session, id: SourceId) -> Result<Option<SyncRun>, StoreError> {
    let row = session.optional(&format!("SELECT {RUN} WHERE s.id = $1 AND r.status = 'running'"), args![id.as_uuid()]).await?;
    row.as_ref().map(sync_run).transpose()
}

/// The run, locked until the transaction ends.
pub(crate) async fn lock_run(session: &mut Session, id: SyncRunId) -> Result<OpenRun, StoreError> {
    let row = session
        .optional(&format!("SELECT {RUN} WHERE r.id = $1 FOR UPDATE OF r"), args![id.as_uuid()])
        .await?
        .ok_or_else(|| missing("sync run", id))?;
    Ok(OpenRun { no: row.integer("no")?, source: SourceNo(row.integer("source_no")?), run: sync_run(&row)? })
}

/// Sources whose copy may be half of the truth: read by a run that has not ended, or that was given up after changes with no complete
/// run since. Runs that read what a server told of don't count: each piece of them is whole, and none says anything about the rest.
/// Files that were handed over make up for nothing but files.
pub(crate) async fn half_read_sources(session: &mut Session) -> Result<Vec<i64>, StoreError> {
    let rows = session
        .all(
            "SELECT DISTINCT r.source_no FROM sync_run r WHERE r.strategy NOT IN ('hint', 'replay') AND (r.status = 'running' \
             OR (r.status = 'failed' AND r.applied + r.deleted > 0 AND NOT EXISTS \
             (SELECT 1 FROM sync_run c WHERE c.source_no = r.source_no AND c.no > r.no AND c.status = 'complete' \
             AND c.strategy NOT IN ('hint', 'replay') AND (c.strategy <> 'import' OR r.strategy = 'import'))))",
            args![],
        )
        .await?;
    rows.iter().map(|row| row.integer("source_no")).collect()
}

fn source(row: &Row) -> Result<Source, StoreError> {
    Ok(Source {
        id: SourceId::from_uuid(row.uuid("id")?),
        no: SourceNo(row.integer("no")?),
        name: row.text("name")?,
        base_url: row.text("base_url")?,
        complete_until: row.optional_time("complete_until")?,
        synced_at: row.optional_time("synced_at")?,
    })
}

fn sync_run(row: &Row) -> Result<SyncRun, StoreError> {
    Ok(SyncRun {
        id: SyncRunId::from_uuid(row.uuid("id")?),
        source: SourceId::from_uuid(row.uuid("source_id")?),
        strategy: from_name("sync strategy", row.text("strategy")?)?,
        status: from_name("sync run status", row.text("status")?)?,
        counts: SyncCounts {
            read: row.count("resources_read")?,
            applied: row.count("applied")?,
            unchanged: row.count("unchanged")?,
            deleted: row.count("deleted")?,
            quarantined: row.count("quarantined")?,
        },
        checkpoint: row.get("checkpoint")?,
        started_at: row.time("started_at")?,
        ended_at: row.optional_time("ended_at")?,
        note: row.get("note")?,
    })
}
