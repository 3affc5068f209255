//! P1, the whole way: lines of NDJSON files become durable patients, facts, raw copies, checkpoint and dirty marks; beside it, in the
//! same run and over the same lines, a bare parse into `serde_json::Value`, a bare insert into one clustered table, and the ingestion
//! of a peer where it is installed.
//!
//! `cargo bench -p gateway-sync --bench import -- [resources]`; `--postgres` takes PostgreSQL (started as the tests start it, so
//! without fsync); `--memory` imports one order alone and tells how much memory that took.

mod bare;
mod export;
mod peer;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use gateway_domain::ids::{SourceId, SyncRunId};
use gateway_domain::source::{Source, SyncRunStatus, SyncStrategy};
use gateway_fhir::FhirReader;
use gateway_ports::ehr::ResourceReader;
use gateway_ports::store::sync::ApplyBatch;
use gateway_ports::store::{SourceStore, SyncStore};
use gateway_store::Store;
use jiff::Timestamp;

use export::Export;

/// As the worker takes them from an export.
const PIECE: usize = 10_000;
const PIECE_BYTES: usize = 16 << 20;
const BASE: &str = "https://ehr.example.org/fhir";

pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |name: &str| arguments.iter().any(|it| it == name);
    let count = arguments.iter().find_map(|it| it.parse().ok()).unwrap_or(200_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(run(count, has("--postgres"), has("--memory")))
}

async fn run(count: usize, on_postgres: bool, memory: bool) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let in_order = Export::write(&folder.path().join("ordered"), count, false)?;
    say(&format!("{} lines, {} MB, {} bytes a line", in_order.lines, in_order.bytes >> 20, in_order.bytes / in_order.lines as u64))?;
    if memory {
        return tell_memory(folder.path(), &in_order).await;
    }
    let before = cpu()?;
    let bare = bare::insert(folder.path(), &in_order)?;
    report("bare clustered insert", in_order.lines, bare, bare, before)?;
    let before = cpu()?;
    report("bare parse, one thread", in_order.lines, bare::parse(&in_order)?, bare, before)?;
    let before = cpu()?;
    report("reading alone, one thread", in_order.lines, read_alone(&in_order)?, bare, before)?;
    let shuffled = Export::write(&folder.path().join("shuffled"), count, true)?;
    for (name, export) in [("new, patient order", &in_order), ("new, any order", &shuffled)] {
        let url = if on_postgres {
            conformance_tests::postgres::fresh_database().await.ok_or("PostgreSQL is left out")?
        } else {
            format!("sqlite://{}", folder.path().join(format!("{}.sqlite", name.len())).display())
        };
        let (store, source) = open(&url).await?;
        let before = cpu()?;
        report(name, export.lines, import(&store, &source, export, 1).await?, bare, before)?;
        let before = cpu()?;
        report("  the same again", export.lines, import(&store, &source, export, 2).await?, bare, before)?;
        store.close().await;
    }
    match peer::ingest(folder.path(), &in_order)? {
        peer::Ingested::Took { lines, seconds } => {
            let ratio = (lines as f64 / seconds) / (in_order.lines as f64 / bare);
            say(&format!("{:26} {:9.0} resources/s  {ratio:5.2} of bare insert", "Helios HFS", lines as f64 / seconds))
        }
        peer::Ingested::NotThere(reason) => say(&format!("Helios HFS: {reason}")),
    }
}

async fn open(url: &str) -> Outcome<(Store, Source)> {
    let store = Store::open(&url.parse()?).await?;
    store.migrate().await?;
    let source = store.put_source(SourceId::new(Timestamp::UNIX_EPOCH, [0; 10]), "bench", BASE).await?;
    Ok((store, source))
}

fn reader(source: &Source) -> Outcome<Arc<dyn ResourceReader>> {
    Ok(Arc::new(FhirReader::new(source.no, BASE, fhir_profiles::mapping("us-core")?)))
}

