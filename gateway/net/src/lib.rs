//! Kit: the HTTP listener, the one guarded outbound client, and the SMTP relay.
//!
//! Everything that crosses the network does so here: requests come in through [`listener`] and
//! [`layers`], requests go out through [`egress::Egress`], and mail leaves through
//! [`smtp::SmtpRelay`]. Each is bounded in time and in size, and each tells who failed and whether
//! another try makes sense.
//!
//! Architecture invariant: this crate knows no outreach and no FHIR. No connection is opened by
//! the program except here, no address is connected to that was not checked, no credential travels
//! to an origin it is not bound to, and no query string reaches a log or an error.

pub mod backoff;
pub mod budget;
pub mod egress;
pub mod health;
pub mod layers;
pub mod listener;
pub mod retry_after;
pub mod smtp;

use rustls::crypto::aws_lc_rs;

/// Installs the program's one TLS provider (aws-lc-rs); later calls change nothing.
///
/// `main` calls it first. [`egress::Egress`] and [`smtp::SmtpRelay`] call it too, so that a test
/// or a tool that builds only one of them works as well.
pub fn install_tls_provider() {
    // An error means that a provider is there already, which is what is asked for.
    drop(aws_lc_rs::default_provider().install_default());
}
