//! Validators of FHIR resources that are not ours: npm `fhir` and `@medplum/core`, both, because each misses what the other sees.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What they find wrong with these resources, one JSON text each; `None`, said aloud, where they are not installed.
///
/// # Panics
/// Where they are installed and do not run.
#[must_use]
pub fn findings(resources: &[String]) -> Option<Vec<String>> {
    let home = folder();
    if !home.join("node_modules/fhir").exists() {
        let line = "SKIPPED: the FHIR validators; install them: cd conformance-tests/validators && npm ci\n";
        let _ = io::stderr().lock().write_all(line.as_bytes());
        return None;
    }
    let mut command = Command::new("node");
    command.current_dir(home).arg("validate.mjs").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("node does not start: {error}"));
    // Everything is read before anything is written, so the pipes can't wait for each other.
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(resources.join("\n").as_bytes()).unwrap_or_else(|error| panic!("the validators do not read: {error}"));
    }
    let output = child.wait_with_output().unwrap_or_else(|error| panic!("the validators do not end: {error}"));
    assert!(output.status.success(), "the validators failed; see their standard error");
    Some(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("validators")
}
