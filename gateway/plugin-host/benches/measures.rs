//! P2 and P3: what the fourteen measures cost for each patient, natively and as a component, and all of them together. Patients have 60
//! facts, half of them with codes that some measure asks for; each value set has one code.

#![expect(clippy::unwrap_used, reason = "what can't go on here is a finding")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use gateway_domain::capability::Capability;
use gateway_domain::code::{CodeId, CodeSet};
use gateway_domain::columns::PatientColumns;
use gateway_plugin_host::{HostConfig, HostDependencies, PluginHost};
use gateway_ports::clock::Clock;
use gateway_ports::plugins::{Plugins, SegmentQuestion};
use jiff::Timestamp;
use outreach_plugin_sdk::fact::{FactFlags, FactKind};
use outreach_plugin_sdk::segment::{Batch, BatchQuestion, CodeSetNeed, Segment, evaluate_batch};
use outreach_plugin_sdk::testing::{Codes, PatientBuilder, batch};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng};
use segment_measures::SegmentMeasures;
use tokio::runtime::Runtime;

const PATIENTS: usize = 1_000;
const FACTS: usize = 60;
const KINDS: [FactKind; 7] = [
    FactKind::Encounter,
    FactKind::Condition,
    FactKind::Observation,
    FactKind::Procedure,
    FactKind::Medication,
    FactKind::Order,
    FactKind::Immunization,
];

struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

/// A measure: its document and the codes of its sets.
struct Ready {
    name: String,
    document: String,
    code_sets: Vec<Vec<u32>>,
}

fn measures(codes: &mut Codes) -> Vec<Ready> {
    let with_groups = fhir_profiles::measures().unwrap().into_iter().filter(fhir_profiles::Measure::has_groups);
    let ready = |measure: fhir_profiles::Measure| {
        let document = measure.document.to_string();
        let needs = SegmentMeasures::describe(&document).unwrap().needs.code_sets;
        let code_sets = needs.iter().map(|need| match need {
            CodeSetNeed::ValueSet(url) => vec![codes.number("urn:value-set", url)],
            CodeSetNeed::Codes(listed) => {
                let mut numbers: Vec<u32> = listed.iter().map(|code| codes.number(&code.system, &code.code)).collect();
                numbers.sort_unstable();
                numbers
            }
        });
        Ready { name: measure.name, code_sets: code_sets.collect(), document }
    };
    with_groups.map(ready).collect()
}

fn patients(codes: &mut Codes, measures: &[Ready]) -> Batch {
    let mut random = StdRng::seed_from_u64(14);
    let urls: Vec<String> = measures
        .iter()
        .flat_map(|measure| SegmentMeasures::describe(&measure.document).unwrap().needs.code_sets)
        .filter_map(|need| if let CodeSetNeed::ValueSet(url) = need { Some(url) } else { None })
        .collect();
    let everybody: Vec<PatientBuilder> = (0..PATIENTS)
        .map(|_| {
            let born = format!("{}-{:02}-{:02}", random.random_range(1935..2024), random.random_range(1..13), random.random_range(1..29));
            let patient = PatientBuilder::born(&born);
            let mut patient = if random.random_bool(0.5) { patient.female() } else { patient.male() };
            for _ in 0..FACTS {
                let kind = KINDS.get(random.random_range(0..KINDS.len())).copied().unwrap();
                let day =
                    format!("{}-{:02}-{:02}", random.random_range(2015..2026), random.random_range(1..13), random.random_range(1..29));
                let asked_for = random.random_bool(0.5);
                let url = urls.get(random.random_range(0..urls.len())).unwrap();
                let other = random.random_range(0..5_000).to_string();
                let (system, code) = if asked_for { ("urn:value-set", url.as_str()) } else { ("urn:noise", other.as_str()) };
                let flags = FactFlags::EFFECTIVE | FactFlags::ENDED | FactFlags::ORDERED | FactFlags::LABORATORY | FactFlags::PROBLEM_LIST;
                patient = patient.fact(kind, system, code, &day).flags(flags);
            }
            patient
        })
        .collect();
    batch(codes, &everybody)
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

fn evaluation(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut codes = Codes::default();
    let measures = measures(&mut codes);
    let native = patients(&mut codes, &measures);
    let columns = columns(&native);
    let as_of: Timestamp = "2025-12-31T12:00:00Z".parse().unwrap();

    let host = PluginHost::new(HostConfig::default(), HostDependencies::new(Arc::new(Standing))).unwrap();
    let bundled = plugins_bundled::all().into_iter().find(|plugin| plugin.name == "segment-measures").unwrap();
    let granted: Vec<Capability> = Capability::all().collect();
    let name = runtime.block_on(host.install(bundled.manifest, bundled.component, &granted, true)).unwrap().name;
    let plugin = host.segment(&name).unwrap();

    let mut group = criterion.benchmark_group("measures");
    group.throughput(Throughput::Elements(PATIENTS as u64));
    let mut questions = Vec::new();
    for measure in &measures {
        let sets = measure.code_sets.clone();
        let asked =
            BatchQuestion { config: measure.document.clone(), code_sets: sets, as_of: as_of.as_millisecond(), with_evidence: false };
        group.bench_function(format!("{} natively", measure.name), |bencher| {
            bencher.iter(|| evaluate_batch::<SegmentMeasures>(black_box(&asked), &native).unwrap());
        });
        let question = SegmentQuestion {
            config: Arc::from(measure.document.as_str()),
            code_sets: measure.code_sets.iter().map(|set| CodeSet::new(set.iter().copied().map(CodeId).collect())).collect(),
            as_of,
            with_evidence: false,
        };
        group.bench_function(format!("{} as a component", measure.name), |bencher| {
            bencher.iter(|| runtime.block_on(plugin.evaluate(black_box(&question), &columns, None)).unwrap());
        });
        questions.push(question);
    }
    group.bench_function("all fourteen as a component", |bencher| {
        bencher.iter_batched(
            || (),
            |()| {
                for question in &questions {
                    black_box(runtime.block_on(plugin.evaluate(question, &columns, None)).unwrap());
                }
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, evaluation);
criterion_main!(benches);
