//! Keeps a channel's rate: so many hand-overs a second, evenly.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The next free moment of each medium.
#[derive(Debug, Default)]
pub struct Pace {
    next: Mutex<HashMap<String, Instant>>,
}

impl Pace {
    /// Waits for the medium's next free moment. Without a rate there is nothing to wait for.
    pub async fn wait(&self, medium: &str, per_second: Option<u32>) {
        let Some(per_second) = per_second.filter(|rate| *rate > 0) else {
            return;
        };
        let slot = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let free = next.entry(medium.to_owned()).or_insert_with(Instant::now);
            let slot = (*free).max(Instant::now());
            *free = slot + Duration::from_secs(1) / per_second;
            slot
        };
        sleep_until(slot).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_channel_is_not_asked_faster_than_it_takes() {
        let pace = Pace::default();
        let began = Instant::now();
        for _ in 0..5 {
            pace.wait("email", Some(100)).await;
            pace.wait("letter", None).await;
        }
        assert!(began.elapsed() >= Duration::from_millis(39), "four gaps of ten milliseconds");
    }
}
