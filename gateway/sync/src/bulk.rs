//! Reading by bulk export.

use std::time::Duration;

use gateway_ports::ehr::{Ehr, EhrError, EhrErrorKind, ExportFile, ExportLines, ExportManifest, ExportRequest, ExportStatus};
use gateway_ports::store::sync::ApplyBatch;
use jiff::Timestamp;

use crate::checkpoint::Checkpoint;
use crate::error::SyncError;
use crate::intake::Intake;
use crate::run::ExportPlan;
use crate::worker::SyncOptions;

/// How often a file is opened again without having brought a line in between.
const MOST_REOPENINGS: u32 = 5;

/// Reads a whole export; the moment up to which it is complete.
pub(crate) async fn read(
    ehr: &dyn Ehr,
    intake: &mut Intake<'_>,
    plan: &ExportPlan,
    options: &SyncOptions,
) -> Result<(String, Option<Timestamp>), SyncError> {
    let (mut job, mut file_no, mut line_no) = match intake.stored_checkpoint() {
        Some(Checkpoint::Export { job, file, line }) => (job, file, line),
        _ => (start(ehr, intake, plan).await?, 0, 0),
    };
    let manifest = match wait(ehr, intake, &job, options).await {
        // The server has forgotten the job. What came of it is kept; the rest is asked for anew.
        Err(SyncError::Ehr(error)) if error.kind == EhrErrorKind::Gone => {
            (file_no, line_no) = (0, 0);
            job = start(ehr, intake, plan).await?;
            wait(ehr, intake, &job, options).await?
        }
        other => other?,
    };
    intake.total = manifest.files.iter().map(|it| it.count).sum::<Option<u64>>().filter(|it| *it > 0);
    intake.progress.phase("reading the export");
    for (at, file) in manifest.files.iter().enumerate().skip(file_no) {
        let place = Place { job: &job, file: at };
        read_file(ehr, intake, &place, file, line_no, options).await.map_err(resumable)?;
        line_no = 0;
    }
    read_deletions(ehr, intake, &manifest, options).await.map_err(resumable)?;
    read_errors(ehr, intake, &manifest, options).await.map_err(resumable)?;
    Ok((job, manifest.transaction_time))
}

/// A file that is gone while it is read belongs to a job that is gone: the run stays open, and finds that out when it goes on.
fn resumable(error: SyncError) -> SyncError {
    match error {
        SyncError::Ehr(error) if error.kind == EhrErrorKind::Gone => EhrError { kind: EhrErrorKind::Later(None), ..error }.into(),
        other => other,
    }
}

async fn start(ehr: &dyn Ehr, intake: &mut Intake<'_>, plan: &ExportPlan) -> Result<String, SyncError> {
    intake.progress.phase("asking for an export");
    let job = ehr.start_export(&ExportRequest { level: plan.level.clone(), types: plan.types.clone(), since: plan.since }).await?;
    intake.save(&Checkpoint::Export { job: job.clone(), file: 0, line: 0 }).await?;
    Ok(job)
}

async fn wait(ehr: &dyn Ehr, intake: &Intake<'_>, job: &str, options: &SyncOptions) -> Result<ExportManifest, SyncError> {
    let mut waited = Duration::ZERO;
    let mut pause = options.shortest_poll;
    loop {
        match ehr.export_status(job).await? {
            ExportStatus::Ready(manifest) => return Ok(manifest),
            ExportStatus::Working { retry_after, progress } => {
                intake.progress.phase(
                    &progress
                        .map_or_else(|| "the server prepares the export".to_owned(), |it| format!("the server prepares the export: {it}")),
                );
                let wait = retry_after.unwrap_or(pause).clamp(options.shortest_poll, options.longest_poll);
                if waited > options.longest_export {
                    return Err(SyncError::ExportTooLong(intake.source.name.clone()));
                }
                tokio::time::sleep(wait).await;
                waited += wait;
                pause = (pause * 2).min(options.longest_poll);
            }
        }
    }
}

struct Place<'a> {
    job: &'a str,
    file: usize,
}

/// Reads a file to its end. While a piece is being applied, the next one is fetched and read.
async fn read_file(
    ehr: &dyn Ehr,
    intake: &mut Intake<'_>,
    place: &Place<'_>,
    file: &ExportFile,
    skip: u64,
    options: &SyncOptions,
) -> Result<(), SyncError> {
    let mut at = skip;
    let mut reopened = 0;
    let mut lines = open(ehr, place, file, at).await?;
    let mut pending: Option<(ApplyBatch, Checkpoint)> = None;
    loop {
        let fetch = lines.next(options.batch_resources, options.batch_bytes);
        let applying = pending.take();
        let (fetched, applied) = tokio::join!(fetch, async {
            match applying {
                Some((batch, checkpoint)) => intake.apply(batch, Some(&checkpoint)).await,
                None => Ok(()),
            }
        });
        applied?;
        match fetched {
            Ok(read) => {
                let Some(last) = read.last().map(|it| it.number) else { break };
                (at, reopened) = (last, 0);
                let batch = intake.read(read, true).await?;
                pending = Some((batch, Checkpoint::Export { job: place.job.to_owned(), file: place.file, line: at }));
            }
            Err(error) if error.may_retry() && reopened < MOST_REOPENINGS => {
                reopened += 1;
                tracing::info!(%error, line = at, "Opening a file again");
                lines = open(ehr, place, file, at).await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    if let Some((batch, _)) = pending {
        intake.apply(batch, Some(&Checkpoint::Export { job: place.job.to_owned(), file: place.file + 1, line: 0 })).await?;
    }
    Ok(())
}

/// Opens a file; where its link has run out, the job's status gives a new one.
async fn open(ehr: &dyn Ehr, place: &Place<'_>, file: &ExportFile, skip: u64) -> Result<Box<dyn ExportLines>, EhrError> {
    match ehr.open_file(file, skip).await {
        Err(error) if error.kind == EhrErrorKind::Gone => match ehr.export_status(place.job).await? {
            ExportStatus::Ready(manifest) => match manifest.files.get(place.file) {
                Some(file) => ehr.open_file(file, skip).await,
                None => Err(error),
            },
            ExportStatus::Working { .. } => Err(error),
        },
        other => other,
    }
}

async fn read_deletions(ehr: &dyn Ehr, intake: &mut Intake<'_>, manifest: &ExportManifest, options: &SyncOptions) -> Result<(), SyncError> {
    for file in &manifest.deleted {
        let mut lines = ehr.open_file(file, 0).await?;
        loop {
            let read = lines.next(options.batch_resources, options.batch_bytes).await?;
            if read.is_empty() {
                break;
            }
            let mut batch = ApplyBatch::default();
            for line in read {
                match intake.reader.deletions(&line.bytes) {
                    Ok(deleted) => batch.deletes.extend(deleted),
                    Err(error) => intake.warn(error.reason),
                }
            }
            intake.apply(batch, None).await?;
        }
    }
    Ok(())
}

/// What the server says went wrong. An error means that data is missing.
async fn read_errors(ehr: &dyn Ehr, intake: &mut Intake<'_>, manifest: &ExportManifest, options: &SyncOptions) -> Result<(), SyncError> {
    let mut missing = None;
    for file in &manifest.errors {
        let mut lines = ehr.open_file(file, 0).await?;
        loop {
            let read = lines.next(options.batch_resources, options.batch_bytes).await?;
            if read.is_empty() {
                break;
            }
            let reader = intake.reader.clone();
            for finding in read.iter().flat_map(|line| reader.findings(&line.bytes)) {
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
