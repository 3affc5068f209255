//! What all records of a person come to: for each field what the first source in the hospital's order says, then the newest, and
//! where each came from. Whatever keeps a person from being written to is taken from any record.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::contact_point::{ContactKind, ContactPoint, ContactUse};
use crate::date::PartialDate;
use crate::ids::PatientNo;
use crate::patient::{Demographics, Sex};

/// One record of the person.
#[derive(Clone, Debug)]
pub struct RecordSays<'a> {
    /// Its number.
    pub record: PatientNo,
    /// The place of its source in the hospital's order.
    pub rank: u32,
    /// When its source last changed it.
    pub said_at: Timestamp,
    /// Whether it is in use and nothing stands in its place: addresses of others are not used.
    pub stands: bool,
    /// Whether its source deleted it: then nothing is taken from it but what keeps the person from being written to.
    pub deleted: bool,
    /// What it says.
    pub demographics: &'a Demographics,
}

/// A field of the golden record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GoldenField {
    /// Given and family name.
    Name,
    /// Birth date.
    Birth,
    /// Administrative sex.
    Sex,
    /// Whether the person has died.
    Deceased,
    /// Preferred language.
    Language,
    /// Home address and the time zone it tells.
    Address,
    /// Managing organization and general practitioners.
    Organization,
    /// A restricted security label.
    Restricted,
    /// The contact point at this place.
    ContactPoint(usize),
    /// The identifier at this place.
    Identifier(usize),
}

/// Where a field came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The field.
    pub field: GoldenField,
    /// The record that says so.
    pub record: PatientNo,
    /// When its source last changed that record.
    pub since: Timestamp,
}

/// What all records of a person come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GoldenRecord {
    /// What is said of the person. Ranks of contact points are those of the records in order, so that the first record's come first.
    pub demographics: Demographics,
    /// Where each field that is known came from.
    pub provenance: Vec<Provenance>,
    /// The birth date by which the person is youngest: the one that counts where it is asked whether the person is of age.
    pub youngest: Option<PartialDate>,
}

/// Ranks within one record.
const RANKS: u32 = 1_000;

/// Makes the golden record.
pub fn golden_record(records: &[RecordSays<'_>]) -> GoldenRecord {
    let mut records: Vec<&RecordSays<'_>> = records.iter().collect();
    records.sort_by_key(|says| (!says.stands, says.rank, std::cmp::Reverse(says.said_at), says.record));
    let mut golden = GoldenRecord::default();
    let person = &mut golden.demographics;
    let mut provenance: Vec<Provenance> = Vec::new();
    let mut from = |field: GoldenField, says: &RecordSays<'_>| {
        provenance.push(Provenance { field, record: says.record, since: says.said_at });
    };

    let living: Vec<&RecordSays<'_>> = records.iter().copied().filter(|says| !says.deleted).collect();
    if let Some(says) = living.iter().find(|says| says.demographics.family.is_some() || !says.demographics.given.is_empty()) {
        person.given.clone_from(&says.demographics.given);
        person.family.clone_from(&says.demographics.family);
        from(GoldenField::Name, says);
    }
    if let Some(says) = living.iter().find(|says| says.demographics.birth.is_some()) {
        person.birth = says.demographics.birth;
        from(GoldenField::Birth, says);
    }
    if let Some(says) = living.iter().find(|says| says.demographics.sex != Sex::Unknown) {
        person.sex = says.demographics.sex;
        from(GoldenField::Sex, says);
    }
    // Also from a record that was deleted or merged away: nobody comes back to life.
    if let Some(says) = records.iter().find(|says| says.demographics.deceased.is_presumed()) {
        person.deceased = says.demographics.deceased;
        from(GoldenField::Deceased, says);
    }
    if let Some(says) = records.iter().find(|says| says.demographics.restricted) {
        person.restricted = true;
        from(GoldenField::Restricted, says);
    }
    let standing: Vec<&RecordSays<'_>> = living.iter().copied().filter(|says| says.stands).collect();
    if let Some(says) = standing.iter().find(|says| says.demographics.language.is_some()) {
        person.language.clone_from(&says.demographics.language);
        from(GoldenField::Language, says);
    }
    let tells_where = |says: &&&RecordSays<'_>| says.demographics.address.is_some() || says.demographics.time_zone.is_some();
    if let Some(says) = standing.iter().find(tells_where) {
        person.address.clone_from(&says.demographics.address);
        person.time_zone.clone_from(&says.demographics.time_zone);
        from(GoldenField::Address, says);
    }
    // References are ids of the record's own source, so both come from one record: the one that is first.
    if let Some(says) = standing.first().filter(|says| says.demographics.managing_organization.is_some()) {
        person.managing_organization.clone_from(&says.demographics.managing_organization);
        person.general_practitioners.clone_from(&says.demographics.general_practitioners);
        from(GoldenField::Organization, says);
    }
    for (place, (point, says)) in contact_points(&standing).into_iter().enumerate() {
        person.contact_points.push(point);
        from(GoldenField::ContactPoint(place), says);
    }
    for says in &living {
        for identifier in &says.demographics.identifiers {
            if !person.identifiers.contains(identifier) {
                from(GoldenField::Identifier(person.identifiers.len()), says);
                person.identifiers.push(identifier.clone());
            }
        }
    }
    golden.youngest = living.iter().filter_map(|says| says.demographics.birth).max_by_key(PartialDate::last_day);
    provenance.sort_by_key(|provenance| provenance.field);
    golden.provenance = provenance;
    golden
}

