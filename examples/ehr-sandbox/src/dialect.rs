//! The sandbox speaking as other servers do: what they do not say, do not allow, and leave out. A dialect changes requests before they are
//! answered and answers before they are sent; the records are the same.

use std::{str::FromStr, sync::Arc};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    StatusCode, Uri,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use serde_json::Value;
use url::form_urlencoded;

use crate::{Sandbox, resource::is_shared};

/// More than this of an answer is not rewritten.
const LARGEST: usize = 256 << 20;

/// How the sandbox speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// As FHIR has it.
    #[default]
    Standard,
    /// As Epic: no `meta` on any resource, no search by time, no history, a search wants a patient, one for observations a category too,
    /// and only groups are exported.
    Epic,
    /// As Oracle Health: a search wants a patient, `_lastUpdated` is known for Observation alone, no history, and a patient that was merged into
    /// another one is in no search and no export, but can be read.
    Oracle,
    /// As somebody's first FHIR server: no CapabilityStatement, no history, no export, no type or total or `self` of a Bundle, no mode or
    /// fullUrl of an entry, parameters it does not know ignored without a word, and a fault of its own for a type it does not know.
    Plain,
}

impl FromStr for Dialect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "standard" => Ok(Self::Standard),
            "epic" => Ok(Self::Epic),
            "oracle" => Ok(Self::Oracle),
            "plain" => Ok(Self::Plain),
            other => Err(format!("{other} is no dialect: expected standard, epic, oracle or plain")),
        }
    }
}

/// A layer around the routes.
pub(crate) async fn speak(State(sandbox): State<Arc<Sandbox>>, mut request: Request, next: Next) -> Response {
    let dialect = sandbox.dialect;
    let Some(path) = request.uri().path().strip_prefix("/fhir/").map(str::to_owned) else { return next.run(request).await };
    if dialect == Dialect::Standard {
        return next.run(request).await;
    }
    let parameters = parameters(request.uri().query());
    if let Some(status) = refusal(dialect, &path, &parameters) {
        return status.into_response();
    }
    if dialect == Dialect::Plain {
        let known: Vec<_> = parameters.iter().filter(|(name, _)| matches!(name.as_str(), "_count" | "_page" | "_id")).collect();
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(known).finish();
        if let Ok(uri) = format!("/fhir/{path}?{query}").parse::<Uri>() {
            *request.uri_mut() = uri;
        }
    }
    let (mut head, body) = next.run(request).await.into_parts();
    #[expect(clippy::disallowed_methods, reason = "a limit is given")]
    let read = to_bytes(body, LARGEST).await;
    let Ok(bytes) = read else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let is_lines = head.headers.get(CONTENT_TYPE).is_some_and(|it| it.as_bytes().ends_with(b"ndjson"));
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let rewritten = if is_lines {
        let shown = text.lines().filter(|line| dialect != Dialect::Oracle || serde_json::from_str(line).is_ok_and(|it| !is_merged(&it)));
        shown.map(|line| rewrite(dialect, line) + "\n").collect()
    } else {
        rewrite(dialect, &text)
    };
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, Body::from(rewritten))
}

fn parameters(query: Option<&str>) -> Vec<(String, String)> {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect()
}

