//! `outreach plugin`: what is installed, and what it was granted.

use std::collections::BTreeSet;
use std::io::{BufRead as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use gateway_domain::audit::AuditAction;
use gateway_domain::capability::Capability;
use gateway_domain::plugin::{PluginName, PluginStatus};
use gateway_plugin_host::Difference;
use gateway_ports::plugins::Plugins as _;

use crate::cli::PluginCommand;
use crate::commands::{author, dev, package};
use crate::config::Config;
use crate::progress::{say, table};
use crate::wiring::Parts;
use crate::wiring::plugins::is_bundled;

/// What the audit says it was.
pub(crate) const OBJECT: &str = "outreach plugin";

/// Does what the command line asks.
///
/// # Errors
/// Naming the plugin or file, and what is wrong with it.
pub(crate) async fn run(command: PluginCommand, config: &Config, parts: &Parts) -> anyhow::Result<()> {
    match command {
        PluginCommand::List => list(parts),
        PluginCommand::Install { file, grant } => install(config, parts, &file, grant.as_deref()).await?,
        PluginCommand::Rollback { name } => {
            let name = PluginName::new(name)?;
            parts.audit(AuditAction::Update, OBJECT, [(None, format!("{name} rolled back"))]).await?;
            let placed = config.plugins.shelf().roll_back(&name)?;
            say(format!("{name} is {} again, and may do what it was granted then: {}.", placed.version, words(&placed.granted)));
            say(TAKEN_UP);
        }
        PluginCommand::Remove { name } => {
            let name = PluginName::new(name)?;
            parts.audit(AuditAction::Update, OBJECT, [(None, format!("{name} removed"))]).await?;
            config.plugins.shelf().remove(&name)?;
            say(format!("{name} is gone, with all its versions."));
            say(TAKEN_UP);
        }
        PluginCommand::Dev { folder, grant, once } => dev::run(config, parts, &folder, grant.as_deref(), once).await?,
        PluginCommand::Publish(command) => package::run(&command)?,
        PluginCommand::Author(command) => author::run(&command).await?,
    }
    Ok(())
}

const TAKEN_UP: &str = "A gateway that runs takes this up within seconds; what it has begun, it ends as it began.";

fn list(parts: &Parts) {
    let rows: Vec<_> = parts
        .plugins
        .list()
        .into_iter()
        .map(|plugin| {
            let status = match plugin.status {
                PluginStatus::Active => "active",
                PluginStatus::Parked => "parked",
            };
            vec![
                plugin.name.to_string(),
                plugin.version.clone(),
                plugin.kind.name().to_owned(),
                words(&plugin.asks),
                if plugin.granted == plugin.asks { "all of it".to_owned() } else { words(&plugin.granted) },
                status.to_owned(),
                plugin.digest.chars().take(12).collect(),
            ]
        })
        .collect();
    table(&["NAME", "VERSION", "KIND", "ASKS FOR", "GRANTED", "STATUS", "SHA-256"], &rows);
    for (name, reason) in parts.shelved.refused() {
        say(format!("{name} is installed and NOT USED: {reason}"));
    }
}

async fn install(config: &Config, parts: &Parts, file: &Path, grant: Option<&str>) -> anyhow::Result<()> {
    let (shelf, trust) = (config.plugins.shelf(), config.plugins.trust());
    let bytes = package::read(file)?;
    let (looked_at, _) = shelf.look_at(&bytes, &trust).with_context(|| format!("`{}`", file.display()))?;
    let name = looked_at.manifest.name.clone();
    ensure!(!is_bundled(&name), "`{name}` came with the gateway, and no other takes its place; give it another name");
    package::describe(&looked_at);
    match looked_at.signed_by() {
        Ok(key) => say(format!("Published by {} ({key})", config.plugins.publisher(key).unwrap_or("SOMEBODY WHO IS NOT TRUSTED"))),
        Err(_) => say("NOT SIGNED; `plugins.development` lets it in"),
    }
    let difference = shelf.difference(&looked_at)?;
    let granted = match grant {
        Some(grant) => named(grant, &looked_at.manifest.asks)?,
        None => consented(&difference)?,
    };
    let grants: Vec<Capability> = granted.iter().cloned().collect();
    // It has to work before it is put where the gateway finds it.
    let tried = parts.plugins.install(&looked_at.manifest_text, &looked_at.component, &grants, false).await;
    tried.context("it was not installed")?;
    let detail = format!("{name} {} installed, granted {}", looked_at.manifest.version, words(&granted));
    parts.audit(AuditAction::Create, OBJECT, [(None, detail)]).await?;
    let placed = shelf.install(&bytes, &granted, &trust, parts.clock.now())?;
    say(format!("{name} {} is installed, and may: {}.", placed.version, words(&granted)));
    say(TAKEN_UP);
    Ok(())
}

/// What was named on the command line.
pub(crate) fn named(grant: &str, asks: &[Capability]) -> anyhow::Result<BTreeSet<Capability>> {
    match grant {
        "all" => Ok(asks.iter().cloned().collect()),
        "none" => Ok(BTreeSet::new()),
        some => some.split(',').map(|one| Ok(one.trim().parse::<Capability>()?)).collect(),
    }
}

/// Says what it asks for, and asks about what is new. What was granted before stays granted.
pub(crate) fn consented(difference: &Difference) -> anyhow::Result<BTreeSet<Capability>> {
    let all = |these: &BTreeSet<Capability>, before: &str| {
        for one in these {
            say(format!("{before} {} (`{one}`)", one.says()));
        }
    };
    all(&difference.kept, "As before, it may");
    all(&difference.gone, "It no longer asks to");
    let mut granted = difference.kept.clone();
    let mut answers = std::io::stdin().lock().lines();
    for (these, before) in [(&difference.new, "It asks to"), (&difference.withheld, "It still asks to")] {
        for one in these {
            say(format!("{before} {} (`{one}`)", one.says()));
            let mut out = std::io::stdout().lock();
            let _ = write!(out, "  Grant this? [y/N] ");
            let _ = out.flush();
            drop(out);
            let Some(answer) = answers.next() else {
                say("");
                bail!("nobody answered; answer each question, or name what is granted with `--grant`");
            };
            if matches!(answer?.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
                granted.insert(one.clone());
            }
        }
    }
    Ok(granted)
}

pub(crate) fn words<'a>(capabilities: impl IntoIterator<Item = &'a Capability>) -> String {
    let names: Vec<String> = capabilities.into_iter().map(Capability::to_string).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}
