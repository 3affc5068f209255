//! Who is on which segment, and how that came to be.

use std::collections::{BTreeMap, HashMap, HashSet};

use gateway_domain::ids::{PatientId, PatientNo, SegmentId};
use gateway_domain::segment::{Evaluation, Membership, MembershipChange, MembershipEvent};
use gateway_ports::store::segments::{DirtyPatient, SegmentMember};
use gateway_ports::store::{Page, PageRequest, StoreError};
use jiff::Timestamp;

use crate::database::bulk::{Column, Rows};
use crate::database::{Row, Session, args};
use crate::page::{limit, offset};
use crate::stored::{day, day_number, from_json, to_json};

pub(crate) async fn members(session: &mut Session, segment: SegmentId, page: PageRequest) -> Result<Page<SegmentMember>, StoreError> {
    let total = session
        .one(
            "SELECT count(*) AS total FROM membership m JOIN segment s ON s.no = m.segment_no \
             WHERE s.id = $1 AND m.member = 1",
            args![segment.as_uuid()],
        )
        .await?
        .count("total")?;
    let rows = session
        .all(
            "SELECT s.id AS segment_id, p.id AS patient_id, p.name, p.fhir_id, m.since, m.evidence, m.review_on \
             FROM membership m JOIN segment s ON s.no = m.segment_no JOIN patient p ON p.no = m.patient_no \
             WHERE s.id = $1 AND m.member = 1 ORDER BY p.family_sort, p.given_sort, p.id LIMIT $2 OFFSET $3",
            args![segment.as_uuid(), limit(page), offset(page)],
        )
        .await?;
    let items = rows
        .iter()
        .map(|row| Ok(SegmentMember { membership: membership(row)?, name: row.text("name")?, fhir_id: row.text("fhir_id")? }))
        .collect::<Result<_, StoreError>>()?;
    Ok(Page { items, total })
}

pub(crate) async fn numbers(session: &mut Session, segment: SegmentId) -> Result<Vec<PatientNo>, StoreError> {
    let rows = session
        .all(
            "SELECT m.patient_no FROM membership m JOIN segment s ON s.no = m.segment_no WHERE s.id = $1 AND m.member = 1 \
             ORDER BY m.patient_no",
            args![segment.as_uuid()],
        )
        .await?;
    rows.iter().map(|row| Ok(PatientNo(row.integer("patient_no")?))).collect()
}

pub(crate) async fn of_patient(session: &mut Session, patient: PatientId) -> Result<Vec<Membership>, StoreError> {
    let rows = session
        .all(
            "SELECT s.id AS segment_id, p.id AS patient_id, m.since, m.evidence, m.review_on \
             FROM membership m JOIN segment s ON s.no = m.segment_no JOIN patient p ON p.no = m.patient_no \
             WHERE p.id = $1 AND m.member = 1 ORDER BY s.title, s.id",
            args![patient.as_uuid()],
        )
        .await?;
    rows.iter().map(membership).collect()
}

pub(crate) async fn history(session: &mut Session, patient: PatientId, limit: u32) -> Result<Vec<MembershipEvent>, StoreError> {
    let rows = session
        .all(
            "SELECT e.seq, s.id AS segment_id, p.id AS patient_id, e.joined, e.at FROM membership_event e \
             JOIN segment s ON s.no = e.segment_no JOIN patient p ON p.no = e.patient_no \
             WHERE p.id = $1 ORDER BY e.seq DESC LIMIT $2",
            args![patient.as_uuid(), limit],
        )
        .await?;
    rows.iter().map(event).collect()
}

