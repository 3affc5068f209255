//! Resources as far as the outreach model reads them, borrowed from the line. What is not listed here is skipped by the parser and
//! stays in the raw text.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::lenient::{Many, Number, One, Said, Text};

/// Anything about a patient. One structure for all types, so that a line is parsed once.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Lean<'a> {
    #[serde(borrow)]
    pub(super) resource_type: Text<'a>,
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) meta: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) contained: Many<Contained<'a>>,
    #[serde(borrow)]
    pub(super) modifier_extension: Many<Modifier<'a>>,
    pub(super) implicit_rules: Said,
    // Whose it is, and at which visit.
    #[serde(borrow)]
    pub(super) subject: One<Reference<'a>>,
    #[serde(borrow)]
    pub(super) patient: One<Reference<'a>>,
    #[serde(borrow)]
    pub(super) beneficiary: One<Reference<'a>>,
    #[serde(borrow)]
    pub(super) encounter: One<Reference<'a>>,
    #[serde(borrow)]
    pub(super) context: One<Reference<'a>>,
    // What it says.
    #[serde(borrow)]
    pub(super) status: Text<'a>,
    #[serde(borrow)]
    pub(super) intent: Text<'a>,
    #[serde(borrow)]
    pub(super) do_not_perform: Text<'a>,
    #[serde(borrow)]
    pub(super) clinical_status: One<Concept<'a>>,
    #[serde(borrow)]
    pub(super) verification_status: One<Concept<'a>>,
    #[serde(borrow)]
    pub(super) category: Many<Concept<'a>>,
    #[serde(borrow)]
    pub(super) code: One<Concept<'a>>,
    #[serde(borrow)]
    pub(super) code_codeable_concept: One<Concept<'a>>,
    #[serde(borrow)]
    pub(super) vaccine_code: One<Concept<'a>>,
    #[serde(borrow)]
    pub(super) medication_codeable_concept: One<Concept<'a>>,
    #[serde(borrow)]
    pub(super) medication_reference: One<Reference<'a>>,
    #[serde(borrow)]
    pub(super) medication: One<CodeableReference<'a>>,
    #[serde(borrow)]
    pub(super) r#type: Many<Concept<'a>>,
    #[serde(borrow)]
    pub(super) service_type: Many<Concept<'a>>,
    #[serde(borrow)]
    pub(super) appointment_type: One<Concept<'a>>,
    #[serde(borrow)]
    pub(super) class: Many<Concept<'a>>,
    #[serde(borrow)]
    pub(super) event: One<Concept<'a>>,
    #[serde(borrow)]
    pub(super) actuality: Text<'a>,
    #[serde(borrow)]
    pub(super) body_site: Many<Concept<'a>>,
    // Of what is rarely asked for, what it says is read when it is.
    #[serde(borrow)]
    pub(super) extension: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) reason_code: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) status_reason: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) hospitalization: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) admission: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) dosage_instruction: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) dispense_request: Option<&'a RawValue>,
    // When.
    #[serde(borrow)]
    pub(super) issued: Text<'a>,
    #[serde(borrow)]
    pub(super) date: Text<'a>,
    #[serde(borrow)]
    pub(super) onset_age: One<Quantity<'a>>,
    #[serde(borrow)]
    pub(super) onset_range: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) effective_date_time: Text<'a>,
    #[serde(borrow)]
    pub(super) effective_period: One<Period<'a>>,
    #[serde(borrow)]
    pub(super) effective_instant: Text<'a>,
    #[serde(borrow)]
    pub(super) performed_date_time: Text<'a>,
    #[serde(borrow)]
    pub(super) performed_period: One<Period<'a>>,
    #[serde(borrow)]
    pub(super) occurrence_date_time: Text<'a>,
    #[serde(borrow)]
    pub(super) occurrence_period: One<Period<'a>>,
    #[serde(borrow)]
    pub(super) onset_date_time: Text<'a>,
    #[serde(borrow)]
    pub(super) onset_period: One<Period<'a>>,
    #[serde(borrow)]
    pub(super) abatement_date_time: Text<'a>,
    #[serde(borrow)]
    pub(super) abatement_period: One<Period<'a>>,
    #[serde(borrow)]
    pub(super) abatement_boolean: Text<'a>,
    #[serde(borrow)]
    pub(super) abatement_age: One<Quantity<'a>>,
    #[serde(borrow)]
    pub(super) abatement_string: Text<'a>,
    pub(super) abatement_range: Said,
    #[serde(borrow)]
    pub(super) recorded_date: Text<'a>,
    #[serde(borrow)]
    pub(super) authored_on: Text<'a>,
    #[serde(borrow)]
    pub(super) date_asserted: Text<'a>,
    #[serde(borrow)]
    pub(super) period: One<Period<'a>>,
    #[serde(borrow)]
    pub(super) actual_period: One<Period<'a>>,
    #[serde(borrow)]
    pub(super) start: Text<'a>,
    #[serde(borrow)]
    pub(super) end: Text<'a>,
    // What was measured.
    #[serde(borrow)]
    pub(super) value_quantity: One<Quantity<'a>>,
    #[serde(borrow)]
    pub(super) value_codeable_concept: One<Concept<'a>>,
    #[serde(borrow)]
    pub(super) value_string: Text<'a>,
    pub(super) value_integer: Number,
    pub(super) value_boolean: Said,
    pub(super) value_date_time: Said,
    pub(super) value_time: Said,
    pub(super) value_period: Said,
    pub(super) value_range: Said,
    pub(super) value_ratio: Said,
    #[serde(borrow)]
    pub(super) component: Many<Component<'a>>,
    // Who takes part.
    #[serde(borrow)]
    pub(super) name: Many<Name<'a>>,
    #[serde(borrow)]
    pub(super) participant: Many<Participant<'a>>,
}

