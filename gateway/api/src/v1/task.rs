//! What staff is to do about patients.

use axum::extract::State;
use gateway_domain::audit::AuditAction;
use gateway_domain::ids::{PatientId, TaskId, UserId};
use gateway_domain::task::{Assignee, LONGEST_NOTE, Task, TaskKind, TaskOrigin, TaskStatus};
use gateway_domain::user::{Permission, Role};
use gateway_ports::store::tasks::{TaskFilter, TaskSummary};
use http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::patient::find;
use super::{PatientRef, TitleRef};
use crate::ApiDeps;
use crate::access::Caller;
use crate::audit_trail::Shown;
use crate::extract::{Body, Id, List, Parameters, page};
use crate::problem::{ApiError, FieldProblem};
use crate::words::{RoleWord, TaskKindWord, TaskStatusWord};

/// Something to be done about a patient.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TaskView {
    /// `tsk_...`
    pub id: String,
    /// The person, by the record that is written to.
    pub patient: PatientRef,
    /// What is to be done.
    pub kind: TaskKindWord,
    /// More in words, from the journey's definition or from staff.
    pub note: Option<String>,
    /// Whether it is still to be done.
    pub status: TaskStatusWord,
    /// Where it comes from: `staff`, `journey` or `undeliverable`.
    pub origin: String,
    /// Who put it down, where staff did.
    pub made_by: Option<String>,
    /// The journey that made it.
    pub journey: Option<TitleRef>,
    /// The message that could not be delivered, by id.
    pub message: Option<String>,
    /// The user who is to do it.
    pub assigned_user: Option<TitleRef>,
    /// The role that is to do it.
    pub assigned_role: Option<RoleWord>,
    /// Until when.
    #[schema(value_type = Option<String>, format = Date)]
    pub due_on: Option<Date>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Who said that it ended.
    pub ended_by: Option<String>,
}

/// Which tasks are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TaskQuery {
    /// In this status.
    #[param(inline)]
    status: Option<TaskStatusWord>,
    /// About this patient, by id; those of the person's other records are among them.
    #[param(value_type = Option<String>)]
    patient: Option<PatientId>,
    /// Whose: `me` (mine or my role's), `nobody`, a role, or a user by id.
    assignee: Option<String>,
    /// How many to leave out.
    offset: Option<u64>,
    /// How many at most, 1 to 500.
    limit: Option<u32>,
}

/// A task to be put down.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskInput {
    /// The patient, by id.
    #[schema(value_type = String)]
    patient: PatientId,
    /// What is to be done.
    kind: TaskKindWord,
    /// More in words, at most 500 characters; needed for `other`. It never leaves the gateway.
    #[serde(default)]
    note: Option<String>,
    /// Who is to do it: `me`, a role, or a user by id; null is whoever comes first.
    #[serde(default)]
    assignee: Option<String>,
    /// Until when.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    due_on: Option<Date>,
}

/// Who is to do a task.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssigneeInput {
    /// `me`, a role, or a user by id; null is whoever comes first.
    #[schema(required)]
    assignee: Option<String>,
}

/// The ways a task ends.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum TaskEndWord {
    /// It was done.
    Done,
    /// It is not to be done any more.
    Cancelled,
}

impl From<TaskEndWord> for TaskStatus {
    fn from(word: TaskEndWord) -> Self {
        match word {
            TaskEndWord::Done => Self::Done,
            TaskEndWord::Cancelled => Self::Cancelled,
        }
    }
}

/// How a task ended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskEndInput {
    /// Done, or not to be done any more.
    status: TaskEndWord,
}

/// Tasks: open ones first, of these the ones that are due first.
#[utoipa::path(get, path = "/tasks", tag = "tasks", params(TaskQuery), responses((status = 200, body = List<TaskView>)))]
pub(crate) async fn list(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Parameters(query): Parameters<TaskQuery>,
) -> Result<Shown<List<TaskView>>, ApiError> {
    let page = page(query.offset, query.limit)?;
    let mut filter = TaskFilter { status: query.status.map(Into::into), patient: query.patient, ..TaskFilter::default() };
    match query.assignee.as_deref() {
        None => {}
        Some("me") => filter.assignees = vec![Assignee::User(caller.user.id), Assignee::Role(caller.user.role)],
        Some("nobody") => filter.unassigned = true,
        Some(other) => filter.assignees = vec![named(other).ok_or_else(|| no_assignee("assignee"))?],
    }
    let found = deps.store.tasks(&filter, page).await?;
    let patients: Vec<_> = found.items.iter().map(|summary| summary.person).collect();
    let items = found.items.into_iter().map(view).collect();
    deps.show(&caller, AuditAction::Search, patients, List { items, total: found.total }).await
}

/// One task.
#[utoipa::path(get, path = "/tasks/{id}", tag = "tasks", params(("id" = String, Path)), responses((status = 200, body = TaskView)))]
pub(crate) async fn get(State(deps): State<ApiDeps>, caller: Caller, Id(id): Id<TaskId>) -> Result<Shown<TaskView>, ApiError> {
    shown(&deps, &caller, id).await
}

