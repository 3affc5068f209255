//! How long to wait before another try: a pure function of the attempt and a random number.

use std::time::Duration;

/// The shape of a series of waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackoffPolicy {
    /// The ceiling of the first wait.
    pub first: Duration,
    /// No wait is longer than this.
    pub longest: Duration,
}

impl Default for BackoffPolicy {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_mins(5) }
    }
}

/// The wait before try `attempt + 1`, where `attempt` counts the failures so far from zero.
///
/// The ceiling doubles with each attempt up to `policy.longest`. The wait lies between half of
/// the ceiling and all of it, so that many clients that failed together do not come back together.
/// `random` is any number from the caller's generator.
pub fn backoff(attempt: u32, random: u64, policy: BackoffPolicy) -> Duration {
    let factor = 1_u32.checked_shl(attempt).unwrap_or(u32::MAX);
    let ceiling = policy.first.saturating_mul(factor).min(policy.longest);
    let half = ceiling / 2;
    let spread = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX);
    let jitter = match spread.checked_add(1) {
        Some(steps) => random % steps,
        None => random,
    };
    (half + Duration::from_nanos(jitter)).min(policy.longest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn wait_lies_between_half_the_ceiling_and_the_ceiling(attempt in 0_u32..80, random: u64) {
            let policy = BackoffPolicy::default();
            let ceiling = Duration::from_secs(1)
                .saturating_mul(2_u32.saturating_pow(attempt))
                .min(policy.longest);
            let wait = backoff(attempt, random, policy);
            prop_assert!(wait >= ceiling / 2 && wait <= ceiling, "{wait:?} of {ceiling:?}");
        }
    }

    #[test]
    fn zero_wait_stays_zero() {
        let policy = BackoffPolicy { first: Duration::ZERO, longest: Duration::from_secs(1) };
        assert_eq!(backoff(7, 12_345, policy), Duration::ZERO);
    }
}
