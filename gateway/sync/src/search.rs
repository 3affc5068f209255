//! Reading by search, type by type and page by page.

use gateway_domain::source::SyncStrategy;
use gateway_ports::ehr::{Ehr, EhrCapabilities, EhrErrorKind, ExportLine, SearchRequest};
use gateway_ports::store::sync::ApplyBatch;
use jiff::Timestamp;

use crate::checkpoint::Checkpoint;
use crate::error::SyncError;
use crate::intake::Intake;
use crate::plan::SyncPlan;
use crate::worker::SyncOptions;

/// Reads all types; those that were read, and the moment up to which they are complete.
pub(crate) async fn read(
    ehr: &dyn Ehr,
    intake: &mut Intake<'_>,
    plan: &SyncPlan,
    capabilities: &EhrCapabilities,
    options: &SyncOptions,
) -> Result<(Vec<String>, Option<Timestamp>), SyncError> {
    let types: Vec<String> = intake.reader.types().iter().filter(|it| capabilities.searches(it)).cloned().collect();
    let (start, mut resume_at, mut until) = match intake.stored_checkpoint() {
        Some(Checkpoint::Search { done, next, until }) => (done, next, until),
        _ => (0, None, None),
    };
    for (at, resource_type) in types.iter().enumerate().skip(start) {
        intake.progress.phase(&format!("reading {resource_type}"));
        if let (SyncStrategy::SearchSince, Some(since)) = (plan.strategy, plan.since)
            && capabilities.has_history(resource_type)
        {
            // Before the search: what was deleted and made anew is found by it again.
            read_deletions(ehr, intake, resource_type, since).await?;
        }
        let request = SearchRequest {
            resource_type: resource_type.clone(),
            since: plan.since,
            sorted: plan.since.is_some(),
            page_size: options.page_size,
            ..SearchRequest::default()
        };
        let mut next = resume_at.take();
        loop {
            let page = match ehr.search(&request, next.as_deref()).await {
                // The cursor of a page has run out: the type begins again, and what is unchanged is skipped by its hash.
                Err(error) if error.kind == EhrErrorKind::Gone && next.is_some() => {
                    next = None;
                    ehr.search(&request, None).await?
                }
                other => other?,
            };
            if let Some(answered_at) = page.answered_at {
                until = Some(until.map_or(answered_at, |it| it.min(answered_at)));
            }
            for warning in page.warnings {
                intake.warn(warning);
            }
            let lines = (1..).zip(page.resources).map(|(number, bytes)| ExportLine { number, bytes, too_long: false }).collect();
            let batch = intake.read(lines, false).await?;
            let checkpoint = match &page.next {
                Some(next) => Checkpoint::Search { done: at, next: Some(next.clone()), until },
                None => Checkpoint::Search { done: at + 1, next: None, until },
            };
            intake.apply(batch, Some(&checkpoint)).await?;
            match page.next {
                Some(following) => next = Some(following),
                None => break,
            }
        }
    }
    Ok((types, until))
}

async fn read_deletions(ehr: &dyn Ehr, intake: &mut Intake<'_>, resource_type: &str, since: Timestamp) -> Result<(), SyncError> {
    let mut next: Option<String> = None;
    loop {
        let page = ehr.deleted(resource_type, since, next.as_deref()).await?;
        // A deletion read again in the overlap is no news.
        let news = page.ids.into_iter().filter(|id| intake.deletions.insert((resource_type.to_owned(), id.clone())));
        let batch = ApplyBatch { deletes: news.map(|id| (resource_type.to_owned(), id)).collect(), ..ApplyBatch::default() };
        intake.apply(batch, None).await?;
        match page.next {
            Some(following) => next = Some(following),
            None => return Ok(()),
        }
    }
}
