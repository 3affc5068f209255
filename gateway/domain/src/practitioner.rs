//! People who care for patients. Read from FHIR `Practitioner`.

use serde::{Deserialize, Serialize};

use crate::ids::{PractitionerId, SourceId};

/// What is said of a practitioner in the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PractitionerDetails {
    /// The name, with prefix.
    pub name: String,
    /// National Provider Identifier or another identifier.
    pub identifier: Option<String>,
    /// Whether the source says the record is in use; unknown counts as in use.
    pub active: bool,
}

/// A practitioner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Practitioner {
    /// Its identifier.
    pub id: PractitionerId,
    /// The source it lives in.
    pub source: SourceId,
    /// Id of the FHIR resource in that source.
    pub fhir_id: String,
    /// What is said of it.
    pub details: PractitionerDetails,
}
