//! What could not be read: kept whole, counted, read again, settled.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use gateway_domain::ids::{QuarantineId, SourceId, SyncRunId};
use gateway_domain::resource::{ContentHash, ResourceKey};
use gateway_domain::source::{QuarantineStatus, Quarantined, reason_kind};
use gateway_ports::store::quarantine::QuarantineCount;
use gateway_ports::store::sync::PackedBody;
use gateway_ports::store::{Page, PageRequest, QuarantineFilter, QuarantineStore, StoreError};
use jiff::Timestamp;

use crate::Store;
use crate::database::bulk::{Column, Rows};
use crate::database::{Row, Session, Value, args, row};
use crate::page::{limit, offset};
use crate::raw_body::{Compressor, unpack};
use crate::source::OpenRun;
use crate::stored::{from_name, name_of};

/// Rows kept of a source. Settled ones make room for new ones, the oldest first; open ones do not.
const MOST_ROWS: u64 = 100_000;
/// Packed bytes kept of a source. Beyond them only beginnings are kept.
const MOST_BYTES: u64 = 2 << 30;
/// What a beginning is.
const BEGINNING: usize = 64 << 10;

const COLUMNS: &str = "q.id, s.id AS source_id, r.id AS run_id, q.resource_type, q.fhir_id, q.line, q.reason, q.whole, q.at, q.status, \
    q.tries, q.resolved_at";
const TABLES: &str = "FROM quarantine q JOIN source s ON s.no = q.source_no JOIN sync_run r ON r.no = q.run_no";
const NARROWED: &str = "($1 IS NULL OR s.id = $1) AND ($2 IS NULL OR q.status = $2) AND ($3 IS NULL OR q.kind = $3) \
    AND ($4 IS NULL OR q.id = $4)";

fn narrowed(filter: &QuarantineFilter) -> Result<Vec<Value>, StoreError> {
    let source = filter.source.map(|id| id.as_uuid().as_bytes().to_vec());
    let id = filter.id.map(|id| id.as_uuid().as_bytes().to_vec());
    Ok(args![source, filter.status.map(|status| name_of(&status)).transpose()?, filter.kind.clone(), id])
}

#[async_trait]
impl QuarantineStore for Store {
    async fn quarantine(&self, filter: &QuarantineFilter, page: PageRequest) -> Result<Page<Quarantined>, StoreError> {
        let mut session = self.database.read().await?;
        let total = session.one(&format!("SELECT count(*) AS total {TABLES} WHERE {NARROWED}"), narrowed(filter)?).await?.count("total")?;
        let mut values = narrowed(filter)?;
        values.extend(args![limit(page), offset(page)]);
        let sql = format!("SELECT {COLUMNS} {TABLES} WHERE {NARROWED} ORDER BY q.at DESC, q.id DESC LIMIT $5 OFFSET $6");
        let rows = session.all(&sql, values).await?;
        let items = rows.iter().map(|row| quarantined(row, Vec::new())).collect::<Result<_, _>>()?;
        Ok(Page { items, total })
    }

    async fn quarantined(&self, id: QuarantineId) -> Result<Option<Quarantined>, StoreError> {
        let mut session = self.database.read().await?;
        let sql = format!("SELECT {COLUMNS}, q.encoding, q.body {TABLES} WHERE q.id = $1");
        session.optional(&sql, args![id.as_uuid()]).await?.as_ref().map(with_body).transpose()
    }

