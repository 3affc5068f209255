//! The circuit breaker of one plugin, and what it did since the start.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

/// Counts failures in a row, and parks the plugin after several.
#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<Record>);

/// What a plugin did since the start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    pub(crate) calls: u64,
    pub(crate) failures: u64,
    pub(crate) last_error: Option<String>,
    in_a_row: u32,
    parked_until: Option<Timestamp>,
}

impl Record {
    pub(crate) const fn is_parked(&self) -> bool {
        self.parked_until.is_some()
    }
}

impl Breaker {
    /// Lets a call through, or says why not. When the time has come, one failure more parks again.
    pub(crate) fn admit(&self, now: Timestamp, park_after: u32) -> Result<(), String> {
        let mut record = self.lock();
        match record.parked_until {
            Some(until) if now < until => Err(record.last_error.clone().unwrap_or_default()),
            Some(_) => {
                record.parked_until = None;
                record.in_a_row = park_after.saturating_sub(1);
                Ok(())
            }
            None => Ok(()),
        }
    }

    pub(crate) fn succeeded(&self) {
        let mut record = self.lock();
        record.calls += 1;
        record.in_a_row = 0;
    }

    /// Counts a failure; true if it parks the plugin.
    pub(crate) fn failed(&self, reason: &str, now: Timestamp, park_after: u32, park_for: Duration) -> bool {
        let mut record = self.lock();
        record.calls += 1;
        record.failures += 1;
        record.in_a_row += 1;
        record.last_error = Some(reason.to_owned());
        if record.in_a_row >= park_after && record.parked_until.is_none() {
            record.parked_until = Some(now.checked_add(park_for).unwrap_or(Timestamp::MAX));
            return true;
        }
        false
    }

    pub(crate) fn resume(&self) {
        let mut record = self.lock();
        record.parked_until = None;
        record.in_a_row = 0;
    }

    pub(crate) fn record(&self) -> Record {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_plugin_is_parked_after_failures_in_a_row_and_tries_again_after_a_time() {
        let breaker = Breaker::default();
        let fail = |second| breaker.failed("trap", at(second), 2, Duration::from_mins(1));
        assert!(!fail(0));
        breaker.succeeded();
        assert!(!fail(1));
        assert!(fail(2));
        assert_eq!(breaker.admit(at(61), 2), Err("trap".to_owned()));
        assert_eq!(breaker.admit(at(62), 2), Ok(()));
        assert!(fail(63), "the first failure after the pause parks it again");
        breaker.resume();
        assert_eq!(breaker.admit(at(64), 2), Ok(()));
    }
}
