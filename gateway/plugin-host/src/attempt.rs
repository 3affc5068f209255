//! One call of one plugin: admitted, limited, timed, and its end judged.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use gateway_domain::plugin_call::{CallOutcome, HostFunction, HostUse, PluginCall};
use gateway_ports::plugins::PluginError;
use jiff::Timestamp;
use tokio::sync::SemaphorePermit;
use tokio::task::yield_now;
use tokio::time::error::Elapsed;
use wasmtime::{CallHook, CallHookHandler, Store, StoreContextMut, Trap, UpdateDeadline};

use crate::asked::Asked;
use crate::host::CallState;
use crate::install::Installed;
use crate::{Shared, abi};

/// Why an answer is none.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The plugin said so itself; it is well.
    Said(PluginError),
    /// What it answered can't be.
    Nonsense(String),
}

/// What happens where a call leaves for the host, at the end of an epoch too, and comes back: it gives its turn to compute away meanwhile, and
/// waits for another before it goes on.
struct Border;

#[async_trait]
impl CallHookHandler<CallState> for Border {
    async fn handle_call_event(&self, mut context: StoreContextMut<'_, CallState>, border: CallHook) -> wasmtime::Result<()> {
        let state = context.data_mut();
        state.uses.crosses(border);
        match border {
            CallHook::CallingHost => state.turns.rest(),
            CallHook::ReturningFromHost => {
                if let Some(waits) = state.turns.go_on() {
                    let began = Instant::now();
                    state.turns.has(waits.await.ok());
                    state.uses.pauses(began.elapsed());
                }
            }
            CallHook::CallingWasm | CallHook::ReturningFromWasm => {}
        }
        Ok(())
    }
}

/// A call under way.
pub(crate) struct Attempt<'a> {
    shared: &'a Shared,
    installed: &'a Installed,
    asked: Asked,
    /// When it came, and how long it then waited for a place.
    at: Timestamp,
    queueing: Duration,
    started: Instant,
    _own_place: SemaphorePermit<'a>,
    _place: SemaphorePermit<'a>,
}

impl<'a> Attempt<'a> {
    /// Waits for a place and makes a store for one call, with every limit set.
    pub(crate) async fn begin(shared: &'a Shared, installed: &'a Installed, asked: Asked) -> Result<(Self, Store<CallState>), PluginError> {
        let plugin = || installed.manifest.name.to_string();
        let (at, came) = (shared.clock.now(), Instant::now());
        let admitted = installed.breaker.admit(at, shared.config.park_after);
        admitted.map_err(|reason| PluginError::Parked { plugin: plugin(), reason })?;
        let closed = |_| PluginError::Unavailable { plugin: plugin(), retry_after: None };
        let own_place = installed.places.acquire().await.map_err(closed)?;
        let place = shared.places.acquire().await.map_err(closed)?;
        let started = Instant::now();
        let queueing = started.duration_since(came);
        let mut store = Store::new(&shared.engine, CallState::new(installed, shared));
        store.limiter(|state| &mut state.limits);
        store.set_hostcall_fuel(shared.config.answer_bytes);
        store.set_max_component_handles(shared.config.handles);
        store.set_fuel(shared.config.fuel).map_err(|error| PluginError::Stopped { plugin: plugin(), reason: error.to_string() })?;
        // Each epoch others get their turn, and the runtime its timers and sockets: by tokio's own way to yield it comes to those before
        // the call goes on; a plain wake-up would keep it from them for 61 turns, 600 ms. What the plugin spent waiting for the host is
        // not its own time.
        let (compute_time, host_calls) = (shared.config.compute_time, shared.config.host_calls);
        store.epoch_deadline_callback(move |mut context| {
            let state = context.data_mut();
            if state.allowance.is_exceeded() {
                return Err(wasmtime::Error::msg(format!("it called the host more than {host_calls} times")));
            }
            state.uses.is_pause();
            state.turns.computed_an_epoch();
            Ok(if state.computed() < compute_time {
                UpdateDeadline::YieldCustom(1, Box::pin(yield_now()))
            } else {
                UpdateDeadline::Interrupt
            })
        });
        store.set_epoch_deadline(1);
        store.call_hook_async(Border);
        Ok((Self { shared, installed, asked, at, queueing, started, _own_place: own_place, _place: place }, store))
    }

