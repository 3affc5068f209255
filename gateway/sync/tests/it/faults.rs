//! Scripted bad days of a server, as data in `conformance-tests/scenarios/faults`: whatever is played, the model equals the server in
//! the end, no credential reaches another origin, nothing is applied twice, and the reports tell what happened without patient data.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ehr_sandbox::{Config, FaultScript, Heard, Place};
use gateway_domain::source::SyncCounts;
use gateway_ports::ehr::ExportLevel;
use gateway_ports::store::{PageRequest, SourceStore, SyncStore};
use gateway_sync::{ExportChoice, Progress, SyncOptions, SyncWorker};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::server::{Manner, Setting, Token};

/// Cases played at a time.
const AT_A_TIME: usize = 4;
/// Runs after which a sync has to have come to its end.
const MOST_RUNS: u32 = 12;
const LONGEST_CASE: Duration = Duration::from_mins(1);

/// A bad day.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What it plays, as a sentence.
    name: String,
    #[serde(default = "eight")]
    people: u64,
    /// The server can't export.
    #[serde(default)]
    search: bool,
    /// The server can export, and knows nothing of `_lastUpdated` and histories.
    #[serde(default)]
    export_alone: bool,
    /// Signs in with short-lived tokens instead of showing a fixed one.
    #[serde(default)]
    signs_in: bool,
    /// How long a token lives, in milliseconds.
    token_lifetime: Option<u64>,
    /// The foreign host is listed by the operator.
    #[serde(default)]
    foreign_files: bool,
    #[serde(default)]
    rebase_links: bool,
    /// Exports of this group.
    group: Option<String>,
    /// Exports at the level of patients.
    #[serde(default)]
    patients: bool,
    #[serde(default)]
    type_filters: Vec<String>,
    parallel_files: Option<usize>,
    page_size: Option<u32>,
    #[serde(default)]
    rules: Vec<Value>,
    #[serde(default = "one_sync")]
    steps: Vec<Step>,
    /// Words the reports, errors and phases must hold.
    #[serde(default)]
    tells: Vec<String>,
    /// Words they must not hold.
    #[serde(default)]
    never_tells: Vec<String>,
    /// Requests that must, or must not, have been heard.
    #[serde(default)]
    heard: Vec<Expected>,
    /// More resources are applied than the server has, because it showed them in several versions.
    #[serde(default)]
    several_versions: bool,
}

/// What happens next.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Step {
    Sync(Sync),
    Faults(Vec<Value>),
    Put(Value),
    PutLate {
        resource: Value,
        seconds: u64,
    },
    Delete(String),
    Tick(u64),
    /// The gateway starts anew: what it remembers is gone.
    Restart,
}

/// Runs until one comes to its end.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Sync {
    full: bool,
    /// Every one of this many runs fails.
    fails: Option<u32>,
    /// The first run comes to its end.
    at_once: bool,
    applied: Option<u64>,
    deleted: Option<u64>,
    quarantined: Option<u64>,
}

/// Requests as they must have been heard.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    #[serde(default)]
    foreign: bool,
    method: Option<String>,
    /// A part of path and query.
    has: String,
    with_authorization: Option<bool>,
    #[serde(default = "one")]
    at_least: usize,
    at_most: Option<usize>,
}

fn one() -> usize {
    1
}

fn eight() -> u64 {
    8
}

fn one_sync() -> Vec<Step> {
    vec![Step::Sync(Sync::default())]
}

/// Everything that was told.
#[derive(Clone, Default)]
struct Story(Arc<Mutex<String>>);

