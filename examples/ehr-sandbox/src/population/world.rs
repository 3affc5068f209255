//! The places and professionals that all people share, and a few cohorts.

use serde_json::json;

use super::{Draw, Population, names::Circle, places::PLACES, render::Writer};

pub(crate) const HOSPITALS: u64 = 3;
pub(crate) const CLINICS: u64 = 12;
pub(crate) const PRACTITIONERS: u64 = 72;
/// Name, and whether it is a public programme.
pub(crate) const INSURERS: [(&str, bool); 6] = [
    ("Sandbox Medicare Plan", true),
    ("Sandbox Medicaid Plan", true),
    ("Evergreen Mutual Health", false),
    ("Harbor Light Insurance", false),
    ("Northstar Employee Benefits", false),
    ("Cornerstone Family Cover", false),
];

const HOSPITAL_NAMES: [&str; HOSPITALS as usize] =
    ["Riverbend General Hospital", "St. Clement Medical Center", "Highland Community Hospital"];
const CLINIC_NAMES: [&str; CLINICS as usize] = [
    "Alder Street Family Practice",
    "Bayview Women's Health",
    "Cedar Grove Primary Care",
    "Downtown Internal Medicine",
    "Eastgate Pediatrics",
    "Fairmount Family Health",
    "Garden District Clinic",
    "Hillcrest Primary Care",
    "Lakeside Medical Group",
    "Midtown Community Clinic",
    "Oak Park Family Medicine",
    "Westbrook Health Center",
];

pub(crate) fn clinic_id(number: u64) -> String {
    format!("clinic-{:02}", number % CLINICS)
}

pub(crate) fn practitioner_id(number: u64) -> String {
    format!("practitioner-{:03}", number % PRACTITIONERS)
}

pub(crate) fn insurer_id(number: usize) -> String {
    format!("insurer-{number}")
}

pub(crate) fn practitioner_name(population: &Population, number: u64) -> (&'static str, &'static str) {
    let mut draw = Draw::new(population.seed, number % PRACTITIONERS, "practitioner");
    let circle = match draw.weighted(&[70, 18, 7, 5]) {
        1 => Circle::Spanish,
        2 => Circle::Chinese,
        3 => Circle::Vietnamese,
        _ => Circle::English,
    };
    let female = draw.chance(540);
    (circle.given(&mut draw, female), circle.family(&mut draw))
}

pub(crate) fn write(writer: &mut Writer<'_>) {
    if writer.wants("Organization") {
        organizations(writer);
    }
    if writer.wants("Practitioner") {
        for number in 0..PRACTITIONERS {
            practitioner(writer, number);
        }
    }
    if writer.wants("Group") {
        groups(writer);
    }
}

fn organizations(writer: &mut Writer<'_>) {
    let mut number = 1;
    let mut add = |writer: &mut Writer<'_>, id: String, name: &str, kind: (&str, &str), parent: Option<&str>| {
        let place = PLACES.get(number as usize % PLACES.len());
        let mut body = json!({
            "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": npi(number)}],
            "active": true,
            "type": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/organization-type", "code": kind.0, "display": kind.1}]}],
            "name": name,
            "telecom": [
                {"system": "phone", "value": format!("(617) 555-01{number:02}"), "use": "work"},
                {"system": "email", "value": format!("desk.{id}@example.org"), "use": "work"}
            ],
        });
        if let Some(place) = place {
            let address = json!([{"use": "work", "line": [format!("{} Commons Square", number * 10)], "city": place.city,
                "state": place.state, "postalCode": format!("{}01", place.zip), "country": "US"}]);
            Writer::put(&mut body, "address", address);
        }
        if let Some(parent) = parent {
            Writer::put(&mut body, "partOf", json!({"reference": format!("Organization/{parent}")}));
        }
        writer.shared("Organization", id, "us-core-organization", &body);
        number += 1;
    };
    let provider = ("prov", "Healthcare Provider");
    add(writer, "health-system".to_owned(), "Riverbend Health (synthetic)", provider, None);
    for (index, name) in HOSPITAL_NAMES.iter().enumerate() {
        add(writer, format!("hospital-{index}"), name, provider, Some("health-system"));
    }
    for (index, name) in (0_u64..).zip(CLINIC_NAMES) {
        let parent = format!("hospital-{}", index % HOSPITALS);
        add(writer, clinic_id(index), name, provider, Some(&parent));
    }
    for (index, (name, _)) in INSURERS.iter().enumerate() {
        add(writer, insurer_id(index), name, ("pay", "Payer"), None);
    }
}

fn practitioner(writer: &mut Writer<'_>, number: u64) {
    let (given, family) = practitioner_name(writer.population, number);
    let body = json!({
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": npi(1_000 + number)}],
        "active": true,
        "name": [{"use": "official", "family": family, "given": [given], "prefix": ["Dr."]}],
        "telecom": [
            {"system": "phone", "value": format!("(617) 555-01{:02}", number % 100), "use": "work"},
            {"system": "email", "value": format!("clinician{number}@example.org"), "use": "work"}
        ],
    });
    writer.shared("Practitioner", practitioner_id(number), "us-core-practitioner", &body);
}

/// Cohorts small enough to be listed: each member is decided by the person alone.
fn groups(writer: &mut Writer<'_>) {
    let population = writer.population;
    let people = population.people;
    let first: Vec<u64> = (0..people.min(100)).collect();
    let tenth: Vec<u64> = (0..people.min(10_000)).step_by(10).collect();
    let women: Vec<u64> = (0..people.min(2_000)).filter(|index| population.is_living_woman(*index, 52..=74)).collect();
    for (id, name, members) in [
        ("first-hundred", "The first hundred people", first),
        ("every-tenth", "Every tenth of the first ten thousand people", tenth),
        ("women-52-74", "Women of 52 to 74 among the first two thousand people", women),
    ] {
        let members: Vec<_> = members
            .into_iter()
            .map(|index| json!({"entity": {"reference": format!("Patient/{}", super::render::patient_id(index))}}))
            .collect();
        let body = json!({
            "active": true,
            "type": "person",
            "actual": true,
            "name": name,
            "quantity": members.len(),
            "member": members,
        });
        writer.shared("Group", id.to_owned(), "", &body);
    }
}

/// A number of the form of a National Provider Identifier, with its check digit, from a range that is not given out.
fn npi(number: u64) -> String {
    let body = 990_000_000 + number;
    // The check digit is Luhn's over the number with the prefix 80840, whose digits add 24.
    let mut sum = 24;
    let mut rest = body;
    let mut double = true;
    while rest > 0 {
        let digit = rest % 10;
        sum += match (double, digit * 2) {
            (false, _) => digit,
            (true, twice @ 0..=9) => twice,
            (true, twice) => twice - 9,
        };
        double = !double;
        rest /= 10;
    }
    format!("{body}{}", (10 - sum % 10) % 10)
}
