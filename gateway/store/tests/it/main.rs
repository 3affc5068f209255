//! One contract suite for both databases: each function under `contract/` runs on a SQLite file and on a PostgreSQL database.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that meets the unexpected fails there")]

mod contract;
mod fixture;
mod given;
