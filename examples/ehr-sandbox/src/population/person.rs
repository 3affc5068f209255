//! Who a person is: everything about them that is not clinical.

use jiff::{ToSpan, civil::Date};

use super::{
    Population,
    draw::Draw,
    names::Circle,
    places::{PLACES, Place, STREETS},
};

/// A person before any resource is written about them.
pub(crate) struct Person {
    pub(crate) index: u64,
    pub(crate) female: bool,
    pub(crate) birth: Date,
    pub(crate) given: &'static str,
    pub(crate) middle: Option<&'static str>,
    pub(crate) family: &'static str,
    pub(crate) circle: Circle,
    /// BCP 47 tag of the preferred language.
    pub(crate) language: &'static str,
    pub(crate) race: Race,
    pub(crate) hispanic: bool,
    pub(crate) place: &'static Place,
    pub(crate) street: String,
    pub(crate) zip: String,
    pub(crate) ending: Ending,
    pub(crate) contacts: Vec<Contact>,
    /// A second record of this person exists: its index.
    pub(crate) duplicate: Option<u64>,
}

/// How a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Living,
    Inactive,
    /// Died on that day; the record may know no more than that.
    Died {
        on: Date,
        day_known: bool,
    },
    /// Merged into the record of the index.
    Merged {
        into: u64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Race {
    White,
    Black,
    Asian,
    Native,
    Unknown,
}

/// One way of reaching the person, as good or bad as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Contact {
    pub(crate) system: &'static str,
    pub(crate) value: String,
    pub(crate) usage: Option<&'static str>,
    pub(crate) rank: Option<u8>,
    pub(crate) start: Option<Date>,
    pub(crate) end: Option<Date>,
}

impl Person {
    pub(crate) fn new(population: &Population, index: u64) -> Self {
        let survivor = merged_into(population, index);
        // A merged record tells of the same person, so it draws what the survivor draws.
        let subject = survivor.unwrap_or(index);
        let mut draw = Draw::new(population.seed, subject, "person");
        let as_of = population.as_of;

        let female = draw.chance(520);
        let age = age(&mut draw);
        let birth = as_of.saturating_sub(age.years()).saturating_sub(draw.between(1, 364).days());
        let (circle, race, hispanic, language) = background(&mut draw);
        let given = circle.given(&mut draw, female);
        let middle = draw.chance(350).then(|| circle.given(&mut draw, female)).filter(|middle| *middle != given);
        let family = circle.family(&mut draw);
        let place = PLACES.get(draw.below(PLACES.len() as u64) as usize).unwrap_or(&FALLBACK_PLACE);
        let street = format!("{} {}", draw.between(2, 1_980), draw.word(STREETS));
        let zip = format!("{}{:02}", place.zip, draw.between(1, 60));
        let ending = match survivor {
            Some(into) => Ending::Merged { into },
            None => ending(&mut draw, age, birth, as_of),
        };
        let contacts = if survivor.is_some() { Vec::new() } else { contacts(population, index, age, given, family) };
        Self {
            index,
            female,
            birth,
            given,
            middle,
            family,
            circle,
            language,
            race,
            hispanic,
            place,
            street,
            zip,
            ending,
            contacts,
            duplicate: Some(index + 1).filter(|next| *next < population.people && merged_into(population, *next).is_some()),
        }
    }

    /// Whole years at a day.
    pub(crate) fn age_on(&self, day: Date) -> i64 {
        years_between(self.birth, day)
    }

    pub(crate) fn death(&self) -> Option<Date> {
        match self.ending {
            Ending::Died { on, .. } => Some(on),
            _ => None,
        }
    }

    pub(crate) fn merged(&self) -> bool {
        matches!(self.ending, Ending::Merged { .. })
    }
}

/// Whole years from one day to another.
pub(crate) fn years_between(from: Date, to: Date) -> i64 {
    let years = i64::from(to.year()) - i64::from(from.year());
    if (to.month(), to.day()) < (from.month(), from.day()) { years - 1 } else { years }
}

const FALLBACK_PLACE: Place = Place { city: "Worcester", state: "MA", zip: "016" };

/// The record before this one, where this one is its duplicate.
fn merged_into(population: &Population, index: u64) -> Option<u64> {
    let before = index.checked_sub(1)?;
    let marked = |index| Draw::new(population.seed, index, "merge").chance(10);
    (marked(index) && !marked(before)).then_some(before)
}

/// A hospital's people: somewhat older than the country's.
fn age(draw: &mut Draw) -> i64 {
    const BANDS: [(i64, i64, u32); 7] = [(0, 2, 35), (3, 17, 145), (18, 39, 245), (40, 51, 160), (52, 74, 300), (75, 84, 85), (85, 97, 30)];
    let (low, high, _) = BANDS.get(draw.weighted(&BANDS.map(|band| band.2))).copied().unwrap_or((40, 51, 1));
    draw.between(low, high)
}

