//! What staff is to do is put down once for each run and step, follows the person, ends once, and is noted for its source with each change.

use gateway_domain::gate::GatePolicy;
use gateway_domain::ids::{InteractionId, TaskId, UserId};
use gateway_domain::interaction::{Interaction, InteractionKind};
use gateway_domain::task::{Assignee, Task, TaskKind, TaskOrigin, TaskStatus};
use gateway_domain::user::{Role, User};
use gateway_domain::write_back::{Record, RemoteRecord, WriteBackObject, WriteBackScope};
use gateway_ports::store::journeys::Advance;
use gateway_ports::store::messages::HandOver;
use gateway_ports::store::tasks::{NewTask, TaskFilter, TaskSummary};
use gateway_ports::store::write_backs::WriteBackEnd;
use gateway_ports::store::{JourneyStore, MessageStore, PageRequest, StoreError, TaskStore, UserStore, WriteBackStore};

use super::identity::merged;
use super::journeys::{advance_of, enter, message};
use super::messages::prepared;
use crate::fixture::{Fixture, after, entropy, now};
use crate::given::{journey, patient};

on_both! {
    a_step_makes_one_task_in_a_run_however_often_it_is_proposed,
    a_task_ends_once_and_says_by_whom,
    tasks_are_found_by_status_patient_and_whose_they_are,
    a_task_follows_the_survivor_of_a_merge,
    what_could_not_be_delivered_asks_for_one_look_at_the_addresses,
    a_task_is_noted_for_its_source_when_it_is_made_and_when_it_ends,
}

fn new_task(step: &str) -> NewTask {
    NewTask {
        id: TaskId::new(now(), entropy()),
        step: step.into(),
        kind: TaskKind::Call,
        note: Some("Ask for a date".into()),
        role: Some(Role::Coordinator),
        due_on: Some("2026-11-30".parse().unwrap()),
    }
}

async fn user(fixture: &Fixture) -> UserId {
    let user = User {
        id: UserId::new(now(), entropy()),
        email: "grace@example.org".into(),
        name: "Grace".into(),
        role: Role::Clinician,
        disabled: false,
        created_at: now(),
    };
    fixture.add_user(&user, "hash").await.unwrap();
    user.id
}

/// A task that staff put down for a patient.
async fn by_hand(fixture: &Fixture, fhir_id: &str, by: UserId, created_after: i64) -> Task {
    let task = Task {
        id: TaskId::new(after(created_after), entropy()),
        patient: fixture.patient_id(fhir_id).await,
        kind: TaskKind::Review,
        note: None,
        origin: TaskOrigin::Staff(by),
        status: TaskStatus::Open,
        assignee: None,
        due_on: None,
        created_at: after(created_after),
        end: None,
    };
    fixture.add_task(&task, after(created_after)).await.unwrap();
    task
}

async fn found(fixture: &Fixture, filter: TaskFilter) -> Vec<TaskSummary> {
    let page = fixture.tasks(&filter, PageRequest::default()).await.unwrap();
    assert_eq!(page.total, page.items.len() as u64);
    page.items
}

async fn ids(fixture: &Fixture, filter: TaskFilter) -> Vec<TaskId> {
    found(fixture, filter).await.into_iter().map(|summary| summary.task.id).collect()
}

async fn a_step_makes_one_task_in_a_run_however_often_it_is_proposed(fixture: Fixture) {
    let (journey, event) = enter(&fixture, journey("screening", None)).await;
    let (first, other) = (new_task("call"), new_task("review"));
    let timers = vec![("wait".to_owned(), now())];
    let step = Advance { tasks: vec![first.clone(), new_task("call")], timers, ..advance_of(&event) };
    fixture.advance(&step, now()).await.unwrap();
    let again = fixture.advance(&step, now()).await;
    assert!(matches!(again, Err(StoreError::Stale { .. })), "{again:?}");
    let timer = fixture.claim_due_events(10, now(), after(60)).await.unwrap().remove(0);
    fixture.advance(&Advance { tasks: vec![new_task("call"), other.clone()], ..advance_of(&timer) }, after(1)).await.unwrap();

    let all = found(&fixture, TaskFilter::default()).await;
    assert_eq!(all.len(), 2, "{all:?}");
    let task = &all.iter().find(|it| it.task.id == first.id).expect("the first one stays").task;
    assert_eq!((task.kind, task.note.as_deref(), task.due_on), (TaskKind::Call, Some("Ask for a date"), first.due_on));
    assert_eq!(task.origin, TaskOrigin::Journey { journey: journey.id, run: event.run.id, step: "call".into() });
    assert_eq!((task.assignee, task.status, task.created_at), (Some(Assignee::Role(Role::Coordinator)), TaskStatus::Open, now()));
    assert!(all.iter().all(|it| it.journey_title.as_deref() == Some("SCREENING") && it.name == "Ada Lovelace1"), "{all:?}");
}

