//! The machine's clock, read in one place: the sandbox stands for a hospital's server, and that has its own clock.

use jiff::Timestamp;

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock; everything else takes the instant as an argument")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
