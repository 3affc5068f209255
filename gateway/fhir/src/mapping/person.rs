//! Patients, practitioners and organizations.

use gateway_domain::account::AccountDetails;
use gateway_domain::contact_point::{ContactKind, ContactPoint, ContactUse};
use gateway_domain::date::PartialDate;
use gateway_domain::identity::{LinkKind, RecordLink};
use gateway_domain::patient::{Address, Deceased, Demographics, Identifier, RecordStatus, Sex};
use gateway_domain::practitioner::PractitionerDetails;
use gateway_domain::projection::ReadPatient;

use super::FhirReader;
use super::lean::{LeanPerson, Name, PostalAddress, Reference, Telecom};
use super::lenient::{Many, One, Said, Text};
use super::reference::Resolved;
use super::time_zone::time_zone;

const NPI: &str = "http://hl7.org/fhir/sid/us-npi";
const BCP_47: &str = "urn:ietf:bcp:47";
const DATA_ABSENT: &str = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";

impl FhirReader {
    pub(super) fn patient(&self, person: &LeanPerson<'_>, restricted: bool) -> ReadPatient {
        let mut notes = Vec::new();
        let mut status = record_status(person, &mut notes);
        let links = self.links(person, &mut notes);
        let replaced_by: Vec<&RecordLink> = links.iter().filter(|it| it.kind == LinkKind::ReplacedBy).collect();
        if !replaced_by.is_empty() {
            status = RecordStatus::Merged;
        }
        if replaced_by.iter().any(|it| it.other.is_none()) {
            notes.push("it was merged into a record that can't be told".to_owned());
        }
        let replaced_by = replaced_by.iter().find_map(|it| it.other.clone());
        let birth = person.birth_date.get().and_then(PartialDate::parse);
        if person.birth_date.is_there() && birth.is_none() {
            notes.push("its birth date is no date".to_owned());
        }
        let name = best_name(&person.name);
        let address = best_address(&person.address);
        let address = address.map(|it| read_address(it));
        let time_zone = address
            .as_ref()
            .and_then(|it| time_zone(it.state.as_deref(), it.postal_code.as_deref(), it.country.as_deref()))
            .map(str::to_owned);
        let demographics = Demographics {
            given: name.map(|it| words(&it.given)).unwrap_or_default(),
            family: name.and_then(|it| it.family.owned().or_else(|| it.text.owned())),
            birth,
            sex: self.sex(&person.gender, &mut notes),
            deceased: deceased(person, &mut notes),
            language: language(person, &mut notes),
            time_zone,
            contact_points: contact_points(&person.telecom, &mut notes),
            address,
            identifiers: person
                .identifier
                .iter()
                .filter(|it| !it.r#use.is("old"))
                .filter_map(|it| Some(Identifier { system: it.system.owned().unwrap_or_default(), value: it.value.owned()? }))
                .collect(),
            managing_organization: person.managing_organization.iter().find_map(|it| self.own_id("Organization", it)).map(str::to_owned),
            general_practitioners: person
                .general_practitioner
                .iter()
                .filter_map(|it| self.own_id("Practitioner", it))
                .map(str::to_owned)
                .collect(),
            restricted,
        };
        ReadPatient { status, replaced_by, links, demographics, data_quality: notes }
    }

    /// What the record says of merges, each once. A link of a kind that can't be read may say that it was merged.
    fn links(&self, person: &LeanPerson<'_>, notes: &mut Vec<String>) -> Vec<RecordLink> {
        let mut links: Vec<RecordLink> = person
            .link
            .iter()
            .filter_map(|it| {
                let kind = match it.r#type.get().map(str::to_ascii_lowercase).as_deref() {
                    Some("replaces") => LinkKind::Replaces,
                    Some("refer" | "seealso") => return None,
                    // `replace` is what FHIR before R4 called it.
                    Some("replaced-by" | "replace") => LinkKind::ReplacedBy,
                    _ => {
                        notes.push("it has a link of a kind that is not known, so it counts as merged".to_owned());
                        LinkKind::ReplacedBy
                    }
                };
                Some(RecordLink { kind, other: self.own("Patient", &it.other).map(str::to_owned) })
            })
            .collect();
        links.sort_unstable();
        links.dedup();
        links
    }

