//! P5 in three languages: the example segment as a component of Rust, JavaScript and Python over the same people, the price of a call that
//! does next to nothing, and installing each from the compile cache. `examples/plugins/build` makes the components.

#![expect(clippy::unwrap_used, reason = "what can't go on here is a finding")]

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use acme_statin::Statin;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gateway_domain::capability::Capability;
use gateway_domain::code::{CodeId, CodeSet};
use gateway_domain::columns::PatientColumns;
use gateway_plugin_host::{HostConfig, HostDependencies, Manifest, PluginHost};
use gateway_ports::clock::Clock;
use gateway_ports::plugins::{Plugins, SegmentQuestion};
use jiff::Timestamp;
use outreach_plugin_sdk::fact::{FactFlags, FactKind};
use outreach_plugin_sdk::segment::{Batch, BatchQuestion, Segment, evaluate_batch};
use outreach_plugin_sdk::testing::{Codes, PatientBuilder, batch};
use tokio::runtime::Runtime;

const CONFIG: &str = r#"{"diabetes": "urn:diabetes", "statins": "urn:statins"}"#;
const PATIENTS: usize = 1_000;

struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

/// People of an age with 15 facts each: half with diabetes, a third with a statin, all with measurements of cholesterol.
fn people(codes: &mut Codes) -> Batch {
    let person = |number: usize| {
        let mut person = PatientBuilder::born(&format!("19{}-04-20", 40 + number % 50));
        for year in 2014..2026 {
            let value = if number.is_multiple_of(5) { 195.0 } else { 120.0 };
            person = person.observation("http://loinc.org", "13457-7", &format!("{year}-02-03")).value(value, "mg/dL");
        }
        person = person.observation("http://loinc.org", "8480-6", "2026-01-01").value(120.0, "mm[Hg]");
        if number.is_multiple_of(2) {
            person = person.condition("s", "diabetes", "2015");
        }
        if number.is_multiple_of(3) {
            person = person.fact(FactKind::Medication, "s", "statin", "2020").flags(FactFlags::EFFECTIVE | FactFlags::ACTIVE);
        }
        person
    };
    batch(codes, &(0..PATIENTS).map(person).collect::<Vec<_>>())
}

fn columns(batch: &Batch) -> PatientColumns {
    let batch = batch.clone();
    PatientColumns {
        birth: batch.birth,
        sex: batch.sex,
        deceased: batch.deceased,
        fact_offset: batch.fact_offset,
        kind: batch.kind,
        code_offset: batch.code_offset,
        code: batch.code,
        fact_flags: batch.fact_flags,
        start: batch.start,
        end: batch.end,
        precision: batch.precision,
        value: batch.value,
        unit: batch.unit,
        value_code: batch.value_code,
        encounter: batch.encounter,
    }
}

fn languages(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut codes = Codes::default();
    codes.value_set("urn:diabetes", &[("s", "diabetes")]);
    codes.value_set("urn:statins", &[("s", "statin")]);
    let native = people(&mut codes);
    let code_sets = codes.resolve(&Statin::describe(CONFIG).unwrap().needs.code_sets);
    let as_of: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
    let asked = BatchQuestion { config: CONFIG.to_owned(), code_sets, as_of: as_of.as_millisecond(), with_evidence: true };
    let question = SegmentQuestion {
        config: Arc::from(CONFIG),
        code_sets: asked.code_sets.iter().map(|set| CodeSet::new(set.iter().copied().map(CodeId).collect())).collect(),
        as_of,
        with_evidence: true,
    };
    let columns = columns(&native);
    let mut group = criterion.benchmark_group("languages");
    group.sample_size(20).throughput(Throughput::Elements(PATIENTS as u64));
    group.bench_function("native", |bencher| bencher.iter(|| evaluate_batch::<Statin>(black_box(&asked), &native).unwrap()));

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/plugins");
    let cache = tempfile::tempdir().unwrap();
    for language in ["rust", "javascript", "python"] {
        let Ok(component) = fs::read(folder.join(format!("built/segment-statin-{language}.wasm"))) else {
            eprintln!("SKIPPED: {language}, because it is not built. Run: examples/plugins/build segment-statin/{language}");
            continue;
        };
        let manifest = fs::read_to_string(folder.join("segment-statin").join(language).join("plugin.toml")).unwrap();
        let config =
            HostConfig { cache_directory: Some(cache.path().to_owned()), compile_time: Duration::from_mins(15), ..HostConfig::default() };
        let host = PluginHost::new(config, HostDependencies::new(Arc::new(Standing))).unwrap();
        let asks: Vec<Capability> = Manifest::read(&manifest).unwrap().asks;
        let install = || runtime.block_on(host.install(&manifest, &component, &asks, false)).unwrap().name;
        let started = Instant::now();
        let name = install();
        eprintln!("{language}: {} bytes, compiled and installed in {:.1} s", component.len(), started.elapsed().as_secs_f64());
        let plugin = host.segment(&name).unwrap();
        group.bench_function(format!("{language}, evaluate"), |bencher| {
            bencher.iter(|| runtime.block_on(plugin.evaluate(black_box(&question), &columns, None)).unwrap());
        });
        group.bench_function(format!("{language}, fresh instance and a check"), |bencher| {
            bencher.iter(|| runtime.block_on(plugin.check(black_box(CONFIG))).unwrap());
        });
        group.bench_function(format!("{language}, install from the compile cache"), |bencher| bencher.iter(install));
    }
    group.finish();
}

criterion_group!(benches, languages);
criterion_main!(benches);
