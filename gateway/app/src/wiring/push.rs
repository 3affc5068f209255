//! How a source tells of changes: its queue, who looks after the subscriptions, and the inbox they end in.

use std::sync::Arc;

use gateway_domain::push_subscription::PushKind;
use gateway_domain::source::Source;
use gateway_ports::ehr::ResourceReader;
use gateway_sync::{HintQueue, PushKeeper, PushWish};

use super::{Parts, ehr};
use crate::config::{Config, SourceSection};

/// The queue of a source, and who looks after its subscriptions. Where none is wanted, those there were are ended.
///
/// # Errors
/// As [`ehr::subscription_server`].
pub(crate) fn keeper(
    parts: &Parts,
    config: &Config,
    section: &SourceSection,
    source: &Source,
    reader: &dyn ResourceReader,
) -> anyhow::Result<PushKeeper> {
    let server = ehr::subscription_server(parts, config, section)?;
    let queue = Arc::new(HintQueue::new(parts.store.clone(), Arc::clone(&server)));
    Ok(PushKeeper {
        source: source.id,
        wish: wish(config, section, reader)?,
        store: parts.store.clone(),
        server,
        queue,
        clock: Arc::clone(&parts.clock),
        entropy: Arc::clone(&parts.entropy),
    })
}

fn wish(config: &Config, section: &SourceSection, reader: &dyn ResourceReader) -> anyhow::Result<PushWish> {
    let push = &section.push;
    let criteria = match push.wanted() {
        None => Vec::new(),
        Some(PushKind::Topic) => push.topic.iter().cloned().collect(),
        Some(PushKind::RestHook) if push.criteria.is_empty() => reader.types().iter().map(|it| format!("{it}?")).collect(),
        Some(PushKind::RestHook) => push.criteria.clone(),
    };
    let base = push.endpoint.as_ref().map_or_else(|| config.server.public_base(), |it| it.as_str().trim_end_matches('/').to_owned());
    Ok(PushWish {
        kind: push.wanted().unwrap_or(PushKind::Topic),
        criteria,
        filters: push.filters.clone(),
        payload: push.payload(),
        proof: push.proof(),
        heartbeat: Some(push.period()?),
        endpoint: format!("{base}/webhooks/fhir"),
    })
}
