//! From dirty patients to memberships.

pub mod evaluate;
pub mod prepare;
pub mod preview;
pub mod value_sets;
pub mod verdicts;
