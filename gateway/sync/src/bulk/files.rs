//! The files of an export, several at a time. Each is fetched and read by itself; what was read is applied one piece after the other,
//! and each piece carries the places in all files, so that a run goes on exactly where it was.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use futures_util::stream;
use gateway_domain::ids::SourceId;
use gateway_ports::ehr::{ExportLine, ExportManifest, ResourceReader};
use gateway_ports::store::sync::ApplyBatch;
use tokio::sync::mpsc;

use super::file::{Export, List, Read, SteadyFile};
use super::position::ExportPosition;
use crate::checkpoint::Checkpoint;
use crate::error::SyncError;
use crate::intake::{Intake, read_lines};

/// A piece is at least this large, however many files are read at a time.
const SMALLEST_PIECE: usize = 512 << 10;

/// What came of a file.
struct Piece {
    file: usize,
    resource_type: Option<String>,
    what: What,
}

enum What {
    /// Resources, read up to this line.
    Batch(ApplyBatch, u64),
    /// All of the file comes again.
    FromTheStart,
    /// The file is read to its end; so many lines of it never came.
    End(u64),
}

/// Reads all files that are not read yet.
pub(super) async fn read(
    export: Export<'_>,
    intake: &mut Intake<'_>,
    manifest: &ExportManifest,
    position: &mut ExportPosition,
) -> Result<(), SyncError> {
    let rest = position.rest(manifest.files.len());
    let counts = manifest.files.iter().map(|it| it.count).sum::<Option<u64>>();
    let done = manifest.files.iter().enumerate().map(|(file, it)| match rest.iter().find(|(other, _)| *other == file) {
        Some((_, line)) => *line,
        None => it.count.unwrap_or_default(),
    });
    intake.total = counts.map(|total| total.saturating_sub(done.sum())).filter(|it| *it > 0);
    let at_a_time = export.options.parallel_files.clamp(1, 16);
    let (send, receive) = mpsc::channel(1);
    let (reader, source) = (intake.reader.clone(), intake.source.id);
    let reading = async move {
        let files = stream::iter(rest.into_iter().map(Ok::<_, SyncError>));
        let one = |(file, skip)| read_one(export, manifest, file, skip, reader.clone(), source, send.clone());
        files.try_for_each_concurrent(at_a_time, one).await
        // The last sender ends here, and with it the applying.
    };
    let (read, applied) = tokio::join!(reading, apply(intake, manifest, position, receive));
    applied?;
    read
}

async fn read_one(
    export: Export<'_>,
    manifest: &ExportManifest,
    number: usize,
    skip: u64,
    reader: Arc<dyn ResourceReader>,
    source: SourceId,
    send: mpsc::Sender<Piece>,
) -> Result<(), SyncError> {
    let options = export.options;
    let most_bytes = (options.batch_bytes / options.parallel_files.clamp(1, 16)).max(SMALLEST_PIECE).min(options.batch_bytes);
    let Some(mut file) = SteadyFile::new(export, manifest, List::Output, number, skip) else { return Ok(()) };
    loop {
        let what = match file.next(options.batch_resources, most_bytes).await? {
            Read::Lines(lines) => What::Batch(wanted(&reader, source, lines).await?, file.line()),
            Read::FromTheStart => What::FromTheStart,
            Read::End { missing } => What::End(missing),
        };
        let at_end = matches!(what, What::End(_));
        let piece = Piece { file: number, resource_type: file.resource_type().map(str::to_owned), what };
        // Nobody takes it where applying has failed, which is told there.
        if send.send(piece).await.is_err() || at_end {
            return Ok(());
        }
    }
}

/// Reads lines, and keeps the types that are wanted: files of mixed types carry headers, and servers send more than was asked for.
async fn wanted(reader: &Arc<dyn ResourceReader>, source: SourceId, lines: Vec<ExportLine>) -> Result<ApplyBatch, SyncError> {
    let mut batch = read_lines(reader.clone(), source, lines, true).await?;
    let types = reader.types();
    batch.resources.retain(|it| types.contains(&it.resource_type));
    batch.quarantined.retain(|it| it.resource_type.as_ref().is_none_or(|name| types.contains(name) || !reader.knows(name)));
    Ok(batch)
}

async fn apply(
    intake: &mut Intake<'_>,
    manifest: &ExportManifest,
    position: &mut ExportPosition,
    mut pieces: mpsc::Receiver<Piece>,
) -> Result<(), SyncError> {
    let files = manifest.files.len();
    let tell = |intake: &Intake<'_>, position: &ExportPosition| {
        let done = position.done + position.ahead.len();
        intake.progress.phase(&format!("reading the export, {done} of {files} files"));
    };
    tell(intake, position);
    while let Some(Piece { file, resource_type, what }) = pieces.recv().await {
        match what {
            What::Batch(batch, line) => {
                for resource in &batch.resources {
                    if !position.seen.contains(&resource.resource_type) {
                        position.seen.insert(resource.resource_type.clone());
                    }
                }
                // One that says which resource it is counts as seen.
                for line in batch.quarantined.iter().filter(|it| it.resource_type.is_none() || it.fhir_id.is_none()) {
                    // An empty name stands for every type.
                    position.doubtful.insert(line.resource_type.clone().or_else(|| resource_type.clone()).unwrap_or_default());
                }
                position.moved(file, line);
                intake.apply(batch, Some(&Checkpoint::Export(position.clone()))).await?;
            }
            What::FromTheStart => {
                position.moved(file, 0);
                intake.warn("a file of the export came damaged and was read again".to_owned());
                intake.save(&Checkpoint::Export(position.clone())).await?;
            }
            // Noted with the next piece: read again after a crash, the file has nothing more to give.
            What::End(missing) => {
                if missing > 0 {
                    position.doubtful.insert(resource_type.unwrap_or_default());
                    intake.warn(format!("a file of the export has {missing} lines less than its manifest says"));
                }
                position.finished(file);
                tell(intake, position);
            }
        }
    }
    Ok(())
}
