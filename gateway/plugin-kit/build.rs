//! Carries the SDK and the templates of new projects into the binary. The SDK's manifest is made to stand alone, with the versions of this
//! workspace, and what it is built from is pinned to the versions of this workspace's lock file.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use toml::{Table, Value};

/// Folders of the SDK that a project gets a part of.
const SDK: [&str; 4] = ["src", "wit", "javascript", "python"];
/// What is made by running and building, and what belongs to nobody but us.
const LEFT_OUT: [&str; 6] = ["__pycache__", "node_modules", "target", "test", "tests", "dist"];

fn main() -> ExitCode {
    match carry() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            println!("cargo::error={reason}");
            ExitCode::FAILURE
        }
    }
}

fn carry() -> Result<(), String> {
    let path = |name: &str| env::var_os(name).map(PathBuf::from).ok_or_else(|| format!("cargo did not set {name}"));
    let (here, out) = (path("CARGO_MANIFEST_DIR")?, path("OUT_DIR")?);
    let root = here.ancestors().nth(2).ok_or("this crate is not inside the workspace")?.to_owned();
    let (sdk, templates) = (root.join("plugin-sdk"), here.join("templates"));
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = Vec::new();
    for folder in SDK.into_iter().filter(|folder| sdk.join(folder).is_dir()) {
        find(&sdk.join(folder), &mut files)?;
    }
    write(&out.join("sdk.rs"), &table(&sdk, &files)?)?;
    let mut files = Vec::new();
    find(&templates, &mut files)?;
    write(&out.join("templates.rs"), &table(&templates, &files)?)?;

    let (workspace, own) = (read(&root.join("Cargo.toml"))?, read(&sdk.join("Cargo.toml"))?);
    let standing_alone = stand_alone(&workspace, &own)?;
    let lock = pruned(&read(&root.join("Cargo.lock"))?, &standing_alone)?;
    let text = |table: &Table| toml::to_string(table).map_err(|error| format!("a manifest can't be written: {error}"));
    write(&out.join("sdk-manifest.toml"), &text(&standing_alone)?)?;
    write(&out.join("sdk-lock.toml"), &text(&lock)?)
}

fn read(path: &Path) -> Result<Table, String> {
    println!("cargo::rerun-if-changed={}", path.display());
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    text.parse().map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// All files under a folder, in the order of their names.
fn find(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut entries = fs::read_dir(folder).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        if LEFT_OUT.iter().any(|left_out| name == *left_out) {
            continue;
        }
        let path = entry.path();
        if path.is_dir() { find(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

/// The table that the crate includes: path with slashes, and content.
fn table(root: &Path, files: &[PathBuf]) -> Result<String, String> {
    let mut table = String::from("&[\n");
    for file in files {
        let relative = file.strip_prefix(root).map_err(|error| error.to_string())?;
        let name: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
        let _ = writeln!(table, "    ({:?}, include_str!({:?})),", name.join("/"), file.to_string_lossy());
    }
    table.push_str("]\n");
    Ok(table)
}

/// The SDK's manifest with what it takes from the workspace put in, and without what only its own tests need.
fn stand_alone(workspace: &Table, own: &Table) -> Result<Table, String> {
    let inherited = workspace.get("workspace").and_then(Value::as_table).ok_or("Cargo.toml has no `workspace`")?;
    let mut manifest = Table::new();
    let mut package = table_of(own, "package")?;
    let given = table_of(inherited, "package")?;
    for (key, value) in &mut package {
        if is_inherited(value) {
            *value = given.get(key).cloned().ok_or_else(|| format!("the workspace gives no `package.{key}`"))?;
        }
    }
    manifest.insert("package".to_owned(), Value::Table(package));
    let given = table_of(inherited, "dependencies")?;
    let put_in = |mut dependencies: Table| -> Result<Table, String> {
        for (name, value) in &mut dependencies {
            if is_inherited(value) {
                *value = given.get(name).cloned().ok_or_else(|| format!("the workspace gives no `dependencies.{name}`"))?;
            }
        }
        Ok(dependencies)
    };
    manifest.insert("dependencies".to_owned(), Value::Table(put_in(table_of(own, "dependencies")?)?));
    if let Ok(mut targets) = table_of(own, "target") {
        for (_, target) in &mut targets {
            let target = target.as_table_mut().ok_or("a `target` of the SDK is no table")?;
            let dependencies = put_in(table_of(target, "dependencies")?)?;
            target.insert("dependencies".to_owned(), Value::Table(dependencies));
        }
        manifest.insert("target".to_owned(), Value::Table(targets));
    }
    Ok(manifest)
}

fn table_of(table: &Table, key: &str) -> Result<Table, String> {
    table.get(key).and_then(Value::as_table).cloned().ok_or_else(|| format!("a manifest has no `{key}`"))
}

fn is_inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

/// What of a lock file a manifest leads to.
fn pruned(lock: &Table, manifest: &Table) -> Result<Table, String> {
    let packages = lock.get("package").and_then(Value::as_array).ok_or("Cargo.lock has no packages")?;
    let text = |package: &Value, key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut wanted: Vec<String> = table_of(manifest, "dependencies")?.into_iter().map(|(name, _)| name).collect();
    for (_, target) in table_of(manifest, "target").unwrap_or_default() {
        let dependencies = target.get("dependencies").and_then(Value::as_table).cloned().unwrap_or_default();
        wanted.extend(dependencies.into_iter().map(|(name, _)| name));
    }
    let mut kept = BTreeSet::new();
    while let Some(one) = wanted.pop() {
        let (name, version) = one.split_once(' ').unwrap_or((&one, ""));
        for (place, package) in packages.iter().enumerate() {
            let is_it = text(package, "name") == name && (version.is_empty() || text(package, "version") == version);
            if is_it && kept.insert(place) {
                let dependencies = package.get("dependencies").and_then(Value::as_array).cloned().unwrap_or_default();
                wanted.extend(dependencies.iter().filter_map(Value::as_str).map(str::to_owned));
            }
        }
    }
    let mut pruned = Table::new();
    pruned.insert("version".to_owned(), lock.get("version").cloned().unwrap_or(Value::Integer(4)));
    let packages = packages.iter().enumerate().filter(|(place, _)| kept.contains(place)).map(|(_, package)| package.clone());
    pruned.insert("package".to_owned(), Value::Array(packages.collect()));
    Ok(pruned)
}
