//! A fact is one clinical statement about one patient in a common shape, whatever FHIR resource it came from.

use std::sync::Arc;

use bitflags::bitflags;
use serde::{Deserialize, Serialize};

use crate::code::{CodeId, Coding};
use crate::date::PartialDate;
use crate::resource::ResourceKey;

/// The kinds of fact. The number is stored and crosses the plugin border; it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum FactKind {
    /// A diagnosis or problem.
    Condition = 0,
    /// A prescription or other statement that a medication is taken.
    Medication = 1,
    /// An allergy or intolerance.
    Allergy = 2,
    /// A vaccination.
    Immunization = 3,
    /// A procedure.
    Procedure = 4,
    /// A measurement, laboratory result, imaging result or answer.
    Observation = 5,
    /// A visit or stay.
    Encounter = 6,
    /// A request for a service or device.
    Order = 7,
    /// An insurance.
    Coverage = 8,
    /// A booked visit.
    Appointment = 9,
    /// Membership of a care team.
    CareTeam = 10,
    /// A touch by outreach: sent, delivered, clicked, replied.
    Interaction = 11,
    /// Membership of a subscription list.
    Subscription = 12,
}

impl FactKind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::Condition,
        Self::Medication,
        Self::Allergy,
        Self::Immunization,
        Self::Procedure,
        Self::Observation,
        Self::Encounter,
        Self::Order,
        Self::Coverage,
        Self::Appointment,
        Self::CareTeam,
        Self::Interaction,
        Self::Subscription,
    ];

    /// The kind of a stored number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The stored number.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The name used in criteria, the API and the console.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Condition => "condition",
            Self::Medication => "medication",
            Self::Allergy => "allergy",
            Self::Immunization => "immunization",
            Self::Procedure => "procedure",
            Self::Observation => "observation",
            Self::Encounter => "encounter",
            Self::Order => "order",
            Self::Coverage => "coverage",
            Self::Appointment => "appointment",
            Self::CareTeam => "care-team",
            Self::Interaction => "interaction",
            Self::Subscription => "subscription",
        }
    }
}

bitflags! {
    /// A set of fact kinds; bit n is the kind with number n.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
    pub struct FactKinds: u32 {
        /// Conditions.
        const CONDITION = 1 << 0;
        /// Medications.
        const MEDICATION = 1 << 1;
        /// Allergies.
        const ALLERGY = 1 << 2;
        /// Immunizations.
        const IMMUNIZATION = 1 << 3;
        /// Procedures.
        const PROCEDURE = 1 << 4;
        /// Observations.
        const OBSERVATION = 1 << 5;
        /// Encounters.
        const ENCOUNTER = 1 << 6;
        /// Orders.
        const ORDER = 1 << 7;
        /// Coverage.
        const COVERAGE = 1 << 8;
        /// Appointments.
        const APPOINTMENT = 1 << 9;
        /// Care teams.
        const CARE_TEAM = 1 << 10;
        /// Interactions.
        const INTERACTION = 1 << 11;
        /// Subscriptions.
        const SUBSCRIPTION = 1 << 12;
    }
}

impl FactKinds {
    /// Whether facts of this kind are in the set.
    pub const fn has(self, kind: FactKind) -> bool {
        self.bits() & (1 << kind.number()) != 0
    }
}

bitflags! {
    /// Status, intent and category of a fact as bits, so that rules need no text. The bits are stored and cross the plugin border;
    /// they never change.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
    pub struct FactFlags: u32 {
        /// It counts: completed, final, amended, corrected, active... as the kind has it.
        const EFFECTIVE = 1 << 0;
        /// Still going on: an active condition, an active prescription, an encounter in progress.
        const ACTIVE = 1 << 1;
        /// Resolved, stopped, finished, ended.
        const ENDED = 1 << 2;
        /// Planned, ordered, requested or booked; it has not happened yet.
        const PLANNED = 1 << 3;
        /// It was stated that this was not done, not given or not to be done.
        const NOT_DONE = 1 << 4;
        /// Entered in error, or refuted: it must not be counted.
        const IN_ERROR = 1 << 5;
        /// Not confirmed: provisional, differential, preliminary.
        const UNCONFIRMED = 1 << 6;
        /// A value of some kind is stated: a quantity, a code, a text, yes or no.
        const HAS_VALUE = 1 << 7;
        /// A laboratory result.
        const LABORATORY = 1 << 8;
        /// A vital sign.
        const VITAL_SIGN = 1 << 9;
        /// An imaging result.
        const IMAGING = 1 << 10;
        /// A survey or assessment.
        const SURVEY = 1 << 11;
        /// An examination.
        const EXAM = 1 << 12;
        /// A condition on the problem list or a health concern.
        const PROBLEM_LIST = 1 << 13;
        /// A diagnosis of an encounter.
        const ENCOUNTER_DIAGNOSIS = 1 << 14;
        /// It is an order (intent `order`), no plan or proposal.
        const ORDERED = 1 << 15;
        /// The encounter was outpatient (class AMB, HH, VR).
        const OUTPATIENT = 1 << 16;
        /// The encounter was inpatient (class IMP, ACUTE, NONAC, SS).
        const INPATIENT = 1 << 17;
        /// The encounter was in an emergency department (class EMER).
        const EMERGENCY = 1 << 18;
        /// The encounter was by telephone or video (class VR).
        const VIRTUAL = 1 << 19;
        /// The encounter was before an admission (class PRENC).
        const PRE_ADMISSION = 1 << 20;
        /// A report about results (DiagnosticReport), rather than a result.
        const REPORT = 1 << 21;
        /// The condition has come back: clinical status recurrence or relapse.
        const RECURRING = 1 << 22;
        /// An adverse event, rather than an allergy that is known of.
        const ADVERSE_EVENT = 1 << 23;
        /// The record carries a restricted security label.
        const RESTRICTED = 1 << 24;
        /// It was stated as a period without an end, so it goes on.
        const OPEN_ENDED = 1 << 25;
        /// The time for which a dosage is prescribed, beside the time for which the supply lasts.
        const DOSAGE = 1 << 26;
        /// It was changed after it was final.
        const AMENDED = 1 << 27;
    }
}

