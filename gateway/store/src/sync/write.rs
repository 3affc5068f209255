//! Writing what changed: raw resources, their places, and everything that is read out of them.

use std::collections::BTreeMap;

use gateway_domain::ids::{PatientNo, SourceNo};
use gateway_domain::projection::{Projection, ReadPatient, ReadResource};
use gateway_domain::resource::{ContentHash, ResourceKey};
use gateway_ports::store::StoreError;
use gateway_ports::store::sync::PackedBody;
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::first_load::FirstLoad;
use super::incoming::{ByKey, key_prefix};
use super::places::Place;
use super::stored_resources::Held;
use super::{patients, places};
use crate::Store;
use crate::account::{write_accounts, write_practitioners};
use crate::code::{Learned, intern};
use crate::database::bulk::{AT_A_TIME, Column, Rows};
use crate::database::{Session, args, row};
use crate::entropy::EntropySequence;
use crate::fact::FactRow;
use crate::raw_body::Compressor;
use crate::resource::TypeNumbers;
use crate::source::OpenRun;
use crate::stored::to_json;

/// A resource to be stored, where it belongs, and what is held of it.
pub(super) struct Incoming {
    pub(super) patient: PatientNo,
    pub(super) before: Option<Held>,
    pub(super) resource: ReadResource,
    /// Its raw copy, where that was packed ahead.
    pub(super) body: Option<PackedBody>,
}

/// Two columns that say which rows of a clustered table are meant.
const KEY: &[Column] = &[Column::Integer, Column::Bytes];

/// Stores resources that are new, different or moved. The answer is the codes that were interned, to be remembered once the
/// transaction is committed.
pub(super) async fn changed(
    session: &mut Session,
    store: &Store,
    open: &OpenRun,
    mut changed: Vec<Incoming>,
    first_load: Option<&mut FirstLoad>,
    now: Timestamp,
    entropy: &mut EntropySequence,
) -> Result<Learned, StoreError> {
    changed.sort_by_cached_key(|incoming| (incoming.patient, incoming.resource.key));
    clear_projections(session, changed.iter().filter_map(|incoming| incoming.before.map(|before| (before.patient, incoming.resource.key))))
        .await?;
    clear_moved(session, &changed).await?;

    let mut types = TypeNumbers::default();
    for incoming in &changed {
        types.want(&incoming.resource.resource_type);
    }
    types.resolve(session, open.source).await?;
    // Compressing is a third of the work: it goes on in another thread while the rest is written.
    let are_packed = changed.iter().all(|incoming| incoming.body.is_some());
    let mut bodies = Vec::with_capacity(changed.len());
    for incoming in &mut changed {
        bodies.push(Body::take(incoming, &types)?);
    }
    let (packed, rows) = mpsc::channel(bodies.len() / AT_A_TIME + 1);
    let packing = tokio::task::spawn_blocking(move || pack(bodies, &packed));
    let mut rows = Some(rows);
    if are_packed && let Some(rows) = rows.take() {
        // SQLite has something to do while the facts are made ready.
        write_resources(session, rows).await?;
    }
    let learned = write_facts(session, store, &changed).await?;
    write_people(session, open.source, &changed, now, entropy).await?;
    write_care_teams(session, &changed).await?;
    write_accounts(
        session,
        open.source,
        changed.iter().filter_map(|incoming| match &incoming.resource.projection {
            Projection::Account(details) => Some((&incoming.resource, &**details)),
            _ => None,
        }),
        now,
        entropy,
    )
    .await?;
    write_practitioners(
        session,
        open.source,
        changed.iter().filter_map(|incoming| match &incoming.resource.projection {
            Projection::Practitioner(details) => Some((&incoming.resource, &**details)),
            _ => None,
        }),
        now,
        entropy,
    )
    .await?;
    write_places(session, open.source, &changed, &types, first_load).await?;
    if let Some(rows) = rows {
        write_resources(session, rows).await?;
    }
    packing.await.map_err(|error| StoreError::Unavailable(format!("the compressing stopped: {error}")))?;
    Ok(learned)
}

