//! Follows the log of changes and decides who is told of what.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{PushFaults, Told, deliver, wanted::Wanted};
use crate::{
    Sandbox, clock,
    resource::Resource,
    store::{Action, Version},
};

/// Events that are kept for `$events`, of each subscription.
const MOST_KEPT: usize = 100_000;

/// What the engine knows of the subscriptions.
pub(crate) struct Engine {
    known: Mutex<BTreeMap<String, Known>>,
    faults: Mutex<PushFaults>,
    pub(super) http: reqwest::Client,
}

/// A subscription that was taken.
pub(crate) struct Known {
    pub(crate) wanted: Wanted,
    pub(crate) status: &'static str,
    pub(crate) count: u64,
    pub(crate) events: VecDeque<Told>,
    sender: mpsc::UnboundedSender<Told>,
}

impl Engine {
    pub(crate) fn new(http: reqwest::Client, faults: PushFaults) -> Self {
        Self { known: Mutex::default(), faults: Mutex::new(faults), http }
    }

    pub(crate) fn set_faults(&self, faults: PushFaults) {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = faults;
    }

    pub(super) fn faults(&self) -> PushFaults {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the log until the sandbox stops.
    pub(crate) async fn follow(sandbox: Arc<Sandbox>) {
        let mut seen = 0;
        loop {
            for (sequence, version) in sandbox.store.since(seen) {
                seen = sequence;
                if version.resource.kind == "Subscription" {
                    take(&sandbox, &version);
                } else {
                    sandbox.engine.tell(&version);
                }
            }
            tokio::select! {
                () = sandbox.stop.cancelled() => return,
                () = sandbox.store.changed.notified() => {}
            }
        }
    }

    fn tell(&self, version: &Version) {
        for known in self.known().values_mut().filter(|it| it.status == "active") {
            if known.wanted.matches(&version.resource, version.action) {
                known.count += 1;
                let told = Told {
                    number: known.count,
                    at: version.resource.last_updated,
                    resource: Arc::clone(&version.resource),
                    action: version.action,
                };
                if known.events.len() >= MOST_KEPT {
                    known.events.pop_front();
                }
                known.events.push_back(told.clone());
                // Where nobody delivers any more, the events are still there to be asked for.
                let _given_up = known.sender.send(told);
            }
        }
    }
}

/// Takes a Subscription that was written or deleted.
fn take(sandbox: &Arc<Sandbox>, version: &Version) {
    let resource = &version.resource;
    if version.action == Action::Delete {
        sandbox.engine.known().remove(&resource.id);
        return;
    }
    let value = resource.value();
    match value.get("status").and_then(Value::as_str) {
        Some("requested") => match Wanted::read(&value) {
            Ok(wanted) => {
                let (sender, receiver) = mpsc::unbounded_channel();
                {
                    let mut all = sandbox.engine.known();
                    let before = all.remove(&resource.id);
                    let (count, events) = before.map_or_else(Default::default, |it| (it.count, it.events));
                    let known = Known { wanted: wanted.clone(), status: "requested", count, events, sender };
                    all.insert(resource.id.clone(), known);
                }
                tokio::spawn(deliver::serve(Arc::clone(sandbox), resource.id.clone(), wanted, receiver));
            }
            Err(reason) => set_status(sandbox, &resource.id, "error", Some(&reason)),
        },
        Some("active") => {}
        _ => {
            if let Some(known) = sandbox.engine.known().get_mut(&resource.id) {
                known.status = "off";
            }
        }
    }
}

/// Writes how a subscription stands into its resource.
pub(super) fn set_status(sandbox: &Sandbox, id: &str, status: &'static str, error: Option<&str>) {
    if let Some(known) = sandbox.engine.known().get_mut(id) {
        known.status = status;
    }
    let now = clock::now();
    let found: Option<Resource> = sandbox.store.read("Subscription", id, sandbox.store.snapshot(now)).ok();
    let Some(mut value) = found.map(|it| it.value()) else { return };
    if let Some(object) = value.as_object_mut() {
        object.insert("status".to_owned(), json!(status));
        match error {
            Some(error) => object.insert("error".to_owned(), json!(error)),
            None => object.remove("error"),
        };
    }
    if let Err(error) = sandbox.store.put("Subscription", id, &value.to_string(), None, now) {
        tracing::warn!(%error, "A subscription's status was not written");
    }
}