async fn a_task_ends_once_and_says_by_whom(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1)]).await;
    let grace = user(&fixture).await;
    let task = by_hand(&fixture, "a", grace, 0).await;
    fixture.add_task(&Task { note: Some("another".into()), ..task.clone() }, now()).await.unwrap();
    assert_eq!(fixture.task(task.id).await.unwrap().unwrap().task, task, "it is put down once");
    fixture.assign_task(task.id, Some(Assignee::User(grace))).await.unwrap();
    let assigned = fixture.task(task.id).await.unwrap().unwrap();
    assert_eq!((assigned.task.assignee, assigned.assignee_name.as_deref()), (Some(Assignee::User(grace)), Some("Grace")));

    fixture.end_task(task.id, TaskStatus::Done, grace, after(5)).await.unwrap();
    let late = fixture.end_task(task.id, TaskStatus::Cancelled, grace, after(6)).await;
    assert!(matches!(late, Err(StoreError::Stale { what: "task", .. })), "{late:?}");
    let late = fixture.assign_task(task.id, None).await;
    assert!(matches!(late, Err(StoreError::Stale { .. })), "{late:?}");
    let ended = fixture.task(task.id).await.unwrap().unwrap();
    assert_eq!((ended.maker_name.as_deref(), ended.ender_name.as_deref()), (Some("Grace"), Some("Grace")));
    let ended = ended.task;
    let end = ended.end.unwrap();
    assert_eq!((ended.status, end.at, end.by), (TaskStatus::Done, after(5), grace));
    assert_eq!(fixture.task(TaskId::new(now(), entropy())).await.unwrap(), None);
}

async fn tasks_are_found_by_status_patient_and_whose_they_are(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1), patient(&source, "b", 1)]).await;
    let grace = user(&fixture).await;
    let nobodys = by_hand(&fixture, "a", grace, 0).await.id;
    let mine = by_hand(&fixture, "a", grace, 1).await.id;
    fixture.assign_task(mine, Some(Assignee::User(grace))).await.unwrap();
    let roles = by_hand(&fixture, "b", grace, 2).await.id;
    fixture.assign_task(roles, Some(Assignee::Role(Role::Clinician))).await.unwrap();
    let done = by_hand(&fixture, "b", grace, 3).await.id;
    fixture.end_task(done, TaskStatus::Done, grace, after(4)).await.unwrap();

    let all = TaskFilter::default;
    assert_eq!(ids(&fixture, all()).await, [roles, mine, nobodys, done], "open ones first");
    assert_eq!(ids(&fixture, TaskFilter { status: Some(TaskStatus::Done), ..all() }).await, [done]);
    let of_a = TaskFilter { patient: Some(fixture.patient_id("a").await), ..all() };
    assert_eq!(ids(&fixture, of_a).await, [mine, nobodys]);
    let hers = TaskFilter { assignees: vec![Assignee::User(grace), Assignee::Role(Role::Clinician)], ..all() };
    assert_eq!(ids(&fixture, hers).await, [roles, mine]);
    let free = TaskFilter { unassigned: true, status: Some(TaskStatus::Open), ..all() };
    assert_eq!(ids(&fixture, free).await, [nobodys]);
    let second = fixture.tasks(&all(), PageRequest { offset: 1, limit: 1 }).await.unwrap();
    assert_eq!((second.total, second.items[0].task.id), (4, mine));
}

