//! Reading by bulk export.

mod file;
mod files;
mod position;

use std::collections::BTreeMap;
use std::time::Duration;

use gateway_ports::ehr::{Ehr, EhrError, EhrErrorKind, ExportManifest, ExportRequest, ExportStatus};
use gateway_ports::store::sync::ApplyBatch;
use jiff::Timestamp;

use self::file::{Export, List, Read, SteadyFile};
pub(crate) use self::position::ExportPosition;
use crate::checkpoint::Checkpoint;
use crate::error::SyncError;
use crate::intake::Intake;
use crate::run::ExportPlan;
use crate::worker::SyncOptions;

/// Failures in a row after which a call is given up; the run stays open.
const MOST_FAILURES: u32 = 8;
/// A job whose status can't be had is given up for a new one only when it was asked for this long ago.
const LONGEST_SILENCE: Duration = Duration::from_hours(24);

/// Reads a whole export: its job, and the moment up to which it is complete. `held` is how many resources of each type are known.
pub(crate) async fn read(
    ehr: &dyn Ehr,
    intake: &mut Intake<'_>,
    plan: &ExportPlan,
    options: &SyncOptions,
    held: &BTreeMap<String, u64>,
) -> Result<(String, Option<Timestamp>), SyncError> {
    let mut position = match intake.stored_checkpoint() {
        Some(Checkpoint::Export(position)) => position,
        _ => start(ehr, intake, plan, options).await?,
    };
    let mut read = read_job(ehr, intake, &mut position, options).await;
    if matches!(&read, Err(error) if is_lost(error)) {
        // The server has forgotten the job, or what it made. What came of it is kept; the rest is asked for anew.
        intake.progress.phase("the server has lost the export; asking for a new one");
        position = start(ehr, intake, plan, options).await?;
        read = read_job(ehr, intake, &mut position, options).await;
    }
    let read = read.map_err(|error| match error {
        SyncError::Ehr(error) if error.kind == EhrErrorKind::Gone => {
            SyncError::Incomplete { source_name: intake.source.name.clone(), reason: error.to_string() }
        }
        other => other,
    });
    match read.and_then(|until| if plan.since.is_none() { check(intake, &position, plan, held).map(|()| until) } else { Ok(until) }) {
        Ok(until) => {
            intake.state.doubtful.append(&mut position.doubtful);
            Ok((position.job, until))
        }
        Err(error) => {
            if !error.may_resume() {
                end(ehr, &position.job).await;
            }
            Err(error)
        }
    }
}

/// Tells the server that an export is not needed any more. Servers allow few at a time; one that can't be ended runs out by itself.
pub(crate) async fn end(ehr: &dyn Ehr, job: &str) {
    if let Err(error) = ehr.end_export(job).await {
        tracing::info!(%error, "An export was not ended");
    }
}

fn is_lost(error: &SyncError) -> bool {
    matches!(error, SyncError::Ehr(error) if error.kind == EhrErrorKind::Gone)
}

/// A full export that shows nothing where something is known is not believed.
fn check(intake: &Intake<'_>, position: &ExportPosition, plan: &ExportPlan, held: &BTreeMap<String, u64>) -> Result<(), SyncError> {
    let known: u64 = plan.types.iter().filter_map(|name| held.get(name)).sum();
    if position.seen.is_empty() && position.doubtful.is_empty() && known > 0 {
        let reason = format!(
            "the export came back empty where {known} resources are known; nothing was deleted, check what the client may read there"
        );
        return Err(SyncError::Incomplete { source_name: intake.source.name.clone(), reason });
    }
    Ok(())
}

/// Asks for an export. A server that has no room for one is asked again; until it has, there is no run.
async fn start(ehr: &dyn Ehr, intake: &mut Intake<'_>, plan: &ExportPlan, options: &SyncOptions) -> Result<ExportPosition, SyncError> {
    let types = plan.types.clone();
    let request = ExportRequest { level: plan.level.clone(), types, since: plan.since, type_filters: options.type_filters.clone() };
    let began = intake.clock.now();
    let mut failures = 0;
    loop {
        intake.progress.phase("asking for an export");
        let error = match ehr.start_export(&request).await {
            Ok(started) => {
                for name in started.left_out {
                    intake.warn(format!("the server refuses {name}, so the export brings more than was asked for"));
                }
                let position = ExportPosition::of(started.job, intake.clock.now());
                intake.save(&Checkpoint::Export(position.clone())).await?;
                return Ok(position);
            }
            Err(error) => error,
        };
        let EhrErrorKind::Later(wish) = error.kind else { return Err(error.into()) };
        if (wish.is_none() && failures >= MOST_FAILURES) || waited(intake, began) > options.longest_export {
            return Err(error.into());
        }
        let pause = wish.unwrap_or_else(|| growing(options, failures)).clamp(options.shortest_poll, options.longest_poll);
        failures += 1;
        intake.progress.phase(&format!("the server takes no export yet; asking again in {}", in_words(pause)));
        tokio::time::sleep(pause).await;
    }
}

fn waited(intake: &Intake<'_>, since: Timestamp) -> Duration {
    Duration::try_from(intake.clock.now().duration_since(since)).unwrap_or_default()
}

