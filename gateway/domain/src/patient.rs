//! A patient as the outreach model holds one: a person whose record lives in a source.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::contact_point::ContactPoint;
use crate::date::PartialDate;
use crate::ids::{PatientId, PatientNo, SourceId};

/// Administrative sex (FHIR `Patient.gender`). The number crosses the plugin border.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Sex {
    /// The source does not say.
    #[default]
    Unknown = 0,
    /// Female.
    Female = 1,
    /// Male.
    Male = 2,
    /// Other.
    Other = 3,
}

impl Sex {
    /// The number as stored.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The sex of a stored number; what is not one is unknown.
    pub const fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Female,
            2 => Self::Male,
            3 => Self::Other,
            _ => Self::Unknown,
        }
    }
}

/// Whether the person has died. Only [`Deceased::No`] lets a message out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state", content = "at")]
pub enum Deceased {
    /// Nothing in the record says so.
    No,
    /// The record says so, without a date.
    Yes,
    /// The record gives the date.
    On(PartialDate),
    /// The record says something about it that can't be read. Taken as a death.
    Unclear,
}

impl Deceased {
    /// Whether the person must be taken as deceased.
    pub const fn is_presumed(self) -> bool {
        !matches!(self, Self::No)
    }
}

/// How the record stands in its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordStatus {
    /// In use.
    Active,
    /// The source says it is not in use.
    Inactive,
    /// Merged into another record.
    Merged,
    /// Deleted in the source. Kept here, never written to.
    Deleted,
    /// Other resources refer to it, but the source has not shown it yet.
    Referenced,
}

/// A postal address, as much as outreach needs.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Address {
    /// Street lines.
    #[serde(default)]
    pub lines: Vec<String>,
    /// City.
    pub city: Option<String>,
    /// State, as written by the source.
    pub state: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country.
    pub country: Option<String>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(..)")
    }
}

/// An identifier the person is known by (medical record number and so on).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identifier {
    /// URI of the issuing system; empty where the source gave none.
    pub system: String,
    /// The value, blanks trimmed.
    pub value: String,
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identifier").field("system", &self.system).finish_non_exhaustive()
    }
}

/// What is said of a person in the source, in the model's words.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Demographics {
    /// Given names, first first.
    pub given: Vec<String>,
    /// Family name.
    pub family: Option<String>,
    /// Birth date.
    pub birth: Option<PartialDate>,
    /// Administrative sex.
    pub sex: Sex,
    /// Whether the person has died.
    pub deceased: Deceased,
    /// Preferred language (BCP 47), where the source says.
    pub language: Option<String>,
    /// IANA time zone of the person's home, where the address tells it.
    pub time_zone: Option<String>,
    /// How the person can be reached, in the order of the source.
    pub contact_points: Vec<ContactPoint>,
    /// Home address.
    pub address: Option<Address>,
    /// Identifiers.
    pub identifiers: Vec<Identifier>,
    /// FHIR id of the managing organization in the source.
    pub managing_organization: Option<String>,
    /// FHIR ids of general practitioners in the source.
    pub general_practitioners: Vec<String>,
    /// The record carries a restricted security label.
    pub restricted: bool,
}

impl Default for Demographics {
    fn default() -> Self {
        Self {
            given: Vec::new(),
            family: None,
            birth: None,
            sex: Sex::Unknown,
            deceased: Deceased::No,
            language: None,
            time_zone: None,
            contact_points: Vec::new(),
            address: None,
            identifiers: Vec::new(),
            managing_organization: None,
            general_practitioners: Vec::new(),
            restricted: false,
        }
    }
}

impl Demographics {
    /// First given name and family name.
    pub fn display_name(&self) -> String {
        let given = self.given.first().map_or("", String::as_str);
        let family = self.family.as_deref().unwrap_or("");
        let name = [given, family].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        if name.is_empty() { "(no name)".to_owned() } else { name }
    }
}

impl fmt::Debug for Demographics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Demographics(..)")
    }
}

/// A patient.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Patient {
    /// Its identifier.
    pub id: PatientId,
    /// The number its rows hang on.
    #[serde(skip)]
    pub no: PatientNo,
    /// The source its record lives in.
    pub source: SourceId,
    /// Id of the FHIR resource in that source.
    pub fhir_id: String,
    /// How the record stands.
    pub status: RecordStatus,
    /// FHIR id of the record it was merged into.
    pub replaced_by: Option<String>,
    /// What is said of the person.
    pub demographics: Demographics,
    /// What in the record could not be read, in words without values.
    pub data_quality: Vec<String>,
    /// When the gateway last applied a change of this record or its facts.
    pub updated_at: Timestamp,
}

/// A page of patients is asked for with this.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatientFilter {
    /// Words that must be in the name or be the FHIR id, the id or an identifier.
    pub text: Option<String>,
    /// Born on this day.
    pub born_on: Option<Date>,
    /// Record status.
    pub status: Option<RecordStatus>,
}

/// Whether a patient can be written to, and if not, why. The console's badge; the gate decides anew at each send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contactability {
    /// Whether there is a channel.
    pub reachable: bool,
    /// Channels that work, for example `email`.
    pub channels: Vec<String>,
    /// Why not, in words; empty when reachable.
    pub reasons: Vec<String>,
}