/// Stores answers. Those for a patient whose mark moved since the claim are dropped: they were made from what was there before, or from
/// half of an import, and the patient is evaluated again anyway.
pub(crate) async fn apply(
    session: &mut Session,
    claimed: &[DirtyPatient],
    evaluations: &[Evaluation],
    versions: &[(SegmentId, u32)],
    now: Timestamp,
) -> Result<Vec<MembershipEvent>, StoreError> {
    let segments = current_segments(session, versions).await?;
    let moved = take_marks(session, claimed).await?;
    // The last answer for a patient and a segment counts.
    let answers: BTreeMap<(PatientNo, i64), &Evaluation> = evaluations
        .iter()
        .filter(|evaluation| !moved.contains(&evaluation.patient))
        .filter_map(|evaluation| segments.get(&evaluation.segment).map(|no| ((evaluation.patient, *no), evaluation)))
        .collect();
    let before = stored(session, answers.keys().copied()).await?;
    let mut events = Rows::new(EVENT);
    let mut gone = Rows::new(KEY);
    let mut kept = Rows::new(MEMBERSHIP);
    for (key, answer) in &answers {
        let was = before.get(key);
        let was_member = was.is_some_and(|was| was.member);
        if answer.member != was_member {
            events.push(args![key.1, key.0, answer.member, now, false]);
        }
        if !answer.member && answer.review_on.is_none() {
            if was.is_some() {
                gone.push(args![key.0, key.1]);
            }
            continue;
        }
        let since = was.filter(|was| was.member == answer.member).map_or(now, |was| was.since);
        let new = Stored {
            member: answer.member,
            since,
            populations: answer.populations.clone(),
            evidence: to_json("evidence", &answer.evidence)?,
            review_on: answer.review_on.map(day_number),
        };
        if was != Some(&new) {
            kept.push(args![key.0, key.1, new.member, new.since, new.populations, new.evidence, new.review_on]);
        }
    }
    write(session, gone, kept).await?;
    write_events(session, events).await
}

/// Two columns of a membership's key.
const KEY: &[Column] = &[Column::Integer, Column::Integer];
const PATIENT: &[Column] = &[Column::Integer];
const EVENT: &[Column] = &[Column::Integer; 5];
const MEMBERSHIP: &[Column] =
    &[Column::Integer, Column::Integer, Column::Integer, Column::Integer, Column::Bytes, Column::Text, Column::Integer];

/// An answer as stored.
#[derive(PartialEq)]
struct Stored {
    member: bool,
    since: Timestamp,
    populations: Vec<u8>,
    evidence: String,
    review_on: Option<i64>,
}

/// The segments that still have the version that was evaluated, locked against a new one.
async fn current_segments(session: &mut Session, versions: &[(SegmentId, u32)]) -> Result<HashMap<SegmentId, i64>, StoreError> {
    let mut current = HashMap::new();
    for (id, version) in versions {
        let row =
            session.optional("SELECT no FROM segment WHERE id = $1 AND version = $2 FOR UPDATE", args![id.as_uuid(), *version]).await?;
        if let Some(row) = row {
            current.insert(*id, row.integer("no")?);
        }
    }
    Ok(current)
}

/// Takes the marks away that did not move; the patients whose marks did.
async fn take_marks(session: &mut Session, claimed: &[DirtyPatient]) -> Result<HashSet<PatientNo>, StoreError> {
    let mut sorted = claimed.to_vec();
    sorted.sort_unstable_by_key(|dirty| dirty.patient);
    let mut rows = Rows::new(KEY);
    for dirty in &sorted {
        rows.push(args![dirty.patient, dirty.mark]);
    }
    let taken = session
        .all_rows(
            "WITH claimed (patient_no, mark) AS ({rows}) DELETE FROM dirty_patient \
             WHERE (patient_no, mark) IN (SELECT patient_no, mark FROM claimed) RETURNING patient_no",
            rows,
        )
        .await?;
    let taken = taken.iter().map(|row| row.get(0).map(PatientNo)).collect::<Result<HashSet<_>, _>>()?;
    let moved: HashSet<PatientNo> = sorted.iter().map(|dirty| dirty.patient).filter(|patient| !taken.contains(patient)).collect();
    session
        .execute_rows(
            "WITH freed (patient_no) AS ({rows}) UPDATE dirty_patient SET lease_until = 0 \
             WHERE patient_no IN (SELECT patient_no FROM freed)",
            Rows::of(PATIENT, moved.iter().map(|patient| (*patient).into())),
        )
        .await?;
    Ok(moved)
}

