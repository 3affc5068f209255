//! Something staff is to do as a `Task`: what it is called, for whom and until when. What a member of staff wrote by hand stays here.

use fhir_sdk::DateTime;
use fhir_sdk::r4b::codes::{TaskIntent, TaskStatus as FhirStatus};
use fhir_sdk::r4b::resources::{Task, TaskRestriction};
use fhir_sdk::r4b::types::Period;
use gateway_domain::task::{TaskOrigin, TaskStatus};
use gateway_domain::write_back::TaskRecord;
use jiff::civil::Date;

use super::concept::{Built, coding, concept, identifier, moment, patient, why};
use super::found::{Members, put};
use super::identifier::Identifier;
use super::{CommunicationContent, RecordKeeperConfig};

/// The resource, member by member.
pub(super) fn build(record: &TaskRecord, known_by: &Identifier, config: &RecordKeeperConfig) -> Built<Members> {
    let task = &record.task;
    let systems = &config.systems;
    let says_more = config.content != CommunicationContent::None;
    let title = task.kind.title();
    // The words of a journey's definition were written for this; a note by hand may say anything.
    let note = task.note.as_deref().filter(|_| says_more && matches!(task.origin, TaskOrigin::Journey { .. }));
    let (status, business, words) = match task.status {
        TaskStatus::Open => (FhirStatus::Requested, "open", "To be done"),
        TaskStatus::Done => (FhirStatus::Completed, "done", "Done"),
        TaskStatus::Cancelled => (FhirStatus::Cancelled, "cancelled", "Not to be done any more"),
    };
    let last = task.end.map_or(task.created_at, |end| end.at);
    let mut built = Task::builder()
        .identifier(vec![Some(identifier(known_by)?)])
        .status(status)
        .business_status(concept(vec![coding(&format!("{systems}/task-status"), business)?], words)?)
        .intent("order".parse::<TaskIntent>().map_err(why)?)
        .code(concept(vec![coding(&format!("{systems}/task-kind"), task.kind.name())?], title)?)
        .description(note.map_or_else(|| title.to_owned(), |note| format!("{title}: {note}")))
        .r#for(patient(&record.patient_fhir_id)?)
        .authored_on(moment(task.created_at)?)
        .last_modified(moment(last)?);
    if let Some((key, title)) = record.journey.as_ref().filter(|_| says_more) {
        built = built.reason_code(concept(vec![coding(&format!("{systems}/journey"), key)?], title)?);
    }
    if let Some(due_on) = task.due_on {
        let period = Period::builder().end(whole_day(due_on)?).build().map_err(why)?;
        built = built.restriction(TaskRestriction::builder().period(period).build().map_err(why)?);
    }
    if let Some(end) = task.end {
        built = built.execution_period(Period::builder().end(moment(end.at)?).build().map_err(why)?);
    }
    let built = built.build().map_err(why)?;
    let mut members = Members::new();
    put(&mut members, "resourceType", &"Task")?;
    put(&mut members, "identifier", &built.identifier)?;
    put(&mut members, "status", &built.status)?;
    put(&mut members, "businessStatus", &built.business_status)?;
    put(&mut members, "intent", &built.intent)?;
    put(&mut members, "code", &built.code)?;
    put(&mut members, "description", &built.description)?;
    put(&mut members, "for", &built.r#for)?;
    put(&mut members, "executionPeriod", &built.execution_period)?;
    put(&mut members, "authoredOn", &built.authored_on)?;
    put(&mut members, "lastModified", &built.last_modified)?;
    put(&mut members, "reasonCode", &built.reason_code)?;
    put(&mut members, "restriction", &built.restriction)?;
    Ok(members)
}

/// A day as such: no moment is made up.
fn whole_day(day: Date) -> Built<DateTime> {
    day.to_string().parse().map_err(|_| "a day is beyond the calendar".to_owned())
}

#[cfg(test)]
mod tests;
