//! The surface as a browser, a program, a mail program and a stranger meet it, over a real database.

mod access;
mod identity;
mod openapi;
mod patient_data;
mod plugins;
mod public;
mod session;
mod tasks;
mod value_sets;
mod webhooks;
mod world;