/// Seconds to import the files: while a piece is applied, the next one is read.
async fn import(store: &Store, source: &Source, export: &Export, run: u8) -> Outcome<f64> {
    let now = Timestamp::UNIX_EPOCH;
    let begun = Instant::now();
    let reader = reader(source)?;
    let run = store.begin_run(SyncRunId::new(now, [run; 10]), source.id, SyncStrategy::BulkFull, now).await?.id;
    let (give, mut take) = tokio::sync::mpsc::channel::<ApplyBatch>(1);
    let files = export.files.clone();
    let reading = tokio::task::spawn_blocking(move || -> Outcome<()> {
        for file in files {
            let mut lines = export::Lines::open(&file)?;
            loop {
                let piece = lines.next(PIECE, PIECE_BYTES)?;
                if piece.is_empty() {
                    break;
                }
                let mut resources = Vec::with_capacity(piece.len());
                for line in piece {
                    resources.push(reader.resource(line).map_err(|(error, _)| error.reason)?);
                }
                give.blocking_send(ApplyBatch { resources, checkpoint: Some("x".to_owned()), ..ApplyBatch::default() })?;
            }
        }
        Ok(())
    });
    let mut piece_no: u64 = 0;
    while let Some(batch) = take.recv().await {
        let mut entropy = [0; 10];
        entropy.iter_mut().zip(piece_no.to_be_bytes()).for_each(|(to, from)| *to = from);
        store.apply(run, batch, now, entropy).await?;
        piece_no += 1;
    }
    reading.await??;
    store.finish_run(run, SyncRunStatus::Complete, None, None, now).await?;
    Ok(begun.elapsed().as_secs_f64())
}

fn read_alone(export: &Export) -> Outcome<f64> {
    let source = Source {
        id: SourceId::new(Timestamp::UNIX_EPOCH, [0; 10]),
        no: gateway_domain::ids::SourceNo(1),
        name: "bench".to_owned(),
        base_url: BASE.to_owned(),
        complete_until: None,
        synced_at: None,
    };
    let reader = reader(&source)?;
    let mut seconds = 0.0;
    for file in &export.files {
        let mut lines = export::Lines::open(file)?;
        loop {
            let piece = lines.next(PIECE, PIECE_BYTES)?;
            if piece.is_empty() {
                break;
            }
            let (begun, read) = (Instant::now(), piece.len());
            let kept: Vec<_> = piece.into_iter().map(|line| reader.resource(line)).collect();
            seconds += begun.elapsed().as_secs_f64();
            if kept.iter().filter(|it| it.is_ok()).count() < read {
                return Err("a line was not read".into());
            }
        }
    }
    Ok(seconds)
}

async fn tell_memory(folder: &Path, export: &Export) -> Outcome<()> {
    let (store, source) = open(&format!("sqlite://{}", folder.join("memory.sqlite").display())).await?;
    let idle = memory("VmRSS:")?;
    let before = cpu()?;
    let seconds = import(&store, &source, export, 1).await?;
    report("new, patient order", export.lines, seconds, seconds, before)?;
    let most = memory("VmHWM:")?;
    say(&format!("memory: {} MB idle, {} MB at most: {} MB above idle", idle >> 10, most >> 10, most.saturating_sub(idle) >> 10))
}

/// A line of the process's own account, in KiB.
fn memory(name: &str) -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|it| it.starts_with(name)).ok_or("memory is told on Linux alone")?;
    Ok(line.split_ascii_whitespace().nth(1).ok_or("no number")?.parse()?)
}

/// CPU seconds this process has used, all threads together: the figure that a busy machine leaves alone.
fn cpu() -> Outcome<f64> {
    const TICKS: f64 = 100.0;
    let text = std::fs::read_to_string("/proc/self/stat")?;
    // After the name in brackets: the state is field 3, user and system time are 14 and 15.
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number - 3).and_then(|it| it.parse::<f64>().ok()).ok_or("no CPU time");
    Ok((field(14)? + field(15)?) / TICKS)
}

fn report(name: &str, count: usize, seconds: f64, bare: f64, cpu_before: f64) -> Outcome<()> {
    let rate = count as f64 / seconds;
    let each = (cpu()? - cpu_before) * 1e6 / count as f64;
    say(&format!("{name:26} {rate:9.0} resources/s  {:5.2} of bare insert  {each:5.1} us of CPU each", bare / seconds))
}

fn say(text: &str) -> Outcome<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}
