//! Lookups of patients and value sets by a real component: what was granted is answered, page by page, what was not is refused, and each look
//! reaches the one who audits, or is not made.

use std::future::pending;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use gateway_domain::capability::Capability;
use gateway_domain::code::Coding;
use gateway_domain::columns::PatientColumns;
use gateway_domain::date::PartialDate;
use gateway_domain::fact::{CodedFact, FactFlags, FactKind, FactKinds};
use gateway_domain::plugin::PluginName;
use gateway_domain::plugin_call::HostFunction;
use gateway_domain::value_set::{ValueSet, ValueSetSummary};
use gateway_plugin_host::{HostConfig, HostDependencies, InstallError, PluginHost};
use gateway_ports::patient_lookup::{PatientLookup, PatientLookupError};
use gateway_ports::plugins::{PluginError, Plugins, SegmentQuestion, Verdicts};
use gateway_ports::terminology::{NoTerminology, Terminology, TerminologyError};
use jiff::Timestamp;

use crate::{HandClock, built};

static COMPONENT: LazyLock<Vec<u8>> = LazyLock::new(|| built("looking"));

const ICD_10: &str = "http://hl7.org/fhir/sid/icd-10-cm";

/// One set of 2,500 codes, each said twice.
struct Large;

#[async_trait]
impl Terminology for Large {
    async fn expand(&self, value_set: &str) -> Result<Vec<Coding>, TerminologyError> {
        let codes = |count: usize| (0..count).rev().map(|number| Coding::new("urn:system", format!("{:05}", number / 2))).collect();
        match value_set {
            "urn:large" => Ok(codes(5_000)),
            "urn:endless" => Ok(codes(500_000)),
            "urn:away" => Err(TerminologyError::Unavailable("the database is away".to_owned())),
            _ => NoTerminology.expand(value_set).await,
        }
    }

    async fn value_set(&self, value_set: &str) -> Result<ValueSet, TerminologyError> {
        NoTerminology.value_set(value_set).await
    }

    async fn find(&self, value_set: &str) -> Result<ValueSetSummary, TerminologyError> {
        NoTerminology.find(value_set).await
    }

    async fn list(&self) -> Result<Vec<ValueSetSummary>, TerminologyError> {
        NoTerminology.list().await
    }

    async fn revision(&self) -> Result<i64, TerminologyError> {
        NoTerminology.revision().await
    }

    async fn display(&self, _coding: &Coding) -> Option<String> {
        None
    }
}

/// What was asked: by whom, of which row, which kinds, and whether it was refused.
type Look = (String, usize, FactKinds, bool);

/// A batch of which everybody has as many conditions as the number of the row, times a hundred.
#[derive(Default)]
struct Batch {
    looks: Mutex<Vec<Look>>,
    is_away: bool,
    never_answers: bool,
}

#[async_trait]
impl PatientLookup for Batch {
    async fn facts(&self, plugin: &PluginName, row: usize, kinds: FactKinds) -> Result<Arc<[CodedFact]>, PatientLookupError> {
        if self.never_answers {
            return pending().await;
        }
        if self.is_away {
            return Err(PatientLookupError::Unavailable(row));
        }
        self.looks.lock().unwrap().push((plugin.to_string(), row, kinds, false));
        let fact = |number: usize| CodedFact {
            kind: FactKind::Condition,
            codes: vec![Coding { display: Some("Diabetes".to_owned()), ..Coding::new(ICD_10, format!("E11.{number}")) }],
            flags: FactFlags::EFFECTIVE | FactFlags::ACTIVE,
            start: PartialDate::parse("2020-02"),
            end: None,
            value: None,
            unit: None,
            value_code: None,
        };
        Ok((0..row * 100).map(fact).collect())
    }

    async fn refused(&self, plugin: &PluginName, row: usize, kinds: FactKinds) -> Result<(), PatientLookupError> {
        self.looks.lock().unwrap().push((plugin.to_string(), row, kinds, true));
        Ok(())
    }
}

fn manifest(asks: &[&str]) -> String {
    format!("name = \"looking\"\nversion = \"0.1.0\"\nkind = \"segment\"\ndescription = \"Looks.\"\nasks = {asks:?}")
}

const ASKS: [&str; 3] = ["lookup", "lookup:condition", "lookup:observation"];

async fn host_with(config: HostConfig, granted: &[&str]) -> Result<PluginHost, InstallError> {
    let dependencies = HostDependencies { terminology: Some(Arc::new(Large)), ..HostDependencies::new(Arc::new(HandClock::default())) };
    let host = PluginHost::new(config, dependencies)?;
    let granted: Vec<Capability> = granted.iter().map(|text| text.parse().unwrap()).collect();
    host.install(&manifest(&ASKS), &COMPONENT, &granted, false).await?;
    Ok(host)
}

async fn host() -> PluginHost {
    // Two patients a call: rows of the whole batch are not rows of a call.
    host_with(HostConfig { batch_patients: 2, ..HostConfig::for_testing() }, &["lookup", "lookup:condition"]).await.unwrap()
}

