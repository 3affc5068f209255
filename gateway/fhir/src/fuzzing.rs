//! Doors for the fuzz targets to readers that nobody else needs from outside. Not an interface: it changes as they do.

use gateway_ports::ehr::ExportManifest;

use crate::ehr::{bundle, manifest};

/// What was read from a Bundle.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// The matches of the type that was asked for, raw.
    pub resources: Vec<Vec<u8>>,
    /// What the server warned of.
    pub warnings: Vec<String>,
    /// Its next page.
    pub next: Option<String>,
    /// Ids of deletions.
    pub deleted: Vec<String>,
}

/// Reads a Bundle as a search or history for `resource_type` does.
///
/// # Errors
/// The reason in words.
pub fn bundle(body: &[u8], resource_type: &str, base: &str) -> Result<Page, String> {
    let bundle = bundle::read(body)?;
    let found = bundle.matches(resource_type);
    let _ = bundle.ignored("_lastUpdated");
    Ok(Page {
        resources: found.resources,
        warnings: found.warnings,
        next: bundle.next().map(str::to_owned),
        deleted: bundle.deleted(resource_type, base),
    })
}

/// Reads a manifest and its next page; `None` where it says nothing about files yet.
///
/// # Errors
/// The reason in words.
pub fn manifest(body: &[u8]) -> Result<Option<(ExportManifest, Option<String>)>, String> {
    Ok(manifest::read(body, None)?.map(|page| (page.manifest, page.next)))
}