/// Takes away what was read out of these resources before.
async fn clear_projections(session: &mut Session, keys: impl Iterator<Item = (PatientNo, ResourceKey)>) -> Result<(), StoreError> {
    let keys: Vec<(PatientNo, ResourceKey)> = keys.collect();
    for sql in [
        "WITH old (patient_no, resource_key) AS ({rows}) DELETE FROM fact \
         WHERE (patient_no, resource_key) IN (SELECT patient_no, resource_key FROM old)",
        "WITH old (patient_no, resource_key) AS ({rows}) DELETE FROM care_team \
         WHERE (patient_no, resource_key) IN (SELECT patient_no, resource_key FROM old)",
    ] {
        let mut rows = Rows::new(KEY);
        for (patient, key) in &keys {
            rows.push(row![*patient, *key]);
        }
        session.execute_rows(sql, rows).await?;
    }
    Ok(())
}

/// Takes resources away from the patient they no longer belong to.
async fn clear_moved(session: &mut Session, changed: &[Incoming]) -> Result<(), StoreError> {
    const PLACE: &[Column] = &[Column::Integer, Column::Integer];
    let mut resources = Rows::new(KEY);
    let mut places = Rows::new(PLACE);
    for incoming in changed {
        if let Some(before) = incoming.before
            && before.patient != incoming.patient
        {
            resources.push(row![before.patient, incoming.resource.key]);
            places.push(row![key_prefix(incoming.resource.key), before.patient]);
        }
    }
    session
        .execute_rows(
            "WITH old (patient_no, resource_key) AS ({rows}) DELETE FROM resource \
             WHERE (patient_no, resource_key) IN (SELECT patient_no, resource_key FROM old)",
            resources,
        )
        .await?;
    session
        .execute_rows(
            "WITH old (key_prefix, patient_no) AS ({rows}) DELETE FROM resource_place \
             WHERE (key_prefix, patient_no) IN (SELECT key_prefix, patient_no FROM old)",
            places,
        )
        .await?;
    Ok(())
}

async fn write_facts(session: &mut Session, store: &Store, changed: &[Incoming]) -> Result<Learned, StoreError> {
    let mut facts: Vec<FactRow<'_>> = Vec::with_capacity(changed.len());
    for incoming in changed {
        if let Projection::Clinical(clinical) = &incoming.resource.projection
            && clinical.patient.is_some()
        {
            let row = |fact| FactRow { patient: incoming.patient, key: incoming.resource.key, fact };
            facts.extend(clinical.facts.iter().map(row));
        }
    }
    let (mut codes, learned) = intern(session, store.codes.meet(facts.iter().flat_map(FactRow::codings))).await?;
    let sql = format!("INSERT INTO fact ({}) {{rows}}", FactRow::NAMES);
    for some in facts.chunks(session.rows_at_a_time()) {
        let mut rows = Rows::with_capacity(FactRow::TYPES, some.len());
        for fact in some {
            rows.push(fact.row(&mut codes)?);
        }
        session.put_rows(&sql, rows).await?;
    }
    Ok(learned)
}

async fn write_people(
    session: &mut Session,
    source: SourceNo,
    changed: &[Incoming],
    now: Timestamp,
    entropy: &mut EntropySequence,
) -> Result<(), StoreError> {
    let people: Vec<(&str, &ReadPatient)> = changed
        .iter()
        .filter_map(|incoming| match &incoming.resource.projection {
            Projection::Patient(patient) => Some((incoming.resource.fhir_id.as_str(), patient.as_ref())),
            _ => None,
        })
        .collect();
    patients::write(session, source, &people, now, entropy).await
}

async fn write_care_teams(session: &mut Session, changed: &[Incoming]) -> Result<(), StoreError> {
    const TEAM: &[Column] = &[Column::Integer, Column::Bytes, Column::Text];
    let mut rows = Rows::new(TEAM);
    for incoming in changed {
        if let Projection::Clinical(clinical) = &incoming.resource.projection
            && clinical.patient.is_some()
            && let Some(team) = &clinical.care_team
        {
            rows.push(row![incoming.patient, incoming.resource.key, to_json("care team", &**team)?]);
        }
    }
    session
        .execute_rows(
            "INSERT INTO care_team (patient_no, resource_key, document) {rows} \
             ON CONFLICT (patient_no, resource_key) DO UPDATE SET document = excluded.document",
            rows,
        )
        .await?;
    Ok(())
}

