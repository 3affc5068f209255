//! Which records are one person's. A pure function over what the records say of themselves and of each other, and over what staff
//! decided: the order in which records arrived, and how often they were looked at, make no difference.
//!
//! A source says that it merged two of its records ([`RecordLink`]); that is taken as it is, and undone when the source no longer says
//! so. Across sources records belong together by identifier systems the hospital trusts, never by name, and never against what is
//! known to differ: such a pair becomes a question for staff. Staff may link and unlink by hand, which counts over the rule and is
//! remembered. Wherever it is not clear which record stands for a person, none does.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::date::PartialDate;
use crate::ids::{PatientNo, SourceNo};
use crate::patient::{Identifier, RecordStatus, Sex};

mod merges;
mod union;

use merges::Merges;
use union::Sets;

/// Holders of one identifier beyond which it is taken for no identifier of a person (`000-00-0000`, `UNKNOWN`).
pub const MOST_HOLDERS: usize = 8;
/// Records of one person beyond which something is wrong with the links.
pub const MOST_RECORDS: usize = 256;

/// What a record says of another record of its source (FHIR `Patient.link`). `refer` and `seealso` merge nothing and are not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    /// The other record stands in this one's place.
    ReplacedBy,
    /// This record stands in the other's place.
    Replaces,
}

/// A link of a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordLink {
    /// Which of the two stands.
    pub kind: LinkKind,
    /// FHIR id of the other record; `None` where it can't be told.
    pub other: Option<String>,
}

/// What the hospital decided about persons whose records live in several sources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityRules {
    /// Identifier systems by which two records are one person's; none links nothing.
    pub systems: Vec<String>,
    /// Names of sources, the one whose record is written to and whose word counts first. Sources that are not named come after them.
    pub order: Vec<String>,
}

impl IdentityRules {
    /// The place of a source in the order.
    pub fn rank(&self, source: &str) -> u32 {
        let place = self.order.iter().position(|name| name == source).unwrap_or(self.order.len());
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    /// Of a record's identifiers those that can link it, blanks trimmed.
    pub fn linking(&self, identifiers: &[Identifier]) -> BTreeSet<(String, String)> {
        identifiers
            .iter()
            .filter(|identifier| self.systems.contains(&identifier.system))
            .filter_map(|identifier| Some((identifier.system.clone(), comparable(identifier)?)))
            .collect()
    }
}

/// A value as it is compared; `None` where it says nothing. A social security number is the same with its hyphens and without.
fn comparable(identifier: &Identifier) -> Option<String> {
    let value = identifier.value.trim();
    let value = if identifier.system == "http://hl7.org/fhir/sid/us-ssn" { value.replace(['-', ' '], "") } else { value.to_owned() };
    let says_something = value.chars().any(|each| each.is_alphanumeric() && each != '0');
    says_something.then_some(value)
}

/// A record, as much of it as says who it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct IdentityRecord {
    /// Its number.
    pub no: PatientNo,
    /// Its source.
    pub source: SourceNo,
    /// Its id there.
    pub fhir_id: String,
    /// The place of its source in the hospital's order.
    pub rank: u32,
    /// How it stands in its source.
    pub status: RecordStatus,
    /// What it says of other records of its source.
    pub links: Vec<RecordLink>,
    /// Birth date.
    pub birth: Option<PartialDate>,
    /// Administrative sex.
    pub sex: Sex,
    /// Identifiers that can link it: system and value.
    pub identifiers: BTreeSet<(String, String)>,
}

/// What staff said about two records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaffDecision {
    /// They are one person's.
    Same,
    /// They are not.
    Different,
}

/// A pair of records, the lower number first.
pub type Pair = (PatientNo, PatientNo);

/// A pair, the lower number first.
pub fn pair(one: PatientNo, other: PatientNo) -> Pair {
    (one.min(other), one.max(other))
}

/// Why nobody stands for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// Records that replace each other in a circle.
    MergeLoop,
    /// The record that stands for others is not there, or can't be told.
    SurvivorMissing,
    /// More than one record stands for the same others.
    SeveralSurvivors,
    /// More records hang together than one person can have.
    TooMany,
}

