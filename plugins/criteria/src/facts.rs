//! Which facts of a patient have a code of which set: found once for each patient, whatever is asked of them afterwards.

use outreach_plugin_sdk::patient::{CodeSets, Fact, Patient};

/// Code ids up to which a bit is kept for each: 1 MiB.
const MOST_BITS: u32 = 8 << 20;

/// The code sets of a document, by code.
pub struct Index {
    /// Code and place of a set, ascending.
    places: Vec<(u32, u16)>,
    /// One bit for each code that is in any set; empty where the ids are too large.
    met: Vec<u64>,
}

impl Index {
    /// The index of these sets.
    pub fn new(sets: CodeSets<'_>) -> Self {
        let mut places: Vec<(u32, u16)> = Vec::with_capacity(sets.0.iter().map(Vec::len).sum());
        for (place, set) in (0_u16..).zip(sets.0) {
            places.extend(set.iter().map(|code| (*code, place)));
        }
        places.sort_unstable();
        places.dedup();
        let largest = places.last().map_or(0, |(code, _)| *code);
        let mut met = Vec::new();
        if largest < MOST_BITS {
            met.resize(largest as usize / 64 + 1, 0_u64);
            for (code, _) in &places {
                if let Some(word) = met.get_mut(*code as usize / 64) {
                    *word |= 1 << (code % 64);
                }
            }
        }
        Self { places, met }
    }

    /// Places of the sets a code is in.
    fn of(&self, code: u32) -> impl Iterator<Item = u16> {
        let may_be = self.met.is_empty() || self.met.get(code as usize / 64).is_some_and(|word| word & (1 << (code % 64)) != 0);
        let first = if may_be { self.places.partition_point(|(known, _)| *known < code) } else { self.places.len() };
        self.places.iter().skip(first).take_while(move |(known, _)| *known == code).map(|(_, place)| *place)
    }

    /// Whether a code is in the set in this place.
    pub(crate) fn contains(&self, code: u32, place: usize) -> bool {
        self.of(code).any(|known| usize::from(known) == place)
    }
}

/// The facts of one patient that have codes of the sets.
#[derive(Default)]
pub struct Lookup {
    /// Place of a set and row of a fact, ascending.
    hits: Vec<(u16, u32)>,
}

impl Lookup {
    /// Looks through the facts of a patient; what was known of another one is forgotten.
    pub fn look(&mut self, patient: Patient<'_>, index: &Index) {
        self.hits.clear();
        for row in patient.rows() {
            let fact = patient.fact(row);
            for code in fact.codes() {
                self.hits.extend(index.of(*code).map(|place| (place, row)));
            }
        }
        self.hits.sort_unstable();
        self.hits.dedup();
    }

    /// Rows of the facts that have a code of the set in this place, ascending.
    pub(crate) fn rows(&self, place: usize) -> impl Iterator<Item = u32> {
        let place = u16::try_from(place).unwrap_or(u16::MAX);
        let first = self.hits.partition_point(|(known, _)| *known < place);
        self.hits.iter().skip(first).take_while(move |(known, _)| *known == place).map(|(_, row)| *row)
    }

    /// Whether a fact has a code of the set in this place.
    pub(crate) fn has(&self, place: usize, fact: Fact<'_>) -> bool {
        u16::try_from(place).is_ok_and(|place| self.hits.binary_search(&(place, fact.row())).is_ok())
    }
}
