//! What rules do to a request and its answer.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{
    HeaderName, HeaderValue, Method, StatusCode, Uri,
    header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{
    HangUp, Kept, Place, lines,
    manifest::{self, Head},
    script::{Action, Answer, Change, NextLink, Packing, random},
    whole,
};
use crate::{Sandbox, clock, server::answer::http_date};

/// What texts of a script may name.
pub(super) struct Names {
    origin: String,
    foreign: String,
    uri: Uri,
    now: Timestamp,
}

impl Names {
    fn fill(&self, text: &str) -> String {
        let mut filled = text
            .replace("{base}", &format!("{}/fhir", self.origin))
            .replace("{origin}", &self.origin)
            .replace("{foreign}", &self.foreign)
            .replace("{path}", self.uri.path())
            .replace("{query}", self.uri.query().unwrap_or_default());
        while let Some((before, rest)) = filled.split_once("{now")
            && let Some((ahead, after)) = rest.split_once('}')
        {
            let ahead: SignedDuration = ahead.parse().unwrap_or_default();
            let at = http_date(self.now.saturating_add(ahead).unwrap_or(self.now));
            let at = at.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default();
            filled = format!("{before}{at}{after}");
        }
        filled
    }

    fn fill_all(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill(text)),
            Value::Array(list) => list.iter().map(|each| self.fill_all(each)).collect(),
            Value::Object(members) => members.iter().map(|(name, each)| (name.clone(), self.fill_all(each))).collect(),
            other => other.clone(),
        }
    }
}

pub(super) async fn act(
    sandbox: &Arc<Sandbox>,
    place: Place,
    line: Option<HangUp>,
    actions: Vec<(Action, u64)>,
    mut request: Request,
    next: Next,
) -> Response {
    let names = Names { origin: sandbox.origin.clone(), foreign: sandbox.stage.foreign(), uri: request.uri().clone(), now: clock::now() };
    // What is changed has to be readable; who wants it packed says so.
    request.headers_mut().remove(ACCEPT_ENCODING);
    let mut answered: Option<Response> = None;
    for (action, _) in &actions {
        match action {
            Action::Delay(time) => tokio::time::sleep(time.0).await,
            Action::Drop => {
                if let Some(line) = &line {
                    line.now();
                }
                answered = Some(StatusCode::SERVICE_UNAVAILABLE.into_response());
            }
            Action::Answer(answer) => answered = Some(given(answer, &names)),
            Action::Write(resource) => write(sandbox, resource, None),
            Action::WriteLate { resource, ago } => write(sandbox, resource, SignedDuration::try_from(ago.0).ok()),
            Action::Delete(name) => {
                if let Some((kind, id)) = name.split_once('/')
                    && let Some(kind) = crate::resource::kind_named(kind)
                    && let Err(error) = sandbox.store.delete(kind, id, None, clock::now())
                {
                    tracing::warn!(%error, "The script deletes what is not there");
                }
            }
            _ => {}
        }
    }
    let cached = actions.iter().find_map(|(action, _)| if let Action::Cache(time) = action { Some(time.0) } else { None });
    let wants_fresh = request.headers().get(CACHE_CONTROL).is_some_and(|value| value.as_bytes().windows(8).any(|it| it == b"no-cache"));
    let key = format!("{place:?} {} {}", request.method(), request.uri());
    if cached.is_some()
        && !wants_fresh
        && let Some(kept) = sandbox.stage.played().kept.get(&key).filter(|kept| kept.until > names.now).cloned()
    {
        answered = Some((kept.status, kept.headers, kept.body).into_response());
    }
    let is_get = request.method() == Method::GET;
    let answer = match answered {
        Some(answer) => answer,
        None => match manifest::mixed_file(Head::of(&request), &next).await {
            Some(body) => {
                let mut answer = Response::new(body);
                answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/fhir+ndjson"));
                answer
            }
            None => next.run(request).await,
        },
    };
    let answer = changed(answer, &actions, &names).await;
    match cached {
        Some(time) if is_get => {
            let (head, body) = answer.into_parts();
            let body = whole(body).await;
            let until = names.now.saturating_add(SignedDuration::try_from(time).unwrap_or_default()).unwrap_or(names.now);
            let kept = Kept { until, status: head.status, headers: head.headers.clone(), body: body.clone() };
            sandbox.stage.played().kept.insert(key, kept);
            Response::from_parts(head, Body::from(body))
        }
        _ => answer,
    }
}

