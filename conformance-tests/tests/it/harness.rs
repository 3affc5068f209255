//! What the scenarios stand on: the real program as a process, a sandbox EHR and a mailbox in this process, a database, and the API as a
//! person would use it.

pub(crate) mod database;
pub(crate) mod gateway;
pub(crate) mod world;

use std::time::{Duration, Instant};

/// Asks again until the answer is there, for at most this long.
///
/// # Panics
/// Where the answer does not come; `what` says what was waited for.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, most: Duration, mut ask: impl FnMut() -> F) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < most, "waited {most:?} in vain for {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
