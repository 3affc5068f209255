//! What plugins did: figures, and traces of single calls. Nothing here is a value that crossed the border of a plugin.

use axum::Json;
use axum::extract::{Path, State};
use gateway_domain::plugin::PluginName;
use gateway_domain::plugin_call::{CallError, CallFigures, CallInput, HostUse, HttpTraffic, PluginCall, PluginFunction};
use serde::Serialize;
use utoipa::ToSchema;

use crate::ApiDeps;
use crate::extract::List;
use crate::problem::ApiError;
use crate::words::{CallOutcomeWord, PluginFunctionWord};

/// HTTP of calls.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HttpTrafficView {
    /// Requests, those that were refused among them.
    pub requests: u64,
    /// Bytes of the bodies of requests.
    pub sent_bytes: u64,
    /// Bytes of the bodies of responses.
    pub received_bytes: u64,
}

/// Calls added up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallFiguresView {
    /// Calls that ended.
    pub calls: u64,
    /// With an answer.
    pub answered: u64,
    /// With an error the plugin itself named.
    pub said: u64,
    /// With a trap or at a limit.
    pub stopped: u64,
    /// With an answer that can't be.
    pub nonsense: u64,
    /// That took too long.
    pub timed_out: u64,
    /// Time of all calls together, in seconds.
    pub time_seconds: f64,
    /// Time of the longest.
    pub longest_seconds: f64,
    /// Time the plugin computed.
    pub computing_seconds: f64,
    /// Time it waited for the host.
    pub waiting_seconds: f64,
    /// Time calls waited for a free place, and for their turns to compute.
    pub queueing_seconds: f64,
    /// Units of fuel, about one for each instruction.
    pub fuel: u64,
    /// The most bytes of memory one call held.
    pub most_memory_bytes: u64,
    /// Calls of the host, HTTP requests aside.
    pub host_calls: u64,
    /// Lines for the log.
    pub log_lines: u64,
    /// Look-ups of codes and value sets.
    pub lookups: u64,
    /// Messages for the relay.
    pub mails: u64,
    /// HTTP.
    pub http: HttpTrafficView,
}

/// Calls of one function.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FunctionFiguresView {
    /// The function.
    pub function: PluginFunctionWord,
    /// Its calls.
    pub figures: CallFiguresView,
}

/// A call without an answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallErrorView {
    /// The number of the call among the plugin's calls.
    pub number: u64,
    /// When it began.
    pub at: String,
    /// What the plugin was called for.
    pub function: PluginFunctionWord,
    /// How it ended.
    pub outcome: CallOutcomeWord,
    /// Why, in the gateway's words.
    pub reason: String,
}

/// A field of what a plugin was given: name and size, never the value.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallInputView {
    /// Its name.
    pub name: String,
    /// How many there were, where there can be several.
    pub count: Option<u64>,
    /// Bytes of all of them together, where they have a size of their own.
    pub bytes: Option<u64>,
    /// What is inside.
    #[schema(no_recursion)]
    pub fields: Vec<Self>,
}

/// What a call used of the host.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HostUseView {
    /// Interface and function, for example `mail.relay`.
    pub function: String,
    /// How often.
    pub calls: u64,
    /// How long, all calls together.
    pub time_seconds: f64,
}

/// The trace of one call of a plugin.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PluginCallView {
    /// The number of the call among the plugin's calls, from 1.
    pub number: u64,
    /// When it began.
    pub at: String,
    /// The version of the plugin that was called.
    pub version: String,
    /// What the plugin was called for.
    pub function: PluginFunctionWord,
    /// How it ended.
    pub outcome: CallOutcomeWord,
    /// Why there is no answer, in the gateway's words.
    pub reason: Option<String>,
    /// What it was given, by name and size.
    pub inputs: Vec<CallInputView>,
    /// What it used of the host.
    pub host: Vec<HostUseView>,
    /// From its begin to its end, in seconds.
    pub time_seconds: f64,
    /// Of that, what the plugin computed.
    pub computing_seconds: f64,
    /// Of that, what it waited for the host.
    pub waiting_seconds: f64,
    /// The wait for a free place before it began, and while it ran for its turns to compute.
    pub queueing_seconds: f64,
    /// Units of fuel, about one for each instruction.
    pub fuel: u64,
    /// The most bytes of memory it held.
    pub memory_bytes: u64,
    /// Its HTTP.
    pub http: HttpTrafficView,
}

