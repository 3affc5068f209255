//! Which process is at work, so that what a dead one held need not be waited for.

/// Tells a process from all others, on all machines, over all time.
pub type ProcessId = [u8; 16];

/// Knows this process, and about others of this machine.
pub trait Processes: Send + Sync {
    /// This process; always the same.
    fn own(&self) -> ProcessId;
    /// Whether another has ended, for certain. Of one on another machine nobody knows.
    fn has_ended(&self, other: ProcessId) -> bool;
}