/// Each address once. What one record says is over is over, whatever another says of the same address.
fn contact_points<'r, 'a>(records: &[&'r RecordSays<'a>]) -> Vec<(ContactPoint, &'r RecordSays<'a>)> {
    let mut points: Vec<(ContactPoint, &RecordSays<'_>)> = Vec::new();
    let mut known: BTreeMap<(ContactKind, String), usize> = BTreeMap::new();
    for (place, says) in records.iter().enumerate() {
        let first_rank = u32::try_from(place).unwrap_or(u32::MAX / RANKS).saturating_mul(RANKS);
        for point in &says.demographics.contact_points {
            let key = (point.kind, point.value.trim().to_lowercase());
            if let Some((same, _)) = known.get(&key).and_then(|place| points.get_mut(*place)) {
                if point.used_for == ContactUse::Old {
                    same.used_for = ContactUse::Old;
                }
                same.from = same.from.max(point.from);
                same.until = [same.until, point.until].into_iter().flatten().min();
                continue;
            }
            known.insert(key, points.len());
            let rank = first_rank.saturating_add(point.rank.unwrap_or(RANKS - 1).min(RANKS - 1));
            points.push((ContactPoint { rank: Some(rank), ..point.clone() }, says));
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::contact_point::preferred_email;
    use crate::patient::{Address, Deceased, Identifier};

    fn email(value: &str, used_for: ContactUse) -> ContactPoint {
        ContactPoint { kind: ContactKind::Email, value: value.into(), used_for, rank: None, from: None, until: None }
    }

    fn says(record: i64, demographics: &Demographics) -> RecordSays<'_> {
        RecordSays {
            record: PatientNo(record),
            rank: u32::try_from(record).unwrap(),
            said_at: Timestamp::from_second(record).unwrap(),
            stands: true,
            deleted: false,
            demographics,
        }
    }

    fn from(golden: &GoldenRecord, field: GoldenField) -> Option<i64> {
        golden.provenance.iter().find(|provenance| provenance.field == field).map(|provenance| provenance.record.0)
    }

    #[test]
    fn the_first_source_speaks_first_and_others_fill_in() {
        let one = Demographics { family: Some("Byron".into()), sex: Sex::Female, ..Demographics::default() };
        let other = Demographics {
            family: Some("Lovelace".into()),
            birth: PartialDate::parse("1965-04-01"),
            language: Some("es".into()),
            address: Some(Address { city: Some("London".into()), ..Address::default() }),
            time_zone: Some("Europe/London".into()),
            identifiers: vec![Identifier { system: "mrn".into(), value: "7".into() }],
            ..Demographics::default()
        };
        let golden = golden_record(&[says(2, &other), says(1, &one)]);
        assert_eq!(golden.demographics.family.as_deref(), Some("Byron"));
        assert_eq!((golden.demographics.language.as_deref(), golden.demographics.birth), (Some("es"), other.birth));
        assert_eq!(golden.demographics.time_zone.as_deref(), Some("Europe/London"));
        assert_eq!((from(&golden, GoldenField::Name), from(&golden, GoldenField::Language)), (Some(1), Some(2)));
        assert_eq!(from(&golden, GoldenField::Identifier(0)), Some(2));
        assert_eq!(from(&golden, GoldenField::Deceased), None);
    }

    #[test]
    fn of_two_sources_with_the_same_rank_the_newest_speaks() {
        let (one, other) = (
            Demographics { family: Some("Byron".into()), ..Demographics::default() },
            Demographics { family: Some("Lovelace".into()), ..Demographics::default() },
        );
        let golden = golden_record(&[says(1, &one), RecordSays { rank: 1, ..says(2, &other) }]);
        assert_eq!(golden.demographics.family.as_deref(), Some("Lovelace"));
    }

    #[test]
    fn a_death_or_a_label_in_any_record_counts_also_in_a_deleted_one() {
        let alive = Demographics { birth: PartialDate::parse("1965"), ..Demographics::default() };
        let dead = Demographics {
            deceased: Deceased::Unclear,
            restricted: true,
            contact_points: vec![email("dead@example.org", ContactUse::Home)],
            ..Demographics::default()
        };
        let golden = golden_record(&[says(1, &alive), RecordSays { stands: false, deleted: true, ..says(2, &dead) }]);
        assert!(golden.demographics.deceased.is_presumed() && golden.demographics.restricted);
        assert!(golden.demographics.contact_points.is_empty(), "a deleted record gives no address");
    }

    #[test]
    fn the_youngest_birth_date_tells_whether_somebody_is_of_age() {
        let (one, other) = (
            Demographics { birth: PartialDate::parse("1965-04-01"), ..Demographics::default() },
            Demographics { birth: PartialDate::parse("2015"), ..Demographics::default() },
        );
        let golden = golden_record(&[says(1, &one), says(2, &other)]);
        assert_eq!((golden.demographics.birth, golden.youngest), (one.birth, other.birth));
    }

    #[test]
    fn an_address_that_one_record_calls_old_is_not_used() {
        let (one, other) = (
            Demographics { contact_points: vec![email("a@example.org", ContactUse::Home)], ..Demographics::default() },
            Demographics {
                contact_points: vec![email("A@example.org ", ContactUse::Old), email("b@example.org", ContactUse::Work)],
                ..Demographics::default()
            },
        );
        let golden = golden_record(&[says(1, &one), says(2, &other)]);
        let points = &golden.demographics.contact_points;
        assert_eq!(points.len(), 2);
        assert_eq!(preferred_email(points, date(2026, 1, 1)).unwrap().as_str(), "b@example.org");
    }

    #[test]
    fn the_first_records_addresses_come_first() {
        let (one, other) = (
            Demographics { contact_points: vec![email("a@example.org", ContactUse::Work)], ..Demographics::default() },
            Demographics {
                contact_points: vec![ContactPoint { rank: Some(1), ..email("b@example.org", ContactUse::Home) }],
                ..Demographics::default()
            },
        );
        let golden = golden_record(&[says(1, &one), says(2, &other)]);
        assert_eq!(preferred_email(&golden.demographics.contact_points, date(2026, 1, 1)).unwrap().as_str(), "a@example.org");
        assert_eq!(from(&golden, GoldenField::ContactPoint(1)), Some(2));
    }
}
