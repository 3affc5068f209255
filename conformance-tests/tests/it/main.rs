//! The product seen from outside: its house, its program, its pages, its mail.

mod architecture;
mod harness;
mod scenarios;