async fn a_task_follows_the_survivor_of_a_merge(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1), patient(&source, "b", 1)]).await;
    let grace = user(&fixture).await;
    let task = by_hand(&fixture, "a", grace, 0).await;
    let (a, b) = (fixture.patient_id("a").await, fixture.patient_id("b").await);
    let of = |patient| TaskFilter { patient: Some(patient), ..TaskFilter::default() };
    assert_eq!(found(&fixture, of(b)).await, []);
    fixture.sync(&source, vec![merged(&source, "a", 2, "b")]).await;
    for record in [a, b] {
        let summary = found(&fixture, of(record)).await.remove(0);
        assert_eq!((summary.task.id, summary.task.patient, summary.person), (task.id, a, b));
    }
}

async fn what_could_not_be_delivered_asks_for_one_look_at_the_addresses(fixture: Fixture) {
    let (_, event) = enter(&fixture, journey("screening", None)).await;
    let messages: Vec<_> = (0..3).map(|occurrence| gateway_ports::store::journeys::NewMessage { occurrence, ..message(now()) }).collect();
    let sent: Vec<_> = messages.iter().map(|message| message.id).collect();
    fixture.advance(&Advance { messages, ..advance_of(&event) }, now()).await.unwrap();
    let policy = GatePolicy { per_day: 1000, per_week: 1000, ..GatePolicy::default() };
    for id in &sent {
        fixture.pass_gate(*id, Ok(&prepared()), &policy, now()).await.unwrap().unwrap();
    }
    fixture.record_hand_over(sent[0], &HandOver::Rejected { reason: "no such mailbox".into() }, after(1)).await.unwrap();
    fixture.record_hand_over(sent[1], &HandOver::Rejected { reason: "no such mailbox".into() }, after(2)).await.unwrap();
    fixture.record_hand_over(sent[2], &HandOver::Accepted { provider_id: None }, after(3)).await.unwrap();
    let all = found(&fixture, TaskFilter::default()).await;
    let [one] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((one.task.kind, &one.task.origin), (TaskKind::CheckContact, &TaskOrigin::Undeliverable(sent[0])));

    // Somebody has looked; what comes back after that is another matter.
    fixture.end_task(one.task.id, TaskStatus::Done, user(&fixture).await, after(4)).await.unwrap();
    let patient = fixture.patient_id("a").await;
    for at in [5, 6] {
        let id = InteractionId::new(after(at), entropy());
        let bounced = Interaction { id, patient, message: Some(sent[2]), kind: InteractionKind::Bounced, at: after(at), link: None };
        fixture.record_interaction(&bounced, None).await.unwrap();
    }
    let open = found(&fixture, TaskFilter { status: Some(TaskStatus::Open), ..TaskFilter::default() }).await;
    assert_eq!(open.iter().map(|it| &it.task.origin).collect::<Vec<_>>(), [&TaskOrigin::Undeliverable(sent[2])]);
}

async fn a_task_is_noted_for_its_source_when_it_is_made_and_when_it_ends(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1)]).await;
    let grace = user(&fixture).await;
    by_hand(&fixture, "a", grace, 0).await;
    fixture.set_write_back(source.id, WriteBackScope { tasks: true, ..WriteBackScope::default() }).await.unwrap();
    let task = by_hand(&fixture, "a", grace, 1).await;
    let due = fixture.claim_write_backs(source.id, 10, after(2), after(60)).await.unwrap();
    let [one] = due.as_slice() else { panic!("what was before stays out: {due:?}") };
    assert_eq!(one.line.object, WriteBackObject::Task(task.id));
    assert!(matches!(&one.record, Record::Task(record) if record.task == task && record.patient_fhir_id == "a"), "{one:?}");
    let remote = RemoteRecord { id: "t1".into(), version: Some("1".into()) };
    fixture.end_write_back(&one.line, &WriteBackEnd::Done { remote: remote.clone(), note: None }, after(3)).await.unwrap();

    fixture.assign_task(task.id, Some(Assignee::User(grace))).await.unwrap();
    assert_eq!(fixture.claim_write_backs(source.id, 10, after(4), after(60)).await.unwrap(), [], "who does it is not written");
    fixture.end_task(task.id, TaskStatus::Done, grace, after(5)).await.unwrap();
    let due = fixture.claim_write_backs(source.id, 10, after(6), after(60)).await.unwrap().remove(0);
    assert_eq!((due.line.remote, due.line.revision), (Some(remote), 2));
    assert!(matches!(&due.record, Record::Task(record) if record.task.status == TaskStatus::Done), "{:?}", due.record);
}
