//! Writing what changed: raw resources, their places, and everything that is read out of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gateway_domain::code::Coding;
use gateway_domain::fact::ReadFact;
use gateway_domain::ids::{PatientNo, SourceNo};
use gateway_domain::projection::{Projection, ReadPatient, ReadResource};
use gateway_domain::resource::ResourceKey;
use gateway_ports::store::StoreError;
use jiff::Timestamp;

use super::incoming::key_prefix;
use super::patients;
use super::stored_resources::Held;
use crate::Store;
use crate::account::{write_accounts, write_practitioners};
use crate::code::{Learned, intern};
use crate::database::bulk::{Column, Rows};
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
    now: Timestamp,
    entropy: &mut EntropySequence,
) -> Result<Learned, StoreError> {
    changed.sort_unstable_by_key(|incoming| (incoming.patient, incoming.resource.key));
    clear_projections(session, changed.iter().filter_map(|incoming| incoming.before.map(|before| (before.patient, incoming.resource.key))))
        .await?;
    clear_moved(session, &changed).await?;

    // Compressing is a third of the work: it goes on in another thread while the rest is written.
    let raw: Vec<Vec<u8>> = changed.iter_mut().map(|incoming| std::mem::take(&mut incoming.resource.raw)).collect();
    let packing = tokio::task::spawn_blocking(move || {
        let mut compressor = Compressor::new();
        raw.into_iter().map(|raw| compressor.pack(raw)).collect::<Vec<Packed>>()
    });

    let mut types = TypeNumbers::default();
    for incoming in &changed {
        types.want(&incoming.resource.resource_type);
    }
    types.resolve(session, open.source).await?;
    let learned = write_facts(session, store, &changed).await?;
    write_people(session, open.source, &changed, now, entropy).await?;
    write_care_teams(session, &changed).await?;
    write_accounts(
        session,
        open.source,
        changed.iter().filter_map(|incoming| match &incoming.resource.projection {
            Projection::Account(details) => Some((&incoming.resource, details)),
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
            Projection::Practitioner(details) => Some((&incoming.resource, details)),
            _ => None,
        }),
        now,
        entropy,
    )
    .await?;
    write_places(session, &changed, &types).await?;
    let packed = packing.await.map_err(|error| StoreError::Unavailable(format!("the compressing stopped: {error}")))?;
    write_resources(session, changed, packed, &types).await?;
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
    let facts = || {
        changed.iter().flat_map(|incoming| match &incoming.resource.projection {
            Projection::Clinical(clinical) if clinical.patient.is_some() => clinical.facts.iter().map(|fact| (incoming, fact)).collect(),
            _ => Vec::new(),
        })
    };
    let codings: BTreeSet<&Coding> = facts().flat_map(|(_, fact)| codings_of(fact)).collect();
    let (codes, learned) = intern(session, &store.codes, codings).await?;
    let mut rows = Rows::with_capacity(FactRow::TYPES, changed.len());
    for (incoming, fact) in facts() {
        rows.push(FactRow { patient: incoming.patient, key: incoming.resource.key, fact }.row(&codes)?);
    }
    session.execute_rows(&format!("INSERT INTO fact ({}) {{rows}}", FactRow::NAMES), rows).await?;
    Ok(learned)
}

fn codings_of(fact: &ReadFact) -> impl Iterator<Item = &Coding> {
    fact.codes.iter().chain(&fact.unit).chain(&fact.value_code)
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
            rows.push(row![incoming.patient, incoming.resource.key, to_json("care team", team)?]);
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

async fn write_places(session: &mut Session, changed: &[Incoming], types: &TypeNumbers) -> Result<(), StoreError> {
    const PLACE: &[Column] = &[Column::Integer; 4];
    let mut held: BTreeMap<i64, i64> = BTreeMap::new();
    let mut places: Vec<(i64, PatientNo, i64)> = Vec::with_capacity(changed.len());
    for incoming in changed {
        let type_no = types.get(&incoming.resource.resource_type)?;
        let stays = incoming.before.filter(|before| !before.deleted);
        if stays.is_none() {
            *held.entry(type_no).or_default() += 1;
        }
        if stays.is_none_or(|before| before.patient != incoming.patient) {
            places.push((key_prefix(incoming.resource.key), incoming.patient, type_no));
        }
    }
    places.sort_unstable();
    let mut rows = Rows::with_capacity(PLACE, places.len());
    for (prefix, patient, type_no) in places {
        rows.push(row![prefix, patient, type_no, true]);
    }
    session
        .execute_rows(
            "INSERT INTO resource_place (key_prefix, patient_no, type_no, live) {rows} \
             ON CONFLICT (key_prefix, patient_no) DO UPDATE SET type_no = excluded.type_no, live = 1",
            rows,
        )
        .await?;
    change_held(session, held).await
}

/// Keeps count of the resources of each type.
async fn change_held(session: &mut Session, held: BTreeMap<i64, i64>) -> Result<(), StoreError> {
    for (type_no, by) in held {
        session.execute("UPDATE resource_type SET held = held + $2 WHERE no = $1", args![type_no, by]).await?;
    }
    Ok(())
}

/// Encoding and body of a raw resource.
type Packed = (i64, Vec<u8>);

async fn write_resources(
    session: &mut Session,
    changed: Vec<Incoming>,
    packed: Vec<Packed>,
    types: &TypeNumbers,
) -> Result<(), StoreError> {
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
    let mut rows = Rows::with_capacity(RESOURCE, changed.len());
    for (Incoming { patient, resource, .. }, (encoding, raw)) in changed.into_iter().zip(packed) {
        let type_no = types.get(&resource.resource_type)?;
        rows.push(row![
            patient,
            resource.key,
            type_no,
            resource.hash,
            resource.last_updated,
            false,
            resource.fhir_id,
            resource.version_id,
            encoding,
            raw,
        ]);
    }
    session
        .execute_rows(
            "INSERT INTO resource (patient_no, resource_key, type_no, hash, last_updated, deleted, fhir_id, version_id, \
             encoding, raw) {rows} ON CONFLICT (patient_no, resource_key) DO UPDATE SET hash = excluded.hash, \
             last_updated = excluded.last_updated, deleted = excluded.deleted, version_id = excluded.version_id, \
             encoding = excluded.encoding, raw = excluded.raw",
            rows,
        )
        .await?;
    Ok(())
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
    held: &HashMap<ResourceKey, Held>,
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
