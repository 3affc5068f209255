//! What one call may hold of memory and tables, counted over all it has: a limit for each memory alone would allow it several times.

use wasmtime::ResourceLimiter;

use crate::config::HostConfig;

/// Core instances one component may have: a guest in Rust or JavaScript brings its module and a few small adapters, one in Python each of its
/// libraries and what links them, 38 in all. An instance that is not used takes nothing.
pub(crate) const CORE_INSTANCES: u32 = 48;
/// Memories and tables one component may have.
pub(crate) const MEMORIES: u32 = 2;
pub(crate) const TABLES: u32 = 8;

/// Counts what a call holds.
#[derive(Debug)]
pub(crate) struct Limits {
    memory_bytes: usize,
    memory_left: usize,
    table_elements: usize,
}

impl Limits {
    pub(crate) const fn new(config: &HostConfig) -> Self {
        Self { memory_bytes: config.memory_bytes, memory_left: config.memory_bytes, table_elements: config.table_elements }
    }

    /// The most bytes of memory it held: memory only grows.
    pub(crate) const fn most_held(&self) -> usize {
        self.memory_bytes.saturating_sub(self.memory_left)
    }
}

impl ResourceLimiter for Limits {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        let Some(left) = self.memory_left.checked_sub(more) else {
            return Err(wasmtime::Error::msg(format!("it wanted {more} bytes of memory more, and {} were left", self.memory_left)));
        };
        self.memory_left = left;
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.table_elements {
            return Err(wasmtime::Error::msg(format!("it wanted a table of {desired} entries; at most {} are given", self.table_elements)));
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES as usize
    }

    fn memories(&self) -> usize {
        MEMORIES as usize
    }

    fn tables(&self) -> usize {
        TABLES as usize
    }
}