async fn write_places(
    session: &mut Session,
    source: SourceNo,
    changed: &[Incoming],
    types: &TypeNumbers,
    first_load: Option<&mut FirstLoad>,
) -> Result<(), StoreError> {
    let mut held: BTreeMap<i64, i64> = BTreeMap::new();
    let (mut new, mut moved): (Vec<Place>, Vec<Place>) = (Vec::with_capacity(changed.len()), Vec::new());
    for incoming in changed {
        let type_no = types.get(&incoming.resource.resource_type)?;
        let stays = incoming.before.filter(|before| !before.deleted);
        if stays.is_none() {
            *held.entry(type_no).or_default() += 1;
        }
        let place = (key_prefix(incoming.resource.key), incoming.patient, type_no);
        if incoming.before.is_none() {
            new.push(place);
        } else if stays.is_none_or(|before| before.patient != incoming.patient) {
            moved.push(place);
        }
    }
    match first_load {
        Some(load) => load.put_aside(session, source, &new).await?,
        None => moved.append(&mut new),
    }
    places::write(session, moved).await?;
    change_held(session, held).await
}

/// Keeps count of the resources of each type.
async fn change_held(session: &mut Session, held: BTreeMap<i64, i64>) -> Result<(), StoreError> {
    for (type_no, by) in held {
        session.execute("UPDATE resource_type SET held = held + $2 WHERE no = $1", args![type_no, by]).await?;
    }
    Ok(())
}

/// What is kept of a resource as it came.
struct Body {
    patient: PatientNo,
    key: ResourceKey,
    type_no: i64,
    hash: ContentHash,
    last_updated: Option<Timestamp>,
    fhir_id: String,
    version_id: Option<String>,
    raw: Result<PackedBody, Vec<u8>>,
}

impl Body {
    fn take(incoming: &mut Incoming, types: &TypeNumbers) -> Result<Self, StoreError> {
        let resource = &mut incoming.resource;
        Ok(Self {
            patient: incoming.patient,
            key: resource.key,
            type_no: types.get(&resource.resource_type)?,
            hash: resource.hash,
            last_updated: resource.last_updated,
            fhir_id: match resource.projection {
                Projection::Clinical(_) | Projection::Medication(_) | Projection::Kept => std::mem::take(&mut resource.fhir_id),
                // Written to a table of its own too.
                Projection::Patient(_) | Projection::Account(_) | Projection::Practitioner(_) => resource.fhir_id.clone(),
            },
            version_id: resource.version_id.take(),
            raw: incoming.body.take().ok_or_else(|| std::mem::take(&mut resource.raw)),
        })
    }
}

/// Packs bodies, and hands the rows on as they are ready; to nobody where writing has failed.
fn pack(bodies: Vec<Body>, to: &mpsc::Sender<Rows>) {
    const RESOURCE: &[Column] = &[
        Column::Integer,
        Column::Bytes,
        Column::Integer,
        Column::Bytes,
        Column::Integer,
        Column::Integer,
        Column::Text,
        Column::Text,
        Column::Integer,
        Column::Bytes,
    ];
    let mut compressor = Compressor::new();
    let mut bodies = bodies.into_iter().peekable();
    while bodies.peek().is_some() {
        let mut rows = Rows::with_capacity(RESOURCE, AT_A_TIME);
        for body in bodies.by_ref().take(AT_A_TIME) {
            let PackedBody { encoding, bytes: raw } = body.raw.unwrap_or_else(|raw| compressor.pack(raw));
            rows.push(row![
                body.patient,
                body.key,
                body.type_no,
                body.hash,
                body.last_updated,
                false,
                body.fhir_id,
                body.version_id,
                encoding,
                raw,
            ]);
        }
        if to.blocking_send(rows).is_err() {
            return;
        }
    }
}

