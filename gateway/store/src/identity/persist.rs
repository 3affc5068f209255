//! Writing down whose records are whose, and what follows at once: who is no longer written to leaves the journeys.

use std::collections::{BTreeMap, BTreeSet};

use gateway_domain::gate::GateReason;
use gateway_domain::identity::Resolution;
use gateway_domain::ids::PatientNo;
use gateway_domain::journey::JourneyEvent;
use gateway_domain::patient::RecordStatus;
use gateway_ports::store::StoreError;
use jiff::Timestamp;

use super::gather::Gathered;
use super::trouble_name;
use crate::database::bulk::{Column, Rows};
use crate::database::{Session, args};
use crate::journey_event::queue;
use crate::stored::name_of;

const PATIENT: &[Column] = &[Column::Integer];

/// A person as stored.
#[derive(PartialEq)]
struct Stored {
    primary: Option<PatientNo>,
    trouble: Option<String>,
}

/// Writes what differs. The records of which the person changed.
pub(super) async fn write(
    session: &mut Session,
    gathered: &Gathered,
    resolution: &Resolution,
    now: Timestamp,
) -> Result<BTreeSet<PatientNo>, StoreError> {
    write_questions(session, gathered, resolution, now).await?;
    let before = stored(session, gathered).await?;
    let mut kept: BTreeSet<i64> = BTreeSet::new();
    let mut placed: BTreeMap<PatientNo, i64> = BTreeMap::new();
    let mut changed: BTreeSet<PatientNo> = BTreeSet::new();
    // Whoever is moved is locked before the person is: the gate does it in this order.
    lock(session, gathered, resolution).await?;
    for cluster in &resolution.clusters {
        let new = Stored { primary: cluster.primary, trouble: trouble_name(cluster.trouble)? };
        let known = cluster.records.iter().filter_map(|no| gathered.records.get(no)?.person).filter(|no| !kept.contains(no)).min();
        let person = match known {
            Some(person) => {
                if before.get(&person) != Some(&new) {
                    session
                        .execute(
                            "UPDATE person SET primary_no = $2, trouble = $3 WHERE no = $1",
                            args![person, new.primary, new.trouble.clone()],
                        )
                        .await?;
                    changed.extend(&cluster.records);
                }
                person
            }
            None => insert(session, &new, now).await?,
        };
        kept.insert(person);
        placed.extend(cluster.records.iter().map(|no| (*no, person)));
    }
    let mut moved = Rows::new(&[Column::Integer, Column::Integer]);
    for (no, record) in &gathered.records {
        let person = placed.get(no).copied();
        if record.person != person {
            changed.insert(*no);
            changed.extend(
                gathered
                    .records
                    .iter()
                    .filter(|(other, _)| person.is_some() && placed.get(other) == person.as_ref())
                    .map(|(other, _)| *other),
            );
            moved.push(args![*no, person]);
        }
    }
    session
        .execute_rows(
            "WITH moved (no, person_no) AS ({rows}) UPDATE patient SET person_no = moved.person_no FROM moved WHERE patient.no = moved.no",
            moved,
        )
        .await?;
    for person in before.keys().filter(|person| !kept.contains(person)) {
        session
            .execute("DELETE FROM person WHERE no = $1 AND NOT EXISTS (SELECT 1 FROM patient p WHERE p.person_no = $1)", args![*person])
            .await?;
    }
    for (no, record) in &gathered.records {
        if record.identity.status == RecordStatus::Merged {
            end_runs(session, *no, GateReason::Merged, now).await?;
        }
    }
    // Where it is not clear who stands, nobody is written to, and nobody has to begin anew once it is.
    for cluster in resolution.clusters.iter().filter(|cluster| cluster.trouble.is_none()) {
        for no in cluster.records.iter().filter(|no| cluster.primary.is_some_and(|primary| primary != **no) && changed.contains(no)) {
            end_runs(session, *no, GateReason::OtherRecord, now).await?;
        }
    }
    Ok(changed)
}

async fn insert(session: &mut Session, person: &Stored, now: Timestamp) -> Result<i64, StoreError> {
    session
        .one(
            "INSERT INTO person (primary_no, trouble, since) VALUES ($1, $2, $3) RETURNING no",
            args![person.primary, person.trouble.clone(), now],
        )
        .await?
        .integer("no")
}

