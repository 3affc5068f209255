//! Segments: asked about all patients of a case at once, as the gateway asks.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use gateway_domain::code::{CodeId, CodeSet, Coding};
use gateway_domain::columns::PatientColumns;
use gateway_domain::fact::{CodedFact, FactKinds};
use gateway_domain::plugin::PluginName;
use gateway_domain::value_set::{ValueSet, ValueSetOrigin, ValueSetSummary, ValueSetUrl};
use gateway_ports::patient_lookup::{PatientLookup, PatientLookupError};
use gateway_ports::plugins::{CodeSetNeed, PluginError, Plugins as _, SegmentDescription, SegmentQuestion, Verdicts, population};
use gateway_ports::terminology::{Terminology, TerminologyError};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use outreach_plugin_sdk::segment::Batch;
use outreach_plugin_sdk::testing::{Codes, batch};
use serde_json::{Map, Value, json};

use super::{Observed, RunError, Suite, Surroundings, Usage, at, error_text, whole};
use crate::case::segment::{PatientOfCase, SegmentCase};

const POPULATIONS: [(u8, &str); 5] = [
    (population::INITIAL, "initial"),
    (population::DENOMINATOR, "denominator"),
    (population::EXCLUSION, "exclusion"),
    (population::EXCEPTION, "exception"),
    (population::NUMERATOR, "numerator"),
];

pub(super) async fn run(suite: &Suite, case: &SegmentCase) -> Result<(Vec<Observed>, Usage), RunError> {
    let terminology = Arc::new(ValueSets(case.value_sets.clone()));
    let host = suite.host(Surroundings { terminology: Some(terminology), ..Surroundings::default() }).await?;
    let plugin = match host.segment(suite.name()) {
        Ok(plugin) => plugin,
        Err(error) => return Ok((vec![whole(&[], Some(error_text(&error)))], Usage::default())),
    };
    let issues = match plugin.check(&case.config).await {
        Ok(issues) => issues,
        Err(error) => return Ok((vec![whole(&[], Some(error_text(&error)))], suite.usage(&host))),
    };
    let mut observed = Vec::new();
    let mut error = None;
    if !issues.iter().any(|issue| issue.fatal) {
        match evaluate(plugin.as_ref(), case).await {
            Ok((description, verdicts)) => {
                observed.extend((0..case.patients.len()).map(|patient| verdict(&description, &verdicts, patient)));
            }
            Err(reason) => error = Some(reason),
        }
    }
    observed.push(whole(&issues, error));
    Ok((observed, suite.usage(&host)))
}

async fn evaluate(
    plugin: &dyn gateway_ports::plugins::SegmentPlugin,
    case: &SegmentCase,
) -> Result<(SegmentDescription, Verdicts), String> {
    let said = |error: PluginError| error_text(&error);
    let description = plugin.describe(&case.config).await.map_err(said)?;
    let mut codes = Codes::default();
    let mut code_sets = Vec::new();
    for need in &description.needs.code_sets {
        let spelled_out: Vec<(String, String)> = match need {
            CodeSetNeed::Codes(codes) => codes.iter().map(|coding| (coding.system.clone(), coding.code.clone())).collect(),
            CodeSetNeed::ValueSet(url) => match case.value_sets.get(url) {
                Some(codes) => codes.clone(),
                None => return Err(format!("the plugin needs the value set `{url}`; give its codes in `/value_sets`")),
            },
        };
        code_sets.push(CodeSet::new(spelled_out.iter().map(|(system, code)| CodeId(codes.number(system, code))).collect()));
    }
    let needed: FactKinds = description.needs.facts;
    let people: Vec<_> = case.patients.iter().map(|patient| patient.with_facts(|kind| needed.has(kind))).collect();
    let question =
        SegmentQuestion { config: case.config.as_str().into(), code_sets: code_sets.into(), as_of: noon(case.on)?, with_evidence: true };
    let lookup = Arc::new(PeopleOfCase(case.patients.clone()));
    let verdicts = plugin.evaluate(&question, &columns(batch(&mut codes, &people)), Some(lookup)).await.map_err(said)?;
    Ok((description, verdicts))
}

fn noon(day: Date) -> Result<jiff::Timestamp, String> {
    let noon = day.at(12, 0, 0, 0).to_zoned(TimeZone::UTC);
    noon.map(|noon| noon.timestamp()).map_err(|error| format!("{day} is out of reach: {error}"))
}

