//! `outreach measure`: prebuilt measures, and their evaluation over patients in files, by the code and the plugin a gateway has.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use fhir_profiles::Mapping;
use gateway_domain::code::Coding;
use gateway_domain::ids::SourceNo;
use gateway_domain::plugin::PluginName;
use gateway_fhir::FhirReader;
use gateway_outreach::measures::{self, Case};
use gateway_plugin_host::{HostConfig, HostDependencies, Manifest, PluginHost};
use gateway_ports::ehr::ResourceReader as _;
use gateway_ports::plugins::{Plugins as _, SegmentPlugin, population};
use gateway_terminology::Assembly;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::cli::{EvaluateArguments, MeasureCommand};
use crate::config::{LogFormat, LogSection};
use crate::progress::{say, table};
use crate::system::SystemClock;

/// The plugin that decides over measures.
const PLUGIN: &str = "segment-measures";
/// Where the patients of a file are taken to come from; nothing is fetched from there.
const BASE: &str = "https://cases.invalid/fhir";

/// Populations as FHIR names them (`http://terminology.hl7.org/CodeSystem/measure-population`), with the part of a document that defines
/// each.
const POPULATIONS: [(u8, &str, &str); 5] = [
    (population::INITIAL, "initial-population", "initial_population"),
    (population::DENOMINATOR, "denominator", "initial_population"),
    (population::EXCLUSION, "denominator-exclusion", "denominator_exclusion"),
    (population::NUMERATOR, "numerator", "numerator"),
    (population::EXCEPTION, "denominator-exception", "denominator_exception"),
];

/// Does what the command line asks.
///
/// # Errors
/// Naming the measure, file or value set, and what is wrong with it.
pub(crate) async fn run(command: &MeasureCommand) -> anyhow::Result<()> {
    crate::logging::start(&LogSection { format: LogFormat::Text, level: "warn".to_owned() })?;
    match command {
        MeasureCommand::List => {
            let rows: Vec<_> = fhir_profiles::measures()?
                .into_iter()
                .map(|measure| vec![measure.name, measure.id.unwrap_or_else(|| "-".to_owned()), measure.title])
                .collect();
            table(&["NAME", "ALIGNED WITH", "TITLE"], &rows);
            Ok(())
        }
        MeasureCommand::Show { measure, plain } => {
            let document = document(measure)?;
            say(if *plain { criteria::plain(&document).map_err(anyhow::Error::msg)? } else { serde_json::to_string_pretty(&document)? });
            Ok(())
        }
        MeasureCommand::Evaluate(arguments) => evaluate(arguments).await,
    }
}

async fn evaluate(arguments: &EvaluateArguments) -> anyhow::Result<()> {
    let (from, to) = period(&arguments.period)?;
    let mut document = document(&arguments.measure)?;
    let groups: Vec<Value> = document.get("groups").and_then(Value::as_array).cloned().unwrap_or_default();
    ensure!(!groups.is_empty(), "`{}` has no populations; a segment's members are decided in a gateway", arguments.measure);
    if let Some(document) = document.as_object_mut() {
        document.insert("period".to_owned(), json!({ "from": from.to_string(), "to": to.to_string() }));
    }
    let mapping = fhir_profiles::mapping(fhir_profiles::DEFAULT_MAPPING)?;
    let mut value_sets = value_sets(&arguments.value_sets)?;
    // Codes are compared under the one name that each of their systems is known by.
    for coding in value_sets.values_mut().flatten() {
        coding.system = mapping.code_system(&coding.system).to_owned();
    }
    let (names, cases) = cases(&arguments.cases, mapping)?;
    let plugin = plugin().await?;
    let as_of = to.at(12, 0, 0, 0).to_zoned(TimeZone::UTC)?.timestamp();
    let answers = measures::evaluate(plugin.as_ref(), &document.to_string(), &value_sets, &cases, as_of).await?;
    let reported: Vec<&Value> = groups.iter().filter(|group| group.get("gap").and_then(Value::as_bool) != Some(true)).collect();
    let mut counted = BTreeMap::new();
    for (name, bits) in names.into_iter().zip(answers) {
        let groups: Vec<Value> = reported.iter().zip(&bits).map(|(group, bits)| counts(group, *bits)).collect();
        counted.insert(name, json!({ "period": { "start": from.to_string(), "end": to.to_string() }, "groups": groups }));
    }
    if arguments.json {
        say(serde_json::to_string_pretty(&counted)?);
    } else {
        show(&reported, &counted);
    }
    Ok(())
}

/// The counts of one group: each population it has, as 1 or 0.
fn counts(group: &Value, bits: u8) -> Value {
    let has = |part: &str| group.get(part).is_some();
    let each = POPULATIONS.iter().filter(|(_, _, part)| has(part));
    Value::Object(each.map(|(bit, name, _)| ((*name).to_owned(), json!(u8::from(bits & bit != 0)))).collect::<Map<_, _>>())
}

