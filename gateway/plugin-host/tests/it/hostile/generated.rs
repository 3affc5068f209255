//! Components that chance makes: modules of random code under the exports of a plugin, mutations of guests and of the bundled plugins,
//! and bundled plugins with bytes changed. `OUTREACH_COMPONENTS` says how many (200 where nothing is said, 10,000 at night),
//! `OUTREACH_COMPONENT_SEED` repeats a run, `OUTREACH_COMPONENT_REASONS=1` says why one is refused, and with `OUTREACH_COMPONENTS=1` a single one: each has a seed of its own.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use arbitrary::Unstructured;
use gateway_domain::capability::Capability;
use gateway_domain::journey::JourneyEvent;
use gateway_domain::plugin::PluginKind;
use gateway_plugin_host::{HostConfig, Manifest};
use gateway_ports::plugins::{PluginError, Plugins};
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use wasm_mutate::WasmMutate;
use wasm_smith::{Config, Module};

use super::calls::{SLACK, check, message, neighbour};
use super::guest::{Guest, wrap};
use super::resident_bytes;
use crate::{Bench, bench_with};

/// How much of chance a random module is made of.
const RANDOM_BYTES: usize = 4_096;

const RANDOM_CODE: &str = "random code";

/// What became of the components.
#[derive(Debug, Default)]
struct Tally {
    /// By where they come from.
    refused: BTreeMap<&'static str, usize>,
    installed: BTreeMap<&'static str, usize>,
    answered: usize,
    stopped: usize,
    longest_overrun: Duration,
}

