//! `outreach source doctor`: what is wrong with a source, in plain words, and what to do about it.

use std::time::Duration;

use anyhow::bail;
use gateway_domain::source::{QuarantineStatus, Source};
use gateway_net::egress::{EgressError, EgressRequest, RefusedReason};
use gateway_ports::ehr::{Ehr as _, EhrErrorKind, SearchRequest};
use gateway_ports::store::{PageRequest, QuarantineFilter, QuarantineStore as _, SourceStore as _, SyncLedger as _, SyncStore as _};
use gateway_sync::{Way, capabilities, ways};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::config::{Config, SourceAuth, SourceSection};
use crate::progress::{say, table};
use crate::wiring::{Parts, ehr};

/// Clocks further apart than this are told.
const SKEW: SignedDuration = SignedDuration::from_mins(2);
/// A run without an end for this long is stuck.
const LONG_RUN: SignedDuration = SignedDuration::from_hours(24);
/// More unreadable lines than one in so many resources are a matter of mapping.
const MOST_QUARANTINED: u64 = 200;

/// How it stands with something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Fine,
    Look,
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    verdict: Verdict,
    says: String,
    #[serde(rename = "do")]
    advice: Option<String>,
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn fine(&mut self, what: &'static str, says: impl Into<String>) {
        self.0.push(Finding { what, verdict: Verdict::Fine, says: says.into(), advice: None });
    }

    fn look(&mut self, what: &'static str, says: impl Into<String>, advice: impl Into<String>) {
        self.0.push(Finding { what, verdict: Verdict::Look, says: says.into(), advice: Some(advice.into()) });
    }

    fn wrong(&mut self, what: &'static str, says: impl Into<String>, advice: impl Into<String>) {
        self.0.push(Finding { what, verdict: Verdict::Wrong, says: says.into(), advice: Some(advice.into()) });
    }
}

/// Looks a source over.
///
/// # Errors
/// Where something is wrong, so that the program ends with 1.
pub(super) async fn run(config: &Config, parts: &Parts, name: &str, json: bool) -> anyhow::Result<()> {
    let section = config.source(name)?;
    let mut findings = Findings::default();
    if address(&mut findings, section, parts.clock.now()).await? && credential(&mut findings, parts, config, section).await? {
        Box::pin(data(&mut findings, parts, config, section)).await?;
    }
    match parts.store.source_by_name(name).await? {
        Some(source) => state(&mut findings, parts, section, &source).await?,
        None => findings.look("sync", "it was never synced", format!("run `outreach sync --source {name}`, or start the gateway")),
    }
    let wrong = findings.0.iter().filter(|it| it.verdict == Verdict::Wrong).count();
    if json {
        say(serde_json::to_string_pretty(&serde_json::json!({ "source": name, "healthy": wrong == 0, "findings": findings.0 }))?);
    } else {
        let row = |it: &Finding| {
            let verdict = match it.verdict {
                Verdict::Fine => "fine",
                Verdict::Look => "look",
                Verdict::Wrong => "WRONG",
            };
            vec![it.what.to_owned(), verdict.to_owned(), it.says.clone()]
        };
        table(&["WHAT", "IS", "BECAUSE"], &findings.0.iter().map(row).collect::<Vec<_>>());
        let todo: Vec<_> = findings.0.iter().filter_map(|it| it.advice.as_ref().map(|advice| format!("  {}: {advice}", it.what))).collect();
        if !todo.is_empty() {
            say(format!("\nWhat to do:\n{}", todo.join("\n")));
        }
    }
    if wrong > 0 {
        bail!("{wrong} of {} things are wrong with the source `{name}`", findings.0.len());
    }
    Ok(())
}

