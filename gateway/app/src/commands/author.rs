//! `outreach plugin new` and `test`: what the author of a plugin does, without a gateway.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use gateway_domain::plugin::PluginName;
use gateway_plugin_kit::{Suite, compiled_folder, project};

use crate::cli::AuthorCommand;
use crate::config::{LogFormat, LogSection};
use crate::progress::say;

/// Does what the command line asks.
///
/// # Errors
/// Naming the file or case, and what is wrong with it.
pub(crate) async fn run(command: &AuthorCommand) -> anyhow::Result<()> {
    // What the sandbox refuses is a warning in a gateway's log, and what an author looks for.
    crate::logging::start(&LogSection { format: LogFormat::Text, level: "warn".to_owned() })?;
    match command {
        AuthorCommand::New { kind, name, lang, folder } => {
            let name = PluginName::new(name.as_str())?;
            let folder = folder.clone().unwrap_or_else(|| PathBuf::from(name.as_str()));
            project::create((*kind).into(), &name, (*lang).into(), &folder)?;
            say(format!("`{}` has a plugin that builds and passes its tests. Next:", folder.display()));
            say(format!("  cd {}", folder.display()));
            say("  outreach plugin test      # builds the component, and runs it against cases/*.json");
            say("What there is more to do is in its README.md.");
            Ok(())
        }
        AuthorCommand::Test { folder, component, update } => {
            let tried = try_out(folder, component.as_deref(), *update).await?;
            if tried.failed > 0 {
                bail!("{} of {} cases failed", tried.failed, tried.passed + tried.failed);
            }
            Ok(())
        }
    }
}

/// A plugin that was built, and how its cases went.
pub(crate) struct TriedOut {
    /// Its manifest, as it is written.
    pub(crate) manifest: String,
    /// Its component.
    pub(crate) component: Vec<u8>,
    passed: usize,
    pub(crate) failed: usize,
}

/// Builds a project unless there is a component, and runs its cases; says how each went.
///
/// # Errors
/// Where it does not build, or a case can't be read.
pub(crate) async fn try_out(folder: &Path, component: Option<&Path>, update: bool) -> anyhow::Result<TriedOut> {
    let file = folder.join("plugin.toml");
    let manifest = fs::read_to_string(&file).with_context(|| format!("`{}`", file.display()))?;
    let built = match component {
        Some(component) => component.to_owned(),
        None => tokio::task::block_in_place(|| gateway_plugin_kit::build(folder))?,
    };
    let component = fs::read(&built).with_context(|| format!("`{}`", built.display()))?;
    let suite = Suite::new(&manifest, component, &compiled_folder(folder)).with_context(|| format!("`{}`", file.display()))?;
    let about = suite.manifest();
    say(format!("{} {}, a {} plugin, {} bytes", about.name, about.version, about.kind.name(), suite.component().len()));
    let cases = folder.join("cases");
    ensure!(
        cases.is_dir(),
        "`{}` is not there; a case is a JSON file in it, and `outreach plugin new` makes some to begin with",
        cases.display()
    );
    let cases = suite.cases(&cases)?;
    ensure!(!cases.is_empty(), "`{}` has no cases; a case is a JSON file in it", folder.join("cases").display());
    let (mut passed, mut failed) = (0, 0);
    for case in &cases {
        let result = suite.run(case).await?;
        let cost = format!("{} ms, {} of fuel", result.usage.time.as_millis(), grouped(result.usage.fuel));
        match result.rewritten {
            None => {
                passed += 1;
                say(format!("ok       {} ({cost})", case.says));
            }
            Some(rewritten) if update => {
                fs::write(&case.file, &rewritten).with_context(|| format!("`{}`", case.file.display()))?;
                passed += 1;
                say(format!("UPDATED  {} ({cost})\n         {}", case.says, case.file.display()));
            }
            Some(_) => {
                failed += 1;
                say(format!("FAILED   {} ({cost})\n         {}", case.says, case.file.display()));
                for difference in &result.differences {
                    say(format!("         {}", difference.to_string().replace('\n', "\n         ")));
                }
            }
        }
    }
    say(format!("{} cases: {passed} passed, {failed} failed", cases.len()));
    Ok(TriedOut { manifest, component: suite.into_component(), passed, failed })
}

/// A number with commas, as people read it.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
