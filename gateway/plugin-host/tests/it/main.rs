//! The plugin host with real components: the bundled ones must answer as they do natively, and hostile ones must hurt nobody else.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what can't go on here is a finding")]

mod bundled;
mod calls;
mod frozen;
mod hostile;
mod languages;
mod lookups;
mod versions;
mod web;

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use gateway_domain::capability::Capability;
use gateway_domain::plugin::PluginName;
use gateway_plugin_host::{HostConfig, HostDependencies, PluginHost};
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::mail::{MailRelay, RelayOutcome};
use jiff::Timestamp;

/// A clock that is moved by hand.
#[derive(Default)]
pub(crate) struct HandClock(Mutex<Timestamp>);

impl HandClock {
    pub(crate) fn pass(&self, time: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(time).unwrap();
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Bytes that are the same each time.
pub(crate) struct Same;

impl Entropy for Same {
    fn fill(&self, buffer: &mut [u8]) {
        for (byte, number) in buffer.iter_mut().zip((0..=u8::MAX).cycle()) {
            *byte = number.wrapping_mul(151).wrapping_add(7);
        }
    }
}

/// A relay that takes everything, and keeps the envelopes.
#[derive(Default)]
pub(crate) struct KeepingRelay(pub(crate) Mutex<Vec<(String, String, usize)>>);

#[async_trait]
impl MailRelay for KeepingRelay {
    async fn relay(&self, envelope_from: &str, envelope_to: &str, message: &[u8]) -> RelayOutcome {
        self.0.lock().unwrap().push((envelope_from.to_owned(), envelope_to.to_owned(), message.len()));
        RelayOutcome::Accepted("250 2.0.0 queued".to_owned())
    }
}

pub(crate) struct Bench {
    pub(crate) host: PluginHost,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) relay: Arc<KeepingRelay>,
}

pub(crate) fn bench() -> Bench {
    bench_with(HostConfig::for_testing())
}

pub(crate) fn bench_with(config: HostConfig) -> Bench {
    let (clock, relay) = (Arc::new(HandClock::default()), Arc::new(KeepingRelay::default()));
    let dependencies = HostDependencies { mail: Some(relay.clone()), ..HostDependencies::new(clock.clone()) };
    let host = PluginHost::new(config, dependencies).unwrap();
    Bench { host, clock, relay }
}

/// Installs a bundled plugin with all it asks for.
pub(crate) async fn install(bench: &Bench, name: &str) -> PluginName {
    let plugin = plugins_bundled::all().into_iter().find(|plugin| plugin.name == name).unwrap();
    let grants: Vec<Capability> = Capability::all().collect();
    bench.host.install(plugin.manifest, plugin.component, &grants, true).await.unwrap().name
}

/// An example of the SDK as a component.
pub(crate) fn built(example: &str) -> Vec<u8> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugin-sdk"));
    cargo.args(["build", "--release", "--example", example, "--target", "wasm32-wasip2", "--target-dir"]).arg(&target);
    for inherited in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET"] {
        cargo.env_remove(inherited);
    }
    let output = cargo.env("CARGO_PROFILE_RELEASE_PANIC", "abort").env("CARGO_PROFILE_RELEASE_LTO", "off").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(target.join(format!("wasm32-wasip2/release/examples/{example}.wasm"))).unwrap()
}
