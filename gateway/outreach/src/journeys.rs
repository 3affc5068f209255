//! From membership changes and interactions to people on their way.

pub mod advance;
pub mod enrol;
pub mod questions;
pub mod translate;
