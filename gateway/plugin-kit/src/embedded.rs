//! Files that travel with the binary: the SDK, and the templates of new projects.

/// Files of the SDK, by their path in it.
pub(crate) const SDK: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sdk.rs"));

/// Files of the templates, by their path: language, kind, and the path in the project.
pub(crate) const TEMPLATES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// The manifest of the Rust SDK, standing alone.
pub(crate) const SDK_MANIFEST: &str = include_str!(concat!(env!("OUT_DIR"), "/sdk-manifest.toml"));

/// The versions of what the Rust SDK is built from.
pub(crate) const SDK_LOCK: &str = include_str!(concat!(env!("OUT_DIR"), "/sdk-lock.toml"));
