//! The people and organizations around a patient: related persons, coverage, care team.

use jiff::{ToSpan, civil::Date};
use serde_json::json;

use super::{
    super::{
        Draw, Population,
        life::Life,
        person::Person,
        world::{INSURERS, PRACTITIONERS, insurer_id, practitioner_id, practitioner_name},
    },
    Writer, child_id, patient_id, reference, table,
};

/// Someone who speaks for a patient.
pub(crate) struct Relative {
    pub(crate) role: &'static str,
    pub(crate) title: &'static str,
    pub(crate) female: bool,
}

impl Person {
    /// The number of the practitioner who knows them best.
    pub(crate) fn practitioner(&self) -> u64 {
        self.index.wrapping_mul(31) % PRACTITIONERS
    }

    pub(crate) fn has_care_team(&self) -> bool {
        !self.merged() && self.index % 8 != 5
    }

    /// Parents of minors, a grown child of people with dementia.
    pub(crate) fn relatives(&self, life: &Life) -> Vec<Relative> {
        const MOTHER: Relative = Relative { role: "MTH", title: "mother", female: true };
        const FATHER: Relative = Relative { role: "FTH", title: "father", female: false };
        if self.merged() || self.death().is_some() {
            return Vec::new();
        }
        if life.is_minor(self) {
            return match self.index % 5 {
                0 => vec![FATHER],
                1 | 2 => vec![MOTHER],
                _ => vec![MOTHER, FATHER],
            };
        }
        if life.has("F03.90") {
            return vec![Relative { role: "CHILD", title: "child", female: self.index.is_multiple_of(2) }];
        }
        Vec::new()
    }

    /// Which insurer pays, if one does.
    pub(crate) fn insurer(&self, population: &Population) -> Option<usize> {
        let mut draw = Draw::new(population.seed, self.index, "insurer");
        if self.merged() {
            return None;
        }
        match self.age_on(population.as_of) {
            65.. => Some(0),
            _ if draw.chance(70) => None,
            _ if draw.chance(210) => Some(1),
            _ => Some(2 + draw.below(INSURERS.len() as u64 - 2) as usize),
        }
    }
}

impl Writer<'_> {
    pub(crate) fn circle_of_care(&mut self, person: &Person, life: &Life) {
        if self.wants("RelatedPerson") {
            self.related_persons(person, life);
        }
        if self.wants("Coverage") {
            self.coverage(person);
        }
        if self.wants("CareTeam") && person.has_care_team() {
            self.care_team(person, life);
        }
    }

    fn related_persons(&mut self, person: &Person, life: &Life) {
        for (number, relative) in person.relatives(life).into_iter().enumerate() {
            let mut draw = Draw::new(self.population.seed, person.index, relative.title);
            let given = person.circle.given(&mut draw, relative.female);
            let mut telecom = vec![json!({
                "system": "phone",
                "value": format!("({}) 555-01{:02}", draw.between(201, 989), draw.below(100)),
                "use": "mobile",
                "rank": 1
            })];
            if draw.chance(780) {
                telecom.push(json!({
                    "system": "email",
                    "value": format!("{}.of.{:07}@example.net", relative.title, person.index),
                    "use": "home"
                }));
            }
            let body = json!({
                "active": true,
                "patient": reference("Patient", &patient_id(person.index)),
                "relationship": [{
                    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": relative.role, "display": relative.title}],
                    "text": relative.title
                }],
                "name": [{"use": "official", "family": person.family, "given": [given]}],
                "gender": if relative.female { "female" } else { "male" },
                "telecom": telecom,
            });
            let day = self.registered(person);
            self.add("RelatedPerson", child_id("related", person.index, number), day, "us-core-relatedperson", &body);
        }
    }

    fn coverage(&mut self, person: &Person) {
        let Some(insurer) = person.insurer(self.population) else { return };
        let Some((name, public)) = INSURERS.get(insurer) else { return };
        let start = self.registered(person);
        let mut kind = table("v3-ActCode", if *public { "PUBLICPOL" } else { "EHCPOL" });
        Self::put(&mut kind, "text", json!(name));
        let body = json!({
            "status": if person.death().is_some() { "cancelled" } else { "active" },
            "type": kind,
            "subscriberId": format!("S{:09}", person.index),
            "beneficiary": reference("Patient", &patient_id(person.index)),
            "relationship": table("subscriber-relationship", if person.age_on(self.population.as_of) < 18 { "child" } else { "self" }),
            "period": {"start": start.to_string()},
            "payor": [reference("Organization", &insurer_id(insurer))],
        });
        self.add("Coverage", child_id("coverage", person.index, 0), start, "us-core-coverage", &body);
    }

    fn care_team(&mut self, person: &Person, life: &Life) {
        let mut participants = Vec::new();
        let mut join = |number: u64, role: &str| {
            let (given, family) = practitioner_name(self.population, number);
            participants.push(json!({
                "role": [{"text": role}],
                "member": {
                    "reference": format!("Practitioner/{}", practitioner_id(number)),
                    "display": format!("Dr. {given} {family}")
                }
            }));
        };
        join(person.practitioner(), "Primary care physician");
        for (condition, role) in [("E11.9", "Endocrinologist"), ("I25.10", "Cardiologist"), ("C50.911", "Oncologist")] {
            if life.has(condition) {
                join(person.practitioner() + u64::from(condition.len() as u32) * 7, role);
            }
        }
        let day = self.registered(person);
        let body = json!({
            "status": if person.death().is_some() { "inactive" } else { "active" },
            "name": "Primary care team",
            "subject": reference("Patient", &patient_id(person.index)),
            "period": {"start": day.to_string()},
            "participant": participants,
        });
        self.add("CareTeam", child_id("careteam", person.index, 0), day, "us-core-careteam", &body);
    }

    /// The day the record was opened.
    fn registered(&self, person: &Person) -> Date {
        let day = self.population.as_of.saturating_sub(1_400.days()).max(person.birth);
        person.death().map_or(day, |death| day.min(death))
    }
}

impl Life {
    fn is_minor(&self, person: &Person) -> bool {
        let today = self.last_day().unwrap_or(person.birth);
        person.age_on(today) < 18
    }
}
