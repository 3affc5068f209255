//! What the server starts from, before any change: generated people, loaded folders, or both, cut into units. A unit is
//! one person's record; unit 0 holds what belongs to no one.

mod loaded;
mod stamp;

pub(crate) use self::{
    loaded::Loaded,
    stamp::{Stamp, stamp},
};

use jiff::Timestamp;

use crate::{
    population::Population,
    resource::{Kinds, Resource},
};

/// The unchanging ground under the edits.
pub(crate) struct Corpus {
    pub(crate) population: Option<Population>,
    pub(crate) loaded: Option<Loaded>,
}

impl Corpus {
    fn people(&self) -> u64 {
        self.population.as_ref().map_or(0, |population| population.people)
    }

    /// How many units there are; valid units are below.
    pub(crate) fn units(&self) -> u64 {
        1 + self.people() + self.loaded.as_ref().map_or(0, Loaded::people)
    }

    /// The resources of one unit, a Patient first.
    pub(crate) fn unit(&self, unit: u64, kinds: &Kinds) -> Vec<Resource> {
        if unit == 0 {
            let mut shared = self.population.as_ref().map_or_else(Vec::new, |population| population.shared(kinds));
            shared.extend(self.loaded.iter().flat_map(|loaded| loaded.shared(kinds)));
            return shared;
        }
        match (&self.population, &self.loaded) {
            (Some(population), _) if unit <= population.people => population.person(unit - 1, kinds),
            (_, Some(loaded)) => loaded.person(unit - 1 - self.people(), kinds),
            _ => Vec::new(),
        }
    }

    /// Counts the resources of one unit, where that is cheaper than writing them.
    pub(crate) fn tally(&self, unit: u64, kinds: &Kinds, mut add: impl FnMut(&'static str, u64)) {
        match &self.population {
            Some(population) if (1..=population.people).contains(&unit) => population.tally(unit - 1, kinds, add),
            _ if unit > self.people() => {
                self.loaded.iter().for_each(|loaded| loaded.tally(unit - 1 - self.people(), kinds, &mut add));
            }
            _ => self.unit(unit, kinds).iter().for_each(|resource| add(resource.kind, 1)),
        }
    }

    /// The unit of a patient's record.
    pub(crate) fn unit_of_patient(&self, id: &str) -> Option<u64> {
        self.unit_of("Patient", id)
    }

    /// The unit that holds a resource, if it is here.
    pub(crate) fn unit_of(&self, kind: &'static str, id: &str) -> Option<u64> {
        self.find(kind, id).map(|(unit, _)| unit)
    }

    /// A resource and its unit.
    pub(crate) fn find(&self, kind: &'static str, id: &str) -> Option<(u64, Resource)> {
        let in_unit = |unit| {
            let found = self.unit(unit, &Kinds::one(kind)).into_iter().find(|resource| resource.id == id);
            found.map(|resource| (unit, resource))
        };
        let generated = self.population.as_ref().and_then(|population| {
            if let Some(index) = population.index_of(id) {
                return in_unit(index + 1);
            }
            let found = population.shared(&Kinds::one(kind)).into_iter().find(|resource| resource.id == id);
            found.map(|resource| (0, resource))
        });
        generated.or_else(|| {
            let (person, resource) = self.loaded.as_ref()?.find(kind, id)?;
            Some((person.map_or(0, |person| 1 + self.people() + person), resource))
        })
    }

    /// No resource here says it was changed later than that.
    pub(crate) fn newest(&self) -> Timestamp {
        let generated = self.population.as_ref().map(Population::newest);
        let loaded = self.loaded.as_ref().map(Loaded::newest);
        generated.into_iter().chain(loaded).max().unwrap_or(Timestamp::UNIX_EPOCH)
    }
}
