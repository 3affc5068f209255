//! From dirty patients to memberships.

pub mod evaluate;
pub mod prepare;
pub mod verdicts;
