//! What a plugin that does not end costs the others, and how late it is stopped. Prints the median and p99 of a small call, and of one that computes for
//! longer than its first epochs, alone and beside one and eight endless calls of one plugin and eight of eight plugins, their ratios, and by how much
//! endless calls outlived their deadline.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "what can't go on here is a finding, and figures are what this is for")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use gateway_domain::plugin::PluginName;
use gateway_plugin_host::{HostConfig, HostDependencies, PluginHost};
use gateway_ports::clock::Clock;
use gateway_ports::plugins::Plugins;
use jiff::Timestamp;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// How many small calls are measured.
const CALLS: usize = 3_000;
/// How many calls that compute for long, and how far each counts.
const LONG_CALLS: usize = 50;
const LONG: u32 = 50_000_000;
/// Endless calls, and plugins, where there are several.
const SEVERAL: usize = 8;
/// How many endless ones end one after the other.
const ENDLESS: usize = 20;
/// How long an endless call may compute.
const DEADLINE: Duration = Duration::from_millis(100);

struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

/// A segment plugin whose `check` is this.
fn component(check: &str) -> Vec<u8> {
    let export = |name: &str, parameters: &str, body: &str| {
        format!(r#"(func (export "outreach:plugin/segment@0.1.0#{name}") (param {parameters}) (result i32) {body})"#)
    };
    let module = format!(
        r#"(module (memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096) {} {} {})"#,
        export("check", "i32 i32", check),
        export("describe", "i32 i32", "i32.const 16"),
        export("evaluate", "i32", "i32.const 16"),
    );
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../plugin-sdk/wit")).unwrap();
    let world = resolve.select_world(&[package], Some("segment-plugin")).unwrap();
    let mut module = wat::parse_str(module).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
}

fn manifest(name: &str) -> String {
    format!("name = \"{name}\"\nversion = \"0.1.0\"\nkind = \"segment\"\ndescription = \"A bench.\"")
}

fn named(name: &str) -> PluginName {
    PluginName::try_from(name.to_owned()).unwrap()
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted.get((sorted.len() * percent / 100).min(sorted.len() - 1)).copied().unwrap_or_default()
}

/// The times of calls of a plugin, ascending.
async fn calls_of(host: &Arc<PluginHost>, name: &'static str, calls: usize) -> Vec<Duration> {
    let host = host.clone();
    let measured = tokio::spawn(async move {
        let mut times = Vec::with_capacity(calls);
        let plugin = host.segment(&named(name)).unwrap();
        for _ in 0..calls {
            let started = Instant::now();
            plugin.check("{}").await.unwrap();
            times.push(started.elapsed());
        }
        times.sort_unstable();
        times
    });
    measured.await.unwrap()
}

/// By how much endless calls outlive their deadline, one after the other; ascending.
async fn overruns(host: &PluginHost) -> Vec<Duration> {
    let plugin = host.segment(&named("endless-0")).unwrap();
    let mut late = Vec::with_capacity(ENDLESS);
    for _ in 0..ENDLESS {
        let started = Instant::now();
        plugin.check("{}").await.unwrap_err();
        late.push(started.elapsed().saturating_sub(DEADLINE));
    }
    late.sort_unstable();
    late
}

/// Endless calls, of so many plugins in turn.
fn besiege(host: &Arc<PluginHost>, calls: usize, plugins: usize) -> JoinSet<()> {
    let mut siege = JoinSet::new();
    for number in 0..calls {
        let host = host.clone();
        siege.spawn(async move {
            let plugin = host.segment(&named(&format!("endless-{}", number % plugins))).unwrap();
            loop {
                plugin.check("{}").await.unwrap_err();
            }
        });
    }
    siege
}

async fn measure() {
    let config = HostConfig { compute_time: DEADLINE, fuel: u64::MAX, park_after: u32::MAX, ..HostConfig::default() };
    let host = Arc::new(PluginHost::new(config, HostDependencies::new(Arc::new(Standing))).unwrap());
    host.install(&manifest("well"), &component("i32.const 16"), &[], false).await.unwrap();
    let long = format!(
        "(local $i i32) (loop (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if 0 (i32.lt_u (local.get $i) (i32.const {LONG})))) i32.const 16"
    );
    host.install(&manifest("long"), &component(&long), &[], false).await.unwrap();
    for number in 0..SEVERAL {
        host.install(&manifest(&format!("endless-{number}")), &component("(loop br 0) unreachable"), &[], false).await.unwrap();
    }

    let late = overruns(&host).await;
    println!(
        "an endless call ends {:?} (median), {:?} (worst of {ENDLESS}) after its deadline",
        percentile(&late, 50),
        percentile(&late, 100)
    );
    for (name, calls) in [("well", CALLS), ("long", LONG_CALLS)] {
        let alone = calls_of(&host, name, calls).await;
        println!("{name}, alone: median {:?}, p99 {:?}", percentile(&alone, 50), percentile(&alone, 99));
        for (endless, plugins) in [(1, 1), (SEVERAL, 1), (SEVERAL, SEVERAL)] {
            let siege = besiege(&host, endless, plugins);
            let beside = calls_of(&host, name, calls).await;
            drop(siege);
            let ratio = percentile(&beside, 99).as_secs_f64() / percentile(&alone, 99).as_secs_f64();
            println!(
                "{name}, beside {endless} endless of {plugins}: median {:?}, p99 {:?}, {ratio:.1} times the p99 alone",
                percentile(&beside, 50),
                percentile(&beside, 99)
            );
        }
    }
    println!("at most {} computed for long at once", host.most_computing());
}

fn main() {
    Runtime::new().unwrap().block_on(measure());
}
