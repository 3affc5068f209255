//! What is written back to a source: with a sign-in of its own, so that what reads never may write.

use std::sync::Arc;

use anyhow::Context as _;
use gateway_auth::AuthorizedClient;
use gateway_domain::ids::SourceId;
use gateway_fhir::{CommunicationContent, FhirRecordKeeper, RecordKeeperConfig};
use gateway_net::egress::{Egress, Origin};
use gateway_outreach::write_back::WriteBackTarget;
use gateway_ports::write_back::RecordKeeper;

use super::{Parts, ehr};
use crate::config::{Config, ContentChoice, SourceSection};

/// Who keeps records at the server of a section.
///
/// # Errors
/// Where a file with a secret can't be read, or an address can't be used.
pub(crate) fn keeper(parts: &Parts, config: &Config, section: &SourceSection) -> anyhow::Result<Arc<dyn RecordKeeper>> {
    let egress = Egress::new(ehr::policy(section)?)?;
    let origin = Origin::of(section.server_url()?).context("`source.url` has no origin")?;
    let types = section.write_back.scope().kinds().map(|kind| kind.resource_type().to_owned()).collect();
    let client = AuthorizedClient::new(egress.for_origin(origin), ehr::tokens(parts, config, section, &egress, ehr::Rights::Write(types))?);
    let keeper_config = RecordKeeperConfig {
        base_url: section.server_url()?.clone(),
        systems: section.write_back.systems.clone(),
        content: match section.write_back.content {
            ContentChoice::None => CommunicationContent::None,
            ContentChoice::Key => CommunicationContent::Key,
            ContentChoice::Title => CommunicationContent::Title,
            ContentChoice::Subject => CommunicationContent::Subject,
        },
    };
    let keeper = FhirRecordKeeper::new(keeper_config, client, Arc::clone(&parts.clock)).within(parts.budgets.of(section));
    Ok(Arc::new(keeper))
}

/// A section as a target of write-back; `None` where nothing is written back to it.
///
/// # Errors
/// As [`keeper`].
pub(crate) fn target(parts: &Parts, config: &Config, section: &SourceSection, source: SourceId) -> anyhow::Result<Option<WriteBackTarget>> {
    if !section.write_back.scope().is_any() {
        return Ok(None);
    }
    Ok(Some(WriteBackTarget { source, name: section.name.clone(), keeper: keeper(parts, config, section)? }))
}

/// Whether the server says that it takes what the section writes back: a row of kind, answer for each.
///
/// # Errors
/// Where the server does not answer.
pub(crate) async fn report(parts: &Parts, config: &Config, section: &SourceSection) -> anyhow::Result<Vec<[String; 2]>> {
    if !section.write_back.scope().is_any() {
        return Ok(Vec::new());
    }
    let abilities = keeper(parts, config, section)?.abilities().await?;
    let row = |kind: gateway_domain::write_back::WriteBackKind| {
        let answer = match abilities.get(&kind) {
            None => "it makes no statement; it is tried".to_owned(),
            Some(ability) => ability.obstacle(kind).map_or_else(|| "yes".to_owned(), |obstacle| format!("no: {obstacle}")),
        };
        [kind.resource_type().to_owned(), answer]
    };
    Ok(section.write_back.scope().kinds().map(row).collect())
}
