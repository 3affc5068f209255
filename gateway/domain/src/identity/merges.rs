//! What the sources say they merged: which record stands in whose place, followed along chains and never round in circles.

use std::collections::{BTreeMap, BTreeSet};

use super::{IdentityRecord, LinkKind, Trouble};
use crate::ids::SourceNo;
use crate::patient::RecordStatus;

/// Merges among records, by their place.
pub(super) struct Merges {
    /// For each record those that stand in its place.
    survivors: Vec<BTreeSet<usize>>,
    /// Whether one that stands in its place is not there.
    lost: Vec<bool>,
}

impl Merges {
    pub(super) fn read(records: &[&IdentityRecord]) -> Self {
        let places: BTreeMap<(SourceNo, &str), usize> =
            records.iter().enumerate().map(|(place, record)| ((record.source, record.fhir_id.as_str()), place)).collect();
        let mut survivors = vec![BTreeSet::new(); records.len()];
        let mut lost = vec![false; records.len()];
        let mut replaced = |from: usize, to: usize| {
            if let Some(survivors) = survivors.get_mut(from) {
                survivors.insert(to);
            }
        };
        for (place, record) in records.iter().enumerate() {
            for link in &record.links {
                let other = link.other.as_deref().and_then(|other| places.get(&(record.source, other)).copied());
                // A record its source has never shown is as good as none.
                let seen = other.and_then(|other| records.get(other)).is_some_and(|other| other.status != RecordStatus::Referenced);
                match (link.kind, other) {
                    (LinkKind::ReplacedBy, Some(survivor)) if seen => replaced(place, survivor),
                    (LinkKind::ReplacedBy, _) => {
                        if let Some(lost) = lost.get_mut(place) {
                            *lost = true;
                        }
                    }
                    (LinkKind::Replaces, Some(merged)) if merged != place => replaced(merged, place),
                    (LinkKind::Replaces, _) => {}
                }
            }
        }
        Self { survivors, lost }
    }

    /// Merged record and survivor.
    pub(super) fn edges(&self) -> Vec<(usize, usize)> {
        self.survivors
            .iter()
            .enumerate()
            .flat_map(|(from, to)| to.iter().map(move |to| (from, *to)))
            .filter(|(from, to)| from != to)
            .collect()
    }

    /// Whether another record stands in its place, known or not.
    pub(super) fn is_replaced(&self, place: usize) -> bool {
        self.is_lost(place) || self.survivors.get(place).is_some_and(|survivors| !survivors.is_empty())
    }

    /// Whether a record that stands in its place is not there.
    pub(super) fn is_lost(&self, place: usize) -> bool {
        self.lost.get(place).copied().unwrap_or(false)
    }

    /// What is wrong with the merges among these records, each with a record it shows at.
    pub(super) fn troubles(&self, places: &[usize], records: &[&IdentityRecord]) -> Vec<(usize, Trouble)> {
        let mut troubles: Vec<(usize, Trouble)> = Vec::new();
        troubles.extend(places.iter().filter(|place| self.is_lost(**place)).map(|place| (*place, Trouble::SurvivorMissing)));
        for place in places {
            let reached = self.reached_from(*place);
            if reached.contains(place) {
                troubles.push((*place, Trouble::MergeLoop));
            }
            if reached.iter().filter(|end| !self.is_replaced(**end)).count() > 1 {
                troubles.push((*place, Trouble::SeveralSurvivors));
            }
        }
        troubles.retain(|(place, _)| records.get(*place).is_some());
        troubles.sort_unstable();
        troubles.dedup();
        troubles
    }

    /// All that stand in its place, directly or along a chain.
    fn reached_from(&self, place: usize) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        let mut open = vec![place];
        while let Some(next) = open.pop() {
            for survivor in self.survivors.get(next).into_iter().flatten() {
                if reached.insert(*survivor) {
                    open.push(*survivor);
                }
            }
        }
        reached
    }
}