fn given(answer: &Answer, names: &Names) -> Response {
    let body = match &answer.body {
        Value::Null => Bytes::new(),
        Value::String(text) => names.fill(text).into(),
        value => names.fill_all(value).to_string().into(),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::IM_A_TEAPOT);
    for (name, value) in &answer.headers {
        set_header(&mut response, name, Some(&names.fill(value)));
    }
    response
}

fn set_header(response: &mut Response, name: &str, value: Option<&str>) {
    let Ok(name) = HeaderName::try_from(name) else { return };
    match value.map(HeaderValue::try_from) {
        Some(Ok(value)) => {
            response.headers_mut().insert(name, value);
        }
        _ => {
            response.headers_mut().remove(name);
        }
    }
}

fn write(sandbox: &Sandbox, resource: &Value, ago: Option<SignedDuration>) {
    let word = |member: &str| resource.get(member).and_then(Value::as_str).unwrap_or_default();
    let Some(kind) = crate::resource::kind_named(word("resourceType")) else { return };
    let now = clock::now();
    let written = match ago {
        Some(ago) => sandbox.store.put_late(kind, word("id"), &resource.to_string(), now.saturating_sub(ago).unwrap_or(now)),
        None => sandbox.store.put(kind, word("id"), &resource.to_string(), None, now).map(drop),
    };
    if let Err(error) = written {
        tracing::warn!(%error, "The script writes what can't be written");
    }
}

/// The answer with all changes of the rules.
async fn changed(mut answer: Response, actions: &[(Action, u64)], names: &Names) -> Response {
    for (action, random) in actions {
        answer = match action {
            Action::Turn { from, .. } if answer.status().as_u16() != *from => answer,
            Action::Turn { to: status, .. } | Action::Status(status) => {
                *answer.status_mut() = StatusCode::from_u16(*status).unwrap_or(StatusCode::IM_A_TEAPOT);
                answer
            }
            Action::Headers(headers) => {
                for (name, value) in headers {
                    set_header(&mut answer, name, value.as_deref().map(|value| names.fill(value)).as_deref());
                }
                answer
            }
            Action::Json(changes) => in_json(answer, |value| changes.iter().for_each(|change| apply(value, change, names))).await,
            Action::Next(link) => {
                in_body(answer, |body| match change_next(&String::from_utf8_lossy(&body), link, names) {
                    Some(text) => text.into(),
                    None => body,
                })
                .await
            }
            Action::ManifestPages(files) => in_json(answer, |value| manifest::page(value, &names.uri, &names.origin, *files)).await,
            Action::MixedFiles(files) => in_json(answer, |value| manifest::mix(value, *files)).await,
            Action::Replace { find, with } => {
                let (find, with) = (names.fill(find), names.fill(with));
                in_body(answer, |body| String::from_utf8_lossy(&body).replace(&find, &with).into_bytes().into()).await
            }
            Action::Lines(changes) => in_body(answer, |body| lines::change(&String::from_utf8_lossy(&body), changes).into()).await,
            Action::Gzip(packing) => {
                let mut answer = in_body(answer, |body| packing.pack(&body).into()).await;
                if *packing == Packing::Encoding {
                    answer.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                }
                answer
            }
            Action::Corrupt { at } => in_body(answer, |body| corrupt(body, *at, *random)).await,
            Action::Cut { after, share, clean } => cut(answer, *after, *share, *clean, *random).await,
            _ => answer,
        };
    }
    // Packed twice, nothing of what was done here would arrive.
    if actions.iter().any(|(action, _)| matches!(action, Action::Gzip(_) | Action::Corrupt { .. } | Action::Cut { .. })) {
        answer.headers_mut().entry(CONTENT_ENCODING).or_insert(HeaderValue::from_static("identity"));
    }
    answer
}

async fn in_body(answer: Response, change: impl FnOnce(Bytes) -> Bytes) -> Response {
    let (mut head, body) = answer.into_parts();
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, Body::from(change(whole(body).await)))
}

/// Changes a body that is JSON; any other stays as it is.
async fn in_json(answer: Response, change: impl FnOnce(&mut Value)) -> Response {
    in_body(answer, |body| match serde_json::from_slice::<Value>(&body) {
        Ok(mut value) => {
            change(&mut value);
            value.to_string().into()
        }
        Err(_) => body,
    })
    .await
}

fn corrupt(body: Bytes, at: Option<f64>, random_number: u64) -> Bytes {
    if body.is_empty() {
        return body;
    }
    let place = at.map_or_else(|| random_number as usize % body.len(), |share| share_of(body.len(), share));
    let mut bytes = body.to_vec();
    if let Some(byte) = bytes.get_mut(place.min(body.len() - 1)) {
        *byte ^= u8::try_from(random(random_number, 1, 1) % 255).unwrap_or_default() + 1;
    }
    bytes.into()
}

