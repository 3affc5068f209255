//! The ledger of write-backs: filled beside what is to be written, in its transaction; worked off by source.

use async_trait::async_trait;
use gateway_domain::ids::{ConsentId, MessageId, PatientId, PatientNo, SourceId, TaskId};
use gateway_domain::write_back::{RemoteRecord, WriteBack, WriteBackKind, WriteBackObject, WriteBackScope, WriteBackStatus};
use gateway_ports::store::write_backs::{DueWriteBack, WriteBackEnd, WriteBackFilter};
use gateway_ports::store::{Page, PageRequest, StoreError, WriteBackStore};
use jiff::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::database::{Row, Session, Value, args};
use crate::error::{corrupt, missing};
use crate::page::{equal, limit as page_limit, offset};

mod record;

const LINE: &str = "w.kind, w.object_id, s.id AS source_id, p.id AS patient_id, w.status, w.revision, w.asked, w.tries, w.due_at, \
    w.remote_id, w.remote_version, w.reason, w.created_at, w.updated_at";

const OF: &str = "FROM write_back w JOIN source s ON s.no = w.source_no JOIN patient p ON p.no = w.patient_no";

#[async_trait]
impl WriteBackStore for Store {
    async fn set_write_back(&self, source: SourceId, scope: WriteBackScope) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        let no = crate::source::source_no(&mut session, source).await?;
        session
            .execute(
                "INSERT INTO write_back_scope (source_no, communications, consents, tasks) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (source_no) DO UPDATE SET communications = excluded.communications, consents = excluded.consents, \
                 tasks = excluded.tasks",
                args![no, scope.communications, scope.consents, scope.tasks],
            )
            .await?;
        session.commit().await
    }

    async fn claim_write_backs(
        &self,
        source: SourceId,
        limit: u32,
        now: Timestamp,
        lease: Timestamp,
    ) -> Result<Vec<DueWriteBack>, StoreError> {
        let mut session = self.database.write().await?;
        let no = crate::source::source_no(&mut session, source).await?;
        let claimed = session
            .all(
                &format!(
                    "SELECT {LINE} {OF} WHERE w.source_no = $1 AND w.status = 'waiting' AND w.due_at <= $2 AND w.lease_until <= $2 \
                     ORDER BY w.due_at, w.object_id LIMIT $3 FOR UPDATE OF w SKIP LOCKED"
                ),
                args![no, now, limit],
            )
            .await?;
        let mut due = Vec::with_capacity(claimed.len());
        for row in &claimed {
            let mut line = line(row)?;
            session
                .execute(
                    "UPDATE write_back SET lease_until = $4, asked = 1, tries = tries + 1 WHERE kind = $1 AND object_id = $2 AND source_no = $3",
                    args![line.object.kind().name(), uuid_of(line.object), no, lease],
                )
                .await?;
            line.tries = line.tries.saturating_add(1);
            let record = record::load(&mut session, line.object).await?;
            due.push(DueWriteBack { line, record, asked: row.flag("asked")? });
        }
        session.commit().await?;
        Ok(due)
    }

    async fn end_write_back(&self, line: &WriteBack, end: &WriteBackEnd, now: Timestamp) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        let no = crate::source::source_no(&mut session, line.source).await?;
        let (kind, id) = (line.object.kind().name(), uuid_of(line.object));
        let row = session
            .optional(
                "SELECT revision, tries FROM write_back WHERE kind = $1 AND object_id = $2 AND source_no = $3 FOR UPDATE",
                args![kind, id, no],
            )
            .await?
            .ok_or_else(|| missing("write-back", line.object))?;
        let changed = row.integer("revision")? != i64::from(line.revision);
        if let WriteBackEnd::Done { remote, .. } = end {
            session
                .execute(
                    "UPDATE write_back SET remote_id = $4, remote_version = $5 WHERE kind = $1 AND object_id = $2 AND source_no = $3",
                    args![kind, id, no, remote.id.as_str(), remote.version.clone()],
                )
                .await?;
        }
        let (status, reason, due_at, tries) = match end {
            // What is to be written is another by now: it waits again from the beginning.
            _ if changed => (WriteBackStatus::Waiting, None, now, 0),
            WriteBackEnd::Done { note, .. } => (WriteBackStatus::Done, note.clone(), now, row.integer("tries")?),
            WriteBackEnd::Failed { reason } => (WriteBackStatus::Failed, Some(reason.clone()), now, row.integer("tries")?),
            WriteBackEnd::Later { at, reason, counts } => {
                (WriteBackStatus::Waiting, Some(reason.clone()), *at, row.integer("tries")? - i64::from(!counts))
            }
        };
        session
            .execute(
                "UPDATE write_back SET status = $4, reason = $5, due_at = $6, tries = $7, lease_until = 0, updated_at = $8 \
                 WHERE kind = $1 AND object_id = $2 AND source_no = $3",
                args![kind, id, no, status.name(), reason, due_at, tries.max(0), now],
            )
            .await?;
        session.commit().await
    }

    async fn retry_write_backs(&self, filter: &WriteBackFilter, now: Timestamp) -> Result<u64, StoreError> {
        let mut session = self.database.write().await?;
        let (condition, mut values) = condition(filter);
        let last = values.len();
        values.extend(args![now]);
        let changed = session
            .execute(
                &format!(
                    "UPDATE write_back SET status = 'waiting', tries = 0, reason = NULL, due_at = ${at}, updated_at = ${at} \
                     WHERE status = 'failed' AND (kind, object_id, source_no) IN \
                     (SELECT w.kind, w.object_id, w.source_no {OF} WHERE {condition})",
                    at = last + 1
                ),
                values,
            )
            .await?;
        session.commit().await?;
        Ok(changed)
    }

    async fn write_backs(&self, filter: &WriteBackFilter, page: PageRequest) -> Result<Page<WriteBack>, StoreError> {
        let mut session = self.database.read().await?;
        let (condition, mut values) = condition(filter);
        let total = session.one(&format!("SELECT count(*) AS total {OF} WHERE {condition}"), values).await?.count("total")?;
        (_, values) = self::condition(filter);
        let last = values.len();
        values.extend(args![page_limit(page), offset(page)]);
        let rows = session
            .all(
                &format!(
                    "SELECT {LINE} {OF} WHERE {condition} ORDER BY w.updated_at DESC, w.object_id DESC LIMIT ${} OFFSET ${}",
                    last + 1,
                    last + 2
                ),
                values,
            )
            .await?;
        let items = rows.iter().map(line).collect::<Result<_, _>>()?;
        Ok(Page { items, total })
    }

    async fn write_back_counts(&self) -> Result<Vec<(SourceId, WriteBackStatus, u64)>, StoreError> {
        let mut session = self.database.read().await?;
        let rows = session
            .all(
                "SELECT s.id, w.status, count(*) AS total FROM write_back w JOIN source s ON s.no = w.source_no \
                 GROUP BY s.id, w.status",
                args![],
            )
            .await?;
        let mut counts = rows
            .iter()
            .map(|row| Ok((SourceId::from_uuid(row.uuid("id")?), status(&row.text("status")?)?, row.count("total")?)))
            .collect::<Result<Vec<_>, StoreError>>()?;
        counts.sort_unstable();
        Ok(counts)
    }

    async fn next_write_back_due(&self, source: SourceId) -> Result<Option<Timestamp>, StoreError> {
        let mut session = self.database.read().await?;
        session
            .one(
                "SELECT min(CASE WHEN w.lease_until > w.due_at THEN w.lease_until ELSE w.due_at END) AS due_at \
                 FROM write_back w JOIN source s ON s.no = w.source_no WHERE s.id = $1 AND w.status = 'waiting'",
                args![source.as_uuid()],
            )
            .await?
            .optional_time("due_at")
    }
}

