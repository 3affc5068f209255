//! Reading a type by search, page by page.

use std::collections::BTreeSet;

use gateway_ports::ehr::{Ehr, EhrError, EhrErrorKind, ExportLine, SearchPage, SearchRequest};
use gateway_ports::store::sync::ApplyBatch;
use jiff::{SignedDuration, Timestamp};

use crate::checkpoint::Checkpoint;
use crate::error::SyncError;
use crate::intake::Intake;

/// How often the pages of a search may run out before their end.
const MOST_RESTARTS: u32 = 100;
/// So many empty pages in a row are a circle.
const MOST_EMPTY_PAGES: u32 = 100;
/// How far our clock may be ahead of a server's that does not tell its own.
const MARGIN: SignedDuration = SignedDuration::from_hours(1);

/// Reads a type to the end of its search; the moment up to which it is complete.
pub(crate) async fn read(ehr: &dyn Ehr, intake: &mut Intake<'_>, request: SearchRequest) -> Result<Timestamp, SyncError> {
    let mut pages = Pages::new(request, intake.place.take());
    let began = intake.clock.now();
    intake.progress.phase(&format!("reading {}", pages.request.resource_type));
    while !pages.ended {
        let page = pages.fetch(ehr).await?;
        let fallen_back = began.checked_sub(MARGIN).unwrap_or(began);
        let answered = page.answered_at.unwrap_or(fallen_back);
        let until = *pages.until.get_or_insert(answered);
        let batch = take_in(ehr, intake, &pages.request, page).await?;
        pages.saw(&batch);
        let checkpoint = Checkpoint::Pages { next: pages.next.clone(), since: pages.restarted_at, until: Some(until) };
        intake.apply(batch, Some(&checkpoint)).await?;
    }
    Ok(pages.until.unwrap_or(began))
}

/// A page as a piece of the run. What came only in part is read by itself.
async fn take_in(ehr: &dyn Ehr, intake: &mut Intake<'_>, request: &SearchRequest, page: SearchPage) -> Result<ApplyBatch, SyncError> {
    for warning in page.warnings {
        intake.warn(warning);
    }
    if request.ids_only {
        let present = page.ids.into_iter().map(|id| (request.resource_type.clone(), id)).collect();
        return Ok(ApplyBatch { present, ..ApplyBatch::default() });
    }
    let mut resources = page.resources;
    for id in page.partial {
        resources.extend(ehr.read(&request.resource_type, &id).await?);
    }
    let lines = (1..).zip(resources).map(|(number, bytes)| ExportLine { number, bytes, too_long: false }).collect();
    intake.read(lines, false).await
}

/// The pages of a search, one after the other.
struct Pages {
    request: SearchRequest,
    next: Option<String>,
    until: Option<Timestamp>,
    /// Where the search was begun anew.
    restarted_at: Option<Timestamp>,
    restarts: u32,
    empty: u32,
    /// The latest change seen, as long as they came in order.
    latest: Option<Timestamp>,
    in_order: bool,
    /// One list, not several searches one after the other.
    single: bool,
    places: BTreeSet<String>,
    ended: bool,
}

impl Pages {
    fn new(mut request: SearchRequest, place: Option<Checkpoint>) -> Self {
        let (mut next, mut until, mut restarted_at) = (None, None, None);
        if let Some(Checkpoint::Pages { next: stored, since, until: first }) = place {
            // The last page of all was read: what follows is the end, or the first page again where nothing was.
            (next, until, restarted_at) = (stored, first, since);
        }
        request.since = restarted_at.or(request.since);
        let in_order = request.sorted && next.is_none();
        Self {
            request,
            next,
            until,
            restarted_at,
            restarts: 0,
            empty: 0,
            latest: None,
            in_order,
            single: true,
            places: BTreeSet::new(),
            ended: false,
        }
    }

    /// The next page. Where a later page is refused or gone, the search begins anew at the latest change that was seen.
    async fn fetch(&mut self, ehr: &dyn Ehr) -> Result<SearchPage, SyncError> {
        loop {
            let error = match ehr.search(&self.request, self.next.as_deref()).await {
                Ok(page) => match self.follow(&page) {
                    Ok(()) => return Ok(page),
                    Err(reason) => EhrError {
                        server: "the server".to_owned(),
                        asked: format!("a search of {}", self.request.resource_type),
                        reason,
                        kind: EhrErrorKind::Unsupported,
                    },
                },
                Err(error) => error,
            };
            let begun = self.next.is_some();
            let may_restart =
                begun && matches!(error.kind, EhrErrorKind::Gone | EhrErrorKind::Unsupported) && self.restarts < MOST_RESTARTS;
            if !may_restart {
                return Err(error.into());
            }
            self.restarts += 1;
            let from = self.latest.filter(|_| self.in_order && self.single).filter(|it| self.request.since.is_none_or(|since| since < *it));
            match from {
                Some(from) => {
                    self.request.since = Some(from);
                    self.restarted_at = Some(from);
                }
                // A cursor that ran out may hold the next time; an order that was refused will be again.
                None if error.kind == EhrErrorKind::Gone && self.restarts <= 3 => {}
                None => return Err(error.into()),
            }
            tracing::info!(%error, "A search begins anew");
            self.next = None;
            self.places.clear();
        }
    }

    /// Notes where the search goes on after a page.
    fn follow(&mut self, page: &SearchPage) -> Result<(), String> {
        self.single &= page.is_only_search;
        self.empty = if page.ids.is_empty() { self.empty + 1 } else { 0 };
        match &page.next {
            // After an empty page some servers go on for ever.
            Some(next) if self.empty > MOST_EMPTY_PAGES || !self.places.insert(next.clone()) => {
                if page.ids.is_empty() {
                    self.ended = true;
                    return Ok(());
                }
                Err("its pages go in a circle".to_owned())
            }
            Some(next) => {
                self.next = Some(next.clone());
                Ok(())
            }
            None => {
                self.ended = true;
                Ok(())
            }
        }
    }

    /// Notes what a page showed.
    fn saw(&mut self, batch: &ApplyBatch) {
        if !self.in_order {
            return;
        }
        for resource in &batch.resources {
            match (resource.last_updated, self.latest) {
                // What was read again in an overlap of pages is no disorder; a step back of more is.
                (Some(at), Some(latest)) if at < latest.checked_sub(SignedDuration::from_secs(1)).unwrap_or(latest) => {
                    self.in_order = false;
                }
                (Some(at), latest) => self.latest = Some(latest.map_or(at, |it| it.max(at))),
                (None, _) => self.in_order = false,
            }
        }
        self.in_order &= batch.quarantined.is_empty();
    }
}

/// Applies what was deleted of a type since a moment, from its history.
pub(crate) async fn read_deletions(ehr: &dyn Ehr, intake: &mut Intake<'_>, resource_type: &str, since: Timestamp) -> Result<(), SyncError> {
    let mut places = BTreeSet::new();
    let mut next: Option<String> = None;
    loop {
        let page = ehr.deleted(resource_type, since, next.as_deref()).await?;
        // A deletion read again in the overlap is no news.
        let news = page.ids.into_iter().filter(|id| intake.deletions.insert((resource_type.to_owned(), id.clone())));
        let batch = ApplyBatch { deletes: news.map(|id| (resource_type.to_owned(), id)).collect(), ..ApplyBatch::default() };
        intake.apply(batch, None).await?;
        match page.next {
            Some(following) if places.insert(following.clone()) => next = Some(following),
            Some(_) => {
                intake.warn(format!("the pages of its history of {resource_type} go in a circle"));
                return Ok(());
            }
            None => return Ok(()),
        }
    }
}
