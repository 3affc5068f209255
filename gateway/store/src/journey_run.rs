//! One person's way through one journey: entering, advancing, leaving.

use gateway_domain::ids::{IdEntropy, JourneyId, PatientId, PatientNo, RunId};
use gateway_domain::journey::{Happening, JourneyEvent, Run, RunStatus};
use gateway_domain::segment::{MembershipChange, MembershipEvent};
use gateway_ports::store::journeys::{Advance, RunSummary};
use gateway_ports::store::{Page, PageRequest, StoreError};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::database::{Row, Session, args};
use crate::entropy::EntropySequence;
use crate::journey_event::{pass_on, queue};
use crate::membership::event;
use crate::page::{limit, offset};
use crate::stored::{from_name, name_of};
use crate::write_back;
use crate::{message, task};

/// Columns of a run `r` of a patient `p`.
pub(crate) const RUN: &str = "r.id AS run_id, r.journey_id AS run_journey_id, r.version AS run_version, p.id AS patient_id, \
    r.status AS run_status, r.at_step, r.entered_at, r.updated_at, r.reason";

pub(crate) async fn of_journey(session: &mut Session, journey: JourneyId, page: PageRequest) -> Result<Page<RunSummary>, StoreError> {
    let total =
        session.one("SELECT count(*) AS total FROM journey_run WHERE journey_id = $1", args![journey.as_uuid()]).await?.count("total")?;
    let rows = session
        .all(
            &format!(
                "SELECT {RUN}, p.name FROM journey_run r JOIN patient p ON p.no = r.patient_no WHERE r.journey_id = $1 \
                 ORDER BY CASE WHEN r.status = 'active' THEN 0 ELSE 1 END, r.updated_at DESC, r.id DESC LIMIT $2 OFFSET $3"
            ),
            args![journey.as_uuid(), limit(page), offset(page)],
        )
        .await?;
    let items = rows.iter().map(|row| Ok(RunSummary { run: run(row)?, name: row.text("name")? })).collect::<Result<_, StoreError>>()?;
    Ok(Page { items, total })
}

pub(crate) async fn of_patient(session: &mut Session, patient: PatientId) -> Result<Vec<Run>, StoreError> {
    let rows = session
        .all(
            &format!(
                "SELECT {RUN} FROM journey_run r JOIN patient p ON p.no = r.patient_no WHERE p.id = $1 \
                 ORDER BY r.entered_at DESC, r.id DESC"
            ),
            args![patient.as_uuid()],
        )
        .await?;
    rows.iter().map(run).collect()
}

/// Tells journeys of changes of membership: first those that are on the way, then those that let people in.
pub(crate) async fn enrol(
    session: &mut Session,
    limit: u32,
    now: Timestamp,
    entropy: &[IdEntropy],
) -> Result<Vec<MembershipEvent>, StoreError> {
    let mut entropy = EntropySequence::new(entropy);
    let rows = session
        .all(
            "SELECT e.seq, e.patient_no, s.id AS segment_id, s.key, s.title, p.id AS patient_id, e.joined, e.at \
             FROM membership_event e JOIN segment s ON s.no = e.segment_no JOIN patient p ON p.no = e.patient_no \
             WHERE e.heard = 0 ORDER BY e.seq LIMIT $1 FOR UPDATE OF e",
            args![limit],
        )
        .await?;
    let mut events = Vec::with_capacity(rows.len());
    for row in &rows {
        let event = event(row)?;
        let patient = PatientNo(row.integer("patient_no")?);
        let joined = event.change == MembershipChange::Joined;
        let happening =
            Happening { kind: if joined { "segment-joined" } else { "segment-left" }.to_owned(), at: event.at, detail: row.text("key")? };
        pass_on(session, patient, &happening).await?;
        if joined {
            let why = format!("joined the segment {}", row.text("title")?);
            enter(session, &event, patient, &why, now, &mut entropy).await?;
        }
        session.execute("UPDATE membership_event SET heard = 1 WHERE seq = $1", args![event.seq]).await?;
        events.push(event);
    }
    Ok(events)
}

async fn enter(
    session: &mut Session,
    event: &MembershipEvent,
    patient: PatientNo,
    why: &str,
    now: Timestamp,
    entropy: &mut EntropySequence,
) -> Result<(), StoreError> {
    let journeys = session
        .all(
            "SELECT id, version, reentry_after_days FROM journey WHERE entry_segment = $1 AND status = 'live' ORDER BY id",
            args![event.segment.as_uuid()],
        )
        .await?;
    for journey in &journeys {
        let id = journey.uuid("id")?;
        if !may_enter(session, id, patient, journey.get("reentry_after_days")?, now).await? {
            continue;
        }
        let run = RunId::new(now, entropy.draw());
        let made = session
            .execute(
                "INSERT INTO journey_run (id, journey_id, version, patient_no, status, at_step, entered_at, updated_at, revision) \
                 VALUES ($1, $2, $3, $4, 'active', '', $5, $5, 0) ON CONFLICT DO NOTHING",
                args![run.as_uuid(), id, journey.integer("version")?, patient, now],
            )
            .await?;
        if made == 1 {
            // Due when the membership changed: what happened to the person after that comes after it.
            queue(session, *run.as_uuid(), &JourneyEvent::Entered(why.to_owned()), event.at).await?;
        }
    }
    Ok(())
}

