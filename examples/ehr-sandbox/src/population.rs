//! Generated people. Person `i` is a pure function of the seed, `i` and the day the record is read as of, so that a
//! million people stream past without being held.

pub(crate) mod codes;
mod draw;
mod life;
mod names;
mod person;
mod places;
mod render;
mod world;

use jiff::{
    Timestamp,
    civil::{Date, Time},
};

pub(crate) use draw::Draw;
pub(crate) use person::years_between;
pub(crate) use places::{PLACES, STREETS};

use self::{life::Life, person::Person, render::Writer};
use crate::resource::{Kinds, Resource};

/// The generated people and the places they go to.
#[derive(Clone, Debug)]
pub(crate) struct Population {
    pub(crate) seed: u64,
    pub(crate) people: u64,
    pub(crate) as_of: Date,
}

impl Population {
    /// Organizations, practitioners and groups.
    pub(crate) fn shared(&self, kinds: &Kinds) -> Vec<Resource> {
        let mut writer = Writer::new(self, kinds);
        world::write(&mut writer);
        writer.finish()
    }

    /// All resources of one person, the Patient first.
    pub(crate) fn person(&self, index: u64, kinds: &Kinds) -> Vec<Resource> {
        let person = Person::new(self, index);
        let mut writer = Writer::new(self, kinds);
        let only_demographics =
            kinds.named().is_some_and(|kinds| kinds.iter().all(|kind| matches!(*kind, "Organization" | "Practitioner" | "Group")));
        if only_demographics {
            return Vec::new();
        }
        let life = Life::of(self, &person);
        writer.patient(&person, &life);
        writer.circle_of_care(&person, &life);
        writer.clinical(&person, &life);
        writer.finish()
    }

    /// How many resources of each wanted type one person has, without writing them.
    pub(crate) fn tally(&self, index: u64, kinds: &Kinds, mut add: impl FnMut(&'static str, u64)) {
        let person = Person::new(self, index);
        let life = Life::of(self, &person);
        let mut count = |kind, number: usize| {
            if number > 0 && kinds.has(kind) {
                add(kind, number as u64);
            }
        };
        count("Patient", 1);
        count("RelatedPerson", person.relatives(&life).len());
        count("Coverage", usize::from(person.insurer(self).is_some()));
        count("CareTeam", usize::from(person.has_care_team()));
        count("AllergyIntolerance", life.allergies.len());
        count("Condition", life.conditions.len());
        count("Encounter", life.encounters.len());
        count("MedicationRequest", life.medications.len());
        count("Observation", life.observations.len());
        count("Procedure", life.procedures.len());
        count("Immunization", life.immunizations.len());
    }

    /// The person whose Patient carries the id, or whom a generated resource of that id belongs to.
    pub(crate) fn index_of(&self, id: &str) -> Option<u64> {
        let number = id.split('-').nth(1)?;
        if number.len() != 7 && (number.len() < 7 || number.starts_with('0')) {
            return None;
        }
        number.parse().ok().filter(|index| *index < self.people)
    }

    /// The latest instant any generated resource says it was changed.
    pub(crate) fn newest(&self) -> Timestamp {
        instant(self.as_of, 0)
    }

    /// Person `i` without their resources: whether she is a woman of that age who is alive and kept on record.
    fn is_living_woman(&self, index: u64, ages: std::ops::RangeInclusive<i64>) -> bool {
        let person = Person::new(self, index);
        person.female && matches!(person.ending, person::Ending::Living) && ages.contains(&person.age_on(self.as_of))
    }
}

/// An instant on a day, seconds after midnight UTC.
fn instant(day: Date, seconds: i64) -> Timestamp {
    let midnight =
        day.to_datetime(Time::midnight()).to_zoned(jiff::tz::TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp());
    midnight.saturating_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(midnight)
}

#[cfg(test)]
mod tests;
