//! Segments: who belongs to a list of patients, and why. The example of the crate has one that looks at facts.
//!
//! ```
//! use outreach_plugin_sdk::document::Reader;
//! use outreach_plugin_sdk::patient::{CodeSets, Patient, Question};
//! use outreach_plugin_sdk::segment::{Description, Issue, PluginError, Segment, VerdictBuilder};
//! use outreach_plugin_sdk::testing::{Codes, PatientBuilder, ask};
//!
//! /// Everybody from an age on.
//! struct OldEnough {
//!     age: i32,
//! }
//!
//! fn age(document: &mut Reader<'_>) -> Option<i32> {
//!     document.object(&["age"]);
//!     document.member("age").integer(0, 130).map(|age| age as i32)
//! }
//!
//! impl Segment for OldEnough {
//!     fn check(config: &str) -> Vec<Issue> {
//!         Reader::check(config, |document| {
//!             age(document);
//!         })
//!     }
//!
//!     fn describe(config: &str) -> Result<Description, PluginError> {
//!         let age = Reader::require(config, age)?;
//!         Ok(Description::one("old-enough", format!("{age} and older")))
//!     }
//!
//!     fn prepare(config: &str, _sets: CodeSets<'_>) -> Result<Self, PluginError> {
//!         Ok(Self { age: Reader::require(config, age)? })
//!     }
//!
//!     fn evaluate(&self, patient: Patient<'_>, question: Question, verdict: &mut VerdictBuilder<'_>) {
//!         let Some(birth) = patient.birth() else { return };
//!         let birthday = outreach_plugin_sdk::day::Day::birthday(birth, self.age);
//!         if birthday <= question.as_of {
//!             verdict.member(0);
//!             verdict.without_fact(format_args!("{} years old on {birthday}", self.age));
//!         } else {
//!             verdict.review_on(birthday);
//!         }
//!     }
//! }
//!
//! let mut codes = Codes::default();
//! let people = [PatientBuilder::born("1960-01-01"), PatientBuilder::born("1980-01-01"), PatientBuilder::unknown()];
//! let answer = ask::<OldEnough>(r#"{ "age": 50 }"#, &mut codes, "2026-11-23", &people).unwrap();
//! assert_eq!([0, 1, 2].map(|person| answer.is_member(person)), [Some(true), Some(false), Some(false)]);
//! assert_eq!(answer.review_on(1).to_string(), "2030-01-01");
//!
//! // A configuration that can't be used decides nothing.
//! let error = ask::<OldEnough>(r#"{ "age": "fifty" }"#, &mut codes, "2026-11-23", &people).unwrap_err();
//! assert!(matches!(error, PluginError::Invalid(why) if why.contains("/age")));
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;

pub use crate::bindings::segment::exports::outreach::plugin::segment::{
    Batch, CodeSet as CodeSetNeed, Description, FactKinds, Needs, Question as BatchQuestion, SegmentInfo, Verdicts,
};
pub use crate::bindings::segment::outreach::plugin::types::{Coding, Issue, PluginError};
use crate::day::Day;
use crate::fact::FactKind;
use crate::patient::{CodeSets, Fact, Patient, Question};

/// Bits of a population.
pub mod population {
    /// In the initial population.
    pub const INITIAL: u8 = 1;
    /// In the denominator.
    pub const DENOMINATOR: u8 = 2;
    /// Excluded.
    pub const EXCLUSION: u8 = 4;
    /// An exception.
    pub const EXCEPTION: u8 = 8;
    /// In the numerator.
    pub const NUMERATOR: u8 = 16;
    /// A member of the segment.
    pub const MEMBER: u8 = 32;
}

/// A segment plugin.
pub trait Segment: Sized {
    /// Findings about a configuration; none means it can be used.
    fn check(config: &str) -> Vec<Issue>;

    /// What is offered and needed under a configuration.
    ///
    /// # Errors
    /// Where the configuration can't be used.
    fn describe(config: &str) -> Result<Description, PluginError>;

    /// Reads the configuration once for a batch; the code sets are those of the description, resolved.
    ///
    /// # Errors
    /// Where the configuration can't be used.
    fn prepare(config: &str, sets: CodeSets<'_>) -> Result<Self, PluginError>;

    /// Decides over one patient. A patient of whom nothing is said is no member.
    fn evaluate(&self, patient: Patient<'_>, question: Question, verdict: &mut VerdictBuilder<'_>);
}

impl Issue {
    /// A finding that must be mended before the document can be used.
    pub fn fatal(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into(), fatal: true }
    }

    /// A finding that is worth a look.
    pub fn advice(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into(), fatal: false }
    }
}

impl Description {
    /// A plugin with one segment of one group.
    pub fn one(key: impl Into<String>, title: impl Into<String>) -> Self {
        let key = key.into();
        let segment = SegmentInfo { groups: vec![key.clone()], key, title: title.into() };
        Self { segments: vec![segment], needs: Needs { facts: FactKinds::empty(), code_sets: Vec::new(), lookback_years: None } }
    }

    /// Facts of these kinds are needed, too.
    pub fn facts(mut self, kinds: impl IntoIterator<Item = FactKind>) -> Self {
        self.needs.facts |= kinds.into_iter().map(FactKind::as_set).collect();
        self
    }

    /// This set of codes is needed, too; sets are numbered from 0 in the order of these calls.
    pub fn code_set(mut self, set: CodeSetNeed) -> Self {
        self.needs.code_sets.push(set);
        self
    }

    /// Facts older than so many years are not looked at.
    pub fn lookback_years(mut self, years: u16) -> Self {
        self.needs.lookback_years = Some(years);
        self
    }
}

