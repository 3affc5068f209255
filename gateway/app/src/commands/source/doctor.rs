//! `outreach source doctor`: what is wrong with a source, in plain words, and what to do about it.

mod state;

use anyhow::bail;
use gateway_auth::AuthError;
use gateway_net::egress::{EgressError, EgressRequest, RefusedReason};
use gateway_ports::ehr::{Ehr as _, EhrErrorKind, SearchRequest};
use gateway_ports::store::SourceStore as _;
use gateway_sync::{Way, capabilities, ways};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::config::{Config, SourceAuth, SourceSection};
use crate::progress::{say, table};
use crate::wiring::{Parts, ehr};

/// Clocks further apart than this are told.
const SKEW: SignedDuration = SignedDuration::from_mins(2);

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
        Some(source) => state::look(&mut findings, parts, section, &source).await?,
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
            let advice = match (&section.auth, &error) {
                (SourceAuth::BackendServices { .. }, AuthError::NoTokenEndpoint { .. } | AuthError::NoToken { .. } | AuthError::Egress(_)) => {
                    "check that `source.url` is the FHIR base, for example `https://host/fhir/r4`, and that the token endpoint it names (or \
                     `source.auth.token_url`) is right"
                        .to_owned()
                }
                (SourceAuth::BackendServices { .. }, AuthError::AssertionRefused { .. }) => format!(
                    "register the keys at {}/.well-known/jwks.json (or those of `outreach source keys`) for this client id at the server, \
                     and check that the server can reach that address",
                    config.server.public_base()
                ),
                (SourceAuth::BackendServices { .. }, _) => "set right what it says".to_owned(),
                (SourceAuth::ClientSecret { .. }, _) => "check `client_id`, `token_url` and the secret in `secret_file`".to_owned(),
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
