//! How a source is read: pure decisions. For each type the way of its first reading, of later ones and of its deletions; and out of
//! these, what a run that begins now has to do.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use gateway_domain::source::{SyncStrategy, TypeCursor};
use gateway_ports::ehr::{EhrCapabilities, ExportLevel};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Types that belong to nobody in particular: an export of patients need not bring them.
const OF_NOBODY: [&str; 4] = ["Organization", "Practitioner", "PractitionerRole", "Location"];
/// Search parameters that name the patient, in the order in which they are taken.
const PATIENT_PARAMETERS: [&str; 3] = ["patient", "subject", "beneficiary"];
/// A type of as many resources is looked through in the intervals that are configured; a smaller one as much more often.
const USUAL_SIZE: f64 = 100_000.0;
/// A type is looked through no more often than this.
const SHORTEST_INTERVAL: Duration = Duration::from_mins(1);

/// A way to read a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A bulk export of everything.
    Export,
    /// A bulk export of what changed.
    ExportSince,
    /// A search for all of the type.
    Whole,
    /// A search for what changed, by `_lastUpdated`.
    Changes,
    /// A search for each patient that is known.
    Crawl,
    /// None.
    Nothing,
}

/// A way to learn what was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletions {
    /// The history of the type.
    History,
    /// Each reading is whole, so what is missing is gone.
    EachReading,
    /// From time to time all ids are compared.
    Comparison,
    /// From time to time everything is exported anew.
    Export,
    /// None: the type is not read.
    Nothing,
}

/// How a type is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeWays {
    pub resource_type: String,
    pub first: Way,
    pub later: Way,
    pub deletions: Deletions,
    /// Why, in words.
    pub reason: String,
}

/// What a source is read by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ExportChoice {
    /// The widest the server has.
    #[default]
    Offered,
    /// This one, whatever the server says.
    Level(ExportLevel),
    /// None.
    Off,
}

impl ExportChoice {
    /// The level of an export, if there is to be one.
    pub fn level(&self, capabilities: &EhrCapabilities) -> Option<ExportLevel> {
        match self {
            Self::Level(level) => Some(level.clone()),
            Self::Off => None,
            Self::Offered if capabilities.system_export => Some(ExportLevel::System),
            Self::Offered => capabilities.patient_export.then_some(ExportLevel::Patient),
        }
    }
}

/// How often things are done.
#[derive(Clone, Debug)]
pub struct PlanSettings {
    /// Reads everything, whatever was read before.
    pub full: bool,
    /// What is done from time to time is done now.
    pub now: bool,
    pub export: ExportChoice,
    /// How far before the last complete moment a reading begins: commits and their time stamps come in different orders.
    pub overlap: Duration,
    /// How often a type is read that can't be asked for its changes.
    pub refresh: Duration,
    /// How often what is held is compared with what the server has.
    pub reconcile: Duration,
}

/// A part of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Step {
    /// An export; without `since` of everything.
    Export { types: Vec<String>, level: ExportLevel, since: Option<Timestamp> },
    /// A search; without `since` for everything.
    Search { resource_type: String, since: Option<Timestamp>, history: bool, sorted: bool },
    /// A search for each known patient.
    Crawl { resource_type: String, parameter: String },
    /// Only which resources there are.
    Ids { resource_type: String },
}

impl Step {
    /// The types it is about.
    pub fn types(&self) -> &[String] {
        match self {
            Self::Export { types, .. } => types,
            Self::Search { resource_type, .. } | Self::Crawl { resource_type, .. } | Self::Ids { resource_type } => {
                std::slice::from_ref(resource_type)
            }
        }
    }

    /// Whether what it does not show is gone.
    pub const fn is_whole(&self) -> bool {
        match self {
            Self::Export { since, .. } | Self::Search { since, .. } => since.is_none(),
            Self::Crawl { .. } | Self::Ids { .. } => true,
        }
    }

    /// Whether it reads what the resources say, and not only which there are.
    pub const fn reads(&self) -> bool {
        !matches!(self, Self::Ids { .. })
    }
}

/// How each type is read, and why.
pub fn ways(capabilities: &EhrCapabilities, types: &[String], export: &ExportChoice) -> Vec<TypeWays> {
    let level = export.level(capabilities);
    types.iter().map(|it| ways_of(capabilities, it, level.as_ref())).collect()
}

