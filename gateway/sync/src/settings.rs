//! Every bound of the sync in one place.

use std::time::Duration;

use jiff::SignedDuration;

/// How much, how often, how long.
#[derive(Clone, Debug)]
pub struct SyncSettings {
    /// Lines or resources applied in one transaction.
    pub batch_resources: usize,
    /// Bytes read for one transaction.
    pub batch_bytes: usize,
    /// Resources on a page of a search.
    pub page_size: u32,
    /// What is read again before the cursor, because servers commit out of order.
    pub overlap: SignedDuration,
    /// How long to wait before asking for an export's status again where the server does not say.
    pub export_poll: Duration,
    /// The least and the most of such a wait, whatever the server says.
    pub export_poll_bounds: (Duration, Duration),
    /// How often a cut stream is opened again without a line in between.
    pub reopen: u32,
    /// After a failed run the next one waits, doubling, at most this long.
    pub longest_back_off: Duration,
    /// A full run that misses more than this share of what is known deletes nothing.
    pub sweep_share: f64,
    /// How often an unchanged source is noted as read.
    pub note_every: SignedDuration,
    /// Resources remembered as just applied, so that the overlap costs no transaction.
    pub remembered: usize,
}

impl Default for SyncSettings {
    fn default() -> Self {
        Self {
            batch_resources: 2_000,
            batch_bytes: 8 * 1024 * 1024,
            page_size: 200,
            overlap: SignedDuration::from_mins(5),
            export_poll: Duration::from_secs(2),
            export_poll_bounds: (Duration::from_millis(200), Duration::from_mins(5)),
            reopen: 5,
            longest_back_off: Duration::from_mins(5),
            sweep_share: 0.2,
            note_every: SignedDuration::from_secs(30),
            remembered: 100_000,
        }
    }
}

impl SyncSettings {
    /// Small bounds, so that tests cross them.
    pub fn for_testing() -> Self {
        Self {
            batch_resources: 50,
            page_size: 20,
            export_poll: Duration::from_millis(50),
            export_poll_bounds: (Duration::from_millis(10), Duration::from_secs(1)),
            longest_back_off: Duration::from_millis(200),
            ..Self::default()
        }
    }
}
