//! P1, the whole way: lines of NDJSON files become durable patients, facts, raw copies, checkpoint and dirty marks, by the import that
//! `outreach import` makes; beside it, in the same run and over the same lines, a bare parse into `serde_json::Value`, a bare insert into
//! one clustered table, and the ingestion of a peer where it is installed.
//!
//! `cargo bench -p gateway-sync --bench import -- [resources]`; `--postgres` takes PostgreSQL (started as the tests start it, so
//! without fsync); `--memory` imports one order alone and tells how much memory that took; `--times 3` measures everything so often,
//! one after the other, because machines are shared.

mod account;
mod bare;
mod export;
mod peer;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use conformance_tests::postgres;
use gateway_domain::code::SharedCodings;
use gateway_domain::ids::{SourceId, SourceNo};
use gateway_fhir::{FhirReader, Folder, FolderLimits};
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::ehr::ResourceReader;
use gateway_ports::handover::{Handover as _, HandoverContent};
use gateway_ports::store::SourceStore;
use gateway_store::Store;
use gateway_sync::{ImportFeed, ImportOptions, Quiet, SyncWorker};
use jiff::Timestamp;

use account::{Account, memory};
use export::Export;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// As the import takes them from a folder.
const PIECE: usize = 10_000;
const PIECE_BYTES: usize = 16 << 20;
const BASE: &str = "https://ehr.example.org/fhir";
const SOURCE: &str = "bench";

pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |name: &str| arguments.iter().any(|it| it == name);
    let times = arguments.iter().skip_while(|it| *it != "--times").nth(1).and_then(|it| it.parse().ok()).unwrap_or(1);
    let number = |at: usize| arguments.get(at).filter(|_| at == 0 || arguments.get(at - 1).is_none_or(|it| it != "--times"));
    let count = (0..arguments.len()).find_map(|at| number(at)?.parse().ok()).unwrap_or(200_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(run(count, times, has("--postgres"), has("--memory")))
}

async fn run(count: usize, times: usize, on_postgres: bool, memory: bool) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let in_order = Export::write(&folder.path().join("ordered"), count, false)?;
    say(&format!("{} lines, {} MB, {} bytes a line", in_order.lines, in_order.bytes >> 20, in_order.bytes / in_order.lines as u64))?;
    if memory {
        return tell_memory(folder.path(), &in_order).await;
    }
    let shuffled = Export::write(&folder.path().join("shuffled"), count, true)?;
    for time in 0..times {
        let account = Account::open()?;
        let parse = bare::parse(&in_order)?;
        report("bare parse, one thread", &in_order, parse, (parse, parse), account)?;
        let account = Account::open()?;
        report("reading alone, one thread", &in_order, read_alone(&in_order)?, (parse, parse), account)?;
        for (name, export) in [("patient order", &in_order), ("any order", &shuffled)] {
            let account = Account::open()?;
            let bare = bare::insert(export)?;
            report(&format!("bare clustered insert, {name}"), export, bare, (bare, parse), account)?;
            let url = if on_postgres {
                postgres::fresh_database().await.ok_or("PostgreSQL is left out")?
            } else {
                format!("sqlite://{}", export.folder.with_extension(format!("{time}.sqlite")).display())
            };
            let store = open(&url).await?;
            let twice = bare::parse_twice(export)?;
            say(&format!("two threads at once parse {:.2} times as much as one", 2.0 * parse / twice))?;
            for name in [format!("new, {name}"), "  the same again".to_owned()] {
                let account = Account::open()?;
                report(&name, export, import(&store, export).await?, (bare, parse), account)?;
            }
            store.close().await;
        }
    }
    match peer::ingest(folder.path(), &in_order)? {
        peer::Ingested::Took { lines, seconds } => say(&format!("{:32} {:9.0} resources/s", "Helios HFS", lines as f64 / seconds)),
        peer::Ingested::NotThere(reason) => say(&format!("Helios HFS: {reason}")),
    }
}