fn background(draw: &mut Draw) -> (Circle, Race, bool, &'static str) {
    match draw.weighted(&[700, 200, 60, 40]) {
        1 => {
            let language = if draw.chance(550) { "es" } else { "en" };
            let race = if draw.chance(700) { Race::White } else { Race::Unknown };
            (Circle::Spanish, race, true, language)
        }
        2 => (Circle::Chinese, Race::Asian, false, if draw.chance(450) { "zh" } else { "en" }),
        3 => (Circle::Vietnamese, Race::Asian, false, if draw.chance(500) { "vi" } else { "en" }),
        _ => {
            let race = match draw.weighted(&[660, 220, 50, 30, 40]) {
                0 => Race::White,
                1 => Race::Black,
                2 => Race::Asian,
                3 => Race::Native,
                _ => Race::Unknown,
            };
            (Circle::English, race, false, "en")
        }
    }
}

fn ending(draw: &mut Draw, age: i64, birth: Date, as_of: Date) -> Ending {
    let share = match age {
        0..=39 => 3,
        40..=64 => 15,
        65..=79 => 50,
        _ => 180,
    };
    if draw.chance(share) {
        let on = as_of.saturating_sub(draw.between(20, 900).days()).max(birth);
        return Ending::Died { on, day_known: draw.chance(550) };
    }
    if draw.chance(20) { Ending::Inactive } else { Ending::Living }
}

fn contacts(population: &Population, index: u64, age: i64, given: &str, family: &str) -> Vec<Contact> {
    let mut draw = Draw::new(population.seed, index, "contact");
    let as_of = population.as_of;
    let mut contacts = Vec::new();
    let mut add = |system, value: String, usage, rank, start, end| {
        contacts.push(Contact { system, value, usage, rank, start, end });
    };
    let since = Some(as_of.saturating_sub(draw.between(200, 3_000).days()));
    let phone = |draw: &mut Draw| format!("({}) 555-01{:02}", draw.between(201, 989), draw.below(100));

    match draw.weighted(&[500, 250, 130, 120]) {
        0 => add("phone", phone(&mut draw), Some("mobile"), Some(1), since, None),
        1 => {
            add("phone", phone(&mut draw), Some("mobile"), Some(1), None, None);
            add("phone", phone(&mut draw), Some("home"), Some(2), None, None);
        }
        2 => add("phone", phone(&mut draw), Some("home"), None, None, None),
        _ => {}
    }
    if draw.chance(90) {
        add("phone", phone(&mut draw), Some("work"), Some(3), None, None);
    }
    if draw.chance(60) {
        let end = as_of.saturating_sub(draw.between(30, 900).days());
        add("phone", phone(&mut draw), Some("old"), None, None, Some(end));
    }
    if draw.chance(15) {
        add("phone", phone(&mut draw), Some("temp"), None, None, Some(as_of.saturating_add(30.days())));
    }
    if draw.chance(10) {
        add("fax", phone(&mut draw), Some("work"), None, None, None);
    }
    if age < 13 {
        // The parents are reached; their contact points are on the related person.
        return contacts;
    }

    let mailbox = format!("{}.{}{index}", plain(given), plain(family));
    let host = draw.word(&["example.org", "example.com", "example.net"]);
    match draw.weighted(&[680, 70, 40, 50, 160]) {
        0 => add("email", format!("{mailbox}@{host}"), Some("home"), Some(1), since, None),
        1 => {
            add("email", format!("{mailbox}@{host}"), Some("home"), Some(1), None, None);
            add("email", format!("{mailbox}.work@example.com"), Some("work"), Some(2), None, None);
        }
        2 => {
            let wrong = match draw.below(4) {
                0 => mailbox.clone(),
                1 => format!("{mailbox}@@{host}"),
                2 => format!("{mailbox} at {host}"),
                _ => format!("{mailbox}@"),
            };
            add("email", wrong, Some("home"), Some(1), None, None);
        }
        3 => {
            let end = as_of.saturating_sub(draw.between(30, 1_500).days());
            add("email", format!("{mailbox}.old@{host}"), Some("old"), None, None, Some(end));
        }
        _ => {}
    }
    contacts
}

/// The letters of a name that a mailbox can carry.
fn plain(name: &str) -> String {
    name.chars()
        .map(|letter| match letter {
            'á' | 'Á' | 'ả' | 'ạ' | 'ặ' => 'a',
            'é' | 'ê' => 'e',
            'í' | 'ì' => 'i',
            'ó' | 'Ó' | 'ọ' | 'ô' | 'ơ' => 'o',
            'ú' | 'ù' | 'ũ' | 'ü' | 'ư' | 'ỳ' => 'u',
            'ñ' => 'n',
            'đ' | 'Đ' => 'd',
            other => other.to_ascii_lowercase(),
        })
        .filter(char::is_ascii_lowercase)
        .collect()
}