/// The same columns, as the gateway has them.
fn columns(batch: Batch) -> PatientColumns {
    PatientColumns {
        birth: batch.birth,
        sex: batch.sex,
        deceased: batch.deceased,
        fact_offset: batch.fact_offset,
        kind: batch.kind,
        code_offset: batch.code_offset,
        code: batch.code,
        fact_flags: batch.fact_flags,
        start: batch.start,
        end: batch.end,
        precision: batch.precision,
        value: batch.value,
        unit: batch.unit,
        value_code: batch.value_code,
        encounter: batch.encounter,
    }
}

/// What was decided over one patient.
fn verdict(description: &SegmentDescription, verdicts: &Verdicts, patient: usize) -> Observed {
    let first = patient * verdicts.groups;
    let bits = verdicts.populations.get(first..first + verdicts.groups).unwrap_or(&[]);
    let groups = description.segments.iter().flat_map(|segment| segment.groups.iter().map(|group| (segment.key.as_str(), group)));
    let (mut segments, mut populations) = (Vec::new(), Map::new());
    for ((segment, group), bits) in groups.zip(bits) {
        if bits & population::MEMBER != 0 && !segments.contains(&segment) {
            segments.push(segment);
        }
        let named: Vec<&str> = POPULATIONS.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| *name).collect();
        if !named.is_empty() {
            populations.insert(group.clone(), json!(named));
        }
    }
    let evidence: Vec<&str> = verdicts.evidence.get(patient).into_iter().flatten().map(|row| row.phrase.as_ref()).collect();
    let mut found = json!({
        "member": !segments.is_empty(),
        "review_on": verdicts.review_on.get(patient).copied().flatten().map(|day| day.to_string()),
        "evidence": evidence,
    });
    if let Some(found) = found.as_object_mut() {
        if description.segments.len() > 1 {
            found.insert("segments".to_owned(), json!(segments));
        }
        if !populations.is_empty() {
            found.insert("populations".to_owned(), Value::Object(populations));
        }
    }
    Observed::Part { pointer: at("patients", patient, "expect"), found }
}

/// The patients of a case, to be looked up. Nobody audits a case.
struct PeopleOfCase(Vec<PatientOfCase>);

#[async_trait]
impl PatientLookup for PeopleOfCase {
    async fn facts(&self, _plugin: &PluginName, row: usize, kinds: FactKinds) -> Result<Arc<[CodedFact]>, PatientLookupError> {
        let patient = self.0.get(row).ok_or(PatientLookupError::Nobody(row))?;
        Ok(patient.coded_facts(kinds).into())
    }

    async fn refused(&self, _plugin: &PluginName, _row: usize, _kinds: FactKinds) -> Result<(), PatientLookupError> {
        Ok(())
    }
}

/// The value sets of a case.
struct ValueSets(BTreeMap<String, Vec<(String, String)>>);

impl ValueSets {
    fn get(&self, value_set: &str) -> Result<ValueSet, TerminologyError> {
        let unknown = || TerminologyError::Unknown(value_set.to_owned());
        let codes = self.0.get(value_set).ok_or_else(unknown)?;
        let codes = codes.iter().map(|(system, code)| Coding::new(system, code)).collect();
        let url = ValueSetUrl::parse(value_set).map_err(|_| unknown())?;
        ValueSet::new(url, None, None, value_set.to_owned(), codes).map_err(|_| unknown())
    }
}

#[async_trait]
impl Terminology for ValueSets {
    /// A case names its sets as it likes.
    async fn expand(&self, value_set: &str) -> Result<Vec<Coding>, TerminologyError> {
        let codes = self.0.get(value_set).ok_or_else(|| TerminologyError::Unknown(value_set.to_owned()))?;
        Ok(codes.iter().map(|(system, code)| Coding::new(system, code)).collect())
    }

    async fn value_set(&self, value_set: &str) -> Result<ValueSet, TerminologyError> {
        self.get(value_set)
    }

    async fn find(&self, value_set: &str) -> Result<ValueSetSummary, TerminologyError> {
        Ok(self.get(value_set)?.summary(ValueSetOrigin::Starter))
    }

    async fn list(&self) -> Result<Vec<ValueSetSummary>, TerminologyError> {
        self.0.keys().map(|name| Ok(self.get(name)?.summary(ValueSetOrigin::Starter))).collect()
    }

    async fn revision(&self) -> Result<i64, TerminologyError> {
        Ok(0)
    }

    async fn display(&self, _coding: &Coding) -> Option<String> {
        None
    }
}
