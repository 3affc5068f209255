//! `outreach`: the program.
mod config;
fn main() {}
