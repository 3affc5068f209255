//! Versions of a plugin: a new one takes the new work, the old one ends what it began, and journeys can stay with theirs.

use gateway_domain::capability::Capability;
use gateway_domain::journey::JourneyEvent;
use gateway_domain::plugin::PluginName;
use gateway_ports::plugins::{PluginError, Plugins};
use jiff::Timestamp;

use crate::{Bench, bench, install};

const DEFINITION: &str = r#"{ "version": 1, "start": "end", "steps": { "end": { "exit": { "reason": "end" } } } }"#;

async fn flow(bench: &Bench, version: &str) -> PluginName {
    bench.host.install(&manifest_of(version), component(), &[Capability::Log], false).await.unwrap().name
}

async fn advances(bench: &Bench, name: &PluginName, version: Option<&str>) -> Result<String, PluginError> {
    let plugin = bench.host.journey(name, version)?;
    plugin.advance(DEFINITION, None, &JourneyEvent::Entered("joined".into()), &[], Timestamp::UNIX_EPOCH).await?;
    Ok(plugin.version().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journey_stays_with_its_version_and_another_takes_the_new_one() {
    let bench = bench();
    let name = flow(&bench, "0.1.0").await;
    flow(&bench, "0.2.0").await;
    assert_eq!(advances(&bench, &name, None).await.unwrap(), "0.2.0");
    assert_eq!(advances(&bench, &name, Some("0.1.0")).await.unwrap(), "0.1.0");
    assert_eq!(advances(&bench, &name, Some("0.2.0")).await.unwrap(), "0.2.0");
    assert_eq!(bench.host.list().len(), 1, "one of them is the plugin that is used");
    // Back again: the version that was tried is kept for those who began with it.
    flow(&bench, "0.1.0").await;
    assert_eq!(advances(&bench, &name, None).await.unwrap(), "0.1.0");
    assert_eq!(advances(&bench, &name, Some("0.2.0")).await.unwrap(), "0.2.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_not_there_is_named_and_no_other_takes_its_place() {
    let bench = bench();
    let name = flow(&bench, "0.2.0").await;
    let error = advances(&bench, &name, Some("0.1.0")).await.unwrap_err();
    assert!(matches!(&error, PluginError::Missing { name, .. } if name == "journey-flow 0.1.0"), "{error}");
    bench.host.keep(&manifest_of("0.1.0"), component(), &[Capability::Log]).await.unwrap();
    assert_eq!(advances(&bench, &name, Some("0.1.0")).await.unwrap(), "0.1.0");
    assert_eq!(advances(&bench, &name, None).await.unwrap(), "0.2.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_was_taken_away_takes_no_work_in_any_version() {
    let bench = bench();
    let name = flow(&bench, "0.1.0").await;
    flow(&bench, "0.2.0").await;
    let begun = bench.host.journey(&name, None).unwrap();
    bench.host.uninstall(&name);
    for version in [None, Some("0.1.0"), Some("0.2.0")] {
        assert!(matches!(advances(&bench, &name, version).await, Err(PluginError::Missing { .. })));
    }
    // What has begun ends.
    begun.advance(DEFINITION, None, &JourneyEvent::Entered("joined".into()), &[], Timestamp::UNIX_EPOCH).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_can_not_be_installed_leaves_the_one_that_is_used() {
    let bench = bench();
    let name = install(&bench, "segment-rules").await;
    let before = bench.host.segment(&name).unwrap().logic().to_owned();
    let rules = plugins_bundled::all().into_iter().find(|plugin| plugin.name == "segment-rules").unwrap();
    let broken = &rules.component[..rules.component.len() - 9];
    bench.host.install(rules.manifest, broken, &Capability::all().collect::<Vec<_>>(), false).await.unwrap_err();
    assert_eq!(bench.host.segment(&name).unwrap().logic(), before);
    // Another grant is another logic: what is decided by it is decided anew.
    let all_but_sex: Vec<Capability> = Capability::all().filter(|it| it.to_string() != "patient:sex").collect();
    bench.host.install(rules.manifest, rules.component, &all_but_sex, false).await.unwrap();
    assert_ne!(bench.host.segment(&name).unwrap().logic(), before);
}

fn component() -> &'static [u8] {
    plugins_bundled::all().into_iter().find(|plugin| plugin.name == "journey-flow").unwrap().component
}

fn manifest_of(version: &str) -> String {
    let flow = plugins_bundled::all().into_iter().find(|plugin| plugin.name == "journey-flow").unwrap();
    flow.manifest.replace("version = \"0.1.0\"", &format!("version = \"{version}\""))
}