    async fn quarantine_counts(&self, source: Option<SourceId>) -> Result<Vec<QuarantineCount>, StoreError> {
        let mut session = self.database.read().await?;
        let source = source.map(|id| id.as_uuid().as_bytes().to_vec());
        let rows = session
            .all(
                "SELECT s.id AS source_id, q.kind, q.status, count(*) AS lines FROM quarantine q JOIN source s ON s.no = q.source_no \
                 WHERE $1 IS NULL OR s.id = $1 GROUP BY s.id, q.kind, q.status ORDER BY lines DESC, q.kind LIMIT 1000",
                args![source],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(QuarantineCount {
                    source: SourceId::from_uuid(row.uuid("source_id")?),
                    kind: row.text("kind")?,
                    status: from_name("quarantine status", row.text("status")?)?,
                    count: row.count("lines")?,
                })
            })
            .collect()
    }

    async fn quarantine_not_kept(&self, source: SourceId) -> Result<u64, StoreError> {
        let mut session = self.database.read().await?;
        let row = session.optional("SELECT quarantine_not_kept FROM source WHERE id = $1", args![source.as_uuid()]).await?;
        row.map_or(Ok(0), |row| row.count("quarantine_not_kept"))
    }

    async fn quarantine_to_replay(
        &self,
        filter: &QuarantineFilter,
        after: Option<QuarantineId>,
        most: u32,
    ) -> Result<Vec<Quarantined>, StoreError> {
        let mut session = self.database.read().await?;
        let mut values = narrowed(&QuarantineFilter { status: Some(QuarantineStatus::Open), ..filter.clone() })?;
        values.extend(args![after.map(|id| id.as_uuid().as_bytes().to_vec()), most]);
        let sql =
            format!("SELECT {COLUMNS}, q.encoding, q.body {TABLES} WHERE {NARROWED} AND ($5 IS NULL OR q.id > $5) ORDER BY q.id LIMIT $6");
        session.all(&sql, values).await?.iter().map(with_body).collect()
    }

    async fn note_replayed_in_vain(&self, tries: &[(QuarantineId, String)]) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        for (id, reason) in tries {
            session
                .execute(
                    "UPDATE quarantine SET tries = tries + 1, reason = $2, kind = $3 WHERE id = $1",
                    args![id.as_uuid(), reason.as_str(), &*reason_kind(reason)],
                )
                .await?;
        }
        session.commit().await
    }

    async fn dismiss_quarantine(&self, filter: &QuarantineFilter, now: Timestamp) -> Result<u64, StoreError> {
        let mut session = self.database.write().await?;
        let mut values = narrowed(&QuarantineFilter { status: Some(QuarantineStatus::Open), ..filter.clone() })?;
        values.extend(args![now]);
        let sql =
            format!("UPDATE quarantine SET status = 'dismissed', resolved_at = $5 WHERE id IN (SELECT q.id {TABLES} WHERE {NARROWED})");
        let dismissed = session.execute(&sql, values).await?;
        session.commit().await?;
        Ok(dismissed)
    }
}

/// Settles what earlier runs could not read of these resources, and what was read again.
pub(crate) async fn settle(
    session: &mut Session,
    open: &OpenRun,
    keys: &[ResourceKey],
    replayed: &[QuarantineId],
    now: Timestamp,
) -> Result<(), StoreError> {
    const KEY: &[Column] = &[Column::Bytes];
    for id in replayed {
        session.execute("UPDATE quarantine SET status = 'replayed', resolved_at = $2 WHERE id = $1", args![id.as_uuid(), now]).await?;
    }
    // Mostly there is nothing, and that costs one look.
    let earlier = "source_no = $1 AND status = 'open' AND run_no <> $2";
    let sql = format!("SELECT 1 AS there FROM quarantine WHERE {earlier} AND resource_key IS NOT NULL LIMIT 1");
    if keys.is_empty() || session.optional(&sql, args![open.source, open.no]).await?.is_none() {
        return Ok(());
    }
    let settled = format!(
        "WITH shown (resource_key) AS ({{rows}}) UPDATE quarantine SET status = 'resolved', resolved_at = {} FROM shown \
         WHERE quarantine.source_no = {} AND quarantine.resource_key = shown.resource_key AND status = 'open' AND run_no <> {}",
        now.as_microsecond(),
        open.source.0,
        open.no
    );
    session.execute_rows(&settled, Rows::of(KEY, keys.iter().map(|key| (*key).into()))).await?;
    Ok(())
}