impl Trouble {
    /// In words for staff.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::MergeLoop => "The source says that these records replace each other in a circle, so none of them is written to.",
            Self::SurvivorMissing => "The record was merged into one that the source has not shown, so nobody is written to.",
            Self::SeveralSurvivors => "The source merged one record into several others, so none of them is written to.",
            Self::TooMany => "More records hang together than one person can have, so none of them is written to.",
        }
    }
}

/// Records of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// All of them, by number; two at least.
    pub records: Vec<PatientNo>,
    /// The one that is written to; `None` where none may be.
    pub primary: Option<PatientNo>,
    /// Why none may be, where that is the fault of the links.
    pub trouble: Option<Trouble>,
}

/// Why two records are one person's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by", content = "system")]
pub enum LinkReason {
    /// Their source merged the first into the second.
    Merge,
    /// Both have the same identifier in this system.
    Identifier(String),
    /// Staff linked them.
    Staff,
}

impl LinkReason {
    /// In words for staff.
    pub fn sentence(&self) -> String {
        match self {
            Self::Merge => "Their source merged one into the other.".to_owned(),
            Self::Identifier(system) => format!("Both have the same identifier in {system}."),
            Self::Staff => "Staff decided that they are one person's.".to_owned(),
        }
    }
}

/// What keeps two records apart that have an identifier in common, or what is wrong with a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuestionKind {
    /// Their birth dates differ.
    BirthDiffers,
    /// Their sexes differ.
    SexDiffers,
    /// They have different values in another trusted system.
    IdentifiersDiffer,
    /// One of them has several values in the system.
    SeveralValues,
    /// Both are in use in the same source, which did not merge them.
    OneSource,
    /// So many records have the value that it is nobody's.
    ManyHolders,
    /// [`Trouble::MergeLoop`].
    MergeLoop,
    /// [`Trouble::SurvivorMissing`].
    SurvivorMissing,
    /// [`Trouble::SeveralSurvivors`].
    SeveralSurvivors,
    /// [`Trouble::TooMany`].
    TooMany,
}

impl QuestionKind {
    /// In words for staff.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::BirthDiffers => "They have an identifier in common, and different birth dates.",
            Self::SexDiffers => "They have an identifier in common, and different sexes.",
            Self::IdentifiersDiffer => "They have one identifier in common and differ in another.",
            Self::SeveralValues => "They have an identifier in common, and one of them has several of that kind.",
            Self::OneSource => "They have an identifier in common, and both are in use in the same source.",
            Self::ManyHolders => "They have an identifier in common with so many others that it says nothing.",
            Self::MergeLoop => Trouble::MergeLoop.sentence(),
            Self::SurvivorMissing => Trouble::SurvivorMissing.sentence(),
            Self::SeveralSurvivors => Trouble::SeveralSurvivors.sentence(),
            Self::TooMany => Trouble::TooMany.sentence(),
        }
    }
}

impl QuestionKind {
    /// Whether staff can answer it: by saying of two records that they are one person's, or that they are not. Everything else is put
    /// right in the source.
    pub const fn is_for_staff(self) -> bool {
        matches!(self, Self::BirthDiffers | Self::SexDiffers | Self::IdentifiersDiffer | Self::SeveralValues | Self::OneSource)
    }
}

impl From<Trouble> for QuestionKind {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::MergeLoop => Self::MergeLoop,
            Trouble::SurvivorMissing => Self::SurvivorMissing,
            Trouble::SeveralSurvivors => Self::SeveralSurvivors,
            Trouble::TooMany => Self::TooMany,
        }
    }
}

/// Something staff has to look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdentityQuestion {
    /// The two records; the same one twice where it is about one.
    pub pair: Pair,
    /// What it is about.
    pub kind: QuestionKind,
    /// The identifier system, where it is about one.
    pub system: Option<String>,
}

/// What the records come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    /// Persons with more than one record, by their lowest number.
    pub clusters: Vec<Cluster>,
    /// Why records belong together.
    pub links: BTreeMap<Pair, BTreeSet<LinkReason>>,
    /// What staff has to look at.
    pub questions: BTreeSet<IdentityQuestion>,
}

