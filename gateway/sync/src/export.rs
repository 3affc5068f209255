//! Reading by FHIR Bulk Data export: kick-off, status, files. A stop anywhere goes on at the line after the last one applied.

use std::time::Duration;

use gateway_ports::ehr::{Ehr, EhrErrorKind, ExportFile, ExportLines, ExportManifest, ExportRequest, ExportStatus};
use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::SyncError;
use crate::batch::{Content, Raw, ReadBatch, read};
use crate::checkpoint::Checkpoint;
use crate::plan::Plan;
use crate::progress::Phase;
use crate::reading::Reading;

/// A batch that was read, and the number of lines of its file that are read with it.
type Piece = (ReadBatch, u64);

/// A place in an export.
#[derive(Clone)]
struct Place {
    job: String,
    transaction_time: Option<Timestamp>,
    files: usize,
    lines: u64,
}

impl Place {
    fn checkpoint(&self) -> Checkpoint {
        Checkpoint::Export { job: self.job.clone(), transaction_time: self.transaction_time, files: self.files, lines: self.lines }
    }
}

/// Reads an export to its end; the server's clock at the export.
pub(crate) async fn run(reading: &mut Reading<'_>, plan: &Plan) -> Result<Option<Timestamp>, SyncError> {
    let ehr = reading.deps.ehr.clone();
    let mut place = match reading.checkpoint() {
        Some(Checkpoint::Export { job, transaction_time, files, lines }) => Place { job, transaction_time, files, lines },
        _ => kick_off(reading, plan).await?,
    };
    let manifest = match wait(reading, &place.job).await {
        // The server has forgotten the job: begin anew. What was applied is recognised by its content.
        Err(SyncError::Ehr(error)) if error.kind == EhrErrorKind::Gone => {
            place = kick_off(reading, plan).await?;
            wait(reading, &place.job).await?
        }
        other => other?,
    };
    place.transaction_time = manifest.transaction_time;
    let resources = manifest.files.iter().map(|file| file.count).sum::<Option<u64>>();
    reading.progress.phase(&Phase::Downloading { files: manifest.files.len(), resources });

    let files = manifest.files.iter().map(|file| (file, Some(Content::Resources)));
    let deleted = manifest.deleted.iter().map(|file| (file, Some(Content::Deletions)));
    let errors = manifest.errors.iter().map(|file| (file, None));
    let begin = place.files;
    for (number, (file, content)) in files.chain(deleted).chain(errors).enumerate().skip(begin) {
        reading.go_on()?;
        match content {
            Some(content) => apply_file(reading, ehr.as_ref(), file, content, &mut place).await?,
            None => hear_errors(reading, ehr.as_ref(), file).await?,
        }
        place.files = number + 1;
        place.lines = 0;
        reading.save(&place.checkpoint()).await?;
    }
    if let Err(error) = ehr.end_export(&place.job).await {
        reading.note(format!("The server was told that the export is not needed any more, and answered: {error}"));
    }
    Ok(manifest.transaction_time)
}

async fn kick_off(reading: &mut Reading<'_>, plan: &Plan) -> Result<Place, SyncError> {
    reading.begin().await?;
    let request = ExportRequest { level: plan.level.clone(), types: reading.deps.reader.types().to_vec(), since: plan.since };
    let job = reading.deps.ehr.start_export(&request).await?;
    let place = Place { job, transaction_time: None, files: 0, lines: 0 };
    reading.save(&place.checkpoint()).await?;
    Ok(place)
}

async fn wait(reading: &Reading<'_>, job: &str) -> Result<ExportManifest, SyncError> {
    let (least, most) = reading.settings.export_poll_bounds;
    loop {
        reading.go_on()?;
        match reading.deps.ehr.export_status(job).await? {
            ExportStatus::Ready(manifest) => return Ok(manifest),
            ExportStatus::Working { retry_after, progress } => {
                reading.progress.phase(&Phase::Waiting(progress));
                let pause = retry_after.unwrap_or(reading.settings.export_poll).clamp(least, most);
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = reading.stop.cancelled() => return Err(SyncError::Stopped),
                }
            }
        }
    }
}

/// Reads a file and applies it, the next batch being read while one is applied.
async fn apply_file(
    reading: &mut Reading<'_>,
    ehr: &dyn Ehr,
    file: &ExportFile,
    content: Content,
    place: &mut Place,
) -> Result<(), SyncError> {
    let (pieces, mut arriving) = mpsc::channel::<Piece>(2);
    let reader = reading.reader();
    let (settings, progress, stop) = (reading.settings, reading.progress, reading.stop);
    let begin = place.lines;

    let produce = async move {
        let mut done = begin;
        let mut cuts = 0;
        let mut lines = ehr.open_file(file, done).await?;
        loop {
            match next(lines.as_mut(), settings.batch_resources, settings.batch_bytes).await {
                Ok(batch) if batch.is_empty() => return Ok::<(), SyncError>(()),
                Ok(batch) => {
                    cuts = 0;
                    done = batch.last().and_then(|raw| raw.line).unwrap_or(done);
                    let piece = (read(&reader, content, batch).await?, done);
                    if pieces.send(piece).await.is_err() {
                        return Ok(());
                    }
                }
                Err(SyncError::Ehr(error)) if error.may_retry() && cuts < settings.reopen && !stop.is_cancelled() => {
                    cuts += 1;
                    progress.phase(&Phase::Retrying(error.to_string()));
                    tokio::time::sleep(Duration::from_millis(200) * 2_u32.pow(cuts)).await;
                    lines = ehr.open_file(file, done).await?;
                }
                Err(error) => return Err(error),
            }
        }
    };
    let consume = async {
        while let Some((batch, lines)) = arriving.recv().await {
            reading.go_on()?;
            place.lines = lines;
            reading.apply(batch, Some(&place.checkpoint())).await?;
        }
        Ok::<(), SyncError>(())
    };
    // A failure of either ends both: dropping the channel's other end stops the one that is left.
    tokio::try_join!(produce, consume).map(|((), ())| ())
}

async fn next(lines: &mut dyn ExportLines, most: usize, bytes: usize) -> Result<Vec<Raw>, SyncError> {
    let lines = lines.next(most, bytes).await?;
    Ok(lines.into_iter().map(|line| Raw { line: Some(line.number), bytes: line.bytes, too_long: line.too_long }).collect())
}

/// Hears what the server says went wrong. An error means that something is missing.
async fn hear_errors(reading: &mut Reading<'_>, ehr: &dyn Ehr, file: &ExportFile) -> Result<(), SyncError> {
    let mut lines = ehr.open_file(file, 0).await?;
    loop {
        let batch = next(lines.as_mut(), reading.settings.batch_resources, reading.settings.batch_bytes).await?;
        if batch.is_empty() {
            return Ok(());
        }
        for raw in batch {
            for finding in reading.deps.reader.findings(&raw.bytes) {
                if finding.is_error {
                    reading.mark_incomplete(format!("The server reports an error in its export: {}", finding.text));
                } else {
                    reading.note(finding.text);
                }
            }
        }
    }
}
