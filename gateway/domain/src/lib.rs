//! The outreach model and its rules, as plain values and pure functions: patients and their facts, segments, journeys, messages,
//! consent, and the decisions taken over them.
//!
//! Architecture invariant: no I/O, no async, no clock, no randomness, no FHIR types, no WebAssembly. Time and random bytes are
//! arguments. Whoever needs a database, a server or a plugin is in another crate.

#![deny(missing_docs)]

pub mod account;
pub mod audit;
pub mod capability;
pub mod care_team;
pub mod code;
pub mod columns;
pub mod consent;
pub mod contact_point;
pub mod date;
pub mod fact;
pub mod gate;
pub mod golden_record;
pub mod identity;
pub mod ids;
pub mod interaction;
pub mod issue;
pub mod journey;
pub mod message;
pub mod message_template;
pub mod patient;
pub mod person;
pub mod plugin;
pub mod plugin_call;
pub mod practitioner;
pub mod projection;
pub mod push_subscription;
pub mod quiet_hours;
pub mod resource;
pub mod segment;
pub mod source;
pub mod subscription_list;
pub mod task;
pub mod unmapped;
pub mod user;
pub mod value_set;
pub mod write_back;
