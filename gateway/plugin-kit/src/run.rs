//! Running cases in the real plugin host.

mod channel;
mod journey;
mod segment;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use gateway_domain::issue::Issue;
use gateway_domain::plugin::PluginName;
use gateway_domain::plugin_call::CallFigures;
use gateway_plugin_host::{HostConfig, HostDependencies, InstallError, Manifest, PluginHost, PluginSettings};
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::http::HttpClient;
use gateway_ports::mail::MailRelay;
use gateway_ports::plugins::{PluginError, Plugins as _};
use gateway_ports::store::PluginValueStore;
use gateway_ports::terminology::Terminology;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::case::{Asked, Case, CaseError};
use crate::difference::{Difference, as_expected, differences, under};
use crate::rewrite::put;

/// Why nothing can be run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A case can't be used.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The component can't be used.
    #[error(transparent)]
    Install(#[from] InstallError),
}

/// What became of a case.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// What came out otherwise; none where all is well.
    pub differences: Vec<Difference>,
    /// The case with what came out, where that is to be written.
    pub rewritten: Option<String>,
    /// What the calls cost.
    pub usage: Usage,
}

/// A plugin, and the limits it is tried under.
pub struct Suite {
    manifest_text: String,
    manifest: Manifest,
    component: Vec<u8>,
    config: HostConfig,
}

/// What the calls of a case cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Units of fuel, about one for each instruction.
    pub fuel: u64,
    /// From start to end, with waiting for the host.
    pub time: Duration,
}

/// Something that came out, and the JSON pointer to what is expected of it in the case.
enum Observed {
    /// Something has to be said of it.
    Part { pointer: String, found: Value },
    /// The case as a whole: what is not said is that nothing went wrong.
    Whole { found: Value, has_to_be_said: bool },
}

/// Where a case says what is expected of it as a whole.
const WHOLE: &str = "/expect";
/// What of a whole is nothing unless something went wrong: why it went no further, findings that are fatal, requests nobody expected.
const WRONGS: [&str; 3] = ["error", "fatal", "unplanned"];

/// What a case brings to a host.
#[derive(Default)]
struct Surroundings {
    mail: Option<Arc<dyn MailRelay>>,
    terminology: Option<Arc<dyn Terminology>>,
    http: Option<Arc<dyn HttpClient>>,
    values: Option<Arc<dyn PluginValueStore>>,
    settings: PluginSettings,
}

/// Bytes that are the same in each case.
struct Same;

impl Entropy for Same {
    fn fill(&self, buffer: &mut [u8]) {
        for (byte, number) in buffer.iter_mut().zip((0..=u8::MAX).cycle()) {
            *byte = number.wrapping_mul(151).wrapping_add(7);
        }
    }
}

/// Time does not go on in a case: a parked plugin stays parked.
struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

impl Suite {
    /// A plugin by its manifest and component. What is compiled is kept in a folder, so that it is compiled once.
    ///
    /// # Errors
    /// Where the manifest can't be read, or the folder not be made.
    pub fn new(manifest: &str, component: Vec<u8>, compiled: &Path) -> Result<Self, RunError> {
        let made = fs::create_dir_all(compiled).and_then(|()| fs::canonicalize(compiled));
        let folder = made.map_err(|error| CaseError::File { path: compiled.display().to_string(), reason: error.to_string() })?;
        Ok(Self {
            manifest_text: manifest.to_owned(),
            manifest: Manifest::read(manifest)?,
            component,
            config: HostConfig { cache_directory: Some(folder), ..HostConfig::default() },
        })
    }

    /// What the plugin says of itself.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The component.
    pub fn component(&self) -> &[u8] {
        &self.component
    }

    /// The component, to be kept.
    pub fn into_component(self) -> Vec<u8> {
        self.component
    }

    /// Reads the cases of a folder.
    ///
    /// # Errors
    /// [`CaseError`]
    pub fn cases(&self, folder: &Path) -> Result<Vec<Case>, CaseError> {
        Case::all(folder, self.manifest.kind)
    }