/// Nobody enters by a record that is not the one that is written to, nor twice at a time, a stuck run included; who left comes back only where and when the journey says so.
async fn may_enter(
    session: &mut Session,
    journey: Uuid,
    patient: PatientNo,
    reentry_after_days: Option<i64>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let other = session
        .optional(
            "SELECT pe.no FROM patient p JOIN person pe ON pe.no = p.person_no \
             WHERE p.no = $1 AND (pe.primary_no IS NULL OR pe.primary_no <> p.no)",
            args![patient],
        )
        .await?;
    if other.is_some() {
        return Ok(false);
    }
    let row = session
        .one(
            "SELECT count(*) AS runs, CAST(coalesce(sum(CASE WHEN status = 'left' THEN 0 ELSE 1 END), 0) AS BIGINT) AS inside, \
             max(updated_at) AS updated_at FROM journey_run WHERE journey_id = $1 AND patient_no = $2",
            args![journey, patient],
        )
        .await?;
    if row.integer("inside")? > 0 {
        return Ok(false);
    }
    let Some(left_at) = row.optional_time("updated_at")? else {
        return Ok(true);
    };
    Ok(reentry_after_days.is_some_and(|days| {
        let back = SignedDuration::from_hours(days.clamp(0, 100_000) * 24);
        now.duration_since(left_at) >= back
    }))
}

/// Writes all that follows from an event.
pub(crate) async fn advance(session: &mut Session, advance: &Advance, now: Timestamp) -> Result<(), StoreError> {
    let stale = || StoreError::Stale { what: "run", key: advance.run.to_string() };
    let run = advance.run.as_uuid();
    let row = session
        .optional(
            "SELECT journey_id, patient_no FROM journey_run WHERE id = $1 AND revision = $2 AND status = 'active' FOR UPDATE",
            args![run, advance.revision],
        )
        .await?
        .ok_or_else(stale)?;
    let taken = session.execute("DELETE FROM journey_event WHERE seq = $1 AND run_id = $2", args![advance.seq, run]).await?;
    if taken == 0 {
        return Err(stale());
    }
    session
        .execute(
            "UPDATE journey_run SET state = $2, at_step = $3, status = $4, reason = $5, updated_at = $6, \
             plugin_version = coalesce($7, plugin_version), revision = revision + 1 WHERE id = $1",
            args![
                run,
                advance.state.as_str(),
                advance.at_step.as_str(),
                name_of(&advance.status)?,
                advance.reason.clone(),
                now,
                advance.plugin_version.clone(),
            ],
        )
        .await?;
    for (step, branch) in &advance.branches {
        note_branch(session, *run, step, branch, now).await?;
    }
    let owner = message::Owner { patient: PatientNo(row.integer("patient_no")?), journey: row.uuid("journey_id")?, run: *run };
    for new in &advance.messages {
        message::propose(session, &owner, new, now).await?;
    }
    for new in &advance.tasks {
        task::make_for_step(session, &owner, new, now).await?;
    }
    match advance.status {
        RunStatus::Active => {
            for (step, at) in &advance.timers {
                queue(session, *run, &JourneyEvent::Timer(step.clone()), *at).await?;
            }
            for (step, kinds, until) in &advance.listeners {
                listen(session, *run, step, kinds, *until).await?;
            }
        }
        RunStatus::Left => leave(session, *run, now).await?,
        RunStatus::Stuck => {}
    }
    Ok(())
}

async fn note_branch(session: &mut Session, run: Uuid, step: &str, branch: &str, now: Timestamp) -> Result<(), StoreError> {
    session.execute("INSERT INTO journey_branch (run_id, step, branch, at) VALUES ($1, $2, $3, $4)", args![run, step, branch, now]).await?;
    Ok(())
}

async fn listen(session: &mut Session, run: Uuid, step: &str, kinds: &[String], until: Option<Timestamp>) -> Result<(), StoreError> {
    session.execute("DELETE FROM journey_listener WHERE run_id = $1 AND step = $2", args![run, step]).await?;
    for kind in kinds {
        session
            .execute(
                "INSERT INTO journey_listener (run_id, step, kind, until_at) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (run_id, step, kind) DO NOTHING",
                args![run, step, kind.as_str(), until],
            )
            .await?;
    }
    Ok(())
}

/// Takes away what a run that ended leaves behind.
async fn leave(session: &mut Session, run: Uuid, now: Timestamp) -> Result<(), StoreError> {
    session.execute("DELETE FROM journey_event WHERE run_id = $1", args![run]).await?;
    session.execute("DELETE FROM journey_listener WHERE run_id = $1", args![run]).await?;
    write_back::note_due_messages(session, run, now).await?;
    session
        .execute("UPDATE message SET status = 'cancelled', reason = 'left-journey' WHERE run_id = $1 AND status = 'due'", args![run])
        .await?;
    Ok(())
}

pub(crate) fn run(row: &Row) -> Result<Run, StoreError> {
    Ok(Run {
        id: RunId::from_uuid(row.uuid("run_id")?),
        journey: JourneyId::from_uuid(row.uuid("run_journey_id")?),
        version: row.small("run_version")?,
        patient: PatientId::from_uuid(row.uuid("patient_id")?),
        status: from_name("run status", row.text("run_status")?)?,
        at_step: row.text("at_step")?,
        entered_at: row.time("entered_at")?,
        updated_at: row.time("updated_at")?,
        reason: row.get("reason")?,
    })
}
