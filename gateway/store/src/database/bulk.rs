//! Many rows in one statement. A statement says `{rows}` where they go: SQLite gets `VALUES (?, ?)`, prepared once and run for each
//! row in its own thread; PostgreSQL gets `SELECT * FROM UNNEST(...)`, one array for each column.

use std::mem;

use gateway_ports::store::StoreError;
use tokio::sync::mpsc;

use super::{Row, Session, Value};

/// Rows in one PostgreSQL statement.
const POSTGRES_ROWS: usize = 10_000;

/// Rows that cross to SQLite's thread together: as many as stay in a processor's cache.
pub(crate) const AT_A_TIME: usize = 256;

/// The type of a column.
#[derive(Clone, Copy)]
pub(crate) enum Column {
    Integer,
    Real,
    Text,
    Bytes,
}

/// Rows for a statement, column types first.
pub(crate) struct Rows {
    columns: &'static [Column],
    /// Row after row.
    values: Vec<Value>,
}

impl Rows {
    pub(crate) const fn new(columns: &'static [Column]) -> Self {
        Self { columns, values: Vec::new() }
    }

    /// With room for so many rows.
    pub(crate) fn with_capacity(columns: &'static [Column], rows: usize) -> Self {
        Self { columns, values: Vec::with_capacity(rows * columns.len()) }
    }

    /// One column of keys.
    pub(crate) fn of(column: &'static [Column], values: impl IntoIterator<Item = Value>) -> Self {
        Self { columns: column, values: values.into_iter().collect() }
    }

    pub(crate) fn push(&mut self, row: impl IntoIterator<Item = Value>) {
        let before = self.values.len();
        self.values.extend(row);
        debug_assert_eq!(self.values.len() - before, self.columns.len(), "a row has a value for each column");
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl Session {
    /// Runs the statement over all rows, in as many pieces as it takes; how many rows changed.
    pub(crate) async fn execute_rows(&mut self, sql: &str, rows: Rows) -> Result<u64, StoreError> {
        if rows.is_empty() {
            return Ok(0);
        }
        let width = rows.columns.len();
        if let Self::Sqlite(session) = self {
            return session.execute_each(sql.replace("{rows}", &placeholders(width)), width, rows.values).await;
        }
        let sql = sql.replace("{rows}", &unnest(rows.columns));
        let mut values = rows.values.into_iter().peekable();
        let mut changed = 0;
        while values.peek().is_some() {
            changed += self.execute(&sql, columns(rows.columns, &mut values)).await?;
        }
        Ok(changed)
    }

    /// How many rows [`Session::put_rows`] is best given at once.
    pub(crate) const fn rows_at_a_time(&self) -> usize {
        if self.is_postgres() { POSTGRES_ROWS } else { AT_A_TIME }
    }

    /// Runs the statement over rows. On SQLite nobody waits for it, so that the next rows can be made: the next call that waits tells
    /// how it went, and nothing is committed where one failed.
    pub(crate) async fn put_rows(&mut self, sql: &str, rows: Rows) -> Result<(), StoreError> {
        let Self::Sqlite(session) = self else {
            return self.execute_rows(sql, rows).await.map(drop);
        };
        if !rows.is_empty() {
            let width = rows.columns.len();
            session.put_each(sql.replace("{rows}", &placeholders(width)), width, rows.values);
        }
        Ok(())
    }

    /// As [`Session::put_rows`], for rows that another thread makes, [`AT_A_TIME`] at once. The caller sees to it that they came to
    /// their end.
    pub(crate) async fn put_received(&mut self, sql: &str, mut rows: mpsc::Receiver<Rows>) -> Result<(), StoreError> {
        let Some(mut some) = rows.recv().await else { return Ok(()) };
        while let Some(mut next) = rows.recv().await {
            if self.is_postgres() && some.values.len() + next.values.len() <= POSTGRES_ROWS * some.columns.len() {
                some.values.append(&mut next.values);
            } else {
                self.put_rows(sql, mem::replace(&mut some, next)).await?;
            }
        }
        self.put_rows(sql, some).await
    }

    /// Asks the statement over all rows, in as many pieces as it takes; the answers one after the other.
    pub(crate) async fn all_rows(&mut self, sql: &str, rows: Rows) -> Result<Vec<Row>, StoreError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let width = rows.columns.len();
        if let Self::Sqlite(session) = self {
            return session.all_each(sql.replace("{rows}", &placeholders(width)), width, rows.values).await;
        }
        let sql = sql.replace("{rows}", &unnest(rows.columns));
        let mut values = rows.values.into_iter().peekable();
        let mut answer = Vec::new();
        while values.peek().is_some() {
            answer.extend(self.all(&sql, columns(rows.columns, &mut values)).await?);
        }
        Ok(answer)
    }
}

fn placeholders(columns: usize) -> String {
    format!("VALUES ({})", vec!["?"; columns].join(","))
}

fn unnest(columns: &[Column]) -> String {
    let arrays: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(place, column)| {
            let name = match column {
                Column::Integer => "bigint",
                Column::Real => "double precision",
                Column::Text => "text",
                Column::Bytes => "bytea",
            };
            format!("${}::{name}[]", place + 1)
        })
        .collect();
    format!("SELECT * FROM UNNEST({})", arrays.join(", "))
}

/// The next rows, as one array for each column.
fn columns(columns: &[Column], values: &mut impl Iterator<Item = Value>) -> Vec<Value> {
    let mut arrays: Vec<Value> = columns
        .iter()
        .map(|column| match column {
            Column::Integer => Value::Integers(Vec::new()),
            Column::Real => Value::Reals(Vec::new()),
            Column::Text => Value::Texts(Vec::new()),
            Column::Bytes => Value::Blobs(Vec::new()),
        })
        .collect();
    for _ in 0..POSTGRES_ROWS {
        for array in &mut arrays {
            let Some(value) = values.next() else { return arrays };
            match (array, value) {
                (Value::Integers(array), Value::Integer(value)) => array.push(value),
                (Value::Reals(array), Value::Real(value)) => array.push(value),
                (Value::Texts(array), Value::Text(value)) => array.push(value),
                (Value::Blobs(array), Value::Bytes(value)) => array.push(value),
                (Value::Blobs(array), Value::Sixteen(value)) => array.push(Some(value.to_vec())),
                // A column of the wrong type is shorter than the others, and PostgreSQL refuses its null.
                _ => {}
            }
        }
    }
    arrays
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_arrays_a_piece_at_a_time() {
        const TWO: &[Column] = &[Column::Integer, Column::Bytes];
        let mut rows = Rows::new(TWO);
        for number in 0..=POSTGRES_ROWS as i64 {
            rows.push([Value::Integer(Some(number)), Value::Sixteen([0; 16])]);
        }
        let mut values = rows.values.into_iter();
        let lengths = |arrays: &[Value]| -> Vec<usize> {
            let length = |array: &Value| match array {
                Value::Integers(array) => array.len(),
                Value::Blobs(array) => array.len(),
                _ => 0,
            };
            arrays.iter().map(length).collect()
        };
        assert_eq!(lengths(&columns(TWO, &mut values)), [POSTGRES_ROWS, POSTGRES_ROWS]);
        assert_eq!(lengths(&columns(TWO, &mut values)), [1, 1]);
    }

    #[test]
    fn both_dialects_name_every_column() {
        assert_eq!(placeholders(2), "VALUES (?,?)");
        assert_eq!(unnest(&[Column::Integer, Column::Bytes]), "SELECT * FROM UNNEST($1::bigint[], $2::bytea[])");
    }
}
