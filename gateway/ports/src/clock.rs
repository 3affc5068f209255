//! Time and randomness, as arguments.

use jiff::Timestamp;

/// Tells the time. The system's in production; one that tests move by hand elsewhere.
pub trait Clock: Send + Sync {
    /// This moment.
    fn now(&self) -> Timestamp;
}

/// Gives random bytes. The operating system's in production, seeded in tests.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);

    /// Ten bytes for a new identifier.
    fn for_id(&self) -> gateway_domain::ids::IdEntropy {
        let mut bytes = gateway_domain::ids::IdEntropy::default();
        self.fill(&mut bytes);
        bytes
    }
}
