//! What the command line says: to people on a terminal, and in plain lines otherwise.

use std::io::{IsTerminal as _, Write as _};

/// Prints a line to standard output. A closed pipe ends nothing.
pub(crate) fn say(line: impl AsRef<str>) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", line.as_ref());
    let _ = out.flush();
}

/// Whether a person is looking at standard error.
pub(crate) fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Prints rows as a table with a heading, columns as wide as their widest cell.
pub(crate) fn table(heading: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(heading.get(column).map(|cell| cell.chars().count())).max().unwrap_or(0)
    };
    let line = |cells: Vec<&str>| {
        let padded: Vec<_> = cells.iter().enumerate().map(|(column, cell)| format!("{cell:<width$}", width = width(column))).collect();
        say(padded.join("  ").trim_end());
    };
    line(heading.to_vec());
    for row in rows {
        line(row.iter().map(String::as_str).collect());
    }
}
