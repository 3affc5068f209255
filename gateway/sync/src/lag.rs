//! How far each source lags, as gauges: for whoever watches the gateway from outside.

use std::sync::Arc;
use std::time::Duration;

use gateway_domain::source::{QuarantineStatus, Source};
use gateway_ports::clock::Clock;
use gateway_ports::store::{QuarantineStore, SourceStore, StoreError, SyncStore};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(10);

/// How far a source lags, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lag {
    /// Since the last complete look, by our clock.
    pub age: Option<f64>,
    /// Since the moment up to which the copy is complete, by the server's clock.
    pub complete_until_age: Option<f64>,
    /// How long the open run is open; 0 without one.
    pub open_run: f64,
}

impl Lag {
    /// The lag of a source whose open run began at `open_since`.
    pub fn of(source: &Source, open_since: Option<Timestamp>, now: Timestamp) -> Self {
        let since = |at: Timestamp| now.duration_since(at).as_secs_f64().max(0.0);
        Self {
            age: source.synced_at.map(since),
            complete_until_age: source.complete_until.map(since),
            open_run: open_since.map_or(0.0, since),
        }
    }
}

/// Shows the lag of all sources until it is cancelled. What was never complete has no age.
pub async fn show_lag<S>(store: Arc<S>, clock: Arc<dyn Clock>, cancelled: CancellationToken)
where
    S: SourceStore + SyncStore + QuarantineStore + ?Sized,
{
    loop {
        if let Err(error) = show(&*store, clock.now()).await {
            tracing::debug!(%error, "The lag of the sources is not known at the moment");
        }
        tokio::select! {
            () = cancelled.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn show<S>(store: &S, now: Timestamp) -> Result<(), StoreError>
where
    S: SourceStore + SyncStore + QuarantineStore + ?Sized,
{
    let counts = store.quarantine_counts(None).await?;
    for source in store.sources().await? {
        let open = store.open_run(source.id).await?;
        let lag = Lag::of(&source, open.map(|run| run.started_at), now);
        let in_quarantine = counts.iter().filter(|count| count.source == source.id && count.status == QuarantineStatus::Open);
        let in_quarantine: u64 = in_quarantine.map(|count| count.count).sum();
        let not_kept = store.quarantine_not_kept(source.id).await?;
        let name = source.name;
        if let Some(age) = lag.age {
            metrics::gauge!("outreach_source_age_seconds", "source" => name.clone()).set(age);
        }
        if let Some(age) = lag.complete_until_age {
            metrics::gauge!("outreach_source_complete_until_age_seconds", "source" => name.clone()).set(age);
        }
        metrics::gauge!("outreach_source_open_run_seconds", "source" => name.clone()).set(lag.open_run);
        metrics::gauge!("outreach_source_quarantine_open", "source" => name.clone()).set(in_quarantine as f64);
        metrics::gauge!("outreach_source_quarantine_not_kept", "source" => name).set(not_kept as f64);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use gateway_domain::ids::{SourceId, SourceNo};

    use super::*;

    #[test]
    fn what_was_never_complete_has_no_age() {
        let now = Timestamp::from_second(1_000).unwrap();
        let source = |at: Option<i64>| Source {
            id: SourceId::new(now, [1; 10]),
            no: SourceNo(1),
            name: "main".into(),
            base_url: String::new(),
            complete_until: at.map(|it| Timestamp::from_second(it - 60).unwrap()),
            synced_at: at.map(|it| Timestamp::from_second(it).unwrap()),
        };
        assert_eq!(Lag::of(&source(None), None, now), Lag { age: None, complete_until_age: None, open_run: 0.0 });
        let open = Timestamp::from_second(990).ok();
        assert_eq!(Lag::of(&source(Some(900)), open, now), Lag { age: Some(100.0), complete_until_age: Some(160.0), open_run: 10.0 });
        assert_eq!(Lag::of(&source(Some(2_000)), None, now).age, Some(0.0), "clocks differ");
    }
}
