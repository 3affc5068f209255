//! Time going on: new visits, results, addresses, deaths, merged and deleted records. What happens is decided by the
//! seed and the state; when it happened is now.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    error::Error,
    population::{Draw, PLACES, STREETS, codes, years_between},
    resource::{Kinds, Resource},
    store::{Snapshot, Store},
};

/// Attempts to find somebody to whom the thing can happen.
const ATTEMPTS: u32 = 40;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What happened, such as `visit` or `death`.
    pub what: &'static str,
    /// The id of the patient.
    pub patient: String,
    /// The resources written or deleted, as `Type/id`.
    pub resources: Vec<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of Patient/{}, {} resources", self.what, self.patient, self.resources.len())
    }
}

/// Records a screening mammogram done now.
///
/// # Errors
/// `NotFound` or `Gone` where there is no such patient, `Invalid` where the patient has died or the record is merged.
pub(crate) fn record_mammogram(store: &Store, patient: &str, now: Timestamp) -> Result<Resource, Error> {
    let found = store.read("Patient", patient, store.snapshot(now))?.value();
    if !lives(&found) {
        return Err(Error::Invalid(format!("Patient/{patient} has died or is no longer active; no mammogram can be recorded")));
    }
    let code = codes::MAMMOGRAM;
    let observation = json!({
        "resourceType": "Observation",
        "meta": {"profile": ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-observation-clinical-result"]},
        "status": "final",
        "category": [category("imaging")],
        "code": {"coding": [{"system": code.system, "code": code.code, "display": code.display}], "text": code.display},
        "subject": {"reference": format!("Patient/{patient}")},
        "effectiveDateTime": format!("{now:.0}"),
        "valueCodeableConcept": {"text": "BI-RADS 1: Negative"},
    });
    create(store, "Observation", &observation, now)
}

/// Makes `count` things happen.
///
/// # Errors
/// Whatever the store refuses.
pub(crate) fn tick(store: &Store, seed: u64, count: u64, now: Timestamp) -> Result<Vec<Change>, Error> {
    let mut changes = Vec::new();
    for number in 0..count {
        let mut draw = Draw::new(seed, number, "tick");
        let event = draw.weighted(&[340, 200, 150, 120, 60, 40, 90]);
        for _ in 0..ATTEMPTS {
            let unit = 1 + draw.below(store.units().saturating_sub(2));
            let snapshot = store.snapshot(now);
            let Some(patient) = store.unit(unit, &Kinds::one("Patient"), snapshot).into_iter().next() else { continue };
            let scene = Scene { store, now, unit, snapshot, id: patient.id.clone(), patient: patient.value() };
            if !lives(&scene.patient) {
                continue;
            }
            let change = match event {
                0 => Some(scene.visit(&mut draw)?),
                1 => scene.mammogram()?,
                2 => Some(scene.moves_house(&mut draw)?),
                3 => Some(scene.new_email(&mut draw)?),
                4 => scene.dies(&mut draw)?,
                5 => Some(scene.is_merged()?),
                _ => scene.entry_deleted(&mut draw)?,
            };
            if let Some(change) = change {
                changes.push(change);
                break;
            }
        }
    }
    Ok(changes)
}

/// One person at the moment something happens to them.
struct Scene<'a> {
    store: &'a Store,
    now: Timestamp,
    unit: u64,
    snapshot: Snapshot,
    id: String,
    patient: Value,
}

