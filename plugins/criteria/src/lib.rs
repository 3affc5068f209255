//! The criteria language: a JSON document says in typed terms who belongs to a segment, or who is in which population of a measure.
//! Documents are read and checked, evaluated over one patient at a time, and explained.
//!
//! What the words mean is in `gateway/docs/criteria.md`; what is not certain never makes a member.
//!
//! Architecture invariant: pure. The same document, day and patient give the same answer.

#![forbid(unsafe_code)]

mod document;
mod evaluate;
mod evidence;
mod facts;
mod moment;
mod outcome;
mod populations;
mod read;
mod say;
mod span;
mod unit;

pub use self::{
    document::{Body, Condition, Document, Group},
    evaluate::{Caution, Evaluation},
    evidence::explain,
    facts::{Index, Lookup},
    outcome::{Outcome, Truth},
    populations::Populations,
    say::{from_plain, plain},
};

#[cfg(test)]
mod tests;
