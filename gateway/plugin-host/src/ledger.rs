//! What one plugin did in all its versions: figures of each function, its last errors, the traces of its last calls, and the same
//! figures as metrics.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use gateway_domain::plugin::PluginName;
use gateway_domain::plugin_call::{CallError, CallFigures, CallOutcome, HostFunction, PluginCall, PluginFunction, PluginReport};
use jiff::Timestamp;
use metrics::{Counter, Gauge, Histogram};

/// Calls whose traces are kept, and beside them those without an answer.
const MOST_CALLS: usize = 50;
const MOST_ERRORS: usize = 20;

/// The ledgers of all plugins. One outlives the version it was begun with.
#[derive(Default)]
pub(crate) struct Ledgers(Mutex<BTreeMap<PluginName, Arc<Ledger>>>);

impl Ledgers {
    /// That of a plugin; a new one where there is none.
    pub(crate) fn of(&self, plugin: &PluginName, now: Timestamp) -> Arc<Ledger> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(plugin.clone()).or_insert_with(|| Arc::new(Ledger::new(plugin, now))))
    }

    /// Forgets what a plugin did that was taken away.
    pub(crate) fn forget(&self, plugin: &PluginName) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(plugin);
    }
}

/// What one plugin did.
pub(crate) struct Ledger {
    plugin: PluginName,
    since: Timestamp,
    kept: Mutex<Kept>,
    meters: [OnceLock<Meters>; PluginFunction::ALL.len()],
    host_calls: [OnceLock<Counter>; HostFunction::ALL.len()],
}

#[derive(Default)]
struct Kept {
    calls: u64,
    functions: [CallFigures; PluginFunction::ALL.len()],
    recent: VecDeque<PluginCall>,
    errors: VecDeque<PluginCall>,
}

/// The metrics of one function.
struct Meters {
    calls: [Counter; CallOutcome::ALL.len()],
    failures: Counter,
    time: Histogram,
    computing: Histogram,
    waiting: Histogram,
    fuel: Counter,
    memory: Gauge,
    sent: Counter,
    received: Counter,
}

impl Ledger {
    fn new(plugin: &PluginName, since: Timestamp) -> Self {
        Self {
            plugin: plugin.clone(),
            since,
            kept: Mutex::default(),
            meters: [const { OnceLock::new() }; PluginFunction::ALL.len()],
            host_calls: [const { OnceLock::new() }; HostFunction::ALL.len()],
        }
    }

    /// Notes a call that ended; its number is given here.
    pub(crate) fn note(&self, mut call: PluginCall) {
        let mut kept = self.lock();
        kept.calls += 1;
        call.number = kept.calls;
        let mut most_memory = 0;
        if let Some(figures) = kept.functions.get_mut(call.function as usize) {
            figures.count(&call);
            most_memory = figures.most_memory_bytes;
        }
        self.meter(&call, most_memory);
        if call.outcome != CallOutcome::Answered {
            keep(&mut kept.errors, call.clone(), MOST_ERRORS);
        }
        let forgotten = keep(&mut kept.recent, call, MOST_CALLS);
        drop(kept);
        drop(forgotten);
    }

    /// The figures and the last errors.
    pub(crate) fn report(&self) -> PluginReport {
        let kept = self.lock();
        let functions = PluginFunction::ALL.into_iter().zip(kept.functions).filter(|(_, figures)| figures.calls > 0);
        let errors = kept.errors.iter().rev().map(|call| CallError {
            number: call.number,
            at: call.at,
            function: call.function,
            outcome: call.outcome,
            reason: call.reason.clone().unwrap_or(Cow::Borrowed("")),
        });
        PluginReport { since: self.since, functions: functions.collect(), errors: errors.collect() }
    }

