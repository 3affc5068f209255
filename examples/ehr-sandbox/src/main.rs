//! The program `ehr-sandbox`: serves a sandbox, or makes something happen in one that runs.

use std::{ffi::OsString, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context, anyhow, bail};
use clap::{Args, Parser, Subcommand};
use ehr_sandbox::{Client, ClientKeys, Config, Dialect, FaultScript, start};
use jiff::{SignedDuration, civil::Date};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;
use url::Url;

/// A FHIR R4 server with synthetic people, for trying and testing. Never put real patient data into it.
#[derive(Parser)]
#[command(name = "ehr-sandbox", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve (what happens where no command is given).
    Serve(Serve),
    /// Let time go on in a running sandbox: visits, results, addresses, deaths, merged and deleted records.
    Tick(Tick),
    /// Record something about one person in a running sandbox.
    Record(Record),
}

#[derive(Args)]
struct Serve {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: String,
    /// Scheme, host and port under which clients reach it, where that is not the address it listens on.
    #[arg(long)]
    public_url: Option<String>,
    /// How many people to generate; 1000, or none where a folder is loaded.
    #[arg(long)]
    people: Option<u64>,
    /// The same seed gives the same people.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// The day the records are read as of; today.
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<Date>,
    /// Serve the .ndjson and .ndjson.gz files of a folder.
    #[arg(long, value_name = "DIR")]
    load: Option<PathBuf>,
    /// A client that may ask for tokens, with the file or http(s) address of its JSON Web Key Set.
    #[arg(long = "client", value_name = "ID=JWKS", value_parser = client)]
    clients: Vec<Client>,
    /// Ask nobody for a token.
    #[arg(long)]
    open: bool,
    /// How it speaks: standard, epic, oracle or plain.
    #[arg(long, default_value = "standard")]
    dialect: Dialect,
    /// How long a token lives.
    #[arg(long, default_value = "300s", value_parser = duration)]
    token_lifetime: Duration,
    /// The least time an export takes; where it is zero, the first look finds it ready.
    #[arg(long, default_value = "1s", value_parser = duration)]
    export_delay: Duration,
    /// Let something happen to somebody this often, such as 5s.
    #[arg(long, value_parser = duration)]
    tick_every: Option<Duration>,
    /// Play the faults of a script.
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Address of a second listener, the foreign host of signed files.
    #[arg(long, value_name = "ADDRESS")]
    foreign_listen: Option<String>,
}

#[derive(Args)]
struct Tick {
    /// The running sandbox, with or without /fhir.
    #[arg(long, default_value = "http://127.0.0.1:8090/fhir")]
    url: Url,
    /// How many things happen.
    #[arg(long, default_value_t = 10)]
    count: u64,
    /// What happens, and to whom.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Args)]
struct Record {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// A screening mammogram, done now.
    Mammogram {
        /// The running sandbox, with or without /fhir.
        #[arg(long, default_value = "http://127.0.0.1:8090/fhir")]
        url: Url,
        /// The id of the Patient.
        #[arg(long)]
        patient: String,
    },
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")))
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_writer(std::io::stderr)
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "No runtime");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(run());
    runtime.shutdown_timeout(Duration::from_secs(1));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            // A mistake in the configuration is told apart from all else (EX_USAGE of sysexits).
            let usage = matches!(error.downcast_ref(), Some(ehr_sandbox::Error::Config(_) | ehr_sandbox::Error::Read { .. }));
            ExitCode::from(if usage { 64 } else { 1 })
        }
    }
}

async fn run() -> anyhow::Result<()> {
    match arguments().command {
        Command::Serve(serve) => serve.run().await,
        Command::Tick(tick) => tick.run().await,
        Command::Record(Record { what: What::Mammogram { url, patient } }) => record_mammogram(&url, &patient).await,
    }
}

/// The arguments; `serve` is meant where no command is named.
fn arguments() -> Arguments {
    let mut words: Vec<OsString> = std::env::args_os().collect();
    let named = words
        .get(1)
        .is_some_and(|word| ["serve", "tick", "record", "help", "--help", "-h", "--version", "-V"].iter().any(|known| word == known));
    if !named {
        words.insert(1.min(words.len()), OsString::from("serve"));
    }
    Arguments::parse_from(words)
}

