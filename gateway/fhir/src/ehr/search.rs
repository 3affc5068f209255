//! Searches and histories, page by page, of servers that page in different ways or not at all.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use gateway_net::egress::Origin;
use gateway_ports::ehr::{DeletedPage, EhrError, EhrErrorKind, SearchPage, SearchRequest};
use jiff::Timestamp;
use url::Url;

use super::place::{Count, Place, Verdict, WAYS};
use super::{FhirServer, bundle, instant};

/// How often a list may move under the reading of it before that is given up for now.
const MOST_MOVES: u32 = 20;

/// A page as it came.
struct Fetched {
    page: SearchPage,
    /// The link to the page after it, held to the server's own origin; not the page itself.
    next: Option<Url>,
    total: Option<u64>,
    /// The server gave links of some kind.
    has_links: bool,
    /// It gave a link that leads nowhere new.
    stuck: bool,
}

fn shows_less(total: u64, read: u64) -> String {
    format!("it has {total} of them and shows {read}: it gives no next link, and takes no offset")
}

impl FhirServer {
    pub(super) async fn search_page(&self, request: &SearchRequest, next: Option<&str>) -> Result<SearchPage, EhrError> {
        let asked = format!("a search of {}", request.resource_type);
        let mut place = match next {
            Some(next) => Place::read(self.own_url(&self.config.base_url, next, &asked)?),
            None => self.first_place(request, self.refused_before(&request.resource_type))?,
        };
        let is_first = next.is_none() && !place.refused && self.config.rules.has_more(&request.resource_type);
        let (mut fetched, known) = loop {
            let Some(url) = place.request() else { return self.after_search(request, &place, SearchPage::default()) };
            let fetched = self.fetch_page(request, &url, &place, &asked).await;
            let Some(count) = &mut place.count else {
                match fetched {
                    Err(error) if is_first && error.kind == EhrErrorKind::Unsupported => {
                        // It may insist on more. If it refuses that too, what it said first is the reason.
                        place = self.first_place(request, true)?;
                        let Ok(fetched) = self.fetch_page(request, &place.url, &place, &asked).await else { return Err(error) };
                        self.note_refused(&request.resource_type);
                        break (fetched, 0);
                    }
                    // It knows the parameter, and not this value of it.
                    Err(error)
                        if place.search > 0
                            && place.refused
                            && error.kind == EhrErrorKind::Unsupported
                            && place.url == self.search_url(request, place.search, true)? =>
                    {
                        return self.after_search(request, &place, SearchPage::default());
                    }
                    fetched => break (fetched?, 0),
                }
            };
            let verdict = match &fetched {
                Ok(fetched) => count.judge(&fetched.page.ids, fetched.total),
                // It knows no such parameter, or allows no page as late as this.
                Err(error) if matches!(error.kind, EhrErrorKind::Unsupported | EhrErrorKind::Gone) && count.pages == 1 => Verdict::Ignored,
                Err(error) => return Err(error.clone()),
            };
            let total = fetched.as_ref().ok().and_then(|it| it.total);
            match verdict {
                Verdict::Goes(known) => {
                    self.counts_by.store(count.way, Ordering::Relaxed);
                    break (fetched?, known);
                }
                Verdict::End => return self.after_search(request, &place, fetched.map(|it| SearchPage { ids: Vec::new(), ..it.page })?),
                Verdict::Ignored if count.way + 1 < WAYS.len() => count.way += 1,
                Verdict::Ignored => {
                    self.counts_by.store(WAYS.len(), Ordering::Relaxed);
                    if let Some(total) = total.filter(|it| *it > count.read) {
                        let reason = shows_less(total, count.read);
                        return Err(self.error(&asked, EhrErrorKind::Unsupported, reason));
                    }
                    return self.after_search(request, &place, SearchPage::default());
                }
                Verdict::Moved if count.moved < MOST_MOVES => {
                    (count.moved, count.blind) = (count.moved + 1, true);
                    count.before = count.before.saturating_sub(u64::from(request.page_size) * u64::from(count.moved));
                    count.read = count.before;
                }
                Verdict::Moved => {
                    let reason = "its list changes faster than it can be read".to_owned();
                    return Err(self.error(&asked, EhrErrorKind::Later(None), reason));
                }
            }
        };
        let following = self.following(request, &place, &fetched, known, &asked)?;
        if fetched.page.resources.len() == fetched.page.ids.len() {
            fetched.page.resources.drain(..known.min(fetched.page.resources.len()));
        }
        fetched.page.ids.drain(..known.min(fetched.page.ids.len()));
        fetched.page.is_only_search = self.config.rules.searches(&request.resource_type, place.refused).len() == 1;
        match following {
            Some(following) => Ok(SearchPage { next: Some(following.written()), ..fetched.page }),
            None => self.after_search(request, &place, fetched.page),
        }
    }

