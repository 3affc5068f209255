//! What a server can do, found by trying, where it does not say or says too little. A handful of requests for one entry each.

use gateway_ports::ehr::{Ehr, EhrCapabilities, EhrError, EhrErrorKind, ResourceReader, SearchRequest, TypeCapabilities};
use jiff::{SignedDuration, Timestamp};

const BY_TIME: &str = "_lastUpdated";
/// No server's clock is ahead by so much.
const FAR_AHEAD: SignedDuration = SignedDuration::from_hours(24 * 400);

/// What `ehr` can do with the types of `reader`: as it says itself, and tried where it says nothing. A server without a
/// CapabilityStatement is tried with every type; one that has one but names no `_lastUpdated` for a type is tried with that.
///
/// # Errors
/// Where the server does not answer, or refuses everything.
pub async fn capabilities(ehr: &dyn Ehr, reader: &dyn ResourceReader, now: Timestamp) -> Result<EhrCapabilities, EhrError> {
    let mut capabilities = ehr.capabilities().await?;
    let mut refused = None;
    let mut failed = Vec::new();
    for resource_type in reader.types() {
        if capabilities.stated && (!capabilities.searches(resource_type) || capabilities.searches_by_last_updated(resource_type)) {
            continue;
        }
        let stated = capabilities.types.get(resource_type).cloned();
        match try_type(ehr, reader, resource_type, stated.clone(), now).await {
            Ok(found) => {
                capabilities.types.insert(resource_type.clone(), found);
            }
            // A poor server answers with a fault of its own where it does not know a type. It is asked once more at the end.
            Err(error) if error.kind == EhrErrorKind::Later(None) => failed.push((resource_type.clone(), stated, error)),
            Err(error) if error.may_retry() => return Err(error),
            Err(error) => {
                capabilities.types.insert(resource_type.clone(), closed(stated, &error));
                refused = refused.or(Some(error));
            }
        }
    }
    let nothing_answers = failed.len() == reader.types().len();
    for (resource_type, stated, error) in failed {
        if nothing_answers {
            return Err(error);
        }
        let found = match try_type(ehr, reader, &resource_type, stated.clone(), now).await {
            Ok(found) => found,
            Err(error) if error.kind == EhrErrorKind::Later(None) || !error.may_retry() => {
                refused = refused.or(Some(error.clone()));
                closed(stated, &error)
            }
            Err(error) => return Err(error),
        };
        capabilities.types.insert(resource_type, found);
    }
    let any = reader.types().iter().any(|it| capabilities.searches(it));
    let exports = capabilities.system_export || capabilities.patient_export || capabilities.group_export;
    match refused {
        Some(error) if !any && !exports => Err(error),
        _ => Ok(capabilities),
    }
}

/// A type that can't be searched as a whole.
fn closed(stated: Option<TypeCapabilities>, error: &EhrError) -> TypeCapabilities {
    TypeCapabilities {
        search: false,
        history: false,
        refusal: Some(error.reason.clone()),
        narrow: error.kind == EhrErrorKind::Unsupported,
        read: true,
        ..stated.unwrap_or_default()
    }
}

async fn try_type(
    ehr: &dyn Ehr,
    reader: &dyn ResourceReader,
    resource_type: &str,
    stated: Option<TypeCapabilities>,
    now: Timestamp,
) -> Result<TypeCapabilities, EhrError> {
    let mut found = stated.unwrap_or_else(|| TypeCapabilities { read: true, ..TypeCapabilities::default() });
    let one = SearchRequest { resource_type: resource_type.to_owned(), page_size: 1, ..SearchRequest::default() };
    let page = ehr.search(&one, None).await?;
    found.search = true;
    if !found.history {
        let since = now.checked_sub(SignedDuration::from_secs(1)).unwrap_or(now);
        found.history = tried(ehr.deleted(resource_type, since, None).await)?.is_some();
    }
    let last_updated = page.resources.into_iter().next().and_then(|raw| reader.resource(raw).ok()?.last_updated);
    // Where nothing says when it changed, nothing can be asked for by it.
    let Some(last_updated) = last_updated else { return Ok(found) };
    let shows = async |since: Timestamp| -> Result<Option<bool>, EhrError> {
        let request = SearchRequest { since: Some(since), ..one.clone() };
        Ok(tried(ehr.search(&request, None).await)?.map(|it| !it.ids.is_empty()))
    };
    let before = last_updated.checked_sub(SignedDuration::from_secs(1)).unwrap_or(last_updated);
    let after = now.checked_add(FAR_AHEAD).unwrap_or(Timestamp::MAX);
    // It has to show what changed since, and nothing of what did not: a parameter may be ignored without a word.
    if shows(before).await? == Some(true) && shows(after).await? == Some(false) {
        found.parameters.insert(BY_TIME.to_owned());
    }
    Ok(found)
}

/// The answer; `None` where the server can't do this or does not allow it.
fn tried<T>(answer: Result<T, EhrError>) -> Result<Option<T>, EhrError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        // An error of the server about a parameter is as good as a refusal; one about everything was met before.
        Err(error) if matches!(error.kind, EhrErrorKind::Later(None)) => Ok(None),
        Err(error) if error.may_retry() => Err(error),
        Err(_) => Ok(None),
    }
}
