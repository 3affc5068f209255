//! The queue of what runs have yet to hear.

use gateway_domain::ids::{JourneyId, PatientNo};
use gateway_domain::journey::{Happening, JourneyEvent, SendOutcomeEvent};
use gateway_ports::store::StoreError;
use gateway_ports::store::journeys::DueEvent;
use jiff::Timestamp;
use uuid::Uuid;

use crate::database::bulk::{Column, Rows};
use crate::database::{Session, args};
use crate::journey::{JOURNEY, journey};
use crate::journey_run::{RUN, run};
use crate::stored::{from_json, to_json};

/// Adds an event to the queue of a run.
pub(crate) async fn queue(session: &mut Session, run: Uuid, event: &JourneyEvent, due_at: Timestamp) -> Result<(), StoreError> {
    session
        .execute(
            "INSERT INTO journey_event (run_id, event, cancels, due_at, lease_until, tries) VALUES ($1, $2, $3, $4, 0, 0)",
            args![run, to_json("journey event", event)?, matches!(event, JourneyEvent::Cancelled(_)), due_at],
        )
        .await?;
    Ok(())
}

/// Adds an event to the queue of everybody on the way in a journey.
pub(crate) async fn queue_for_everybody(
    session: &mut Session,
    journey: JourneyId,
    event: &JourneyEvent,
    due_at: Timestamp,
) -> Result<(), StoreError> {
    session
        .execute(
            "INSERT INTO journey_event (run_id, event, cancels, due_at, lease_until, tries) \
             SELECT id, $2, $3, $4, 0, 0 FROM journey_run WHERE journey_id = $1 AND status = 'active'",
            args![journey.as_uuid(), to_json("journey event", event)?, matches!(event, JourneyEvent::Cancelled(_)), due_at,],
        )
        .await?;
    Ok(())
}

/// Tells a run what became of a message it proposed, while the person is on the way.
pub(crate) async fn tell_outcome(session: &mut Session, run: Uuid, outcome: SendOutcomeEvent, now: Timestamp) -> Result<(), StoreError> {
    let active = session.optional("SELECT id FROM journey_run WHERE id = $1 AND status = 'active'", args![run]).await?;
    if active.is_some() {
        queue(session, run, &JourneyEvent::SendOutcome(outcome), now).await?;
    }
    Ok(())
}

/// Passes a happening on to the active runs of a patient that listen for it. A run that has not heard its first event yet does not
/// know what it will listen for, and hears it too.
pub(crate) async fn pass_on(session: &mut Session, patient: PatientNo, happening: &Happening) -> Result<(), StoreError> {
    let listening = session
        .all(
            "SELECT r.id FROM journey_run r WHERE r.patient_no = $1 AND r.status = 'active' AND (r.state IS NULL OR EXISTS \
             (SELECT 1 FROM journey_listener l WHERE l.run_id = r.id AND l.kind = $2 \
             AND (l.until_at IS NULL OR l.until_at >= $3))) ORDER BY r.id",
            args![patient, happening.kind.as_str(), happening.at],
        )
        .await?;
    for row in &listening {
        queue(session, row.uuid("id")?, &JourneyEvent::Happened(happening.clone()), happening.at).await?;
    }
    Ok(())
}

/// Passes a happening on to one run, if it listens.
pub(crate) async fn pass_on_to(session: &mut Session, run: Uuid, happening: &Happening) -> Result<(), StoreError> {
    let listens = session
        .optional(
            "SELECT r.id FROM journey_run r JOIN journey_listener l ON l.run_id = r.id WHERE r.id = $1 \
             AND r.status = 'active' AND l.kind = $2 AND (l.until_at IS NULL OR l.until_at >= $3) LIMIT 1",
            args![run, happening.kind.as_str(), happening.at],
        )
        .await?;
    if listens.is_some() {
        queue(session, run, &JourneyEvent::Happened(happening.clone()), happening.at).await?;
    }
    Ok(())
}

/// Claims events that are due, the earliest of each run, and none of a run that is being worked on.
pub(crate) async fn claim(session: &mut Session, limit: u32, now: Timestamp, lease: Timestamp) -> Result<Vec<DueEvent>, StoreError> {
    const SEQ: &[Column] = &[Column::Integer];
    let claimed = session
        .all(
            "SELECT e.seq FROM journey_event e JOIN journey_run r ON r.id = e.run_id JOIN journey j ON j.id = r.journey_id \
             WHERE e.due_at <= $1 AND e.lease_until <= $1 AND r.status = 'active' AND (j.status = 'live' OR e.cancels = 1) \
             AND NOT EXISTS (SELECT 1 FROM journey_event o WHERE o.run_id = e.run_id AND o.seq <> e.seq \
             AND (o.lease_until > $1 OR (o.due_at <= $1 AND (j.status = 'live' OR o.cancels = 1) \
             AND (o.due_at, o.seq) < (e.due_at, e.seq)))) \
             ORDER BY e.due_at, e.seq LIMIT $2 FOR UPDATE OF e SKIP LOCKED",
            args![now, limit],
        )
        .await?;
    let seqs = claimed.iter().map(|row| row.integer("seq")).collect::<Result<Vec<_>, _>>()?;
    let rows = || Rows::of(SEQ, seqs.iter().map(|seq| (*seq).into()));
    session
        .execute_rows(
            &format!(
                "WITH claimed (seq) AS ({{rows}}) UPDATE journey_event SET lease_until = {}, tries = tries + 1 \
                 WHERE seq IN (SELECT seq FROM claimed)",
                lease.as_microsecond()
            ),
            rows(),
        )
        .await?;
    let found = session
        .all_rows(
            &format!(
                "WITH claimed (seq) AS ({{rows}}) SELECT e.seq, e.event, e.due_at, e.tries, r.revision, r.state, r.plugin_version, r.patient_no, \
                 {RUN}, {JOURNEY} FROM claimed c JOIN journey_event e ON e.seq = c.seq JOIN journey_run r ON r.id = e.run_id \
                 JOIN patient p ON p.no = r.patient_no JOIN journey j ON j.id = r.journey_id \
                 JOIN journey_version v ON v.journey_id = r.journey_id AND v.version = r.version"
            ),
            rows(),
        )
        .await?;
    let mut due = found
        .iter()
        .map(|row| {
            Ok(DueEvent {
                seq: row.integer("seq")?,
                run: run(row)?,
                revision: row.integer("revision")?,
                state: row.get("state")?,
                plugin_version: row.get("plugin_version")?,
                event: from_json("journey event", &row.text("event")?)?,
                due_at: row.time("due_at")?,
                patient: PatientNo(row.integer("patient_no")?),
                journey: journey(row)?,
                tries: row.small("tries")?,
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    due.sort_unstable_by_key(|event| (event.due_at, event.seq));
    Ok(due)
}

/// The next moment at which an event that can be claimed is due, or its lease ends.
pub(crate) async fn next_due(session: &mut Session) -> Result<Option<Timestamp>, StoreError> {
    session
        .one(
            "SELECT min(CASE WHEN e.lease_until > e.due_at THEN e.lease_until ELSE e.due_at END) AS due_at \
             FROM journey_event e JOIN journey_run r ON r.id = e.run_id JOIN journey j ON j.id = r.journey_id \
             WHERE r.status = 'active' AND (j.status = 'live' OR e.cancels = 1)",
            args![],
        )
        .await?
        .optional_time("due_at")
}
