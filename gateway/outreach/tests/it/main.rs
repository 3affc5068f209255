//! The stages from outside, over a store in memory and plugins that do what a test tells them to.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that meets the unexpected fails")]

mod delivery;
mod journeys;
mod memory_store;
mod segments;
mod world;
