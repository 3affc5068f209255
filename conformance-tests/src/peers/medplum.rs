//! The server on Medplum's router in `peers/medplum`: no next links, no fullUrl, no CapabilityStatement, deletes read 404.

use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// The server as a process, on a free port of 127.0.0.1. Stopped when dropped, and when the test's process ends however it ends.
#[derive(Debug)]
pub struct Medplum {
    /// Where its FHIR API begins; resources are read and written below it, without credentials.
    pub base_url: String,
    child: Child,
    _stdin: Option<ChildStdin>,
}

impl Medplum {
    /// Starts it, empty; `None`, said aloud, where its packages are not installed.
    ///
    /// # Panics
    /// Where it is installed and does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// Starts it with what is in these folders of `*.ndjson` and `*.json`.
    ///
    /// # Panics
    /// Where it is installed and does not start.
    #[must_use]
    pub fn start_with(folders: &[&Path]) -> Option<Self> {
        let home = folder();
        if !home.join("node_modules/@medplum/fhir-router").exists() {
            let line = "SKIPPED: everything against Medplum's router; install it: cd conformance-tests/peers/medplum && npm ci\n";
            let _ = io::stderr().lock().write_all(line.as_bytes());
            return None;
        }
        let mut command = Command::new("node");
        command.current_dir(home).args(["server.mjs", "--until-stdin-closes"]);
        for folder in folders {
            command.arg("--load").arg(folder);
        }
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = started.unwrap_or_else(|error| panic!("node does not start: {error}"));
        let stdin = child.stdin.take();
        let mut line = String::new();
        let read = child.stdout.take().map(|stdout| BufReader::new(stdout).read_line(&mut line));
        let base_url = line.trim().to_owned();
        assert!(base_url.starts_with("http://"), "Medplum's router did not start: {read:?}; see its standard error");
        Some(Self { base_url, child, _stdin: stdin })
    }
}

impl Drop for Medplum {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/medplum")
}
