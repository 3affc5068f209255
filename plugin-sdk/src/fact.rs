//! The words of a fact: its kind and its flags, as they cross the border.
//!
//! ```
//! use outreach_plugin_sdk::fact::{FactFlags, FactKind};
//!
//! assert_eq!(FactKind::named("care-team"), Some(FactKind::CareTeam));
//! assert!(FactKind::Condition.lasts() && !FactKind::Observation.lasts());
//! assert_eq!(FactFlags::named("not-done"), Some(FactFlags::NOT_DONE));
//!
//! // A word that is none is no kind; say in `check` which there are.
//! assert_eq!(FactKind::named("Condition"), None);
//! assert_eq!(FactFlags::named("in-error"), None);
//! ```

use bitflags::bitflags;

use crate::bindings::segment::exports::outreach::plugin::segment::FactKinds;

/// The kinds of clinical statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// A measurement, result or answer.
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
    /// A touch by outreach.
    Interaction = 11,
    /// Membership of a subscription list.
    Subscription = 12,
}

impl FactKind {
    /// All kinds with their names, in the order of their numbers.
    pub const ALL: [(Self, &'static str); 13] = [
        (Self::Condition, "condition"),
        (Self::Medication, "medication"),
        (Self::Allergy, "allergy"),
        (Self::Immunization, "immunization"),
        (Self::Procedure, "procedure"),
        (Self::Observation, "observation"),
        (Self::Encounter, "encounter"),
        (Self::Order, "order"),
        (Self::Coverage, "coverage"),
        (Self::Appointment, "appointment"),
        (Self::CareTeam, "care-team"),
        (Self::Interaction, "interaction"),
        (Self::Subscription, "subscription"),
    ];

    /// The kind with a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    /// Its name in documents.
    pub fn name(self) -> &'static str {
        Self::ALL.get(usize::from(self as u8)).map_or("", |(_, name)| name)
    }

    /// Whether a fact of this kind lasts from its start until it is ended, rather than happening on a day.
    pub const fn lasts(self) -> bool {
        matches!(self, Self::Condition | Self::Medication | Self::Allergy | Self::Coverage | Self::CareTeam | Self::Subscription)
    }

    /// Whether a fact of this kind is stated as a period, so that one without an end goes on.
    pub const fn is_a_period(self) -> bool {
        matches!(self, Self::Encounter | Self::Coverage | Self::Appointment | Self::CareTeam | Self::Subscription)
    }

    /// Whether a fact of this kind says something even where no code of it is asked for.
    pub const fn is_told_without_a_code(self) -> bool {
        matches!(self, Self::Encounter | Self::Coverage | Self::Appointment | Self::CareTeam)
    }

    /// The set with this kind alone.
    pub fn as_set(self) -> FactKinds {
        FactKinds::from_bits_truncate(1 << (self as u8))
    }
}

bitflags! {
    /// Status, intent and category of a fact.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
    pub struct FactFlags: u32 {
        /// It counts: completed, final, amended, corrected, active... as the kind has it.
        const EFFECTIVE = 1 << 0;
        /// Still going on.
        const ACTIVE = 1 << 1;
        /// Resolved, stopped, finished, ended.
        const ENDED = 1 << 2;
        /// Planned, ordered, requested or booked; it has not happened yet.
        const PLANNED = 1 << 3;
        /// It was stated that this was not done, not given or not to be done.
        const NOT_DONE = 1 << 4;
        /// Entered in error, or refuted.
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
        /// The encounter was outpatient.
        const OUTPATIENT = 1 << 16;
        /// The encounter was inpatient.
        const INPATIENT = 1 << 17;
        /// The encounter was in an emergency department.
        const EMERGENCY = 1 << 18;
        /// The encounter was by telephone or video.
        const VIRTUAL = 1 << 19;
        /// The encounter was before an admission (class PRENC).
        const PRE_ADMISSION = 1 << 20;
        /// A report about results, rather than a result.
        const REPORT = 1 << 21;
        /// The condition has come back: a recurrence or relapse.
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

impl FactFlags {
    /// Names in documents.
    pub const NAMES: [(&'static str, Self); 27] = [
        ("effective", Self::EFFECTIVE),
        ("active", Self::ACTIVE),
        ("ended", Self::ENDED),
        ("planned", Self::PLANNED),
        ("not-done", Self::NOT_DONE),
        ("unconfirmed", Self::UNCONFIRMED),
        ("laboratory", Self::LABORATORY),
        ("vital-sign", Self::VITAL_SIGN),
        ("imaging", Self::IMAGING),
        ("survey", Self::SURVEY),
        ("exam", Self::EXAM),
        ("problem-list", Self::PROBLEM_LIST),
        ("encounter-diagnosis", Self::ENCOUNTER_DIAGNOSIS),
        ("outpatient", Self::OUTPATIENT),
        ("inpatient", Self::INPATIENT),
        ("emergency", Self::EMERGENCY),
        ("virtual", Self::VIRTUAL),
        ("restricted", Self::RESTRICTED),
        ("has-value", Self::HAS_VALUE),
        ("ordered", Self::ORDERED),
        ("pre-admission", Self::PRE_ADMISSION),
        ("report", Self::REPORT),
        ("recurring", Self::RECURRING),
        ("adverse-event", Self::ADVERSE_EVENT),
        ("open-ended", Self::OPEN_ENDED),
        ("dosage", Self::DOSAGE),
        ("amended", Self::AMENDED),
    ];

    /// The flag with a name. "In error" has none: what was entered in error never counts.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, flag)| *flag)
    }
}
