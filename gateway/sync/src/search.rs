//! Reading by search: type by type, page by page, and the deletions from the history where a server has it.

use gateway_ports::ehr::{EhrCapabilities, EhrErrorKind, SearchRequest};
use jiff::Timestamp;

use crate::SyncError;
use crate::batch::{Content, Raw, ReadBatch, read};
use crate::checkpoint::Checkpoint;
use crate::plan::Plan;
use crate::progress::Phase;
use crate::reading::Reading;

/// Reads all types of the plan; the server's clock when the search began.
pub(crate) async fn run(reading: &mut Reading<'_>, plan: &Plan, capabilities: &EhrCapabilities) -> Result<Option<Timestamp>, SyncError> {
    let (mut began_at, since, done, mut next) = match reading.checkpoint() {
        Some(Checkpoint::Search { began_at, since, types, next }) => (Some(began_at), since, types, next),
        _ => (None, plan.since, 0, None),
    };
    for (place, resource_type) in plan.searched.iter().enumerate().skip(done) {
        reading.progress.phase(&Phase::Searching(resource_type.clone()));
        let request = SearchRequest { resource_type: resource_type.clone(), since, page_size: reading.settings.page_size };
        // A cursor of a page that has expired begins the type anew, once; what was applied is recognised by its content.
        let mut restarted = next.is_none();
        loop {
            reading.go_on()?;
            let asked_at = reading.deps.clock.now();
            let page = match reading.deps.ehr.search(&request, next.as_deref()).await {
                Err(error) if error.kind == EhrErrorKind::Gone && !restarted => {
                    restarted = true;
                    next = None;
                    continue;
                }
                page => page?,
            };
            // The earliest answer is the cursor: what is committed behind it is read next time.
            let began = *began_at.get_or_insert_with(|| page.answered_at.map_or(asked_at, |answered| answered.min(asked_at)));
            page.warnings.into_iter().for_each(|warning| reading.note(warning));
            let raws = page.resources.into_iter().map(|bytes| Raw { line: None, bytes, too_long: false }).collect();
            let batch = read(&reading.reader(), Content::Resources, raws).await?;
            next = page.next;
            let (types, following) = if next.is_some() { (place, next.clone()) } else { (place + 1, None) };
            let checkpoint = Checkpoint::Search { began_at: began, since, types, next: following };
            reading.apply(batch, Some(&checkpoint)).await?;
            if next.is_none() {
                break;
            }
        }
        if let Some(since) = since.filter(|_| capabilities.has_history(resource_type)) {
            apply_deletions(reading, resource_type, since).await?;
        }
    }
    Ok(began_at)
}

async fn apply_deletions(reading: &mut Reading<'_>, resource_type: &str, since: Timestamp) -> Result<(), SyncError> {
    let mut next = None;
    loop {
        reading.go_on()?;
        let page = reading.deps.ehr.deleted(resource_type, since, next.as_deref()).await?;
        let deletes = page.ids.into_iter().map(|id| (resource_type.to_owned(), id)).collect();
        reading.apply(ReadBatch { deletes, ..ReadBatch::default() }, None).await?;
        next = page.next;
        if next.is_none() {
            return Ok(());
        }
    }
}
