//! The product seen from outside: its house, its program, its pages, its mail.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test ends where something is not as it says"
)]

mod architecture;
mod harness;
mod peers;
mod scenarios;
