//! The people who care for one patient together. Read from FHIR `CareTeam`.

use serde::{Deserialize, Serialize};

use crate::date::PartialDate;

/// A member of a care team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CareTeamMember {
    /// The role, in the words of the source.
    pub role: Option<String>,
    /// Who it is, as `Type/id` in the source; `None` where the reference can't be resolved.
    pub reference: Option<String>,
    /// The name given beside the reference, or found in the model.
    pub name: Option<String>,
}

/// A care team of one patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CareTeam {
    /// Id of the FHIR resource in its source.
    pub fhir_id: String,
    /// What it is called or is for.
    pub name: Option<String>,
    /// Whether it is at work.
    pub active: bool,
    /// Since when.
    pub start: Option<PartialDate>,
    /// Until when.
    pub end: Option<PartialDate>,
    /// Its members.
    pub members: Vec<CareTeamMember>,
}