async fn write_resources(session: &mut Session, rows: mpsc::Receiver<Rows>) -> Result<(), StoreError> {
    session
        .put_received(
            "INSERT INTO resource (patient_no, resource_key, type_no, hash, last_updated, deleted, fhir_id, version_id, \
             encoding, raw) {rows} ON CONFLICT (patient_no, resource_key) DO UPDATE SET hash = excluded.hash, \
             last_updated = excluded.last_updated, deleted = excluded.deleted, version_id = excluded.version_id, \
             encoding = excluded.encoding, raw = excluded.raw",
            rows,
        )
        .await
}

/// Notes the later version of resources that say the same as before.
pub(super) async fn newer_meta(session: &mut Session, newer: Vec<(Held, ReadResource)>) -> Result<(), StoreError> {
    const META: &[Column] = &[Column::Integer, Column::Bytes, Column::Integer, Column::Text];
    let mut rows = Rows::new(META);
    for (held, resource) in newer {
        rows.push(row![held.patient, resource.key, resource.last_updated, resource.version_id]);
    }
    session
        .execute_rows(
            "WITH newer (patient_no, resource_key, last_updated, version_id) AS ({rows}) \
             UPDATE resource SET last_updated = newer.last_updated, version_id = newer.version_id FROM newer \
             WHERE resource.patient_no = newer.patient_no AND resource.resource_key = newer.resource_key",
            rows,
        )
        .await?;
    Ok(())
}

/// Marks resources as deleted and takes away what was read out of them; the patients concerned, one for each deleted resource.
pub(super) async fn deleted(
    session: &mut Session,
    source: SourceNo,
    held: &ByKey<Held>,
    now: Timestamp,
) -> Result<Vec<PatientNo>, StoreError> {
    const PLACE: &[Column] = &[Column::Integer, Column::Integer];
    let mut live: Vec<(PatientNo, ResourceKey, i64)> =
        held.iter().filter(|(_, held)| !held.deleted).map(|(key, held)| (held.patient, *key, held.type_no)).collect();
    live.sort_unstable();
    clear_projections(session, live.iter().map(|(patient, key, _)| (*patient, *key))).await?;
    let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
    let mut resources = Rows::new(KEY);
    let mut places = Rows::new(PLACE);
    for (patient, key, type_no) in &live {
        resources.push(row![*patient, *key]);
        places.push(row![key_prefix(*key), *patient]);
        *counts.entry(*type_no).or_default() -= 1;
    }
    session
        .execute_rows(
            "WITH gone (patient_no, resource_key) AS ({rows}) UPDATE resource SET deleted = 1 FROM gone \
             WHERE resource.patient_no = gone.patient_no AND resource.resource_key = gone.resource_key",
            resources,
        )
        .await?;
    session
        .execute_rows(
            "WITH gone (key_prefix, patient_no) AS ({rows}) UPDATE resource_place SET live = 0 FROM gone \
             WHERE resource_place.key_prefix = gone.key_prefix AND resource_place.patient_no = gone.patient_no",
            places,
        )
        .await?;
    for table in ["account", "practitioner"] {
        const GONE: &[Column] = &[Column::Bytes];
        let keys = live.iter().filter(|(patient, ..)| *patient == PatientNo(0));
        session
            .execute_rows(
                &format!(
                    "WITH gone (resource_key) AS ({{rows}}) DELETE FROM {table} \
                     WHERE resource_key IN (SELECT resource_key FROM gone)"
                ),
                Rows::of(GONE, keys.map(|(_, key, _)| (*key).into())),
            )
            .await?;
    }
    let people = deleted_people(session, source, &live).await?;
    patients::mark_deleted(session, &people, now).await?;
    change_held(session, counts).await?;
    Ok(live.into_iter().map(|(patient, ..)| patient).collect())
}

/// Of the deleted resources those that are the person's own record.
async fn deleted_people(
    session: &mut Session,
    source: SourceNo,
    live: &[(PatientNo, ResourceKey, i64)],
) -> Result<Vec<PatientNo>, StoreError> {
    let patient_type = session
        .optional("SELECT no FROM resource_type WHERE source_no = $1 AND name = 'Patient'", args![source])
        .await?
        .map(|row| row.integer("no"))
        .transpose()?;
    Ok(live.iter().filter(|(_, _, type_no)| Some(*type_no) == patient_type).map(|(patient, ..)| *patient).collect())
}