fn ways_of(capabilities: &EhrCapabilities, resource_type: &str, level: Option<&ExportLevel>) -> TypeWays {
    let searches = capabilities.searches(resource_type);
    let by_time = capabilities.searches_by_last_updated(resource_type);
    let in_export = match level {
        None => false,
        Some(ExportLevel::System) => true,
        Some(_) => !(searches && OF_NOBODY.contains(&resource_type)),
    };
    let crawl = patient_parameter(capabilities, resource_type).is_some();
    let first = match (in_export, searches, crawl) {
        (true, ..) => Way::Export,
        (false, true, _) => Way::Whole,
        (false, false, true) => Way::Crawl,
        (false, false, false) => Way::Nothing,
    };
    let later = match first {
        Way::Nothing => Way::Nothing,
        _ if by_time => Way::Changes,
        Way::Export => Way::ExportSince,
        other => other,
    };
    let deletions = match later {
        Way::Nothing => Deletions::Nothing,
        Way::Changes if capabilities.has_history(resource_type) => Deletions::History,
        Way::Changes => Deletions::Comparison,
        Way::ExportSince => Deletions::Export,
        Way::Export | Way::Whole | Way::Crawl => Deletions::EachReading,
    };
    let reason = match later {
        Way::Nothing => match capabilities.types.get(resource_type).and_then(|it| it.refusal.as_deref()) {
            Some(words) => format!("it refuses a search for it: {words}"),
            None => "it names no way to read it".to_owned(),
        },
        Way::Changes if deletions == Deletions::History => "it can be asked for changes, and its history shows deletions".to_owned(),
        Way::Changes => "it can be asked for changes; it has no history of the type, so ids are compared".to_owned(),
        Way::ExportSince | Way::Export => "it can't be searched by `_lastUpdated`".to_owned(),
        Way::Whole => "it can't be searched by `_lastUpdated`; what changed is told by the content".to_owned(),
        Way::Crawl => "it is shown for one patient at a time; what changed is told by the content".to_owned(),
    };
    TypeWays { resource_type: resource_type.to_owned(), first, later, deletions, reason }
}

/// The parameter by which a type can be searched for one patient. Where the server does not say, a refused search for all of a type
/// that belongs to patients is tried with `patient`.
pub(crate) fn patient_parameter(capabilities: &EhrCapabilities, resource_type: &str) -> Option<String> {
    if resource_type == "Patient" || OF_NOBODY.contains(&resource_type) {
        return None;
    }
    let found = capabilities.types.get(resource_type)?;
    let named = PATIENT_PARAMETERS.iter().find(|it| found.parameters.contains(**it));
    match named {
        Some(named) if found.search || found.narrow => Some((*named).to_owned()),
        None if found.narrow => Some("patient".to_owned()),
        _ => None,
    }
}

