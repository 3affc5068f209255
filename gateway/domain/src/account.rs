//! Accounts: hospitals, clinics, insurers, employers, households. Read from FHIR `Organization`.

use serde::{Deserialize, Serialize};

use crate::contact_point::ContactPoint;
use crate::ids::{AccountId, SourceId};
use crate::patient::Address;

/// What is said of an organization in the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountDetails {
    /// Its name.
    pub name: String,
    /// What kind of organization it is, in the words of the source.
    pub kind: Option<String>,
    /// Whether the source says it is in use; unknown counts as in use.
    pub active: bool,
    /// FHIR id of the organization it is part of.
    pub part_of: Option<String>,
    /// How it can be reached.
    pub contact_points: Vec<ContactPoint>,
    /// Where it is.
    pub address: Option<Address>,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Its identifier.
    pub id: AccountId,
    /// The source it lives in.
    pub source: SourceId,
    /// Id of the FHIR resource in that source.
    pub fhir_id: String,
    /// What is said of it.
    pub details: AccountDetails,
    /// Patients whose managing organization it is.
    pub patients: u64,
}