    pub(super) fn account(&self, person: &LeanPerson<'_>) -> AccountDetails {
        let kind = person.r#type.iter().find_map(|it| it.text.owned().or_else(|| it.coding.iter().find_map(|it| it.display.owned())));
        // R5 keeps the contact data of an organization one level deeper.
        let telecom = if person.telecom.first().is_some() {
            contact_points(&person.telecom, &mut Vec::new())
        } else {
            person.contact.iter().flat_map(|it| contact_points(&it.telecom, &mut Vec::new())).collect()
        };
        AccountDetails {
            name: person.name.first().and_then(|it| it.text.owned()).unwrap_or_else(|| "(no name)".to_owned()),
            kind,
            active: !person.active.is("false"),
            part_of: self.own("Organization", &person.part_of).map(str::to_owned),
            contact_points: telecom,
            address: best_address(&person.address).map(read_address),
        }
    }

    fn sex(&self, gender: &Text<'_>, notes: &mut Vec<String>) -> Sex {
        let Some(word) = gender.get() else { return Sex::Unknown };
        if !matches!(word, "female" | "male" | "other" | "unknown") {
            notes.push("its gender is none of FHIR's codes".to_owned());
        }
        match self.mapping.gender.get(word.to_ascii_lowercase().as_str()).map(String::as_str) {
            Some("female") => Sex::Female,
            Some("male") => Sex::Male,
            Some("other") => Sex::Other,
            Some(_) => Sex::Unknown,
            None => {
                notes.push("its gender is a word that the mapping does not know".to_owned());
                Sex::Unknown
            }
        }
    }

    /// The id a reference leads to, where it leads to a resource of that type on the same server.
    pub(super) fn own<'r>(&self, expected: &str, reference: &'r One<Reference<'_>>) -> Option<&'r str> {
        self.own_id(expected, reference.get()?)
    }

    fn own_id<'r>(&self, expected: &str, reference: &'r Reference<'_>) -> Option<&'r str> {
        match self.resolve(reference.reference.get()?) {
            Resolved::Own { resource_type, id } if resource_type == expected => Some(id),
            Resolved::Uuid(id) => Some(id),
            _ => None,
        }
    }
}

pub(super) fn practitioner(person: &LeanPerson<'_>) -> PractitionerDetails {
    let name = best_name(&person.name).map_or_else(String::new, |name| {
        let whole: Vec<String> = words(&name.prefix).into_iter().chain(words(&name.given)).chain(name.family.owned()).collect();
        if whole.is_empty() { name.text.owned().unwrap_or_default() } else { whole.join(" ") }
    });
    let identifier = person.identifier.iter().find(|it| it.system.is(NPI)).or_else(|| person.identifier.first());
    PractitionerDetails {
        name: if name.is_empty() { "(no name)".to_owned() } else { name },
        identifier: identifier.and_then(|it| it.value.owned()),
        active: !person.active.is("false"),
    }
}

/// Missing means in use; anything but a plain `true` means not in use.
fn record_status(person: &LeanPerson<'_>, notes: &mut Vec<String>) -> RecordStatus {
    if person.modifier_extension == Said(true) || person.implicit_rules == Said(true) {
        notes.push("it has a modifier that is not understood, so it counts as not in use".to_owned());
        return RecordStatus::Inactive;
    }
    match person.active.get() {
        Some(word) if word.eq_ignore_ascii_case("true") => RecordStatus::Active,
        Some(word) if word.eq_ignore_ascii_case("false") => RecordStatus::Inactive,
        None if !person.active.is_there() && person.active_extension == Said(false) => RecordStatus::Active,
        _ => {
            notes.push("whether it is in use can't be read, so it counts as not in use".to_owned());
            RecordStatus::Inactive
        }
    }
}

/// Whatever is said about a death and is not a plain `false` counts as one.
fn deceased(person: &LeanPerson<'_>, notes: &mut Vec<String>) -> Deceased {
    if let Some(date) = person.deceased_date_time.get().and_then(PartialDate::parse) {
        return Deceased::On(date);
    }
    let plainly_alive = person.deceased_boolean.is("false");
    let silent = !person.deceased_boolean.is_there() && !person.deceased_boolean_extension.is_there();
    let otherwise_silent =
        !person.deceased_date_time.is_there() && !person.deceased_date_time_extension.is_there() && !person.deceased.is_there();
    if person.deceased_boolean.is("true") {
        Deceased::Yes
    } else if otherwise_silent && (plainly_alive || silent) {
        Deceased::No
    } else {
        notes.push("whether the person has died can't be read, so it counts as a death".to_owned());
        Deceased::Unclear
    }
}

fn language(person: &LeanPerson<'_>, notes: &mut Vec<String>) -> Option<String> {
    let preferred = person.communication.iter().find(|it| it.preferred.is("true"));
    let only = person.communication.first().filter(|_| person.communication.0.len() == 1);
    let concept = preferred.or(only)?.language.get()?;
    let in_system = concept.coding.iter().find(|it| it.system.is(BCP_47));
    let code = in_system.or_else(|| concept.coding.first()).and_then(|it| it.code.get()).or_else(|| concept.code.get());
    let tag = code.or_else(|| concept.text.get()).filter(|it| is_language_tag(it));
    if tag.is_none() {
        notes.push("its preferred language is no language tag".to_owned());
    }
    tag.map(str::to_owned)
}

