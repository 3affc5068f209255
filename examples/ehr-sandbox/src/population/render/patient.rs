//! The Patient resource.

use jiff::ToSpan;
use serde_json::{Value, json};

use super::{
    super::{
        Draw,
        life::Life,
        person::{Contact, Ending, Person, Race},
        world::{clinic_id, practitioner_id},
    },
    Writer, patient_id, reference,
};

impl Writer<'_> {
    pub(crate) fn patient(&mut self, person: &Person, life: &Life) {
        if !self.wants("Patient") {
            return;
        }
        let gender = if person.female { "female" } else { "male" };
        let mut given = vec![person.given];
        given.extend(person.middle);
        let mut name = json!({"use": "official", "family": person.family, "given": given});
        if person.age_on(self.population.as_of) >= 18 {
            Self::put(&mut name, "prefix", json!([if person.female { "Ms." } else { "Mr." }]));
        }
        let mut body = json!({
            "extension": [race(person), ethnicity(person), {
                "url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex",
                "valueCode": if person.female { "F" } else { "M" }
            }],
            "identifier": [{
                "use": "usual",
                "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR", "display": "Medical record number"}]},
                "system": "https://sandbox.example.org/mrn",
                "value": format!("MRN{:07}", person.index)
            }],
            "active": !matches!(person.ending, Ending::Inactive | Ending::Merged { .. }),
            "name": [name],
            "gender": gender,
            "birthDate": person.birth.to_string(),
        });
        if !person.contacts.is_empty() {
            let telecom: Vec<Value> = person.contacts.iter().map(telecom).collect();
            Self::put(&mut body, "telecom", telecom.into());
        }
        if person.merged() {
            // A merged record keeps the name and the number, and little else.
        } else {
            self.rest_of_patient(&mut body, person);
        }
        match person.ending {
            Ending::Died { on, day_known: true } => {
                Self::put(&mut body, "deceasedDateTime", json!(format!("{on}T11:30:00Z")));
            }
            Ending::Died { .. } => Self::put(&mut body, "deceasedBoolean", json!(true)),
            Ending::Merged { into } => {
                let other = reference("Patient", &patient_id(into));
                Self::put(&mut body, "link", json!([{"other": other, "type": "replaced-by"}]));
            }
            Ending::Living | Ending::Inactive => {}
        }
        if let Some(duplicate) = person.duplicate.filter(|_| !person.merged()) {
            let other = reference("Patient", &patient_id(duplicate));
            Self::put(&mut body, "link", json!([{"other": other, "type": "replaces"}]));
        }
        let registered = self.population.as_of.saturating_sub(700.days());
        let day = life.last_day().into_iter().chain(person.death()).max().unwrap_or(registered);
        self.add("Patient", patient_id(person.index), day.max(person.birth), "us-core-patient", &body);
    }

    fn rest_of_patient(&self, body: &mut Value, person: &Person) {
        let mut draw = Draw::new(self.population.seed, person.index, "chart");
        Self::put(
            body,
            "address",
            json!([{
                "use": "home", "type": "both", "line": [person.street], "city": person.place.city,
                "state": person.place.state, "postalCode": person.zip, "country": "US"
            }]),
        );
        let spoken = match person.language {
            "es" => "Spanish",
            "zh" => "Chinese",
            "vi" => "Vietnamese",
            _ => "English",
        };
        // Where a chart says nothing of the language, nobody asked.
        if person.language != "en" || !draw.chance(90) {
            Self::put(
                body,
                "communication",
                json!([{
                    "language": {"coding": [{"system": "urn:ietf:bcp:47", "code": person.language, "display": spoken}], "text": spoken},
                    "preferred": true
                }]),
            );
        }
        Self::put(body, "generalPractitioner", json!([reference("Practitioner", &practitioner_id(person.practitioner()))]));
        Self::put(body, "managingOrganization", reference("Organization", &clinic_id(person.practitioner())));
    }
}

fn telecom(contact: &Contact) -> Value {
    let mut point = json!({"system": contact.system, "value": contact.value});
    if let Some(usage) = contact.usage {
        Writer::put(&mut point, "use", json!(usage));
    }
    if let Some(rank) = contact.rank {
        Writer::put(&mut point, "rank", json!(rank));
    }
    let mut period = json!({});
    if let Some(start) = contact.start {
        Writer::put(&mut period, "start", json!(start.to_string()));
    }
    if let Some(end) = contact.end {
        Writer::put(&mut period, "end", json!(end.to_string()));
    }
    if period.as_object().is_some_and(|members| !members.is_empty()) {
        Writer::put(&mut point, "period", period);
    }
    point
}

const RACE_AND_ETHNICITY: &str = "urn:oid:2.16.840.1.113883.6.238";

fn race(person: &Person) -> Value {
    let (code, text) = match person.race {
        Race::White => ("2106-3", "White"),
        Race::Black => ("2054-5", "Black or African American"),
        Race::Asian => ("2028-9", "Asian"),
        Race::Native => ("1002-5", "American Indian or Alaska Native"),
        Race::Unknown => {
            return json!({"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race", "extension": [
                {"url": "ombCategory", "valueCoding": {"system": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "code": "UNK", "display": "unknown"}},
                {"url": "text", "valueString": "Unknown"}
            ]});
        }
    };
    json!({"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race", "extension": [
        {"url": "ombCategory", "valueCoding": {"system": RACE_AND_ETHNICITY, "code": code, "display": text}},
        {"url": "text", "valueString": text}
    ]})
}

fn ethnicity(person: &Person) -> Value {
    let (code, text) = if person.hispanic { ("2135-2", "Hispanic or Latino") } else { ("2186-5", "Not Hispanic or Latino") };
    json!({"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity", "extension": [
        {"url": "ombCategory", "valueCoding": {"system": RACE_AND_ETHNICITY, "code": code, "display": text}},
        {"url": "text", "valueString": text}
    ]})
}
