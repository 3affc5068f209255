//! The first run of a source: all that it brings is new, unless it brought the same before. What it brought is remembered here, so that
//! nothing has to be looked up that can't be there.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::sync::{Mutex, PoisonError};

use gateway_domain::ids::SourceNo;
use gateway_domain::resource::ResourceKey;
use gateway_domain::source::SyncCounts;
use gateway_ports::store::StoreError;

use super::incoming::{KeyHasher, key_prefix};
use super::places;
use crate::database::{Session, args};
use crate::source::OpenRun;

/// Places put aside before they are sorted in.
const MOST_ASIDE: usize = 500_000;

/// First runs that this process makes.
#[derive(Default)]
pub(crate) struct FirstLoads(Mutex<HashMap<SourceNo, FirstLoad>>);

/// What a first run has brought so far.
pub(super) struct FirstLoad {
    run: i64,
    /// The run's counts, by which it shows whether somebody else went on with it in the meantime.
    counts: SyncCounts,
    /// Whose places are aside.
    recent: HashSet<i64, BuildHasherDefault<KeyHasher>>,
    /// Whose places are sorted in.
    earlier: Vec<Filter>,
}

impl FirstLoads {
    /// What the run has brought, where it is the first of its source and this process has made all of it. It is to be given back once the
    /// piece is committed; a piece that was not leaves nothing behind.
    pub(super) async fn take(&self, session: &mut Session, open: &OpenRun) -> Result<Option<FirstLoad>, StoreError> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&open.source);
        if let Some(load) = kept.filter(|load| load.run == open.no && load.counts == open.run.counts) {
            return Ok(Some(load));
        }
        let begins = open.run.counts == SyncCounts::default();
        let known = "SELECT no FROM resource_type WHERE source_no = $1 LIMIT 1";
        if begins && session.optional(known, args![open.source]).await?.is_none() {
            let counts = SyncCounts::default();
            return Ok(Some(FirstLoad { run: open.no, counts, recent: HashSet::default(), earlier: Vec::new() }));
        }
        Ok(None)
    }

    pub(super) fn give_back(&self, open: &OpenRun, mut load: FirstLoad, piece: SyncCounts) {
        load.counts = open.run.counts;
        load.counts += piece;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(open.source, load);
    }

    pub(super) fn end(&self, source: SourceNo) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&source);
    }
}

impl FirstLoad {
    /// Whether the run may have brought the resource before.
    pub(super) fn may_know(&self, key: ResourceKey) -> bool {
        let prefix = key_prefix(key);
        self.recent.contains(&prefix) || self.earlier.iter().any(|filter| filter.may_have(prefix))
    }

    /// Whether its place is aside.
    pub(super) fn is_aside(&self, key: ResourceKey) -> bool {
        self.recent.contains(&key_prefix(key))
    }

    /// Puts the places of new resources aside.
    pub(super) async fn put_aside(&mut self, session: &mut Session, source: SourceNo, places: &[places::Place]) -> Result<(), StoreError> {
        places::put_aside(session, source, places).await?;
        self.recent.extend(places.iter().map(|(prefix, ..)| *prefix));
        if self.recent.len() >= MOST_ASIDE {
            self.sort_in(session, source).await?;
        }
        Ok(())
    }

    /// Sorts in what is aside.
    pub(super) async fn sort_in(&mut self, session: &mut Session, source: SourceNo) -> Result<(), StoreError> {
        if self.recent.is_empty() {
            return Ok(());
        }
        places::sort_in(session, source).await?;
        let sorted = std::mem::take(&mut self.recent);
        if self.earlier.last().is_none_or(|filter| !filter.takes(sorted.len())) {
            self.earlier.push(Filter::new());
        }
        if let Some(filter) = self.earlier.last_mut() {
            filter.add(&sorted);
        }
        Ok(())
    }
}

/// Tells surely what it does not have, in sixteen bits for each key (Bloom 1970). The keys are hashes themselves.
struct Filter {
    bits: Vec<u64>,
    keys: usize,
}

impl Filter {
    const KEYS: usize = MOST_ASIDE * 2;
    const WORDS: usize = (Self::KEYS * 16 / 64).next_power_of_two();

    fn new() -> Self {
        Self { bits: vec![0; Self::WORDS], keys: 0 }
    }

    const fn takes(&self, keys: usize) -> bool {
        self.keys + keys <= Self::KEYS
    }

    fn add<'a>(&mut self, prefixes: impl IntoIterator<Item = &'a i64>) {
        for prefix in prefixes {
            self.keys += 1;
            for (word, bit) in Self::places(*prefix) {
                if let Some(word) = self.bits.get_mut(word) {
                    *word |= bit;
                }
            }
        }
    }

    fn may_have(&self, prefix: i64) -> bool {
        Self::places(prefix).all(|(word, bit)| self.bits.get(word).is_some_and(|word| word & bit != 0))
    }

    fn places(prefix: i64) -> impl Iterator<Item = (usize, u64)> {
        let (mut at, step) = (prefix as u64, (prefix as u64).rotate_left(32) | 1);
        (0..6).map(move |_| {
            at = at.wrapping_add(step);
            ((at >> 6) as usize % Self::WORDS, 1 << (at & 63))
        })
    }
}

#[cfg(test)]
mod tests {
    use gateway_domain::resource::ResourceKey;

    use super::*;

    #[test]
    fn a_filter_never_denies_what_it_has_and_seldom_claims_what_it_has_not() {
        let prefix = |number: usize| key_prefix(ResourceKey::of(SourceNo(1), "Observation", &number.to_string()));
        let mut filter = Filter::new();
        let all: Vec<i64> = (0..Filter::KEYS).map(prefix).collect();
        filter.add(&all);
        assert!(all.iter().all(|it| filter.may_have(*it)));
        let wrong = (Filter::KEYS..Filter::KEYS + 100_000).filter(|it| filter.may_have(prefix(*it))).count();
        assert!(wrong < 1_000, "{wrong} of 100,000");
    }
}
