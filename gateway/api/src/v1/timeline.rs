//! Everything that happened with a patient, in one list.

use axum::extract::State;
use gateway_domain::audit::AuditAction;
use gateway_domain::consent::{Consent, ConsentDecision};
use gateway_domain::fact::{DescribedFact, FactFlags, FactKind};
use gateway_domain::ids::{JourneyId, PatientId, SegmentId};
use gateway_domain::interaction::{Interaction, InteractionKind};
use gateway_domain::journey::Run;
use gateway_domain::message::Message;
use gateway_domain::segment::{MembershipChange, MembershipEvent};
use gateway_domain::task::{Task, TaskStatus};
use gateway_domain::user::Permission;
use gateway_ports::store::PageRequest;
use gateway_ports::store::messages::MessageFilter;
use gateway_ports::store::tasks::TaskFilter;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::clinical::fact_text;
use super::message::reason_text;
use super::patient::find;
use crate::ApiDeps;
use crate::access::Caller;
use crate::audit_trail::Shown;
use crate::extract::{Id, List};
use crate::problem::ApiError;

/// The most entries that are shown.
const MOST: u32 = 500;

/// One thing that happened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimelineEntry {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// `segment-joined`, `segment-left`, `journey-entered`, `journey-left`, `message-` and its status, `clicked`, `opted-out`,
    /// `bounced`, `consent`, `task-` and its status, or `fact`.
    pub kind: String,
    /// What happened, in a few words.
    pub title: String,
    /// More about it.
    pub detail: Option<String>,
    /// What it is about: an id of the gateway, or `Type/id` of a FHIR resource.
    pub reference: Option<String>,
}

/// What happened with a patient, newest first.
#[utoipa::path(get, path = "/patients/{id}/timeline", tag = "patients", params(("id" = String, Path)), responses((status = 200, body = List<TimelineEntry>)))]
pub(crate) async fn timeline(
    State(deps): State<ApiDeps>,
    caller: Caller,
    Id(id): Id<PatientId>,
) -> Result<Shown<List<TimelineEntry>>, ApiError> {
    let patient = find(&deps, id).await?;
    let titles = Titles::read(&deps).await?;
    let mut entries = Vec::new();
    entries.extend(deps.store.membership_history(id, MOST).await?.into_iter().map(|event| membership(&event, &titles)));
    entries.extend(deps.store.patient_runs(id).await?.into_iter().flat_map(|of| run(&of, &titles)));
    let to_patient = MessageFilter { patient: Some(id), ..MessageFilter::default() };
    let messages = deps.store.messages(&to_patient, PageRequest { offset: 0, limit: MOST }).await?;
    entries.extend(messages.items.into_iter().map(|summary| message(summary.message)));
    entries.extend(deps.store.interactions(id, MOST).await?.iter().map(interaction));
    entries.extend(deps.store.consents(id).await?.iter().map(consent));
    if caller.may(Permission::ReadTasks) {
        let about = TaskFilter { patient: Some(id), ..TaskFilter::default() };
        let tasks = deps.store.tasks(&about, PageRequest { offset: 0, limit: MOST }).await?;
        entries.extend(tasks.items.iter().flat_map(|summary| task(&summary.task)));
    }
    entries.extend(deps.lookup.facts(&patient).await?.iter().filter_map(fact));
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    entries.truncate(MOST as usize);
    deps.show(&caller, AuditAction::Read, [id], List::whole(entries)).await
}

struct Titles {
    segments: Vec<(SegmentId, String)>,
    journeys: Vec<(JourneyId, String)>,
}

impl Titles {
    async fn read(deps: &ApiDeps) -> Result<Self, ApiError> {
        let segments = deps.store.segments().await?;
        let journeys = deps.store.journeys().await?;
        Ok(Self {
            segments: segments.into_iter().map(|summary| (summary.segment.id, summary.segment.title)).collect(),
            journeys: journeys.into_iter().map(|summary| (summary.journey.id, summary.journey.title)).collect(),
        })
    }

    fn segment(&self, id: SegmentId) -> String {
        self.segments.iter().find(|(its, _)| *its == id).map_or_else(|| id.to_string(), |(_, title)| title.clone())
    }

    fn journey(&self, id: JourneyId) -> String {
        self.journeys.iter().find(|(its, _)| *its == id).map_or_else(|| id.to_string(), |(_, title)| title.clone())
    }
}

