//! `outreach import`: resources from files. Progress goes to standard error, so that the report alone is on standard output.

use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use gateway_domain::source::SyncCounts;
use gateway_fhir::{Folder, FolderLimits};
use gateway_sync::{ImportCounts, ImportFeed, ImportOptions, ImportReport, Progress};
use serde_json::json;

use super::sync::Bar;
use crate::cli::ImportArguments;
use crate::config::Config;
use crate::lifecycle::until_stopped;
use crate::progress::{is_watched, say, table};
use crate::wiring::{Parts, ehr, identity};

/// Between two plain lines with counts.
const LINE_EVERY: Duration = Duration::from_secs(2);
/// Files shown in the summary for people; `--json` has them all.
const MOST_FILES: usize = 20;

/// Imports once. A stop in the middle is a pause: the same command goes on from there.
///
/// # Errors
/// Where the source is not configured, the folder can't be read, another run of the source is open, or the database does not answer.
pub(crate) async fn run(config: &Config, parts: &Parts, arguments: &ImportArguments) -> anyhow::Result<()> {
    let section = config.source(&arguments.source)?;
    let begun = Instant::now();
    identity::adopt_and_relink(parts, config).await?;
    let (path, base_known) = (arguments.folder.clone(), section.url.is_some());
    let folder = tokio::task::spawn_blocking(move || Folder::look(&path, base_known, FolderLimits::default())).await??;
    let reader = ehr::reader(parts, section).await?;
    let feed = ImportFeed { source: section.name.clone(), handover: Arc::new(folder), reader };
    let options =
        ImportOptions { complete: arguments.complete, as_of: arguments.as_of, restart: arguments.restart, ..ImportOptions::default() };
    let watcher: Box<dyn Progress> = if is_watched() { Box::new(Bar::new()) } else { Box::new(Lines::default()) };
    let worker = ehr::worker(parts);
    let report = tokio::select! {
        report = worker.import(&feed, &options, watcher.as_ref()) => report,
        () = until_stopped() => {
            drop(watcher);
            anyhow::bail!("stopped; the same command goes on from here");
        }
    };
    drop(watcher);
    let report = report.with_context(|| format!("the import of `{}` into `{}`", arguments.folder.display(), section.name))?;
    if arguments.json {
        say(serde_json::to_string(&as_json(&section.name, &report, begun.elapsed()))?);
    } else {
        tell(&section.name, &report, begun.elapsed());
    }
    Ok(())
}

fn as_json(source: &str, report: &ImportReport, took: Duration) -> serde_json::Value {
    let counts = &report.counts;
    json!({
        "source": source,
        "run": report.run,
        "strategy": report.strategy,
        "resumed": report.resumed,
        "read": counts.read,
        "unchanged": counts.unchanged,
        "applied": counts.applied,
        "deleted": counts.deleted,
        "quarantined": counts.quarantined,
        "reasons": report.tally.reasons,
        "fresh_as_of": report.fresh_as_of,
        "patients_changed": report.patients_changed,
        "warnings": report.warnings,
        "types": report.types,
        "files": report.files,
        "seconds": (took.as_secs_f64() * 1000.0).round() / 1000.0,
    })
}

fn tell(source: &str, report: &ImportReport, took: Duration) {
    say(format!("{source}: {report}."));
    let rate = report.counts.read as f64 / took.as_secs_f64().max(0.001);
    say(format!("{} file(s) in {:.1} s, {rate:.0} resources a second.", report.files.len(), took.as_secs_f64()));
    if report.resumed {
        say("It went on where it had been interrupted; what follows is counted from there.");
    }
    let row = |name: &str, counts: &ImportCounts| {
        let number = |count: u64| count.to_string();
        let counts = [counts.read, counts.applied, counts.unchanged, counts.deleted, counts.quarantined];
        std::iter::once(name.to_owned()).chain(counts.map(number)).collect::<Vec<_>>()
    };
    say("");
    let types: Vec<_> = report.types.iter().map(|(name, counts)| row(name, counts)).collect();
    table(&["TYPE", "READ", "APPLIED", "UNCHANGED", "DELETED", "QUARANTINED"], &types);
    let odd = report.files.iter().filter(|file| file.counts.quarantined > 0 || file.refused.is_some());
    let odd: Vec<_> = odd.map(|file| row(&file.name, &file.counts)).collect();
    if !odd.is_empty() {
        say("");
        table(
            &["FILE", "READ", "APPLIED", "UNCHANGED", "DELETED", "QUARANTINED"],
            odd.get(..odd.len().min(MOST_FILES)).unwrap_or_default(),
        );
        if odd.len() > MOST_FILES {
            say(format!("and {} more files with lines in quarantine; `--json` has them all", odd.len() - MOST_FILES));
        }
    }
    if !report.tally.reasons.is_empty() {
        say("");
        let reasons: Vec<_> = report.tally.reasons.iter().map(|(reason, count)| vec![count.to_string(), reason.clone()]).collect();
        table(&["LINES", "QUARANTINED BECAUSE"], &reasons);
    }
    for warning in &report.warnings {
        say(format!("\nNote: {warning}"));
    }
    match report.fresh_as_of {
        Some(at) => say(format!("\nThe records of `{source}` count as fresh as of {at}.")),
        None => say(format!(
            "\nFRESHNESS NOT MOVED: nobody said when these files were exported (`--as-of`), so messages to people of `{source}` are held as \
             `stale-source`\nunless the source is fresh by other means."
        )),
    }
}

/// Progress for a file or another program.
#[derive(Default)]
struct Lines(Mutex<Option<Instant>>);

impl Progress for Lines {
    fn phase(&self, words: &str) {
        let _ = writeln!(std::io::stderr().lock(), "  {words}");
    }

    fn counted(&self, counts: SyncCounts, _total: Option<u64>) {
        let Ok(mut said) = self.0.lock() else { return };
        let now = Instant::now();
        if said.is_none_or(|last| now.duration_since(last) >= LINE_EVERY) {
            let line = format!("  {} read, {} new or changed, {} in quarantine", counts.read, counts.applied, counts.quarantined);
            let _ = writeln!(std::io::stderr().lock(), "{line}");
            *said = Some(now);
        }
    }
}
