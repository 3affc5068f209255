//! Read, search, create, update, delete.

use std::sync::Arc;

use axum::{
    Extension, Form,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{
    HeaderMap, HeaderName, StatusCode,
    header::{ETAG, IF_MATCH, IF_NONE_MATCH},
};
use serde_json::Value;
use url::form_urlencoded;

use super::{
    Shared,
    answer::{self, Bundle, fhir, outcome},
    blocking,
};
use crate::{
    Sandbox,
    auth::{Access, Scopes},
    clock,
    error::Error,
    resource::kind_named,
    search::{self, Position, Query},
    store::Snapshot,
};

type Parameters = Vec<(String, String)>;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const IF_NONE_EXIST: HeaderName = HeaderName::from_static("if-none-exist");
/// The one parameter of a next page: everything else is inside.
const PAGE: &str = "_page";

pub(crate) fn kind(name: &str) -> Result<&'static str, Error> {
    kind_named(name).ok_or_else(|| Error::UnknownPath(name.to_owned()))
}

pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

pub(crate) fn parameters(query: Option<&str>) -> Parameters {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect()
}

/// Whether `Prefer` asks to refuse what is not understood.
pub(crate) fn strict(headers: &HeaderMap) -> bool {
    let prefer = headers.get_all(&PREFER).iter().filter_map(|value| value.to_str().ok());
    prefer.flat_map(|value| value.split([',', ';'])).any(|part| part.trim().eq_ignore_ascii_case("handling=strict"))
}

