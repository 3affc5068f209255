//! The one page for people: women of 52 to 74, and a button that records a mammogram. No script; looking changes nothing.

use axum::{
    extract::{Path, Query as UrlQuery, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use http::{HeaderValue, header::CONTENT_SECURITY_POLICY};
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use serde::Deserialize;
use serde_json::Value;

use super::{Shared, blocking};
use crate::{
    Sandbox, clock,
    error::Error,
    population::{codes::MAMMOGRAM, years_between},
    resource::Kinds,
    tick,
};

/// Women on one page.
const ROWS: usize = 40;
/// Records looked through for one page.
const MOST_UNITS: u64 = 5_000;
/// A mammogram closes the gap for this many months.
const FRESH_MONTHS: i64 = 27;
const STYLE: &str = include_str!("page.css");
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");

#[derive(Deserialize)]
pub(crate) struct Place {
    #[serde(default)]
    from: u64,
}

struct Woman {
    id: String,
    name: String,
    age: i64,
    last: Option<Date>,
}

pub(crate) async fn list(State(sandbox): Shared, UrlQuery(place): UrlQuery<Place>) -> Result<Response, Error> {
    let page = blocking(&sandbox, move |sandbox| {
        let today = clock::now().to_zoned(TimeZone::UTC).date();
        let (women, next) = women(sandbox, place.from, today);
        Ok(render(sandbox, &women, place.from, next, today))
    })
    .await?;
    Ok(([(CONTENT_SECURITY_POLICY, POLICY)], Html(page)).into_response())
}

pub(crate) async fn record(State(sandbox): Shared, Path(id): Path<String>, UrlQuery(place): UrlQuery<Place>) -> Result<Redirect, Error> {
    let anchor = id.clone();
    blocking(&sandbox, move |sandbox| tick::record_mammogram(&sandbox.store, &id, clock::now())).await?;
    Ok(Redirect::to(&format!("/?from={}#{anchor}", place.from)))
}

fn women(sandbox: &Sandbox, from: u64, today: Date) -> (Vec<Woman>, Option<u64>) {
    let store = &sandbox.store;
    let snapshot = store.snapshot(clock::now());
    let kinds = Kinds::only(vec!["Patient", "Observation"]);
    let mut women = Vec::new();
    let mut unit = from.max(1);
    let end = unit.saturating_add(MOST_UNITS).min(store.units());
    while unit < end && women.len() < ROWS {
        let patients = store.unit(unit, &Kinds::one("Patient"), snapshot);
        let values: Vec<_> = patients.iter().map(|patient| (patient.id.clone(), patient.value())).collect();
        for (id, patient) in values {
            let Some(age) = screened_age(&patient, today) else { continue };
            let reference = format!("Patient/{id}");
            let last = store
                .unit(unit, &kinds, snapshot)
                .iter()
                .filter(|resource| resource.kind == "Observation" && resource.text.contains(MAMMOGRAM.code))
                .filter_map(|resource| mammogram_date(&resource.value(), &reference))
                .max();
            women.push(Woman { id, name: name(&patient), age, last });
        }
        unit += 1;
    }
    (women, (unit < store.units()).then_some(unit))
}

/// Her age, where she is alive, on record, and of the age for screening.
fn screened_age(patient: &Value, today: Date) -> Option<i64> {
    let born: Date = patient.get("birthDate")?.as_str()?.parse().ok()?;
    let age = years_between(born, today);
    let woman = patient.get("gender")?.as_str()? == "female";
    (woman && (52..=74).contains(&age) && tick::lives(patient)).then_some(age)
}

fn mammogram_date(observation: &Value, patient: &str) -> Option<Date> {
    let hers = observation.get("subject")?.get("reference")?.as_str()? == patient;
    let codings = observation.get("code")?.get("coding")?.as_array()?;
    let mammogram = codings.iter().any(|coding| coding.get("code").and_then(Value::as_str) == Some(MAMMOGRAM.code));
    let day = observation.get("effectiveDateTime")?.as_str()?.get(..10)?;
    (hers && mammogram).then(|| day.parse().ok())?
}

fn name(patient: &Value) -> String {
    let first = patient.get("name").and_then(|names| names.get(0));
    let family = first.and_then(|name| name.get("family")).and_then(Value::as_str).unwrap_or("(no name)");
    let given = first.and_then(|name| name.get("given")).and_then(|given| given.get(0)).and_then(Value::as_str);
    format!("{} {family}", given.unwrap_or_default())
}

fn render(sandbox: &Sandbox, women: &[Woman], from: u64, next: Option<u64>, today: Date) -> String {
    let fresh_from = today.saturating_sub(FRESH_MONTHS.months());
    let rows: String = women.iter().map(|woman| row(sandbox, woman, from, fresh_from)).collect();
    let more = next.map_or_else(String::new, |unit| format!("<a class=more href=\"/?from={unit}\">More people</a>"));
    let back = if from > 1 { "<a class=more href=\"/\">Back to the first</a>" } else { "" };
    let empty = if women.is_empty() { "<tr><td colspan=4>Nobody here is a woman of 52 to 74.</td></tr>" } else { "" };
    let door = if sandbox.open {
        "Open: no token is asked for."
    } else {
        "Behind SMART Backend Services: the links to FHIR need a token, or <code>--open</code>."
    };
    let base = escape(&sandbox.base_url);
    let changes = sandbox.store.changes();
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>EHR sandbox</title><style>{STYLE}</style><main><header><h1>EHR sandbox</h1>\
         <p>Synthetic people on a FHIR R4 server, for trying and testing. {door}</p>\
         <p><code>{base}</code> &middot; <a href=\"{base}/metadata\">CapabilityStatement</a> &middot; {changes} changes since start</p>\
         </header><h2>Women of 52 to 74</h2><p>A mammogram recorded here is an Observation (LOINC {code}) that the next sync finds.</p>\
         <table><thead><tr><th>Person<th>Age<th>Last mammogram<th><span class=hidden>Action</span></thead>\
         <tbody>{rows}{empty}</tbody></table><nav>{back}{more}</nav></main></html>",
        code = MAMMOGRAM.code,
    )
}

fn row(sandbox: &Sandbox, woman: &Woman, from: u64, fresh_from: Date) -> String {
    let (id, base) = (escape(&woman.id), escape(&sandbox.base_url));
    let state = match woman.last {
        Some(day) if day >= fresh_from => format!("<span class=\"pill done\">{day}</span>"),
        Some(day) => format!("<span class=\"pill due\">due, last {day}</span>"),
        None => "<span class=\"pill due\">due, none on record</span>".to_owned(),
    };
    format!(
        "<tr id=\"{id}\"><td><strong>{name}</strong><br><small><a href=\"{base}/Patient/{id}\">Patient/{id}</a> &middot; \
         <a href=\"{base}/Observation?patient={id}\">Observations</a> &middot; \
         <a href=\"{base}/Condition?patient={id}\">Conditions</a></small><td>{age}<td>{state}\
         <td><form method=post action=\"/page/{id}/mammogram?from={from}\"><button aria-label=\"Record a mammogram for {name}\">\
         Record a mammogram</button></form>",
        name = escape(&woman.name),
        age = woman.age,
    )
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
