//! Builds the bundled plugins to WebAssembly components with a cargo of its own, and has them carried into the binary.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

const TARGET: &str = "wasm32-wasip2";
const PLUGINS: [&str; 4] = ["segment-rules", "segment-measures", "journey-flow", "channel-email"];
/// Libraries of theirs.
const LIBRARIES: [&str; 1] = ["criteria"];

/// What the outer cargo sets for its own build and would mislead the inner one: clippy as the compiler, flags for another target.
const INHERITED: [&str; 10] = [
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_MAKEFLAGS",
    "CARGO_TARGET_DIR",
    "CLIPPY_ARGS",
    "MAKEFLAGS",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
    "RUSTDOCFLAGS",
];

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            println!("cargo::error={reason}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), String> {
    let path = |name: &str| env::var_os(name).map(PathBuf::from).ok_or_else(|| format!("cargo did not set {name}"));
    let (here, out) = (path("CARGO_MANIFEST_DIR")?, path("OUT_DIR")?);
    let root = here.ancestors().nth(2).ok_or("the bundled plugins are not inside the workspace")?.to_owned();
    // Own target folder: the outer cargo holds the lock of its own.
    let target = out.join("components");

    println!("cargo::rerun-if-changed=build.rs");
    for watched in ["plugin-sdk/src", "plugin-sdk/wit", "plugin-sdk/Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", root.join(watched).display());
    }
    for plugin in PLUGINS.into_iter().chain(LIBRARIES) {
        println!("cargo::rerun-if-changed={}", root.join("plugins").join(plugin).display());
    }
    require_target()?;

    let mut cargo = Command::new(path("CARGO")?);
    cargo.current_dir(&root).args(["build", "--release", "--locked", "--target", TARGET, "--target-dir"]).arg(&target);
    for plugin in PLUGINS {
        cargo.args(["--package", plugin]);
    }
    for name in INHERITED {
        cargo.env_remove(name);
    }
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PROFILE_") || name.starts_with("CARGO_TARGET_")) {
            cargo.env_remove(name);
        }
    }
    for (setting, value) in
        [("OPT_LEVEL", "3"), ("LTO", "fat"), ("CODEGEN_UNITS", "1"), ("PANIC", "abort"), ("STRIP", "symbols"), ("DEBUG", "none")]
    {
        cargo.env(format!("CARGO_PROFILE_RELEASE_{setting}"), value);
    }
    let output = cargo.output().map_err(|error| format!("cargo could not be started for the bundled plugins: {error}"))?;
    if !output.status.success() {
        for line in String::from_utf8_lossy(&output.stderr).lines().filter(|line| !line.trim().is_empty()) {
            println!("cargo::error={line}");
        }
        return Err("the bundled plugins do not build".to_owned());
    }
    write_table(&root, &out, &target.join(TARGET).join("release"))
}

/// The standard library for the target is there, or the error says how to get it.
fn require_target() -> Result<(), String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let printed = Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output();
    let folder =
        printed.ok().filter(|output| output.status.success()).map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    if folder.is_some_and(|folder| Path::new(&folder).is_dir()) {
        return Ok(());
    }
    Err(format!("the bundled plugins are built for {TARGET}, which this toolchain does not have; run `rustup target add {TARGET}`"))
}

/// Writes the table that `lib.rs` includes.
fn write_table(root: &Path, out: &Path, built: &Path) -> Result<(), String> {
    let mut table = String::from("[\n");
    for plugin in PLUGINS {
        let manifest = root.join("plugins").join(plugin).join("plugin.toml");
        let component = built.join(format!("{}.wasm", plugin.replace('-', "_")));
        if !component.is_file() {
            return Err(format!("the plugin {plugin} was built, but {} is not there", component.display()));
        }
        // A text as Rust writes it, quoted and escaped.
        let literal = |path: &Path| format!("{:?}", path.to_string_lossy());
        let (manifest, component) = (literal(&manifest), literal(&component));
        let _ = writeln!(
            table,
            "    BundledPlugin {{ name: {plugin:?}, manifest: include_str!({manifest}), component: include_bytes!({component}) }},"
        );
    }
    table.push_str("]\n");
    fs::write(out.join("table.rs"), table).map_err(|error| format!("the table of bundled plugins can't be written: {error}"))
}
