//! Random bytes as something that is handed in.

use rand::{TryRng, rngs::SysRng};

/// Where random bytes come from.
pub trait RandomSource: Send + Sync {
    /// Fills `bytes`. False where the source has none to give, which must stop what needs them.
    fn fill(&self, bytes: &mut [u8]) -> bool;
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl RandomSource for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) -> bool {
        SysRng.try_fill_bytes(bytes).is_ok()
    }
}
