//! Codes from terminologies. A code is interned once (`code` table) and referred to by [`CodeId`] from then on.

use serde::{Deserialize, Serialize};

/// A code interned by the gateway: a system and a code. Stable for the life of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CodeId(pub u32);

/// A code as written by a source or a value set. The version of the system is not part of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Coding {
    /// URI of the code system, for example `http://loinc.org`; empty where the source gave none.
    #[serde(default)]
    pub system: String,
    /// The code, blanks trimmed.
    pub code: String,
    /// What the source calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
}

impl Coding {
    /// A code without a display.
    pub fn new(system: impl Into<String>, code: impl Into<String>) -> Self {
        Self { system: system.into(), code: code.into(), display: None }
    }
}

/// Canonical URLs of the code systems the product knows by name.
pub mod systems {
    /// LOINC.
    pub const LOINC: &str = "http://loinc.org";
    /// ICD-10-CM.
    pub const ICD10CM: &str = "http://hl7.org/fhir/sid/icd-10-cm";
    /// SNOMED CT.
    pub const SNOMED: &str = "http://snomed.info/sct";
    /// RxNorm.
    pub const RXNORM: &str = "http://www.nlm.nih.gov/research/umls/rxnorm";
    /// CVX vaccine codes.
    pub const CVX: &str = "http://hl7.org/fhir/sid/cvx";
    /// HCPCS Level II.
    pub const HCPCS: &str = "http://www.nlm.nih.gov/research/umls/hcpcs";
    /// UCUM units.
    pub const UCUM: &str = "http://unitsofmeasure.org";
    /// HL7 v3 ActCode, the class of an encounter.
    pub const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    /// The systems whose codes value sets and measures can name. A fact without a code of one of these is known to its hospital alone.
    pub const STANDARD: [&str; 18] = [
        LOINC,
        ICD10CM,
        SNOMED,
        RXNORM,
        CVX,
        HCPCS,
        ACT_CODE,
        "http://hl7.org/fhir/sid/icd-9-cm",
        "http://www.cms.gov/Medicare/Coding/ICD10",
        "http://hl7.org/fhir/sid/ndc",
        "http://www.ama-assn.org/go/cpt",
        "http://www.ada.org/cdt",
        "http://fdasis.nlm.nih.gov",
        "https://nahdo.org/sopt",
        "http://terminology.hl7.org/CodeSystem/service-type",
        "http://terminology.hl7.org/CodeSystem/v2-0276",
        "http://terminology.hl7.org/CodeSystem/v3-RoleCode",
        "http://hl7.org/fhir/us/core/CodeSystem/careteam-category",
    ];
}

/// A value set as resolved for evaluation: the interned codes, sorted, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeSet(Vec<CodeId>);

impl CodeSet {
    /// Sorts and deduplicates.
    pub fn new(mut codes: Vec<CodeId>) -> Self {
        codes.sort_unstable();
        codes.dedup();
        Self(codes)
    }

    /// The codes, ascending.
    pub fn as_slice(&self) -> &[CodeId] {
        &self.0
    }

    /// Whether the code is in the set.
    pub fn contains(&self, code: CodeId) -> bool {
        self.0.binary_search(&code).is_ok()
    }
}
