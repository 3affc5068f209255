//! The outreach model in SQLite or PostgreSQL, behind the traits of `gateway-ports`. [`Store`] implements all of them; the file of a
//! noun holds its statements, one a function, with the same text for both databases. Where the dialects part there is a small seam in
//! [`database`]: how many rows go into one statement, what a claim locks, how a list of keys is asked for.
//!
//! Architecture invariant: the only crate with SQL. It takes no clock and no randomness of its own, decides nothing (the one decision
//! taken inside a transaction, the send gate, is the domain's), opens no connection but the database's, and puts no value of a row
//! into a log line or an error.

mod account;
mod audit;
mod code;
mod consent;
mod database;
mod database_url;
mod entropy;
mod error;
mod fact;
mod gate;
mod identity;
mod journey;
mod journey_event;
mod journey_run;
mod membership;
mod message;
mod message_template;
mod notice;
mod open;
mod page;
mod patient;
mod person;
mod plugin_value;
mod push_subscription;
mod quarantine;
mod raw_body;
mod resource;
mod segment;
mod session;
mod source;
mod stored;
mod subscription_list;
mod sync;
mod sync_ledger;
mod task;
mod unmapped;
mod user;
mod value_set;
mod write_back;

pub use database_url::DatabaseUrl;
pub use open::Store;
