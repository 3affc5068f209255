//! A mistake in the configuration, or a server that is not what it was said to be: said clearly, before anything happens.

use std::net::TcpListener;

use crate::harness::database::Kind;
use crate::harness::gateway::outreach;
use crate::harness::world::{Plan, World};

#[test]
fn a_wrong_key_ends_with_64_and_is_named_before_a_port_is_bound() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("outreach.toml");
    // The port is taken: whoever bound first would say so, and not name the key.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    std::fs::write(&config, format!("[server]\nlisten = \"{}\"\nlistne = 1\n", taken.local_addr().unwrap())).unwrap();
    let output = outreach(&config, &["serve"], "");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{said}");
    assert!(said.contains("listne"), "{said}");
}

#[test]
fn a_missing_configuration_is_named() {
    let output = outreach(std::path::Path::new("/nowhere/outreach.toml"), &["serve"], "");
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nowhere/outreach.toml"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_says_who_it_is_and_a_wrong_client_which_thing_is_wrong() {
    let world = World::make(Plan { people: Some(20), with_definitions: false, ..Plan::new(Kind::Sqlite) }).await.unwrap();
    let good = outreach(&world.config, &["source", "test", "--source", "sandbox"], "");
    let said = String::from_utf8_lossy(&good.stdout);
    assert!(good.status.success(), "{said}{}", String::from_utf8_lossy(&good.stderr));
    assert!(said.contains("4.0.1") && said.contains("export"), "{said}");

    let text = std::fs::read_to_string(&world.config).unwrap().replace("client_id = \"outreach-test\"", "client_id = \"somebody-else\"");
    std::fs::write(&world.config, text).unwrap();
    let bad = outreach(&world.config, &["sync", "--source", "sandbox"], "");
    let said = String::from_utf8_lossy(&bad.stderr);
    assert!(!bad.status.success());
    assert!(said.contains("somebody-else") && said.contains("invalid_client"), "{said}");

    let unknown = outreach(&world.config, &["sync", "--source", "nowhere"], "");
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("sandbox"), "it names those that are there");
}
