//! The ingestion of Helios HFS (a FHIR server in Rust, on SQLite too) where `make peers` has installed it: the same resources by
//! batches of 200 over HTTP, which is the way it offers. It validates and indexes more than we do, and keeps no facts.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::export::{Export, Lines};

const BATCH: usize = 200;
/// Enough to tell its speed.
const MOST_OF_EACH_FILE: usize = 2_000;

pub(crate) enum Ingested {
    Took { lines: usize, seconds: f64 },
    NotThere(String),
}

/// The server, stopped when it is no longer needed.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn ingest(folder: &Path, export: &Export) -> Outcome<Ingested> {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance-tests/peers/hfs/bin/hfs");
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let mut command = Command::new(installed);
    command.args(["--port", &port.to_string(), "--log-level", "error", "--database-url"]).arg(folder.join("hfs.sqlite"));
    let Ok(child) = command.current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null()).spawn() else {
        return Ok(Ingested::NotThere("it is not installed, so it was not measured; `make peers` installs it".to_owned()));
    };
    let _server = Server(child);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        if begun.elapsed() > Duration::from_mins(1) {
            return Ok(Ingested::NotThere("it did not begin to listen within a minute".to_owned()));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let (mut taken, mut seconds) = (0, 0.0);
    for file in &export.files {
        let name = file.path.file_stem().and_then(|it| it.to_str()).unwrap_or_default();
        let mut lines = Lines::open(&file.path)?;
        for _ in 0..MOST_OF_EACH_FILE / BATCH {
            let piece = lines.next(BATCH, usize::MAX)?;
            if piece.is_empty() {
                break;
            }
            let entries = piece.iter().map(|line| entry(name, line)).collect::<Outcome<Vec<_>>>()?;
            let bundle = format!("{{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{}]}}", entries.join(","));
            let begun = Instant::now();
            let answer = post(address, &bundle)?;
            seconds += begun.elapsed().as_secs_f64();
            let made = answer.matches("\"status\":\"20").count();
            if made < piece.len() {
                return Ok(Ingested::NotThere(format!("it took {made} of {} {name} resources", piece.len())));
            }
            taken += piece.len();
        }
    }
    fs::remove_file(folder.join("hfs.sqlite")).ok();
    Ok(Ingested::Took { lines: taken, seconds })
}

fn entry(resource_type: &str, line: &[u8]) -> Outcome<String> {
    let line = std::str::from_utf8(line)?;
    let id = line.split("\"id\":\"").nth(1).and_then(|it| it.split('"').next()).ok_or("no id")?;
    Ok(format!("{{\"resource\":{line},\"request\":{{\"method\":\"PUT\",\"url\":\"{resource_type}/{id}\"}}}}"))
}

fn post(address: SocketAddr, body: &str) -> Outcome<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/fhir+json\r\nAccept: application/fhir+json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
