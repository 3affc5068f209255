//! Every limit of the plugin host, in one place.

use std::path::PathBuf;
use std::time::Duration;

/// Limits and folders of the plugin host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostConfig {
    /// Where compiled components are kept; `None` compiles at each start. Nobody but the gateway may write there.
    pub cache_directory: Option<PathBuf>,
    /// Bytes a component may have.
    pub component_bytes: usize,
    /// Functions of all modules of a component together.
    pub functions: usize,
    /// Bytes of one function.
    pub function_bytes: usize,
    /// Types, imports, exports, globals, segments and so on of a component together.
    pub items: usize,
    /// Modules and components inside a component.
    pub modules: usize,
    /// How deep they nest.
    pub levels: usize,
    /// Time a component may take to compile, with the wait for others that are being compiled.
    pub compile_time: Duration,
    /// Bytes of memory of one call, all its memories together.
    pub memory_bytes: usize,
    /// Entries of each table of one call.
    pub table_elements: usize,
    /// Handles of resources a call may hold.
    pub handles: usize,
    /// Units of fuel (about one for each instruction) of one call.
    pub fuel: u64,
    /// Time a call may compute; waiting for the host does not count.
    pub compute_time: Duration,
    /// Time a call may take from start to end.
    pub call_time: Duration,
    /// Calls at the same time, over all plugins.
    pub concurrent_calls: u32,
    /// Calls of one plugin at the same time, so that none takes all places.
    pub plugin_calls: u32,
    /// Calls that compute for longer than two epochs of 10 ms at the same time, over all plugins. Fewer than there are processors, so that one
    /// is free for what is short; plugins take turns.
    pub computing_calls: u32,
    /// Bytes a plugin may hand to the host in one call or answer.
    pub answer_bytes: usize,
    /// Patients in one call of a segment plugin.
    pub batch_patients: usize,
    /// Facts in one call of a segment plugin, unless a single patient has more.
    pub batch_facts: usize,
    /// Bytes of a message handed to the relay.
    pub message_bytes: usize,
    /// Lines a call may log; each is cut to 300 letters.
    pub log_lines: u32,
    /// Times a call may call the host.
    pub host_calls: u32,
    /// Bytes of what one lookup asks for: the name of a value set, a code and its system. Nobody knows longer ones.
    pub lookup_bytes: usize,
    /// Codes of a value set that is handed to a plugin, page by page.
    pub expansion_codes: usize,
    /// Looks at single patients of one call; each is a line of the audit.
    pub patient_lookups: u32,
    /// Time one lookup may take.
    pub lookup_time: Duration,
    /// Bytes of the keys and values a plugin keeps.
    pub value_bytes: u64,
    /// Requests of one call.
    pub http_requests: usize,
    /// Bytes of all bodies of all requests and responses of one call.
    pub http_bytes: usize,
    /// Bytes of the headers of one request or response, as they are held in memory.
    pub http_header_bytes: usize,
    /// Time one request may take from start to end.
    pub http_time: Duration,
    /// Failures in a row after which a plugin is parked.
    pub park_after: u32,
    /// How long it stays parked before it may try again.
    pub park_for: Duration,
    /// Lookups that are remembered.
    pub lookup_entries: u64,
    /// How long they are.
    pub lookup_lives: Duration,
}

impl Default for HostConfig {
    fn default() -> Self {
        Self {
            cache_directory: None,
            component_bytes: 64 << 20,
            functions: 100_000,
            function_bytes: 1 << 20,
            items: 500_000,
            modules: 100,
            levels: 8,
            compile_time: Duration::from_mins(2),
            memory_bytes: 256 << 20,
            table_elements: 20_000,
            handles: 10_000,
            fuel: 20_000_000_000,
            compute_time: Duration::from_secs(5),
            call_time: Duration::from_mins(2),
            concurrent_calls: 16,
            plugin_calls: 8,
            computing_calls: all_but_one_processor(),
            answer_bytes: 32 << 20,
            batch_patients: 1_000,
            batch_facts: 200_000,
            message_bytes: 10 << 20,
            log_lines: 50,
            host_calls: 100_000,
            lookup_bytes: 4 << 10,
            expansion_codes: 200_000,
            patient_lookups: 1_000,
            lookup_time: Duration::from_secs(5),
            value_bytes: 1 << 20,
            http_requests: 1_000,
            http_bytes: 32 << 20,
            http_header_bytes: 128 << 10,
            http_time: Duration::from_secs(30),
            park_after: 5,
            park_for: Duration::from_mins(5),
            lookup_entries: 10_000,
            lookup_lives: Duration::from_mins(10),
        }
    }
}

fn all_but_one_processor() -> u32 {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    u32::try_from(processors.saturating_sub(1)).unwrap_or(u32::MAX).max(1)
}

impl HostConfig {
    /// Small limits, so that a test that reaches them is quick.
    pub fn for_testing() -> Self {
        Self {
            memory_bytes: 32 << 20,
            fuel: 2_000_000_000,
            compute_time: Duration::from_millis(500),
            call_time: Duration::from_secs(5),
            concurrent_calls: 4,
            plugin_calls: 2,
            answer_bytes: 1 << 20,
            http_requests: 20,
            http_bytes: 512 << 10,
            http_time: Duration::from_secs(2),
            park_after: 3,
            ..Self::default()
        }
    }
}
