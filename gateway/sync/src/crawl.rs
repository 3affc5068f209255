//! Reading a type patient by patient, where a server shows it in no other way.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use gateway_ports::ehr::{Ehr, EhrError, EhrErrorKind, ExportLine, SearchRequest};
use gateway_ports::store::sync::ApplyBatch;

use crate::checkpoint::Checkpoint;
use crate::error::SyncError;
use crate::intake::Intake;
use crate::worker::SyncOptions;

/// Pages of one patient; more are a circle.
const MOST_PAGES: usize = 10_000;

/// Reads a type for each patient that is known, several at a time; each group of patients is a piece of the run.
pub(crate) async fn read(
    ehr: &Arc<dyn Ehr>,
    intake: &mut Intake<'_>,
    resource_type: &str,
    parameter: &str,
    options: &SyncOptions,
) -> Result<(), SyncError> {
    let mut after = match intake.place.take() {
        Some(Checkpoint::Crawl { after }) => Some(after),
        _ => None,
    };
    intake.progress.phase(&format!("reading {resource_type} patient by patient"));
    let group = u32::try_from(options.concurrency.max(1) * 8).unwrap_or(64);
    let (mut refused, mut answered) = (None, after.is_some());
    loop {
        let patients = intake.store.known_patients(intake.source.id, after.as_deref(), group).await?;
        let Some(last) = patients.last().cloned() else { break };
        let page_size = options.page_size;
        let requests = patients.into_iter().map(|patient| SearchRequest {
            resource_type: resource_type.to_owned(),
            patient: Some((parameter.to_owned(), patient)),
            page_size,
            ..SearchRequest::default()
        });
        let found: Vec<Result<Vec<Vec<u8>>, EhrError>> = stream::iter(requests)
            .map(|request| one_patient(Arc::clone(ehr), request))
            .buffered(options.concurrency.max(1))
            .collect()
            .await;
        let mut resources = Vec::new();
        for found in found {
            match found {
                Ok(found) => {
                    answered = true;
                    resources.extend(found);
                }
                Err(error) if error.may_retry() => return Err(error.into()),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        match &refused {
            Some(error) if !answered => return Err(error.clone().into()),
            _ => {}
        }
        let lines = (1..).zip(resources).map(|(number, bytes)| ExportLine { number, bytes, too_long: false }).collect();
        let batch: ApplyBatch = intake.read(lines, false).await?;
        intake.apply(batch, Some(&Checkpoint::Crawl { after: last.clone() })).await?;
        after = Some(last);
    }
    // Some patients may be closed to us. What is held of them is compared with what the server has before it is taken for gone.
    if let Some(error) = refused {
        intake.warn(format!("{resource_type} of some patients was refused: {error}"));
    }
    Ok(())
}

async fn one_patient(ehr: Arc<dyn Ehr>, request: SearchRequest) -> Result<Vec<Vec<u8>>, EhrError> {
    let (mut resources, mut next) = (Vec::new(), None::<String>);
    for _ in 0..MOST_PAGES {
        let page = ehr.search(&request, next.as_deref()).await?;
        resources.extend(page.resources);
        for id in page.partial {
            resources.extend(ehr.read(&request.resource_type, &id).await?);
        }
        if page.next.is_none() || page.next == next {
            return Ok(resources);
        }
        next = page.next;
    }
    let asked = format!("a search of {} for one patient", request.resource_type);
    Err(EhrError { server: "the server".to_owned(), asked, reason: "its pages never end".to_owned(), kind: EhrErrorKind::Unsupported })
}

/// Reads resources by their ids, several at a time: each with its raw text, or `None` where it is gone.
pub(crate) async fn read_by_id(
    ehr: &Arc<dyn Ehr>,
    ids: Vec<(String, String)>,
    concurrency: usize,
) -> Result<Vec<((String, String), Looked)>, EhrError> {
    let look = |(resource_type, id): (String, String)| {
        let ehr = Arc::clone(ehr);
        async move {
            let looked = match ehr.read(&resource_type, &id).await {
                Ok(Some(raw)) => Looked::There(raw),
                Ok(None) => Looked::Gone,
                Err(error) if error.may_retry() => return Err(error),
                Err(_) => Looked::Closed,
            };
            Ok(((resource_type, id), looked))
        }
    };
    stream::iter(ids).map(look).buffered(concurrency.max(1)).try_collect().await
}

/// What a look at one resource came to.
pub(crate) enum Looked {
    There(Vec<u8>),
    Gone,
    /// It may not be read, so nobody knows.
    Closed,
}
