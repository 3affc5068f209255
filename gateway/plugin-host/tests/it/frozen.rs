//! The contract 0.1 is frozen: components that were built when it was, and are kept as they were built, load and answer for ever. They are
//! never built anew. What is added to the contract is added beside what they know.

use std::path::PathBuf;
use std::sync::Arc;

use gateway_domain::journey::JourneyEvent;
use gateway_domain::plugin::PluginName;
use gateway_plugin_host::PluginHost;
use gateway_ports::plugins::{OutgoingMessage, Plugins, SendOutcome};
use jiff::Timestamp;

use crate::languages::channel::CONFIG;
use crate::languages::segment::CONFIG as STATIN;
use crate::languages::{Example, Provider, host, install};

const SEGMENT: &str = include_str!("../../../../fhir-profiles/measures/breast-cancer-screening-due.json");
const JOURNEY: &str = r#"{ "version": 1, "start": "end", "steps": { "end": { "exit": { "reason": "end" } } } }"#;

fn kept(name: &str) -> Example {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/components/0.1");
    Example {
        manifest: std::fs::read_to_string(folder.join(format!("{name}.toml"))).unwrap(),
        component: std::fs::read(folder.join(format!("{name}.wasm"))).unwrap(),
    }
}

async fn installed(name: &str) -> (PluginHost, PluginName) {
    let host = host(Arc::new(Provider::default()));
    let name = install(&host, &kept(name), &[]).await.unwrap();
    (host, name)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_plugin_of_the_frozen_contract_loads_and_answers() {
    let (host, name) = installed("segment-rules").await;
    let plugin = host.segment(&name).unwrap();
    assert_eq!(plugin.check(SEGMENT).await.unwrap(), []);
    assert_eq!(plugin.describe(SEGMENT).await.unwrap().segments[0].key, "breast-cancer-screening-due");
    let (host, name) = installed("segment-statin").await;
    let plugin = host.segment(&name).unwrap();
    assert_eq!(plugin.check(STATIN).await.unwrap(), []);
    assert_eq!(plugin.describe(STATIN).await.unwrap().segments.len(), 1);
    assert!(plugin.check("{}").await.unwrap().iter().any(|issue| issue.fatal), "it says what is missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journey_plugin_of_the_frozen_contract_loads_and_answers() {
    let (host, name) = installed("journey-flow").await;
    let entered = JourneyEvent::Entered("joined".to_owned());
    let moved = host.journey(&name, None).unwrap().advance(JOURNEY, None, &entered, &[], Timestamp::UNIX_EPOCH).await.unwrap();
    assert!(!moved.effects.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_plugin_of_the_frozen_contract_loads_sends_and_hears() {
    let (host, _) = installed("channel-email").await;
    assert!(!host.channel("email").unwrap().has_webhook());
    let (host, _) = installed("channel-sms").await;
    let channel = host.channel("sms").unwrap();
    assert!(channel.has_webhook());
    let message = OutgoingMessage {
        key: "msg_1".to_owned(),
        to: "+15550100123".to_owned(),
        content_kind: "text/plain".to_owned(),
        subject: None,
        body: b"Time for your screening".to_vec(),
        attributes: Vec::new(),
    };
    // The provider is away, which the plugin tells from a message that may have gone out.
    let sent = channel.send(CONFIG, &[message]).await.unwrap();
    assert!(matches!(sent.as_slice(), [SendOutcome::Later(_)]), "{sent:?}");
}