fn growing(options: &SyncOptions, failures: u32) -> Duration {
    options.shortest_poll.saturating_mul(1 << failures.min(16)).min(options.longest_poll)
}

fn in_words(pause: Duration) -> String {
    if pause.as_secs() >= 120 { format!("{} minutes", pause.as_secs() / 60) } else { format!("{} seconds", pause.as_secs().max(1)) }
}

async fn wait(ehr: &dyn Ehr, intake: &Intake<'_>, position: &ExportPosition, options: &SyncOptions) -> Result<ExportManifest, SyncError> {
    let asked_at = position.asked_at.unwrap_or_else(|| intake.clock.now());
    let (mut failures, mut looks) = (0, 0);
    loop {
        let wish = match ehr.export_status(&position.job).await {
            Ok(ExportStatus::Ready(manifest)) => return Ok(manifest),
            Ok(ExportStatus::Working { retry_after, progress }) => {
                failures = 0;
                let words = progress.map_or_else(String::new, |it| format!(": {it}"));
                intake.progress.phase(&format!("the server prepares the export{words}"));
                retry_after
            }
            Err(error) => {
                let EhrErrorKind::Later(wish) = error.kind else { return Err(error.into()) };
                failures += 1;
                if failures > MOST_FAILURES {
                    let lost = waited(intake, asked_at) > LONGEST_SILENCE;
                    return Err(if lost { EhrError { kind: EhrErrorKind::Gone, ..error }.into() } else { error.into() });
                }
                intake.progress.phase(&format!("the server does not say how the export stands ({})", error.reason));
                wish
            }
        };
        if waited(intake, asked_at) > options.longest_export {
            return Err(SyncError::ExportTooLong(intake.source.name.clone()));
        }
        let pause = wish.unwrap_or_else(|| growing(options, looks)).clamp(options.shortest_poll, options.longest_poll);
        looks += 1;
        tokio::time::sleep(pause).await;
    }
}

/// Waits for a job and reads what it made.
async fn read_job(
    ehr: &dyn Ehr,
    intake: &mut Intake<'_>,
    position: &mut ExportPosition,
    options: &SyncOptions,
) -> Result<Option<Timestamp>, SyncError> {
    if position.all_read {
        return Ok(position.until);
    }
    let manifest = wait(ehr, intake, position, options).await?;
    position.take_up(&manifest);
    let source = intake.source.name.clone();
    let export = Export { ehr, job: &position.job.clone(), source: &source, options };
    if !position.deletions_read {
        // Before the files: what was deleted and made anew is in them.
        read_deletions(export, intake, &manifest).await?;
        position.deletions_read = true;
        intake.save(&Checkpoint::Export(position.clone())).await?;
    }
    files::read(export, intake, &manifest, position).await?;
    read_errors(export, intake, &manifest).await?;
    (position.all_read, position.until) = (true, manifest.transaction_time);
    intake.save(&Checkpoint::Export(position.clone())).await?;
    Ok(manifest.transaction_time)
}

async fn read_deletions(export: Export<'_>, intake: &mut Intake<'_>, manifest: &ExportManifest) -> Result<(), SyncError> {
    let options = export.options;
    for number in 0..manifest.deleted.len() {
        let Some(mut file) = SteadyFile::new(export, manifest, List::Deleted, number, 0) else { continue };
        loop {
            let lines = match file.next(options.batch_resources, options.batch_bytes).await? {
                Read::Lines(lines) => lines,
                Read::FromTheStart => continue,
                Read::End { .. } => break,
            };
            let mut batch = ApplyBatch::default();
            for line in lines {
                match intake.reader.deletions(&line.bytes) {
                    Ok(deletions) => {
                        if deletions.unreadable > 0 {
                            intake.warn("a deletion names no resource of this server; it is found by the next full run".to_owned());
                        }
                        batch.deletes.extend(deletions.gone);
                    }
                    Err(error) => intake.warn(error.reason),
                }
            }
            intake.apply(batch, None).await?;
        }
    }
    Ok(())
}

/// What the server says went wrong. An error means that data is missing.
async fn read_errors(export: Export<'_>, intake: &mut Intake<'_>, manifest: &ExportManifest) -> Result<(), SyncError> {
    let options = export.options;
    let mut missing = None;
    for number in 0..manifest.errors.len() {
        let Some(mut file) = SteadyFile::new(export, manifest, List::Errors, number, 0) else { continue };
        loop {
            let lines = match file.next(options.batch_resources, options.batch_bytes).await? {
                Read::Lines(lines) => lines,
                Read::FromTheStart => continue,
                Read::End { .. } => break,
            };
            let reader = intake.reader.clone();
            for finding in lines.iter().flat_map(|line| reader.findings(&line.bytes)) {
                if finding.is_error && missing.is_none() {
                    missing = Some(finding.text.clone());
                }
                intake.warn(finding.text);
            }
        }
    }
    match missing {
        Some(reason) => Err(SyncError::Incomplete { source_name: intake.source.name.clone(), reason }),
        None => Ok(()),
    }
}