struct Generated {
    manifest: String,
    component: Vec<u8>,
    origin: &'static str,
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn components_that_chance_makes_are_refused_stopped_or_answer_and_hurt_nobody() {
    let count = number("OUTREACH_COMPONENTS").unwrap_or(200);
    let first = number("OUTREACH_COMPONENT_SEED").unwrap_or_else(|| rand::rng().random_range(0..u64::MAX / 2));
    eprintln!("{count} components: OUTREACH_COMPONENT_SEED={first}");
    let bench = bench_with(HostConfig { park_after: u32::MAX, compute_time: Duration::from_millis(200), ..HostConfig::for_testing() });
    let well = neighbour(&bench).await;
    let mut tally = Tally::default();
    let mut base = 0;
    for (done, seed) in (first..first + count).enumerate() {
        let generated = generate(seed);
        let told = format!("OUTREACH_COMPONENT_SEED={seed} OUTREACH_COMPONENTS=1, {}", generated.origin);
        try_out(&bench, &generated, &told, &mut tally).await;
        check(&bench, &well, "{}").await.unwrap_or_else(|error| panic!("{told}: {error}"));
        if done == 100 {
            base = resident_bytes();
        }
        if done % 1_000 == 999 {
            eprintln!("{} components, {} MB resident: {tally:?}", done + 1, resident_bytes() >> 20);
        }
    }
    eprintln!("{tally:?}, {} MB resident", resident_bytes() >> 20);
    if count > 100 {
        let more = resident_bytes().saturating_sub(base);
        assert!(more < 256 << 20, "{more} bytes more than after the first hundred components");
        let runs = tally.installed.get(RANDOM_CODE).copied().unwrap_or_default();
        assert!(runs > count as usize / 10, "random code that is always refused tries nothing: {tally:?}");
    }
}

fn generate(seed: u64) -> Generated {
    let mut random = StdRng::seed_from_u64(seed);
    let kinds = [("segment", Guest::segment()), ("journey", Guest::journey()), ("channel", Guest::channel())];
    let (kind, guest) = &kinds[random.random_range(0..3)];
    match random.random_range(0..20) {
        0..11 => {
            let module = smith(&mut random, guest);
            Generated { manifest: guest.manifest(), component: wrap(kind, &module), origin: RANDOM_CODE }
        }
        11..17 => {
            let module = mutated(&wat::parse_str(guest.text()).unwrap(), random.next_u64());
            Generated { manifest: guest.manifest(), component: wrap_or_not(guest, &module), origin: "a guest mutated" }
        }
        17..19 => {
            let plugin = plugins_bundled::all()[random.random_range(0..3)];
            let mut component = plugin.component.to_vec();
            for _ in 0..random.random_range(1..8) {
                let at = random.random_range(8..component.len());
                component[at] = random.random();
            }
            Generated { manifest: plugin.manifest.to_owned(), component, origin: "a bundled plugin with bytes changed" }
        }
        _ => {
            let plugin = plugins_bundled::all()[random.random_range(0..3)];
            let component = with_module_mutated(plugin.component, random.next_u64());
            Generated { manifest: plugin.manifest.to_owned(), component, origin: "a bundled plugin mutated" }
        }
    }
}

/// A module of random code, with the exports of the guest. What does not end is not kept from doing so.
fn smith(random: &mut StdRng, guest: &Guest) -> Vec<u8> {
    let mut bytes = vec![0; RANDOM_BYTES];
    random.fill_bytes(&mut bytes);
    let config = Config {
        exports: Some(wat::parse_str(guest.text()).unwrap()),
        max_imports: 0,
        max_memories: 1,
        max_memory32_bytes: 64 << 20,
        gc_enabled: false,
        reference_types_enabled: false,
        allow_start_export: random.random(),
        max_table_elements: 10_000,
        exceptions_enabled: false,
        memory64_enabled: false,
        shared_everything_threads_enabled: false,
        threads_enabled: false,
        custom_page_sizes_enabled: false,
        wide_arithmetic_enabled: false,
        ..Config::default()
    };
    Module::new(config, &mut Unstructured::new(&bytes)).unwrap().to_bytes()
}

/// The module with a change that may alter what it does; as it is, where no change can be made with this seed.
fn mutated(module: &[u8], seed: u64) -> Vec<u8> {
    let mut mutate = WasmMutate::default();
    mutate.seed(seed).preserve_semantics(false).fuel(100);
    let made = mutate.run(module).ok().and_then(|mut changed| changed.next()).and_then(Result::ok);
    made.unwrap_or_else(|| module.to_vec())
}

/// The mutated module inside the component of the guest: an encoder would refuse what is no longer of the right shape.
fn wrap_or_not(guest: &Guest, module: &[u8]) -> Vec<u8> {
    let component = guest.component();
    with_first_module(&component, |_| module.to_vec())
}

fn with_module_mutated(component: &[u8], seed: u64) -> Vec<u8> {
    with_first_module(component, |module| mutated(module, seed))
}

/// Puts another module in the place of the first one of a component, and makes the length of its section right.
fn with_first_module(component: &[u8], change: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
    const MODULE: u8 = 1;
    let mut at = 8;
    while at < component.len() {
        let (section, (length, digits)) = (component[at], leb(&component[at + 1..]));
        let (start, end) = (at + 1 + digits, at + 1 + digits + length);
        if section == MODULE {
            let changed = change(&component[start..end]);
            let length = changed.len() as u32;
            let digits = (0..5).map(|byte| ((length >> (7 * byte)) & 0x7f) as u8 | if byte < 4 { 0x80 } else { 0 });
            return component[..=at].iter().copied().chain(digits).chain(changed).chain(component[end..].iter().copied()).collect();
        }
        at = end;
    }
    component.to_vec()
}

/// A number and how many bytes it takes.
fn leb(bytes: &[u8]) -> (usize, usize) {
    let last = bytes.iter().position(|byte| byte & 0x80 == 0).unwrap();
    (bytes[..=last].iter().rev().fold(0, |number, byte| (number << 7) | usize::from(byte & 0x7f)), last + 1)
}

/// Installs a component and calls all it has; each must end within its deadline.
async fn try_out(bench: &Bench, generated: &Generated, told: &str, tally: &mut Tally) {
    let grants = [Capability::Log, Capability::Lookup, Capability::Mail];
    let installed = bench.host.install(&generated.manifest, &generated.component, &grants, false).await;
    let name = match installed {
        Ok(plugin) => {
            *tally.installed.entry(generated.origin).or_default() += 1;
            plugin.name
        }
        Err(reason) => {
            *tally.refused.entry(generated.origin).or_default() += 1;
            if std::env::var_os("OUTREACH_COMPONENT_REASONS").is_some() {
                eprintln!("{told}: {reason}");
            }
            return;
        }
    };
    for function in 0..2 {
        let started = Instant::now();
        let ended: Result<(), PluginError> = match (Manifest::read(&generated.manifest).unwrap().kind, function) {
            (PluginKind::Segment, 0) => check(bench, &name, "{}").await,
            (PluginKind::Segment, _) => bench.host.segment(&name).unwrap().describe("{}").await.map(drop),
            (PluginKind::Journey, 0) => bench.host.journey(&name, None).unwrap().check("{}").await.map(drop),
            (PluginKind::Journey, _) => {
                let event = JourneyEvent::Timer("step".to_owned());
                bench.host.journey(&name, None).unwrap().advance("{}", Some("{}"), &event, &[], Timestamp::UNIX_EPOCH).await.map(drop)
            }
            (PluginKind::Channel, function) => call_channel(bench, function).await,
        };
        let deadline = Duration::from_millis(200);
        let took = started.elapsed();
        tally.longest_overrun = tally.longest_overrun.max(took.saturating_sub(deadline));
        assert!(took < deadline + SLACK, "{told}: it took {took:?}");
        match ended {
            Err(PluginError::Stopped { .. } | PluginError::Nonsense { .. }) => tally.stopped += 1,
            _ => tally.answered += 1,
        }
    }
}

/// A channel is found by what it carries.
async fn call_channel(bench: &Bench, function: u32) -> Result<(), PluginError> {
    let Ok(channel) = bench.host.channel("fax").or_else(|_| bench.host.channel("email")) else { return Ok(()) };
    if function == 0 { channel.check("{}").await.map(drop) } else { channel.send("{}", &[message("ana@example.org")]).await.map(drop) }
}