    /// The last calls, and the last without an answer, the newest first.
    pub(crate) fn calls(&self) -> Vec<PluginCall> {
        let kept = self.lock();
        let oldest = kept.recent.front().map_or(u64::MAX, |call| call.number);
        let errors = kept.errors.iter().filter(|call| call.number < oldest);
        errors.chain(&kept.recent).rev().cloned().collect()
    }

    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and nobody looks at single bytes of petabytes")]
    fn meter(&self, call: &PluginCall, most_memory: u64) {
        let Some(meters) = self.meters.get(call.function as usize) else { return };
        let meters = meters.get_or_init(|| Meters::new(&self.plugin, call.function));
        if let Some(calls) = meters.calls.get(call.outcome as usize) {
            calls.increment(1);
        }
        if !matches!(call.outcome, CallOutcome::Answered | CallOutcome::Said) {
            meters.failures.increment(1);
        }
        meters.time.record(call.time.as_secs_f64());
        meters.computing.record(call.computing.as_secs_f64());
        meters.waiting.record(call.waiting.as_secs_f64());
        meters.fuel.increment(call.fuel);
        meters.memory.set(most_memory as f64);
        meters.sent.increment(call.http.sent_bytes);
        meters.received.increment(call.http.received_bytes);
        for used in &call.host {
            let Some(counter) = self.host_calls.get(used.function as usize) else { continue };
            let labels = || [("plugin", self.plugin.to_string()), ("of", used.function.name().to_owned())];
            counter.get_or_init(|| metrics::counter!("plugin_host_calls_total", &labels())).increment(used.calls);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Meters {
    fn new(plugin: &PluginName, function: PluginFunction) -> Self {
        let labels = [("plugin", plugin.to_string()), ("function", function.name().to_owned())];
        let of_outcome = |outcome: CallOutcome| {
            let [plugin, function] = labels.clone();
            metrics::counter!("plugin_calls_total", &[plugin, function, ("outcome", outcome.name().to_owned())])
        };
        let http = |direction: &str| {
            let [plugin, function] = labels.clone();
            metrics::counter!("plugin_http_bytes_total", &[plugin, function, ("direction", direction.to_owned())])
        };
        Self {
            calls: CallOutcome::ALL.map(of_outcome),
            failures: metrics::counter!("plugin_failures_total", &labels),
            time: metrics::histogram!("plugin_call_seconds", &labels),
            computing: metrics::histogram!("plugin_computing_seconds", &labels),
            waiting: metrics::histogram!("plugin_waiting_seconds", &labels),
            fuel: metrics::counter!("plugin_fuel_total", &labels),
            memory: metrics::gauge!("plugin_most_memory_bytes", &labels),
            sent: http("sent"),
            received: http("received"),
        }
    }
}

/// Keeps a call, and gives back the one that has to go for it.
fn keep(ring: &mut VecDeque<PluginCall>, call: PluginCall, most: usize) -> Option<PluginCall> {
    let forgotten = if ring.len() >= most { ring.pop_front() } else { None };
    ring.push_back(call);
    forgotten
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use gateway_domain::plugin_call::HttpTraffic;

    use super::*;

    fn ledger() -> Ledger {
        Ledger::new(&PluginName::new("one").unwrap(), Timestamp::UNIX_EPOCH)
    }

    fn call(outcome: CallOutcome) -> PluginCall {
        PluginCall {
            number: 0,
            at: Timestamp::UNIX_EPOCH,
            version: "1.0.0".to_owned(),
            function: PluginFunction::Evaluate,
            outcome,
            reason: (outcome != CallOutcome::Answered).then_some(Cow::Borrowed("why")),
            inputs: Vec::new(),
            host: Vec::new(),
            time: Duration::from_millis(2),
            computing: Duration::from_millis(1),
            waiting: Duration::ZERO,
            queueing: Duration::ZERO,
            fuel: 7,
            memory_bytes: 9,
            http: HttpTraffic::default(),
        }
    }

    #[test]
    fn what_is_kept_is_bounded_and_what_is_counted_is_not() {
        let ledger = ledger();
        for _ in 0..30 {
            ledger.note(call(CallOutcome::Stopped));
        }
        for _ in 0..1_000 {
            ledger.note(call(CallOutcome::Answered));
        }
        let report = ledger.report();
        assert_eq!((report.total().calls, report.total().stopped, report.total().fuel), (1_030, 30, 7_210));
        assert_eq!(report.errors.iter().map(|error| error.number).collect::<Vec<_>>(), (11..=30).rev().collect::<Vec<_>>());
        let numbers: Vec<_> = ledger.calls().into_iter().map(|call| call.number).collect();
        assert_eq!(numbers, (981..=1_030).rev().chain((11..=30).rev()).collect::<Vec<_>>());
    }

    #[test]
    fn an_error_among_the_last_calls_is_there_once() {
        let ledger = ledger();
        ledger.note(call(CallOutcome::Answered));
        ledger.note(call(CallOutcome::Said));
        assert_eq!(ledger.calls().into_iter().map(|call| call.number).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(ledger.report().errors.len(), 1);
    }
}
