//! Bulk Data export over HTTP.

use std::{collections::BTreeSet, io, sync::Arc};

use axum::{
    Extension, Json,
    body::Body,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_LOCATION, CONTENT_TYPE, EXPIRES, RETRY_AFTER},
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{
    Shared,
    answer::{self, FHIR_JSON, outcome},
    blocking,
    records::{kind, parameters, strict},
};
use crate::{
    Sandbox,
    auth::{Access, Scopes},
    bulk::{DELETED, Job, Level, Status},
    clock,
    error::Error,
    resource::{Kinds, referenced_patient},
    search::query::bound,
};

const PREFER: HeaderName = HeaderName::from_static("prefer");
const X_PROGRESS: HeaderName = HeaderName::from_static("x-progress");
const NDJSON: HeaderValue = HeaderValue::from_static("application/fhir+ndjson");

pub(crate) async fn system(
    State(sandbox): Shared,
    Extension(scopes): Extension<Scopes>,
    uri: http::Uri,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Error> {
    kick_off(sandbox, &scopes, &uri, asked(query.as_deref(), &body)?, &headers, Level::System).await
}

pub(crate) async fn patients(
    State(sandbox): Shared,
    Extension(scopes): Extension<Scopes>,
    uri: http::Uri,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Error> {
    kick_off(sandbox, &scopes, &uri, asked(query.as_deref(), &body)?, &headers, Level::Patients).await
}

pub(crate) async fn group(
    State(sandbox): Shared,
    Extension(scopes): Extension<Scopes>,
    Path(id): Path<String>,
    uri: http::Uri,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Error> {
    let group = blocking(&sandbox, move |sandbox| {
        let snapshot = sandbox.store.snapshot(clock::now());
        Ok(sandbox.store.read("Group", &id, snapshot)?.value())
    })
    .await?;
    let members: BTreeSet<String> = group
        .get("member")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|member| member.get("inactive").and_then(Value::as_bool) != Some(true))
        .filter_map(|member| member.get("entity")?.get("reference")?.as_str())
        .filter_map(|reference| referenced_patient(reference).map(str::to_owned))
        .collect();
    kick_off(sandbox, &scopes, &uri, asked(query.as_deref(), &body)?, &headers, Level::Group { members }).await
}

/// What is asked for: the query, and the Parameters of a body.
fn asked(query: Option<&str>, body: &str) -> Result<Vec<(String, String)>, Error> {
    let mut asked = parameters(query);
    if body.trim().is_empty() {
        return Ok(asked);
    }
    let body: Value = serde_json::from_str(body).map_err(|_| Error::Invalid("The body is no JSON; Parameters were expected".to_owned()))?;
    if body.get("resourceType").and_then(Value::as_str) != Some("Parameters") {
        return Err(Error::Invalid("The body is no Parameters resource".to_owned()));
    }
    for parameter in body.get("parameter").and_then(Value::as_array).into_iter().flatten() {
        let name = parameter.get("name").and_then(Value::as_str);
        let value = parameter.as_object().into_iter().flatten().find(|(name, _)| name.starts_with("value")).and_then(|(_, it)| it.as_str());
        if let (Some(name), Some(value)) = (name, value) {
            asked.push((name.to_owned(), value.to_owned()));
        }
    }
    Ok(asked)
}

async fn kick_off(
    sandbox: Arc<Sandbox>,
    scopes: &Scopes,
    uri: &http::Uri,
    asked: Vec<(String, String)>,
    headers: &HeaderMap,
    level: Level,
) -> Result<Response, Error> {
    let prefer = headers.get_all(&PREFER).iter().filter_map(|value| value.to_str().ok());
    if !prefer.flat_map(|value| value.split([',', ';'])).any(|part| part.trim().eq_ignore_ascii_case("respond-async")) {
        return Err(Error::Invalid("An export needs the header Prefer: respond-async".to_owned()));
    }
    let mut since = None;
    let mut named: Option<Vec<&'static str>> = None;
    for (name, value) in asked {
        match name.as_str() {
            "_since" => since = Some(bound("_since", &value)?.start),
            "_type" => {
                let list = named.get_or_insert_default();
                for word in value.split(',').filter(|word| !word.is_empty()) {
                    list.push(kind(word)?);
                }
            }
            "_outputFormat" if matches!(value.as_str(), "application/fhir+ndjson" | "application/ndjson" | "ndjson") => {}
            "_outputFormat" => {
                return Err(Error::Invalid(format!("_outputFormat={value} is not known; application/fhir+ndjson is")));
            }
            other if strict(headers) => {
                return Err(Error::Invalid(format!("{other} is not known for exports; _type, _since, _outputFormat are")));
            }
            _ => {}
        }
    }
    let kinds = if let Some(named) = named {
        for kind in &named {
            scopes.require(Access::Read, kind)?;
        }
        Kinds::only(named)
    } else {
        scopes.require(Access::Read, "*")?;
        Kinds::all()
    };
    let now = clock::now();
    let request = format!("{}{}", sandbox.origin, uri.path_and_query().map_or("/", |path| path.as_str()));
    let snapshot = sandbox.store.snapshot(now);
    let job = Arc::new(Job::new(request, level, kinds, since, snapshot, sandbox.export_delay, &sandbox.stop));
    let id = sandbox.jobs.add(Arc::clone(&job), now)?;
    let location = format!("{}/bulk-status/{id}", sandbox.base_url);
    let at_once = sandbox.export_delay.is_zero();
    let counting = tokio::task::spawn_blocking(move || job.count(&sandbox.store));
    if at_once {
        counting.await.map_err(|error| Error::Config(error.to_string()))?;
    }
    let location = HeaderValue::try_from(location).map_err(|error| Error::Config(error.to_string()))?;
    let body = outcome("information", "informational", "The export was accepted; poll the address of Content-Location");
    Ok((StatusCode::ACCEPTED, [(CONTENT_LOCATION, location), (CONTENT_TYPE, FHIR_JSON)], body.to_string()).into_response())
}

fn job(sandbox: &Sandbox, id: &str) -> Result<Arc<Job>, Error> {
    sandbox.jobs.get(id).ok_or_else(|| Error::UnknownPath("The export job".to_owned()))
}

pub(crate) async fn status(State(sandbox): Shared, Path(id): Path<String>) -> Result<Response, Error> {
    let job = job(&sandbox, &id)?;
    let now = clock::now();
    let files = match job.status(&sandbox.store, now) {
        Status::Running { percent } => {
            let progress = HeaderValue::try_from(format!("{percent}%")).map_err(|error| Error::Config(error.to_string()))?;
            let headers = [(X_PROGRESS, progress), (RETRY_AFTER, HeaderValue::from_static("1"))];
            return Ok((StatusCode::ACCEPTED, headers).into_response());
        }
        Status::Done { files } => files,
    };
    let file = |kind: &str, count: u64| json!({"type": kind, "url": format!("{}/bulk-files/{id}/{kind}.ndjson", sandbox.base_url), "count": count});
    let output: Vec<Value> = files.iter().filter(|(kind, _)| *kind != DELETED).map(|(kind, count)| file(kind, *count)).collect();
    let deleted: Vec<Value> = files
        .get(DELETED)
        .map(|count| json!({"type": "Bundle", "url": format!("{}/bulk-files/{id}/{DELETED}.ndjson", sandbox.base_url), "count": count}))
        .into_iter()
        .collect();
    let manifest = json!({
        "transactionTime": format!("{:.3}", job.snapshot.at),
        "request": job.request,
        "requiresAccessToken": !sandbox.open,
        "output": output,
        "deleted": deleted,
        "error": [],
    });
    let expires = now.saturating_add(SignedDuration::from_mins(60)).unwrap_or(now);
    let mut response = Json(manifest).into_response();
    if let Some(expires) = answer::http_date(expires) {
        response.headers_mut().insert(EXPIRES, expires);
    }
    Ok(response)
}

pub(crate) async fn delete(State(sandbox): Shared, Path(id): Path<String>) -> Result<Response, Error> {
    job(&sandbox, &id)?;
    sandbox.jobs.remove(&id);
    let body = outcome("information", "informational", "The export and its files were deleted");
    Ok((StatusCode::ACCEPTED, [(CONTENT_TYPE, FHIR_JSON)], body.to_string()).into_response())
}

pub(crate) async fn file(
    State(sandbox): Shared,
    Extension(scopes): Extension<Scopes>,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, Error> {
    let job = job(&sandbox, &id)?;
    if !matches!(job.status(&sandbox.store, clock::now()), Status::Done { .. }) {
        return Err(Error::UnknownPath("The file of an export that is not done".to_owned()));
    }
    let stem = name.strip_suffix(".ndjson").ok_or_else(|| Error::UnknownPath(name.clone()))?;
    if stem == DELETED {
        let text = blocking(&sandbox, move |sandbox| Ok(job.deleted_file(&sandbox.store))).await?;
        return Ok(([(CONTENT_TYPE, NDJSON)], text).into_response());
    }
    let kind = kind(stem)?;
    scopes.require(Access::Read, kind)?;
    if !job.kinds.has(kind) {
        return Err(Error::UnknownPath(name));
    }
    // Two chunks wait at most; the writer stops when the client goes away.
    let (sender, mut receiver) = mpsc::channel::<io::Result<Bytes>>(2);
    tokio::task::spawn_blocking(move || {
        let whole = job.stream(&sandbox.store, kind, |chunk| sender.blocking_send(Ok(chunk)).is_ok());
        if !whole {
            // An answer that just ended would look whole; this one is cut off. Nobody may be there to see it.
            let _nobody_listens = sender.blocking_send(Err(io::Error::other("the export was deleted or the sandbox stops")));
        }
    });
    let chunks = futures_util::stream::poll_fn(move |context| receiver.poll_recv(context));
    Ok(([(CONTENT_TYPE, NDJSON)], Body::from_stream(chunks)).into_response())
}
