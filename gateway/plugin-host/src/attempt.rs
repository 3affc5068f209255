//! One call of one plugin: admitted, limited, timed, and its end judged.

use std::time::Instant;

use gateway_ports::plugins::PluginError;
use tokio::sync::SemaphorePermit;
use tokio::task::yield_now;
use tokio::time::error::Elapsed;
use wasmtime::{Store, Trap, UpdateDeadline};

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

/// A call under way.
pub(crate) struct Attempt<'a> {
    shared: &'a Shared,
    installed: &'a Installed,
    started: Instant,
    _own_place: SemaphorePermit<'a>,
    _place: SemaphorePermit<'a>,
}

impl<'a> Attempt<'a> {
    /// Waits for a place and makes a store for one call, with every limit set.
    pub(crate) async fn begin(shared: &'a Shared, installed: &'a Installed) -> Result<(Self, Store<CallState>), PluginError> {
        let plugin = || installed.manifest.name.to_string();
        let admitted = installed.breaker.admit(shared.clock.now(), shared.config.park_after);
        admitted.map_err(|reason| PluginError::Parked { plugin: plugin(), reason })?;
        let closed = |_| PluginError::Unavailable { plugin: plugin(), retry_after: None };
        let own_place = installed.places.acquire().await.map_err(closed)?;
        let place = shared.places.acquire().await.map_err(closed)?;
        let started = Instant::now();
        let mut store = Store::new(&shared.engine, CallState::new(installed, shared.services.clone(), &shared.config));
        store.limiter(|state| &mut state.limits);
        store.set_hostcall_fuel(shared.config.answer_bytes);
        store.set_max_component_handles(shared.config.handles);
        store.set_fuel(shared.config.fuel).map_err(|error| PluginError::Stopped { plugin: plugin(), reason: error.to_string() })?;
        // Each epoch others get their turn, and the runtime its timers and sockets: by tokio's own way to yield it comes to those before
        // the call goes on; a plain wake-up would keep it from them for 61 turns, 600 ms. What the plugin spent waiting for the host is
        // not its own time.
        let (compute_time, host_calls) = (shared.config.compute_time, shared.config.host_calls);
        store.epoch_deadline_callback(move |context| {
            if context.data().allowance.is_exceeded() {
                return Err(wasmtime::Error::msg(format!("it called the host more than {host_calls} times")));
            }
            Ok(if context.data().computed() < compute_time {
                UpdateDeadline::YieldCustom(1, Box::pin(yield_now()))
            } else {
                UpdateDeadline::Interrupt
            })
        });
        store.set_epoch_deadline(1);
        store.call_hook(|mut context, border| {
            context.data_mut().crosses(border);
            Ok(())
        });
        Ok((Self { shared, installed, started, _own_place: own_place, _place: place }, store))
    }

    /// Judges how the call ended, and tells the breaker and the metrics. The store goes before the place does: who gets the place next
    /// must find room in the pool.
    pub(crate) fn finish<T, U>(
        self,
        store: Store<CallState>,
        ended: Result<wasmtime::Result<T>, Elapsed>,
        convert: impl FnOnce(T) -> Result<U, Failure>,
    ) -> Result<U, PluginError> {
        let config = &self.shared.config;
        let name = self.installed.manifest.name.as_str();
        let plugin = name.to_owned();
        let result = match ended {
            Err(_) => Err(PluginError::Stopped { plugin, reason: format!("it took longer than {} s", config.call_time.as_secs()) }),
            Ok(Err(error)) => Err(PluginError::Stopped { plugin, reason: self.reason_of(&error) }),
            Ok(Ok(answer)) => convert(answer).map_err(|failure| match failure {
                Failure::Said(error) => error,
                Failure::Nonsense(reason) => PluginError::Nonsense { plugin, reason },
            }),
        };
        let fuel = config.fuel.saturating_sub(store.get_fuel().unwrap_or_default());
        drop(store);
        metrics::counter!("plugin_calls_total", "plugin" => name.to_owned()).increment(1);
        metrics::counter!("plugin_fuel_total", "plugin" => name.to_owned()).increment(fuel);
        metrics::histogram!("plugin_call_seconds", "plugin" => name.to_owned()).record(self.started.elapsed().as_secs_f64());
        match &result {
            Err(PluginError::Stopped { reason, .. } | PluginError::Nonsense { reason, .. }) => self.failed(name, reason),
            _ => self.installed.breaker.succeeded(),
        }
        result
    }

    fn failed(&self, name: &str, reason: &str) {
        let config = &self.shared.config;
        metrics::counter!("plugin_failures_total", "plugin" => name.to_owned()).increment(1);
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
