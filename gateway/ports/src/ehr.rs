//! A FHIR server as the sync sees it, and the reading of what it sends. The adapter knows FHIR; whoever calls it sees raw resources,
//! pages, files and the model's own values.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use gateway_domain::code::SharedCodings;
use gateway_domain::projection::ReadResource;
use gateway_domain::resource::{ContentHash, ResourceKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why a server did not give what it was asked for: who, what, why, and what to check.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{server}, asked for {asked}: {reason}")]
pub struct EhrError {
    /// The server's base URL.
    pub server: String,
    /// What was asked of it, without patient data.
    pub asked: String,
    /// What came instead, and what to check.
    pub reason: String,
    /// What that means for going on.
    pub kind: EhrErrorKind,
}

/// What an error means for going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EhrErrorKind {
    /// Trying again later can help; the server may have said when.
    Later(Option<Duration>),
    /// What came is damaged: what it is part of has to be read again from its beginning.
    Damaged,
    /// What was asked for is not there any more: an export job, a page of a search, a file.
    Gone,
    /// The server can't do this. Another way may work.
    Unsupported,
    /// A person has to change something: a key, a permission, an address.
    Refused,
}

impl EhrError {
    /// Whether the same call may succeed later.
    pub const fn may_retry(&self) -> bool {
        matches!(self.kind, EhrErrorKind::Later(_))
    }
}

/// What a server says it can do. Read leniently: what it does not say, it is not taken to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EhrCapabilities {
    /// The FHIR version, for example `4.0.1`.
    pub fhir_version: Option<String>,
    /// Name and version of the software.
    pub software: Option<String>,
    /// The server said so in a CapabilityStatement that lists resource types; else what it can do has to be tried.
    pub stated: bool,
    /// `$export` of the whole system.
    pub system_export: bool,
    /// `$export` of all patients.
    pub patient_export: bool,
    /// `$export` of a group.
    pub group_export: bool,
    /// What it can do with each resource type.
    pub types: BTreeMap<String, TypeCapabilities>,
}

/// What a server can do with one resource type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeCapabilities {
    /// It can be searched.
    pub search: bool,
    /// It can be read by id.
    pub read: bool,
    /// It has a history of the type, which shows deletions.
    pub history: bool,
    /// Search parameters, those for all resources included.
    pub parameters: BTreeSet<String>,
    /// Why it can't be searched, in the server's words, where that was tried.
    pub refusal: Option<String>,
    /// A search for all of it was refused as too wide; one for a patient may be answered.
    pub narrow: bool,
}

impl EhrCapabilities {
    /// Whether changes of this type can be asked for by `_lastUpdated`.
    pub fn searches_by_last_updated(&self, resource_type: &str) -> bool {
        self.types.get(resource_type).is_some_and(|it| it.search && it.parameters.contains("_lastUpdated"))
    }

    /// Whether this type can be searched at all.
    pub fn searches(&self, resource_type: &str) -> bool {
        self.types.get(resource_type).is_some_and(|it| it.search)
    }

    /// Whether deletions of this type can be seen in its history.
    pub fn has_history(&self, resource_type: &str) -> bool {
        self.types.get(resource_type).is_some_and(|it| it.history)
    }
}

// === Bulk export ===

/// Whose data an export is to bring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExportLevel {
    /// Everything.
    System,
    /// All patients and what belongs to them.
    Patient,
    /// The patients of a group, by its FHIR id.
    Group(String),
}

/// What to export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportRequest {
    /// Whose data.
    pub level: ExportLevel,
    /// Which types.
    pub types: Vec<String>,
    /// Only what changed since.
    pub since: Option<Timestamp>,
    /// What of the types, each as a search (`Observation?category=laboratory`). Never left out, because it keeps data away.
    pub type_filters: Vec<String>,
}

/// An export the server has taken on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StartedExport {
    /// The URL of its status.
    pub job: String,
    /// Parameters the server refused and that were left out. Without them an export brings more than was asked for, never less.
    pub left_out: Vec<String>,
}

/// How an export job stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportStatus {
    /// The server is still at work.
    Working {
        /// When it wants to be asked again.
        retry_after: Option<Duration>,
        /// Its own words, for example `50% complete`.
        progress: Option<String>,
    },
    /// The files are there.
    Ready(ExportManifest),
}

/// What an export came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportManifest {
    /// The server's clock at the export: everything before is in it.
    pub transaction_time: Option<Timestamp>,
    /// Files of resources.
    pub files: Vec<ExportFile>,
    /// Files of what was deleted.
    pub deleted: Vec<ExportFile>,
    /// Files of what went wrong.
    pub errors: Vec<ExportFile>,
}

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportFile {
    /// Where it is.
    pub url: String,
    /// What it says it holds. Lines may say otherwise.
    pub resource_type: Option<String>,
    /// How many lines it says it has.
    pub count: Option<u64>,
    /// Whether our token is wanted for it. It never goes to another origin than the server's own.
    pub with_token: bool,
}

/// A line of a file.
#[derive(Clone, PartialEq, Eq)]
pub struct ExportLine {
    /// Counted from 1, blank lines included.
    pub number: u64,
    /// Its bytes without the line end; of one that is too long, the beginning.
    pub bytes: Vec<u8>,
    /// The line is longer than is read.
    pub too_long: bool,
}

