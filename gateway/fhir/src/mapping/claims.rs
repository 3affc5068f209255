//! What a resource claims to be by `meta.profile`, as far as measures ask for it.

use std::collections::HashMap;
use std::sync::Arc;

use fhir_profiles::Mapping;
use gateway_domain::code::{Coding, systems};

use super::lean::Meta;

/// The part of a canonical URL that says that a profile is one of QI-Core.
const QI_CORE: &str = "/us/qicore/";
/// Profiles of QI-Core for what was not done, by the end of their URLs.
const NOT_DONE: [&str; 13] = [
    "notdone",
    "notrequested",
    "notdispensed",
    "notadministered",
    "notordered",
    "mednotrequested",
    "devicenotrequested",
    "servicenotrequested",
    "procedurenotdone",
    "observationnotdone",
    "immunizationnotdone",
    "communicationnotdone",
    "taskrejected",
];

/// What a resource claims.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Claims {
    /// Places of the vital signs whose profiles it names.
    vital_signs: u8,
    /// Whether it names a profile of QI-Core, and so all that it is.
    pub(super) is_qi_core: bool,
    /// Whether it names a profile for what was not done.
    pub(super) is_not_done: bool,
}

impl Claims {
    /// What is taken from them, for the hash of the content; nothing where nothing is.
    pub(super) fn bytes(&self) -> Vec<u8> {
        if *self == Self::default() { Vec::new() } else { vec![self.vital_signs, u8::from(self.is_qi_core), u8::from(self.is_not_done)] }
    }
}

/// How vital signs are known.
#[derive(Default)]
pub(super) struct VitalSigns {
    /// By place: the code that stands for the vital sign.
    codings: Vec<Arc<Coding>>,
    profiles: HashMap<String, usize>,
    /// From a LOINC code to places.
    codes: HashMap<String, usize>,
}

impl VitalSigns {
    pub(super) fn new(mapping: &Mapping) -> Self {
        let mut all = Self::default();
        for (name, sign) in mapping.vital_signs.iter().take(8) {
            let place = all.codings.len();
            all.codings.push(Arc::new(Coding::new(systems::VITAL_SIGN, name)));
            all.profiles.extend(sign.profiles.iter().map(|url| (url.clone(), place)));
            all.codes.extend(sign.codes.iter().map(|code| (code.clone(), place)));
        }
        all
    }

    pub(super) fn claims(&self, meta: &Meta<'_>) -> Claims {
        let mut claims = Claims::default();
        for profile in meta.profile.iter().filter_map(|it| it.get()) {
            let url = profile.split_once('|').map_or(profile, |(url, _)| url);
            if let Some(place) = self.profiles.get(url) {
                claims.vital_signs |= 1 << place;
            }
            if url.contains(QI_CORE) {
                claims.is_qi_core = true;
                claims.is_not_done |= NOT_DONE.iter().any(|end| url.ends_with(end));
            }
        }
        claims
    }

    /// The codes of the vital signs that a measurement is, by what it claims and by its own codes.
    pub(super) fn of(&self, claims: &Claims, codes: &[Arc<Coding>]) -> Vec<Arc<Coding>> {
        let mut places = claims.vital_signs;
        if !claims.is_qi_core {
            let loinc = codes.iter().filter(|coding| coding.system == systems::LOINC);
            places |= loinc.filter_map(|coding| self.codes.get(&coding.code)).fold(0, |all, place| all | 1 << place);
        }
        if places == 0 {
            return Vec::new();
        }
        self.codings.iter().enumerate().filter(|(place, _)| places & (1 << place) != 0).map(|(_, coding)| coding.clone()).collect()
    }
}