async fn stored(session: &mut Session, gathered: &Gathered) -> Result<BTreeMap<i64, Stored>, StoreError> {
    const PERSON: &[Column] = &[Column::Integer];
    let persons: BTreeSet<i64> = gathered.records.values().filter_map(|record| record.person).collect();
    let rows = session
        .all_rows(
            "WITH wanted (no) AS ({rows}) SELECT pe.no, pe.primary_no, pe.trouble FROM wanted w CROSS JOIN person pe WHERE pe.no = w.no",
            Rows::of(PERSON, persons.into_iter().map(Into::into)),
        )
        .await?;
    rows.iter()
        .map(|row| {
            let primary: Option<i64> = row.get("primary_no")?;
            Ok((row.integer("no")?, Stored { primary: primary.map(PatientNo), trouble: row.get("trouble")? }))
        })
        .collect()
}

/// Locks all records of persons that were or will be.
async fn lock(session: &mut Session, gathered: &Gathered, resolution: &Resolution) -> Result<(), StoreError> {
    let mut all: BTreeSet<PatientNo> = resolution.clusters.iter().flat_map(|cluster| cluster.records.iter().copied()).collect();
    all.extend(gathered.records.iter().filter(|(_, record)| record.person.is_some()).map(|(no, _)| *no));
    if all.is_empty() || !session.is_postgres() {
        return Ok(());
    }
    session
        .all_rows(
            "WITH wanted (no) AS ({rows}) SELECT p.no FROM patient p WHERE p.no IN (SELECT no FROM wanted) ORDER BY p.no FOR UPDATE OF p",
            Rows::of(PATIENT, all.into_iter().map(Into::into)),
        )
        .await
        .map(drop)
}

/// Tells the runs of a record that is no longer written to. They end whatever their journey says.
async fn end_runs(session: &mut Session, patient: PatientNo, reason: GateReason, now: Timestamp) -> Result<(), StoreError> {
    let runs = session
        .all(
            "SELECT r.id FROM journey_run r WHERE r.patient_no = $1 AND r.status = 'active' \
             AND NOT EXISTS (SELECT 1 FROM journey_event e WHERE e.run_id = r.id AND e.cancels = 1) ORDER BY r.id",
            args![patient],
        )
        .await?;
    for run in &runs {
        queue(session, run.uuid("id")?, &JourneyEvent::Cancelled(reason.name().to_owned()), now).await?;
    }
    Ok(())
}

/// Replaces what staff was asked about these records by what there is to ask now; a question that stays keeps its moment.
async fn write_questions(session: &mut Session, gathered: &Gathered, resolution: &Resolution, now: Timestamp) -> Result<(), StoreError> {
    let mut before: BTreeSet<(PatientNo, PatientNo, String, String)> = BTreeSet::new();
    for column in ["a_no", "b_no"] {
        let rows = session
            .all_rows(
                &format!(
                    "WITH wanted (no) AS ({{rows}}) SELECT q.a_no, q.b_no, q.kind, q.system FROM wanted w \
                     CROSS JOIN identity_question q WHERE q.{column} = w.no"
                ),
                Rows::of(PATIENT, gathered.records.keys().map(|no| (*no).into())),
            )
            .await?;
        for row in &rows {
            before.insert((PatientNo(row.get(0)?), PatientNo(row.get(1)?), row.text("kind")?, row.text("system")?));
        }
    }
    let mut after: BTreeSet<(PatientNo, PatientNo, String, String)> = BTreeSet::new();
    for question in &resolution.questions {
        after.insert((question.pair.0, question.pair.1, name_of(&question.kind)?, question.system.clone().unwrap_or_default()));
    }
    for (a, b, kind, system) in before.difference(&after) {
        session
            .execute(
                "DELETE FROM identity_question WHERE a_no = $1 AND b_no = $2 AND kind = $3 AND system = $4",
                args![*a, *b, kind.as_str(), system.as_str()],
            )
            .await?;
    }
    let mut new = Rows::new(&[Column::Integer, Column::Integer, Column::Text, Column::Text, Column::Integer]);
    for (a, b, kind, system) in after.difference(&before) {
        new.push(args![*a, *b, kind.as_str(), system.as_str(), now]);
    }
    session.execute_rows("INSERT INTO identity_question (a_no, b_no, kind, system, at) {rows} ON CONFLICT DO NOTHING", new).await?;
    Ok(())
}
