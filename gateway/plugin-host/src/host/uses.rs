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
    /// What the host was asked for when it called the plugin back for room, while that lasts.
    called_back: Option<HostFunction>,
    /// Whether it left because an epoch ended, and asked nothing of the host.
    is_pause: bool,
    /// Time in which others computed.
    paused: Duration,
}

impl Uses {
    /// Notes that the plugin leaves for the host, or comes back: the time between is not its own.
    pub(crate) fn crosses(&mut self, border: CallHook) {
        match border {
            CallHook::CallingHost => (self.left_at, self.left_for, self.is_pause) = (Some(Instant::now()), None, false),
            CallHook::ReturningFromHost => self.comes_back(),
            CallHook::CallingWasm => self.is_called_back(),
            CallHook::ReturningFromWasm => self.goes_on_for(),
        }
    }

    /// The host asks the plugin for room for its answer: what that takes is the plugin's time, and what the host took so far is not.
    fn is_called_back(&mut self) {
        let Some(left_at) = self.left_at.take() else { return };
        let function = self.left_for.take().unwrap_or(HostFunction::Wasi);
        self.adds(function, left_at.elapsed());
        self.called_back = Some(function);
    }

    /// The host has its room, and goes on with what it was asked for.
    fn goes_on_for(&mut self) {
        if let Some(function) = self.called_back.take() {
            (self.left_at, self.left_for) = (Some(Instant::now()), Some(function));
        }
    }

    fn adds(&mut self, function: HostFunction, away: Duration) -> Option<&mut u64> {
        self.waited += away;
        let (calls, time) = self.each.get_mut(function as usize)?;
        *time += away;
        Some(calls)
    }

    /// Notes for what the plugin left. What no interface of ours was asked for is asked of WASI.
    pub(crate) const fn is_for(&mut self, function: HostFunction) {
        self.left_for = Some(function);
    }

    /// Notes that the plugin left for nothing but to let others compute.
    pub(crate) const fn is_pause(&mut self) {
        self.is_pause = true;
    }

    /// Notes that it waited so long for its turn to compute.
    pub(crate) fn pauses(&mut self, time: Duration) {
        self.paused += time;
    }

    /// Time in which it wanted to compute, and others did.
    pub(crate) const fn paused(&self) -> Duration {
        self.paused
    }

    /// Time spent waiting for the host, up to when it last answered.
    pub(crate) const fn waited(&self) -> Duration {
        self.waited
    }

    /// Ends the call: a host that has not answered has been waited for until now.
    pub(crate) fn comes_back(&mut self) {
        let Some(left_at) = self.left_at.take() else { return };
        let away = left_at.elapsed();
        if std::mem::take(&mut self.is_pause) {
            self.paused += away;
            return;
        }
        let function = self.left_for.take().unwrap_or(HostFunction::Wasi);
        if let Some(calls) = self.adds(function, away) {
            *calls += 1;
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
    fn what_the_host_took_before_it_asked_for_room_is_its_own() {
        let mut uses = Uses::default();
        uses.crosses(CallHook::CallingWasm);
        uses.crosses(CallHook::CallingHost);
        uses.is_for(HostFunction::LookupExpand);
        std::thread::sleep(Duration::from_millis(5));
        // Room for the answer: the plugin makes its memory larger, for which it leaves once more.
        uses.crosses(CallHook::CallingWasm);
        uses.crosses(CallHook::CallingHost);
        assert!(uses.waited() >= Duration::from_millis(5), "an epoch that ends now finds it so");
        uses.crosses(CallHook::ReturningFromHost);
        // An epoch ends meanwhile.
        uses.crosses(CallHook::CallingHost);
        uses.is_pause();
        uses.crosses(CallHook::ReturningFromHost);
        uses.crosses(CallHook::ReturningFromWasm);
        uses.crosses(CallHook::ReturningFromHost);
        uses.crosses(CallHook::ReturningFromWasm);
        let counted: Vec<_> = uses.list().map(|used| (used.function, used.calls)).collect();
        assert_eq!(counted, [(HostFunction::LookupExpand, 1), (HostFunction::Wasi, 1)]);
        assert!(uses.left_at.is_none());
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
