//! How many resources a second become durable: new in the order of the patients, new in any order, and unchanged; beside the bare
//! insert of the same rows into a clustered table, in the same run. `cargo bench -p gateway-store --bench apply -- [resources]`.

use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use gateway_domain::code::Coding;
use gateway_domain::date::PartialDate;
use gateway_domain::fact::{FactFlags, FactKind, ReadFact};
use gateway_domain::ids::{SourceId, SourceNo, SyncRunId};
use gateway_domain::projection::{Projection, ReadClinical, ReadResource};
use gateway_domain::resource::{ContentHash, ResourceKey};
use gateway_domain::source::{Source, SyncRunStatus, SyncStrategy};
use gateway_ports::store::sync::ApplyBatch;
use gateway_ports::store::{SourceStore, SyncStore};
use gateway_store::Store;
use jiff::Timestamp;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Arguments, AssertSqlSafe, Connection, SqliteConnection};

const BATCH: usize = 10_000;
const FOR_EACH_PATIENT: usize = 100;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let count = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(200_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(run(count))
}

async fn run(count: usize) -> Outcome<()> {
    let bare = bare_insert(count).await?;
    report("bare clustered insert", count, bare, bare)?;
    report("bare parse", count, bare_parse(count)?, bare)?;
    for (name, shuffled) in [("new, patient order", false), ("new, any order", true)] {
        let folder = tempfile::tempdir()?;
        let store = Store::open(&format!("sqlite://{}", folder.path().join("bench.sqlite").display()).parse()?).await?;
        store.migrate().await?;
        let source = store.put_source(SourceId::new(Timestamp::UNIX_EPOCH, [0; 10]), "bench", "https://example.org").await?;
        report(name, count, full_run(&store, &source, count, shuffled, 1).await?, bare)?;
        report("  the same again", count, full_run(&store, &source, count, shuffled, 2).await?, bare)?;
    }
    Ok(())
}

/// Seconds a full run takes, without the making of its resources.
async fn full_run(store: &Store, source: &Source, count: usize, shuffled: bool, run: u8) -> Outcome<f64> {
    let now = Timestamp::UNIX_EPOCH;
    let run = store.begin_run(SyncRunId::new(now, [run; 10]), source.id, SyncStrategy::BulkFull, now).await?.id;
    let mut seconds = 0.0;
    for from in (0..count).step_by(BATCH) {
        let numbers = from..(from + BATCH).min(count);
        // A stride prime to the count visits every resource once, far from its neighbours.
        let resources = numbers.map(|number| resource(source, if shuffled { number * 7_919 % count } else { number })).collect();
        let batch = ApplyBatch { resources, ..ApplyBatch::default() };
        let mut entropy = [0; 10];
        entropy.iter_mut().zip(from.to_be_bytes()).for_each(|(to, from)| *to = from);
        let start = Instant::now();
        black_box(store.apply(run, batch, now, entropy).await?);
        seconds += start.elapsed().as_secs_f64();
    }
    store.finish_run(run, SyncRunStatus::Complete, None, None, now).await?;
    Ok(seconds)
}

/// Patient, key and raw text of the same resources, one row each, in the order of the primary key.
async fn bare_insert(count: usize) -> Outcome<f64> {
    const ROWS: usize = 250;
    let folder = tempfile::tempdir()?;
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("bare.sqlite"))
        .create_if_missing(true)
        .page_size(8192)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    sqlx::raw_sql("CREATE TABLE bare (patient INTEGER, key BLOB, raw BLOB, PRIMARY KEY (patient, key)) WITHOUT ROWID")
        .execute(&mut connection)
        .await?;
    let source = Source {
        id: SourceId::new(Timestamp::UNIX_EPOCH, [0; 10]),
        no: SourceNo(1),
        name: String::new(),
        base_url: String::new(),
        complete_until: None,
        synced_at: None,
    };
    let sql = format!("INSERT INTO bare VALUES {}", vec!["(?, ?, ?)"; ROWS].join(", "));
    let mut compressor = zstd::bulk::Compressor::new(1)?;
    let mut seconds = 0.0;
    for from in (0..count - count % BATCH).step_by(BATCH) {
        let mut rows: Vec<_> = (from..from + BATCH).map(|number| (number / FOR_EACH_PATIENT, resource(&source, number))).collect();
        rows.sort_by_key(|(patient, resource)| (*patient, resource.key));
        let start = Instant::now();
        let mut transaction = connection.begin().await?;
        for piece in rows.chunks(ROWS) {
            let mut arguments = SqliteArguments::default();
            for (patient, resource) in piece {
                arguments.add(i64::try_from(*patient)?)?;
                arguments.add(resource.key.0.to_vec())?;
                arguments.add(compressor.compress(&resource.raw)?)?;
            }
            sqlx::query_with(AssertSqlSafe(sql.as_str()), arguments).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        seconds += start.elapsed().as_secs_f64();
    }
    Ok(seconds)
}