/// Traces of a plugin's last calls, the newest first: fifty, and beside them the last twenty without an answer.
#[utoipa::path(
    get,
    path = "/plugins/{name}/calls",
    tag = "plugins",
    params(("name" = String, Path)),
    responses((status = 200, body = List<PluginCallView>))
)]
pub(crate) async fn list(State(deps): State<ApiDeps>, Path(name): Path<String>) -> Result<Json<List<PluginCallView>>, ApiError> {
    let name = PluginName::new(name).map_err(|_| ApiError::NotFound("plugin"))?;
    let calls = deps.plugins.calls(&name)?;
    Ok(Json(List::whole(calls.into_iter().map(call).collect())))
}

pub(crate) fn figures(figures: &CallFigures) -> CallFiguresView {
    CallFiguresView {
        calls: figures.calls,
        answered: figures.answered,
        said: figures.said,
        stopped: figures.stopped,
        nonsense: figures.nonsense,
        timed_out: figures.timed_out,
        time_seconds: figures.time.as_secs_f64(),
        longest_seconds: figures.longest.as_secs_f64(),
        computing_seconds: figures.computing.as_secs_f64(),
        waiting_seconds: figures.waiting.as_secs_f64(),
        queueing_seconds: figures.queueing.as_secs_f64(),
        fuel: figures.fuel,
        most_memory_bytes: figures.most_memory_bytes,
        host_calls: figures.host_calls,
        log_lines: figures.log_lines,
        lookups: figures.lookups,
        mails: figures.mails,
        http: http(figures.http),
    }
}

pub(crate) fn of_function((function, calls): (PluginFunction, CallFigures)) -> FunctionFiguresView {
    FunctionFiguresView { function: function.into(), figures: figures(&calls) }
}

pub(crate) fn error(error: CallError) -> CallErrorView {
    CallErrorView {
        number: error.number,
        at: error.at.to_string(),
        function: error.function.into(),
        outcome: error.outcome.into(),
        reason: error.reason.into_owned(),
    }
}

fn call(call: PluginCall) -> PluginCallView {
    PluginCallView {
        number: call.number,
        at: call.at.to_string(),
        version: call.version,
        function: call.function.into(),
        outcome: call.outcome.into(),
        reason: call.reason.map(Into::into),
        inputs: call.inputs.into_iter().map(input).collect(),
        host: call.host.into_iter().map(used).collect(),
        time_seconds: call.time.as_secs_f64(),
        computing_seconds: call.computing.as_secs_f64(),
        waiting_seconds: call.waiting.as_secs_f64(),
        queueing_seconds: call.queueing.as_secs_f64(),
        fuel: call.fuel,
        memory_bytes: call.memory_bytes,
        http: http(call.http),
    }
}

fn input(field: CallInput) -> CallInputView {
    let CallInput { name, count, bytes, fields } = field;
    CallInputView { name: name.into_owned(), count, bytes, fields: fields.into_iter().map(input).collect() }
}

fn used(used: HostUse) -> HostUseView {
    HostUseView { function: used.function.name().to_owned(), calls: used.calls, time_seconds: used.time.as_secs_f64() }
}

const fn http(traffic: HttpTraffic) -> HttpTrafficView {
    let HttpTraffic { requests, sent_bytes, received_bytes } = traffic;
    HttpTrafficView { requests, sent_bytes, received_bytes }
}