impl Scene<'_> {
    fn change(&self, what: &'static str, resources: Vec<String>) -> Change {
        Change { what, patient: self.id.clone(), resources }
    }

    fn age(&self) -> Option<i64> {
        let born = self.patient.get("birthDate")?.as_str()?.parse().ok()?;
        Some(years_between(born, self.now.to_zoned(jiff::tz::TimeZone::UTC).date()))
    }

    fn put(&self, resource: &Value) -> Result<String, Error> {
        self.store.put("Patient", &self.id, &resource.to_string(), None, self.now)?;
        Ok(format!("Patient/{}", self.id))
    }

    /// A visit today with a blood pressure.
    fn visit(&self, draw: &mut Draw) -> Result<Change, Error> {
        let subject = json!({"reference": format!("Patient/{}", self.id)});
        let at = format!("{:.0}", self.now);
        let code = codes::WELLNESS_LATER;
        let encounter = json!({
            "resourceType": "Encounter",
            "meta": {"profile": ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-encounter"]},
            "status": "finished",
            "class": {"system": codes::ACT_CODE, "code": "AMB", "display": "ambulatory"},
            "type": [{"coding": [{"system": code.system, "code": code.code, "display": code.display}], "text": "Annual wellness visit"}],
            "subject": subject,
            "period": {"start": at, "end": at},
        });
        let encounter = create(self.store, "Encounter", &encounter, self.now)?;
        let component = |code: codes::Code, value: i64| {
            json!({
                "code": {"coding": [{"system": code.system, "code": code.code, "display": code.display}]},
                "valueQuantity": {"value": value, "unit": "mm[Hg]", "system": codes::UCUM, "code": "mm[Hg]"}
            })
        };
        let panel = codes::BLOOD_PRESSURE;
        let observation = json!({
            "resourceType": "Observation",
            "meta": {"profile": ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-blood-pressure"]},
            "status": "final",
            "category": [category("vital-signs")],
            "code": {"coding": [{"system": panel.system, "code": panel.code, "display": panel.display}]},
            "subject": subject,
            "encounter": {"reference": format!("Encounter/{}", encounter.id)},
            "effectiveDateTime": at,
            "component": [
                component(codes::SYSTOLIC, draw.between(106, 156)),
                component(codes::DIASTOLIC, draw.between(62, 95))
            ],
        });
        let observation = create(self.store, "Observation", &observation, self.now)?;
        Ok(self.change("visit", vec![format!("Encounter/{}", encounter.id), format!("Observation/{}", observation.id)]))
    }

    fn mammogram(&self) -> Result<Option<Change>, Error> {
        let woman = self.patient.get("gender").and_then(Value::as_str) == Some("female");
        if !woman || !self.age().is_some_and(|age| (40..=79).contains(&age)) {
            return Ok(None);
        }
        let observation = record_mammogram(self.store, &self.id, self.now)?;
        Ok(Some(self.change("mammogram", vec![format!("Observation/{}", observation.id)])))
    }

    fn moves_house(&self, draw: &mut Draw) -> Result<Change, Error> {
        let mut patient = self.patient.clone();
        if let (Some(place), Some(object)) = (draw.pick(PLACES), patient.as_object_mut()) {
            let line = format!("{} {}", draw.between(2, 1_980), draw.word(STREETS));
            let zip = format!("{}{:02}", place.zip, draw.between(1, 60));
            let address = json!([{"use": "home", "type": "both", "line": [line], "city": place.city,
                "state": place.state, "postalCode": zip, "country": "US"}]);
            object.insert("address".to_owned(), address);
        }
        Ok(self.change("address", vec![self.put(&patient)?]))
    }

    fn new_email(&self, draw: &mut Draw) -> Result<Change, Error> {
        let mut patient = self.patient.clone();
        if let Some(object) = patient.as_object_mut() {
            let mut telecom = object.get("telecom").and_then(Value::as_array).cloned().unwrap_or_default();
            telecom.retain(|point| point.get("system").and_then(Value::as_str) != Some("email"));
            let address = format!("new.{}.{}@example.org", self.id, draw.below(10_000));
            telecom.push(json!({"system": "email", "value": address, "use": "home", "rank": 1}));
            object.insert("telecom".to_owned(), telecom.into());
        }
        Ok(self.change("email", vec![self.put(&patient)?]))
    }

    fn dies(&self, draw: &mut Draw) -> Result<Option<Change>, Error> {
        if self.age().is_none_or(|age| age < 50) {
            return Ok(None);
        }
        let mut patient = self.patient.clone();
        if let Some(object) = patient.as_object_mut() {
            if draw.chance(500) {
                object.insert("deceasedBoolean".to_owned(), json!(true));
            } else {
                object.insert("deceasedDateTime".to_owned(), json!(format!("{:.0}", self.now)));
            }
        }
        Ok(Some(self.change("death", vec![self.put(&patient)?])))
    }

    /// The person is registered anew, and this record goes into the new one with all that is in it.
    fn is_merged(&self) -> Result<Change, Error> {
        let mut survivor = self.patient.clone();
        let survivor_id = self.store.new_id();
        if let Some(object) = survivor.as_object_mut() {
            object.remove("id");
            let other = json!({"reference": format!("Patient/{}", self.id)});
            object.insert("link".to_owned(), json!([{"other": other, "type": "replaces"}]));
        }
        self.store.put("Patient", &survivor_id, &survivor.to_string(), None, self.now)?;
        let mut resources = vec![format!("Patient/{survivor_id}")];
        let (old, new) = (format!("\"Patient/{}\"", self.id), format!("\"Patient/{survivor_id}\""));
        for resource in self.store.unit(self.unit, &Kinds::all(), self.snapshot) {
            if resource.kind != "Patient" && resource.text.contains(&old) {
                let text = resource.text.replace(&old, &new);
                self.store.put(resource.kind, &resource.id, &text, None, self.now)?;
                resources.push(format!("{}/{}", resource.kind, resource.id));
            }
        }
        let mut merged = self.patient.clone();
        if let Some(object) = merged.as_object_mut() {
            object.insert("active".to_owned(), json!(false));
            object.remove("telecom");
            let other = json!({"reference": format!("Patient/{survivor_id}")});
            object.insert("link".to_owned(), json!([{"other": other, "type": "replaced-by"}]));
        }
        resources.push(self.put(&merged)?);
        Ok(self.change("merge", resources))
    }

    /// An entry that should never have been made disappears; of a type no other resource refers to.
    fn entry_deleted(&self, draw: &mut Draw) -> Result<Option<Change>, Error> {
        let kinds = Kinds::only(vec!["Observation", "Immunization", "RelatedPerson"]);
        let entries = self.store.unit(self.unit, &kinds, self.snapshot);
        let Some(entry) = draw.pick(&entries) else { return Ok(None) };
        self.store.delete(entry.kind, &entry.id, None, self.now)?;
        Ok(Some(self.change("delete", vec![format!("{}/{}", entry.kind, entry.id)])))
    }
}

fn create(store: &Store, kind: &'static str, body: &Value, now: Timestamp) -> Result<Resource, Error> {
    let written = store.put(kind, &store.new_id(), &body.to_string(), None, now)?;
    Ok(written.resource.as_ref().clone())
}

fn category(code: &str) -> Value {
    json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": code}]})
}

/// Whether things can still happen under a record: its person lives, and it was not merged or closed.
pub(crate) fn lives(patient: &Value) -> bool {
    let deceased = patient.get("deceasedBoolean").and_then(Value::as_bool).unwrap_or(false) || patient.get("deceasedDateTime").is_some();
    !deceased && patient.get("active").and_then(Value::as_bool).unwrap_or(true)
}
