//! P5: what the plugin border costs. The same criteria over the same patients natively, as a component in the host, and as the same component called
//! by wasmtime alone, without a limit and in one instance for all calls; a call that does next to nothing, which in the host is the price of a fresh
//! instance; and installing a bundled plugin from the compile cache.

#![expect(clippy::unwrap_used, reason = "what can't go on here is a finding")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gateway_domain::capability::Capability;
use gateway_domain::code::{CodeId, CodeSet};
use gateway_domain::columns::PatientColumns;
use gateway_plugin_host::{HostConfig, HostDependencies, PluginHost};
use gateway_ports::clock::Clock;
use gateway_ports::plugins::{Plugins, SegmentQuestion};
use jiff::Timestamp;
use outreach_plugin_sdk::segment::{Batch, BatchQuestion, Segment, evaluate_batch};
use outreach_plugin_sdk::testing::{Codes, PatientBuilder, batch};
use segment_rules::SegmentRules;
use tokio::runtime::Runtime;
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store};

use crate::bare::exports::outreach::plugin::segment as wit;

/// The contract for wasmtime alone.
mod bare {
    wasmtime::component::bindgen!({ path: "../../plugin-sdk/wit", world: "segment-plugin" });
}

const SCREENING: &str = include_str!("../../../fhir-profiles/measures/breast-cancer-screening-due.json");
const PATIENTS: usize = 1_000;

struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

fn host(config: HostConfig) -> PluginHost {
    PluginHost::new(config, HostDependencies::new(Arc::new(Standing))).unwrap()
}

/// Women of many ages with 15 facts each, every third one screened.
fn patients(codes: &mut Codes) -> Batch {
    let woman = |number: usize| {
        let mut woman = PatientBuilder::born(&format!("19{}-04-20", 40 + number % 50)).female();
        for year in 2014..2026 {
            woman = woman.visit(&format!("{year}-02-03"));
        }
        woman = woman.observation("http://loinc.org", "8480-6", "2026-01-01").value(120.0, "mm[Hg]").visit("2026-02-03");
        if number.is_multiple_of(3) { woman.observation("http://loinc.org", "24606-6", "2025-05-05") } else { woman }
    };
    batch(codes, &(0..PATIENTS).map(woman).collect::<Vec<_>>())
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

/// A component in wasmtime as it is by default: no fuel, no epochs, no limits, no hooks, and what it imports is a trap.
struct Bare {
    store: Store<()>,
    linker: Linker<()>,
    component: Component,
    plugin: bare::SegmentPlugin,
}

impl Bare {
    fn new(component: &[u8]) -> Self {
        let engine = Engine::new(&Config::new()).unwrap();
        let component = Component::new(&engine, component).unwrap();
        let mut linker = Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&component).unwrap();
        let mut store = Store::new(&engine, ());
        let plugin = bare::SegmentPlugin::instantiate(&mut store, &component, &linker).unwrap();
        Self { store, linker, component, plugin }
    }

    fn evaluate(&mut self, question: &wit::Question, patients: &wit::Batch) -> wit::Verdicts {
        self.plugin.outreach_plugin_segment().call_evaluate(&mut self.store, question, patients).unwrap().unwrap()
    }

    fn check(&mut self) -> usize {
        self.plugin.outreach_plugin_segment().call_check(&mut self.store, "{}").unwrap().len()
    }

    /// In an instance of its own.
    fn fresh_check(&self) -> usize {
        let mut store = Store::new(self.component.engine(), ());
        let plugin = bare::SegmentPlugin::instantiate(&mut store, &self.component, &self.linker).unwrap();
        plugin.outreach_plugin_segment().call_check(&mut store, "{}").unwrap().len()
    }
}

/// The same batch, as wasmtime alone takes it.
fn crossing(batch: &Batch) -> wit::Batch {
    let batch = batch.clone();
    wit::Batch {
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

fn border(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let rules = plugins_bundled::all().into_iter().find(|plugin| plugin.name == "segment-rules").unwrap();
    let as_of: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
    let mut codes = Codes::default();
    let native = patients(&mut codes);
    let code_sets = codes.resolve(&SegmentRules::describe(SCREENING).unwrap().needs.code_sets);
    let columns = columns(&native);
    let question = SegmentQuestion {
        config: Arc::from(SCREENING),
        code_sets: code_sets.iter().map(|set| CodeSet::new(set.iter().copied().map(CodeId).collect())).collect(),
        as_of,
        with_evidence: false,
    };
    let asked = BatchQuestion { config: SCREENING.to_owned(), code_sets, as_of: as_of.as_millisecond(), with_evidence: false };

    let mut bare = Bare::new(rules.component);
    let (bare_question, bare_batch) = (
        wit::Question {
            config: asked.config.clone(),
            code_sets: asked.code_sets.clone(),
            as_of: asked.as_of,
            with_evidence: asked.with_evidence,
        },
        crossing(&native),
    );
    let host = host(HostConfig::default());
    let granted: Vec<Capability> = Capability::all().collect();
    let name = runtime.block_on(host.install(rules.manifest, rules.component, &granted, true)).unwrap().name;
    let plugin = host.segment(&name).unwrap();

    let mut group = criterion.benchmark_group("border");
    group.throughput(Throughput::Elements(PATIENTS as u64));
    group.bench_function("native", |bencher| bencher.iter(|| evaluate_batch::<SegmentRules>(black_box(&asked), &native).unwrap()));
    group.bench_function("component", |bencher| {
        bencher.iter(|| runtime.block_on(plugin.evaluate(black_box(&question), &columns, None)).unwrap());
    });
    group.bench_function("wasmtime alone", |bencher| bencher.iter(|| bare.evaluate(black_box(&bare_question), &bare_batch)));
    group.finish();

    criterion.bench_function("wasmtime alone, an empty check", |bencher| bencher.iter(|| bare.check()));
    criterion.bench_function("wasmtime alone, fresh instance and an empty check", |bencher| bencher.iter(|| bare.fresh_check()));
    criterion.bench_function("fresh instance and an empty check", |bencher| {
        bencher.iter(|| runtime.block_on(plugin.check(black_box("{}"))).unwrap());
    });
}

fn load(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let rules = plugins_bundled::all().into_iter().find(|plugin| plugin.name == "segment-rules").unwrap();
    let host = host(HostConfig { cache_directory: Some(folder.path().to_owned()), ..HostConfig::default() });
    let granted: Vec<Capability> = Capability::all().collect();
    let install = || runtime.block_on(host.install(rules.manifest, rules.component, &granted, true)).unwrap();
    install();
    criterion.bench_function("install from the compile cache", |bencher| bencher.iter(install));
}

criterion_group!(benches, border, load);
criterion_main!(benches);