    /// Runs a case. It is granted all it asks for.
    ///
    /// # Errors
    /// Where the component can't be installed. What it does then is what the case is about.
    pub async fn run(&self, case: &Case) -> Result<CaseResult, RunError> {
        let (observed, usage) = match &case.asked {
            Asked::Segment(asked) => segment::run(self, asked).await?,
            Asked::Journey(asked) => journey::run(self, asked).await?,
            Asked::Channel(asked) => channel::run(self, asked).await?,
        };
        let mut all = Vec::new();
        let mut rewritten = case.text.clone();
        for one in observed {
            let (pointer, found, said) = match one {
                Observed::Part { pointer, found } => {
                    let said = case.document.pointer(&pointer).cloned();
                    (pointer, found, said)
                }
                Observed::Whole { found, has_to_be_said } => {
                    let said = case.document.pointer(WHOLE);
                    let is_silent = said.is_none() && has_to_be_said;
                    (WHOLE.to_owned(), found, if is_silent { None } else { Some(nothing_wrong(said)) })
                }
            };
            let different = match &said {
                Some(expected) => differences(&pointer, expected, &found),
                None => vec![Difference::unsaid(&pointer, &found)],
            };
            if !different.is_empty() && !found.is_null() {
                let to_write =
                    if pointer == WHOLE { written_whole(case.document.pointer(WHOLE), &found) } else { as_expected(said.as_ref(), &found) };
                rewritten = put(&rewritten, &pointer, &to_write);
            }
            all.extend(different);
        }
        Ok(CaseResult { rewritten: (!all.is_empty()).then_some(rewritten), differences: all, usage })
    }

    /// A host with the plugin alone.
    async fn host(&self, around: Surroundings) -> Result<PluginHost, InstallError> {
        let dependencies = HostDependencies {
            clock: Arc::new(Standing),
            entropy: Some(Arc::new(Same)),
            mail: around.mail,
            terminology: around.terminology,
            http: around.http,
            values: around.values,
            settings: BTreeMap::from([(self.manifest.name.clone(), around.settings)]),
        };
        let host = PluginHost::new(self.config.clone(), dependencies)?;
        host.install(&self.manifest_text, &self.component, &self.manifest.asks, false).await?;
        Ok(host)
    }

    /// What the plugin's calls cost so far.
    fn usage(&self, host: &PluginHost) -> Usage {
        let functions = host.report(self.name()).map(|report| report.functions).unwrap_or_default();
        let add = |sum: Usage, figures: CallFigures| Usage { fuel: sum.fuel + figures.fuel, time: sum.time + figures.time };
        functions.into_iter().fold(Usage::default(), |sum, (_, figures)| add(sum, figures))
    }

    fn name(&self) -> &PluginName {
        &self.manifest.name
    }
}

/// What is expected of a whole, with what goes without saying.
fn nothing_wrong(said: Option<&Value>) -> Value {
    let mut expected = said.and_then(Value::as_object).cloned().unwrap_or_default();
    let looks_at_issues = expected.contains_key("issues");
    for wrong in WRONGS.into_iter().filter(|wrong| *wrong != "fatal" || !looks_at_issues) {
        expected.entry(wrong).or_insert(Value::Null);
    }
    Value::Object(expected)
}

/// A whole as it is written into a case: what that names, and what went wrong; where it names nothing, all there is.
fn written_whole(said: Option<&Value>, found: &Value) -> Value {
    let is_something = |value: &Value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    };
    let mut written = match said.filter(|said| is_something(said)) {
        Some(said) => as_expected(Some(said), found),
        None => found.clone(),
    };
    if let Some(written) = written.as_object_mut() {
        written.retain(|_, value| is_something(value));
        if let Some(error) = found.get("error").filter(|error| !error.is_null()) {
            written.insert("error".to_owned(), error.clone());
        }
        for derived in ["fatal", "unplanned"] {
            written.remove(derived);
        }
    }
    written
}

/// What came out of a case as a whole: the findings about its configuration, and why it went no further.
fn whole(issues: &[Issue], error: Option<String>) -> Observed {
    whole_with(issues, error, Map::new(), false)
}

fn whole_with(issues: &[Issue], error: Option<String>, mut more: Map<String, Value>, has_to_be_said: bool) -> Observed {
    let shown: Vec<Value> = issues.iter().map(|it| json!({"path": it.path, "message": it.message, "fatal": it.fatal})).collect();
    let fatal = issues.iter().find(|issue| issue.fatal).map(|issue| format!("{}: {}", issue.path, issue.message));
    more.insert("issues".to_owned(), shown.into());
    more.insert("fatal".to_owned(), fatal.into());
    more.insert("error".to_owned(), error.into());
    Observed::Whole { found: Value::Object(more), has_to_be_said }
}

/// What a plugin, or the host for it, said went wrong.
fn error_text(error: &PluginError) -> String {
    match error {
        PluginError::Invalid { reason, .. } => format!("invalid: {reason}"),
        PluginError::Refused { reason, .. } => format!("refused: {reason}"),
        PluginError::Unavailable { retry_after: None, .. } => "unavailable".to_owned(),
        PluginError::Unavailable { retry_after: Some(wait), .. } => format!("unavailable: again after {} ms", wait.as_millis()),
        other => other.to_string(),
    }
}

fn at(list: &str, place: usize, member: &str) -> String {
    under(&format!("/{list}/{place}"), member)
}

/// Where compiled components of a project are kept.
pub fn compiled_folder(project: &Path) -> PathBuf {
    project.join(".outreach").join("compiled")
}
