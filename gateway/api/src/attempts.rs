//! Tries to sign in, bounded for each account and address: a bucket of five, one more every half minute.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

/// Tries that are free at the beginning.
const BURST: f64 = 5.0;
/// Seconds until one more is free.
const SECONDS_EACH: f64 = 30.0;
/// The most buckets that are kept; beyond it the fullest ones, which forget the least, make room.
const MOST_BUCKETS: usize = 10_000;

/// Bounds tries to sign in. Kept in memory: a restart forgets them.
#[derive(Debug, Default)]
pub struct Attempts {
    buckets: Mutex<HashMap<(String, Option<IpAddr>), Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Timestamp,
}

impl Bucket {
    fn refilled(self, now: Timestamp) -> f64 {
        let seconds = now.duration_since(self.at).as_secs_f64().max(0.0);
        (self.left + seconds / SECONDS_EACH).min(BURST)
    }
}

impl Attempts {
    /// Takes one try for the account from the address; how long to wait where none is left.
    pub(crate) fn take(&self, account: &str, address: Option<IpAddr>, now: Timestamp) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST_BUCKETS {
            make_room(&mut buckets, now);
        }
        let bucket = buckets.entry((account.to_owned(), address)).or_insert(Bucket { left: BURST, at: now });
        let left = bucket.refilled(now);
        if left < 1.0 {
            return Err(Duration::from_secs_f64(((1.0 - left) * SECONDS_EACH).ceil()));
        }
        *bucket = Bucket { left: left - 1.0, at: now };
        Ok(())
    }

    /// Forgets the tries that ended in a sign-in.
    pub(crate) fn forget(&self, account: &str, address: Option<IpAddr>) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.remove(&(account.to_owned(), address));
    }
}

/// Lets half of the buckets go, those with the most tries left.
fn make_room(buckets: &mut HashMap<(String, Option<IpAddr>), Bucket>, now: Timestamp) {
    let mut left: Vec<f64> = buckets.values().map(|bucket| bucket.refilled(now)).collect();
    left.sort_by(f64::total_cmp);
    let median = left.get(left.len() / 2).copied().unwrap_or(BURST);
    let mut to_go = left.len() / 2;
    buckets.retain(|_, bucket| {
        let goes = to_go > 0 && bucket.refilled(now) >= median;
        to_go -= usize::from(goes);
        !goes
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_sixth_try_in_a_row_has_to_wait() {
        let attempts = Attempts::default();
        for _ in 0..5 {
            assert_eq!(attempts.take("ada", None, at(0)), Ok(()));
        }
        assert_eq!(attempts.take("ada", None, at(0)), Err(Duration::from_secs(30)));
        assert_eq!(attempts.take("eve", None, at(0)), Ok(()), "another account is another bucket");
        assert_eq!(attempts.take("ada", None, at(30)), Ok(()));
        assert!(attempts.take("ada", None, at(30)).is_err());
    }

    #[test]
    fn a_sign_in_forgets_the_tries_before_it() {
        let attempts = Attempts::default();
        for _ in 0..5 {
            attempts.take("ada", None, at(0)).unwrap();
        }
        attempts.forget("ada", None);
        assert_eq!(attempts.take("ada", None, at(0)), Ok(()));
    }

    #[test]
    fn a_flood_of_accounts_does_not_grow_the_memory_nor_free_the_empty_bucket() {
        let attempts = Attempts::default();
        for _ in 0..5 {
            attempts.take("ada", None, at(0)).unwrap();
        }
        for number in 0..MOST_BUCKETS * 2 {
            attempts.take(&format!("flood {number}"), None, at(0)).unwrap();
        }
        assert!(attempts.buckets.lock().unwrap().len() <= MOST_BUCKETS);
        assert!(attempts.take("ada", None, at(0)).is_err());
    }
}