    /// Judges how the call ended, and tells the breaker and the ledger. The store goes before the place does: who gets the place next
    /// must find room in the pool.
    pub(crate) fn finish<T, U>(
        mut self,
        mut store: Store<CallState>,
        ended: Result<wasmtime::Result<T>, Elapsed>,
        convert: impl FnOnce(T) -> Result<U, Failure>,
    ) -> Result<U, PluginError> {
        let time = self.started.elapsed();
        let plugin = || self.installed.manifest.name.to_string();
        let stopped = |reason| Err(PluginError::Stopped { plugin: plugin(), reason });
        let (outcome, result) = match ended {
            Err(_) => (CallOutcome::TimedOut, stopped(format!("it took longer than {} s", self.shared.config.call_time.as_secs()))),
            Ok(Err(error)) => (CallOutcome::Stopped, stopped(self.reason_of(&error))),
            Ok(Ok(answer)) => match convert(answer) {
                Ok(answer) => (CallOutcome::Answered, Ok(answer)),
                Err(Failure::Said(error)) => (CallOutcome::Said, Err(error)),
                Err(Failure::Nonsense(reason)) => (CallOutcome::Nonsense, Err(PluginError::Nonsense { plugin: plugin(), reason })),
            },
        };
        let call = self.trace(&mut store, time, outcome, result.as_ref().err());
        drop(store);
        self.installed.ledger.note(call);
        match &result {
            Err(PluginError::Stopped { reason, .. } | PluginError::Nonsense { reason, .. }) => self.failed(reason),
            _ => self.installed.breaker.succeeded(),
        }
        result
    }

    /// What the call did; its number is the ledger's.
    fn trace(&mut self, store: &mut Store<CallState>, time: Duration, outcome: CallOutcome, error: Option<&PluginError>) -> PluginCall {
        let fuel = self.shared.config.fuel.saturating_sub(store.get_fuel().unwrap_or_default());
        let state = store.data_mut();
        state.uses.comes_back();
        let (waiting, paused, traffic) = (state.uses.waited(), state.uses.paused(), state.web.traffic());
        let http = traffic.seen();
        let requests = HostUse { function: HostFunction::HttpRequest, calls: http.requests, time: traffic.time() };
        PluginCall {
            number: 0,
            at: self.at,
            version: self.installed.manifest.version.clone(),
            function: self.asked.function,
            outcome,
            reason: error.map(told),
            inputs: std::mem::take(&mut self.asked.inputs),
            host: state.uses.list().chain((requests.calls > 0).then_some(requests)).collect(),
            time,
            computing: time.saturating_sub(waiting).saturating_sub(paused),
            waiting,
            queueing: self.queueing + paused,
            fuel,
            memory_bytes: state.limits.most_held() as u64,
            http,
        }
    }

    fn failed(&self, reason: &str) {
        let (config, name) = (&self.shared.config, self.installed.manifest.name.as_str());
        tracing::warn!(plugin = name, reason, "A plugin call failed");
        if self.installed.breaker.failed(reason, self.shared.clock.now(), config.park_after, config.park_for) {
            tracing::error!(plugin = name, reason, "A plugin is parked after repeated failures");
        }
    }

    fn reason_of(&self, error: &wasmtime::Error) -> String {
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => "it used up its fuel".to_owned(),
            Some(Trap::Interrupt) => format!("it computed for longer than {} ms", self.shared.config.compute_time.as_millis()),
            Some(trap) => trap.to_string(),
            None => abi::v0_1::cut(&error.root_cause().to_string()),
        }
    }
}

/// Why there was no answer. What a plugin says in its own words may be about a person, and is left out.
fn told(error: &PluginError) -> Cow<'static, str> {
    match error {
        PluginError::Stopped { reason, .. } | PluginError::Nonsense { reason, .. } => Cow::Owned(reason.clone()),
        PluginError::Invalid { .. } => Cow::Borrowed("it refused its configuration or definition"),
        PluginError::Unavailable { .. } => Cow::Borrowed("it said that something outside is not available"),
        _ => Cow::Borrowed("it refused, for a reason of its own"),
    }
}
