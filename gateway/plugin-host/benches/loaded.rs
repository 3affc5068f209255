//! P5: what ten loaded plugins cost in memory. Prints what the process holds before them and after them, loaded from the compile cache as at each
//! start of a gateway but the first, and after each was called once. The plugins are the bundled ones under other names; where the examples are
//! built, one in JavaScript is shown beside them.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "what can't go on here is a finding, and figures are what this is for")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs};

use gateway_domain::capability::Capability;
use gateway_domain::plugin::PluginKind;
use gateway_plugin_host::{HostConfig, HostDependencies, Manifest, PluginHost};
use gateway_ports::clock::Clock;
use gateway_ports::plugins::Plugins;
use jiff::Timestamp;
use tokio::runtime::Runtime;

/// Tells the process that measures where the cache is.
const CACHE: &str = "OUTREACH_LOADED_CACHE";
const PLUGINS: usize = 10;

struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

/// Bytes of memory this process has, as the kernel counts them.
fn resident() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}

/// Ten manifests with their components: segments and journeys in turn, each with a name of its own.
fn ten() -> Vec<(String, &'static [u8])> {
    let bundled = plugins_bundled::all();
    let of_kind = |kind| bundled.iter().find(|plugin| Manifest::read(plugin.manifest).is_ok_and(|manifest| manifest.kind == kind)).unwrap();
    let both = [of_kind(PluginKind::Segment), of_kind(PluginKind::Journey)];
    let named = |number: usize| {
        let plugin = both.get(number % 2).unwrap();
        let (name, other) = (format!("\"{}\"", plugin.name), format!("\"{}-{number}\"", plugin.name));
        (plugin.manifest.replacen(&name, &other, 1), plugin.component)
    };
    (0..PLUGINS).map(named).collect()
}

async fn load(host: &PluginHost, manifest: &str, component: &[u8]) {
    let granted: Vec<Capability> = Capability::all().collect();
    let plugin = host.install(manifest, component, &granted, false).await.unwrap();
    match plugin.kind {
        PluginKind::Segment => drop(host.segment(&plugin.name).unwrap().check("{}").await.unwrap()),
        _ => drop(host.journey(&plugin.name, None).unwrap().check("{}").await.unwrap()),
    }
}

async fn measure(cache: PathBuf) {
    let config = HostConfig { cache_directory: Some(cache), compile_time: Duration::from_mins(15), ..HostConfig::default() };
    let (plugins, before) = (ten(), resident());
    let host = PluginHost::new(config, HostDependencies::new(Arc::new(Standing))).unwrap();
    let engine = resident();
    for (manifest, component) in &plugins {
        load(&host, manifest, component).await;
    }
    let after = resident();
    let megabytes = |bytes: usize| bytes as f64 / f64::from(1 << 20);
    println!("the engine: {:.1} MB", megabytes(engine.saturating_sub(before)));
    println!("{PLUGINS} plugins, each called once: {:.1} MB more", megabytes(after.saturating_sub(engine)));

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/plugins");
    let Ok(component) = fs::read(folder.join("built/segment-statin-javascript.wasm")) else {
        println!("SKIPPED: one in JavaScript, because it is not built. Run: examples/plugins/build segment-statin/javascript");
        return;
    };
    let manifest = fs::read_to_string(folder.join("segment-statin/javascript/plugin.toml")).unwrap();
    let before = resident();
    load(&host, &manifest, &component).await;
    println!(
        "one in JavaScript ({:.1} MB of WebAssembly): {:.1} MB more",
        megabytes(component.len()),
        megabytes(resident().saturating_sub(before))
    );
}

fn main() {
    if let Some(cache) = env::var_os(CACHE) {
        Runtime::new().unwrap().block_on(measure(PathBuf::from(cache)));
        return;
    }
    // The first process compiles, which leaves memory behind; the second loads.
    let cache = tempfile::tempdir().unwrap();
    let again = || Command::new(env::current_exe().unwrap()).env(CACHE, cache.path()).output().unwrap();
    let compiled = again();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    print!("{}", String::from_utf8_lossy(&again().stdout));
}