fn membership(event: &MembershipEvent, titles: &Titles) -> TimelineEntry {
    let (kind, verb) = match event.change {
        MembershipChange::Joined => ("segment-joined", "Joined"),
        MembershipChange::Left => ("segment-left", "Left"),
    };
    TimelineEntry {
        at: event.at,
        kind: kind.to_owned(),
        title: format!("{verb} the segment {}", titles.segment(event.segment)),
        detail: None,
        reference: Some(event.segment.to_string()),
    }
}

fn run(run: &Run, titles: &Titles) -> Vec<TimelineEntry> {
    use gateway_domain::journey::RunStatus;
    let title = titles.journey(run.journey);
    let entry = |at, kind: &str, title: String, detail| TimelineEntry {
        at,
        kind: kind.to_owned(),
        title,
        detail,
        reference: Some(run.journey.to_string()),
    };
    let entered = entry(run.entered_at, "journey-entered", format!("Entered the journey {title}"), None);
    let left = (run.status == RunStatus::Left)
        .then(|| entry(run.updated_at, "journey-left", format!("Left the journey {title}"), run.reason.clone()));
    [Some(entered), left].into_iter().flatten().collect()
}

fn message(message: Message) -> TimelineEntry {
    let what = message.subject.unwrap_or_else(|| format!("{} ({})", message.template, message.medium));
    TimelineEntry {
        at: message.sent_at.unwrap_or(message.created_at),
        kind: format!("message-{}", message.status.name()),
        title: what,
        detail: message.reason.as_deref().map(reason_text),
        reference: Some(message.id.to_string()),
    }
}

fn interaction(interaction: &Interaction) -> TimelineEntry {
    let title = match interaction.kind {
        InteractionKind::Clicked => "A link of the message was followed",
        InteractionKind::OptedOut => "Asked not to be written to",
        InteractionKind::Bounced => "The message came back",
        InteractionKind::Failed => "The message did not arrive",
        InteractionKind::Delivered => "The message arrived",
        InteractionKind::Answered => "Answered the message",
    };
    TimelineEntry {
        at: interaction.at,
        kind: interaction.kind.name().to_owned(),
        title: title.to_owned(),
        detail: interaction.link.map(|link| format!("Link {link}")),
        reference: interaction.message.map(|message| message.to_string()),
    }
}

fn consent(consent: &Consent) -> TimelineEntry {
    let verb = match consent.decision {
        ConsentDecision::Permit => "May be written to",
        ConsentDecision::Deny => "Must not be written to",
    };
    let medium = consent.medium.as_deref().unwrap_or("every channel");
    let about = consent.list.as_deref().map_or_else(String::new, |list| format!(", about {list}"));
    TimelineEntry {
        at: consent.at,
        kind: "consent".to_owned(),
        title: format!("{verb}: {medium}{about}"),
        detail: None,
        reference: Some(consent.id.to_string()),
    }
}

fn task(task: &Task) -> Vec<TimelineEntry> {
    let entry = |at, status: TaskStatus, verb: &str| TimelineEntry {
        at,
        kind: format!("task-{}", status.name()),
        title: format!("{verb}: {}", task.kind.title()),
        detail: task.note.clone(),
        reference: Some(task.id.to_string()),
    };
    let ended = task.end.map(|end| {
        let verb = if task.status == TaskStatus::Done { "Task done" } else { "Task dropped" };
        entry(end.at, task.status, verb)
    });
    [Some(entry(task.created_at, TaskStatus::Open, "Task for staff")), ended].into_iter().flatten().collect()
}

/// Visits, procedures, vaccinations and imaging: what a coordinator asks about first.
fn fact(fact: &DescribedFact) -> Option<TimelineEntry> {
    let flags = FactFlags::from(fact.flags);
    let tells = match fact.kind {
        FactKind::Encounter | FactKind::Procedure | FactKind::Immunization => true,
        FactKind::Observation => flags.contains(FactFlags::IMAGING),
        _ => false,
    };
    (tells && !flags.contains(FactFlags::IN_ERROR)).then_some(())?;
    let kind = match fact.kind {
        FactKind::Encounter => "Visit",
        FactKind::Procedure => "Procedure",
        FactKind::Immunization => "Immunization",
        _ => "Imaging",
    };
    let detail = if flags.contains(FactFlags::NOT_DONE) { format!("{kind}, not done") } else { kind.to_owned() };
    Some(TimelineEntry {
        at: fact.start?.first,
        kind: "fact".to_owned(),
        title: fact_text(fact),
        detail: Some(detail),
        reference: Some(format!("{}/{}", fact.resource_type, fact.fhir_id)),
    })
}
