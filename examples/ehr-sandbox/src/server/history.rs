//! History of a type and of a resource, newest first, deletions included.

use axum::{
    Extension,
    extract::{Path, RawQuery, State},
    response::Response,
};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::json;

use super::{
    Shared,
    answer::{self, Bundle, fhir},
    blocking,
    records::{Cursor, kind, parameters},
};
use crate::{
    Sandbox,
    auth::{Access, Scopes},
    clock,
    error::Error,
    resource::Kinds,
    search::{Position, Query},
    store::{Action, Snapshot, Version, original},
};

/// Versions of the corpus a type's history may have to sort.
const MOST_SORTED: usize = 200_000;

pub(crate) async fn of_type(
    State(sandbox): Shared,
    Extension(scopes): Extension<Scopes>,
    Path(kind_name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Error> {
    let kind = kind(&kind_name)?;
    scopes.require(Access::Search, kind)?;
    let parameters = parameters(query.as_deref());
    blocking(&sandbox, move |sandbox| {
        let request = Request::read(sandbox, kind, parameters)?;
        let log: Vec<Version> =
            sandbox.store.log(kind, request.snapshot).into_iter().filter(|version| request.admits(version.resource.last_updated)).collect();
        let originals = originals(sandbox, &request)?;
        let total = log.len() + originals.len();
        let page: Vec<Version> = log
            .into_iter()
            .map(Ok)
            .chain(originals.into_iter().map(Err))
            .skip(request.offset)
            .take(request.query.count)
            .filter_map(|item| match item {
                Ok(version) => Some(version),
                Err((_, id)) => sandbox.store.corpus.find(kind, &id).map(|(_, resource)| original(resource)),
            })
            .collect();
        Ok(fhir(request.bundle(sandbox, &format!("{kind}/_history"), total, &page).text()))
    })
    .await
}

pub(crate) async fn of_instance(
    State(sandbox): Shared,
    Extension(scopes): Extension<Scopes>,
    Path((kind_name, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Error> {
    let kind = kind(&kind_name)?;
    scopes.require(Access::Read, kind)?;
    let parameters = parameters(query.as_deref());
    blocking(&sandbox, move |sandbox| {
        let request = Request::read(sandbox, kind, parameters)?;
        let mut versions = sandbox.store.history(kind, &id)?;
        versions.retain(|version| request.admits(version.resource.last_updated));
        let total = versions.len();
        let page: Vec<Version> = versions.into_iter().skip(request.offset).take(request.query.count).collect();
        Ok(fhir(request.bundle(sandbox, &format!("{kind}/{id}/_history"), total, &page).text()))
    })
    .await
}

pub(crate) async fn version(
    State(sandbox): Shared,
    Extension(scopes): Extension<Scopes>,
    Path((kind_name, id, version)): Path<(String, String, String)>,
) -> Result<Response, Error> {
    let kind = kind(&kind_name)?;
    scopes.require(Access::Read, kind)?;
    let found = blocking(&sandbox, move |sandbox| {
        let versions = sandbox.store.history(kind, &id)?;
        let found = versions.into_iter().find(|candidate| candidate.resource.version == version);
        match found {
            Some(found) if found.action == Action::Delete => Err(Error::Gone { kind: kind.to_owned(), id }),
            Some(found) => Ok(found.resource),
            None => Err(Error::NotFound { kind: kind.to_owned(), id: format!("{id}/_history/{version}") }),
        }
    })
    .await?;
    Ok(answer::resource(StatusCode::OK, &found, None))
}

/// A history request that was understood.
struct Request {
    query: Query,
    parameters: Vec<(String, String)>,
    snapshot: Snapshot,
    offset: usize,
}

impl Request {
    fn read(sandbox: &Sandbox, kind: &'static str, parameters: Vec<(String, String)>) -> Result<Self, Error> {
        let cursor = parameters.iter().find(|(name, _)| name == "_page").map(|(_, value)| Cursor::read(value));
        let (snapshot, offset, parameters) = match cursor.transpose()? {
            Some(cursor) => (Snapshot::up_to(cursor.sequence), cursor.position.offset, cursor.parameters),
            None => (sandbox.store.snapshot(clock::now()), 0, parameters),
        };
        let known = |name: &str| matches!(name, "_since" | "_count" | "_format" | "_pretty");
        if let Some((name, _)) = parameters.iter().find(|(name, _)| !known(name)) {
            return Err(Error::Invalid(format!("{name} is not known for history; _since and _count are")));
        }
        Ok(Self { query: Query::read(kind, &parameters)?, parameters, snapshot, offset })
    }

    fn admits(&self, at: Timestamp) -> bool {
        self.query.updated.iter().all(|bound| bound.admits(at))
    }

    fn bundle(&self, sandbox: &Sandbox, path: &str, total: usize, page: &[Version]) -> Bundle {
        let mut bundle = Bundle::new("history");
        bundle.total(total);
        let base = &sandbox.base_url;
        let itself = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.parameters).finish();
        bundle.link("self", format!("{base}/{path}?{itself}"));
        let end = self.offset + self.query.count;
        if end < total {
            let position = Position { unit: 0, offset: end };
            let parameters = self.parameters.clone();
            let cursor = Cursor { sequence: self.snapshot.sequence, position, parameters };
            bundle.link("next", format!("{base}/{path}?_page={}", cursor.write()));
        }
        for version in page {
            bundle.entry(entry(base, version));
        }
        bundle
    }
}

fn entry(base: &str, version: &Version) -> String {
    let resource = &version.resource;
    let (kind, id) = (resource.kind, &resource.id);
    let (method, url, status) = match version.action {
        Action::Create => ("POST", kind.to_owned(), "201"),
        Action::Update => ("PUT", format!("{kind}/{id}"), "200"),
        Action::Delete => ("DELETE", format!("{kind}/{id}"), "204"),
    };
    let request = json!({"method": method, "url": url});
    let response = json!({
        "status": status,
        "etag": answer::etag(&resource.version),
        "lastModified": format!("{:.3}", resource.last_updated)
    });
    let body = match version.action {
        Action::Delete => String::new(),
        _ => format!(",\"resource\":{}", resource.text),
    };
    format!("{{\"fullUrl\":\"{base}/{kind}/{id}\"{body},\"request\":{request},\"response\":{response}}}")
}

/// When each resource of the corpus was written, newest first; none of them is newer than any entry of the log.
fn originals(sandbox: &Sandbox, request: &Request) -> Result<Vec<(Timestamp, String)>, Error> {
    let corpus = &sandbox.store.corpus;
    let mut originals = Vec::new();
    if request.query.after().is_some_and(|after| after >= corpus.newest()) {
        return Ok(originals);
    }
    let kinds = Kinds::one(request.query.kind);
    for unit in 0..corpus.units() {
        let resources = corpus.unit(unit, &kinds).into_iter().filter(|resource| request.admits(resource.last_updated));
        originals.extend(resources.map(|resource| (resource.last_updated, resource.id)));
        if originals.len() > MOST_SORTED {
            return Err(Error::TooCostly(format!(
                "The history has more than {MOST_SORTED} versions; ask for those since an instant with _since"
            )));
        }
    }
    originals.sort_unstable();
    originals.reverse();
    Ok(originals)
}
