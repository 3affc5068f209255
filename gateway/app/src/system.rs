//! The real clock, the real randomness, and the processes of this machine.

use std::sync::OnceLock;

use gateway_domain::resource::ContentHash;
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::process::{ProcessId, Processes};
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

/// The processes of this machine, as Linux shows them under `/proc`. Elsewhere a process knows only itself.
///
/// The first eight bytes of an identifier stand for the machine since its last start, and the container on it; then come the number
/// of the process and the moment it began, because numbers are given again.
pub(crate) struct SystemProcesses;

impl Processes for SystemProcesses {
    fn own(&self) -> ProcessId {
        static OWN: OnceLock<ProcessId> = OnceLock::new();
        *OWN.get_or_init(|| {
            let pid = std::process::id();
            if let (Some(machine), Some(begun_at)) = (machine(), begun_at(pid)) {
                return id_of(machine, pid, begun_at);
            }
            let mut id = ProcessId::default();
            SystemEntropy.fill(&mut id);
            id
        })
    }

    fn has_ended(&self, other: ProcessId) -> bool {
        let Some(machine) = machine() else { return false };
        let pid = u32::from_be_bytes([other[8], other[9], other[10], other[11]]);
        other[..8] == machine && begun_at(pid).is_none_or(|begun_at| id_of(machine, pid, begun_at) != other)
    }
}

fn id_of(machine: [u8; 8], pid: u32, begun_at: u32) -> ProcessId {
    let mut id = ProcessId::default();
    id[..8].copy_from_slice(&machine);
    id[8..12].copy_from_slice(&pid.to_be_bytes());
    id[12..].copy_from_slice(&begun_at.to_be_bytes());
    id
}

fn machine() -> Option<[u8; 8]> {
    let boot = std::fs::read("/proc/sys/kernel/random/boot_id").ok()?;
    let container = std::fs::read_link("/proc/self/ns/pid").ok()?;
    let hash = ContentHash::of([&boot[..], container.as_os_str().as_encoded_bytes()]).0;
    hash.first_chunk().copied()
}

/// When a process that lives began, in ticks since the machine's start; what goes beyond 32 bits is left out.
fn begun_at(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program stands in brackets and may hold anything; the fields after it are counted from its end.
    let mut fields = stat.get(stat.rfind(')')? + 1..)?.split_ascii_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    let ticks: u64 = fields.nth(18)?.parse().ok()?;
    Some((ticks & u64::from(u32::MAX)) as u32)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_process_that_was_killed_has_ended_and_a_living_or_a_foreign_one_has_not() {
        let mut child = Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().unwrap();
        let id = id_of(machine().unwrap(), child.id(), begun_at(child.id()).unwrap());
        assert!(!SystemProcesses.has_ended(id));
        assert!(!SystemProcesses.has_ended(SystemProcesses.own()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(SystemProcesses.has_ended(id));
        assert!(!SystemProcesses.has_ended([7; 16]), "nobody here knows a process of another machine");
    }
}
