//! Random bytes for several identifiers out of those that were handed in.

use gateway_domain::ids::IdEntropy;
use gateway_domain::resource::ContentHash;

/// Gives one [`IdEntropy`] after the other, all of them different, the same ones for the same seed.
pub(crate) struct EntropySequence {
    seed: Vec<u8>,
    given: u64,
}

impl EntropySequence {
    pub(crate) fn new<'a>(seeds: impl IntoIterator<Item = &'a IdEntropy>) -> Self {
        Self { seed: seeds.into_iter().flatten().copied().collect(), given: 0 }
    }

    pub(crate) fn draw(&mut self) -> IdEntropy {
        let ContentHash(bytes) = ContentHash::of([self.seed.as_slice(), &self.given.to_be_bytes()]);
        self.given += 1;
        let mut entropy = IdEntropy::default();
        entropy.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        entropy
    }
}
