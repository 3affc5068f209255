//! Taking on the rules of `[identity]`, for what is held already too.

use std::time::Duration;

use gateway_ports::store::{IdentityStore as _, StoreError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Parts;
use crate::config::Config;

/// Records that are linked in one transaction: few enough that others hardly wait.
const AT_A_TIME: u32 = 1_000;
/// How often it is told how far it is.
const TELLING: Duration = Duration::from_secs(10);
/// How long to wait after the database did not answer.
const PAUSE: Duration = Duration::from_secs(5);

/// Takes the rules on. Whether records that are held have to be linked by them; until [`relink`] is through, nobody is written to.
///
/// # Errors
/// Where the database does not answer.
pub(crate) async fn adopt(parts: &Parts, config: &Config) -> Result<bool, StoreError> {
    parts.store.adopt_identity_rules(&config.identity.rules()).await
}

/// Takes the rules on and links what is held by them, to the end.
///
/// # Errors
/// Where the database does not answer.
pub(crate) async fn adopt_and_relink(parts: &Parts, config: &Config) -> Result<(), StoreError> {
    if adopt(parts, config).await? {
        relink(parts, &CancellationToken::new()).await?;
    }
    Ok(())
}

/// Links what is held by the rules there are, until all is done or it is to stop; whether all is done. Goes on where it was stopped.
///
/// # Errors
/// Where the database does not answer.
async fn relink(parts: &Parts, stop: &CancellationToken) -> Result<bool, StoreError> {
    let (mut records, mut changed, mut told) = (0, 0, Instant::now());
    while !stop.is_cancelled() {
        let piece = parts.store.relink(AT_A_TIME, parts.clock.now()).await?;
        records += piece.records;
        changed += piece.changed;
        if piece.done {
            tracing::info!(records, changed, "All records are linked by the rules of [identity]");
            return Ok(true);
        }
        if told.elapsed() >= TELLING {
            tracing::info!(records, changed, "Records are linked by the rules of [identity]; messages are held until that is done");
            told = Instant::now();
        }
    }
    Ok(false)
}

/// As [`relink`], trying again for as long as it takes. Whether all is done.
pub(crate) async fn relink_in_the_end(parts: &Parts, stop: &CancellationToken) -> bool {
    loop {
        match relink(parts, stop).await {
            Ok(done) => return done,
            Err(error) => tracing::error!(%error, "Records can't be linked at the moment; messages are held until that is done"),
        }
        tokio::select! {
            () = stop.cancelled() => return false,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}
