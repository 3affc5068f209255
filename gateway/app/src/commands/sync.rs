//! `outreach sync`: one source, once, with a bar where somebody watches and plain lines where nobody does.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use gateway_domain::source::SyncCounts;
use gateway_sync::{Progress, SyncError, SyncOptions, SyncReport};
use indicatif::{ProgressBar, ProgressStyle};

use crate::config::Config;
use crate::lifecycle::until_stopped;
use crate::progress::{is_watched, say};
use crate::wiring::{Parts, ehr, identity};

/// Between two plain lines with counts.
const LINE_EVERY: Duration = Duration::from_secs(2);

/// Syncs once. A stop in the middle is a pause: the same command goes on from there.
///
/// # Errors
/// Where the server or the database does not answer, or the run can't be completed.
pub(crate) async fn run(config: &Config, parts: &Parts, name: &str, full: bool) -> anyhow::Result<()> {
    let section = config.source(name)?;
    section.server_url()?;
    ehr::put_source(parts, section).await?;
    identity::adopt_and_relink(parts, config).await?;
    let feed = ehr::feed(parts, config, section).await?;
    let options = SyncOptions { full, now: true, ..ehr::options(section)? };
    let watcher: Box<dyn Progress> = if is_watched() { Box::new(Bar::new()) } else { Box::new(Lines::default()) };
    let worker = ehr::worker(parts);
    let up_to_date = async {
        loop {
            let report = worker.run_once(&feed, &options, watcher.as_ref()).await?;
            if !report.resumed {
                return Ok::<SyncReport, SyncError>(report);
            }
            tell(&section.name, "the interrupted run is at its end", &report);
        }
    };
    let report = tokio::select! {
        report = up_to_date => report,
        () = until_stopped() => {
            drop(watcher);
            say("Stopped. The same command goes on from here.");
            return Ok(());
        }
    };
    drop(watcher);
    let report = report.with_context(|| format!("the sync of `{name}` is not complete; the same command goes on from there"))?;
    tell(&section.name, "up to date", &report);
    Ok(())
}

fn tell(source: &str, what: &str, report: &SyncReport) {
    say(format!("{source}, {what}: {report}."));
    for warning in &report.warnings {
        say(format!("  {warning}"));
    }
}

/// For a terminal.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }
}

impl Progress for Bar {
    fn phase(&self, words: &str) {
        self.0.set_message(words.to_owned());
    }

    fn counted(&self, counts: SyncCounts, total: Option<u64>) {
        if self.0.length() != total
            && let (Some(total), Ok(style)) =
                (total, ProgressStyle::with_template("{msg}\n{wide_bar} {human_pos}/{human_len}  {per_sec}  {eta}"))
        {
            self.0.set_length(total);
            self.0.set_style(style);
        }
        self.0.set_position(counts.read);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// For a file or another program.
#[derive(Default)]
struct Lines {
    /// The last phase, and when counts were last printed.
    said: Mutex<(String, Option<Instant>)>,
}

impl Progress for Lines {
    fn phase(&self, words: &str) {
        let Ok(mut said) = self.said.lock() else { return };
        if said.0 != words {
            say(format!("  {words}"));
            words.clone_into(&mut said.0);
        }
    }

    fn counted(&self, counts: SyncCounts, total: Option<u64>) {
        let Ok(mut said) = self.said.lock() else { return };
        let now = Instant::now();
        if said.1.is_none_or(|last| now.duration_since(last) >= LINE_EVERY) {
            let of = total.map_or_else(String::new, |total| format!(" of {total}"));
            say(format!("  {}{of} read, {} new or changed, {} in quarantine", counts.read, counts.applied, counts.quarantined));
            said.1 = Some(now);
        }
    }
}
