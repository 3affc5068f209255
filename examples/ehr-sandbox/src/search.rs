//! Search by type: reading the query, and walking the records until a page is full.

mod matching;
pub(crate) mod query;

pub(crate) use self::query::{Query, Sort};

use jiff::Timestamp;

use crate::{
    error::Error,
    resource::{Kinds, Resource},
    store::{Snapshot, Store},
};

/// A page holds at most this many entries.
pub(crate) const LARGEST_PAGE: usize = 1_000;
/// A page looks at no more than this many records; it may then be short, with a next page.
const MOST_UNITS: u64 = 20_000;
/// A sorted search holds the keys of at most this many matches.
const MOST_SORTED: usize = 200_000;

/// Where the next page begins: how many matches of which unit were shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) unit: u64,
    pub(crate) offset: usize,
}

/// One page of matches.
pub(crate) struct Page {
    pub(crate) resources: Vec<Resource>,
    pub(crate) next: Option<Position>,
}

/// One page of a search at a snapshot. Blocking.
///
/// # Errors
/// `TooCostly` where a sorted search has too many matches.
pub(crate) fn page(store: &Store, query: &Query, snapshot: Snapshot, from: Position) -> Result<Page, Error> {
    if let Some(ids) = &query.ids {
        let found = ids.iter().filter_map(|id| store.read(query.kind, id, snapshot).ok());
        return Ok(cut(found.filter(|resource| query.matches(resource)).collect(), from.offset, query.count));
    }
    if let Some(patient) = &query.patient {
        let kinds = Kinds::one(query.kind);
        let home = store.unit_of_patient(patient);
        let mut found = store.unit(home, &kinds, snapshot);
        found.extend(store.astray(&kinds, patient, home, snapshot));
        found.retain(|resource| query.matches(resource));
        sort(&mut found, query.sort);
        return Ok(cut(found, from.offset, query.count));
    }
    if query.sort != Sort::None {
        return sorted(store, query, snapshot, from.offset);
    }
    Ok(walk(store, query, snapshot, from))
}

fn walk(store: &Store, query: &Query, snapshot: Snapshot, from: Position) -> Page {
    let kinds = Kinds::one(query.kind);
    let mut resources = Vec::new();
    let mut unit = from.unit;
    let mut offset = from.offset;
    let mut looked = 0;
    let after = if store.is_written_only(query.kind) { Some(Timestamp::MAX) } else { query.after() };
    while let Some(here) = store.next_unit(unit, after) {
        if here != unit {
            offset = 0;
        }
        unit = here;
        if looked >= MOST_UNITS {
            return Page { resources, next: Some(Position { unit, offset }) };
        }
        looked += 1;
        let matches = store.unit(unit, &kinds, snapshot).into_iter().filter(|resource| query.matches(resource));
        for resource in matches.skip(offset) {
            if resources.len() == query.count {
                return Page { resources, next: Some(Position { unit, offset }) };
            }
            resources.push(resource);
            offset += 1;
        }
        unit += 1;
        offset = 0;
    }
    Page { resources, next: None }
}

fn sorted(store: &Store, query: &Query, snapshot: Snapshot, offset: usize) -> Result<Page, Error> {
    let kinds = Kinds::one(query.kind);
    let mut keys: Vec<(Timestamp, String)> = Vec::new();
    let mut unit = 0;
    while let Some(here) = store.next_unit(unit, query.after()) {
        let matches = store.unit(here, &kinds, snapshot).into_iter().filter(|resource| query.matches(resource));
        keys.extend(matches.map(|resource| (resource.last_updated, resource.id)));
        if keys.len() > MOST_SORTED {
            return Err(Error::TooCostly(format!(
                "More than {MOST_SORTED} matches would have to be sorted; narrow the search with _lastUpdated or patient"
            )));
        }
        unit = here + 1;
    }
    keys.sort_unstable();
    if query.sort == Sort::NewestFirst {
        keys.reverse();
    }
    let total = keys.len();
    let resources: Vec<_> =
        keys.into_iter().skip(offset).take(query.count).filter_map(|(_, id)| store.read(query.kind, &id, snapshot).ok()).collect();
    let end = offset.saturating_add(query.count);
    Ok(Page { resources, next: (end < total).then_some(Position { unit: 0, offset: end }) })
}

fn sort(resources: &mut [Resource], sort: Sort) {
    match sort {
        Sort::None => {}
        Sort::OldestFirst => resources.sort_by_key(|resource| resource.last_updated),
        Sort::NewestFirst => resources.sort_by_key(|resource| std::cmp::Reverse(resource.last_updated)),
    }
}

fn cut(found: Vec<Resource>, offset: usize, count: usize) -> Page {
    let total = found.len();
    let resources: Vec<_> = found.into_iter().skip(offset).take(count).collect();
    let end = offset.saturating_add(count);
    Page { resources, next: (end < total).then_some(Position { unit: 0, offset: end }) }
}