impl Serve {
    async fn run(self) -> anyhow::Result<()> {
        let config = Config {
            people: self.people,
            seed: self.seed,
            as_of: self.as_of,
            load: self.load,
            clients: self.clients,
            open: self.open,
            token_lifetime: self.token_lifetime,
            export_delay: self.export_delay,
            tick_every: self.tick_every,
            public_url: self.public_url,
            faults: self.faults.as_deref().map(FaultScript::open).transpose()?.unwrap_or_default(),
            foreign_listen: self.foreign_listen,
            dialect: self.dialect,
            ..Config::default()
        };
        let open = config.open;
        let listener = TcpListener::bind(&self.listen).await.with_context(|| format!("Can't listen on {}", self.listen))?;
        let running = start(config, listener).await?;
        say(&format!("FHIR R4   {}", running.base_url));
        say(&format!("Page      {}/", running.origin));
        let door = if open { "open: no token is asked for".to_owned() } else { running.token_url.clone() };
        say(&format!("Tokens    {door}"));
        if let Some(origin) = &running.foreign_origin {
            say(&format!("Foreign   {origin}/signed"));
        }
        stop_signal().await?;
        running.shutdown().await;
        Ok(())
    }
}

impl Tick {
    async fn run(self) -> anyhow::Result<()> {
        let body = json!({"seed": self.seed, "count": self.count});
        let answer = post(control(&self.url, "/sandbox/tick")?, &body).await?;
        let changes = answer.get("changes").and_then(Value::as_array).cloned().unwrap_or_default();
        for change in &changes {
            let word = |member: &str| change.get(member).and_then(Value::as_str).unwrap_or_default();
            let written = change.get("resources").and_then(Value::as_array).map_or(0, Vec::len);
            say(&format!("{:<10} Patient/{} ({written} resources)", word("what"), word("patient")));
        }
        say(&format!("{} changes", changes.len()));
        Ok(())
    }
}

async fn record_mammogram(url: &Url, patient: &str) -> anyhow::Result<()> {
    let mut target = control(url, "/sandbox/patients/")?;
    if let Ok(mut path) = target.path_segments_mut() {
        path.pop_if_empty().push(patient).push("mammogram");
    }
    let answer = post(target, &json!({})).await?;
    say(&format!("Observation/{}", answer.get("id").and_then(Value::as_str).unwrap_or_default()));
    Ok(())
}

/// The sandbox's own interface beside its FHIR base.
fn control(url: &Url, path: &str) -> anyhow::Result<Url> {
    url.join(path).with_context(|| format!("{url} can't be the address of a sandbox"))
}

async fn post(url: Url, body: &Value) -> anyhow::Result<Value> {
    let _installed_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
    #[expect(clippy::disallowed_methods, reason = "a command of the sandbox, which stands outside of the gateway")]
    let client = reqwest::Client::builder().timeout(Duration::from_mins(1)).build()?;
    let response = client.post(url.clone()).json(body).send().await.with_context(|| format!("{url} did not answer"))?;
    let status = response.status();
    let answer: Value = response.json().await.with_context(|| format!("{url} did not answer with JSON"))?;
    if !status.is_success() {
        let issue = answer.get("issue").and_then(|issues| issues.get(0));
        let diagnostics = issue.and_then(|issue| issue.get("diagnostics")).and_then(Value::as_str);
        bail!("{url} answered {status}: {}", diagnostics.unwrap_or("no reason given"));
    }
    Ok(answer)
}

/// Waits for Ctrl-C or a termination signal.
async fn stop_signal() -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            done = tokio::signal::ctrl_c() => done?,
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await?;
    Ok(())
}

fn client(text: &str) -> anyhow::Result<Client> {
    let (id, keys) = text.split_once('=').ok_or_else(|| anyhow!("ID=JWKS was expected"))?;
    let keys = if keys.starts_with("http://") || keys.starts_with("https://") {
        ClientKeys::Url(keys.parse()?)
    } else {
        ClientKeys::File(PathBuf::from(keys))
    };
    Ok(Client { id: id.to_owned(), keys })
}

/// Reads `5s`, `2m` or `500ms`; a bare number is seconds.
fn duration(text: &str) -> anyhow::Result<Duration> {
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let signed: SignedDuration = text.parse().with_context(|| format!("{text} is not a time like 5s"))?;
    Duration::try_from(signed).with_context(|| format!("{text} is before now"))
}

#[expect(clippy::print_stdout, reason = "this is the output of the program")]
fn say(line: &str) {
    println!("{line}");
}
