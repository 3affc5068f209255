//! What staff is to do about patients.

use async_trait::async_trait;
use gateway_domain::ids::{JourneyId, MessageId, PatientId, PatientNo, RunId, TaskId, UserId};
use gateway_domain::resource::ContentHash;
use gateway_domain::task::{Assignee, Task, TaskEnd, TaskKind, TaskOrigin, TaskStatus};
use gateway_domain::user::Role;
use gateway_ports::store::tasks::{NewTask, TaskFilter, TaskSummary};
use gateway_ports::store::{Page, PageRequest, StoreError, TaskStore};
use jiff::Timestamp;
use uuid::Uuid;

use crate::database::{Row, Session, Value, args};
use crate::error::{corrupt, missing};
use crate::message::Owner;
use crate::page::{limit as page_limit, offset};
use crate::stored::{day, day_number};
use crate::{Store, patient, write_back};

/// Columns of a task `t` of a patient `p`.
pub(crate) const TASK: &str = "t.id, p.id AS patient_id, t.kind, t.note, t.origin, t.made_by, t.journey_id, t.run_id, t.step, t.message_id, t.status, \
    t.assigned_user, t.assigned_role, t.due_on, t.created_at, t.ended_at, t.ended_by";

/// A task with its patient `p`, the record of the person that is written to `s`, and the words for ids.
const OF: &str = "FROM task t JOIN patient p ON p.no = t.patient_no LEFT JOIN person pe ON pe.no = p.person_no \
    LEFT JOIN patient s ON s.no = pe.primary_no LEFT JOIN journey j ON j.id = t.journey_id \
    LEFT JOIN user_account u ON u.id = t.assigned_user LEFT JOIN user_account m ON m.id = t.made_by \
    LEFT JOIN user_account e ON e.id = t.ended_by";

const SUMMARY: &str = "coalesce(s.id, p.id) AS person_id, coalesce(s.name, p.name) AS name, j.title AS journey_title, u.name AS assignee_name, \
    m.name AS maker_name, e.name AS ender_name";

#[async_trait]
impl TaskStore for Store {
    async fn add_task(&self, task: &Task, now: Timestamp) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        let no = patient::find_no(&mut session, task.patient).await?.ok_or_else(|| missing("patient", task.patient))?;
        insert(&mut session, no, task, now).await?;
        session.commit().await
    }

    async fn tasks(&self, filter: &TaskFilter, page: PageRequest) -> Result<Page<TaskSummary>, StoreError> {
        let mut session = self.database.read().await?;
        let (condition, mut values) = condition(filter);
        let total = session.one(&format!("SELECT count(*) AS total FROM task t WHERE {condition}"), values).await?.count("total")?;
        (_, values) = self::condition(filter);
        let last = values.len();
        values.extend(args![page_limit(page), offset(page)]);
        let rows = session
            .all(
                &format!(
                    "SELECT {TASK}, {SUMMARY} {OF} WHERE {condition} ORDER BY CASE WHEN t.status = 'open' THEN 0 ELSE 1 END, \
                     CASE WHEN t.status = 'open' THEN coalesce(t.due_on, 9999999) ELSE 0 END, t.created_at DESC, t.id DESC \
                     LIMIT ${} OFFSET ${}",
                    last + 1,
                    last + 2
                ),
                values,
            )
            .await?;
        let items = rows.iter().map(summary).collect::<Result<_, _>>()?;
        Ok(Page { items, total })
    }

    async fn task(&self, id: TaskId) -> Result<Option<TaskSummary>, StoreError> {
        let mut session = self.database.read().await?;
        let row = session.optional(&format!("SELECT {TASK}, {SUMMARY} {OF} WHERE t.id = $1"), args![id.as_uuid()]).await?;
        row.as_ref().map(summary).transpose()
    }

    async fn assign_task(&self, id: TaskId, assignee: Option<Assignee>) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        let (user, role) = assigned(assignee);
        let changed = session
            .execute(
                "UPDATE task SET assigned_user = $2, assigned_role = $3 WHERE id = $1 AND status = 'open'",
                args![id.as_uuid(), user, role],
            )
            .await?;
        still_open(changed, id)?;
        session.commit().await
    }

    async fn end_task(&self, id: TaskId, status: TaskStatus, by: UserId, now: Timestamp) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        let changed = session
            .execute(
                "UPDATE task SET status = $2, ended_at = $3, ended_by = $4 WHERE id = $1 AND status = 'open'",
                args![id.as_uuid(), status.name(), now, by.as_uuid()],
            )
            .await?;
        still_open(changed, id)?;
        write_back::note_task(&mut session, id, now).await?;
        session.commit().await
    }
}