/// Which of these records are one person's.
///
/// Whoever resolves a part of all records gives every record that hangs together with them by a link, an identifier or a decision:
/// then the answer is the same as for all.
pub fn resolve(records: &[IdentityRecord], decisions: &BTreeMap<Pair, StaffDecision>) -> Resolution {
    let mut records: Vec<&IdentityRecord> = records.iter().collect();
    // By what the sources call them: numbers tell the order of arrival.
    records.sort_by(|one, other| (one.source, &one.fhir_id).cmp(&(other.source, &other.fhir_id)));
    records.dedup_by(|one, other| one.no == other.no);
    let merges = Merges::read(&records);
    let mut resolving =
        Resolving { records: &records, merges: &merges, decisions, sets: Sets::new(records.len()), answer: Resolution::default() };
    resolving.merges();
    resolving.staff();
    resolving.identifiers();
    resolving.finish()
}

struct Resolving<'a> {
    records: &'a [&'a IdentityRecord],
    merges: &'a Merges,
    decisions: &'a BTreeMap<Pair, StaffDecision>,
    sets: Sets,
    answer: Resolution,
}

impl<'a> Resolving<'a> {
    /// What the sources merged belongs together, whatever else is said.
    fn merges(&mut self) {
        for (from, to) in self.merges.edges() {
            self.sets.join(from, to);
            self.note(from, to, LinkReason::Merge);
        }
        for (place, record) in self.records.iter().enumerate() {
            if self.merges.is_lost(place) {
                self.question(record.no, record.no, QuestionKind::SurvivorMissing, None);
            }
        }
    }

    fn staff(&mut self) {
        let places: BTreeMap<PatientNo, usize> = self.records.iter().enumerate().map(|(place, record)| (record.no, place)).collect();
        let mut same: Vec<(usize, usize)> = self
            .decisions
            .iter()
            .filter(|(_, decision)| **decision == StaffDecision::Same)
            .filter_map(|((one, other), _)| Some((*places.get(one)?, *places.get(other)?)))
            .map(|(one, other)| (one.min(other), one.max(other)))
            .collect();
        same.sort_unstable();
        for (one, other) in same {
            if !self.are_kept_apart(one, other) {
                self.sets.join(one, other);
                self.note(one, other, LinkReason::Staff);
            }
        }
    }

    fn identifiers(&mut self) {
        let mut holders: BTreeMap<&(String, String), Vec<usize>> = BTreeMap::new();
        for (place, record) in self.records.iter().enumerate() {
            for identifier in &record.identifiers {
                holders.entry(identifier).or_default().push(place);
            }
        }
        for ((system, _), places) in holders {
            if places.len() > MOST_HOLDERS {
                if let [first, second, ..] = places.as_slice() {
                    self.ask(*first, *second, QuestionKind::ManyHolders, system);
                }
                continue;
            }
            for (before, one) in places.iter().enumerate() {
                for other in places.iter().skip(before + 1) {
                    self.identified(*one, *other, system);
                }
            }
        }
    }

    /// Two records have the same value in a trusted system.
    fn identified(&mut self, one: usize, other: usize, system: &str) {
        if self.sets.are_joined(one, other) {
            self.note(one, other, LinkReason::Identifier(system.to_owned()));
            return;
        }
        if self.are_kept_apart(one, other) {
            return;
        }
        if let Some(kind) = self.conflict(one, other, system) {
            self.ask(one, other, kind, system);
            return;
        }
        self.sets.join(one, other);
        self.note(one, other, LinkReason::Identifier(system.to_owned()));
    }

    /// Whether staff said that somebody of the one is not somebody of the other.
    fn are_kept_apart(&mut self, one: usize, other: usize) -> bool {
        let (these, those) = (self.sets.members(one), self.sets.members(other));
        if these == those {
            return false;
        }
        these.iter().filter_map(|place| self.records.get(*place)).any(|one| {
            those
                .iter()
                .filter_map(|place| self.records.get(*place))
                .any(|other| self.decisions.get(&pair(one.no, other.no)) == Some(&StaffDecision::Different))
        })
    }

