//! From a project to its component, by the builder of its language: `cargo` where there is a `Cargo.toml`, `npm run build` where there is a
//! `package.json`, Python where there is a `build.py`. The last two leave the component in `component.wasm`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

const TARGET: &str = "wasm32-wasip2";
/// Where a builder other than cargo leaves the component.
pub const COMPONENT: &str = "component.wasm";

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Nobody knows how to build it.
    #[error("`{0}` has no `Cargo.toml`, `package.json` or `build.py`, so there is nothing to build; name a component with `--component`")]
    Unknown(String),
    /// The builder is not there.
    #[error("`{program}` could not be started: {reason}; {hint}")]
    NotStarted {
        /// The builder.
        program: String,
        /// Why.
        reason: String,
        /// How to get it.
        hint: &'static str,
    },
    /// It ended with an error, and said why.
    #[error("`{command}` failed in `{folder}`; {hint}")]
    Failed {
        /// What was run.
        command: String,
        /// Where.
        folder: String,
        /// What else to look at.
        hint: &'static str,
    },
    /// It made no component.
    #[error("`{command}` made no component in `{folder}`; expected {expected}")]
    Nothing {
        /// What was run.
        command: String,
        /// Where.
        folder: String,
        /// What was expected.
        expected: String,
    },
}

struct Builder {
    program: OsString,
    arguments: &'static [&'static str],
    how_to_get: &'static str,
    on_failure: &'static str,
}

/// Builds the project in a folder; its builder says on standard error what it does. Where the component is.
///
/// # Errors
/// [`BuildError`]
pub fn build(folder: &Path) -> Result<PathBuf, BuildError> {
    let is_there = |name: &str| folder.join(name).is_file();
    if is_there("Cargo.toml") {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let said = run(
            folder,
            &Builder {
                program,
                arguments: &["build", "--release", "--target", TARGET, "--message-format", "json-render-diagnostics"],
                how_to_get: "it comes with Rust: https://rustup.rs",
                on_failure: "where the target is missing, `rustup target add wasm32-wasip2` gets it",
            },
        )?;
        return artifact(folder, &said).ok_or_else(|| BuildError::Nothing {
            command: format!("cargo build --release --target {TARGET}"),
            folder: folder.display().to_string(),
            expected: "a library with `crate-type = [\"cdylib\"]`".to_owned(),
        });
    }
    let (builder, command) = if is_there("package.json") {
        if !folder.join("node_modules").is_dir() {
            run(folder, &npm(&["install", "--no-audit", "--no-fund"]))?;
        }
        (npm(&["run", "build"]), "npm run build")
    } else if is_there("build.py") {
        let builder = Builder {
            program: "python3".into(),
            arguments: &["build.py"],
            how_to_get: "it comes with Python",
            on_failure: "what it says is above",
        };
        (builder, "python3 build.py")
    } else {
        return Err(BuildError::Unknown(folder.display().to_string()));
    };
    run(folder, &builder)?;
    let component = folder.join(COMPONENT);
    if component.is_file() {
        return Ok(component);
    }
    let (command, folder) = (command.to_owned(), folder.display().to_string());
    Err(BuildError::Nothing { command, folder, expected: format!("`{COMPONENT}`") })
}

fn npm(arguments: &'static [&'static str]) -> Builder {
    Builder { program: "npm".into(), arguments, how_to_get: "it comes with Node.js", on_failure: "what it says is above" }
}

/// Runs a builder to its end: what it said on standard output.
fn run(folder: &Path, builder: &Builder) -> Result<Vec<u8>, BuildError> {
    let program = builder.program.to_string_lossy().into_owned();
    let is_cargo = builder.arguments.contains(&TARGET);
    let mut command = Command::new(&builder.program);
    command.args(builder.arguments).current_dir(folder).stdin(Stdio::null()).stderr(Stdio::inherit()).stdout(Stdio::piped());
    let output = command.output().map_err(|error| BuildError::NotStarted {
        program: program.clone(),
        reason: error.to_string(),
        hint: builder.how_to_get,
    })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    if !is_cargo {
        use std::io::Write as _;
        let _ = std::io::stderr().write_all(&output.stdout);
    }
    let command = format!("{} {}", if is_cargo { "cargo" } else { &program }, builder.arguments.join(" "));
    Err(BuildError::Failed { command, folder: folder.display().to_string(), hint: builder.on_failure })
}

/// The component of the package in the folder, in what cargo says of its artifacts.
fn artifact(folder: &Path, said: &[u8]) -> Option<PathBuf> {
    let manifest = folder.join("Cargo.toml").canonicalize().ok()?;
    let messages = said.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let of_package = messages.filter(|message| {
        let of = message.get("manifest_path").and_then(Value::as_str).and_then(|path| Path::new(path).canonicalize().ok());
        message.get("reason").and_then(Value::as_str) == Some("compiler-artifact") && of.as_ref() == Some(&manifest)
    });
    let files = of_package.filter_map(|message| message.get("filenames").and_then(Value::as_array).cloned()).flatten();
    let mut paths = files.filter_map(|file| file.as_str().map(PathBuf::from));
    paths.rfind(|path| path.extension().is_some_and(|extension| extension == "wasm"))
}