/// What a run has to do now, best fetched first; empty where the server offers no way. `cursors` and `held` (resources held) are by type.
pub fn plan(
    capabilities: &EhrCapabilities,
    types: &[String],
    cursors: &BTreeMap<String, TypeCursor>,
    held: &BTreeMap<String, u64>,
    settings: &PlanSettings,
    now: Timestamp,
) -> Vec<Step> {
    let level = settings.export.level(capabilities);
    let mut exported = Vec::new();
    let mut exported_since: Vec<(String, Timestamp)> = Vec::new();
    let (mut searches, mut crawls, mut comparisons) = (Vec::new(), Vec::new(), Vec::new());
    for ways in ways(capabilities, types, &settings.export) {
        let resource_type = ways.resource_type;
        let cursor = cursors.get(&resource_type);
        let count = held.get(&resource_type).copied().unwrap_or(0);
        let has_passed = |last: Option<Timestamp>, interval: Duration| {
            last.is_none_or(|it| now.duration_since(it).unsigned_abs() >= scaled(interval, count))
        };
        let is_due = |last: Option<Timestamp>| settings.now || has_passed(last, settings.refresh);
        let until = cursor.and_then(|it| it.complete_until).filter(|_| !settings.full);
        let read_at = cursor.and_then(|it| it.read_at);
        let whole_at = cursor.and_then(|it| it.whole_at);
        let since = until.map(|it| it.checked_sub(settings.overlap).unwrap_or(Timestamp::MIN));
        let by_time = capabilities.searches_by_last_updated(&resource_type);
        let whole = |resource_type: String| Step::Search { resource_type, since: None, history: false, sorted: by_time };
        let way = if since.is_none() { ways.first } else { ways.later };
        match way {
            // One that does not say up to when it is complete is no reason to ask for it all the time.
            Way::Export if settings.full || read_at.is_none() || is_due(read_at) => exported.push(resource_type),
            Way::Whole if settings.full || read_at.is_none() || is_due(read_at) => searches.push(whole(resource_type)),
            Way::Crawl if settings.full || read_at.is_none() || is_due(read_at) => {
                if let Some(parameter) = patient_parameter(capabilities, &resource_type) {
                    crawls.push(Step::Crawl { resource_type, parameter });
                }
            }
            // A type that the server does not name, and of which an export brought nothing.
            Way::ExportSince if count == 0 && capabilities.stated && !capabilities.types.contains_key(&resource_type) => {}
            Way::ExportSince if has_passed(whole_at, settings.reconcile) => exported.push(resource_type),
            Way::ExportSince if is_due(read_at) => exported_since.extend(since.map(|since| (resource_type, since))),
            Way::Nothing | Way::Export | Way::Whole | Way::Crawl | Way::ExportSince => {}
            Way::Changes => {
                let history = ways.deletions == Deletions::History;
                // A history does not tell everything that went away, so ids are compared all the same, only less often.
                let interval = if history { settings.reconcile * 7 } else { settings.reconcile };
                let is_cheap = !history && (count as f64) < USUAL_SIZE;
                let compare = (settings.now && is_cheap) || has_passed(whole_at, interval);
                searches.push(Step::Search { resource_type: resource_type.clone(), since, history, sorted: true });
                if compare {
                    comparisons.push(Step::Ids { resource_type });
                }
            }
        }
    }
    let mut steps = Vec::new();
    if let Some(level) = level {
        if !exported.is_empty() {
            steps.push(Step::Export { types: exported, level: level.clone(), since: None });
        }
        if let Some(since) = exported_since.iter().map(|it| it.1).min() {
            let types = exported_since.into_iter().map(|it| it.0).collect();
            steps.push(Step::Export { types, level, since: Some(since) });
        }
    }
    steps.extend(searches);
    steps.extend(crawls);
    steps.extend(comparisons);
    steps
}

/// An interval as it holds for a type of so many resources: what costs a request or two may be done often.
fn scaled(interval: Duration, count: u64) -> Duration {
    interval.mul_f64((count as f64 / USUAL_SIZE).min(1.0)).max(SHORTEST_INTERVAL.min(interval))
}

/// The one word for what a run does.
pub(crate) fn strategy(steps: &[Step]) -> SyncStrategy {
    let kinds: BTreeSet<u8> = steps
        .iter()
        .map(|step| match step {
            Step::Export { since: None, .. } => 0,
            Step::Export { .. } => 1,
            Step::Search { since: None, .. } => 2,
            Step::Search { .. } => 3,
            Step::Crawl { .. } | Step::Ids { .. } => 4,
        })
        .collect();
    match (kinds.len(), kinds.first()) {
        (1, Some(0)) => SyncStrategy::BulkFull,
        (1, Some(1)) => SyncStrategy::BulkSince,
        (1, Some(2)) => SyncStrategy::SearchFull,
        (1, Some(3)) | (0, _) => SyncStrategy::SearchSince,
        _ => SyncStrategy::Mixed,
    }
}

/// What is tried in place of a step that the server refused; empty where nothing is left. What it can do is taken from `capabilities`,
/// which no longer names what was refused.
pub(crate) fn in_place_of(step: &Step, capabilities: &EhrCapabilities) -> Vec<Step> {
    match step {
        Step::Export { types, .. } => {
            let cursors = BTreeMap::new();
            let settings = PlanSettings {
                full: true,
                now: false,
                export: ExportChoice::Off,
                overlap: Duration::ZERO,
                refresh: Duration::ZERO,
                reconcile: Duration::ZERO,
            };
            plan(capabilities, types, &cursors, &BTreeMap::new(), &settings, Timestamp::UNIX_EPOCH)
        }
        Step::Search { resource_type, since, history, sorted: true } => {
            vec![Step::Search { resource_type: resource_type.clone(), since: *since, history: *history, sorted: false }]
        }
        Step::Search { resource_type, since: Some(_), .. } => {
            vec![Step::Search { resource_type: resource_type.clone(), since: None, history: false, sorted: false }]
        }
        Step::Search { resource_type, since: None, .. } => patient_parameter(capabilities, resource_type)
            .map(|parameter| Step::Crawl { resource_type: resource_type.clone(), parameter })
            .into_iter()
            .collect(),
        Step::Crawl { .. } | Step::Ids { .. } => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
