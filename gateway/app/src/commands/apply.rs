//! `outreach apply`: definitions from a folder.

use std::path::Path;

use crate::definitions::Definitions;
use crate::progress::say;
use crate::wiring::Parts;

/// Stores what is in the folder.
///
/// # Errors
/// Naming the file, the place in it and the fix; then nothing is stored.
pub(crate) async fn run(folder: &Path, parts: &Parts) -> anyhow::Result<()> {
    for line in Definitions::read(folder)?.apply(&parts.definition_target()).await? {
        say(line);
    }
    Ok(())
}