fn is_language_tag(text: &str) -> bool {
    let mut parts = text.split('-');
    parts.next().is_some_and(|it| (2..=3).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_alphabetic()))
        && text.len() <= 35
        && parts.all(|it| (1..=8).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_alphanumeric()))
}

fn contact_points(telecom: &Many<Telecom<'_>>, notes: &mut Vec<String>) -> Vec<ContactPoint> {
    let mut points = Vec::new();
    for point in telecom.iter() {
        let Some(value) = point.value.owned() else { continue };
        if is_masked(&value) || point.extension.iter().any(|it| it.url.is(DATA_ABSENT)) {
            notes.push("an address is masked by the server, so it is left out".to_owned());
            continue;
        }
        let kind = match point.system.get().map(str::to_ascii_lowercase).as_deref() {
            Some("email") => ContactKind::Email,
            Some("phone") => ContactKind::Phone,
            Some("sms") => ContactKind::Sms,
            _ => ContactKind::Other,
        };
        let mut used_for = match point.r#use.get().map(str::to_ascii_lowercase).as_deref() {
            Some("home") => ContactUse::Home,
            Some("work") => ContactUse::Work,
            Some("mobile") => ContactUse::Mobile,
            Some("temp") => ContactUse::Temp,
            Some("old") => ContactUse::Old,
            _ => ContactUse::Unknown,
        };
        let period = point.period.get();
        let date = |text: Option<&Text<'_>>| match text {
            Some(text) if text.is_there() => text.get().and_then(PartialDate::parse).map(Some).ok_or(()),
            _ => Ok(None),
        };
        let (from, until) = if let (Ok(from), Ok(until)) = (date(period.map(|it| &it.start)), date(period.map(|it| &it.end))) {
            (from, until)
        } else {
            notes.push("an address's period has an impossible date, so it counts as old".to_owned());
            used_for = ContactUse::Old;
            (None, None)
        };
        points.push(ContactPoint {
            kind,
            value,
            used_for,
            rank: point.rank.get().and_then(|it| it.parse().ok()),
            from: from.map(|it| it.first_day()),
            until: until.map(|it| it.last_day()),
        });
    }
    points
}

/// Whether letters or signs stand where a server hides digits and letters: `xxx-xxx-1234`, `a***@example.org`, `(***) ***-1234`.
fn is_masked(value: &str) -> bool {
    let hides = |it: char| matches!(it, 'x' | 'X' | '*' | '#' | '•' | '●' | '█');
    let local = value.split('@').next().unwrap_or(value);
    let signs = value.contains("**") || value.contains(['•', '●', '█']) || local.chars().all(|it| hides(it) || !it.is_alphanumeric());
    let digits_hidden = !value.contains('@') && value.split(|it| !hides(it)).any(|it| it.chars().count() >= 3);
    let word = ["masked", "redacted", "unknown", "n/a", "none", "asked-unknown"].iter().any(|it| value.eq_ignore_ascii_case(it));
    signs || digits_hidden || word
}

/// The name to address a person by: usual, official, any but old, the old one last.
fn best_name<'b, 'a>(names: &'b Many<Name<'a>>) -> Option<&'b Name<'a>> {
    names.iter().min_by_key(|it| {
        let ended = it.period.get().is_some_and(|it| it.end.is_there());
        let rank = match it.r#use.get() {
            Some("usual") => 0,
            Some("official") => 1,
            None => 2,
            Some("nickname" | "temp" | "anonymous") => 4,
            Some("maiden" | "old") => 5,
            Some(_) => 3,
        };
        (ended, rank)
    })
}

fn best_address<'b, 'a>(addresses: &'b Many<PostalAddress<'a>>) -> Option<&'b PostalAddress<'a>> {
    addresses.iter().filter(|it| !it.r#use.is("old") && !it.r#use.is("billing")).min_by_key(|it| {
        let ended = it.period.get().is_some_and(|it| it.end.is_there());
        (ended, !it.r#use.is("home"))
    })
}

fn read_address(address: &PostalAddress<'_>) -> Address {
    Address {
        lines: words(&address.line),
        city: address.city.owned(),
        state: address.state.owned(),
        postal_code: address.postal_code.owned(),
        country: address.country.owned(),
    }
}

fn words(texts: &Many<Text<'_>>) -> Vec<String> {
    texts.iter().filter_map(Text::owned).collect()
}
