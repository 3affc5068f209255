//! What a call uses of the host: which functions, how often, and how long it waits for them.

use std::time::{Duration, Instant};

use gateway_domain::plugin_call::{HostFunction, HostUse};
use wasmtime::CallHook;

/// Uses of one call.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    each: [(u64, Duration); HostFunction::ALL.len()],
    /// Time spent waiting for the host.
    waited: Duration,
    /// When the host was last called, while it has not answered.
    left_at: Option<Instant>,
    /// For what, once that is known.
    left_for: Option<HostFunction>,
}

impl Uses {
    /// Notes that the plugin leaves for the host, or comes back: the time between is not its own.
    pub(crate) fn crosses(&mut self, border: CallHook) {
        match border {
            CallHook::CallingHost => (self.left_at, self.left_for) = (Some(Instant::now()), None),
            CallHook::ReturningFromHost => self.comes_back(),
            CallHook::CallingWasm | CallHook::ReturningFromWasm => {}
        }
    }

    /// Notes for what the plugin left. What no interface of ours was asked for is asked of WASI.
    pub(crate) const fn is_for(&mut self, function: HostFunction) {
        self.left_for = Some(function);
    }

    /// Time spent waiting for the host, up to when it last answered.
    pub(crate) const fn waited(&self) -> Duration {
        self.waited
    }

    /// Ends the call: a host that has not answered has been waited for until now.
    pub(crate) fn comes_back(&mut self) {
        let Some(left_at) = self.left_at.take() else { return };
        let (away, function) = (left_at.elapsed(), self.left_for.take().unwrap_or(HostFunction::Wasi));
        self.waited += away;
        if let Some((calls, time)) = self.each.get_mut(function as usize) {
            *calls += 1;
            *time += away;
        }
    }

    /// What was used.
    pub(crate) fn list(&self) -> impl Iterator<Item = HostUse> {
        let used = HostFunction::ALL.into_iter().zip(self.each).filter(|(_, (calls, _))| *calls > 0);
        used.map(|(function, (calls, time))| HostUse { function, calls, time })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_use_is_counted_for_its_function_and_what_is_unnamed_for_wasi() {
        let mut uses = Uses::default();
        for function in [Some(HostFunction::LogWrite), None, Some(HostFunction::LogWrite)] {
            uses.crosses(CallHook::CallingHost);
            if let Some(function) = function {
                uses.is_for(function);
            }
            uses.crosses(CallHook::ReturningFromHost);
        }
        let counted: Vec<_> = uses.list().map(|used| (used.function, used.calls)).collect();
        assert_eq!(counted, [(HostFunction::LogWrite, 2), (HostFunction::Wasi, 1)]);
    }

    #[test]
    fn a_host_that_has_not_answered_was_waited_for_until_the_end() {
        let mut uses = Uses::default();
        uses.crosses(CallHook::CallingHost);
        uses.is_for(HostFunction::MailRelay);
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(uses.waited(), Duration::ZERO);
        uses.comes_back();
        assert!(uses.waited() >= Duration::from_millis(5));
        assert_eq!(uses.list().map(|used| used.function).collect::<Vec<_>>(), [HostFunction::MailRelay]);
    }
}
