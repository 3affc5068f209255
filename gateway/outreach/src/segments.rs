//! From dirty patients to memberships.

pub mod evaluate;
mod look_up;
pub mod prepare;
pub mod preview;
pub mod value_sets;
pub mod verdicts;