    /// What speaks against joining the persons of two records.
    fn conflict(&mut self, one: usize, other: usize, system: &str) -> Option<QuestionKind> {
        let ambiguous = |place: &usize| {
            self.records.get(*place).is_some_and(|record| record.identifiers.iter().filter(|(its, _)| its == system).count() > 1)
        };
        if [one, other].iter().any(ambiguous) {
            return Some(QuestionKind::SeveralValues);
        }
        let (these, those) = (self.sets.members(one), self.sets.members(other));
        let standing = |places: &[usize]| -> Vec<&'a IdentityRecord> {
            places.iter().filter(|place| !self.merges.is_replaced(**place)).filter_map(|place| self.records.get(*place).copied()).collect()
        };
        let (these, those) = (standing(&these), standing(&those));
        these.iter().flat_map(|one| those.iter().filter_map(|other| differ(one, other))).min()
    }

    fn note(&mut self, one: usize, other: usize, reason: LinkReason) {
        if let (Some(one), Some(other)) = (self.records.get(one), self.records.get(other)) {
            self.answer.links.entry(pair(one.no, other.no)).or_default().insert(reason);
        }
    }

    fn ask(&mut self, one: usize, other: usize, kind: QuestionKind, system: &str) {
        if let (Some(one), Some(other)) = (self.records.get(one), self.records.get(other)) {
            self.question(one.no, other.no, kind, Some(system.to_owned()));
        }
    }

    fn question(&mut self, one: PatientNo, other: PatientNo, kind: QuestionKind, system: Option<String>) {
        self.answer.questions.insert(IdentityQuestion { pair: pair(one, other), kind, system });
    }

    fn finish(mut self) -> Resolution {
        for places in self.sets.groups() {
            let troubles = self.merges.troubles(&places, self.records);
            let trouble =
                if places.len() > MOST_RECORDS { Some(Trouble::TooMany) } else { troubles.iter().map(|(_, trouble)| *trouble).min() };
            let mut told = BTreeSet::from([Trouble::SurvivorMissing]);
            for (place, trouble) in &troubles {
                if let Some(record) = self.records.get(*place)
                    && told.insert(*trouble)
                {
                    self.question(record.no, record.no, (*trouble).into(), None);
                }
            }
            if places.len() < 2 {
                continue;
            }
            let records: Vec<&IdentityRecord> = places.iter().filter_map(|place| self.records.get(*place).copied()).collect();
            let usable = places
                .iter()
                .filter(|place| !self.merges.is_replaced(**place))
                .filter_map(|place| self.records.get(*place))
                .filter(|record| record.status == RecordStatus::Active);
            let primary = usable.min_by(|one, other| (one.rank, one.source, &one.fhir_id).cmp(&(other.rank, other.source, &other.fhir_id)));
            let primary = primary.map(|record| record.no).filter(|_| trouble.is_none());
            let mut numbers: Vec<PatientNo> = records.iter().map(|record| record.no).collect();
            numbers.sort_unstable();
            self.answer.clusters.push(Cluster { records: numbers, primary, trouble });
        }
        self.answer.clusters.sort_by(|one, other| one.records.cmp(&other.records));
        self.answer
    }
}

/// What is known of both and differs.
fn differ(one: &IdentityRecord, other: &IdentityRecord) -> Option<QuestionKind> {
    if one.source == other.source && is_standing(one.status) && is_standing(other.status) {
        return Some(QuestionKind::OneSource);
    }
    if let (Some(this), Some(that)) = (one.birth, other.birth)
        && (this.last_day() < that.first_day() || that.last_day() < this.first_day())
    {
        return Some(QuestionKind::BirthDiffers);
    }
    if one.sex != Sex::Unknown && other.sex != Sex::Unknown && one.sex != other.sex {
        return Some(QuestionKind::SexDiffers);
    }
    let systems: BTreeSet<&str> = one.identifiers.iter().map(|(system, _)| system.as_str()).collect();
    let differs = systems.into_iter().any(|system| {
        let of = |record: &IdentityRecord| -> BTreeSet<String> {
            record.identifiers.iter().filter(|(its, _)| its == system).map(|(_, value)| value.clone()).collect()
        };
        let (this, that) = (of(one), of(other));
        !that.is_empty() && this.is_disjoint(&that)
    });
    differs.then_some(QuestionKind::IdentifiersDiffer)
}

/// Whether the source still shows the record as one of its own.
const fn is_standing(status: RecordStatus) -> bool {
    matches!(status, RecordStatus::Active | RecordStatus::Inactive)
}

#[cfg(test)]
mod tests;