    /// The page, with the next of the searches that a type needs, if there is one.
    fn after_search(&self, request: &SearchRequest, place: &Place, page: SearchPage) -> Result<SearchPage, EhrError> {
        let search = place.search + 1;
        let next = if search < self.config.rules.searches(&request.resource_type, place.refused).len() {
            Some(Place::new(self.search_url(request, search, place.refused)?, search, place.refused).written())
        } else {
            None
        };
        Ok(SearchPage { next, ..page })
    }

    fn first_place(&self, request: &SearchRequest, refused: bool) -> Result<Place, EhrError> {
        Ok(Place::new(self.search_url(request, 0, refused)?, 0, refused))
    }

    fn refused_before(&self, resource_type: &str) -> bool {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).contains(resource_type)
    }

    fn note_refused(&self, resource_type: &str) {
        tracing::info!(resource_type, "The server refuses a plain search of this type; it is searched by what the mapping adds");
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).insert(resource_type.to_owned());
    }

    /// The URL of the first page of a search.
    fn search_url(&self, request: &SearchRequest, search: usize, refused: bool) -> Result<Url, EhrError> {
        let mut url = self.url(&[&request.resource_type])?;
        let mut query = url.query_pairs_mut();
        query.append_pair("_count", &request.page_size.to_string());
        for (name, value) in self.config.rules.searches(&request.resource_type, refused).get(search).into_iter().flatten() {
            query.append_pair(name, value);
        }
        if let Some((parameter, patient)) = &request.patient {
            query.append_pair(parameter, patient);
        }
        if request.ids_only {
            query.append_pair("_elements", "id");
        }
        if let Some(since) = request.since {
            query.append_pair("_lastUpdated", &format!("ge{}", instant(since)));
        }
        if request.sorted {
            query.append_pair("_sort", "_lastUpdated");
        }
        drop(query);
        Ok(url)
    }

    async fn fetch_page(&self, request: &SearchRequest, url: &Url, place: &Place, asked: &str) -> Result<Fetched, EhrError> {
        let answer = self.get_fhir(url.clone(), asked).await?;
        let bundle = bundle::read(&answer.body).map_err(|reason| self.error(asked, EhrErrorKind::Later(None), reason))?;
        if bundle.is_history() {
            return Err(self.error(asked, EhrErrorKind::Unsupported, "it answered with a history".to_owned()));
        }
        let is_first = url.query_pairs().any(|(name, _)| name == "_lastUpdated");
        if request.since.is_some() && is_first && bundle.ignored("_lastUpdated") {
            let reason = "it ignored `_lastUpdated`, so the answer is not what was asked for".to_owned();
            return Err(self.error(asked, EhrErrorKind::Unsupported, reason));
        }
        if let Some((parameter, _)) = &request.patient
            && url.query_pairs().any(|(name, _)| name == parameter.as_str())
            && bundle.ignored(parameter)
        {
            return Err(self.error(
                asked,
                EhrErrorKind::Unsupported,
                format!("it ignored `{parameter}`, so the answer is not what was asked for"),
            ));
        }
        let mut found = bundle.matches(&request.resource_type);
        let link = bundle.next().map(|link| self.next_url(url, link, asked, &mut found.warnings)).transpose()?;
        if link.is_some() {
            self.gives_next.store(true, Ordering::Relaxed);
        }
        // The page itself again, or a next page after an empty one that can't be another: some servers never stop.
        let stuck = link.as_ref() == Some(url);
        let next = link.filter(|_| !stuck);
        if request.ids_only {
            (found.resources, found.partial) = (Vec::new(), Vec::new());
        }
        tracing::trace!(search = place.search, entries = found.ids.len(), "A page of a search");
        Ok(Fetched {
            total: bundle.total(),
            has_links: bundle.has_links(),
            stuck,
            next,
            page: SearchPage {
                resources: found.resources,
                ids: found.ids,
                partial: found.partial,
                next: None,
                is_only_search: true,
                answered_at: Self::answered_at(&answer.headers),
                warnings: found.warnings,
            },
        })
    }

    /// The page after a page; `known` of its entries were on the page before.
    fn following(
        &self,
        request: &SearchRequest,
        place: &Place,
        fetched: &Fetched,
        known: usize,
        asked: &str,
    ) -> Result<Option<Place>, EhrError> {
        if let Some(url) = &fetched.next {
            return Ok(Some(Place::new(url.clone(), place.search, place.refused)));
        }
        let ids = &fetched.page.ids;
        let fresh = ids.len().saturating_sub(known) as u64;
        let (Some(first), Some(last)) = (ids.first(), ids.last()) else { return Ok(None) };
        let (before, earlier, pages, moved) = place.count.as_ref().map_or((0, 0, 0, 0), |it| (it.before, it.read, it.pages, it.moved));
        let read = earlier + fresh;
        let told_more = fetched.total.is_some_and(|it| it > read);
        let full = ids.len() as u64 >= u64::from(request.page_size);
        let more = if place.count.is_some() {
            fresh > 0 && (full || told_more || fetched.total.is_none())
        } else {
            let by_links = self.gives_next.load(Ordering::Relaxed) && !fetched.stuck;
            let nothing_works = self.counts_by.load(Ordering::Relaxed) >= WAYS.len();
            if nothing_works && told_more && !by_links {
                let reason = shows_less(fetched.total.unwrap_or(read), read);
                return Err(self.error(asked, EhrErrorKind::Unsupported, reason));
            }
            !by_links && !nothing_works && (told_more || full || (!fetched.has_links && fetched.total.is_none()))
        };
        let way = place.count.as_ref().map_or_else(|| self.counts_by.load(Ordering::Relaxed), |it| it.way);
        let url = place.url.clone();
        Ok(more.then(|| Place {
            url,
            search: place.search,
            refused: place.refused,
            count: Some(Count {
                way,
                // The last entry is asked for again: where it is not the first of the next page, the list has moved.
                before: before + ids.len() as u64 - u64::from(ids.len() > 1),
                read,
                pages: pages + 1,
                expected: if ids.len() > 1 { last.clone() } else { String::new() },
                first: first.clone(),
                moved,
                blind: false,
            }),
        }))
    }

    /// A next link, resolved, and held to the server's own origin: a server behind a proxy may write its inner address.
    fn next_url(&self, base: &Url, link: &str, asked: &str, warnings: &mut Vec<String>) -> Result<Url, EhrError> {
        let mut url =
            base.join(link.trim()).map_err(|_| self.error(asked, EhrErrorKind::Refused, "it gave a link that is no URL".to_owned()))?;
        url.set_fragment(None);
        let origin = self.client.egress().origin();
        if origin.owns(&url) {
            return Ok(url);
        }
        let place = Origin::of(&url).map_or_else(|| url.scheme().to_owned(), |it| it.to_string());
        warnings.push(format!("its next links point to {place}; they are followed at {origin}, where the source is configured"));
        let mut own = self.config.base_url.clone();
        let base_path = own.path().trim_end_matches('/').to_owned();
        // An address without our base path is the inner name of the base itself, or of something under it.
        if url.path().starts_with(&base_path) {
            own.set_path(url.path());
        } else {
            let last = url.path_segments().and_then(|mut it| it.next_back()).filter(|it| it.starts_with(char::is_uppercase));
            own.set_path(&last.map_or(base_path.clone(), |last| format!("{base_path}/{last}")));
        }
        own.set_query(url.query());
        Ok(own)
    }

    pub(super) async fn deleted_page(&self, resource_type: &str, since: Timestamp, next: Option<&str>) -> Result<DeletedPage, EhrError> {
        let asked = format!("the history of {resource_type}");
        let url = if let Some(next) = next {
            self.own_url(&self.config.base_url, next, &asked)?
        } else {
            let mut url = self.url(&[resource_type, "_history"])?;
            url.query_pairs_mut().append_pair("_since", &instant(since)).append_pair("_count", "200");
            url
        };
        let answer = self.get_fhir(url.clone(), &asked).await?;
        let bundle = bundle::read(&answer.body).map_err(|reason| self.error(&asked, EhrErrorKind::Later(None), reason))?;
        if !bundle.is_history() {
            return Err(self.error(&asked, EhrErrorKind::Unsupported, "it answered with something that is no history".to_owned()));
        }
        let next = bundle.next().map(|link| self.next_url(&url, link, &asked, &mut Vec::new())).transpose()?;
        let next = next.filter(|it| *it != url);
        Ok(DeletedPage { ids: bundle.deleted(resource_type, self.config.base_url.as_str()), next: next.map(Into::into) })
    }
}
