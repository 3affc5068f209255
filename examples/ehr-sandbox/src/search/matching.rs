//! Whether a resource is what a query asks for.

use jiff::Timestamp;
use serde_json::Value;

use super::query::{Bound, Comparison, Query, Token};
use crate::resource::{Resource, patient_of};

impl Query {
    pub(crate) fn matches(&self, resource: &Resource) -> bool {
        if !self.updated.iter().all(|bound| bound.admits(resource.last_updated)) {
            return false;
        }
        if !self.reads_text() {
            return true;
        }
        let value = resource.value();
        let any_of = |wanted: &Option<Vec<Token>>, elements: &[&str]| {
            wanted
                .as_ref()
                .is_none_or(|wanted| elements.iter().any(|element| wanted.iter().any(|token| token.in_concepts(value.get(element)))))
        };
        self.patient.as_ref().is_none_or(|patient| patient_of(resource.kind, &resource.id, &value).as_ref() == Some(patient))
            && self.identifier.as_ref().is_none_or(|token| items(value.get("identifier")).any(|identifier| token.is(identifier, "value")))
            && self.name.as_ref().is_none_or(|name| items(value.get("name")).any(|found| name_has(found, name)))
            && self.birthdate.iter().all(|(comparison, date)| {
                value.get("birthDate").and_then(Value::as_str).is_some_and(|born| compares(*comparison, born, date))
            })
            && self.gender.as_deref().is_none_or(|gender| value.get("gender").and_then(Value::as_str) == Some(gender))
            && self.endpoint.as_deref().is_none_or(|it| value.pointer("/channel/endpoint").and_then(Value::as_str) == Some(it))
            && any_of(&self.category, &["category"])
            && any_of(&self.code, &["code", "medicationCodeableConcept", "vaccineCode"])
    }

    fn reads_text(&self) -> bool {
        self.patient.is_some()
            || self.identifier.is_some()
            || self.name.is_some()
            || !self.birthdate.is_empty()
            || self.gender.is_some()
            || self.category.is_some()
            || self.code.is_some()
            || self.endpoint.is_some()
    }
}

impl Bound {
    pub(crate) fn admits(&self, at: Timestamp) -> bool {
        match self.comparison {
            Comparison::Equal => at >= self.start && at < self.end,
            Comparison::NotBefore => at >= self.start,
            Comparison::After => at >= self.end,
            Comparison::NotAfter => at < self.end,
            Comparison::Before => at < self.start,
        }
    }
}

impl Token {
    fn is(&self, object: &Value, code: &str) -> bool {
        let says = |member: &str, wanted: &Option<String>| {
            wanted.as_deref().is_none_or(|wanted| object.get(member).and_then(Value::as_str) == Some(wanted))
        };
        says("system", &self.system) && says(code, &self.code)
    }

    fn in_concepts(&self, concepts: Option<&Value>) -> bool {
        items(concepts).any(|concept| items(concept.get("coding")).any(|coding| self.is(coding, "code")))
    }
}

/// An element that may be one, several or none.
fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let (list, one) = match value {
        Some(Value::Array(list)) => (Some(list), None),
        other => (None, other),
    };
    list.into_iter().flatten().chain(one)
}

/// FHIR matches names from the start of any part, whatever the case.
fn name_has(name: &Value, start: &str) -> bool {
    let parts = ["family", "text"].iter().filter_map(|part| name.get(part)).chain(items(name.get("given")));
    parts.filter_map(Value::as_str).any(|part| {
        let part = part.to_lowercase();
        part.starts_with(start) || part.split(' ').any(|word| word.starts_with(start))
    })
}

/// Dates compare as text, at the precision of the query.
fn compares(comparison: Comparison, born: &str, date: &str) -> bool {
    let born = born.get(..date.len()).unwrap_or(born);
    match comparison {
        Comparison::Equal => born == date,
        Comparison::NotBefore => born >= date,
        Comparison::After => born > date,
        Comparison::NotAfter => born <= date,
        Comparison::Before => born < date,
    }
}
