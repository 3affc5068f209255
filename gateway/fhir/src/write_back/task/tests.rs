use gateway_domain::ids::{JourneyId, PatientId, RunId, TaskId, UserId};
use gateway_domain::patient::RecordStatus;
use gateway_domain::task::{Task, TaskEnd, TaskKind};
use gateway_domain::write_back::WriteBackObject;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn record(origin: TaskOrigin) -> TaskRecord {
    TaskRecord {
        task: Task {
            id: TaskId::new(at(0), [1; 10]),
            patient: PatientId::new(at(0), [2; 10]),
            kind: TaskKind::Call,
            note: Some("Ask for a date".into()),
            origin,
            status: TaskStatus::Open,
            assignee: None,
            due_on: Some("2027-01-20".parse().unwrap()),
            created_at: at(0),
            end: None,
        },
        journey: Some(("screening".into(), "Screening".into())),
        patient_fhir_id: "p1".into(),
        patient_status: RecordStatus::Active,
    }
}

fn of_journey() -> TaskRecord {
    record(TaskOrigin::Journey { journey: JourneyId::new(at(0), [3; 10]), run: RunId::new(at(0), [4; 10]), step: "call".into() })
}

fn written(record: &TaskRecord, content: CommunicationContent) -> Value {
    let config = RecordKeeperConfig { base_url: "https://ehr.example.org/fhir".parse().unwrap(), systems: "urn:og".into(), content };
    let known_by = Identifier::of(&config.systems, WriteBackObject::Task(record.task.id));
    serde_json::to_value(build(record, &known_by, &config).unwrap()).unwrap()
}

#[test]
fn an_open_task_is_an_order_for_the_patient_until_its_day() {
    let task = written(&of_journey(), CommunicationContent::Title);
    assert_eq!(task["identifier"][0]["system"], "urn:og/task-id");
    assert_eq!((&task["status"], &task["intent"]), (&json!("requested"), &json!("order")));
    assert_eq!(task["code"]["coding"][0], json!({ "system": "urn:og/task-kind", "code": "call" }));
    assert_eq!(task["for"]["reference"], "Patient/p1");
    assert_eq!(task["restriction"]["period"]["end"], "2027-01-20");
    assert_eq!(task["authoredOn"], task["lastModified"]);
    assert_eq!(task["businessStatus"]["coding"][0]["code"], "open");
    assert!(task.get("executionPeriod").is_none());
}

#[test]
fn an_ended_task_says_how_and_when() {
    for (status, expected) in [(TaskStatus::Done, "completed"), (TaskStatus::Cancelled, "cancelled")] {
        let mut record = of_journey();
        record.task.status = status;
        record.task.end = Some(TaskEnd { at: at(60), by: UserId::new(at(0), [5; 10]) });
        let task = written(&record, CommunicationContent::Title);
        assert_eq!((&task["status"], &task["businessStatus"]["coding"][0]["code"]), (&json!(expected), &json!(status.name())));
        assert_eq!((&task["executionPeriod"]["end"], &task["lastModified"]), (&task["lastModified"], &json!("2027-01-15T08:01:00Z")));
    }
}

#[test]
fn the_words_of_the_definition_leave_and_a_note_by_hand_does_not() {
    assert_eq!(written(&of_journey(), CommunicationContent::Title)["description"], "Call the patient: Ask for a date");
    let by_hand = written(&record(TaskOrigin::Staff(UserId::new(at(0), [5; 10]))), CommunicationContent::Subject);
    assert_eq!(by_hand["description"], "Call the patient");
    let silent = written(&of_journey(), CommunicationContent::None);
    assert_eq!(silent["description"], "Call the patient");
    assert!(silent.get("reasonCode").is_none() && !by_hand.to_string().contains("Ask for a date"), "{silent} {by_hand}");
}
