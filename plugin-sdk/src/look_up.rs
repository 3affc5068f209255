//! A closer look at one patient: facts of kinds that are not in the batch, with their codes spelled out. Capability `lookup:` with each kind.
//!
//! A batch brings what decides over most patients; this is for the few that need more, and each look is a line in the hospital's audit.
//!
//! ```
//! use outreach_plugin_sdk::fact::FactKind;
//! use outreach_plugin_sdk::patient::{CodeSets, Patient, Question};
//! use outreach_plugin_sdk::segment::{Description, Issue, PluginError, Segment, VerdictBuilder};
//! use outreach_plugin_sdk::testing::{Codes, FakeGateway, PatientBuilder};
//!
//! const ICD_10: &str = "http://hl7.org/fhir/sid/icd-10-cm";
//!
//! /// Visitors with any diagnosis of diabetes: by the first letters of the code, which no list of codes can say.
//! struct Diabetes;
//!
//! impl Segment for Diabetes {
//!     fn check(_config: &str) -> Vec<Issue> {
//!         Vec::new()
//!     }
//!
//!     fn describe(_config: &str) -> Result<Description, PluginError> {
//!         Ok(Description::one("diabetes", "Diabetes").facts([FactKind::Encounter]))
//!     }
//!
//!     fn prepare(_config: &str, _sets: CodeSets<'_>) -> Result<Self, PluginError> {
//!         Ok(Self)
//!     }
//!
//!     fn evaluate(&self, patient: Patient<'_>, _question: Question, verdict: &mut VerdictBuilder<'_>) {
//!         if !patient.encounters().exists() {
//!             return;
//!         }
//!         match patient.look_up([FactKind::Condition]) {
//!             Ok(known) => {
//!                 let mut codes = known.iter().filter(|fact| fact.counts()).flat_map(|fact| fact.codes());
//!                 if codes.any(|(system, code, _)| system == ICD_10 && code.starts_with("E11")) {
//!                     verdict.member(0);
//!                 }
//!             }
//!             // Not known is not the same as not there: nobody is decided over then.
//!             Err(error) => verdict.stop(error),
//!         }
//!     }
//! }
//!
//! let visitor = PatientBuilder::born("1970-05-01").visit("2026-03-01");
//! let people = [visitor.clone().condition(ICD_10, "E11.9", "2020"), visitor, PatientBuilder::unknown()];
//! let mut gateway = FakeGateway::default().grant_lookup([FactKind::Condition]);
//! let answer = gateway.ask::<Diabetes>("{}", &mut Codes::default(), "2026-11-23", &people).unwrap();
//! assert_eq!([0, 1, 2].map(|person| answer.is_member(person)), [Some(true), Some(false), Some(false)]);
//! // Nobody looked at the third, who was never here.
//! assert_eq!(gateway.looked_up(), [0, 1]);
//!
//! // What was not granted is refused, and then nobody is decided over.
//! let refused = FakeGateway::default().ask::<Diabetes>("{}", &mut Codes::default(), "2026-11-23", &people).unwrap_err();
//! assert!(matches!(refused, PluginError::Refused(why) if why.contains("`lookup:condition`")));
//! ```

use crate::bindings::segment::outreach::plugin::patient_lookup as wit;
#[cfg(target_arch = "wasm32")]
use crate::bindings::segment::outreach::plugin::patient_lookup as gateway;
use crate::day::Day;
use crate::fact::{FactFlags, FactKind};
use crate::patient::Patient;
use crate::segment::PluginError;
#[cfg(not(target_arch = "wasm32"))]
use crate::testing::clinical as gateway;

/// A clinical statement with its codes spelled out.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownFact(wit::Fact);

impl Patient<'_> {
    /// Facts of these kinds, those that began last first; also those that were entered in error, not done or merely planned (see
    /// [`KnownFact::counts`]).
    ///
    /// # Errors
    /// `Refused` where a kind was not granted or the call looked too often, `Unavailable` where the gateway can't answer now. Hand it to
    /// [`stop`](crate::segment::VerdictBuilder::stop), unless the patient can be decided over without.
    pub fn look_up(&self, kinds: impl IntoIterator<Item = FactKind>) -> Result<Vec<KnownFact>, PluginError> {
        let kinds = kinds.into_iter().fold(wit::Kinds::empty(), |all, kind| all | wit::Kinds::from_bits_retain(1 << kind as u8));
        let mut facts = Vec::new();
        let mut first = 0;
        loop {
            let page = gateway::facts(self.row() as u32, kinds, first)?;
            facts.extend(page.facts.into_iter().map(KnownFact));
            match page.next {
                Some(next) => first = next,
                None => return Ok(facts),
            }
        }
    }
}

impl KnownFact {
    /// Its kind.
    pub fn kind(&self) -> Option<FactKind> {
        FactKind::ALL.get(usize::from(self.0.kind)).map(|(kind, _)| *kind)
    }

    /// Its flags.
    pub const fn flags(&self) -> FactFlags {
        FactFlags::from_bits_retain(self.0.fact_flags)
    }

    /// Whether it counts: not entered in error, not left undone, not merely planned.
    pub const fn counts(&self) -> bool {
        !self.flags().intersects(FactFlags::IN_ERROR.union(FactFlags::NOT_DONE).union(FactFlags::PLANNED))
    }

    /// Its codes: system, code, and what the source calls it.
    pub fn codes(&self) -> impl Iterator<Item = (&str, &str, Option<&str>)> {
        self.0.codes.iter().map(spelled)
    }

    /// Its quantity.
    pub const fn value(&self) -> Option<f64> {
        self.0.value
    }

    /// The unit of its quantity: system, code, and what the source calls it.
    pub fn unit(&self) -> Option<(&str, &str, Option<&str>)> {
        self.0.unit.as_ref().map(spelled)
    }

    /// Its coded answer: system, code, and what the source calls it.
    pub fn value_code(&self) -> Option<(&str, &str, Option<&str>)> {
        self.0.value_code.as_ref().map(spelled)
    }

    /// The first day it can have begun, where that is known.
    pub fn first_day(&self) -> Option<Day> {
        (self.0.start != i64::MIN).then(|| Day::of_instant(self.0.start))
    }

    /// The last day it can have lasted, where that is known and it does not go on.
    pub fn last_day(&self) -> Option<Day> {
        (self.0.end != i64::MAX).then(|| Day::of_instant(self.0.end))
    }
}

fn spelled(code: &wit::NamedCode) -> (&str, &str, Option<&str>) {
    (&code.coding.system, &code.coding.code, code.display.as_deref())
}
