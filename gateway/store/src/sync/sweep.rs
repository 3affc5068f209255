//! After a full run: what the source no longer has. The keys that were seen are compared with the index of places, both in the order
//! of the key, a slice of the key space at a time, so that memory stays flat.

use std::collections::BTreeSet;

use gateway_domain::ids::{PatientNo, SyncRunId};
use gateway_domain::resource::ResourceKey;
use gateway_domain::source::SyncRunStatus;
use gateway_ports::store::StoreError;
use jiff::Timestamp;

use super::incoming::{ByKey, key_prefix};
use super::stored_resources::Held;
use super::{patients, places, write};
use crate::Store;
use crate::database::{Session, args};
use crate::identity;
use crate::source::{OpenRun, lock_run};

/// Seen keys held in memory at a time, about 32 MB.
const KEYS_AT_A_TIME: i64 = 4_000_000;
/// Rows of the index read at a time.
const PLACES_AT_A_TIME: i64 = 10_000;

/// A resource the run has not seen: prefix of its key, and its patient.
type Unseen = (i64, PatientNo);

impl Store {
    pub(super) async fn sweep_run(
        &self,
        run: SyncRunId,
        types: &[String],
        most_share: f64,
        now: Timestamp,
    ) -> Result<Option<u64>, StoreError> {
        let mut session = self.database.write().await?;
        let open = lock_run(&mut session, run).await?;
        if open.run.status != SyncRunStatus::Running {
            return Err(StoreError::Stale { what: "sync run", key: run.to_string() });
        }
        let concerns_people = types.iter().any(|name| name == "Patient") && identity::is_there(&mut session).await?;
        let rules = if concerns_people { Some(identity::lock(&mut session).await?) } else { None };
        let (type_nos, held) = swept_types(&mut session, &open, types).await?;
        if type_nos.is_empty() {
            return Ok(Some(0));
        }
        let most = (held as f64 * most_share.clamp(0.0, 1.0)).floor() as usize;
        let Some(unseen) = unseen(&mut session, &open, &type_nos, most).await? else {
            return Ok(None);
        };
        let mut gone = 0;
        let mut touched = BTreeSet::new();
        for piece in unseen.chunks(PLACES_AT_A_TIME as usize) {
            let resources = resources_at(&mut session, piece, &type_nos).await?;
            let patients = write::deleted(&mut session, open.source, &resources, now).await?;
            gone += patients.len() as u64;
            touched.extend(patients);
        }
        touched.remove(&PatientNo(0));
        if let Some(rules) = rules {
            let moved = identity::follow(&mut session, &rules, &[], &touched, now).await?;
            patients::mark_others_dirty(&mut session, &moved, now).await?;
        }
        patients::mark_dirty(&mut session, open.source, &touched, now).await?;
        session.execute("UPDATE sync_run SET deleted = deleted + $2 WHERE no = $1", args![open.no, gone]).await?;
        session.commit().await?;
        Ok(Some(gone))
    }
}

impl Store {
    /// Type and FHIR id of what the run has not seen; `None` where that is more than `most`.
    pub(crate) async fn unseen_of_run(
        &self,
        run: SyncRunId,
        types: &[String],
        most: usize,
    ) -> Result<Option<Vec<(String, String)>>, StoreError> {
        let mut session = self.database.write().await?;
        let open = lock_run(&mut session, run).await?;
        let (type_nos, _) = swept_types(&mut session, &open, types).await?;
        if type_nos.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let Some(unseen) = unseen(&mut session, &open, &type_nos, most).await? else { return Ok(None) };
        let mut found = Vec::with_capacity(unseen.len());
        for (prefix, patient) in unseen {
            let (first, last) = keys_with(prefix);
            let rows = session
                .all(
                    "SELECT t.name, r.fhir_id FROM resource r JOIN resource_type t ON t.no = r.type_no \
                     WHERE r.patient_no = $1 AND r.resource_key >= $2 AND r.resource_key <= $3 AND r.deleted = 0 AND t.source_no = $4",
                    args![patient, first, last, open.source],
                )
                .await?;
            for row in &rows {
                let name = row.text("name")?;
                if types.contains(&name) {
                    found.push((name, row.text("fhir_id")?));
                }
            }
        }
        Ok(Some(found))
    }
}

/// The first and the last key with a prefix.
fn keys_with(prefix: i64) -> (ResourceKey, ResourceKey) {
    let mut first = [0x00; 16];
    let mut last = [0xff; 16];
    first.iter_mut().zip(prefix.to_be_bytes()).for_each(|(to, from)| *to = from);
    last.iter_mut().zip(prefix.to_be_bytes()).for_each(|(to, from)| *to = from);
    (ResourceKey(first), ResourceKey(last))
}