pub(crate) async fn read(
    State(sandbox): Shared,
    Extension(scopes): Extension<Scopes>,
    Path((kind_name, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let kind = kind(&kind_name)?;
    scopes.require(Access::Read, kind)?;
    let found = blocking(&sandbox, move |sandbox| {
        let snapshot = sandbox.store.snapshot(clock::now());
        sandbox.store.read(kind, &id, snapshot)
    })
    .await?;
    let tag = answer::etag(&found.version);
    if header(&headers, &IF_NONE_MATCH).is_some_and(|known| known == tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response());
    }
    Ok(answer::resource(StatusCode::OK, &found, None))
}

pub(crate) async fn search(
    State(sandbox): Shared,
    Extension(scopes): Extension<Scopes>,
    Path(kind_name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Error> {
    run(sandbox, &scopes, &kind_name, parameters(query.as_deref()), &headers).await
}

pub(crate) async fn search_by_form(
    State(sandbox): Shared,
    Extension(scopes): Extension<Scopes>,
    Path(kind_name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    Form(form): Form<Parameters>,
) -> Result<Response, Error> {
    let mut all = parameters(query.as_deref());
    all.extend(form);
    run(sandbox, &scopes, &kind_name, all, &headers).await
}

async fn run(
    sandbox: Arc<Sandbox>,
    scopes: &Scopes,
    kind_name: &str,
    parameters: Parameters,
    headers: &HeaderMap,
) -> Result<Response, Error> {
    let kind = kind(kind_name)?;
    scopes.require(Access::Search, kind)?;
    let strict = strict(headers);
    blocking(&sandbox, move |sandbox| Ok(fhir(searchset(sandbox, kind, parameters, strict)?.text()))).await
}

fn searchset(sandbox: &Sandbox, kind: &'static str, parameters: Parameters, strict: bool) -> Result<Bundle, Error> {
    let cursor = parameters.iter().find(|(name, _)| name == PAGE).map(|(_, value)| Cursor::read(value)).transpose()?;
    let (snapshot, from, parameters) = match cursor {
        Some(cursor) => (Snapshot::up_to(cursor.sequence), cursor.position, cursor.parameters),
        None => (sandbox.store.snapshot(clock::now()), Position::default(), parameters),
    };
    let query = Query::read(kind, &parameters)?;
    let unknown = query.unknown.join(", ");
    if strict && !unknown.is_empty() {
        return Err(Error::Invalid(format!("Search parameters not known for {kind}: {unknown}")));
    }
    let page = search::page(&sandbox.store, &query, snapshot, from)?;

    let mut bundle = Bundle::new("searchset");
    let used: Parameters = parameters.into_iter().filter(|(name, _)| !query.unknown.contains(name)).collect();
    let itself = form_urlencoded::Serializer::new(String::new()).extend_pairs(&used).finish();
    bundle.link("self", format!("{}/{kind}?{itself}", sandbox.base_url));
    if let Some(position) = page.next {
        let cursor = Cursor { sequence: snapshot.sequence, position, parameters: used };
        bundle.link("next", format!("{}/{kind}?{PAGE}={}", sandbox.base_url, cursor.write()));
    }
    for resource in &page.resources {
        let (base, id) = (&sandbox.base_url, &resource.id);
        bundle.entry(format!("{{\"fullUrl\":\"{base}/{kind}/{id}\",\"resource\":{},\"search\":{{\"mode\":\"match\"}}}}", resource.text));
    }
    if !unknown.is_empty() {
        let warning = outcome("warning", "not-supported", &format!("Parameters not known here and ignored: {unknown}"));
        bundle.entry(format!("{{\"resource\":{warning},\"search\":{{\"mode\":\"outcome\"}}}}"));
    }
    Ok(bundle)
}

/// Where a next page goes on: opaque to clients.
pub(crate) struct Cursor {
    pub(crate) sequence: u64,
    pub(crate) position: Position,
    pub(crate) parameters: Parameters,
}

impl Cursor {
    pub(crate) fn write(&self) -> String {
        let parameters = form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.parameters).finish();
        let Position { unit, offset } = self.position;
        URL_SAFE_NO_PAD.encode(format!("{}.{unit}.{offset}.{parameters}", self.sequence))
    }

    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        let read = || {
            let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
            let text = String::from_utf8(bytes).ok()?;
            let mut parts = text.splitn(4, '.');
            let mut number = || parts.next()?.parse::<u64>().ok();
            let (sequence, unit, offset) = (number()?, number()?, number()?);
            let parameters = parameters(parts.next());
            Some(Self { sequence, position: Position { unit, offset: offset as usize }, parameters })
        };
        read().ok_or_else(|| Error::Invalid(format!("{PAGE} is not a page of this server; follow next links as they are")))
    }
}

pub(crate) async fn create(
    State(sandbox): Shared,
    Extension(scopes): Extension<Scopes>,
    Path(kind_name): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Error> {
    let kind = kind(&kind_name)?;
    scopes.require(Access::Create, kind)?;
    let condition = header(&headers, &IF_NONE_EXIST)
        .filter(|_| sandbox.conditional_create)
        .map(|query| parameters(Some(query.trim_start_matches('?'))));
    let base_url = sandbox.base_url.clone();
    blocking(&sandbox, move |sandbox| {
        // Looking and making are one step, or two clients at a time would make two.
        let _alone = condition.is_some().then(|| sandbox.store.alone());
        if let Some(condition) = condition {
            let matches = matches(sandbox, kind, &condition)?;
            match matches.as_slice() {
                [] => {}
                [one] => return Ok(answer::resource(StatusCode::OK, one, Some(&base_url))),
                several => return Err(Error::ManyMatches(several.len())),
            }
        }
        let written = sandbox.store.put(kind, &sandbox.store.new_id(), &body, None, clock::now())?;
        Ok(answer::resource(StatusCode::CREATED, &written.resource, Some(&base_url)))
    })
    .await
}

/// The first two matches of a condition.
fn matches(sandbox: &Sandbox, kind: &'static str, condition: &Parameters) -> Result<Vec<crate::resource::Resource>, Error> {
    let query = Query::read(kind, condition)?;
    if condition.is_empty() || !query.unknown.is_empty() {
        return Err(Error::Invalid(format!("If-None-Exist is empty or names parameters not known here: {:?}", query.unknown)));
    }
    let snapshot = sandbox.store.snapshot(clock::now());
    let mut found = Vec::new();
    let mut position = Some(Position::default());
    while let Some(from) = position.filter(|_| found.len() < 2) {
        let page = search::page(&sandbox.store, &query, snapshot, from)?;
        found.extend(page.resources);
        position = page.next;
    }
    Ok(found)
}

pub(crate) async fn update(
    State(sandbox): Shared,
    Extension(scopes): Extension<Scopes>,
    Path((kind_name, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Error> {
    let kind = kind(&kind_name)?;
    scopes.require(Access::Update, kind)?;
    if !valid_id(&id) {
        return Err(Error::Invalid(format!("{id:?} is not an id: 1 to 64 of A-Z a-z 0-9 - . were expected")));
    }
    let expected = expected(&headers);
    let base_url = sandbox.base_url.clone();
    blocking(&sandbox, move |sandbox| {
        let inside = serde_json::from_str::<Value>(&body).ok();
        let inside = inside.as_ref().and_then(|body| body.get("id")).and_then(Value::as_str);
        if inside != Some(id.as_str()) {
            return Err(Error::Invalid(format!("The body must carry the id of the URL, {id:?}; it carries {inside:?}")));
        }
        let written = sandbox.store.put(kind, &id, &body, expected.as_deref(), clock::now())?;
        let status = if written.created { StatusCode::CREATED } else { StatusCode::OK };
        Ok(answer::resource(status, &written.resource, Some(&base_url)))
    })
    .await
}

pub(crate) async fn delete(
    State(sandbox): Shared,
    Extension(scopes): Extension<Scopes>,
    Path((kind_name, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let kind = kind(&kind_name)?;
    scopes.require(Access::Delete, kind)?;
    let expected = expected(&headers);
    let gone = blocking(&sandbox, move |sandbox| sandbox.store.delete(kind, &id, expected.as_deref(), clock::now())).await?;
    Ok((StatusCode::NO_CONTENT, [(ETAG, answer::etag(&gone.version))]).into_response())
}

/// The version of `If-Match`, whether written weak or strong.
fn expected(headers: &HeaderMap) -> Option<String> {
    let tag = header(headers, &IF_MATCH)?;
    Some(tag.trim().trim_start_matches("W/").trim_matches('"').to_owned())
}

fn valid_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}
