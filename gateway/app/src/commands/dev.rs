//! `outreach plugin dev`: at each save builds a plugin, runs its cases, and hands it to the gateway of this configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, ensure};
use gateway_domain::audit::AuditAction;
use gateway_domain::capability::Capability;
use gateway_plugin_host::{Difference, pack};

use crate::commands::author::try_out;
use crate::commands::plugin::{OBJECT, consented, named, words};
use crate::config::Config;
use crate::progress::say;
use crate::wiring::Parts;
use crate::wiring::plugins::is_bundled;

/// How often is looked whether something was saved.
const LOOK: Duration = Duration::from_millis(500);
/// What is made by building, and nobody saves.
const MADE: [&str; 8] =
    ["target", "node_modules", "__pycache__", "dist", "outreach-plugin-sdk", "Cargo.lock", "package-lock.json", "component.wasm"];

/// What there is of a project: each file, when it was changed, and how long it is.
type Saved = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// Watches until it is stopped, or builds once.
///
/// # Errors
/// Where the gateway is not in development mode, or the folder can't be read. What is wrong with the plugin is said, and waited for.
pub(crate) async fn run(config: &Config, parts: &Parts, folder: &Path, grant: Option<&str>, once: bool) -> anyhow::Result<()> {
    ensure!(
        config.plugins.development,
        "this gateway takes signed plugins alone; `plugins.development = true` in its configuration lets in what you build, and is never for \
         a gateway with patients"
    );
    if once {
        return hand_over(config, parts, folder, grant).await;
    }
    let mut before = None;
    loop {
        let saved = saved(folder)?;
        if before.as_ref() != Some(&saved) {
            if let Err(error) = hand_over(config, parts, folder, grant).await {
                say(format!("NOT HANDED OVER: {error:#}"));
            }
            say(format!("Waiting for a change in `{}`; Ctrl-C ends it.", folder.display()));
            before = Some(saved);
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

/// Builds, tries out, and puts it where the gateway finds it, with what it was granted before.
async fn hand_over(config: &Config, parts: &Parts, folder: &Path, grant: Option<&str>) -> anyhow::Result<()> {
    let tried = try_out(folder, None, false).await?;
    ensure!(tried.failed == 0, "{} cases failed", tried.failed);
    let packed = pack(&tried.manifest, &tried.component, None)?;
    let (shelf, trust) = (config.plugins.shelf(), config.plugins.trust());
    let (package, _) = shelf.look_at(&packed, &trust)?;
    let name = package.manifest.name.clone();
    ensure!(!is_bundled(&name), "`{name}` came with the gateway, and no other takes its place; give it another name");
    let granted = granted(shelf.difference(&package)?, grant, &package.manifest.asks)?;
    let grants: Vec<Capability> = granted.iter().cloned().collect();
    // It has to work before it is put where the gateway finds it.
    let worked = parts.plugins.install(&package.manifest_text, &package.component, &grants, false).await;
    worked.context("it does not work with this configuration")?;
    let detail = format!("{name} {} installed for development, granted {}", package.manifest.version, words(&granted));
    parts.audit(AuditAction::Create, OBJECT, [(None, detail)]).await?;
    let placed = shelf.install(&packed, &granted, &trust, parts.clock.now())?;
    say(format!("{name} {} is handed over, and may: {}.", placed.version, words(&granted)));
    Ok(())
}

/// What was granted before stays granted, and is not asked about again; what is new is, unless the command line names it.
fn granted(difference: Difference, grant: Option<&str>, asks: &[Capability]) -> anyhow::Result<BTreeSet<Capability>> {
    match grant {
        Some(grant) => named(grant, asks),
        None => consented(&Difference { withheld: BTreeSet::new(), ..difference }),
    }
}

/// What there is to be watched.
fn saved(folder: &Path) -> anyhow::Result<Saved> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("`{}`", folder.display()))?;
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') || MADE.contains(&name.as_ref()) {
                continue;
            }
            // A file that goes while it is looked at is gone.
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                folders.push(entry.path());
            } else {
                all.insert(entry.path(), (metadata.modified().ok(), metadata.len()));
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_seen_and_what_is_made_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("src/lib.rs", "a");
        let before = saved(folder.path()).unwrap();
        for made in ["target/debug/x", ".outreach/compiled/x", "Cargo.lock", "node_modules/a/b.js"] {
            write(made, "made");
            assert_eq!(saved(folder.path()).unwrap(), before, "{made}");
        }
        write("src/lib.rs", "ab");
        assert_ne!(saved(folder.path()).unwrap(), before);
        assert!(saved(Path::new("/nowhere")).unwrap_err().to_string().contains("/nowhere"));
    }

    #[test]
    fn what_was_granted_stays_and_what_was_withheld_is_not_asked_about_at_each_save() {
        let difference = || Difference { kept: [Capability::Log].into(), withheld: [Capability::Mail].into(), ..Difference::default() };
        assert_eq!(granted(difference(), None, &[]).unwrap(), [Capability::Log].into());
        assert_eq!(granted(difference(), Some("all"), &[Capability::Mail]).unwrap(), [Capability::Mail].into());
        assert!(granted(difference(), Some("everything"), &[]).is_err());
    }
}
