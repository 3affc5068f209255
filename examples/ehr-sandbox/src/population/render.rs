//! Lives written down as US Core resources.

mod circle;
mod clinical;
mod patient;

use jiff::{SignedDuration, Timestamp, civil::Date};
use serde_json::{Value, json};

use super::{Population, codes::Code, instant};
use crate::resource::{Kinds, Resource};

/// Collects the resources of one record.
pub(crate) struct Writer<'a> {
    pub(crate) population: &'a Population,
    kinds: &'a Kinds,
    resources: Vec<Resource>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(population: &'a Population, kinds: &'a Kinds) -> Self {
        Self { population, kinds, resources: Vec::new() }
    }

    pub(crate) fn wants(&self, kind: &str) -> bool {
        self.kinds.has(kind)
    }

    pub(crate) fn finish(self) -> Vec<Resource> {
        self.resources
    }

    /// Adds a resource recorded on a day. `profile` is the last word of a US Core profile, or empty.
    fn add(&mut self, kind: &'static str, id: String, day: Date, profile: &str, body: &Value) {
        // Recorded in the evening, a second apart, so that no two resources of a record change at once.
        let second = 79_200 + (self.resources.len() as i64 % 7_000);
        let at = instant(day, second).min(self.population.newest());
        self.push(kind, id, at, profile, body);
    }

    /// Adds a resource that was there before all people.
    pub(crate) fn shared(&mut self, kind: &'static str, id: String, profile: &str, body: &Value) {
        let at = self.population.newest().saturating_sub(SignedDuration::from_hours(24 * 400)).unwrap_or(Timestamp::UNIX_EPOCH);
        self.push(kind, id, at, profile, body);
    }

    fn push(&mut self, kind: &'static str, id: String, at: Timestamp, profile: &str, body: &Value) {
        let body = body.to_string();
        let rest = body.strip_prefix('{').unwrap_or("}");
        let profile = match profile {
            "" => String::new(),
            "bp" | "bmi" | "bodyheight" | "bodyweight" => {
                format!(",\"profile\":[\"{US_CORE}{}\"]", vital_profile(profile))
            }
            other => format!(",\"profile\":[\"{US_CORE}{other}\"]"),
        };
        let text = format!(
            "{{\"resourceType\":\"{kind}\",\"id\":\"{id}\",\"meta\":{{\"versionId\":\"1\",\"lastUpdated\":\"{at:.3}\"{profile}}},{rest}"
        );
        self.resources.push(Resource { kind, id, version: "1".to_owned(), last_updated: at, text });
    }

    /// Sets a member of an object.
    pub(crate) fn put(body: &mut Value, member: &str, value: Value) {
        if let Some(object) = body.as_object_mut() {
            object.insert(member.to_owned(), value);
        }
    }
}

const US_CORE: &str = "http://hl7.org/fhir/us/core/StructureDefinition/";

fn vital_profile(short: &str) -> &'static str {
    match short {
        "bp" => "us-core-blood-pressure",
        "bmi" => "us-core-bmi",
        "bodyheight" => "us-core-body-height",
        _ => "us-core-body-weight",
    }
}

pub(crate) fn patient_id(index: u64) -> String {
    format!("person-{index:07}")
}

fn child_id(prefix: &str, index: u64, number: usize) -> String {
    format!("{prefix}-{index:07}-{number}")
}

fn coding(code: Code) -> Value {
    json!({"system": code.system, "code": code.code, "display": code.display})
}

fn concept(code: Code) -> Value {
    json!({"coding": [coding(code)], "text": code.display})
}

fn table(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": format!("http://terminology.hl7.org/CodeSystem/{system}"), "code": code}]})
}

fn reference(kind: &str, id: &str) -> Value {
    json!({"reference": format!("{kind}/{id}")})
}

/// A number given in tenths, as JSON writes it.
fn tenths(value: i64) -> Value {
    if value % 10 == 0 { json!(value / 10) } else { json!(value as f64 / 10.0) }
}

/// A time of day at which all the states of the country are at work.
fn office_hour(day: Date, number: usize) -> String {
    format!("{day}T{:02}:{:02}:00Z", 16 + number % 6, (number * 15) % 60)
}