/// Seconds to parse the same texts into `serde_json::Value`, on one thread, without the making of them.
fn bare_parse(count: usize) -> Outcome<f64> {
    let source = Source {
        id: SourceId::new(Timestamp::UNIX_EPOCH, [0; 10]),
        no: SourceNo(1),
        name: "bench".to_owned(),
        base_url: "https://example.org".to_owned(),
        complete_until: None,
        synced_at: None,
    };
    let mut seconds = 0.0;
    for number in 0..count {
        let raw = resource(&source, number).raw;
        let begun = Instant::now();
        black_box(serde_json::from_slice::<serde_json::Value>(&raw)?);
        seconds += begun.elapsed().as_secs_f64();
    }
    Ok(seconds)
}

/// An observation of about a kilobyte, one fact in it.
fn resource(source: &Source, number: usize) -> ReadResource {
    let id = format!("observation-{number}");
    let patient = format!("patient-{}", number / FOR_EACH_PATIENT);
    let code = format!("{}-{}", number % 300, number % 7);
    let raw = format!(
        "{{\"resourceType\":\"Observation\",\"id\":\"{id}\",\"status\":\"final\",\"category\":[{{\"coding\":[{{\"system\":\
         \"http://terminology.hl7.org/CodeSystem/observation-category\",\"code\":\"vital-signs\",\"display\":\"Vital signs\"}}]}}],\
         \"code\":{{\"coding\":[{{\"system\":\"http://loinc.org\",\"code\":\"{code}\",\"display\":\"A measurement\"}}],\"text\":\
         \"A measurement\"}},\"subject\":{{\"reference\":\"Patient/{patient}\"}},\"encounter\":{{\"reference\":\
         \"Encounter/{number:016x}\"}},\"effectiveDateTime\":\"2026-01-02T03:04:05+00:00\",\"issued\":\
         \"2026-01-02T03:04:05.123+00:00\",\"valueQuantity\":{{\"value\":{number}.25,\"unit\":\"mm[Hg]\",\"system\":\
         \"http://unitsofmeasure.org\",\"code\":\"mm[Hg]\"}}}}"
    )
    .into_bytes();
    let fact = ReadFact {
        part: 0,
        kind: FactKind::Observation,
        codes: vec![Coding::new("http://loinc.org", code).into()],
        flags: FactFlags::EFFECTIVE.into(),
        start: PartialDate::parse("2026-01-02T03:04:05Z"),
        end: None,
        value: Some(number as f64),
        unit: Some(Coding::new("http://unitsofmeasure.org", "mm[Hg]").into()),
        value_code: None,
        encounter: Some(ResourceKey::of(source.no, "Encounter", &id)),
        text: Some("A measurement".to_owned()),
    };
    ReadResource {
        key: ResourceKey::of(source.no, "Observation", &id),
        resource_type: "Observation".to_owned(),
        fhir_id: id,
        version_id: Some("1".to_owned()),
        last_updated: Some(Timestamp::UNIX_EPOCH),
        hash: ContentHash::of([raw.as_slice()]),
        raw,
        projection: Projection::Clinical(ReadClinical { patient: Some(patient), facts: vec![fact], care_team: None }),
    }
}

fn report(name: &str, count: usize, seconds: f64, bare: f64) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{name:24} {:9.0} resources/s  {:5.2} of bare", count as f64 / seconds, bare / seconds)?;
    Ok(())
}
