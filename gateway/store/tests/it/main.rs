//! One contract suite for both databases: each function under `contract/` runs on a SQLite file and on a PostgreSQL database.

mod contract;
mod fixture;
mod given;