/// Keeps what could not be read. The same bytes of a source are one row; met again, it is open again, unless it was dismissed.
pub(crate) async fn keep(session: &mut Session, open: &OpenRun, lines: Vec<Quarantined>) -> Result<(), StoreError> {
    const LINE: &[Column] = &[
        Column::Bytes,
        Column::Integer,
        Column::Integer,
        Column::Bytes,
        Column::Text,
        Column::Text,
        Column::Bytes,
        Column::Integer,
        Column::Text,
        Column::Text,
        Column::Integer,
        Column::Integer,
        Column::Bytes,
        Column::Text,
        Column::Integer,
    ];
    if lines.is_empty() {
        return Ok(());
    }
    let mut by_hash: HashMap<[u8; 16], Quarantined> = HashMap::new();
    for line in lines {
        by_hash.insert(ContentHash::of([line.raw.as_slice()]).0, line);
    }
    let mut kept_bytes = make_room(session, open, &mut by_hash).await?;
    let mut packer = Compressor::new();
    let mut rows = Rows::new(LINE);
    for (hash, mut line) in by_hash {
        if kept_bytes > MOST_BYTES && line.raw.len() > BEGINNING {
            line.raw.truncate(BEGINNING);
            line.whole = false;
        }
        let PackedBody { encoding, bytes: body } = packer.pack(line.raw);
        kept_bytes += body.len() as u64;
        let key = line.resource_type.as_deref().zip(line.fhir_id.as_deref()).map(|(name, id)| ResourceKey::of(open.source, name, id));
        rows.push(row![
            line.id.as_uuid(),
            open.source,
            open.no,
            hash.to_vec(),
            line.resource_type,
            line.fhir_id,
            key,
            line.line,
            line.reason.as_str(),
            &*reason_kind(&line.reason),
            line.whole,
            encoding,
            body,
            "",
            line.at,
        ]);
    }
    session
        .execute_rows(
            "INSERT INTO quarantine (id, source_no, run_no, raw_hash, resource_type, fhir_id, resource_key, line, reason, kind, whole, \
             encoding, body, raw, at) {rows} ON CONFLICT (source_no, raw_hash) DO UPDATE SET run_no = excluded.run_no, \
             line = excluded.line, reason = excluded.reason, kind = excluded.kind, resource_type = excluded.resource_type, \
             fhir_id = excluded.fhir_id, resource_key = excluded.resource_key, at = excluded.at, \
             resolved_at = CASE WHEN quarantine.status = 'dismissed' THEN quarantine.resolved_at END, \
             status = CASE WHEN quarantine.status = 'dismissed' THEN quarantine.status ELSE 'open' END",
            rows,
        )
        .await?;
    Ok(())
}

/// Makes room for lines by giving up the oldest settled ones; where that is not enough, new lines are counted and not kept. The bytes
/// that are kept.
async fn make_room(session: &mut Session, open: &OpenRun, lines: &mut HashMap<[u8; 16], Quarantined>) -> Result<u64, StoreError> {
    const HASH: &[Column] = &[Column::Bytes];
    let used = session
        .one(
            "SELECT count(*) AS lines, CAST(coalesce(sum(length(body)), 0) AS BIGINT) AS bytes FROM quarantine WHERE source_no = $1",
            args![open.source],
        )
        .await?;
    let (rows, bytes) = (used.count("lines")?, used.count("bytes")?);
    let wanted = rows + lines.len() as u64;
    if wanted <= MOST_ROWS {
        return Ok(bytes);
    }
    let sql = format!(
        "WITH met (raw_hash) AS ({{rows}}) SELECT q.raw_hash FROM met CROSS JOIN quarantine q \
         WHERE q.source_no = {} AND q.raw_hash = met.raw_hash",
        open.source.0
    );
    let known = session.all_rows(&sql, Rows::of(HASH, lines.keys().map(|hash| hash.to_vec().into()))).await?;
    let known: HashSet<Vec<u8>> = known.iter().map(|row| row.get("raw_hash")).collect::<Result<_, _>>()?;
    let too_many = (wanted - known.len() as u64).saturating_sub(MOST_ROWS);
    let freed = session
        .execute(
            "DELETE FROM quarantine WHERE id IN (SELECT id FROM quarantine WHERE source_no = $1 AND status <> 'open' \
             ORDER BY resolved_at, at LIMIT $2)",
            args![open.source, too_many],
        )
        .await?;
    let mut left_out = too_many.saturating_sub(freed);
    if left_out > 0 {
        session
            .execute("UPDATE source SET quarantine_not_kept = quarantine_not_kept + $2 WHERE no = $1", args![open.source, left_out])
            .await?;
        lines.retain(|hash, _| {
            let left = left_out > 0 && !known.contains(hash.as_slice());
            left_out -= u64::from(left);
            !left
        });
    }
    Ok(bytes)
}

fn with_body(row: &Row) -> Result<Quarantined, StoreError> {
    quarantined(row, unpack(row.integer("encoding")?, row.get("body")?)?)
}

fn quarantined(row: &Row, raw: Vec<u8>) -> Result<Quarantined, StoreError> {
    let line: Option<i64> = row.get("line")?;
    Ok(Quarantined {
        id: QuarantineId::from_uuid(row.uuid("id")?),
        source: SourceId::from_uuid(row.uuid("source_id")?),
        run: SyncRunId::from_uuid(row.uuid("run_id")?),
        resource_type: row.get("resource_type")?,
        fhir_id: row.get("fhir_id")?,
        line: line.and_then(|line| u64::try_from(line).ok()),
        reason: row.text("reason")?,
        raw,
        whole: row.flag("whole")?,
        at: row.time("at")?,
        status: from_name("quarantine status", row.text("status")?)?,
        tries: row.small("tries")?,
        resolved_at: row.optional_time("resolved_at")?,
    })
}
