//! The example plugins in Rust, JavaScript and Python: the same questions, the same answers, by the same contract and the same limits.
//! `examples/plugins/build` makes the components; a language that is not built is passed over, aloud.

pub(crate) mod channel;
pub(crate) mod segment;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use gateway_domain::capability::{Capability, HttpOrigin};
use gateway_domain::plugin::PluginName;
use gateway_plugin_host::{HostConfig, HostDependencies, InstallError, Manifest, PluginHost, PluginSettings, Secret};
use gateway_ports::http::{HttpClient, OutboundError, OutboundRequest, OutboundResponse};

use crate::{HandClock, Same};

/// An example as it is in the folder of examples.
pub(crate) struct Example {
    pub(crate) manifest: String,
    pub(crate) component: Vec<u8>,
}

/// The component of an example in a language; `None`, aloud, where it was not built.
pub(crate) fn example(plugin: &str, language: &str) -> Option<Example> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/plugins");
    let component = folder.join(format!("built/{plugin}-{language}.wasm"));
    let Ok(component) = fs::read(&component) else {
        eprintln!("SKIPPED: {plugin} in {language}, because it is not built. Run: examples/plugins/build {plugin}/{language}");
        return None;
    };
    let manifest = fs::read_to_string(folder.join(plugin).join(language).join("plugin.toml")).unwrap();
    Some(Example { manifest, component })
}

/// A provider that answers in turn, and keeps what it was asked.
#[derive(Default)]
pub(crate) struct Provider {
    pub(crate) answers: Mutex<Vec<Result<OutboundResponse, OutboundError>>>,
    pub(crate) asked: Mutex<Vec<OutboundRequest>>,
}

#[async_trait]
impl HttpClient for Provider {
    async fn send(&self, request: OutboundRequest) -> Result<OutboundResponse, OutboundError> {
        self.asked.lock().unwrap().push(request);
        let mut answers = self.answers.lock().unwrap();
        if answers.is_empty() { Err(OutboundError::NoConnection) } else { answers.remove(0) }
    }
}

/// A host with the limits of a gateway. What was compiled once is kept beside the tests; the first time may take long where the tests
/// themselves are not optimised and many run at once.
pub(crate) fn host(provider: Arc<Provider>) -> PluginHost {
    let config = HostConfig {
        cache_directory: Some(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("example-plugins")),
        compile_time: Duration::from_mins(15),
        ..HostConfig::default()
    };
    let origin: HttpOrigin = "https://api.sms.example".parse().unwrap();
    let settings = PluginSettings {
        config: channel::CONFIG.to_owned(),
        origins: vec![origin.clone()],
        secrets: BTreeMap::from([
            ("token".parse().unwrap(), Secret::new("the-token-of-the-hospital", Some(origin))),
            ("webhook".parse().unwrap(), Secret::new("hush", None)),
        ]),
    };
    let dependencies = HostDependencies {
        http: Some(provider),
        settings: BTreeMap::from([(PluginName::new("acme-sms").unwrap(), settings)]),
        entropy: Some(Arc::new(Same)),
        ..HostDependencies::new(Arc::new(HandClock::default()))
    };
    PluginHost::new(config, dependencies).unwrap()
}

/// Installs an example with what it asks for, but for what is withheld.
pub(crate) async fn install(host: &PluginHost, example: &Example, withheld: &[&str]) -> Result<PluginName, InstallError> {
    let asks = Manifest::read(&example.manifest).unwrap().asks;
    let granted: Vec<Capability> = asks.into_iter().filter(|asked| !withheld.contains(&asked.to_string().as_str())).collect();
    Ok(host.install(&example.manifest, &example.component, &granted, false).await?.name)
}