/// Makes the task of a step, unless the run has made it before.
pub(crate) async fn make_for_step(session: &mut Session, owner: &Owner, new: &NewTask, now: Timestamp) -> Result<(), StoreError> {
    let task = Task {
        id: new.id,
        // The row has the number; the id is not read.
        patient: PatientId::from_uuid(Uuid::nil()),
        kind: new.kind,
        note: new.note.clone(),
        origin: TaskOrigin::Journey {
            journey: JourneyId::from_uuid(owner.journey),
            run: RunId::from_uuid(owner.run),
            step: new.step.clone(),
        },
        status: TaskStatus::Open,
        assignee: new.role.map(Assignee::Role),
        due_on: new.due_on,
        created_at: now,
        end: None,
    };
    insert(session, owner.patient, &task, now).await
}

/// Asks staff to look at the addresses of a person a message could not be delivered to, unless that is asked already.
pub(crate) async fn make_for_undeliverable(session: &mut Session, message: MessageId, now: Timestamp) -> Result<(), StoreError> {
    let row = session
        .optional(
            "SELECT m.patient_no, p.id AS patient_id FROM message m JOIN patient p ON p.no = m.patient_no WHERE m.id = $1 \
             AND NOT EXISTS (SELECT 1 FROM task t JOIN patient o ON o.no = t.patient_no WHERE t.status = 'open' \
             AND t.origin = 'undeliverable' AND (o.no = p.no OR o.person_no = p.person_no))",
            args![message.as_uuid()],
        )
        .await?;
    let Some(row) = row else { return Ok(()) };
    let task = Task {
        // Always the same one, so that a message makes one task however often it comes back.
        id: TaskId::from_uuid(Uuid::from_bytes(ContentHash::of([message.as_uuid().as_bytes().as_slice(), b"undeliverable"]).0)),
        patient: PatientId::from_uuid(row.uuid("patient_id")?),
        kind: TaskKind::CheckContact,
        note: None,
        origin: TaskOrigin::Undeliverable(message),
        status: TaskStatus::Open,
        assignee: None,
        due_on: None,
        created_at: now,
        end: None,
    };
    insert(session, PatientNo(row.integer("patient_no")?), &task, now).await
}

async fn insert(session: &mut Session, patient: PatientNo, task: &Task, now: Timestamp) -> Result<(), StoreError> {
    let (user, role) = assigned(task.assignee);
    let (mut made_by, mut journey_id, mut run_id, mut step, mut message_id) = (None, None, None, None, None);
    match &task.origin {
        TaskOrigin::Staff(by) => made_by = Some(*by.as_uuid()),
        TaskOrigin::Journey { journey, run, step: its } => {
            (journey_id, run_id, step) = (Some(*journey.as_uuid()), Some(*run.as_uuid()), Some(its.clone()));
        }
        TaskOrigin::Undeliverable(message) => message_id = Some(*message.as_uuid()),
    }
    let added = session
        .execute(
            "INSERT INTO task (id, patient_no, kind, note, origin, made_by, journey_id, run_id, step, message_id, status, assigned_user, \
             assigned_role, due_on, created_at, ended_at, ended_by) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) ON CONFLICT DO NOTHING",
            args![
                task.id.as_uuid(),
                patient,
                task.kind.name(),
                task.note.clone(),
                task.origin.name(),
                made_by,
                journey_id,
                run_id,
                step,
                message_id,
                task.status.name(),
                user,
                role,
                task.due_on.map(day_number),
                task.created_at,
                task.end.map(|end| end.at),
                task.end.map(|end| *end.by.as_uuid()),
            ],
        )
        .await?;
    if added == 1 { write_back::note_task(session, task.id, now).await } else { Ok(()) }
}

fn assigned(assignee: Option<Assignee>) -> (Option<Uuid>, Option<String>) {
    match assignee {
        Some(Assignee::User(user)) => (Some(*user.as_uuid()), None),
        Some(Assignee::Role(role)) => (None, Some(role.name().to_owned())),
        None => (None, None),
    }
}

