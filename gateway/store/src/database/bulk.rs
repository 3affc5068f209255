//! Many rows in one statement. A statement says `{rows}` where they go: SQLite gets `VALUES (?, ?), (?, ?)...`, because each statement
//! crosses a thread and each value is cheap; PostgreSQL gets `SELECT * FROM UNNEST(...)`, one array for each column.

use std::collections::VecDeque;

use gateway_ports::store::StoreError;

use super::{Row, Session, Value};

/// Rows in one SQLite statement. Plain `?`: numbered parameters are looked up by name, which costs the square of their count.
const SQLITE_ROWS: usize = 256;
/// Rows in one PostgreSQL statement.
const POSTGRES_ROWS: usize = 10_000;

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
    rows: Vec<Vec<Value>>,
}

impl Rows {
    pub(crate) const fn new(columns: &'static [Column]) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// One column of keys.
    pub(crate) fn of(column: &'static [Column], values: impl IntoIterator<Item = Value>) -> Self {
        Self { columns: column, rows: values.into_iter().map(|value| vec![value]).collect() }
    }

    pub(crate) fn push(&mut self, row: Vec<Value>) {
        self.rows.push(row);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl Session {
    /// Runs the statement over all rows, in as many pieces as it takes; how many rows changed.
    pub(crate) async fn execute_rows(&mut self, sql: &str, rows: Rows) -> Result<u64, StoreError> {
        let mut changed = 0;
        for (sql, values) in self.pieces(sql, rows) {
            changed += self.execute(&sql, values).await?;
        }
        Ok(changed)
    }

    /// Asks the statement over all rows, in as many pieces as it takes; the answers one after the other.
    pub(crate) async fn all_rows(&mut self, sql: &str, rows: Rows) -> Result<Vec<Row>, StoreError> {
        let mut answer = Vec::new();
        for (sql, values) in self.pieces(sql, rows) {
            answer.extend(self.all(&sql, values).await?);
        }
        Ok(answer)
    }

    fn pieces(&self, sql: &str, rows: Rows) -> Vec<(String, Vec<Value>)> {
        let mut left = VecDeque::from(rows.rows);
        let most = if self.is_postgres() { POSTGRES_ROWS } else { SQLITE_ROWS };
        let mut pieces = Vec::with_capacity(left.len().div_ceil(most));
        while !left.is_empty() {
            let piece: Vec<Vec<Value>> = left.drain(..piece_size(left.len(), most)).collect();
            pieces.push(if self.is_postgres() {
                (sql.replace("{rows}", &unnest(rows.columns)), transpose(rows.columns, piece))
            } else {
                (sql.replace("{rows}", &placeholders(rows.columns.len(), piece.len())), piece.into_iter().flatten().collect())
            });
        }
        pieces
    }
}

/// Full pieces first, the rest in powers of two: few different texts, so that prepared statements are found again.
const fn piece_size(left: usize, most: usize) -> usize {
    if left >= most { most } else { 1 << left.ilog2() }
}

fn placeholders(columns: usize, rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(","));
    let mut text = String::with_capacity(8 + rows * (row.len() + 1));
    text.push_str("VALUES ");
    for place in 0..rows {
        if place > 0 {
            text.push(',');
        }
        text.push_str(&row);
    }
    text
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

fn transpose(columns: &[Column], rows: Vec<Vec<Value>>) -> Vec<Value> {
    let mut arrays: Vec<Value> = columns
        .iter()
        .map(|column| match column {
            Column::Integer => Value::Integers(Vec::with_capacity(rows.len())),
            Column::Real => Value::Reals(Vec::with_capacity(rows.len())),
            Column::Text => Value::Texts(Vec::with_capacity(rows.len())),
            Column::Bytes => Value::Blobs(Vec::with_capacity(rows.len())),
        })
        .collect();
    for row in rows {
        for (array, value) in arrays.iter_mut().zip(row) {
            match (array, value) {
                (Value::Integers(array), Value::Integer(value)) => array.push(value),
                (Value::Reals(array), Value::Real(value)) => array.push(value),
                (Value::Texts(array), Value::Text(value)) => array.push(value),
                (Value::Blobs(array), Value::Bytes(value)) => array.push(value),
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
    fn rows_go_out_in_full_pieces_and_powers_of_two() {
        let mut left = 256 + 128 + 3;
        let mut sizes = Vec::new();
        while left > 0 {
            let size = piece_size(left, 256);
            sizes.push(size);
            left -= size;
        }
        assert_eq!(sizes, [256, 128, 2, 1]);
    }

    #[test]
    fn both_dialects_name_every_column() {
        assert_eq!(placeholders(2, 2), "VALUES (?,?),(?,?)");
        assert_eq!(unnest(&[Column::Integer, Column::Bytes]), "SELECT * FROM UNNEST($1::bigint[], $2::bytea[])");
    }
}
