//! What is to stand in the source, read when it is about to be written: as it is now, not as it was when it was noted.

use gateway_domain::consent::Consent;
use gateway_domain::ids::{ConsentId, MessageId, PatientNo, TaskId};
use gateway_domain::interaction::InteractionKind;
use gateway_domain::write_back::{CommunicationRecord, ConsentRecord, Record, TaskRecord, WriteBackObject};
use gateway_ports::store::StoreError;

use crate::consent;
use crate::database::{Session, args};
use crate::error::missing;
use crate::message::status;
use crate::stored::from_name;
use crate::task::{TASK, task};

pub(super) async fn load(session: &mut Session, object: WriteBackObject) -> Result<Record, StoreError> {
    Ok(match object {
        WriteBackObject::Message(id) => Record::Communication(Box::new(communication(session, id).await?)),
        WriteBackObject::Consent(id) => Record::Consent(Box::new(decision(session, id).await?)),
        WriteBackObject::Task(id) => Record::Task(Box::new(task_record(session, id).await?)),
    })
}

async fn communication(session: &mut Session, id: MessageId) -> Result<CommunicationRecord, StoreError> {
    let row = session
        .optional(
            "SELECT m.medium, m.purpose, m.template, m.status, m.reason, m.created_at, m.sent_at, m.subject, m.language, p.fhir_id, \
             p.status AS record_status, j.key AS journey, j.title AS journey_title, \
             (SELECT t.title FROM message_template t WHERE t.key = m.template ORDER BY t.version DESC LIMIT 1) AS template_title, \
             (SELECT count(*) FROM interaction i WHERE i.patient_no = m.patient_no AND i.message_id = m.id AND i.kind = $2) AS bounces \
             FROM message m JOIN patient p ON p.no = m.patient_no JOIN journey j ON j.id = m.journey_id WHERE m.id = $1",
            args![id.as_uuid(), InteractionKind::Bounced.name()],
        )
        .await?
        .ok_or_else(|| missing("message", id))?;
    Ok(CommunicationRecord {
        message: id,
        patient_fhir_id: row.text("fhir_id")?,
        patient_status: from_name("record status", row.text("record_status")?)?,
        status: status(&row.text("status")?)?,
        bounced: row.integer("bounces")? > 0,
        reason: row.get("reason")?,
        medium: row.text("medium")?,
        purpose: from_name("purpose", row.text("purpose")?)?,
        template: row.text("template")?,
        template_title: row.get("template_title")?,
        subject: row.get("subject")?,
        language: row.get("language")?,
        journey: row.text("journey")?,
        journey_title: row.text("journey_title")?,
        created_at: row.time("created_at")?,
        sent_at: row.optional_time("sent_at")?,
    })
}

async fn decision(session: &mut Session, id: ConsentId) -> Result<ConsentRecord, StoreError> {
    let row = session
        .optional(
            "SELECT c.patient_no, p.fhir_id, p.status AS record_status FROM consent c JOIN patient p ON p.no = c.patient_no \
             WHERE c.id = $1",
            args![id.as_uuid()],
        )
        .await?
        .ok_or_else(|| missing("consent", id))?;
    let all = consent::given_for(session, PatientNo(row.integer("patient_no")?)).await?;
    let (mut mine, others): (Vec<Consent>, Vec<Consent>) = all.into_iter().partition(|consent| consent.id == id);
    let consent = mine.pop().ok_or_else(|| missing("consent", id))?;
    Ok(ConsentRecord {
        superseded: others.iter().any(|other| other.supersedes(&consent)),
        consent,
        patient_fhir_id: row.text("fhir_id")?,
        patient_status: from_name("record status", row.text("record_status")?)?,
    })
}

async fn task_record(session: &mut Session, id: TaskId) -> Result<TaskRecord, StoreError> {
    let row = session
        .optional(
            &format!(
                "SELECT {TASK}, p.fhir_id, p.status AS record_status, j.key AS journey, j.title AS journey_title FROM task t \
                 JOIN patient p ON p.no = t.patient_no LEFT JOIN journey j ON j.id = t.journey_id WHERE t.id = $1"
            ),
            args![id.as_uuid()],
        )
        .await?
        .ok_or_else(|| missing("task", id))?;
    let (key, title): (Option<String>, Option<String>) = (row.get("journey")?, row.get("journey_title")?);
    Ok(TaskRecord {
        task: task(&row)?,
        journey: key.zip(title),
        patient_fhir_id: row.text("fhir_id")?,
        patient_status: from_name("record status", row.text("record_status")?)?,
    })
}
