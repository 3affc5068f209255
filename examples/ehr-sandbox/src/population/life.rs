//! The life course of one person: what happened to them, before it is written down as resources.

mod illness;
mod prevention;
mod visits;

use jiff::{ToSpan, civil::Date};

use super::{
    Population,
    codes::{Allergen, Code, Drug},
    draw::Draw,
    person::{Ending, Person},
};

/// Everything clinical about a person. References between the lists are positions.
#[derive(Default)]
pub(crate) struct Life {
    pub(crate) encounters: Vec<Encounter>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) medications: Vec<Medication>,
    pub(crate) observations: Vec<Observation>,
    pub(crate) procedures: Vec<Procedure>,
    pub(crate) immunizations: Vec<Immunization>,
    pub(crate) allergies: Vec<Allergy>,
}

pub(crate) struct Encounter {
    pub(crate) day: Date,
    pub(crate) setting: Setting,
    /// The visit's type; settings without a free code say it in words alone.
    pub(crate) kind: Option<Code>,
    pub(crate) title: &'static str,
    pub(crate) reason: Option<Code>,
    pub(crate) days: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    Ambulatory,
    Virtual,
    Emergency,
    Inpatient,
}

pub(crate) struct Condition {
    pub(crate) code: Code,
    pub(crate) onset: Date,
    pub(crate) abatement: Option<Date>,
    /// On the problem list, or said at one visit only.
    pub(crate) lasting: bool,
    pub(crate) encounter: Option<usize>,
}

pub(crate) struct Medication {
    pub(crate) drug: &'static Drug,
    /// The condition it is for.
    pub(crate) reason: usize,
    pub(crate) authored: Date,
    pub(crate) status: &'static str,
    pub(crate) encounter: Option<usize>,
}

pub(crate) struct Observation {
    pub(crate) code: Code,
    pub(crate) category: &'static str,
    pub(crate) day: Date,
    pub(crate) result: Finding,
    pub(crate) encounter: Option<usize>,
}

/// What an observation found. Numbers are tenths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    Quantity { tenths: i64, unit: &'static str },
    Pressure { systolic: i64, diastolic: i64 },
    Answer { code: &'static str, text: &'static str },
    Text(&'static str),
}

pub(crate) struct Procedure {
    pub(crate) code: Code,
    pub(crate) day: Date,
    pub(crate) reason: Option<usize>,
    pub(crate) encounter: Option<usize>,
}

pub(crate) struct Immunization {
    pub(crate) vaccine: Code,
    pub(crate) day: Date,
}

pub(crate) struct Allergy {
    pub(crate) allergen: &'static Allergen,
    pub(crate) since: Date,
}

impl Life {
    pub(crate) fn of(population: &Population, person: &Person) -> Self {
        let mut life = Self::default();
        if person.merged() {
            // Whatever was known under this record belongs to the survivor now.
            return life;
        }
        let course = Course::new(population, person);
        course.allergies(&mut life);
        course.preventive_visits(&mut life);
        course.chronic_illness(&mut life);
        course.acute_illness(&mut life);
        course.surgery(&mut life);
        course.special_states(&mut life);
        course.prescriptions(&mut life);
        course.measurements(&mut life);
        course.mammograms(&mut life);
        course.bowel_screening(&mut life);
        course.cervical_screening(&mut life);
        course.vaccinations(&mut life);
        life
    }

    pub(crate) fn has(&self, code: &str) -> bool {
        self.condition(code).is_some()
    }

    pub(crate) fn condition(&self, code: &str) -> Option<usize> {
        self.conditions.iter().position(|condition| condition.code.code == code)
    }

    pub(crate) fn last_day(&self) -> Option<Date> {
        self.encounters.iter().map(|encounter| encounter.day).chain(self.observations.iter().map(|observation| observation.day)).max()
    }

    fn visit(&mut self, encounter: Encounter) -> usize {
        self.encounters.push(encounter);
        self.encounters.len() - 1
    }
}

/// What all chapters of a life need to know.
struct Course<'a> {
    population: &'a Population,
    person: &'a Person,
    /// The last day anything can be recorded: yesterday, the day of death, or the day the person left.
    limit: Date,
    age: i64,
}

impl<'a> Course<'a> {
    fn new(population: &'a Population, person: &'a Person) -> Self {
        let yesterday = population.as_of.saturating_sub(1.day());
        let limit = match person.ending {
            Ending::Died { on, .. } => on,
            Ending::Inactive => {
                let away = Draw::new(population.seed, person.index, "left").between(800, 1_500);
                yesterday.saturating_sub(away.days()).max(person.birth)
            }
            Ending::Living | Ending::Merged { .. } => yesterday,
        };
        Self { population, person, limit, age: person.age_on(limit) }
    }

    fn draw(&self, topic: &str) -> Draw {
        Draw::new(self.population.seed, self.person.index, topic)
    }

    fn before_limit(&self, days: i64) -> Date {
        self.limit.saturating_sub(days.days())
    }

    fn birthday(&self, years: i64) -> Date {
        self.person.birth.saturating_add(years.years())
    }

    /// A day that lies within the life and not in the future.
    fn within(&self, day: Date) -> bool {
        day >= self.person.birth && day <= self.limit
    }
}