async fn asked(host: &PluginHost, config: &str, patients: usize, lookup: Option<Arc<Batch>>) -> Result<Verdicts, PluginError> {
    let question =
        SegmentQuestion { config: Arc::from(config), code_sets: Arc::from([]), as_of: Timestamp::UNIX_EPOCH, with_evidence: true };
    let people = PatientColumns {
        birth: vec![0; patients],
        sex: vec![0; patients],
        deceased: vec![0; patients],
        fact_offset: vec![0; patients + 1],
        code_offset: vec![0],
        ..PatientColumns::default()
    };
    let plugin = host.segment(&PluginName::new("looking").unwrap()).unwrap();
    plugin.evaluate(&question, &people, lookup.map(|lookup| lookup as Arc<dyn PatientLookup>)).await
}

fn told(verdicts: &Verdicts) -> Vec<&str> {
    verdicts.evidence.iter().flatten().map(|row| row.phrase.as_ref()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_is_looked_up_by_row_and_read_to_the_end() {
    let (host, batch) = (host().await, Arc::new(Batch::default()));
    let verdicts = asked(&host, "look condition", 4, Some(batch.clone())).await.unwrap();
    let told = told(&verdicts);
    assert_eq!(told[0], "0 facts, [], None");
    let codes = format!("\"{ICD_10}|E11.0|Some(\\\"Diabetes\\\")\"");
    assert!(told[3].starts_with("300 facts, [") && told[3].contains(&codes) && told[3].ends_with("Some(\"2020-02-01\")"), "{}", told[3]);
    let looks: Vec<usize> = batch.looks.lock().unwrap().iter().map(|(_, row, _, _)| *row).collect();
    assert_eq!(looks, [0, 1, 2, 3, 3], "the last has two pages, and each is a look");
    assert_eq!(batch.looks.lock().unwrap()[0], ("looking".to_owned(), 0, FactKinds::CONDITION, false));
    let calls = host.calls(&PluginName::new("looking").unwrap()).unwrap();
    let looks = calls[0].host.iter().find(|used| used.function == HostFunction::PatientLookup).unwrap();
    assert_eq!(looks.calls, 3, "of the last two patients");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_was_not_granted_is_refused_and_that_is_written_down() {
    let (host, batch) = (host().await, Arc::new(Batch::default()));
    let error = asked(&host, "look condition observation", 1, Some(batch.clone())).await.unwrap_err();
    assert!(matches!(&error, PluginError::Refused { reason, .. } if reason.contains("`lookup:observation`")), "{error}");
    assert_eq!(*batch.looks.lock().unwrap(), [("looking".to_owned(), 0, FactKinds::CONDITION | FactKinds::OBSERVATION, true)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_decided_over_while_a_look_can_not_be_made() {
    let host = host().await;
    let away = Batch { is_away: true, ..Batch::default() };
    let error = asked(&host, "look condition", 1, Some(Arc::new(away))).await.unwrap_err();
    assert!(matches!(error, PluginError::Unavailable { .. }), "{error}");
    let error = asked(&host, "look condition", 1, None).await.unwrap_err();
    assert!(matches!(&error, PluginError::Refused { reason, .. } if reason.contains("while a batch is evaluated")), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_takes_too_long_is_given_up() {
    let config = HostConfig { lookup_time: Duration::from_millis(50), ..HostConfig::for_testing() };
    let host = host_with(config, &ASKS).await.unwrap();
    let silent = Batch { never_answers: true, ..Batch::default() };
    let error = asked(&host, "look condition", 1, Some(Arc::new(silent))).await.unwrap_err();
    assert!(matches!(error, PluginError::Unavailable { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_looks_at_a_bounded_number_of_patients() {
    let config = HostConfig { patient_lookups: 20, ..HostConfig::for_testing() };
    let (host, batch) = (host_with(config, &ASKS).await.unwrap(), Arc::new(Batch::default()));
    let error = asked(&host, "look-often condition", 1, Some(batch.clone())).await.unwrap_err();
    assert!(matches!(&error, PluginError::Refused { reason, .. } if reason.contains("too many")), "{error}");
    assert_eq!(batch.looks.lock().unwrap().len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_set_is_expanded_page_by_page_in_order_and_each_code_once() {
    let host = host().await;
    let verdicts = asked(&host, "expand urn:large", 1, None).await.unwrap();
    assert_eq!(told(&verdicts), ["2500 codes, Some(\"02499\")"]);
    let verdicts = asked(&host, "expand urn:unheard-of", 1, None).await.unwrap();
    assert_eq!(told(&verdicts), ["no such set"]);
    // That nobody can say now is not the answer that nobody knows it.
    let error = asked(&host, "expand urn:away", 1, None).await.unwrap_err();
    assert!(matches!(error, PluginError::Unavailable { .. }), "{error}");
    let error = asked(&host, "expand urn:endless", 1, None).await.unwrap_err();
    assert!(matches!(&error, PluginError::Refused { reason, .. } if reason.contains("250000 codes")), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_looks_patients_up_is_granted_a_kind_or_not_installed() {
    let error = host_with(HostConfig::for_testing(), &["lookup"]).await.err().unwrap();
    assert!(matches!(&error, InstallError::NotGranted { import, .. } if import.contains("patient-lookup")), "{error}");
    assert!(error.to_string().contains("`lookup:condition`"), "{error}");
}
