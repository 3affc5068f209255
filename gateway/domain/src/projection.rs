//! What the gateway reads out of a resource. The raw JSON stays the truth; this can be made anew from it at any time.

use std::sync::Arc;

use crate::account::AccountDetails;
use crate::care_team::CareTeam;
use crate::code::Coding;
use crate::fact::ReadFact;
use crate::identity::RecordLink;
use crate::patient::{Demographics, RecordStatus};
use crate::practitioner::PractitionerDetails;
use crate::resource::{ContentHash, ResourceKey};
use jiff::Timestamp;

/// A resource as read from a source.
#[derive(Clone, PartialEq)]
pub struct ReadResource {
    /// Stands for source, type and id.
    pub key: ResourceKey,
    /// FHIR type.
    pub resource_type: String,
    /// FHIR id; any text without control characters, at most 256 bytes (some servers exceed the standard's 64).
    pub fhir_id: String,
    /// `meta.versionId`.
    pub version_id: Option<String>,
    /// `meta.lastUpdated`.
    pub last_updated: Option<Timestamp>,
    /// Hash of the content without `meta`.
    pub hash: ContentHash,
    /// The resource as it came.
    pub raw: Vec<u8>,
    /// What was read out of it.
    pub projection: Projection,
}

impl std::fmt::Debug for ReadResource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadResource").field("key", &self.key).field("resource_type", &self.resource_type).finish_non_exhaustive()
    }
}

/// What was read out of a resource.
#[derive(Clone, PartialEq)]
pub enum Projection {
    /// A person.
    Patient(Box<ReadPatient>),
    /// An organization.
    Account(Box<AccountDetails>),
    /// A person who cares for patients.
    Practitioner(Box<PractitionerDetails>),
    /// Something about one patient.
    Clinical(ReadClinical),
    /// What a medication is that others refer to: the code its references have, and its own codes.
    Medication(Box<ReadMedication>),
    /// Kept as it is; nothing of the model is read from this type.
    Kept,
}

/// A person as read.
#[derive(Clone, PartialEq)]
pub struct ReadPatient {
    /// Active, inactive or merged.
    pub status: RecordStatus,
    /// FHIR id of the record it was merged into.
    pub replaced_by: Option<String>,
    /// All that it says of merges, that one included.
    pub links: Vec<RecordLink>,
    /// What is said of the person.
    pub demographics: Demographics,
    /// What could not be read, in words without values.
    pub data_quality: Vec<String>,
}

/// A medication that has a resource of its own, as read.
#[derive(Clone, PartialEq)]
pub struct ReadMedication {
    /// The code by which facts that refer to it are known.
    pub reference: Coding,
    /// Its own codes.
    pub codes: Vec<Arc<Coding>>,
}

/// Something about one patient, as read.
#[derive(Clone, PartialEq)]
pub struct ReadClinical {
    /// FHIR id of the patient in the same source; `None` where the reference can't be resolved, and then nobody gets the facts.
    pub patient: Option<String>,
    /// The facts.
    pub facts: Vec<ReadFact>,
    /// The care team, for a `CareTeam`.
    pub care_team: Option<Box<CareTeam>>,
}