/// What is new is to be written for the first time; what was written before is to be written again as it is now.
const AGAIN: &str = "ON CONFLICT (kind, object_id, source_no) DO UPDATE SET revision = write_back.revision + 1, status = 'waiting', \
    tries = 0, reason = NULL, due_at = excluded.due_at, updated_at = excluded.updated_at";

/// Notes that a message's outcome is to be written back, where its source wants that.
pub(crate) async fn note_message(session: &mut Session, id: MessageId, now: Timestamp) -> Result<(), StoreError> {
    note_messages(session, "m.id = $1", id.as_uuid(), now).await
}

/// As [`note_message`], for the messages of a run that are still due.
pub(crate) async fn note_due_messages(session: &mut Session, run: Uuid, now: Timestamp) -> Result<(), StoreError> {
    note_messages(session, "m.run_id = $1 AND m.status = 'due'", &run, now).await
}

async fn note_messages(session: &mut Session, which: &str, id: &Uuid, now: Timestamp) -> Result<(), StoreError> {
    session
        .execute(
            &format!(
                "INSERT INTO write_back (kind, object_id, source_no, patient_no, status, revision, asked, tries, due_at, lease_until, \
                 created_at, updated_at) \
                 SELECT 'communication', m.id, p.source_no, m.patient_no, 'waiting', 1, 0, 0, CAST($2 AS BIGINT), 0, CAST($2 AS BIGINT), \
                 CAST($2 AS BIGINT) FROM message m JOIN patient p ON p.no = m.patient_no \
                 JOIN write_back_scope c ON c.source_no = p.source_no WHERE c.communications = 1 AND {which} {AGAIN}"
            ),
            args![id, now],
        )
        .await?;
    Ok(())
}

