//! `outreach serve`: the gateway until it is stopped.

use crate::config::Config;
use crate::lifecycle::{Gateway, Listeners, until_stopped};

/// Runs until it is stopped.
///
/// # Errors
/// Naming the part that does not start.
pub(crate) async fn run(config: &Config) -> anyhow::Result<()> {
    let listeners = Listeners::bind(config).await?;
    let gateway = Gateway::start(config, listeners).await?;
    tracing::info!(address = %config.server.public_url, admin = %config.server.admin_listen, sources = config.sources.len(), "Ready");
    until_stopped().await;
    tracing::info!("Stopping");
    gateway.stop().await;
    Ok(())
}
