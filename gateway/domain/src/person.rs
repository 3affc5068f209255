//! A person as people look at one: all records of the person, what they come to and where each field is from, why they are one, and
//! what staff decided or has still to decide.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::golden_record::GoldenRecord;
use crate::identity::{LinkReason, Pair, QuestionKind, StaffDecision, Trouble};
use crate::ids::{PatientId, PatientNo};
use crate::patient::Patient;

/// A person, with one record or more.
#[derive(Clone, Debug)]
pub struct Person {
    /// All records, in the order in which they speak: the hospital's order of sources, then by number.
    pub records: Vec<PersonRecord>,
    /// The one that is written to; `None` where none may be.
    pub primary: Option<PatientNo>,
    /// Why none may be, where that is the fault of the links.
    pub trouble: Option<Trouble>,
    /// What all records come to.
    pub golden: GoldenRecord,
    /// Why records belong together.
    pub links: BTreeMap<Pair, BTreeSet<LinkReason>>,
    /// What staff decided about any of the records.
    pub decisions: Vec<IdentityDecision>,
    /// What is open about any of the records.
    pub questions: Vec<OpenQuestion>,
}

/// A record of a person.
#[derive(Clone, Debug)]
pub struct PersonRecord {
    /// What it says.
    pub patient: Patient,
    /// Whether another record of its source stands in its place.
    pub replaced: bool,
    /// When its source last changed it.
    pub said_at: Timestamp,
}

/// What staff decided about two records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityDecision {
    /// One of them.
    pub one: PatientId,
    /// The other.
    pub other: PatientId,
    /// What was decided.
    pub decision: StaffDecision,
    /// Who decided it: the id of a user, or the name of a part of the gateway.
    pub by: String,
    /// Why, in the words of whoever decided.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Something that is open, with the records it is about.
#[derive(Clone, Debug)]
pub struct OpenQuestion {
    /// The record, or the first of two.
    pub one: Patient,
    /// The second of two.
    pub other: Option<Patient>,
    /// What it is about.
    pub kind: QuestionKind,
    /// The identifier system, where it is about one.
    pub system: Option<String>,
    /// Since when it is open.
    pub since: Timestamp,
}

impl Person {
    /// The records this one can be parted from: all but those its source merged with it, directly or by others.
    pub fn can_be_parted_from(&self, record: PatientNo) -> BTreeSet<PatientNo> {
        let merged: Vec<&Pair> =
            self.links.iter().filter(|(_, reasons)| reasons.contains(&LinkReason::Merge)).map(|(pair, _)| pair).collect();
        let mut with = BTreeSet::from([record]);
        let mut open = vec![record];
        while let Some(next) = open.pop() {
            for (one, other) in merged.iter().filter(|(one, other)| *one == next || *other == next) {
                let beyond = if *one == next { *other } else { *one };
                if with.insert(beyond) {
                    open.push(beyond);
                }
            }
        }
        self.records.iter().map(|record| record.patient.no).filter(|no| !with.contains(no)).collect()
    }

    /// The id of one of the records.
    pub fn id_of(&self, record: PatientNo) -> Option<PatientId> {
        self.records.iter().find(|its| its.patient.no == record).map(|its| its.patient.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::pair;
    use crate::ids::SourceId;
    use crate::patient::{Demographics, RecordStatus};

    fn record(no: i64) -> PersonRecord {
        PersonRecord {
            patient: Patient {
                id: PatientId::new(Timestamp::UNIX_EPOCH, [0; 10]),
                no: PatientNo(no),
                source: SourceId::new(Timestamp::UNIX_EPOCH, [0; 10]),
                fhir_id: no.to_string(),
                status: RecordStatus::Active,
                replaced_by: None,
                demographics: Demographics::default(),
                data_quality: Vec::new(),
                updated_at: Timestamp::UNIX_EPOCH,
            },
            replaced: false,
            said_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn what_a_source_merged_is_parted_together() {
        let link = |one, other, reason| (pair(PatientNo(one), PatientNo(other)), BTreeSet::from([reason]));
        let person = Person {
            records: (1..=4).map(record).collect(),
            primary: None,
            trouble: None,
            golden: GoldenRecord::default(),
            links: [
                link(1, 2, LinkReason::Merge),
                link(2, 3, LinkReason::Merge),
                link(3, 4, LinkReason::Identifier("urn:ssn".into())),
                link(1, 4, LinkReason::Staff),
            ]
            .into(),
            decisions: Vec::new(),
            questions: Vec::new(),
        };
        assert_eq!(person.can_be_parted_from(PatientNo(1)), [PatientNo(4)].into());
        assert_eq!(person.can_be_parted_from(PatientNo(4)), [PatientNo(1), PatientNo(2), PatientNo(3)].into());
    }
}
