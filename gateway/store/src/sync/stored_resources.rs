//! What the model holds of the resources of a batch.

use std::hash::BuildHasherDefault;

use gateway_domain::ids::{PatientNo, SourceNo};
use gateway_domain::resource::{ContentHash, ResourceKey};
use gateway_ports::store::StoreError;
use jiff::Timestamp;

use super::first_load::FirstLoad;
use super::incoming::ByKey;
use super::places;
use crate::database::bulk::{Column, Rows};
use crate::database::{Session, row};

/// A resource as held.
#[derive(Clone, Copy)]
pub(super) struct Held {
    pub(super) patient: PatientNo,
    pub(super) type_no: i64,
    pub(super) hash: ContentHash,
    pub(super) last_updated: Option<Timestamp>,
    pub(super) deleted: bool,
}

/// Looks where each resource is expected first: one read of neighbouring rows. Only what is not there is asked for in the index of
/// places, which knows what moved here from another patient. In a first run only what the run may have brought before is looked up.
pub(super) async fn look_up(
    session: &mut Session,
    source: SourceNo,
    expected: &[(PatientNo, ResourceKey)],
    first_load: Option<&mut FirstLoad>,
) -> Result<ByKey<Held>, StoreError> {
    let may_be_there = |key: &ResourceKey| first_load.as_ref().is_none_or(|load| load.may_know(*key));
    let mut wanted: Vec<(PatientNo, ResourceKey)> = expected.iter().filter(|(_, key)| may_be_there(key)).copied().collect();
    wanted.sort_unstable();
    let mut held = read(session, &wanted).await?;
    let elsewhere: Vec<ResourceKey> = wanted.iter().map(|(_, key)| *key).filter(|key| !held.contains_key(key)).collect();
    match first_load {
        None => places::sort_in(session, source).await?,
        Some(load) if elsewhere.iter().any(|key| load.is_aside(*key)) => load.sort_in(session, source).await?,
        Some(_) => {}
    }
    let mut places = places::find(session, &elsewhere).await?;
    if !places.is_empty() {
        places.sort_unstable();
        held.extend(read(session, &places).await?);
    }
    Ok(held)
}

/// Looks resources up of which no one knows the patient.
pub(super) async fn find(session: &mut Session, keys: &[ResourceKey]) -> Result<ByKey<Held>, StoreError> {
    let mut places = places::find(session, keys).await?;
    places.sort_unstable();
    read(session, &places).await
}

async fn read(session: &mut Session, wanted: &[(PatientNo, ResourceKey)]) -> Result<ByKey<Held>, StoreError> {
    const WANTED: &[Column] = &[Column::Integer, Column::Bytes];
    let mut rows = Rows::with_capacity(WANTED, wanted.len());
    for (patient, key) in wanted {
        rows.push(row![*patient, *key]);
    }
    let found = session
        .all_rows(
            "WITH wanted (patient_no, resource_key) AS ({rows}) \
             SELECT r.resource_key, r.patient_no, r.type_no, r.hash, r.last_updated, r.deleted FROM wanted w \
             CROSS JOIN resource r WHERE r.patient_no = w.patient_no AND r.resource_key = w.resource_key",
            rows,
        )
        .await?;
    let mut held = ByKey::with_capacity_and_hasher(found.len(), BuildHasherDefault::default());
    for row in &found {
        let of = Held {
            patient: PatientNo(row.get(1)?),
            type_no: row.get(2)?,
            hash: row.content_hash(3)?,
            last_updated: row.optional_time(4)?,
            deleted: row.get::<i64, _>(5)? != 0,
        };
        held.insert(row.resource_key(0)?, of);
    }
    Ok(held)
}
