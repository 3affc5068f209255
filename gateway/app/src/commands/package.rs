//! `outreach plugin key`, `pack` and `inspect`: what publishers do, without a gateway.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, ensure};
use gateway_plugin_host::{HostConfig, Package, PackageError, SigningKey, pack};
use gateway_ports::clock::Entropy as _;

use crate::cli::PublishCommand;
use crate::progress::say;
use crate::system::SystemEntropy;

/// Does what the command line asks.
///
/// # Errors
/// Naming the file, and what is wrong with it.
pub(crate) fn run(command: &PublishCommand) -> anyhow::Result<()> {
    match command {
        PublishCommand::Key { file } => key(file),
        PublishCommand::Pack { folder, component, key, to } => make(folder, component, key.as_deref(), to.as_deref()),
        PublishCommand::Inspect { file } => inspect(file),
    }
}

/// The bytes of a file that is named in what goes wrong.
pub(crate) fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("`{}`", file.display()))
}

fn key(file: &Path) -> anyhow::Result<()> {
    ensure!(!file.exists(), "`{}` is there already; a key that is lost or changed can't be made anew", file.display());
    let mut seed = [0; 32];
    SystemEntropy.fill(&mut seed);
    let key = SigningKey::from_seed(&seed)?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let pem = key.to_pem()?;
    let written = options.open(file).and_then(|mut to| to.write_all(pem.as_bytes()));
    written.with_context(|| format!("`{}`", file.display()))?;
    say(format!("The key is in `{}`. Whoever has it publishes in your name: keep it to yourself, and keep a copy.", file.display()));
    say(format!("Others know you by {}", key.publisher()?));
    Ok(())
}

fn make(folder: &Path, component: &Path, key: Option<&Path>, to: Option<&Path>) -> anyhow::Result<()> {
    let manifest = folder.join("plugin.toml");
    let manifest = fs::read_to_string(&manifest).with_context(|| format!("`{}`", manifest.display()))?;
    let signer = match key {
        Some(file) => {
            let pem = fs::read_to_string(file).with_context(|| format!("`{}`", file.display()))?;
            Some(SigningKey::from_pem(&pem).with_context(|| format!("`{}`", file.display()))?)
        }
        None => None,
    };
    let packed = pack(&manifest, &read(component)?, signer.as_ref())?;
    let package = Package::read(&packed, HostConfig::default().component_bytes)?;
    let name = format!("{}-{}.outreach-plugin", package.manifest.name, package.manifest.version);
    let to = to.map_or_else(|| component.with_file_name(name), Path::to_path_buf);
    fs::write(&to, packed).with_context(|| format!("`{}`", to.display()))?;
    match signer {
        Some(key) => say(format!("`{}`, signed by {}", to.display(), key.publisher()?)),
        None => say(format!("`{}`, NOT SIGNED: a gateway takes it for development alone", to.display())),
    }
    Ok(())
}

fn inspect(file: &Path) -> anyhow::Result<()> {
    let package = Package::read(&read(file)?, HostConfig::default().component_bytes).with_context(|| format!("`{}`", file.display()))?;
    describe(&package);
    if package.manifest.asks.is_empty() {
        say("It asks for nothing.");
    } else {
        say("It asks to");
        for asked in &package.manifest.asks {
            say(format!("  {} (`{asked}`)", asked.says()));
        }
    }
    match package.signed_by() {
        Ok(publisher) => say(format!("Signed by {publisher}")),
        Err(PackageError::Unsigned) => say("NOT SIGNED"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// What a package is.
pub(crate) fn describe(package: &Package) {
    let manifest = &package.manifest;
    say(format!("{} {}, a {} plugin. {}", manifest.name, manifest.version, manifest.kind.name(), manifest.description));
    say(format!("SHA-256 of its component: {}", package.digest()));
}
