//! What happened to a patient, as resources.

use jiff::ToSpan;
use serde_json::{Value, json};

use super::{
    super::{
        codes::{ACT_CODE, BLOOD_PRESSURE, BMI, Code, DIASTOLIC, HEIGHT, LOINC, SMOKING, SYSTOLIC, UCUM, WEIGHT},
        life::{Encounter, Finding, Life, Observation, Setting},
        person::Person,
        world::{clinic_id, practitioner_id},
    },
    Writer, child_id, coding, concept, office_hour, patient_id, reference, table, tenths,
};

impl Writer<'_> {
    pub(crate) fn clinical(&mut self, person: &Person, life: &Life) {
        let subject = reference("Patient", &patient_id(person.index));
        if self.wants("AllergyIntolerance") {
            self.allergies(person, life, &subject);
        }
        if self.wants("Condition") {
            self.conditions(person, life, &subject);
        }
        if self.wants("Encounter") {
            for (number, encounter) in life.encounters.iter().enumerate() {
                self.encounter(person, number, encounter, &subject);
            }
        }
        if self.wants("MedicationRequest") {
            self.medications(person, life, &subject);
        }
        if self.wants("Observation") {
            for (number, observation) in life.observations.iter().enumerate() {
                self.observation(person, number, observation, &subject);
            }
        }
        if self.wants("Procedure") {
            self.procedures(person, life, &subject);
        }
        if self.wants("Immunization") {
            self.immunizations(person, life, &subject);
        }
    }

    fn allergies(&mut self, person: &Person, life: &Life, subject: &Value) {
        for (number, allergy) in life.allergies.iter().enumerate() {
            let body = json!({
                "clinicalStatus": table("allergyintolerance-clinical", "active"),
                "verificationStatus": table("allergyintolerance-verification", "confirmed"),
                "type": "allergy",
                "category": ["medication"],
                "code": concept(allergy.allergen.code),
                "patient": subject,
                "recordedDate": allergy.since.to_string(),
                "reaction": [{"manifestation": [{"text": allergy.allergen.reaction}]}],
            });
            self.add("AllergyIntolerance", child_id("allergy", person.index, number), allergy.since, "us-core-allergyintolerance", &body);
        }
    }

    fn conditions(&mut self, person: &Person, life: &Life, subject: &Value) {
        for (number, condition) in life.conditions.iter().enumerate() {
            let (category, profile) = if condition.lasting {
                ("problem-list-item", "us-core-condition-problems-health-concerns")
            } else {
                ("encounter-diagnosis", "us-core-condition-encounter-diagnosis")
            };
            let mut body = json!({
                "clinicalStatus": table("condition-clinical", if condition.abatement.is_some() { "resolved" } else { "active" }),
                "verificationStatus": table("condition-ver-status", "confirmed"),
                "category": [table("condition-category", category)],
                "code": concept(condition.code),
                "subject": subject,
                "onsetDateTime": condition.onset.to_string(),
                "recordedDate": condition.onset.to_string(),
            });
            if let Some(abatement) = condition.abatement {
                Self::put(&mut body, "abatementDateTime", json!(abatement.to_string()));
            }
            if let Some(encounter) = condition.encounter {
                Self::put(&mut body, "encounter", reference("Encounter", &child_id("encounter", person.index, encounter)));
            }
            let day = condition.abatement.unwrap_or(condition.onset);
            self.add("Condition", child_id("condition", person.index, number), day, profile, &body);
        }
    }

    fn encounter(&mut self, person: &Person, number: usize, encounter: &Encounter, subject: &Value) {
        let (class, display) = match encounter.setting {
            Setting::Ambulatory => ("AMB", "ambulatory"),
            Setting::Virtual => ("VR", "virtual"),
            Setting::Emergency => ("EMER", "emergency"),
            Setting::Inpatient => ("IMP", "inpatient encounter"),
        };
        let mut kind = json!({"text": encounter.title});
        if let Some(code) = encounter.kind {
            Self::put(&mut kind, "coding", json!([coding(code)]));
        }
        let last = encounter.day.saturating_add(encounter.days.days());
        let start = office_hour(encounter.day, number);
        let end = start.replace(":00Z", ":25Z").replacen(&encounter.day.to_string(), &last.to_string(), 1);
        let mut body = json!({
            "status": "finished",
            "class": {"system": ACT_CODE, "code": class, "display": display},
            "type": [kind],
            "subject": subject,
            "participant": [{"individual": reference("Practitioner", &practitioner_id(person.practitioner()))}],
            "period": {"start": start, "end": end},
            "serviceProvider": reference("Organization", &clinic_id(person.practitioner())),
        });
        if let Some(reason) = encounter.reason {
            Self::put(&mut body, "reasonCode", json!([concept(reason)]));
        }
        if encounter.setting == Setting::Inpatient {
            Self::put(&mut body, "hospitalization", json!({"dischargeDisposition": table("discharge-disposition", "home")}));
        }
        self.add("Encounter", child_id("encounter", person.index, number), last, "us-core-encounter", &body);
    }

    fn medications(&mut self, person: &Person, life: &Life, subject: &Value) {
        for (number, medication) in life.medications.iter().enumerate() {
            let mut body = json!({
                "status": medication.status,
                "intent": "order",
                "reportedBoolean": false,
                "medicationCodeableConcept": concept(medication.drug.code),
                "subject": subject,
                "authoredOn": medication.authored.to_string(),
                "requester": reference("Practitioner", &practitioner_id(person.practitioner())),
                "dosageInstruction": [{"text": medication.drug.sig}],
                "reasonReference": [reference("Condition", &child_id("condition", person.index, medication.reason))],
            });
            if let Some(encounter) = medication.encounter {
                Self::put(&mut body, "encounter", reference("Encounter", &child_id("encounter", person.index, encounter)));
            }
            self.add(
                "MedicationRequest",
                child_id("medication", person.index, number),
                medication.authored,
                "us-core-medicationrequest",
                &body,
            );
        }
    }

    fn observation(&mut self, person: &Person, number: usize, observation: &Observation, subject: &Value) {
        let mut body = json!({
            "status": "final",
            "category": [table("observation-category", observation.category)],
            "code": concept(observation.code),
            "subject": subject,
            "effectiveDateTime": office_hour(observation.day, observation.encounter.unwrap_or(number)),
            "performer": [reference("Practitioner", &practitioner_id(person.practitioner()))],
        });
        if let Some(encounter) = observation.encounter {
            Self::put(&mut body, "encounter", reference("Encounter", &child_id("encounter", person.index, encounter)));
        }
        match observation.result {
            Finding::Quantity { tenths: value, unit } => {
                Self::put(&mut body, "valueQuantity", json!({"value": tenths(value), "unit": unit, "system": UCUM, "code": unit}));
            }
            Finding::Pressure { systolic, diastolic } => {
                Self::put(&mut body, "component", json!([pressure(SYSTOLIC, systolic), pressure(DIASTOLIC, diastolic)]));
            }
            Finding::Answer { code, text } => {
                let answer = json!({"coding": [{"system": LOINC, "code": code, "display": text}], "text": text});
                Self::put(&mut body, "valueCodeableConcept", answer);
            }
            Finding::Text(text) => Self::put(&mut body, "valueCodeableConcept", json!({"text": text})),
        }
        let id = child_id("observation", person.index, number);
        self.add("Observation", id, observation.day, profile(observation), &body);
    }

    fn procedures(&mut self, person: &Person, life: &Life, subject: &Value) {
        for (number, procedure) in life.procedures.iter().enumerate() {
            let mut body = json!({
                "status": "completed",
                "code": concept(procedure.code),
                "subject": subject,
                "performedDateTime": procedure.day.to_string(),
            });
            if let Some(encounter) = procedure.encounter {
                Self::put(&mut body, "encounter", reference("Encounter", &child_id("encounter", person.index, encounter)));
            }
            if let Some(reason) = procedure.reason {
                Self::put(&mut body, "reasonReference", json!([reference("Condition", &child_id("condition", person.index, reason))]));
            }
            self.add("Procedure", child_id("procedure", person.index, number), procedure.day, "us-core-procedure", &body);
        }
    }

    fn immunizations(&mut self, person: &Person, life: &Life, subject: &Value) {
        for (number, immunization) in life.immunizations.iter().enumerate() {
            let body = json!({
                "status": "completed",
                "vaccineCode": concept(immunization.vaccine),
                "patient": subject,
                "occurrenceDateTime": immunization.day.to_string(),
                "primarySource": true,
            });
            self.add("Immunization", child_id("immunization", person.index, number), immunization.day, "us-core-immunization", &body);
        }
    }
}

fn pressure(code: Code, value: i64) -> Value {
    json!({
        "code": concept(code),
        "valueQuantity": {"value": value, "unit": "mm[Hg]", "system": UCUM, "code": "mm[Hg]"}
    })
}

/// The US Core profile of an observation.
fn profile(observation: &Observation) -> &'static str {
    match observation.code {
        BLOOD_PRESSURE => "bp",
        BMI => "bmi",
        HEIGHT => "bodyheight",
        WEIGHT => "bodyweight",
        SMOKING => "us-core-smokingstatus",
        _ => match observation.category {
            "laboratory" => "us-core-observation-lab",
            "survey" => "us-core-observation-screening-assessment",
            _ => "us-core-observation-clinical-result",
        },
    }
}