fn still_open(changed: u64, id: TaskId) -> Result<(), StoreError> {
    if changed == 1 { Ok(()) } else { Err(StoreError::Stale { what: "task", key: id.to_string() }) }
}

/// The condition of a filter and its values.
fn condition(filter: &TaskFilter) -> (String, Vec<Value>) {
    let mut conditions = vec!["1 = 1".to_owned()];
    let mut values: Vec<Value> = Vec::new();
    if let Some(status) = filter.status {
        values.push(status.name().into());
        conditions.push(format!("t.status = ${}", values.len()));
    }
    if let Some(patient) = filter.patient {
        values.push(patient.as_uuid().into());
        let place = values.len();
        conditions.push(format!(
            "t.patient_no IN (SELECT f.no FROM patient f WHERE f.id = ${place} UNION \
             SELECT o.no FROM patient f JOIN patient o ON o.person_no = f.person_no WHERE f.id = ${place})"
        ));
    }
    if filter.unassigned {
        conditions.push("t.assigned_user IS NULL AND t.assigned_role IS NULL".to_owned());
    }
    let mut any_of = Vec::new();
    for assignee in &filter.assignees {
        let column = match assignee {
            Assignee::User(user) => {
                values.push(user.as_uuid().into());
                "t.assigned_user"
            }
            Assignee::Role(role) => {
                values.push(role.name().into());
                "t.assigned_role"
            }
        };
        any_of.push(format!("{column} = ${}", values.len()));
    }
    if !any_of.is_empty() {
        conditions.push(format!("({})", any_of.join(" OR ")));
    }
    (conditions.join(" AND "), values)
}

fn origin(row: &Row) -> Result<TaskOrigin, StoreError> {
    let absent = || corrupt("task", "what its origin names is missing");
    Ok(match row.text("origin")?.as_str() {
        "staff" => TaskOrigin::Staff(UserId::from_uuid(row.optional_uuid("made_by")?.ok_or_else(absent)?)),
        "journey" => TaskOrigin::Journey {
            journey: JourneyId::from_uuid(row.optional_uuid("journey_id")?.ok_or_else(absent)?),
            run: RunId::from_uuid(row.optional_uuid("run_id")?.ok_or_else(absent)?),
            step: row.get::<Option<String>, _>("step")?.ok_or_else(absent)?,
        },
        "undeliverable" => TaskOrigin::Undeliverable(MessageId::from_uuid(row.optional_uuid("message_id")?.ok_or_else(absent)?)),
        _ => return Err(corrupt("task", "its origin is not known")),
    })
}

/// A task by its columns.
pub(crate) fn task(row: &Row) -> Result<Task, StoreError> {
    let unknown = |what: &'static str| move || corrupt("task", format!("its {what} is not known"));
    let role: Option<String> = row.get("assigned_role")?;
    let role = role.map(|name| Role::from_name(&name).ok_or_else(unknown("role"))).transpose()?;
    let due_on: Option<i64> = row.get("due_on")?;
    let end = match (row.optional_time("ended_at")?, row.optional_uuid("ended_by")?) {
        (Some(at), Some(by)) => Some(TaskEnd { at, by: UserId::from_uuid(by) }),
        _ => None,
    };
    Ok(Task {
        id: TaskId::from_uuid(row.uuid("id")?),
        patient: PatientId::from_uuid(row.uuid("patient_id")?),
        kind: TaskKind::from_name(&row.text("kind")?).ok_or_else(unknown("kind"))?,
        note: row.get("note")?,
        origin: origin(row)?,
        status: TaskStatus::from_name(&row.text("status")?).ok_or_else(unknown("status"))?,
        assignee: row.optional_uuid("assigned_user")?.map(|id| Assignee::User(UserId::from_uuid(id))).or(role.map(Assignee::Role)),
        due_on: due_on.map(day).transpose()?,
        created_at: row.time("created_at")?,
        end,
    })
}

fn summary(row: &Row) -> Result<TaskSummary, StoreError> {
    Ok(TaskSummary {
        task: task(row)?,
        person: PatientId::from_uuid(row.uuid("person_id")?),
        name: row.text("name")?,
        journey_title: row.get("journey_title")?,
        assignee_name: row.get("assignee_name")?,
        maker_name: row.get("maker_name")?,
        ender_name: row.get("ender_name")?,
    })
}