/// A patient, practitioner or organization.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct LeanPerson<'a> {
    pub(super) modifier_extension: Said,
    pub(super) implicit_rules: Said,
    #[serde(borrow)]
    pub(super) active: Text<'a>,
    #[serde(rename = "_active")]
    pub(super) active_extension: Said,
    #[serde(borrow)]
    pub(super) name: Many<Name<'a>>,
    #[serde(borrow)]
    pub(super) telecom: Many<Telecom<'a>>,
    #[serde(borrow)]
    pub(super) gender: Text<'a>,
    #[serde(borrow)]
    pub(super) birth_date: Text<'a>,
    #[serde(borrow)]
    pub(super) deceased_boolean: Text<'a>,
    #[serde(borrow, rename = "_deceasedBoolean")]
    pub(super) deceased_boolean_extension: Text<'a>,
    #[serde(borrow)]
    pub(super) deceased_date_time: Text<'a>,
    #[serde(borrow, rename = "_deceasedDateTime")]
    pub(super) deceased_date_time_extension: Text<'a>,
    #[serde(borrow)]
    pub(super) deceased: Text<'a>,
    #[serde(borrow)]
    pub(super) address: Many<PostalAddress<'a>>,
    #[serde(borrow)]
    pub(super) contact: Many<ContactPerson<'a>>,
    #[serde(borrow)]
    pub(super) communication: Many<Communication<'a>>,
    #[serde(borrow)]
    pub(super) link: Many<Link<'a>>,
    #[serde(borrow)]
    pub(super) identifier: Many<IdentifierValue<'a>>,
    #[serde(borrow)]
    pub(super) managing_organization: Many<Reference<'a>>,
    #[serde(borrow)]
    pub(super) general_practitioner: Many<Reference<'a>>,
    #[serde(borrow)]
    pub(super) part_of: One<Reference<'a>>,
    #[serde(borrow)]
    pub(super) r#type: Many<Concept<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Meta<'a> {
    #[serde(borrow)]
    pub(super) version_id: Text<'a>,
    #[serde(borrow)]
    pub(super) last_updated: Text<'a>,
    #[serde(borrow)]
    pub(super) security: Many<Concept<'a>>,
    #[serde(borrow)]
    pub(super) tag: Many<Concept<'a>>,
    #[serde(borrow)]
    pub(super) profile: Many<Text<'a>>,
}

/// An extension that changes what a resource says.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Modifier<'a> {
    #[serde(borrow)]
    pub(super) url: Text<'a>,
    #[serde(borrow)]
    pub(super) value_boolean: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Contained<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) code: One<Concept<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Extension<'a> {
    #[serde(borrow)]
    pub(super) url: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Reference<'a> {
    #[serde(borrow)]
    pub(crate) reference: Text<'a>,
    #[serde(borrow)]
    pub(super) display: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct CodeableReference<'a> {
    #[serde(borrow)]
    pub(super) concept: One<Concept<'a>>,
    #[serde(borrow)]
    pub(super) reference: One<Reference<'a>>,
}

