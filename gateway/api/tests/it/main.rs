//! The surface from outside, over a real socket and a real database.

mod openapi;