/// Whether the server can be reached; and how far its clock is from ours.
async fn address(findings: &mut Findings, section: &SourceSection, now: Timestamp) -> anyhow::Result<bool> {
    let mut url = section.server_url()?.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push("metadata");
    }
    let answer = match ehr::egress(section)?.send(EgressRequest::get(url)).await {
        Ok(answer) => answer,
        Err(error) => {
            let advice = match &error {
                EgressError::Dns { .. } => "check the host name in `source.url`, and that this machine can resolve it".to_owned(),
                EgressError::Connect { .. } => {
                    "check the port in `source.url`, that the server runs, and that no firewall is between".to_owned()
                }
                EgressError::Tls { .. } => {
                    "check the server's certificate: its name, its date, and that its issuer is known to this machine".to_owned()
                }
                EgressError::Refused { reason: RefusedReason::Address { .. }, .. } => {
                    "it is inside your network: list its host or address under `private_hosts` of the source".to_owned()
                }
                EgressError::Refused { .. } => "use an https address in `source.url`".to_owned(),
                EgressError::Timeout { .. } => "check that the server is not overloaded and that no firewall swallows requests".to_owned(),
                _ => "check `source.url`; the server does not speak HTTP as it should".to_owned(),
            };
            findings.wrong("address", error.to_string(), advice);
            return Ok(false);
        }
    };
    let status = answer.status();
    if status.is_redirection() {
        findings.wrong("address", format!("it answers {status} and points elsewhere"), "give the address it points to as `source.url`");
        return Ok(false);
    }
    findings.fine("address", format!("{} answers", section.base()));
    let date = answer.headers().get(http::header::DATE).and_then(|it| it.to_str().ok()).and_then(gateway_net::retry_after::http_date);
    match date.map(|it| now.duration_since(it).abs()) {
        None => findings.look(
            "clock",
            "the server does not tell its time, so changes are asked for an hour back",
            "nothing, if the clocks of both machines are right",
        ),
        Some(skew) if skew > SKEW => findings.look(
            "clock",
            format!("the clocks of the server and of this machine are {} s apart", skew.as_secs()),
            "let both follow a time server; sign-in may fail because of it",
        ),
        Some(_) => findings.fine("clock", "the server's clock and ours agree"),
    }
    Ok(true)
}

/// Whether the server gives us a token, where it wants one.
async fn credential(findings: &mut Findings, parts: &Parts, config: &Config, section: &SourceSection) -> anyhow::Result<bool> {
    let tokens = ehr::token_source(parts, config, section)?;
    match tokens.credential(parts.clock.now()).await {
        Ok(None) => findings.fine("sign-in", "none is configured"),
        Ok(Some(_)) => findings.fine("sign-in", "we have a credential"),
        Err(error) => {
            let advice = match &section.auth {
                SourceAuth::BackendServices { .. } => format!(
                    "register the keys at {}/.well-known/jwks.json (or those of `outreach source keys`) for this client id at the server, \
                     and check that the server can reach that address",
                    config.server.public_base()
                ),
                SourceAuth::ClientSecret { .. } => "check `client_id`, `token_url` and the secret in `secret_file`".to_owned(),
                _ => "check the file with the secret".to_owned(),
            };
            findings.wrong("sign-in", error.to_string(), advice);
            return Ok(false);
        }
    }
    Ok(true)
}

/// What of the data can be read, and by which way.
async fn data(findings: &mut Findings, parts: &Parts, config: &Config, section: &SourceSection) -> anyhow::Result<()> {
    let server = ehr::fhir_server(parts, config, section)?;
    let feed = ehr::feed(parts, config, section).await?;
    let found = match capabilities(&*server, &*feed.reader, parts.clock.now()).await {
        Ok(found) => found,
        Err(error) => {
            let advice = match error.kind {
                EhrErrorKind::Refused => "check the credential and which scopes the client was granted",
                EhrErrorKind::Later(_) | EhrErrorKind::Damaged => "try again later; if it stays so, look at the server's own log",
                EhrErrorKind::Gone | EhrErrorKind::Unsupported => {
                    "check that `source.url` is the FHIR base, for example `https://host/fhir/r4`"
                }
            };
            findings.wrong("data", error.to_string(), advice);
            return Ok(());
        }
    };
    let mut refused = Vec::new();
    for resource_type in feed.reader.types().iter().filter(|it| found.searches(it)) {
        let request = SearchRequest { resource_type: resource_type.clone(), page_size: 1, ..SearchRequest::default() };
        if let Err(error) = server.search(&request, None).await {
            if error.kind == EhrErrorKind::Refused {
                refused.push(resource_type.clone());
            } else if resource_type == "Patient" {
                findings.wrong("data", error.to_string(), "without patients there is no sync; look at the server's own log");
            }
        }
    }
    if !refused.is_empty() {
        let scopes: Vec<_> = refused.iter().map(|it| format!("system/{it}.read")).collect();
        findings.wrong(
            "scopes",
            format!("it does not let us read {}", refused.join(", ")),
            format!("grant the client {}", scopes.join(" ")),
        );
    }
    let ways = ways(&found, feed.reader.types(), &ehr::options(section)?.export);
    let closed: Vec<&str> = ways.iter().filter(|it| it.first == Way::Nothing).map(|it| it.resource_type.as_str()).collect();
    if closed.contains(&"Patient") {
        findings.wrong(
            "data",
            "patients can neither be exported nor searched",
            "name a group to export with `export = \"group:<id>\"`, or ask for the permission to search patients",
        );
    } else if closed.is_empty() {
        findings.fine("data", format!("all {} types can be read", ways.len()));
    } else {
        findings.look(
            "data",
            format!("not to be had: {}", closed.join(", ")),
            "decisions that need them find nothing; take them out of the mapping's `types` if that is right",
        );
    }
    let rates = server.rates();
    if rates.throttled > 0 {
        findings.look(
            "rate",
            format!("{} requests were put off", rates.throttled),
            "lower `max_requests_per_second` or `max_concurrent` of the source",
        );
    }
    Ok(())
}

