//! What tests of several crates share: the real programs they run against, started by the tests themselves.
//!
//! Architecture invariant: for tests alone. Knows no crate of the product.

pub mod peers;
pub mod postgres;
pub mod validators;