/// Puts a task down.
#[utoipa::path(post, path = "/tasks", tag = "tasks", request_body = TaskInput, responses((status = 201, body = TaskView)))]
pub(crate) async fn add(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Body(input): Body<TaskInput>,
) -> Result<(StatusCode, Shown<TaskView>), ApiError> {
    let patient = find(&deps, input.patient).await?;
    let note = input.note.as_deref().map(str::trim).filter(|note| !note.is_empty()).map(str::to_owned);
    let kind: TaskKind = input.kind.into();
    if kind == TaskKind::Other && note.is_none() {
        return Err(ApiError::invalid("/note", "Say in a note what is to be done."));
    }
    if note.as_ref().is_some_and(|note| note.chars().count() > LONGEST_NOTE) {
        return Err(ApiError::invalid("/note", format!("A note has at most {LONGEST_NOTE} characters.")));
    }
    let assignee = assignee(&deps, &caller, input.assignee.as_deref()).await?;
    let now = deps.clock.now();
    let task = Task {
        id: TaskId::new(now, deps.entropy.for_id()),
        patient: patient.id,
        kind,
        note,
        origin: TaskOrigin::Staff(caller.user.id),
        status: TaskStatus::Open,
        assignee,
        due_on: input.due_on,
        created_at: now,
        end: None,
    };
    deps.note_change(&caller, AuditAction::Create, Some(patient.id), task.id.to_string()).await?;
    deps.store.add_task(&task, now).await?;
    deps.wake.write_backs_changed();
    Ok((StatusCode::CREATED, shown(&deps, &caller, task.id).await?))
}

/// Gives an open task to somebody, or to whoever comes first.
#[utoipa::path(
    put, path = "/tasks/{id}/assignee", tag = "tasks", params(("id" = String, Path)), request_body = AssigneeInput,
    responses((status = 200, body = TaskView))
)]
pub(crate) async fn assign(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Id(id): Id<TaskId>,
    Body(input): Body<AssigneeInput>,
) -> Result<Shown<TaskView>, ApiError> {
    let task = open(&deps, id).await?;
    let to = assignee(&deps, &caller, input.assignee.as_deref()).await?;
    deps.note_change(&caller, AuditAction::Update, Some(task.patient), format!("{id} assigned")).await?;
    deps.store.assign_task(id, to).await?;
    shown(&deps, &caller, id).await
}

/// Says that a task is done, or is not to be done any more.
#[utoipa::path(
    put, path = "/tasks/{id}/status", tag = "tasks", params(("id" = String, Path)), request_body = TaskEndInput,
    responses((status = 200, body = TaskView))
)]
pub(crate) async fn end(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Id(id): Id<TaskId>,
    Body(input): Body<TaskEndInput>,
) -> Result<Shown<TaskView>, ApiError> {
    let task = open(&deps, id).await?;
    let status: TaskStatus = input.status.into();
    deps.note_change(&caller, AuditAction::Update, Some(task.patient), format!("{id} {}", status.name())).await?;
    deps.store.end_task(id, status, caller.user.id, deps.clock.now()).await?;
    deps.wake.write_backs_changed();
    shown(&deps, &caller, id).await
}

async fn shown(deps: &ApiDeps, caller: &Caller, id: TaskId) -> Result<Shown<TaskView>, ApiError> {
    let summary = deps.store.task(id).await?.ok_or(ApiError::NotFound("task"))?;
    let patient = summary.person;
    deps.show(caller, AuditAction::Read, [patient], view(summary)).await
}

async fn open(deps: &ApiDeps, id: TaskId) -> Result<Task, ApiError> {
    let task = deps.store.task(id).await?.ok_or(ApiError::NotFound("task"))?.task;
    if task.status == TaskStatus::Open { Ok(task) } else { Err(ApiError::Conflict("The task has ended already.".to_owned())) }
}

/// A role or a user by the text that names it.
fn named(text: &str) -> Option<Assignee> {
    Role::from_name(text).map(Assignee::Role).or_else(|| text.parse::<UserId>().ok().map(Assignee::User))
}

fn no_assignee(path: &str) -> ApiError {
    ApiError::invalid(path, "The assignee is `me`, a role that works on tasks, or the id of a user who has one.")
}

/// Who is named, if that one works on tasks.
async fn assignee(deps: &ApiDeps, caller: &Caller, text: Option<&str>) -> Result<Option<Assignee>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let found = if text == "me" { Some(Assignee::User(caller.user.id)) } else { named(text) };
    let can = match found {
        Some(Assignee::Role(role)) => role.may(Permission::WorkOnTasks),
        Some(Assignee::User(id)) => deps.store.user(id).await?.is_some_and(|user| !user.disabled && user.role.may(Permission::WorkOnTasks)),
        None => false,
    };
    if can { Ok(found) } else { Err(ApiError::Invalid(vec![FieldProblem::new("/assignee", no_assignee("").to_string())])) }
}

pub(crate) fn view(summary: TaskSummary) -> TaskView {
    let TaskSummary { task, person, name, journey_title, assignee_name, maker_name, ender_name } = summary;
    let (journey, message) = match &task.origin {
        TaskOrigin::Staff(_) => (None, None),
        TaskOrigin::Journey { journey, .. } => {
            (Some(TitleRef { id: journey.to_string(), title: journey_title.unwrap_or_else(|| journey.to_string()) }), None)
        }
        TaskOrigin::Undeliverable(message) => (None, Some(message.to_string())),
    };
    let (assigned_user, assigned_role) = match task.assignee {
        Some(Assignee::User(id)) => (Some(TitleRef { id: id.to_string(), title: assignee_name.unwrap_or_else(|| id.to_string()) }), None),
        Some(Assignee::Role(role)) => (None, Some(role.into())),
        None => (None, None),
    };
    TaskView {
        id: task.id.to_string(),
        patient: PatientRef { id: person.to_string(), name },
        kind: task.kind.into(),
        note: task.note,
        status: task.status.into(),
        origin: task.origin.name().to_owned(),
        made_by: maker_name,
        journey,
        message,
        assigned_user,
        assigned_role,
        due_on: task.due_on,
        created_at: task.created_at,
        ended_at: task.end.map(|end| end.at),
        ended_by: ender_name,
    }
}