/// The verdict over one patient, in the making.
pub struct VerdictBuilder<'a> {
    columns: &'a mut Columns,
    first_group: usize,
    with_evidence: bool,
}

impl VerdictBuilder<'_> {
    /// Sets population bits of a group, counted from 0 over all segments of the description.
    pub fn populations(&mut self, group: usize, bits: u8) {
        if let Some(populations) = self.columns.verdicts.populations.get_mut(self.first_group + group) {
            *populations |= bits;
        }
    }

    /// The patient is a member by this group.
    pub fn member(&mut self, group: usize) {
        self.populations(group, population::MEMBER);
    }

    /// The answer can change on this day without new data. The earliest such day counts.
    pub fn review_on(&mut self, day: Day) {
        if let Some(review) = self.columns.verdicts.review_on.last_mut() {
            *review = day.0.min(*review);
        }
    }

    /// How much evidence there is by now.
    pub fn count(&self) -> usize {
        let before = self.columns.verdicts.evidence_offset.last().map_or(0, |offset| *offset as usize);
        self.columns.verdicts.evidence_fact.len() - before
    }

    /// Ends the call with an error: nobody of the batch is decided over, and what everybody was before stays. For what the plugin must know and the
    /// gateway can't say.
    pub fn stop(&mut self, error: PluginError) {
        self.columns.stopped.get_or_insert(error);
    }

    /// Whether evidence is wanted.
    pub const fn wants_evidence(&self) -> bool {
        self.with_evidence
    }

    /// A fact that counts, and why.
    pub fn evidence(&mut self, fact: Fact<'_>, phrase: impl fmt::Display) {
        self.add(fact.row(), phrase);
    }

    /// Something that counts and is no fact: an age, or what was looked for and not found.
    pub fn without_fact(&mut self, phrase: impl fmt::Display) {
        self.add(u32::MAX, phrase);
    }

    fn add(&mut self, row: u32, phrase: impl fmt::Display) {
        if !self.with_evidence {
            return;
        }
        let Some(phrase) = self.columns.phrase(phrase) else { return };
        self.columns.verdicts.evidence_fact.push(row);
        self.columns.verdicts.evidence_phrase.push(phrase);
    }
}

/// The columns of the answer, and the phrases by their words.
struct Columns {
    verdicts: Verdicts,
    places: BTreeMap<String, u16>,
    buffer: String,
    stopped: Option<PluginError>,
}

impl Columns {
    /// The place of a phrase; each is kept once. `None` where a batch has more phrases than can be numbered.
    fn phrase(&mut self, phrase: impl fmt::Display) -> Option<u16> {
        self.buffer.clear();
        write!(self.buffer, "{phrase}").ok()?;
        if let Some(place) = self.places.get(&self.buffer) {
            return Some(*place);
        }
        let place = u16::try_from(self.verdicts.phrases.len()).ok()?;
        self.verdicts.phrases.push(self.buffer.clone());
        self.places.insert(self.buffer.clone(), place);
        Some(place)
    }
}

/// The answer of a plugin for a batch: what the exported function does.
///
/// # Errors
/// Where the configuration can't be used, or the plugin stopped.
pub fn evaluate_batch<S: Segment>(question: &BatchQuestion, patients: &Batch) -> Result<Verdicts, PluginError> {
    let groups: usize = S::describe(&question.config)?.segments.iter().map(|segment| segment.groups.len()).sum();
    let plugin = S::prepare(&question.config, CodeSets(&question.code_sets))?;
    let asked = Question { as_of: Day::of_instant(question.as_of), with_evidence: question.with_evidence };
    let rows = patients.birth.len();
    let mut columns = Columns {
        verdicts: Verdicts {
            populations: vec![0; rows * groups],
            review_on: Vec::with_capacity(rows),
            evidence_offset: if asked.with_evidence { vec![0] } else { Vec::new() },
            evidence_fact: Vec::new(),
            evidence_phrase: Vec::new(),
            phrases: Vec::new(),
        },
        places: BTreeMap::new(),
        buffer: String::new(),
        stopped: None,
    };
    for row in 0..rows {
        columns.verdicts.review_on.push(i32::MAX);
        let mut verdict = VerdictBuilder { columns: &mut columns, first_group: row * groups, with_evidence: asked.with_evidence };
        plugin.evaluate(Patient::new(patients, row), asked, &mut verdict);
        if let Some(error) = columns.stopped.take() {
            return Err(error);
        }
        if asked.with_evidence {
            let offset = columns.verdicts.evidence_fact.len() as u32;
            columns.verdicts.evidence_offset.push(offset);
        }
    }
    Ok(columns.verdicts)
}

/// The plugin as what the world exports.
#[doc(hidden)]
pub struct SegmentGuest<S>(std::marker::PhantomData<S>);

impl<S: Segment + 'static> crate::bindings::segment::exports::outreach::plugin::segment::Guest for SegmentGuest<S> {
    fn check(config: String) -> Vec<Issue> {
        crate::silence_panics();
        S::check(&config)
    }

    fn describe(config: String) -> Result<Description, PluginError> {
        crate::silence_panics();
        S::describe(&config)
    }

    fn evaluate(question: BatchQuestion, patients: Batch) -> Result<Verdicts, PluginError> {
        crate::silence_panics();
        evaluate_batch::<S>(&question, &patients)
    }
}

/// Makes a type that is a [`Segment`] the plugin of this component. Natively it does nothing.
#[macro_export]
macro_rules! export_segment {
    ($plugin:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Guest = $crate::segment::SegmentGuest<$plugin>;
    $crate::bindings::segment::export_segment_world!(Guest with_types_in $crate::bindings::segment);
        };
    };
}