/// A CodeableConcept, or the bare Coding or CodeableReference that some versions and servers have in its place.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Concept<'a> {
    #[serde(borrow)]
    pub(super) coding: Many<Coded<'a>>,
    #[serde(borrow)]
    pub(super) text: Text<'a>,
    // A coding where a concept belongs.
    #[serde(borrow)]
    pub(super) system: Text<'a>,
    #[serde(borrow)]
    pub(super) code: Text<'a>,
    #[serde(borrow)]
    pub(super) display: Text<'a>,
    // R5 has a CodeableReference in many places.
    #[serde(borrow, rename = "concept")]
    pub(super) inner: One<Box<Concept<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Coded<'a> {
    #[serde(borrow)]
    pub(super) system: Text<'a>,
    #[serde(borrow)]
    pub(super) code: Text<'a>,
    #[serde(borrow)]
    pub(super) display: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Period<'a> {
    #[serde(borrow)]
    pub(super) start: Text<'a>,
    #[serde(borrow)]
    pub(super) end: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Quantity<'a> {
    pub(super) value: Number,
    #[serde(borrow)]
    pub(super) unit: Text<'a>,
    #[serde(borrow)]
    pub(super) system: Text<'a>,
    #[serde(borrow)]
    pub(super) code: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Component<'a> {
    pub(super) modifier_extension: Said,
    #[serde(borrow)]
    pub(super) code: One<Concept<'a>>,
    #[serde(borrow)]
    pub(super) value_quantity: One<Quantity<'a>>,
    #[serde(borrow)]
    pub(super) value_codeable_concept: One<Concept<'a>>,
    #[serde(borrow)]
    pub(super) value_string: Text<'a>,
    pub(super) value_integer: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Participant<'a> {
    #[serde(borrow)]
    pub(super) role: Many<Concept<'a>>,
    #[serde(borrow)]
    pub(super) member: One<Reference<'a>>,
    #[serde(borrow)]
    pub(super) actor: One<Reference<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Name<'a> {
    #[serde(borrow)]
    pub(super) r#use: Text<'a>,
    #[serde(borrow)]
    pub(super) family: Text<'a>,
    #[serde(borrow)]
    pub(super) given: Many<Text<'a>>,
    #[serde(borrow)]
    pub(super) prefix: Many<Text<'a>>,
    #[serde(borrow)]
    pub(super) text: Text<'a>,
    #[serde(borrow)]
    pub(super) period: One<Period<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Telecom<'a> {
    #[serde(borrow)]
    pub(super) extension: Many<Extension<'a>>,
    #[serde(borrow)]
    pub(super) system: Text<'a>,
    #[serde(borrow)]
    pub(super) value: Text<'a>,
    #[serde(borrow)]
    pub(super) r#use: Text<'a>,
    #[serde(borrow)]
    pub(super) rank: Text<'a>,
    #[serde(borrow)]
    pub(super) period: One<Period<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PostalAddress<'a> {
    #[serde(borrow)]
    pub(super) r#use: Text<'a>,
    #[serde(borrow)]
    pub(super) line: Many<Text<'a>>,
    #[serde(borrow)]
    pub(super) city: Text<'a>,
    #[serde(borrow)]
    pub(super) state: Text<'a>,
    #[serde(borrow)]
    pub(super) postal_code: Text<'a>,
    #[serde(borrow)]
    pub(super) country: Text<'a>,
    #[serde(borrow)]
    pub(super) period: One<Period<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ContactPerson<'a> {
    #[serde(borrow)]
    pub(super) telecom: Many<Telecom<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Communication<'a> {
    #[serde(borrow)]
    pub(super) language: One<Concept<'a>>,
    #[serde(borrow)]
    pub(super) preferred: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Link<'a> {
    #[serde(borrow)]
    pub(super) other: One<Reference<'a>>,
    #[serde(borrow)]
    pub(super) r#type: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct IdentifierValue<'a> {
    #[serde(borrow)]
    pub(super) system: Text<'a>,
    #[serde(borrow)]
    pub(super) value: Text<'a>,
    #[serde(borrow)]
    pub(super) r#use: Text<'a>,
}

/// What an encounter says of a stay.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Stay<'a> {
    #[serde(borrow)]
    pub(super) discharge_disposition: One<Concept<'a>>,
}

/// An extension whose value is a concept.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct CodedExtension<'a> {
    #[serde(borrow)]
    pub(super) url: Text<'a>,
    #[serde(borrow)]
    pub(super) value_codeable_concept: One<Concept<'a>>,
}

/// How a medication is to be taken.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Dosage<'a> {
    #[serde(borrow)]
    pub(super) timing: One<Timing<'a>>,
    #[serde(borrow)]
    pub(super) dose_and_rate: Many<DoseAndRate<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Timing<'a> {
    #[serde(borrow)]
    pub(super) repeat: One<Repeat<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Repeat<'a> {
    #[serde(borrow)]
    pub(super) bounds_period: One<Period<'a>>,
    pub(super) frequency: Number,
    pub(super) frequency_max: Number,
    pub(super) period: Number,
    #[serde(borrow)]
    pub(super) period_unit: Text<'a>,
    #[serde(borrow)]
    pub(super) time_of_day: Many<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct DoseAndRate<'a> {
    #[serde(borrow)]
    pub(super) dose_quantity: One<Quantity<'a>>,
    #[serde(borrow)]
    pub(super) dose_range: One<DoseRange<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DoseRange<'a> {
    #[serde(borrow)]
    pub(super) high: One<Quantity<'a>>,
}

/// How much of a medication is to be handed out.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Dispense<'a> {
    #[serde(borrow)]
    pub(super) validity_period: One<Period<'a>>,
    pub(super) number_of_repeats_allowed: Number,
    #[serde(borrow)]
    pub(super) quantity: One<Quantity<'a>>,
    #[serde(borrow)]
    pub(super) expected_supply_duration: One<Quantity<'a>>,
}
