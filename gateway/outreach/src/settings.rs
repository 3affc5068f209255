//! Every bound of the stages in one place.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::delivery::render::SenderProfile;

/// How much, how often, how long.
#[derive(Clone, Debug)]
pub struct OutreachSettings {
    /// The hospital's zone: its midnight begins a new day for review dates and ages.
    pub time_zone: TimeZone,
    /// In whose name messages go out.
    pub sender: SenderProfile,
    /// Configuration of channels by the plugin that carries them, a JSON document each; `{}` where there is none.
    pub channels: BTreeMap<String, String>,
    /// Patients evaluated in one batch.
    pub evaluate_batch: u32,
    /// How long a claimed patient is left to its claimer; also the first back-off of a failing segment.
    pub evaluate_lease: SignedDuration,
    /// Membership events taken in one batch.
    pub enrol_batch: u32,
    /// Journey events claimed at once.
    pub advance_batch: u32,
    /// Runs advanced side by side.
    pub advance_concurrency: usize,
    /// How long a claimed journey event is left to its claimer.
    pub advance_lease: SignedDuration,
    /// A run whose event failed so many times is stuck.
    pub advance_tries: u32,
    /// How many times a plugin may ask before it has to answer.
    pub question_rounds: usize,
    /// Messages claimed at once.
    pub deliver_batch: u32,
    /// Messages handed over side by side; after a crash at most so many are `unknown`.
    pub deliver_concurrency: usize,
    /// How long a claimed message is left to its claimer.
    pub deliver_lease: SignedDuration,
    /// A channel that has not answered by then may or may not have sent.
    pub send_timeout: Duration,
    /// Messages in flight for longer than this belong to a process that is gone. Zero where this process is the only one; more than
    /// `send_timeout` where several share a database.
    pub recover_after: SignedDuration,
    /// Records claimed at once for a source that is written back to.
    pub write_back_batch: u32,
    /// Records written to one source side by side.
    pub write_back_concurrency: usize,
    /// How long a claimed record is left to its claimer.
    pub write_back_lease: SignedDuration,
    /// A record that could not be written so many times is given up: more than a day after the first.
    pub write_back_tries: u32,
    /// A stage without work looks again after this at the latest.
    pub longest_sleep: Duration,
}

impl OutreachSettings {
    /// The bounds in production, for one process on its own database.
    pub fn new(sender: SenderProfile) -> Self {
        Self {
            time_zone: TimeZone::UTC,
            sender,
            channels: BTreeMap::new(),
            evaluate_batch: 1_000,
            evaluate_lease: SignedDuration::from_secs(60),
            enrol_batch: 1_000,
            advance_batch: 200,
            advance_concurrency: 8,
            advance_lease: SignedDuration::from_mins(5),
            advance_tries: 10,
            question_rounds: 8,
            deliver_batch: 64,
            deliver_concurrency: 8,
            deliver_lease: SignedDuration::from_mins(10),
            send_timeout: Duration::from_mins(2),
            recover_after: SignedDuration::ZERO,
            write_back_batch: 16,
            write_back_concurrency: 2,
            write_back_lease: SignedDuration::from_mins(5),
            write_back_tries: 40,
            longest_sleep: Duration::from_secs(30),
        }
    }

    /// The bounds where several processes share a database: others may have written, so stages look more often, and only what no
    /// process can still be sending is recovered.
    #[must_use]
    pub fn shared(self) -> Self {
        Self { recover_after: SignedDuration::from_mins(10), longest_sleep: Duration::from_secs(2), ..self }
    }

    /// Small bounds, so that tests cross them.
    pub fn for_testing() -> Self {
        let sender = SenderProfile {
            from: "Riverside Hospital <outreach@riverside.example>".into(),
            reply_to: None,
            hospital_name: "Riverside Hospital".into(),
            message_id_domain: "riverside.example".into(),
            tracking: true,
        };
        Self {
            evaluate_batch: 10,
            enrol_batch: 10,
            advance_batch: 10,
            advance_tries: 3,
            deliver_batch: 10,
            longest_sleep: Duration::from_millis(50),
            ..Self::new(sender)
        }
    }
}

/// `first`, doubled with each failure, at most `most`.
pub fn back_off(failures: u32, first: SignedDuration, most: SignedDuration) -> SignedDuration {
    first.checked_mul(1_i32 << failures.min(20)).map_or(most, |span| span.min(most))
}

/// The moment after a span; the last representable one beyond the end of time.
pub(crate) fn after(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.checked_add(span).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_back_off_never_shrinks_and_is_bounded(failures in 0_u32..u32::MAX) {
            let (first, most) = (SignedDuration::from_secs(30), SignedDuration::from_hours(1));
            let span = back_off(failures, first, most);
            proptest::prop_assert!(first <= span && span <= most);
            proptest::prop_assert!(span <= back_off(failures.saturating_add(1), first, most));
        }
    }
}
