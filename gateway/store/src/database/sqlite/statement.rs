//! Statements on a connection, in its thread.

use std::sync::Arc;

use gateway_ports::store::StoreError;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement, ToSql};

use crate::database::{Row, Value};
use crate::error::{corrupt, from_rusqlite};

/// A value of an answer.
#[derive(Debug, PartialEq)]
pub(crate) enum Held {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
    /// Sixteen bytes, without an allocation of their own.
    Sixteen([u8; 16]),
}

/// A row of an answer.
pub(crate) struct SqliteRow {
    pub(crate) names: Arc<[Box<str>]>,
    pub(crate) values: Box<[Held]>,
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self {
            Self::Integer(value) => value.map_or(ValueRef::Null, ValueRef::Integer),
            Self::Real(value) => value.map_or(ValueRef::Null, ValueRef::Real),
            Self::Text(value) => value.as_deref().map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes())),
            Self::Bytes(value) => value.as_deref().map_or(ValueRef::Null, ValueRef::Blob),
            Self::Sixteen(value) => ValueRef::Blob(value),
            Self::Integers(_) | Self::Reals(_) | Self::Texts(_) | Self::Blobs(_) => {
                return Err(rusqlite::Error::ToSqlConversionFailure("SQLite takes no column as one value".into()));
            }
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

pub(super) fn execute(connection: &Connection, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(from_rusqlite)?;
    bind_named(&mut statement, values)?;
    step(connection, &mut statement)
}

pub(super) fn all(connection: &Connection, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(from_rusqlite)?;
    bind_named(&mut statement, values)?;
    let names = names(&statement);
    let mut rows = Vec::new();
    read(&mut statement, &names, &mut rows)?;
    Ok(rows)
}

pub(super) fn execute_each(connection: &Connection, sql: &str, width: usize, values: &[Value]) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(from_rusqlite)?;
    let mut changed = 0;
    for row in values.chunks(width) {
        bind_in_order(&mut statement, row)?;
        changed += step(connection, &mut statement)?;
    }
    Ok(changed)
}

pub(super) fn all_each(connection: &Connection, sql: &str, width: usize, values: &[Value]) -> Result<Vec<Row>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(from_rusqlite)?;
    let names = names(&statement);
    let mut rows = Vec::new();
    for row in values.chunks(width) {
        bind_in_order(&mut statement, row)?;
        read(&mut statement, &names, &mut rows)?;
    }
    Ok(rows)
}

/// Runs a statement to its end, whether it answers or not.
fn step(connection: &Connection, statement: &mut Statement<'_>) -> Result<u64, StoreError> {
    let changes = !statement.readonly();
    let mut rows = statement.raw_query();
    while rows.next().map_err(from_rusqlite)?.is_some() {}
    Ok(if changes { connection.changes() } else { 0 })
}

fn read(statement: &mut Statement<'_>, names: &Arc<[Box<str>]>, into: &mut Vec<Row>) -> Result<(), StoreError> {
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(from_rusqlite)? {
        let values = (0..names.len()).map(|place| row.get_ref(place).map_err(from_rusqlite).and_then(stored));
        let values = values.collect::<Result<Box<[Held]>, StoreError>>()?;
        into.push(Row::Sqlite(SqliteRow { names: names.clone(), values }));
    }
    Ok(())
}

fn stored(value: ValueRef<'_>) -> Result<Held, StoreError> {
    Ok(match value {
        ValueRef::Null => Held::Null,
        ValueRef::Integer(value) => Held::Integer(value),
        ValueRef::Real(value) => Held::Real(value),
        ValueRef::Text(text) => Held::Text(std::str::from_utf8(text).map_err(|_| corrupt("row", "a text is not UTF-8"))?.to_owned()),
        ValueRef::Blob(bytes) => match <[u8; 16]>::try_from(bytes) {
            Ok(sixteen) => Held::Sixteen(sixteen),
            Err(_) => Held::Blob(bytes.to_vec()),
        },
    })
}

fn names(statement: &Statement<'_>) -> Arc<[Box<str>]> {
    statement.column_names().into_iter().map(Box::from).collect()
}

/// Binds `$1`, `$2`... by their numbers, in whatever order a statement names them, and plain `?` by their places.
fn bind_named(statement: &mut Statement<'_>, values: &[Value]) -> Result<(), StoreError> {
    let mut highest = 0;
    for place in 1..=statement.parameter_count() {
        let number = match statement.parameter_name(place) {
            Some(name) => name.get(1..).and_then(|number| number.parse().ok()),
            None => Some(place),
        };
        let value = number.and_then(|number: usize| values.get(number.checked_sub(1)?)).ok_or_else(|| not_as_many(values.len()))?;
        highest = highest.max(number.unwrap_or_default());
        statement.raw_bind_parameter(place, value).map_err(from_rusqlite)?;
    }
    if highest < values.len() && statement.parameter_count() < values.len() {
        return Err(not_as_many(values.len()));
    }
    Ok(())
}

fn bind_in_order(statement: &mut Statement<'_>, values: &[Value]) -> Result<(), StoreError> {
    if statement.parameter_count() != values.len() {
        return Err(not_as_many(values.len()));
    }
    for (place, value) in (1..).zip(values) {
        statement.raw_bind_parameter(place, value).map_err(from_rusqlite)?;
    }
    Ok(())
}

fn not_as_many(values: usize) -> StoreError {
    StoreError::Statement(format!("a statement has not as many parameters as the {values} values it got"))
}
