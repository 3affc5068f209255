//! What the machine can do at most: the parse alone, and the insert alone.

use std::hint::black_box;
use std::time::Instant;

use rusqlite::{Connection, params};

use crate::export::{Export, Lines};
use crate::{Outcome, PIECE, PIECE_BYTES};

/// Seconds to parse all lines into `serde_json::Value`, on one thread.
pub(crate) fn parse(export: &Export) -> Outcome<f64> {
    let mut seconds = 0.0;
    for file in &export.files {
        let mut lines = Lines::open(&file.path)?;
        loop {
            let piece = lines.next(PIECE, PIECE_BYTES)?;
            if piece.is_empty() {
                break;
            }
            let begun = Instant::now();
            for line in &piece {
                black_box(serde_json::from_slice::<serde_json::Value>(line)?);
            }
            seconds += begun.elapsed().as_secs_f64();
        }
    }
    Ok(seconds)
}

/// Seconds for each of two threads to parse all lines at once. Where this takes longer than [`parse`], the machine's two cores are not
/// two, for the moment or for good: they share one, or have guests.
pub(crate) fn parse_twice(export: &Export) -> Outcome<f64> {
    std::thread::scope(|scope| {
        let other = scope.spawn(|| parse(export));
        let this = parse(export)?;
        let other = other.join().map_err(|_| "the other thread stopped")??;
        Ok(this.max(other))
    })
}

/// What the store packs bodies with.
const PHRASES: &[u8] = include_bytes!("../../../store/src/raw_body/phrases-1.zdict");

/// Seconds to put all lines, packed before as the store packs them, into one table clustered by patient and key, as they come, on one
/// thread.
pub(crate) fn insert(export: &Export) -> Outcome<f64> {
    let path = export.folder.with_extension("bare.sqlite");
    let _ = std::fs::remove_file(&path);
    let mut connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 8192; \
         CREATE TABLE bare (patient INTEGER, key BLOB, raw BLOB, PRIMARY KEY (patient, key)) WITHOUT ROWID",
    )?;
    let mut compressor = zstd::bulk::Compressor::with_dictionary(1, PHRASES)?;
    let mut seconds = 0.0;
    let mut number: u64 = 0;
    for file in &export.files {
        let mut lines = Lines::open(&file.path)?;
        let mut at = 0;
        loop {
            let piece = lines.next(PIECE, PIECE_BYTES)?;
            if piece.is_empty() {
                break;
            }
            let packed = piece.iter().map(|line| compressor.compress(line)).collect::<Result<Vec<_>, _>>()?;
            let begun = Instant::now();
            let transaction = connection.transaction()?;
            let mut statement = transaction.prepare("INSERT INTO bare VALUES (?, ?, ?)")?;
            for body in &packed {
                let key = u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes();
                statement.execute(params![file.patient(at) as i64, key.as_slice(), body])?;
                number += 1;
                at += 1;
            }
            drop(statement);
            transaction.commit()?;
            seconds += begun.elapsed().as_secs_f64();
        }
    }
    Ok(seconds)
}
