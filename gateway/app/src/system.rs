//! The real clock and the real randomness.

use gateway_ports::clock::{Clock, Entropy};
use jiff::Timestamp;
use rand::TryRng as _;

/// The system's clock.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the one place where the program asks for the time")]
        Timestamp::now()
    }
}

/// The operating system's randomness.
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        // Without randomness identifiers and tokens could repeat; nothing may go on then.
        #[expect(clippy::expect_used, reason = "an operating system without randomness can't run a gateway")]
        rand::rngs::SysRng.try_fill_bytes(buffer).expect("the operating system gives random bytes");
    }
}
