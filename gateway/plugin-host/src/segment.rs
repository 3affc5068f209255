//! Segment plugins behind their port.

use std::sync::Arc;

use async_trait::async_trait;
use gateway_domain::capability::Capability;
use gateway_domain::code::Coding;
use gateway_domain::columns::PatientColumns;
use gateway_domain::fact::FactKinds;
use gateway_domain::issue::Issue;
use gateway_domain::plugin::{PluginKind, PluginName};
use gateway_ports::patient_lookup::PatientLookup;
use gateway_ports::plugins::{
    CodeSetNeed, PluginError, SegmentDescription, SegmentInfo, SegmentNeeds, SegmentPlugin, SegmentQuestion, Verdicts,
};
use tokio::time::timeout;

use crate::abi::v0_1::segment::SegmentPluginPre;
use crate::abi::v0_1::segment::exports::outreach::plugin::segment::{self as wit, Description, Question};
use crate::abi::v0_1::{cut, issues, said};
use crate::asked::Asked;
use crate::attempt::{Attempt, Failure};
use crate::host::CallState;
use crate::host::patient_lookup::People;
use crate::install::{Entry, Installed};
use crate::{Shared, columns};

/// Segments, sets and codes a description may have.
const MOST_SEGMENTS: usize = 1_000;
const MOST_SETS: usize = 10_000;
const MOST_CODES: usize = 200_000;

/// A segment plugin.
pub(crate) struct Segments {
    pub(crate) shared: Arc<Shared>,
    pub(crate) installed: Arc<Installed>,
}

impl Segments {
    fn component(&self) -> Result<&SegmentPluginPre<CallState>, PluginError> {
        match &self.installed.entry {
            Entry::Segment(component) => Ok(component),
            _ => Err(self.installed.is_no(PluginKind::Segment)),
        }
    }

    fn granted(&self, missing: Vec<Capability>) -> Result<(), PluginError> {
        if missing.is_empty() { Ok(()) } else { Err(PluginError::NotGranted { plugin: self.name().to_string(), missing }) }
    }
}

#[async_trait]
impl SegmentPlugin for Segments {
    fn name(&self) -> &PluginName {
        &self.installed.manifest.name
    }

    fn logic(&self) -> &str {
        &self.installed.logic
    }

    async fn check(&self, config: &str) -> Result<Vec<Issue>, PluginError> {
        let component = self.component()?;
        let (attempt, mut store) = Attempt::begin(&self.shared, &self.installed, Asked::check("config", config)).await?;
        let ended = timeout(self.shared.config.call_time, async {
            let plugin = component.instantiate_async(&mut store).await?;
            plugin.outreach_plugin_segment().call_check(&mut store, config).await
        });
        let ended = ended.await;
        attempt.finish(store, ended, issues)
    }

    async fn describe(&self, config: &str) -> Result<SegmentDescription, PluginError> {
        let component = self.component()?;
        let (attempt, mut store) = Attempt::begin(&self.shared, &self.installed, Asked::describe(config)).await?;
        let ended = timeout(self.shared.config.call_time, async {
            let plugin = component.instantiate_async(&mut store).await?;
            plugin.outreach_plugin_segment().call_describe(&mut store, config).await
        });
        let ended = ended.await;
        let description = attempt.finish(store, ended, |answer| described(answer.map_err(|error| said(&error, self.name().as_str()))?))?;
        self.granted(self.installed.sight.misses(description.needs.facts))?;
        Ok(description)
    }