/// Which fact of which resource: an observation with components gives several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FactKey {
    /// The resource it was read from.
    pub resource: ResourceKey,
    /// 0 for the resource itself, 1.. for its components in order.
    pub part: u16,
}

/// A fact as read from a source, its codes not interned yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadFact {
    /// 0 for the resource itself, 1.. for its components in order.
    pub part: u16,
    /// What kind of statement it is.
    pub kind: FactKind,
    /// All codings of it, in the order of the source.
    pub codes: Vec<Arc<Coding>>,
    /// Status, intent, category.
    pub flags: FactFlagBits,
    /// When it began, was done, measured or ordered.
    pub start: Option<PartialDate>,
    /// When it ended; `None` where it goes on or the end is unknown (see [`FactFlags::ACTIVE`]).
    pub end: Option<PartialDate>,
    /// A quantity, in `unit`.
    pub value: Option<f64>,
    /// The unit of `value`, a UCUM code where the source has one.
    pub unit: Option<Arc<Coding>>,
    /// A coded answer.
    pub value_code: Option<Arc<Coding>>,
    /// The visit it belongs to.
    pub encounter: Option<ResourceKey>,
    /// What a person would call it, for the console.
    pub text: Option<String>,
}

/// [`FactFlags`] as a number, as stored and serialised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FactFlagBits(pub u32);

impl From<FactFlags> for FactFlagBits {
    fn from(flags: FactFlags) -> Self {
        Self(flags.bits())
    }
}

impl From<FactFlagBits> for FactFlags {
    fn from(bits: FactFlagBits) -> Self {
        Self::from_bits_retain(bits.0)
    }
}

/// A fact as the outreach model holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// Where it was read from.
    pub key: FactKey,
    /// What kind of statement it is.
    pub kind: FactKind,
    /// Its codes, interned, in the order of the source.
    pub codes: Vec<CodeId>,
    /// Status, intent, category.
    pub flags: FactFlags,
    /// When it began, was done, measured or ordered.
    pub start: Option<PartialDate>,
    /// When it ended.
    pub end: Option<PartialDate>,
    /// A quantity, in `unit`.
    pub value: Option<f64>,
    /// The unit of `value`.
    pub unit: Option<CodeId>,
    /// A coded answer.
    pub value_code: Option<CodeId>,
    /// The visit it belongs to.
    pub encounter: Option<ResourceKey>,
}

/// A fact with its codes spelled out, for a program that has no table of codes. Nothing a person wrote freely is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct CodedFact {
    /// What kind of statement it is.
    pub kind: FactKind,
    /// Its codes with system and display, in the order of the source; those the gateway does not know any more are left out.
    pub codes: Vec<Coding>,
    /// Status, intent, category.
    pub flags: FactFlags,
    /// When it began, was done, measured or ordered.
    pub start: Option<PartialDate>,
    /// When it ended.
    pub end: Option<PartialDate>,
    /// A quantity, in `unit`.
    pub value: Option<f64>,
    /// Unit of the quantity.
    pub unit: Option<Coding>,
    /// A coded answer.
    pub value_code: Option<Coding>,
}

impl CodedFact {
    /// A fact with its codes found by their numbers.
    pub fn of(fact: &Fact, coding: impl Fn(CodeId) -> Option<Coding>) -> Self {
        Self {
            kind: fact.kind,
            codes: fact.codes.iter().filter_map(|code| coding(*code)).collect(),
            flags: fact.flags,
            start: fact.start,
            end: fact.end,
            value: fact.value,
            unit: fact.unit.and_then(&coding),
            value_code: fact.value_code.and_then(&coding),
        }
    }
}

/// A fact with its words, for people to read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DescribedFact {
    /// Where it was read from, as `resource/part`.
    pub key: FactKey,
    /// FHIR type of the resource.
    pub resource_type: String,
    /// Id of the resource in its source.
    pub fhir_id: String,
    /// What kind of statement it is.
    pub kind: FactKind,
    /// Its codes with system and display.
    pub codes: Vec<Coding>,
    /// What a person would call it.
    pub text: Option<String>,
    /// Status, intent, category.
    pub flags: FactFlagBits,
    /// When it began, was done, measured or ordered.
    pub start: Option<PartialDate>,
    /// When it ended.
    pub end: Option<PartialDate>,
    /// A quantity.
    pub value: Option<f64>,
    /// Unit of the quantity.
    pub unit: Option<Coding>,
    /// A coded answer.
    pub value_code: Option<Coding>,
}
