//! Kit: who we are to other servers, and who others are to us.
//!
//! Outwards: [`TokenSource`] and its kinds, first of all [`BackendServices`] for SMART on FHIR
//! servers, over the guarded client of `gateway-net`. Inwards: passwords, session and API tokens,
//! session cookies, the check for cross-site requests, and the signed links in messages.
//!
//! Architecture invariant: this crate knows no outreach. It keeps no state but tokens in memory
//! and keys in files; secrets never print in `Debug`, never appear in errors, and are compared in
//! constant time. Time is an argument; randomness is too, except inside the cryptographic library.

pub mod password;
pub mod secret_token;
pub mod session;
pub mod signed_link;
pub mod webhook_secret;

mod authorized;
mod backend_services;
mod client_secret;
mod discovery;
mod error;
mod fixed;
#[doc(hidden)]
pub mod fuzzing;
mod key_file;
mod random;
mod scope;
mod signing_key;
mod token_cache;
mod token_request;
mod token_source;

pub use self::{
    authorized::AuthorizedClient,
    backend_services::{BackendServices, BackendServicesConfig},
    client_secret::{ClientSecret, ClientSecretConfig, SecretPlacement},
    discovery::{SmartConfiguration, discover},
    error::AuthError,
    fixed::{Basic, NoToken, StaticBearer},
    random::{RandomSource, SystemRandom},
    scope::{ScopeRequest, choose_scopes},
    signing_key::{KeySet, SigningKey},
    token_source::TokenSource,
};
