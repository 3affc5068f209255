//! Helios HFS, a FHIR server in Rust on SQLite, where `make peers` has installed it: exports that it wants to be asked for every two minutes
//! only, histories, deletions that read 410, topics that are resources of the type `Basic`.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// It reads its search parameters and opens its database first.
const LONGEST_START: Duration = Duration::from_mins(1);

/// The server as a process, empty, on a free port of 127.0.0.1. Stopped when dropped.
#[derive(Debug)]
pub struct Hfs {
    /// Where its FHIR API begins; resources are read and written below it, without credentials.
    pub base_url: String,
    child: Child,
}

impl Hfs {
    /// Starts it in a folder of its own; `None`, said aloud, where it is not installed.
    ///
    /// # Panics
    /// Where it is installed and does not start.
    #[must_use]
    pub fn start(folder: &Path) -> Option<Self> {
        let program = home().join("bin/hfs");
        if !program.exists() {
            let _ = io::stderr().lock().write_all(b"SKIPPED: everything against Helios HFS; install it: make peers (it takes long)\n");
            return None;
        }
        write_search_parameters(folder).unwrap_or_else(|error| panic!("the search parameters of R4 can't be handed over: {error}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|it| it.local_addr());
        let port = listener.unwrap_or_else(|error| panic!("no free port: {error}")).port();
        let base_url = format!("http://127.0.0.1:{port}");
        let mut command = Command::new(program);
        command.current_dir(folder).args(["--port", &port.to_string(), "--base-url", &base_url, "--log-level", "error"]);
        command.envs([("HFS_SUBSCRIPTIONS_ENABLED", "true"), ("HFS_SUBSCRIPTION_ALLOW_PRIVATE_ENDPOINTS", "true")]);
        command.arg("--data-dir").arg(folder).arg("--database-url").arg(folder.join("hfs.sqlite"));
        let started = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let server = Self { base_url, child: started.unwrap_or_else(|error| panic!("hfs does not start: {error}")) };
        let (address, begun) = (SocketAddr::from((Ipv4Addr::LOCALHOST, port)), Instant::now());
        while TcpStream::connect(address).is_err() {
            assert!(begun.elapsed() < LONGEST_START, "hfs does not listen; see its standard error");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }
}

/// A topic for any change to resources of these types, as a server of R4 keeps it (subscriptions-backport 1.1, *SubscriptionTopic in R4*).
pub fn topic(url: &str, types: &[&str]) -> Value {
    const R5: &str = "http://hl7.org/fhir/5.0/StructureDefinition/extension-SubscriptionTopic";
    const R4B: &str = "http://hl7.org/fhir/4.3/StructureDefinition/extension-SubscriptionTopic";
    let mut extensions = vec![json!({"url": format!("{R5}.url"), "valueUri": url})];
    for name in types {
        let mut trigger = vec![json!({"url": "resource", "valueUri": format!("http://hl7.org/fhir/StructureDefinition/{name}")})];
        trigger.extend(["create", "update", "delete"].map(|it| json!({"url": "supportedInteraction", "valueCode": it})));
        extensions.push(json!({"url": format!("{R4B}.resourceTrigger"), "extension": trigger}));
    }
    let code = json!({"coding": [{"system": "http://hl7.org/fhir/fhir-types", "code": "SubscriptionTopic"}]});
    json!({"resourceType": "Basic", "id": "topic", "code": code, "extension": extensions})
}

impl Drop for Hfs {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/hfs")
}

/// The search parameters of R4, out of the official examples, as the Bundle it looks for.
fn write_search_parameters(folder: &Path) -> io::Result<()> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("fhir-examples/node_modules/hl7.fhir.r4.examples");
    let mut entries = Vec::new();
    for file in std::fs::read_dir(examples)? {
        let path = file?.path();
        if path.file_name().and_then(|it| it.to_str()).is_some_and(|it| it.starts_with("SearchParameter-")) {
            let resource: Value = serde_json::from_slice(&std::fs::read(path)?)?;
            entries.push(json!({ "resource": resource }));
        }
    }
    let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": entries});
    std::fs::write(folder.join("search-parameters-r4.json"), bundle.to_string())
}