/// Notes that a task is to be written back as it is now, where its source wants that.
pub(crate) async fn note_task(session: &mut Session, id: TaskId, now: Timestamp) -> Result<(), StoreError> {
    session
        .execute(
            &format!(
                "INSERT INTO write_back (kind, object_id, source_no, patient_no, status, revision, asked, tries, due_at, lease_until, \
                 created_at, updated_at) \
                 SELECT 'task', t.id, p.source_no, t.patient_no, 'waiting', 1, 0, 0, CAST($2 AS BIGINT), 0, CAST($2 AS BIGINT), \
                 CAST($2 AS BIGINT) FROM task t JOIN patient p ON p.no = t.patient_no \
                 JOIN write_back_scope c ON c.source_no = p.source_no WHERE c.tasks = 1 AND t.id = $1 {AGAIN}"
            ),
            args![id.as_uuid(), now],
        )
        .await?;
    Ok(())
}

/// Whether decisions of this patient are written back.
pub(crate) async fn wants_consents(session: &mut Session, patient: PatientNo) -> Result<bool, StoreError> {
    let row = session
        .optional(
            "SELECT c.source_no FROM patient p JOIN write_back_scope c ON c.source_no = p.source_no WHERE p.no = $1 AND c.consents = 1",
            args![patient],
        )
        .await?;
    Ok(row.is_some())
}

/// Notes that a decision is to be written back, and once more those that were and whose place it takes.
pub(crate) async fn note_consent(
    session: &mut Session,
    patient: PatientNo,
    consent: Option<ConsentId>,
    superseded: &[ConsentId],
    now: Timestamp,
) -> Result<(), StoreError> {
    if let Some(consent) = consent {
        session
            .execute(
                &format!(
                    "INSERT INTO write_back (kind, object_id, source_no, patient_no, status, revision, asked, tries, due_at, lease_until, \
                     created_at, updated_at) \
                     SELECT 'consent', $1, p.source_no, p.no, 'waiting', 1, 0, 0, CAST($3 AS BIGINT), 0, CAST($3 AS BIGINT), \
                     CAST($3 AS BIGINT) FROM patient p WHERE p.no = $2 {AGAIN}"
                ),
                args![consent.as_uuid(), patient, now],
            )
            .await?;
    }
    for older in superseded {
        session
            .execute(
                "UPDATE write_back SET revision = revision + 1, status = 'waiting', tries = 0, reason = NULL, due_at = $2, updated_at = $2 \
                 WHERE kind = 'consent' AND object_id = $1",
                args![older.as_uuid(), now],
            )
            .await?;
    }
    Ok(())
}

fn uuid_of(object: WriteBackObject) -> Uuid {
    match object {
        WriteBackObject::Message(id) => *id.as_uuid(),
        WriteBackObject::Consent(id) => *id.as_uuid(),
        WriteBackObject::Task(id) => *id.as_uuid(),
    }
}

fn status(name: &str) -> Result<WriteBackStatus, StoreError> {
    WriteBackStatus::from_name(name).ok_or_else(|| corrupt("write-back", "its status is not known"))
}

/// The condition of a filter and its values.
fn condition(filter: &WriteBackFilter) -> (String, Vec<Value>) {
    equal([
        ("w.status", filter.status.map(|status| status.name().into())),
        ("s.id", filter.source.map(|id| id.as_uuid().into())),
        ("w.kind", filter.object.map(|object| object.kind().name().into())),
        ("w.object_id", filter.object.map(|object| uuid_of(object).into())),
    ])
}

fn line(row: &Row) -> Result<WriteBack, StoreError> {
    let id = row.uuid("object_id")?;
    let kind = row.text("kind")?;
    let object = match WriteBackKind::ALL.into_iter().find(|known| known.name() == kind) {
        Some(WriteBackKind::Communication) => WriteBackObject::Message(MessageId::from_uuid(id)),
        Some(WriteBackKind::Consent) => WriteBackObject::Consent(ConsentId::from_uuid(id)),
        Some(WriteBackKind::Task) => WriteBackObject::Task(TaskId::from_uuid(id)),
        None => return Err(corrupt("write-back", "its kind is not known")),
    };
    let remote: Option<String> = row.get("remote_id")?;
    let version: Option<String> = row.get("remote_version")?;
    Ok(WriteBack {
        object,
        source: SourceId::from_uuid(row.uuid("source_id")?),
        patient: PatientId::from_uuid(row.uuid("patient_id")?),
        status: status(&row.text("status")?)?,
        revision: row.small("revision")?,
        tries: row.small("tries")?,
        due_at: row.time("due_at")?,
        remote: remote.map(|id| RemoteRecord { id, version }),
        reason: row.get("reason")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