async fn open(url: &str) -> Outcome<Arc<Store>> {
    let store = Store::open(&url.parse()?).await?;
    store.migrate().await?;
    store.put_source(SourceId::new(Timestamp::UNIX_EPOCH, [0; 10]), SOURCE, "").await?;
    Ok(Arc::new(store))
}

fn reader(no: SourceNo) -> Outcome<Arc<dyn ResourceReader>> {
    Ok(Arc::new(FhirReader::new(no, BASE, fhir_profiles::mapping("us-core")?)))
}

/// Seconds to import the folder.
async fn import(store: &Arc<Store>, export: &Export) -> Outcome<f64> {
    let begun = Instant::now();
    let source = store.source_by_name(SOURCE).await?.ok_or("there is no source")?;
    let handover = Arc::new(Folder::look(&export.folder, true, FolderLimits::default())?);
    let feed = ImportFeed { source: SOURCE.to_owned(), handover, reader: reader(source.no)? };
    let worker = SyncWorker::new(store.clone(), store.clone(), Arc::new(SystemClock), Arc::new(SystemEntropy));
    let report = worker.import(&feed, &ImportOptions::default(), &Quiet).await?;
    let seconds = begun.elapsed().as_secs_f64();
    if report.counts.read != export.lines as u64 || report.counts.quarantined > 0 {
        return Err(format!("not all of it was read: {report}").into());
    }
    Ok(seconds)
}

fn read_alone(export: &Export) -> Outcome<f64> {
    let reader = reader(SourceNo(1))?;
    let folder = Folder::look(&export.folder, true, FolderLimits::default())?;
    let begun = Instant::now();
    for document in 0..folder.documents().len() {
        let mut records = folder.open(document, 0).map_err(|damage| damage.reason)?;
        let (mut kept, mut codings) = (Vec::with_capacity(PIECE), SharedCodings::default());
        while let Some(record) = records.next().map_err(|damage| damage.reason)? {
            let HandoverContent::Resource(raw) = record.content else { return Err("a line is no resource".into()) };
            kept.push(reader.resource_of(raw, &mut codings).map_err(|(unreadable, _)| unreadable.reason)?);
            if kept.len() == PIECE {
                kept.clear();
            }
        }
    }
    Ok(begun.elapsed().as_secs_f64())
}

async fn tell_memory(folder: &Path, export: &Export) -> Outcome<()> {
    let store = open(&format!("sqlite://{}", folder.join("memory.sqlite").display())).await?;
    let idle = memory("VmRSS:")?;
    for name in ["new, patient order", "  the same again"] {
        let account = Account::open()?;
        let seconds = import(&store, export).await?;
        report(name, export, seconds, (seconds, seconds), account)?;
        let (now, most) = (memory("VmRSS:")?, memory("VmHWM:")?);
        say(&format!(
            "memory: {} MB idle, {} MB at the end, {} MB at most: {} MB above idle",
            idle >> 10,
            now >> 10,
            most >> 10,
            most.saturating_sub(idle) >> 10
        ))?;
    }
    Ok(())
}

fn report(name: &str, export: &Export, seconds: f64, (insert, parse): (f64, f64), account: Account) -> Outcome<()> {
    let count = export.lines as f64;
    let (cpu, busiest) = account.close()?;
    say(&format!(
        "{name:36} {:9.0} resources/s {:5.2} of bare insert {:5.2} of bare parse {:5.1} us of CPU each, {:5.1} in the busiest thread",
        count / seconds,
        insert / seconds,
        parse / seconds,
        cpu * 1e6 / count,
        busiest * 1e6 / count
    ))
}

fn say(text: &str) -> Outcome<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}

struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "what is measured runs by the system's clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Numbers far apart are as good as chance here.
struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed).to_be_bytes();
        buffer.iter_mut().zip(number.iter().cycle()).for_each(|(to, from)| *to = *from);
    }
}
