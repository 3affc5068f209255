//! `outreach source`: who is a source, what can it do, does it let us in.

use std::time::Duration;

use gateway_domain::source::SyncStrategy;
use gateway_ports::ehr::{EhrCapabilities, SearchRequest};
use gateway_sync::plan;
use jiff::Timestamp;

use super::mapping;
use crate::cli::SourceCommand;
use crate::config::Config;
use crate::progress::{say, table};
use crate::wiring::{Parts, ehr, write_back};

/// Does what the command line asks.
///
/// # Errors
/// Where the server does not answer or does not let us in; its error says what to check.
pub(crate) async fn run(command: SourceCommand, config: &Config, parts: &Parts) -> anyhow::Result<()> {
    match command {
        SourceCommand::Keys => say(serde_json::to_string_pretty(&parts.keys.jwks())?),
        SourceCommand::Mapping { source } => mapping::show(config.source(&source)?, parts).await?,
        SourceCommand::Test { source } => {
            let section = config.source(&source)?;
            let server = ehr::server(parts, config, section)?;
            let capabilities = server.capabilities().await?;
            let types = section.mapping()?.types;
            describe(section.url.as_str(), &capabilities, &types);
            for [kind, answer] in write_back::report(parts, config, section).await? {
                say(format!("Writing {kind} back: {answer}."));
            }
            // The CapabilityStatement is open to everybody; a search shows whether we are let in.
            let Some(first) = types.iter().find(|name| capabilities.searches(name)) else {
                say("It can't be searched, so whether it lets us in shows with the first export.");
                return Ok(());
            };
            server.search(&SearchRequest { resource_type: first.clone(), page_size: 1, ..SearchRequest::default() }, None).await?;
            say(format!("It lets us in: a search for {first} was answered."));
        }
    }
    Ok(())
}

fn describe(url: &str, capabilities: &EhrCapabilities, types: &[String]) {
    let yes = |can: bool| if can { "yes" } else { "no" }.to_owned();
    say(format!(
        "{url}\n{}, FHIR {}\n",
        capabilities.software.as_deref().unwrap_or("A server that does not name itself"),
        capabilities.fhir_version.as_deref().unwrap_or("of a version it does not name")
    ));
    table(
        &["ABILITY", "ANSWER"],
        &[
            vec!["bulk export of everything".to_owned(), yes(capabilities.system_export)],
            vec!["bulk export of all patients".to_owned(), yes(capabilities.patient_export)],
            vec!["bulk export of a group".to_owned(), yes(capabilities.group_export)],
        ],
    );
    say("");
    let rows: Vec<_> = types
        .iter()
        .map(|name| {
            vec![
                name.clone(),
                yes(capabilities.searches(name)),
                yes(capabilities.searches_by_last_updated(name)),
                yes(capabilities.has_history(name)),
            ]
        })
        .collect();
    table(&["TYPE", "SEARCH", "CHANGES BY TIME", "DELETIONS BY HISTORY"], &rows);
    let strategy = |before: Option<Timestamp>| {
        plan(capabilities, types, None, before, false, None, Duration::from_mins(5)).map_or("impossible", |plan| words(plan.strategy))
    };
    say(format!("\nThe first sync: {}. Those after it: {}.", strategy(None), strategy(Some(Timestamp::UNIX_EPOCH))));
}

const fn words(strategy: SyncStrategy) -> &'static str {
    match strategy {
        SyncStrategy::BulkFull => "everything, by bulk export",
        SyncStrategy::BulkSince => "what changed, by bulk export",
        SyncStrategy::SearchFull => "everything, by search",
        SyncStrategy::SearchSince => "what changed, by search",
        SyncStrategy::Hint => "what the server told of, by id",
    }
}
