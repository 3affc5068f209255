//! `outreach source mapping`: by which words a source is read, and how many of its codes others understand.

use gateway_domain::unmapped::{CodeReport, KindReport};
use gateway_ports::store::SourceStore as _;

use crate::config::SourceSection;
use crate::progress::{say, table};
use crate::wiring::Parts;

/// The most codes listed.
const MOST: usize = 50;

/// Prints the mapping as a file could state it, and what the store says of codes.
///
/// # Errors
/// Where the mapping is wrong or the database does not answer.
pub(crate) async fn show(section: &SourceSection, parts: &Parts) -> anyhow::Result<()> {
    let mapping = section.mapping()?;
    let over = section.mapping_file.as_ref().map_or_else(String::new, |file| format!(", and over it {}", file.display()));
    say(format!("# {}: profile {}{over}\n", section.name, section.profile));
    say(mapping.document());
    let Some(source) = parts.store.source_by_name(&section.name).await? else {
        say("# Nothing was synced from it yet, so nothing is known of its codes.");
        return Ok(());
    };
    describe(&parts.store.code_report(source.id, MOST).await?);
    Ok(())
}

fn describe(report: &CodeReport) {
    let share = |part: u64, kind: &KindReport| format!("{part} ({} %)", (part * 100).checked_div(kind.facts).unwrap_or(0));
    let kinds: Vec<_> = report
        .kinds
        .iter()
        .map(|kind| {
            vec![
                kind.kind.name().to_owned(),
                kind.facts.to_string(),
                share(kind.standard, kind),
                share(kind.local, kind),
                share(kind.uncoded, kind),
            ]
        })
        .collect();
    table(&["# KIND", "FACTS", "STANDARD CODE", "LOCAL CODE ALONE", "NO CODE"], &kinds);
    if report.unmapped.is_empty() && report.not_shown == 0 {
        return;
    }
    say("\n# Codes that no standard code stands beside; `[codes]` in a mapping file gives them one.");
    let codes: Vec<_> = report
        .unmapped
        .iter()
        .map(|it| {
            vec![
                it.kind.name().to_owned(),
                it.facts.to_string(),
                it.system.clone(),
                it.code.clone(),
                it.display.clone().unwrap_or_default(),
            ]
        })
        .collect();
    table(&["# KIND", "FACTS", "SYSTEM", "CODE", "CALLED"], &codes);
    say(format!("# {} more codes are rare, and not shown.", report.not_shown));
}