impl Story {
    fn add(&self, text: &str) {
        let mut story = self.0.lock().unwrap();
        story.push_str(text);
        story.push('\n');
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

impl Progress for Story {
    fn phase(&self, words: &str) {
        self.add(words);
    }

    fn counted(&self, _counts: SyncCounts, _total: Option<u64>) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_server_does_the_model_equals_it_in_the_end() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance-tests/scenarios/faults");
    let only = std::env::var("OUTREACH_FAULT").unwrap_or_default();
    let mut cases: Vec<(String, Case)> = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
        let file = entry.file_name().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let read: Vec<Case> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        cases.extend(read.into_iter().map(|case| (file.clone(), case)));
    }
    let names: BTreeSet<&String> = cases.iter().map(|(_, case)| &case.name).collect();
    assert_eq!(names.len(), cases.len(), "two cases have one name");
    assert!(cases.len() >= 100, "{} cases", cases.len());

    let began = Instant::now();
    let (room, mut playing) = (Arc::new(Semaphore::new(AT_A_TIME)), JoinSet::new());
    for (file, case) in cases.into_iter().filter(|(_, case)| case.name.contains(&only)) {
        let room = room.clone();
        playing.spawn(async move {
            let _room = room.acquire_owned().await.unwrap();
            let name = format!("{file}: {}", case.name);
            let story = Story::default();
            let told = story.clone();
            let played = tokio::spawn(async move { tokio::time::timeout(LONGEST_CASE, play(case, &told)).await });
            match played.await {
                Ok(Ok(Ok(()))) => None,
                Ok(Ok(Err(reason))) => Some(format!("{name}: {reason}\n  told:\n{}", story.text())),
                Ok(Err(_)) => Some(format!("{name}: it takes too long\n  told:\n{}", story.text())),
                Err(error) => Some(format!("{name}: {error}\n  told:\n{}", story.text())),
            }
        });
    }
    let (mut played, mut failed) = (0, Vec::new());
    while let Some(done) = playing.join_next().await {
        played += 1;
        failed.extend(done.unwrap());
    }
    eprintln!("{played} cases in {:.1} s", began.elapsed().as_secs_f64());
    assert!(failed.is_empty(), "{} of {played} cases failed:\n\n{}", failed.len(), failed.join("\n\n"));
}

async fn play(case: Case, story: &Story) -> Result<(), String> {
    let base = server_rules(&case);
    let script = |rules: &[Value]| {
        let all = [&base[..], rules].concat();
        FaultScript::read(&json!({ "seed": 7, "rules": all }).to_string())
    };
    let config = Config {
        people: Some(case.people),
        open: !case.signs_in,
        token_lifetime: case.token_lifetime.map_or(Duration::from_mins(5), Duration::from_millis),
        foreign_listen: Some("127.0.0.1:0".to_owned()),
        // The first answer about an export is its manifest, so that a rule for it always meets it.
        export_delay: Duration::ZERO,
        faults: script(&case.rules).map_err(|error| error.to_string())?,
        ..Setting::open_server()
    };
    let manner = Manner {
        token: if case.signs_in { Token::Signed } else { Token::Fixed },
        fetches_foreign_files: case.foreign_files,
        rebases_links: case.rebase_links,
    };
    let setting = Setting::start_as(config, manner).await;
    let export = match &case.group {
        Some(group) => ExportChoice::Level(ExportLevel::Group(group.clone())),
        None if case.patients => ExportChoice::Level(ExportLevel::Patient),
        None => ExportChoice::Offered,
    };
    let options = SyncOptions {
        export,
        type_filters: case.type_filters.clone(),
        parallel_files: case.parallel_files.unwrap_or(3),
        page_size: case.page_size.unwrap_or(20),
        note_every: Duration::ZERO,
        ..SyncOptions::for_testing()
    };
    let mut worker = setting.worker();
    let mut changes = false;
    for step in &case.steps {
        changes |= matches!(step, Step::Put(_) | Step::PutLate { .. } | Step::Delete(_) | Step::Tick(_));
        match step {
            Step::Sync(sync) => run(&setting, &worker, &options, sync, story).await?,
            Step::Faults(rules) => setting.sandbox.play(script(rules).map_err(|error| error.to_string())?),
            Step::Put(resource) => drop(setting.sandbox.put(resource).map_err(|error| error.to_string())?),
            Step::PutLate { resource, seconds } => {
                setting.sandbox.put_late(resource, Duration::from_secs(*seconds)).map_err(|error| error.to_string())?;
            }
            Step::Delete(name) => {
                let (kind, id) = name.split_once('/').ok_or("a deletion names Type/id")?;
                setting.sandbox.delete(kind, id).map_err(|error| error.to_string())?;
            }
            Step::Tick(count) => drop(setting.sandbox.tick(5, *count).map_err(|error| error.to_string())?),
            Step::Restart => worker = setting.worker(),
        }
    }
    let writes = case.rules.iter().any(|rule| ["\"write", "\"delete\""].iter().any(|word| rule.to_string().contains(word)));
    check_heard(&case, &setting.sandbox.heard())?;
    check_story(&case, &setting, story)?;
    if case.group.is_none() {
        equal("the model and the server differ", &setting.held().await, &setting.on_server())?;
        if !changes && !writes && !case.several_versions {
            let total: u64 = setting.on_server().iter().map(|(_, count)| count).sum();
            equal("each resource is applied once", &applied(&setting).await, &total)?;
        }
    }
    // An honest look at everything finds no difference, in content or number.
    setting.sandbox.play(script(&[]).map_err(|error| error.to_string())?);
    let full = SyncOptions { full: true, ..options };
    let report = setting.worker().run_once(&setting.feed, &full, story).await.map_err(|error| format!("the last look failed: {error}"))?;
    if report.changed() {
        return Err(format!("the last look found differences: {report} {:?}", report.warnings));
    }
    Ok(())
}

/// What the server of a case does on all days.
fn server_rules(case: &Case) -> Vec<Value> {
    let mut rules = Vec::new();
    if case.search {
        let changes = json!([{"at": "/rest/0/operation"}, {"at": "/rest/0/resource/*/operation"}]);
        rules.push(json!({"when": {"path": "/fhir/metadata"}, "then": [{"json": changes}]}));
        rules.push(json!({"when": {"path": "*$export"}, "then": [{"answer": {"status": 404}}]}));
    }
    if case.export_alone {
        let fewer =
            json!([{"at": "/rest/0/resource/*/searchParam"}, {"at": "/rest/0/searchParam"}, {"at": "/rest/0/resource/*/interaction"}]);
        rules.push(json!({"when": {"path": "/fhir/metadata"}, "then": [{"json": fewer}]}));
        rules.push(json!({"when": {"path": "/fhir/*", "query": "*_lastUpdated*"}, "then": [{"answer": {"status": 400}}]}));
        rules.push(json!({"when": {"path": "*_history"}, "then": [{"answer": {"status": 404}}]}));
    }
    rules
}

async fn run(setting: &Setting, worker: &SyncWorker, options: &SyncOptions, sync: &Sync, story: &Story) -> Result<(), String> {
    let options = SyncOptions { full: sync.full, ..options.clone() };
    for run in 1..=sync.fails.unwrap_or(MOST_RUNS) {
        let before = setting.source_now().await.synced_at;
        match worker.run_once(&setting.feed, &options, story).await {
            Ok(report) if sync.fails.is_some() => return Err(format!("run {run} was to fail and came to its end: {report}")),
            Ok(report) => {
                story.add(&format!("{report}; {}", report.warnings.join("; ")));
                for (what, wanted, got) in [
                    ("applied", sync.applied, report.counts.applied),
                    ("deleted", sync.deleted, report.counts.deleted),
                    ("quarantined", sync.quarantined, report.counts.quarantined),
                ] {
                    if wanted.is_some_and(|wanted| wanted != got) {
                        return Err(format!("{got} were {what}, and {wanted:?} were expected: {report}"));
                    }
                }
                return match setting.store.open_run(setting.source.id).await {
                    Ok(None) => Ok(()),
                    other => Err(format!("a run stays open: {other:?}")),
                };
            }
            Err(error) => {
                story.add(&error.to_string());
                if sync.at_once {
                    return Err(format!("the first run was to come to its end: {error}"));
                }
                equal("half an import looks whole", &setting.source_now().await.synced_at, &before)?;
            }
        }
    }
    if sync.fails.is_some() { Ok(()) } else { Err(format!("no run of {MOST_RUNS} came to its end")) }
}

async fn applied(setting: &Setting) -> u64 {
    let runs = setting.store.sync_runs(setting.source.id, PageRequest::default()).await.unwrap();
    runs.items.iter().map(|run| run.counts.applied).sum()
}

fn check_heard(case: &Case, heard: &[Heard]) -> Result<(), String> {
    if let Some(leak) = heard.iter().find(|it| it.place == Place::Foreign && it.with_authorization) {
        return Err(format!("a credential reached the foreign host: {leak:?}"));
    }
    for expected in &case.heard {
        let is_meant = |it: &&Heard| {
            (it.place == Place::Foreign) == expected.foreign
                && expected.method.as_ref().is_none_or(|method| *method == it.method)
                && format!("{}?{}", it.path, it.query).contains(&expected.has)
                && expected.with_authorization.is_none_or(|with| with == it.with_authorization)
        };
        let count = heard.iter().filter(is_meant).count();
        let most = expected.at_most.unwrap_or(usize::MAX);
        if count < expected.at_least.min(most) || count > most {
            return Err(format!("heard {count} times: {expected:?}"));
        }
    }
    Ok(())
}

fn check_story(case: &Case, setting: &Setting, story: &Story) -> Result<(), String> {
    let text = story.text();
    let lower = text.to_lowercase();
    if let Some(word) = case.tells.iter().find(|word| !lower.contains(&word.to_lowercase())) {
        return Err(format!("the story does not tell {word:?}"));
    }
    if let Some(word) = case.never_tells.iter().find(|word| lower.contains(&word.to_lowercase())) {
        return Err(format!("the story tells {word:?}"));
    }
    let patients = setting.sandbox.all("Patient").map_err(|error| error.to_string())?;
    for path in ["/name/0/family", "/telecom/0/value", "/identifier/0/value", "/birthDate"] {
        let told = patients.iter().filter_map(|it| it.pointer(path)?.as_str()).find(|value| value.len() > 3 && text.contains(*value));
        if let Some(value) = told {
            return Err(format!("the story tells {path} of a patient: {value}"));
        }
    }
    Ok(())
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, got: &T, wanted: &T) -> Result<(), String> {
    if got == wanted { Ok(()) } else { Err(format!("{what}:\n  {got:?}\n  {wanted:?}")) }
}