/// What the server says no to.
fn refusal(dialect: Dialect, path: &str, parameters: &[(String, String)]) -> Option<StatusCode> {
    let has = |name: &str| parameters.iter().any(|(other, _)| other == name);
    let mut parts = path.split('/');
    let (kind, second, third) = (parts.next()?, parts.next(), parts.next());
    if dialect == Dialect::Plain {
        return match (kind, second) {
            ("metadata" | "$export" | "Group", _) => Some(StatusCode::NOT_FOUND),
            (_, Some("_history" | "$export")) => Some(StatusCode::METHOD_NOT_ALLOWED),
            ("DeviceRequest" | "ServiceRequest", _) => Some(StatusCode::INTERNAL_SERVER_ERROR),
            _ => None,
        };
    }
    if second == Some("_history") || third == Some("_history") || kind == "$export" || (kind == "Patient" && second == Some("$export")) {
        return Some(StatusCode::NOT_FOUND);
    }
    let is_search = second.is_none() && kind.starts_with(char::is_uppercase) && !has("_page");
    if !is_search {
        return None;
    }
    let knows_time = dialect == Dialect::Oracle && kind == "Observation";
    let asks_time = has("_lastUpdated") || has("_sort");
    let narrow = is_shared(kind) || has("patient") || has("subject") || has("_id");
    let lacks_category = dialect == Dialect::Epic && kind == "Observation" && !has("category") && !has("_id");
    (!narrow || lacks_category || (asks_time && !knows_time)).then_some(StatusCode::BAD_REQUEST)
}

/// A document as the dialect has it.
fn rewrite(dialect: Dialect, text: &str) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    match dialect {
        Dialect::Standard => {}
        Dialect::Epic => {
            without_meta(&mut value);
            narrow_statement(&mut value, &[]);
        }
        Dialect::Oracle => {
            if let Some(entries) = value.get_mut("entry").and_then(Value::as_array_mut) {
                entries.retain(|it| !is_merged(&it["resource"]));
            }
            narrow_statement(&mut value, &["Observation"]);
        }
        Dialect::Plain => plain(&mut value),
    }
    value.to_string()
}

fn is_merged(resource: &Value) -> bool {
    resource["link"].as_array().is_some_and(|links| links.iter().any(|it| it["type"] == "replaced-by"))
}

fn without_meta(value: &mut Value) {
    if let Some(object) = value.as_object_mut() {
        object.remove("meta");
        for entry in object.get_mut("entry").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(resource) = entry.get_mut("resource").and_then(Value::as_object_mut) {
                resource.remove("meta");
            }
        }
    }
}

/// A CapabilityStatement that names `_lastUpdated` for these types alone, no history, and only the export of groups.
fn narrow_statement(value: &mut Value, by_time: &[&str]) {
    if value["resourceType"] != "CapabilityStatement" {
        return;
    }
    for rest in value["rest"].as_array_mut().into_iter().flatten() {
        if let Some(rest) = rest.as_object_mut() {
            rest.remove("operation");
        }
        for resource in rest["resource"].as_array_mut().into_iter().flatten() {
            let kind = resource["type"].as_str().unwrap_or_default().to_owned();
            let keeps = |list: Option<&mut Value>, name: &str, keep: &dyn Fn(&str) -> bool| {
                if let Some(list) = list.and_then(Value::as_array_mut) {
                    list.retain(|it| keep(it[name].as_str().unwrap_or_default()));
                }
            };
            keeps(resource.get_mut("interaction"), "code", &|code| !code.starts_with("history"));
            keeps(resource.get_mut("searchParam"), "name", &|name| name != "_lastUpdated" || by_time.contains(&kind.as_str()));
            if kind == "Patient"
                && let Some(resource) = resource.as_object_mut()
            {
                resource.remove("operation");
            }
        }
    }
}

/// A Bundle with its entries and its next link, and nothing else.
fn plain(value: &mut Value) {
    let Some(bundle) = value.as_object_mut().filter(|it| it.get("resourceType").is_some_and(|kind| kind == "Bundle")) else { return };
    bundle.remove("type");
    bundle.remove("total");
    if let Some(links) = bundle.get_mut("link").and_then(Value::as_array_mut) {
        links.retain(|it| it["relation"] == "next");
        for link in links {
            // Relative to where it was found.
            if let Some((_, query)) = link["url"].as_str().and_then(|it| it.split_once('?')) {
                link["url"] = Value::from(format!("?{query}"));
            }
        }
    }
    for entry in bundle.get_mut("entry").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(entry) = entry.as_object_mut() {
            entry.remove("fullUrl");
            entry.remove("search");
        }
    }
}
