//! What the model holds of the resources of a batch.

use std::collections::HashMap;

use gateway_domain::ids::PatientNo;
use gateway_domain::resource::{ContentHash, ResourceKey};
use gateway_ports::store::StoreError;
use jiff::Timestamp;

use super::incoming::key_prefix;
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
/// places, which knows what moved here from another patient.
pub(super) async fn look_up(
    session: &mut Session,
    expected: &[(PatientNo, ResourceKey)],
) -> Result<HashMap<ResourceKey, Held>, StoreError> {
    let mut held = read(session, expected).await?;
    let elsewhere: Vec<ResourceKey> = expected.iter().map(|(_, key)| *key).filter(|key| !held.contains_key(key)).collect();
    let places = places(session, &elsewhere).await?;
    held.extend(read(session, &places).await?);
    Ok(held)
}

/// Looks resources up of which no one knows the patient.
pub(super) async fn find(session: &mut Session, keys: &[ResourceKey]) -> Result<HashMap<ResourceKey, Held>, StoreError> {
    let places = places(session, keys).await?;
    read(session, &places).await
}

async fn places(session: &mut Session, keys: &[ResourceKey]) -> Result<Vec<(PatientNo, ResourceKey)>, StoreError> {
    const WANTED: &[Column] = &[Column::Integer];
    let mut by_prefix: Vec<(i64, ResourceKey)> = keys.iter().map(|key| (key_prefix(*key), *key)).collect();
    by_prefix.sort_unstable();
    let rows = Rows::of(WANTED, by_prefix.iter().map(|(prefix, _)| (*prefix).into()));
    let found = session
        .all_rows(
            "WITH wanted (key_prefix) AS ({rows}) SELECT p.key_prefix, p.patient_no FROM wanted w \
             CROSS JOIN resource_place p WHERE p.key_prefix = w.key_prefix",
            rows,
        )
        .await?;
    let mut places = Vec::with_capacity(found.len());
    for row in &found {
        let prefix = row.get::<i64, _>(0)?;
        let patient = PatientNo(row.get(1)?);
        let from = by_prefix.partition_point(|(other, _)| *other < prefix);
        places.extend(by_prefix.iter().skip(from).take_while(|(other, _)| *other == prefix).map(|(_, key)| (patient, *key)));
    }
    Ok(places)
}

async fn read(session: &mut Session, wanted: &[(PatientNo, ResourceKey)]) -> Result<HashMap<ResourceKey, Held>, StoreError> {
    const WANTED: &[Column] = &[Column::Integer, Column::Bytes];
    let mut sorted = wanted.to_vec();
    sorted.sort_unstable();
    let mut rows = Rows::new(WANTED);
    for (patient, key) in sorted {
        rows.push(row![patient, key]);
    }
    let found = session
        .all_rows(
            "WITH wanted (patient_no, resource_key) AS ({rows}) \
             SELECT r.resource_key, r.patient_no, r.type_no, r.hash, r.last_updated, r.deleted FROM wanted w \
             CROSS JOIN resource r WHERE r.patient_no = w.patient_no AND r.resource_key = w.resource_key",
            rows,
        )
        .await?;
    found
        .iter()
        .map(|row| {
            let held = Held {
                patient: PatientNo(row.get(1)?),
                type_no: row.get(2)?,
                hash: row.content_hash("hash")?,
                last_updated: row.optional_time("last_updated")?,
                deleted: row.flag("deleted")?,
            };
            Ok((row.resource_key(0)?, held))
        })
        .collect()
}