async fn stored(
    session: &mut Session,
    keys: impl Iterator<Item = (PatientNo, i64)>,
) -> Result<HashMap<(PatientNo, i64), Stored>, StoreError> {
    let mut rows = Rows::new(KEY);
    for (patient, segment) in keys {
        rows.push(args![patient, segment]);
    }
    let found = session
        .all_rows(
            "WITH wanted (patient_no, segment_no) AS ({rows}) SELECT m.patient_no, m.segment_no, m.member, m.since, \
             m.populations, m.evidence, m.review_on FROM wanted w CROSS JOIN membership m \
             WHERE m.patient_no = w.patient_no AND m.segment_no = w.segment_no",
            rows,
        )
        .await?;
    found
        .iter()
        .map(|row| {
            let stored = Stored {
                member: row.flag("member")?,
                since: row.time("since")?,
                populations: row.get("populations")?,
                evidence: row.text("evidence")?,
                review_on: row.get("review_on")?,
            };
            Ok(((PatientNo(row.get(0)?), row.get(1)?), stored))
        })
        .collect()
}

async fn write(session: &mut Session, gone: Rows, kept: Rows) -> Result<(), StoreError> {
    session
        .execute_rows(
            "WITH gone (patient_no, segment_no) AS ({rows}) DELETE FROM membership \
             WHERE (patient_no, segment_no) IN (SELECT patient_no, segment_no FROM gone)",
            gone,
        )
        .await?;
    session
        .execute_rows(
            "INSERT INTO membership (patient_no, segment_no, member, since, populations, evidence, review_on) {rows} \
             ON CONFLICT (patient_no, segment_no) DO UPDATE SET member = excluded.member, since = excluded.since, \
             populations = excluded.populations, evidence = excluded.evidence, review_on = excluded.review_on",
            kept,
        )
        .await?;
    Ok(())
}

async fn write_events(session: &mut Session, events: Rows) -> Result<Vec<MembershipEvent>, StoreError> {
    const SEQ: &[Column] = &[Column::Integer];
    let inserted =
        session.all_rows("INSERT INTO membership_event (segment_no, patient_no, joined, at, heard) {rows} RETURNING seq", events).await?;
    let seqs = inserted.iter().map(|row| row.get::<i64, _>(0)).collect::<Result<Vec<_>, _>>()?;
    let rows = session
        .all_rows(
            "WITH wanted (seq) AS ({rows}) SELECT e.seq, s.id AS segment_id, p.id AS patient_id, e.joined, e.at \
             FROM wanted w JOIN membership_event e ON e.seq = w.seq JOIN segment s ON s.no = e.segment_no \
             JOIN patient p ON p.no = e.patient_no",
            Rows::of(SEQ, seqs.into_iter().map(Into::into)),
        )
        .await?;
    let mut events = rows.iter().map(event).collect::<Result<Vec<_>, _>>()?;
    events.sort_unstable_by_key(|event| event.seq);
    Ok(events)
}

pub(crate) fn event(row: &Row) -> Result<MembershipEvent, StoreError> {
    Ok(MembershipEvent {
        seq: row.integer("seq")?,
        segment: SegmentId::from_uuid(row.uuid("segment_id")?),
        patient: PatientId::from_uuid(row.uuid("patient_id")?),
        change: if row.flag("joined")? { MembershipChange::Joined } else { MembershipChange::Left },
        at: row.time("at")?,
    })
}

fn membership(row: &Row) -> Result<Membership, StoreError> {
    let review_on: Option<i64> = row.get("review_on")?;
    Ok(Membership {
        segment: SegmentId::from_uuid(row.uuid("segment_id")?),
        patient: PatientId::from_uuid(row.uuid("patient_id")?),
        since: row.time("since")?,
        evidence: from_json("evidence", &row.text("evidence")?)?,
        review_on: review_on.map(day).transpose()?,
    })
}
