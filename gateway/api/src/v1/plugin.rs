//! Plugins.

use axum::Json;
use axum::extract::{Path, State};
use gateway_domain::audit::AuditAction;
use gateway_domain::capability::Capability;
use gateway_domain::plugin::{Plugin, PluginName};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::ApiDeps;
use crate::access::Caller;
use crate::extract::List;
use crate::problem::ApiError;
use crate::v1::plugin_call::{self, CallErrorView, CallFiguresView, FunctionFiguresView};
use crate::words::{PluginKindWord, PluginStatusWord};

/// A plugin.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PluginView {
    /// Its name.
    pub name: String,
    /// Its version (SemVer).
    pub version: String,
    /// What it decides.
    pub kind: PluginKindWord,
    /// One sentence about it.
    pub description: String,
    /// SHA-256 of the component, in hexadecimal digits.
    pub digest: String,
    /// What its manifest asks for: `log`, `lookup`, `mail`, `patient:` with a field of the person, `facts:` or
    /// `lookup:` with a kind of clinical statement.
    pub asks: Vec<String>,
    /// What the operator granted.
    pub granted: Vec<String>,
    /// Whether it came with the gateway.
    pub bundled: bool,
    /// Whether it takes work.
    pub status: PluginStatusWord,
    /// Calls since the gateway started.
    pub calls: u64,
    /// Calls that failed since the gateway started.
    pub failures: u64,
    /// The last thing that went wrong.
    pub last_error: Option<String>,
}

/// All plugins.
#[utoipa::path(get, path = "/plugins", tag = "plugins", responses((status = 200, body = List<PluginView>)))]
pub(crate) async fn list(State(deps): State<ApiDeps>) -> Json<List<PluginView>> {
    Json(List::whole(deps.plugins.list().into_iter().map(view).collect()))
}

/// A plugin, and what it did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PluginRecord {
    /// The plugin.
    #[serde(flatten)]
    pub plugin: PluginView,
    /// Since when its calls are counted: since it was first installed or the gateway started, all its versions together.
    pub since: String,
    /// All its calls.
    pub total: CallFiguresView,
    /// Its calls by function.
    pub functions: Vec<FunctionFiguresView>,
    /// Its last calls without an answer, the newest first.
    pub errors: Vec<CallErrorView>,
}

/// One plugin, and what it did.
#[utoipa::path(
    get,
    path = "/plugins/{name}",
    tag = "plugins",
    params(("name" = String, Path)),
    responses((status = 200, body = PluginRecord))
)]
pub(crate) async fn get(State(deps): State<ApiDeps>, Path(name): Path<String>) -> Result<Json<PluginRecord>, ApiError> {
    let name = PluginName::new(name).map_err(|_| ApiError::NotFound("plugin"))?;
    let plugin = deps.plugins.list().into_iter().find(|plugin| plugin.name == name).ok_or(ApiError::NotFound("plugin"))?;
    let report = deps.plugins.report(&name)?;
    Ok(Json(PluginRecord {
        plugin: view(plugin),
        since: report.since.to_string(),
        total: plugin_call::figures(&report.total()),
        functions: report.functions.into_iter().map(plugin_call::of_function).collect(),
        errors: report.errors.into_iter().map(plugin_call::error).collect(),
    }))
}

/// Lets a parked plugin take work again.
#[utoipa::path(post, path = "/plugins/{name}/resume", tag = "plugins", params(("name" = String, Path)), responses((status = 204)))]
pub(crate) async fn resume(State(deps): State<ApiDeps>, caller: Caller, Path(name): Path<String>) -> Result<StatusCode, ApiError> {
    let name = PluginName::new(name).map_err(|_| ApiError::NotFound("plugin"))?;
    if !deps.plugins.list().iter().any(|plugin| plugin.name == name) {
        return Err(ApiError::NotFound("plugin"));
    }
    deps.note_change(&caller, AuditAction::Update, None, name.to_string()).await?;
    deps.plugins.resume(&name)?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(plugin: Plugin) -> PluginView {
    let words = |capabilities: Vec<Capability>| capabilities.into_iter().map(String::from).collect();
    PluginView {
        name: plugin.name.to_string(),
        version: plugin.version,
        kind: plugin.kind.into(),
        description: plugin.description,
        digest: plugin.digest,
        asks: words(plugin.asks),
        granted: words(plugin.granted),
        bundled: plugin.bundled,
        status: plugin.status.into(),
        calls: plugin.calls,
        failures: plugin.failures,
        last_error: plugin.last_error,
    }
}
