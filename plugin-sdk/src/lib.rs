//! What a plugin author writes against. A plugin of the Outreach Gateway is a WebAssembly component of one of three worlds
//! ([`segment`], [`journey`], [`channel`]; the contract is `wit/`). It implements one trait, names it in one macro, and is built with
//! `cargo build --release --target wasm32-wasip2`; it compiles natively too, so that its tests are plain tests.
//!
//! ```
//! use outreach_plugin_sdk::fact::FactKind;
//! use outreach_plugin_sdk::segment::{CodeSetNeed, Coding, Description, Issue, PluginError, Segment, VerdictBuilder};
//! use outreach_plugin_sdk::patient::{CodeSets, Patient, Period, Question, Sex};
//! use outreach_plugin_sdk::testing::{Codes, PatientBuilder, ask};
//!
//! /// Women without a mammogram in the last 27 months.
//! struct NoMammogram {
//!     mammogram: Vec<u32>,
//! }
//!
//! impl Segment for NoMammogram {
//!     fn check(_config: &str) -> Vec<Issue> {
//!         Vec::new()
//!     }
//!
//!     fn describe(_config: &str) -> Result<Description, PluginError> {
//!         let mammogram = Coding { system: "http://loinc.org".into(), code: "24606-6".into() };
//!         Ok(Description::one("no-mammogram", "No mammogram").facts([FactKind::Observation]).code_set(CodeSetNeed::Codes(vec![mammogram])))
//!     }
//!
//!     fn prepare(_config: &str, sets: CodeSets<'_>) -> Result<Self, PluginError> {
//!         Ok(Self { mammogram: sets.get(0).0.to_vec() })
//!     }
//!
//!     fn evaluate(&self, patient: Patient<'_>, question: Question, verdict: &mut VerdictBuilder<'_>) {
//!         let months = Period::new(question.as_of.plus_months(-27), question.as_of);
//!         let mammogram = outreach_plugin_sdk::patient::CodeSet(&self.mammogram);
//!         let screened = patient.observations().in_set(mammogram).within(months).most_recent();
//!         if patient.sex() == Sex::Female && screened.is_none() {
//!             verdict.member(0);
//!             verdict.without_fact(format_args!("No mammogram since {}", months.first));
//!         } else if let Some(day) = screened.and_then(|fact| fact.first_day()) {
//!             verdict.review_on(day.plus_months(27).plus_days(1));
//!         }
//!     }
//! }
//!
//! outreach_plugin_sdk::export_segment!(NoMammogram);
//!
//! // Tested natively: one woman without, one with a recent mammogram.
//! let mut codes = Codes::default();
//! let never = PatientBuilder::born("1970-05-01").female();
//! let lately = PatientBuilder::born("1970-05-01").female().observation("http://loinc.org", "24606-6", "2026-03-01");
//! let answer = ask::<NoMammogram>("{}", &mut codes, "2026-11-23", &[never, lately]).unwrap();
//! assert_eq!(answer.is_member(0), Some(true));
//! assert_eq!(answer.is_member(1), Some(false));
//! ```
//!
//! A plugin never panics on data: a panic stops that one call, the gateway says so, and after several the plugin is left out.
//! Configuration that can't be used is an error that says where, and what was expected:
//!
//! ```
//! use outreach_plugin_sdk::document::Reader;
//!
//! let issues = Reader::check(r#"{ "version": 1, "tittle": "typo" }"#, |document| {
//!     document.object(&["version", "title"]);
//! });
//! assert_eq!(issues[0].path, "/tittle");
//! assert!(issues[0].message.contains("`title`"), "{}", issues[0].message);
//! ```
//!
//! Architecture invariant: this crate and what is built on it know the WIT package and nothing else of the gateway.

#![deny(missing_docs)]

extern crate self as outreach_plugin_sdk;

#[doc(hidden)]
#[expect(clippy::same_length_and_capacity, reason = "generated from the WIT")]
pub mod bindings;
pub mod channel;
pub mod day;
pub mod document;
pub mod fact;
pub mod gateway;
pub mod host;
pub mod journey;
pub mod look_up;
pub mod patient;
pub mod segment;
pub mod testing;
pub mod webhook;

#[doc(hidden)]
pub use bitflags;
#[doc(hidden)]
pub use wit_bindgen;

#[doc(hidden)]
pub use crate::host::silence_panics;
