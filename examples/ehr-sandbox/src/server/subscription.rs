//! The operations of the subscriptions-backport.

use axum::{
    Extension,
    extract::{Path, RawQuery, State},
    response::Response,
};

use super::{Shared, answer::fhir, records::parameters};
use crate::{
    auth::{Access, Scopes},
    error::Error,
    subscription::{Told, bundle},
};

fn unknown(id: &str) -> Error {
    Error::NotFound { kind: "Subscription".to_owned(), id: id.to_owned() }
}

/// `$status`
pub(crate) async fn status(
    State(sandbox): Shared,
    Extension(scopes): Extension<Scopes>,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    scopes.require(Access::Read, "Subscription")?;
    let all = sandbox.engine.known();
    let known = all.get(&id).ok_or_else(|| unknown(&id))?;
    let answer = bundle(&sandbox.base_url, &id, "query-status", known.status, known.count, &[], known.wanted.content);
    Ok(fhir(answer.to_string()))
}

/// `$events`
pub(crate) async fn events(
    State(sandbox): Shared,
    Extension(scopes): Extension<Scopes>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Error> {
    scopes.require(Access::Read, "Subscription")?;
    let parameters = parameters(query.as_deref());
    let bound = |wanted: &str, otherwise: u64| {
        let found = parameters.iter().find(|(name, _)| name == wanted);
        found.map_or(Ok(otherwise), |(name, value)| value.parse().map_err(|_| Error::Invalid(format!("{name} must be a number"))))
    };
    let (first, last) = (bound("eventsSinceNumber", 0)?, bound("eventsUntilNumber", u64::MAX)?);
    let all = sandbox.engine.known();
    let known = all.get(&id).ok_or_else(|| unknown(&id))?;
    let events: Vec<Told> = known.events.iter().filter(|it| (first..=last).contains(&it.number)).cloned().collect();
    let answer = bundle(&sandbox.base_url, &id, "query-event", known.status, known.count, &events, known.wanted.content);
    Ok(fhir(answer.to_string()))
}
