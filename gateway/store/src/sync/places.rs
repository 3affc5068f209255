//! The index of places: with which patient a resource is kept, by the first eight bytes of its key.
//!
//! Keys are hashes, so the rows of a piece lie all over the index, and each piece writes most of its pages anew. While a source is read
//! for the first time, the places of a piece are therefore put aside as one row, and sorted into the index some hundred thousand at a
//! time. Whoever needs the index has them sorted in first.

use gateway_domain::ids::{PatientNo, SourceNo};
use gateway_domain::resource::ResourceKey;
use gateway_ports::store::StoreError;

use super::incoming::key_prefix;
use crate::database::bulk::{Column, Rows};
use crate::database::{Session, args, row};

/// Places sorted in with one statement.
const AT_A_TIME: usize = 50_000;

/// Where a resource is: the prefix of its key, its patient, its type.
pub(super) type Place = (i64, PatientNo, i64);

/// Where resources may be, by their keys.
pub(super) async fn find(session: &mut Session, keys: &[ResourceKey]) -> Result<Vec<(PatientNo, ResourceKey)>, StoreError> {
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

/// Notes where resources are now.
pub(super) async fn write(session: &mut Session, mut places: Vec<Place>) -> Result<(), StoreError> {
    const PLACE: &[Column] = &[Column::Integer; 4];
    places.sort_unstable();
    for piece in places.chunks(AT_A_TIME) {
        let mut rows = Rows::with_capacity(PLACE, piece.len());
        for (prefix, patient, type_no) in piece {
            rows.push(row![*prefix, *patient, *type_no, true]);
        }
        session
            .execute_rows(
                "INSERT INTO resource_place (key_prefix, patient_no, type_no, live) {rows} \
                 ON CONFLICT (key_prefix, patient_no) DO UPDATE SET type_no = excluded.type_no, live = 1",
                rows,
            )
            .await?;
    }
    Ok(())
}

/// Puts places of new resources aside.
pub(super) async fn put_aside(session: &mut Session, source: SourceNo, places: &[Place]) -> Result<(), StoreError> {
    if places.is_empty() {
        return Ok(());
    }
    let packed: Vec<u8> =
        places.iter().flat_map(|(prefix, patient, type_no)| [*prefix, patient.0, *type_no]).flat_map(i64::to_be_bytes).collect();
    session.execute("INSERT INTO resource_place_aside (source_no, places) VALUES ($1, $2)", args![source, packed]).await.map(drop)
}

/// Sorts in what was put aside.
pub(crate) async fn sort_in(session: &mut Session, source: SourceNo) -> Result<(), StoreError> {
    let aside = session.all("SELECT places FROM resource_place_aside WHERE source_no = $1", args![source]).await?;
    if aside.is_empty() {
        return Ok(());
    }
    let mut places: Vec<Place> = Vec::new();
    for row in aside {
        let packed: Vec<u8> = row.get(0)?;
        let (numbers, _) = packed.as_chunks::<8>();
        let (of_three, _) = numbers.as_chunks::<3>();
        let number = i64::from_be_bytes;
        places.extend(of_three.iter().map(|[prefix, patient, type_no]| (number(*prefix), PatientNo(number(*patient)), number(*type_no))));
    }
    write(session, places).await?;
    session.execute("DELETE FROM resource_place_aside WHERE source_no = $1", args![source]).await.map(drop)
}