/// A file being read.
#[async_trait]
pub trait ExportLines: Send {
    /// The next lines, blank ones left out; empty at the end of the file. An error comes after all whole lines before it.
    ///
    /// # Errors
    /// [`EhrErrorKind::Later`] where the stream was cut: open it again and skip what was read.
    async fn next(&mut self, most_lines: usize, most_bytes: usize) -> Result<Vec<ExportLine>, EhrError>;
    /// Stands for the lines that were skipped, once [`ExportLines::next`] came behind them. Another value than
    /// [`ExportLines::handed_out`] had before a cut means other lines: a server that writes the file anew for each who asks, or bytes that
    /// were damaged before their check sum came.
    fn skipped(&self) -> Option<ContentHash>;
    /// Stands for all lines from the file's first to the last that was handed out; `None` while none was.
    fn handed_out(&self) -> Option<ContentHash>;
}

// === Search ===

/// What to search for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchRequest {
    /// The resource type.
    pub resource_type: String,
    /// Only what changed at or after this moment.
    pub since: Option<Timestamp>,
    /// Oldest change first.
    pub sorted: bool,
    /// Only what belongs to one patient: the parameter, and the patient's FHIR id.
    pub patient: Option<(String, String)>,
    /// Only which resources there are, not what they say.
    pub ids_only: bool,
    /// Entries on a page, where the server goes along with it.
    pub page_size: u32,
}

/// A page of a search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchPage {
    /// The resources of the type that was asked for, as they came; none where only ids were asked for.
    pub resources: Vec<Vec<u8>>,
    /// The FHIR ids of all resources on the page.
    pub ids: Vec<String>,
    /// FHIR ids of those that came only in part (tagged `SUBSETTED`) and are not among `resources`.
    pub partial: Vec<String>,
    /// Where the next page is. Only its absence means the end.
    pub next: Option<String>,
    /// The pages are one list, and not several searches one after the other.
    pub is_only_search: bool,
    /// The server's clock when it answered.
    pub answered_at: Option<Timestamp>,
    /// What the server warned of.
    pub warnings: Vec<String>,
}

/// A page of deletions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeletedPage {
    /// FHIR ids.
    pub ids: Vec<String>,
    /// Where the next page is.
    pub next: Option<String>,
}

/// A FHIR server.
///
/// Each call tries a few times by itself where that can help; an error that comes back has outlived them.
///
/// # Errors
/// All methods: [`EhrError`].
#[async_trait]
pub trait Ehr: Send + Sync {
    /// What the server says it can do.
    async fn capabilities(&self) -> Result<EhrCapabilities, EhrError>;
    /// Starts an export. [`EhrErrorKind::Later`] where the server has no room for another one yet.
    async fn start_export(&self, request: &ExportRequest) -> Result<StartedExport, EhrError>;
    /// Asks how an export stands. [`EhrErrorKind::Gone`] where the server no longer knows it.
    async fn export_status(&self, job: &str) -> Result<ExportStatus, EhrError>;
    /// Opens a file of an export, after its first `skip` lines.
    async fn open_file(&self, file: &ExportFile, skip: u64) -> Result<Box<dyn ExportLines>, EhrError>;
    /// Tells the server that the export is not needed any more. A job it no longer knows is no error.
    async fn end_export(&self, job: &str) -> Result<(), EhrError>;
    /// A page of a search: the first, or that at `next` of the page before.
    async fn search(&self, request: &SearchRequest, next: Option<&str>) -> Result<SearchPage, EhrError>;
    /// What was deleted of a type since a moment, from its history.
    async fn deleted(&self, resource_type: &str, since: Timestamp, next: Option<&str>) -> Result<DeletedPage, EhrError>;
    /// A resource as it is now; `None` where it is not there or deleted.
    async fn read(&self, resource_type: &str, fhir_id: &str) -> Result<Option<Vec<u8>>, EhrError>;
}

// === Reading ===

/// Why a resource can't be read. It carries no patient data besides the id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Why.
    pub reason: String,
    /// FHIR type, where it could be told.
    pub resource_type: Option<String>,
    /// FHIR id, where it could be told.
    pub fhir_id: Option<String>,
}

/// What a line of an export's `deleted` files says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deletions {
    /// Type and FHIR id of each deleted resource.
    pub gone: Vec<(String, String)>,
    /// Deletions that name no resource of this server.
    pub unreadable: u64,
}

/// A finding of the server about its own work, from an OperationOutcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFinding {
    /// Something is missing because of it; else it is a warning or a remark.
    pub is_error: bool,
    /// The server's words.
    pub text: String,
}

/// Reads what a server sent into the model's values. Pure: the same bytes give the same answer, and no bytes make it panic.
pub trait ResourceReader: Send + Sync {
    /// A resource. The bytes become its raw text as they are.
    ///
    /// # Errors
    /// [`Unreadable`] with the bytes, for the quarantine.
    fn resource(&self, raw: Vec<u8>) -> Result<ReadResource, (Unreadable, Vec<u8>)> {
        self.resource_of(raw, &mut SharedCodings::default())
    }
    /// A resource of a piece, whose codings are shared with others that this reader reads of it.
    ///
    /// # Errors
    /// As [`ResourceReader::resource`].
    fn resource_of(&self, raw: Vec<u8>, piece: &mut SharedCodings) -> Result<ReadResource, (Unreadable, Vec<u8>)>;
    /// A line of an export's `deleted` files.
    ///
    /// # Errors
    /// [`Unreadable`] where the line is no Bundle.
    fn deletions(&self, raw: &[u8]) -> Result<Deletions, Unreadable>;
    /// A line of an export's `error` files.
    fn findings(&self, raw: &[u8]) -> Vec<ServerFinding>;
    /// The key of a resource of this source.
    fn key(&self, resource_type: &str, fhir_id: &str) -> ResourceKey;
    /// The types this source is to be synced for, in the order in which they are best fetched.
    fn types(&self) -> &[String];
    /// Whether there is such a type of resource at all.
    fn knows(&self, resource_type: &str) -> bool;
}