/// How the runs go.
async fn state(findings: &mut Findings, parts: &Parts, section: &SourceSection, source: &Source) -> anyhow::Result<()> {
    let now = parts.clock.now();
    let store = &parts.store;
    let poll = SignedDuration::try_from(section.poll_interval()?).unwrap_or(SignedDuration::from_secs(30));
    match source.synced_at {
        None => {
            findings.look("lag", "no run was ever complete", format!("run `outreach sync --source {}` and read what it says", source.name));
        }
        Some(at) => {
            let lag = now.duration_since(at);
            let usual = poll * 3 + SignedDuration::from_mins(5);
            if lag > usual {
                findings.wrong(
                    "lag",
                    format!("what we know is {} old", words(lag)),
                    "see that the gateway runs (`outreach serve`), and read the notes of the last runs",
                );
            } else {
                findings.fine("lag", format!("what we know is {} old", words(lag)));
            }
        }
    }
    let lease = store.lease(source.id, now).await?;
    match (store.open_run(source.id).await?, lease) {
        (Some(run), _) if now.duration_since(run.started_at) > LONG_RUN => findings.look(
            "run",
            format!("a run began {} ago and has read {} resources", words(now.duration_since(run.started_at)), run.counts.read),
            "an export at the server may take days; if the count does not grow, look for the job at the server",
        ),
        (Some(run), Some(_)) => findings.fine("run", format!("one is under way; {} resources are read", run.counts.read)),
        (Some(run), None) => findings.look(
            "run",
            format!("one was interrupted after {} resources", run.counts.read),
            "nothing: the next one goes on from there. Until it is complete, messages to its people are held",
        ),
        (None, Some(_)) => findings.fine("run", "a gateway is at work on it"),
        (None, None) => findings.fine("run", "none is under way"),
    }
    if let Some(last) = store.sync_runs(source.id, PageRequest { offset: 0, limit: 1 }).await?.items.into_iter().next()
        && last.status == gateway_domain::source::SyncRunStatus::Failed
    {
        findings.wrong(
            "last run",
            last.note.unwrap_or_else(|| "it failed".to_owned()),
            "set right what it says; the next run reads it again",
        );
    }
    let cursors = store.cursors(source.id).await?;
    for cursor in cursors.iter().filter(|it| it.problem.is_some()) {
        let since =
            cursor.read_at.map_or_else(|| "it was never read".to_owned(), |at| format!("last read {} ago", words(now.duration_since(at))));
        let says = format!("{} is not up to date: {} ({since})", cursor.resource_type, cursor.problem.as_deref().unwrap_or(""));
        findings.wrong("type", says, "grant what is missing, or take the type out of the mapping's `types`");
    }
    let held: u64 = store.resource_counts(Some(source.id)).await?.iter().map(|it| it.1).sum();
    let open = QuarantineFilter { source: Some(source.id), status: Some(QuarantineStatus::Open), ..QuarantineFilter::default() };
    let quarantined = store.quarantine(&open, PageRequest { offset: 0, limit: 1 }).await?;
    match (quarantined.total, quarantined.items.first()) {
        (0, _) => findings.fine("quarantine", format!("empty; {held} resources are held")),
        (count, first) => {
            let why = first.map_or_else(String::new, |it| format!("; the newest: {}", it.reason));
            let says = format!("{count} lines can't be read beside {held} resources{why}");
            let advice = "look at them with `outreach quarantine list`, correct the mapping profile or the data, and read them again with `outreach quarantine replay`";
            if count * MOST_QUARANTINED > held {
                findings.wrong("quarantine", says, advice);
            } else {
                findings.look("quarantine", says, advice);
            }
        }
    }
    Ok(())
}

fn words(span: SignedDuration) -> String {
    let span: Duration = span.unsigned_abs();
    match span.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}
