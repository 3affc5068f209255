//! What staff is to do about patients.

use async_trait::async_trait;
use gateway_domain::ids::{PatientId, TaskId, UserId};
use gateway_domain::task::{Assignee, Task, TaskKind, TaskStatus};
use gateway_domain::user::Role;
use jiff::Timestamp;
use jiff::civil::Date;

use super::{Page, PageRequest, StoreError};

/// A task that a step of a journey makes. A second one of the same run and step is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTask {
    /// Its identifier.
    pub id: TaskId,
    /// The step.
    pub step: String,
    /// What is to be done.
    pub kind: TaskKind,
    /// More in words.
    pub note: Option<String>,
    /// The role it is for.
    pub role: Option<Role>,
    /// Until when.
    pub due_on: Option<Date>,
}

/// A task with the words a list shows.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskSummary {
    /// The task.
    pub task: Task,
    /// The record of the person that is written to now; the task's own where there is no other.
    pub person: PatientId,
    /// First given name and family name in that record.
    pub name: String,
    /// Title of the journey that made it.
    pub journey_title: Option<String>,
    /// Name of the user it is assigned to.
    pub assignee_name: Option<String>,
    /// Name of the user who put it down.
    pub maker_name: Option<String>,
    /// Name of the user who said that it ended.
    pub ender_name: Option<String>,
}

/// Which tasks are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// In this status.
    pub status: Option<TaskStatus>,
    /// About this person, whichever of the person's records they were made for.
    pub patient: Option<PatientId>,
    /// Assigned to one of these; to anybody or nobody where there are none.
    pub assignees: Vec<Assignee>,
    /// Assigned to nobody.
    pub unassigned: bool,
}

/// Keeps tasks. What becomes of one is noted for write-back in the same transaction.
#[async_trait]
pub trait TaskStore: Send + Sync {
    /// Adds a task; one with its id, or of its run and step, is left as it is.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such patient.
    async fn add_task(&self, task: &Task, now: Timestamp) -> Result<(), StoreError>;
    /// A page of tasks: open ones first, of these the ones that are due first; then the latest first.
    async fn tasks(&self, filter: &TaskFilter, page: PageRequest) -> Result<Page<TaskSummary>, StoreError>;
    /// One task.
    async fn task(&self, id: TaskId) -> Result<Option<TaskSummary>, StoreError>;
    /// Gives an open task to somebody, or to nobody in particular.
    ///
    /// # Errors
    /// [`StoreError::Stale`] where it is not open any more.
    async fn assign_task(&self, id: TaskId, assignee: Option<Assignee>) -> Result<(), StoreError>;
    /// Ends an open task.
    ///
    /// # Errors
    /// [`StoreError::Stale`] where it is not open any more.
    async fn end_task(&self, id: TaskId, status: TaskStatus, by: UserId, now: Timestamp) -> Result<(), StoreError>;
}
