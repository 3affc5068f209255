//! Holds the house to its plan: which crate may know which, and which crate alone may name a heavy dependency.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// For each crate of the house the crates it may know. `app` knows everything and is not listed.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("gateway-domain", &[]),
    ("gateway-ports", &["gateway-domain"]),
    ("gateway-sync", &["gateway-domain", "gateway-ports"]),
    ("gateway-outreach", &["gateway-domain", "gateway-ports"]),
    ("gateway-net", &[]),
    ("gateway-auth", &["gateway-net"]),
    ("gateway-fhir", &["gateway-domain", "gateway-ports", "gateway-net", "gateway-auth", "fhir-profiles"]),
    ("gateway-plugin-host", &["gateway-domain", "gateway-ports"]),
    ("gateway-plugin-kit", &["gateway-domain", "gateway-ports", "gateway-plugin-host", "outreach-plugin-sdk"]),
    ("gateway-store", &["gateway-domain", "gateway-ports"]),
    ("gateway-content", &["gateway-domain", "gateway-ports"]),
    ("gateway-terminology", &["gateway-domain"]),
    ("gateway-api", &["gateway-domain", "gateway-ports", "gateway-sync", "gateway-outreach", "gateway-net", "gateway-auth"]),
    ("fhir-profiles", &[]),
    ("outreach-plugin-sdk", &[]),
    ("criteria", &["outreach-plugin-sdk"]),
    ("segment-rules", &["outreach-plugin-sdk", "criteria"]),
    ("segment-measures", &["outreach-plugin-sdk", "criteria"]),
    ("journey-flow", &["outreach-plugin-sdk"]),
    ("channel-email", &["outreach-plugin-sdk"]),
    ("acme-statin", &["outreach-plugin-sdk"]),
    ("acme-sms", &["outreach-plugin-sdk"]),
    ("plugins-bundled", &[]),
    ("ehr-sandbox", &[]),
    ("mailbox", &[]),
    ("conformance-tests", &[]),
];

/// Packages that one crate alone names, so that an edit elsewhere never rebuilds them.
const NAMED_ONCE: &[(&str, &str)] = &[
    ("wasmtime", "gateway-plugin-host"),
    ("fhir-sdk", "gateway-fhir"),
    ("sqlx", "gateway-store"),
    ("mrml", "gateway-content"),
    ("lettre", "gateway-net"),
];

/// The crates that may open connections; tests may everywhere.
const MAY_CONNECT: &[&str] = &["gateway-net"];

fn normal_dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = MetadataCommand::new().no_deps().other_options(vec!["--offline".to_owned(), "--locked".to_owned()]).exec().unwrap();
    metadata
        .packages
        .iter()
        .map(|package| {
            let normal = package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
            (package.name.to_string(), normal.map(|dependency| dependency.name.clone()).collect())
        })
        .collect()
}

#[test]
fn every_arrow_points_inwards() {
    let crates = normal_dependencies();
    for (name, known) in &crates {
        if name == "gateway-app" {
            continue;
        }
        let Some((_, allowed)) = MAY_KNOW.iter().find(|(listed, _)| listed == name) else {
            panic!("`{name}` is not in the plan: add it to MAY_KNOW and to ARCHITECTURE.md");
        };
        for other in known.iter().filter(|other| crates.contains_key(*other)) {
            assert!(allowed.contains(&other.as_str()), "`{name}` must not know `{other}`");
        }
    }
}

#[test]
fn heavy_packages_are_named_in_one_crate() {
    for (name, known) in normal_dependencies() {
        for (package, owner) in NAMED_ONCE {
            let may = name == *owner || (*package == "lettre" && name == "gateway-content");
            assert!(may || !known.contains(*package), "`{name}` names `{package}`, which belongs to `{owner}`");
        }
    }
}

#[test]
fn only_the_network_kit_opens_connections() {
    for (name, known) in normal_dependencies() {
        let example = name == "ehr-sandbox" || name == "mailbox";
        assert!(example || MAY_CONNECT.contains(&name.as_str()) || !known.contains("reqwest"), "`{name}` names `reqwest`");
    }
}

#[test]
fn no_source_file_is_longer_than_six_hundred_lines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut long = Vec::new();
    let mut folders: Vec<_> =
        ["gateway", "plugins", "plugin-sdk", "fhir-profiles", "conformance-tests", "examples"].map(|name| root.join(name)).into();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let name = entry.file_name().into_string().unwrap();
            if path.is_dir() {
                if !matches!(name.as_str(), "node_modules" | "dist" | "target") {
                    folders.push(path);
                }
            } else if matches!(path.extension().and_then(|ending| ending.to_str()), Some("rs" | "ts" | "tsx")) && name != "schema.d.ts" {
                let lines = std::fs::read_to_string(&path).unwrap().lines().count();
                if lines > 600 {
                    long.push(format!("{} has {lines} lines", path.strip_prefix(root).unwrap().display()));
                }
            }
        }
    }
    assert!(long.is_empty(), "look for the second thing in each: {long:#?}");
}