/// The numbers of the types, and how many resources of them are held.
async fn swept_types(session: &mut Session, open: &OpenRun, types: &[String]) -> Result<(Vec<i64>, u64), StoreError> {
    let rows = session.all("SELECT no, name, held FROM resource_type WHERE source_no = $1", args![open.source]).await?;
    let mut numbers = Vec::new();
    let mut held = 0;
    for row in &rows {
        if types.contains(&row.text("name")?) {
            numbers.push(row.integer("no")?);
            held += row.count("held")?;
        }
    }
    Ok((numbers, held))
}

/// What was not seen; `None` where that is more than `most`.
async fn unseen(session: &mut Session, open: &OpenRun, type_nos: &[i64], most: usize) -> Result<Option<Vec<Unseen>>, StoreError> {
    places::sort_in(session, open.source).await?;
    let noted = session
        .one("SELECT CAST(coalesce(sum(length(keys)), 0) AS BIGINT) AS bytes FROM sync_seen WHERE run_no = $1", args![open.no])
        .await?
        .integer("bytes")?
        / 8;
    let slices = (noted / KEYS_AT_A_TIME + 1).min(1 << 16);
    let width = i128::from(u64::MAX) / i128::from(slices) + 1;
    let mut unseen = Vec::new();
    for slice in 0..i128::from(slices) {
        let from = i128::from(i64::MIN) + slice * width;
        let to = (from + width - 1).min(i128::from(i64::MAX));
        let (from, to) = (from as i64, to as i64);
        let seen = seen_between(session, open, from, to).await?;
        let mut after = (from, i64::MIN);
        loop {
            let places = session
                .all(
                    "SELECT key_prefix, patient_no, type_no, live FROM resource_place \
                     WHERE (key_prefix, patient_no) > ($1, $2) AND key_prefix <= $3 \
                     ORDER BY key_prefix, patient_no LIMIT $4",
                    args![after.0, after.1, to, PLACES_AT_A_TIME],
                )
                .await?;
            for row in &places {
                after = (row.get(0)?, row.get(1)?);
                let live = row.get::<i64, _>(3)? != 0;
                if live && type_nos.contains(&row.get(2)?) && seen.binary_search(&after.0).is_err() {
                    unseen.push((after.0, PatientNo(after.1)));
                    if unseen.len() > most {
                        return Ok(None);
                    }
                }
            }
            if (places.len() as i64) < PLACES_AT_A_TIME {
                break;
            }
        }
    }
    Ok(Some(unseen))
}

/// The seen keys of a slice, sorted.
async fn seen_between(session: &mut Session, open: &OpenRun, from: i64, to: i64) -> Result<Vec<i64>, StoreError> {
    let mut seen = Vec::new();
    let mut after = 0;
    loop {
        let rows =
            session.all("SELECT no, keys FROM sync_seen WHERE run_no = $1 AND no > $2 ORDER BY no LIMIT 64", args![open.no, after]).await?;
        for row in &rows {
            after = row.integer("no")?;
            let keys: Vec<u8> = row.get("keys")?;
            let (keys, _) = keys.as_chunks::<8>();
            seen.extend(keys.iter().map(|key| i64::from_be_bytes(*key)).filter(|key| (from..=to).contains(key)));
        }
        if rows.len() < 64 {
            break;
        }
    }
    seen.sort_unstable();
    seen.dedup();
    Ok(seen)
}

/// The resources at these places, of these types.
async fn resources_at(session: &mut Session, places: &[Unseen], type_nos: &[i64]) -> Result<ByKey<Held>, StoreError> {
    let mut found = ByKey::default();
    for (prefix, patient) in places {
        // Keys with one prefix are neighbours.
        let (first, last) = keys_with(*prefix);
        let rows = session
            .all(
                "SELECT resource_key, type_no, hash, last_updated, deleted FROM resource \
                 WHERE patient_no = $1 AND resource_key >= $2 AND resource_key <= $3",
                args![*patient, first, last],
            )
            .await?;
        for row in &rows {
            let key = row.resource_key(0)?;
            let type_no = row.integer("type_no")?;
            if key_prefix(key) == *prefix && type_nos.contains(&type_no) {
                found.insert(
                    key,
                    Held {
                        patient: *patient,
                        type_no,
                        hash: row.content_hash("hash")?,
                        last_updated: row.optional_time("last_updated")?,
                        deleted: row.flag("deleted")?,
                    },
                );
            }
        }
    }
    Ok(found)
}
