//! What the product promises, told as a person would see it.

mod authors;
mod bad_input;
mod configuration;
mod doctor;
mod first_light;
mod identity;
mod kills;
mod mail_server;
mod measures;
mod plugins;
mod push;
mod segments;
mod synthea;
mod value_sets;
mod write_back;
