//! What the product promises, told as a person would see it.

mod configuration;
mod first_light;
mod kills;
mod synthea;
