//! `outreach source`: who is a source, what can it do, does it let us in, what is wrong with it.

use gateway_fhir::FhirServer;
use gateway_ports::ehr::{Ehr as _, EhrCapabilities, ExportLevel};
use gateway_sync::{Deletions, ExportChoice, TypeWays, Way, capabilities, ways};

use super::mapping;
use crate::cli::SourceCommand;
use crate::config::{Config, SourceAuth, SourceSection};
use crate::progress::{say, table};
use crate::wiring::{Parts, ehr, write_back};

mod doctor;

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
            let feed = ehr::feed(parts, config, section).await?;
            let server = ehr::fhir_server(parts, config, section)?;
            // Each type is tried where the server says nothing about it, so that this shows too whether we are let in.
            let found = capabilities(&*server, &*feed.reader, parts.clock.now()).await?;
            let export = ehr::options(section)?.export;
            let ways = ways(&found, feed.reader.types(), &export);
            describe(section, &found, &export, &ways);
            sign_in(&server, section, feed.reader.types(), &found).await?;
            for [kind, answer] in write_back::report(parts, config, section).await? {
                say(format!("Writing {kind} back: {answer}."));
            }
            let rates = server.rates();
            say(match (rates.throttled, rates.limit) {
                (0, None) => "Rate limits: none were seen.".to_owned(),
                (0, Some(limit)) => format!("Rate limits: the server says {limit}."),
                (count, limit) => {
                    format!("Rate limits: {count} requests were put off{}.", limit.map_or_else(String::new, |it| format!("; it says {it}")))
                }
            });
        }
        SourceCommand::Doctor { source, json } => doctor::run(config, parts, &source, json).await?,
    }
    Ok(())
}

/// A search shows whether we are let in: the CapabilityStatement is open to everybody.
async fn sign_in(server: &FhirServer, section: &SourceSection, types: &[String], found: &EhrCapabilities) -> anyhow::Result<()> {
    let way = match &section.auth {
        SourceAuth::None => "without signing in",
        SourceAuth::BackendServices { .. } => "by SMART Backend Services",
        SourceAuth::ClientSecret { .. } => "by client secret",
        SourceAuth::Bearer { .. } => "by a fixed token",
        SourceAuth::Basic { .. } => "by user name and password",
    };
    let Some(first) = types.iter().find(|name| found.searches(name)) else {
        say(format!("Sign-in {way}: nothing can be searched as a whole, so it shows with the first export."));
        return Ok(());
    };
    let request =
        gateway_ports::ehr::SearchRequest { resource_type: first.clone(), page_size: 1, ..gateway_ports::ehr::SearchRequest::default() };
    server.search(&request, None).await?;
    say(format!("Sign-in {way}: it lets us in; a search for {first} was answered."));
    Ok(())
}

fn describe(section: &SourceSection, found: &EhrCapabilities, export: &ExportChoice, ways: &[TypeWays]) {
    say(format!(
        "{}\n{}, FHIR {}",
        section.base(),
        found.software.as_deref().unwrap_or("A server that does not name itself"),
        found.fhir_version.as_deref().unwrap_or("of a version it does not name")
    ));
    if !found.stated {
        say("It has no CapabilityStatement that lists resource types; what it can do was tried.");
    }
    say(match export.level(found) {
        Some(ExportLevel::System) => "Bulk export: of everything.".to_owned(),
        Some(ExportLevel::Patient) => "Bulk export: of all patients.".to_owned(),
        Some(ExportLevel::Group(id)) => format!("Bulk export: of the group {id}."),
        None if *export == ExportChoice::Off => "Bulk export: switched off.".to_owned(),
        None if found.group_export => "Bulk export: of groups only; name one with `export = \"group:<id>\"`.".to_owned(),
        None => "Bulk export: none.".to_owned(),
    });
    say("");
    let row = |it: &TypeWays| {
        vec![
            it.resource_type.clone(),
            way(it.first).to_owned(),
            way(it.later).to_owned(),
            deletions(it.deletions).to_owned(),
            it.reason.clone(),
        ]
    };
    table(&["TYPE", "FIRST", "LATER", "DELETIONS", "WHY"], &ways.iter().map(row).collect::<Vec<_>>());
    say("");
    let left_out = ways.iter().filter(|it| it.first == Way::Nothing).count();
    if left_out > 0 {
        say(format!("{left_out} of {} types can't be read and are left out; decisions that need them find nothing.", ways.len()));
    }
}

const fn way(way: Way) -> &'static str {
    match way {
        Way::Export => "bulk export",
        Way::ExportSince => "bulk export of changes",
        Way::Whole => "search for all",
        Way::Changes => "search for changes",
        Way::Crawl => "patient by patient",
        Way::Nothing => "-",
    }
}

const fn deletions(deletions: Deletions) -> &'static str {
    match deletions {
        Deletions::History => "history",
        Deletions::EachReading => "each reading is whole",
        Deletions::Comparison => "ids are compared",
        Deletions::Export => "exported anew",
        Deletions::Nothing => "-",
    }
}