fn share_of(length: usize, share: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length is a length")]
    let place = (length as f64 * share.clamp(0.0, 1.0)) as usize;
    place
}

async fn cut(answer: Response, after: Option<usize>, share: Option<f64>, clean: bool, random: u64) -> Response {
    let (mut head, body) = answer.into_parts();
    let body = whole(body).await;
    let by_chance = || random as usize % body.len().max(1);
    let place = after.or_else(|| share.map(|share| share_of(body.len(), share))).unwrap_or_else(by_chance).min(body.len());
    let start = body.slice(..place);
    head.headers.remove(CONTENT_LENGTH);
    if clean {
        return Response::from_parts(head, Body::from(start));
    }
    // The start is to be on its way before the connection breaks.
    let broken = stream::once(async {
        tokio::time::sleep(Duration::from_millis(3)).await;
        Err(std::io::Error::other("cut by the script"))
    });
    Response::from_parts(head, Body::from_stream(stream::once(async { Ok(start) }).chain(broken)))
}

// === JSON ===

fn apply(value: &mut Value, change: &Change, names: &Names) {
    let path: Vec<&str> = change.at.split('/').skip(1).collect();
    let Some((last, parents)) = path.split_last() else { return };
    for parent in members(value, parents) {
        if let Some(added) = &change.add {
            for list in members(parent, &[*last]) {
                if let Some(list) = list.as_array_mut() {
                    list.push(names.fill_all(added));
                }
            }
            continue;
        }
        match (parent, &change.to) {
            (Value::Object(parent), Some(to)) if *last != "*" => {
                parent.insert((*last).to_owned(), names.fill_all(to));
            }
            (Value::Object(parent), None) => {
                parent.remove(*last);
            }
            (Value::Array(list), to) => {
                let places: Vec<usize> = if *last == "*" {
                    (0..list.len()).rev().collect()
                } else {
                    last.parse().into_iter().filter(|at| *at < list.len()).collect()
                };
                for at in places {
                    match to {
                        Some(to) => list.splice(at..=at, [names.fill_all(to)]).for_each(drop),
                        None => drop(list.remove(at)),
                    }
                }
            }
            _ => {}
        }
    }
}

/// All values a path leads to.
fn members<'a>(value: &'a mut Value, path: &[&str]) -> Vec<&'a mut Value> {
    let mut found = vec![value];
    for step in path {
        found = found.into_iter().flat_map(|value| one_step(value, step)).collect();
    }
    found
}

fn one_step<'a>(value: &'a mut Value, step: &str) -> Vec<&'a mut Value> {
    match value {
        Value::Object(members) => {
            let all = step == "*";
            members.iter_mut().filter(|(name, _)| all || *name == step).map(|(_, member)| member).collect()
        }
        Value::Array(list) => {
            let (all, at) = (step == "*", step.parse().ok());
            list.iter_mut().enumerate().filter(|(place, _)| all || Some(*place) == at).map(|(_, member)| member).collect()
        }
        _ => Vec::new(),
    }
}

/// The links of a bundle with another one to the next page. All else of the text stays as it is, to the byte.
fn change_next(text: &str, link: &NextLink, names: &Names) -> Option<String> {
    let bundle: Value = serde_json::from_str(text).ok()?;
    let links = bundle.get("link")?;
    let is_next = |link: &Value| link.get("relation").and_then(Value::as_str) == Some("next");
    let mut changed = links.as_array()?.clone();
    if matches!(link, NextLink::Missing) {
        changed.retain(|link| !is_next(link));
    }
    for each in changed.iter_mut().filter(|link| is_next(link)) {
        let url = each.get("url").and_then(Value::as_str)?;
        let local = url.strip_prefix(&names.origin).unwrap_or(url);
        let url = match link {
            NextLink::Missing => continue,
            NextLink::Relative => local.trim_start_matches("/fhir/").to_owned(),
            NextLink::Query => format!("?{}", local.split_once('?').map_or("", |(_, query)| query)),
            NextLink::Itself => format!("{}{}", names.origin, names.uri),
            NextLink::First => format!("{}{}", names.origin, names.uri.path()),
            NextLink::Long => format!("{url}&_pad={}", "x".repeat(9_000)),
            NextLink::At(origin) => format!("{}{local}", names.fill(origin)),
        };
        each.as_object_mut()?.insert("url".to_owned(), Value::String(url));
    }
    Some(text.replacen(&links.to_string(), &Value::Array(changed).to_string(), 1))
}
