//! Codes from terminologies. A code is interned once (`code` table) and referred to by [`CodeId`] from then on.

use std::collections::HashMap;
use std::sync::Arc;

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

/// Codings of a piece of resources, each once: a thousand blood pressures have the same code. Whoever reads the piece has one of these, and
/// it lasts no longer than the piece.
#[derive(Default)]
pub struct SharedCodings {
    /// By how the source writes it; `None` for what is no coding.
    known: HashMap<Box<[u8]>, Option<Arc<Coding>>, foldhash::fast::RandomState>,
    /// Where the way of writing is put together.
    written: Vec<u8>,
}

impl SharedCodings {
    /// The coding that the source writes so; read by `read` where it was not met before.
    pub fn of(
        &mut self,
        system: Option<&str>,
        code: &str,
        display: Option<&str>,
        read: impl FnOnce() -> Option<Coding>,
    ) -> Option<Arc<Coding>> {
        self.written.clear();
        for part in [system, Some(code), display] {
            // A length that no text has stands for none.
            self.written.extend(part.map_or(usize::MAX, str::len).to_ne_bytes());
            self.written.extend(part.unwrap_or_default().as_bytes());
        }
        if let Some(known) = self.known.get(self.written.as_slice()) {
            return known.clone();
        }
        let new = read().map(Arc::new);
        self.known.insert(self.written.as_slice().into(), new.clone());
        new
    }
}

/// What a code says of a fact, where it is not what the fact is about. Such a code has the role before its system, so that it is never taken
/// for what the fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodeRole {
    /// Where in the body.
    BodySite,
    /// Why something was not done.
    Reason,
    /// Where somebody went after a stay.
    Disposition,
    /// A further coding of an answer.
    Answer,
}

impl CodeRole {
    const ALL: [(Self, &'static str); 4] =
        [(Self::BodySite, "body-site"), (Self::Reason, "reason"), (Self::Disposition, "disposition"), (Self::Answer, "answer")];

    /// The word for it.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(role, _)| *role == self).map_or("", |(_, word)| word)
    }

    /// A coding in this role.
    pub fn of(self, coding: &Coding) -> Coding {
        Coding { system: format!("{}:{}", self.word(), coding.system), code: coding.code.clone(), display: coding.display.clone() }
    }

    /// The value set and the role that a plugin asks for as `<canonical URL>#<role>`.
    pub fn of_value_set(asked: &str) -> (&str, Option<Self>) {
        let role = |word: &str| Self::ALL.iter().find(|(_, known)| *known == word).map(|(role, _)| *role);
        match asked.rsplit_once('#') {
            Some((url, word)) => role(word).map_or((asked, None), |role| (url, Some(role))),
            None => (asked, None),
        }
    }

    /// The role that the system of a coding names, and the coding without it.
    pub fn split(coding: &Coding) -> Option<(Self, Coding)> {
        Self::ALL.iter().find_map(|(role, word)| {
            let system = coding.system.strip_prefix(word)?.strip_prefix(':')?;
            Some((*role, Coding { system: system.to_owned(), ..coding.clone() }))
        })
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
    /// Vital signs as measures name them, however a server does: `blood-pressure`, `bmi`, `body-height`, `body-weight`.
    pub const VITAL_SIGN: &str = "https://outreach-gateway.org/fhir/CodeSystem/vital-sign";
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_of_a_piece_is_read_once_and_what_is_written_otherwise_is_another() {
        let mut shared = SharedCodings::default();
        let mut read = 0;
        let mut of = |system: Option<&str>, code: &str, display: Option<&str>| {
            shared.of(system, code, display, || {
                read += 1;
                (code != "none").then(|| Coding::new(system.unwrap_or_default(), code))
            })
        };
        let first = of(Some("s"), "c", None).unwrap();
        assert!(Arc::ptr_eq(&first, &of(Some("s"), "c", None).unwrap()));
        for (system, code, display) in [(None, "c", None), (Some(""), "sc", None), (Some("s"), "c", Some("")), (Some("sc"), "", None)] {
            assert!(!Arc::ptr_eq(&first, &of(system, code, display).unwrap()), "{system:?} {code} {display:?}");
        }
        assert_eq!((of(None, "none", None), of(None, "none", None)), (None, None));
        assert_eq!(read, 6);
    }
}
