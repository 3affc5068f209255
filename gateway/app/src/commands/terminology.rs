//! `outreach terminology`: value sets taken in from files, shown, and held against what measures and segments name.

mod check;
mod import;

use gateway_domain::value_set::{ValueSetOrigin, ValueSetSummary};
use gateway_ports::store::ValueSetStore as _;
use serde_json::json;

use crate::cli::TerminologyCommand;
use crate::progress::{say, table};
use crate::wiring::Parts;

/// Codes that are shown of a value set unless all are asked for.
const MOST_CODES: usize = 50;

/// Does what the command line asks.
///
/// # Errors
/// Where a file can't be read, a name means nothing, something is missing, or the database does not answer.
pub(crate) async fn run(command: TerminologyCommand, parts: &Parts) -> anyhow::Result<()> {
    match command {
        TerminologyCommand::Import { files, json } => import::run(parts, &files, json).await,
        TerminologyCommand::List { imported, json } => list(parts, imported, json).await,
        TerminologyCommand::Show { value_set, all, json } => show(parts, &value_set, all, json).await,
        TerminologyCommand::Check { measure, segment, json } => check::run(parts, measure.as_deref(), segment.as_deref(), json).await,
    }
}

async fn list(parts: &Parts, imported: bool, as_json: bool) -> anyhow::Result<()> {
    let mut sets = parts.terminology.list().await?;
    sets.retain(|it| !imported || it.origin != ValueSetOrigin::Starter);
    if as_json {
        let sets: Vec<_> = sets.iter().map(summary_json).collect();
        say(serde_json::to_string(&json!({ "value_sets": sets }))?);
        return Ok(());
    }
    let row = |it: &ValueSetSummary| {
        vec![
            it.title.clone(),
            it.oid().map_or_else(|| it.url.to_string(), str::to_owned),
            it.version.clone().unwrap_or_default(),
            it.codes.to_string(),
            origin_words(it),
        ]
    };
    table(&["VALUE SET", "OID OR URL", "VERSION", "CODES", "FROM"], &sets.iter().map(row).collect::<Vec<_>>());
    let starters = sets.iter().filter(|it| it.origin == ValueSetOrigin::Starter).count();
    if starters > 0 {
        say(format!(
            "\n{starters} of these are starter sets: freely usable codes alone, a part of what their names stand for. `outreach terminology \
             import` takes in the whole ones."
        ));
    }
    Ok(())
}

async fn show(parts: &Parts, value_set: &str, all: bool, as_json: bool) -> anyhow::Result<()> {
    let found = parts.terminology.find(value_set).await?;
    let set = parts.terminology.value_set(value_set).await?;
    let versions = parts.store.value_set_versions(&found.url).await?;
    if as_json {
        let codes: Vec<_> = set.codes().iter().map(|it| json!({ "system": it.system, "code": it.code, "display": it.display })).collect();
        let versions: Vec<_> = versions.iter().map(|(it, in_use)| version_json(it, *in_use)).collect();
        let mut shown = summary_json(&found);
        if let Some(shown) = shown.as_object_mut() {
            shown.insert("versions".to_owned(), json!(versions));
            shown.insert("code_list".to_owned(), json!(codes));
        }
        say(serde_json::to_string(&shown)?);
        return Ok(());
    }
    say(format!("{}\n{}", found.title, found.url));
    if let Some(alias) = &found.alias {
        say(format!("also known as {alias}"));
    }
    say(format!("version {}, {} codes, {}", found.version.as_deref().unwrap_or("not given"), found.codes, origin_words(&found)));
    if versions.len() > 1 {
        let row = |(it, in_use): &(ValueSetSummary, bool)| {
            let version = it.version.clone().unwrap_or_else(|| "not given".to_owned());
            vec![version, it.codes.to_string(), origin_words(it), if *in_use { "in use" } else { "" }.to_owned()]
        };
        say("");
        table(&["VERSION", "CODES", "FROM", ""], &versions.iter().map(row).collect::<Vec<_>>());
    }
    say("");
    let row = |it: &gateway_domain::code::Coding| vec![it.system.clone(), it.code.clone(), it.display.clone().unwrap_or_default()];
    let most = if all { usize::MAX } else { MOST_CODES };
    table(&["SYSTEM", "CODE", "CALLED"], &set.codes().iter().take(most).map(row).collect::<Vec<_>>());
    if set.codes().len() > most {
        say(format!("{} more; `--all` shows them.", set.codes().len() - most));
    }
    Ok(())
}

/// Where a value set is from, in words.
fn origin_words(set: &ValueSetSummary) -> String {
    match set.origin {
        ValueSetOrigin::Starter => "starter set".to_owned(),
        ValueSetOrigin::Imported { at, .. } => format!("imported {}", at.strftime("%Y-%m-%d")),
    }
}

fn summary_json(set: &ValueSetSummary) -> serde_json::Value {
    let (origin, at, versions) = match set.origin {
        ValueSetOrigin::Starter => ("starter", None, None),
        ValueSetOrigin::Imported { at, versions } => ("imported", Some(at.to_string()), Some(versions)),
    };
    json!({
        "url": set.url.as_str(), "oid": set.oid(), "title": set.title, "version": set.version, "codes": set.codes,
        "origin": origin, "imported_at": at, "kept_versions": versions,
    })
}

fn version_json(set: &ValueSetSummary, in_use: bool) -> serde_json::Value {
    let mut version = summary_json(set);
    if let Some(version) = version.as_object_mut() {
        version.insert("in_use".to_owned(), json!(in_use));
    }
    version
}