    async fn evaluate(
        &self,
        question: &SegmentQuestion,
        patients: &PatientColumns,
        lookup: Option<Arc<dyn PatientLookup>>,
    ) -> Result<Verdicts, PluginError> {
        let component = self.component()?;
        self.granted(self.installed.sight.misses_of(patients))?;
        let asked = Question {
            config: question.config.to_string(),
            code_sets: question.code_sets.iter().map(|set| set.as_slice().iter().map(|code| code.0).collect()).collect(),
            as_of: question.as_of.as_millisecond(),
            with_evidence: question.with_evidence,
        };
        let mut whole = Verdicts::default();
        for rows in columns::pieces(patients, self.shared.config.batch_patients, self.shared.config.batch_facts) {
            let mut batch = columns::piece(patients, &rows);
            self.installed.sight.blind(&mut batch);
            let seen = Asked::evaluate(question, &batch, self.installed.sight);
            let (attempt, mut store) = Attempt::begin(&self.shared, &self.installed, seen).await?;
            store.data_mut().people = lookup.clone().map(|lookup| People::new(lookup, rows.clone()));
            let ended = timeout(self.shared.config.call_time, async {
                let plugin = component.instantiate_async(&mut store).await?;
                plugin.outreach_plugin_segment().call_evaluate(&mut store, &asked, &batch).await
            });
            let ended = ended.await;
            attempt.finish(store, ended, |answer| {
                let answer = answer.map_err(|error| said(&error, self.name().as_str()))?;
                columns::add(&mut whole, &answer, patients, &rows, question.with_evidence)
            })?;
        }
        Ok(whole)
    }
}

/// Checks a description.
fn described(description: Description) -> Result<SegmentDescription, Failure> {
    let Description { segments, needs } = description;
    if segments.is_empty() || segments.len() > MOST_SEGMENTS || segments.iter().any(|segment| segment.groups.is_empty()) {
        return Err(Failure::Nonsense(format!("{} segments, or one without a group", segments.len())));
    }
    let codes: usize = needs.code_sets.iter().map(|set| if let wit::CodeSet::Codes(codes) = set { codes.len() } else { 1 }).sum();
    if needs.code_sets.len() > MOST_SETS || codes > MOST_CODES {
        return Err(Failure::Nonsense(format!("{} code sets with {codes} codes", needs.code_sets.len())));
    }
    let segments = segments.into_iter().map(|segment| SegmentInfo {
        key: cut(&segment.key),
        title: cut(&segment.title),
        groups: segment.groups.iter().map(|group| cut(group)).collect(),
    });
    let code_sets = needs.code_sets.into_iter().map(|set| match set {
        wit::CodeSet::ValueSet(url) => CodeSetNeed::ValueSet(url),
        wit::CodeSet::Codes(codes) => CodeSetNeed::Codes(codes.into_iter().map(|code| Coding::new(code.system, code.code)).collect()),
    });
    Ok(SegmentDescription {
        segments: segments.collect(),
        needs: SegmentNeeds { facts: kinds(needs.facts), code_sets: code_sets.collect(), lookback_years: needs.lookback_years },
    })
}

/// The kinds of the WIT as those of the domain.
fn kinds(asked: wit::FactKinds) -> FactKinds {
    let pairs = [
        (wit::FactKinds::CONDITION, FactKinds::CONDITION),
        (wit::FactKinds::MEDICATION, FactKinds::MEDICATION),
        (wit::FactKinds::ALLERGY, FactKinds::ALLERGY),
        (wit::FactKinds::IMMUNIZATION, FactKinds::IMMUNIZATION),
        (wit::FactKinds::PROCEDURE, FactKinds::PROCEDURE),
        (wit::FactKinds::OBSERVATION, FactKinds::OBSERVATION),
        (wit::FactKinds::ENCOUNTER, FactKinds::ENCOUNTER),
        (wit::FactKinds::ORDER, FactKinds::ORDER),
        (wit::FactKinds::COVERAGE, FactKinds::COVERAGE),
        (wit::FactKinds::APPOINTMENT, FactKinds::APPOINTMENT),
        (wit::FactKinds::CARE_TEAM, FactKinds::CARE_TEAM),
        (wit::FactKinds::INTERACTION, FactKinds::INTERACTION),
        (wit::FactKinds::SUBSCRIPTION, FactKinds::SUBSCRIPTION),
    ];
    pairs.into_iter().filter(|(wit, _)| asked.contains(*wit)).map(|(_, kind)| kind).collect()
}
