//! `outreach quarantine`: what could not be read, looked at, read again, put aside.

use std::io::Write as _;

use anyhow::Context as _;
use gateway_domain::ids::QuarantineId;
use gateway_domain::source::QuarantineStatus;
use gateway_ports::store::{PageRequest, QuarantineFilter, QuarantineStore as _, SourceStore as _};

use crate::cli::{QuarantineChoice, QuarantineCommand};
use crate::config::Config;
use crate::progress::{say, table};
use crate::wiring::{Parts, ehr};

/// Does what the command line asks.
///
/// # Errors
/// Where there is no such source or line, another run of the source is open, or the database does not answer.
pub(crate) async fn run(command: QuarantineCommand, config: &Config, parts: &Parts) -> anyhow::Result<()> {
    match command {
        QuarantineCommand::List { source, reason, all, limit } => {
            let source = match source {
                Some(name) => {
                    config.source(&name)?;
                    parts.store.source_by_name(&name).await?.map(|source| source.id)
                }
                None => None,
            };
            let status = (!all).then_some(QuarantineStatus::Open);
            list(parts, QuarantineFilter { source, status, kind: reason, id: None }, limit).await
        }
        QuarantineCommand::Show { id } => {
            let id: QuarantineId = id.parse()?;
            let line = parts.store.quarantined(id).await?.with_context(|| format!("there is no `{id}` in the quarantine"))?;
            let mut out = std::io::stdout().lock();
            let _ = out.write_all(&line.raw).and_then(|()| out.write_all(b"\n"));
            Ok(())
        }
        QuarantineCommand::Replay(choice) => {
            let section = config.source(&choice.source)?;
            let reader = ehr::reader(parts, section).await?;
            let filter = chosen(parts, config, &choice).await?;
            let report = ehr::worker(parts).replay(parts.store.as_ref(), &section.name, &reader, &filter).await?;
            say(format!(
                "{}: {} could be read now ({} new or different, and applied), {} still can't, {} were not kept whole.",
                section.name, report.replayed, report.applied, report.still_unreadable, report.not_whole
            ));
            Ok(())
        }
        QuarantineCommand::Dismiss(choice) => {
            let filter = chosen(parts, config, &choice).await?;
            let dismissed = parts.store.dismiss_quarantine(&filter, parts.clock.now()).await?;
            say(format!("{}: {dismissed} put aside.", choice.source));
            Ok(())
        }
    }
}

async fn chosen(parts: &Parts, config: &Config, choice: &QuarantineChoice) -> anyhow::Result<QuarantineFilter> {
    let source = ehr::put_source(parts, config.source(&choice.source)?).await?;
    let id = choice.id.as_deref().map(str::parse).transpose()?;
    Ok(QuarantineFilter { source: Some(source.id), status: None, kind: choice.reason.clone(), id })
}

async fn list(parts: &Parts, filter: QuarantineFilter, limit: u32) -> anyhow::Result<()> {
    let names = parts.store.sources().await?;
    let name = |id| names.iter().find(|source| source.id == id).map_or_else(String::new, |source| source.name.clone());
    let mut counts = Vec::new();
    for count in parts.store.quarantine_counts(filter.source).await? {
        let wanted = filter.status.is_none_or(|status| status == count.status) && filter.kind.as_ref().is_none_or(|it| *it == count.kind);
        if wanted {
            counts.push(vec![count.count.to_string(), name(count.source), word(count.status).to_owned(), count.kind]);
        }
    }
    if counts.is_empty() {
        say("Nothing is in the quarantine.");
        return Ok(());
    }
    table(&["LINES", "SOURCE", "STATUS", "REASON"], &counts);
    for source in names.iter().filter(|source| filter.source.is_none_or(|id| id == source.id)) {
        let not_kept = parts.store.quarantine_not_kept(source.id).await?;
        if not_kept > 0 {
            say(format!("{}: {not_kept} more were counted and not kept, because the quarantine was full.", source.name));
        }
    }
    say("");
    let page = parts.store.quarantine(&filter, PageRequest { offset: 0, limit }).await?;
    let rows: Vec<_> = page
        .items
        .into_iter()
        .map(|line| {
            let resource = [line.resource_type, line.fhir_id].into_iter().flatten().collect::<Vec<_>>().join("/");
            let place = line.line.map_or_else(String::new, |line| line.to_string());
            vec![line.id.to_string(), name(line.source), word(line.status).to_owned(), resource, place, line.reason]
        })
        .collect();
    table(&["ID", "SOURCE", "STATUS", "RESOURCE", "LINE", "REASON"], &rows);
    Ok(())
}

const fn word(status: QuarantineStatus) -> &'static str {
    match status {
        QuarantineStatus::Open => "open",
        QuarantineStatus::Replayed => "replayed",
        QuarantineStatus::Resolved => "resolved",
        QuarantineStatus::Dismissed => "dismissed",
    }
}