fn show(groups: &[&Value], counted: &BTreeMap<String, Value>) {
    let several = groups.len() > 1;
    let mut rows = Vec::new();
    for (name, case) in counted {
        for (at, group) in case.get("groups").and_then(Value::as_array).into_iter().flatten().enumerate() {
            let title = groups.get(at).and_then(|group| group.get("title")).and_then(Value::as_str).unwrap_or_default();
            let count = |population: &str| group.get(population).map_or_else(|| "-".to_owned(), Value::to_string);
            let mut row = vec![name.clone()];
            row.extend(several.then(|| title.to_owned()));
            row.extend(POPULATIONS.iter().map(|(_, population, _)| count(population)));
            rows.push(row);
        }
    }
    let mut head = vec!["CASE"];
    head.extend(several.then_some("GROUP"));
    head.extend(["INITIAL", "DENOMINATOR", "EXCLUSION", "NUMERATOR", "EXCEPTION"]);
    table(&head, &rows);
}

fn period(text: &str) -> anyhow::Result<(Date, Date)> {
    let (from, to) = text.split_once('/').context("the period is written as two days: `2025-01-01/2025-12-31`")?;
    let day = |text: &str| text.trim().parse::<Date>().with_context(|| format!("`{text}` is no day; expected one such as 2025-01-01"));
    let (from, to) = (day(from)?, day(to)?);
    ensure!(from <= to, "the period ends on {to}, before it starts on {from}; exchange them");
    Ok((from, to))
}

fn document(measure: &str) -> anyhow::Result<Value> {
    if Path::new(measure).extension().is_some_and(|ending| ending == "json") {
        let text = fs::read_to_string(measure).with_context(|| format!("`{measure}`"))?;
        return serde_json::from_str(&text).with_context(|| format!("`{measure}`"));
    }
    Ok(fhir_profiles::measure(measure)?.document)
}

/// The files of a folder in the order of their names, or the one file.
fn files(place: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !place.is_dir() {
        ensure!(place.exists(), "`{}` is not there", place.display());
        return Ok(vec![place.to_owned()]);
    }
    let entries = fs::read_dir(place).with_context(|| format!("`{}`", place.display()))?;
    let mut files: Vec<PathBuf> = entries.collect::<Result<Vec<_>, _>>()?.into_iter().map(|entry| entry.path()).collect();
    files.retain(|path| path.is_file() && path.file_name().and_then(|name| name.to_str()).is_some_and(|name| !name.starts_with('.')));
    files.sort();
    Ok(files)
}

/// Value sets by canonical URL, read as `outreach terminology import` reads them.
fn value_sets(place: &Path) -> anyhow::Result<BTreeMap<String, Vec<Coding>>> {
    let mut assembly = Assembly::default();
    for file in files(place)? {
        let bytes = fs::read(&file).with_context(|| format!("`{}`", file.display()))?;
        assembly.add(&file.display().to_string(), gateway_terminology::read(&bytes));
    }
    let assembled = assembly.finish(&HashMap::new());
    if let Some(refused) = assembled.refused.first() {
        bail!("`{}`: {}", refused.file, refused.error);
    }
    let latest = assembled.sets.into_iter().filter(|incoming| incoming.is_latest);
    Ok(latest.map(|incoming| (incoming.set.url.to_string(), incoming.set.into_codes())).collect())
}

/// The cases of a folder, by the names of their files.
fn cases(place: &Path, mapping: Mapping) -> anyhow::Result<(Vec<String>, Vec<Case>)> {
    #[derive(serde::Deserialize)]
    struct Bundle<'a> {
        #[serde(borrow, default)]
        entry: Vec<Entry<'a>>,
    }
    #[derive(serde::Deserialize)]
    struct Entry<'a> {
        #[serde(borrow)]
        resource: Option<&'a RawValue>,
    }
    let reader = FhirReader::new(SourceNo(0), BASE, mapping);
    let (mut names, mut cases) = (Vec::new(), Vec::new());
    for file in files(place)?.into_iter().filter(|file| file.extension().is_some_and(|ending| ending == "json")) {
        let about = || format!("`{}`", file.display());
        let text = fs::read_to_string(&file).with_context(about)?;
        let bundle: Bundle<'_> = serde_json::from_str(&text).with_context(about)?;
        let mut case = Case::default();
        for (at, resource) in bundle.entry.iter().enumerate().filter_map(|(at, entry)| Some((at, entry.resource?))) {
            match reader.resource(resource.get().as_bytes().to_vec()) {
                Ok(resource) => case.add(resource),
                Err((why, _)) => tracing::warn!(file = %file.display(), entry = at, reason = why.reason, "A resource was left out"),
            }
        }
        ensure!(case.patients() == 1, "`{}` has {} patients; a case is a Bundle with one", file.display(), case.patients());
        names.push(file.file_stem().and_then(|stem| stem.to_str()).with_context(|| format!("{} has no usable name", about()))?.to_owned());
        cases.push(case);
    }
    Ok((names, cases))
}

/// The bundled plugin, in the sandbox it has in a gateway.
async fn plugin() -> anyhow::Result<Arc<dyn SegmentPlugin>> {
    let host = PluginHost::new(HostConfig::default(), HostDependencies::new(Arc::new(SystemClock)))?;
    let bundled = plugins_bundled::all().into_iter().find(|plugin| plugin.name == PLUGIN).context("the bundled plugin is not there")?;
    let asks = Manifest::read(bundled.manifest)?.asks;
    host.install(bundled.manifest, bundled.component, &asks, true).await?;
    Ok(host.segment(&PluginName::new(PLUGIN)?)?)
}
