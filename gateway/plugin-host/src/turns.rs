//! Turns to compute. A call that computes for longer than an epoch takes a turn for each further one, and there are fewer turns than
//! processors: what is short finds a processor free, however many calls don't end. Of the plugins that wait the one that had the fewest turns is
//! served first, so that a plugin with many calls gets no more than one with a single call; of its calls the one that came first.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gateway_domain::plugin::PluginName;
use tokio::sync::oneshot;

/// All turns.
pub(crate) struct Turns {
    all: u32,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    taken: u32,
    most_taken: u32,
    calls: u64,
    /// Calls that wait, by the order in which they came.
    waiting: BTreeMap<PluginName, BTreeMap<u64, oneshot::Sender<Turn>>>,
    /// How many turns each plugin had. Who comes later begins with as many as who was served last had then.
    had: BTreeMap<PluginName, u64>,
    served: u64,
}

/// A turn. It goes on to who waits when it is dropped.
pub(crate) struct Turn {
    turns: Option<Arc<Turns>>,
}

/// What a call has of turns.
pub(crate) struct CallTurns {
    turns: Arc<Turns>,
    plugin: PluginName,
    number: u64,
    /// Epochs it computed in.
    epochs: u32,
    turn: Option<Turn>,
    /// Whether it goes on with a turn only.
    needs: bool,
}

impl Turns {
    pub(crate) fn new(all: u32) -> Arc<Self> {
        Arc::new(Self { all: all.max(1), queue: Mutex::default() })
    }

    /// For a new call.
    pub(crate) fn of_call(self: &Arc<Self>, plugin: &PluginName) -> CallTurns {
        let mut queue = self.lock();
        queue.calls += 1;
        CallTurns { turns: Arc::clone(self), plugin: plugin.clone(), number: queue.calls, epochs: 0, turn: None, needs: false }
    }

    /// How many calls had a turn at the same time, at most.
    pub(crate) fn most_taken(&self) -> u32 {
        self.lock().most_taken
    }

    /// A turn, or the place in the queue for one.
    fn take(self: &Arc<Self>, plugin: &PluginName, number: u64) -> Result<Turn, oneshot::Receiver<Turn>> {
        let mut queue = self.lock();
        if queue.taken < self.all {
            queue.comes(plugin);
            queue.serves(plugin);
            queue.taken += 1;
            queue.most_taken = queue.most_taken.max(queue.taken);
            return Ok(Turn { turns: Some(Arc::clone(self)) });
        }
        let (served, waits) = oneshot::channel();
        if !queue.waiting.contains_key(plugin) {
            queue.comes(plugin);
        }
        queue.waiting.entry(plugin.clone()).or_default().insert(number, served);
        Err(waits)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn comes(&mut self, plugin: &PluginName) {
        let had = self.had.entry(plugin.clone()).or_default();
        *had = self.served.max(*had);
    }

    fn serves(&mut self, plugin: &PluginName) {
        if let Some(had) = self.had.get_mut(plugin) {
            self.served = *had;
            *had += 1;
        }
    }

    /// The next who waits.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        let had = |plugin: &PluginName| self.had.get(plugin).copied().unwrap_or_default();
        let plugin = self.waiting.keys().min_by_key(|plugin| had(plugin))?.clone();
        self.serves(&plugin);
        let of_plugin = self.waiting.get_mut(&plugin)?;
        let first = of_plugin.pop_first();
        if of_plugin.is_empty() {
            self.waiting.remove(&plugin);
        }
        first.map(|(_, served)| served)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(turns) = self.turns.take() else { return };
        loop {
            let mut queue = turns.lock();
            let Some(served) = queue.next() else {
                queue.taken = queue.taken.saturating_sub(1);
                if queue.taken == 0 {
                    (queue.had, queue.served) = (BTreeMap::new(), 0);
                }
                return;
            };
            drop(queue);
            // A call that ended in the meantime takes none.
            match served.send(Self { turns: Some(Arc::clone(&turns)) }) {
                Ok(()) => return,
                Err(mut unused) => unused.turns = None,
            }
        }
    }
}

impl CallTurns {
    /// Notes that it computed until an epoch ended. The first, which may just have begun, is free.
    pub(crate) const fn computed_an_epoch(&mut self) {
        self.epochs = self.epochs.saturating_add(1);
        self.needs = self.needs || self.epochs > 1;
    }

    /// Gives the turn back while the host does something for it.
    pub(crate) fn rest(&mut self) {
        self.turn = None;
    }

    /// What it has to wait for before it goes on, if anything.
    pub(crate) fn go_on(&mut self) -> Option<oneshot::Receiver<Turn>> {
        if !self.needs || self.turn.is_some() {
            return None;
        }
        match self.turns.take(&self.plugin, self.number) {
            Ok(turn) => {
                self.turn = Some(turn);
                None
            }
            Err(waits) => Some(waits),
        }
    }

    /// Goes on with this turn.
    pub(crate) fn has(&mut self, turn: Option<Turn>) {
        self.turn = turn;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(turns: &Arc<Turns>, plugin: &str) -> CallTurns {
        let mut call = turns.of_call(&PluginName::new(plugin).unwrap());
        call.computed_an_epoch();
        call.computed_an_epoch();
        call
    }

    #[test]
    fn a_call_of_one_epoch_needs_no_turn() {
        let turns = Turns::new(1);
        let mut endless = call(&turns, "endless");
        assert!(endless.go_on().is_none() && endless.turn.is_some());
        let mut short = turns.of_call(&PluginName::new("short").unwrap());
        short.computed_an_epoch();
        assert!(short.go_on().is_none(), "it goes on beside the one that has the only turn");
        short.computed_an_epoch();
        assert!(short.go_on().is_some(), "and then waits for its own");
    }

    #[test]
    fn no_more_calls_compute_than_there_are_turns() {
        let turns = Turns::new(3);
        let mut calls: Vec<CallTurns> = (0..20).map(|_| call(&turns, "endless")).collect();
        let waiting: Vec<_> = calls.iter_mut().map(CallTurns::go_on).collect();
        assert_eq!(waiting.iter().filter(|waits| waits.is_none()).count(), 3);
        drop((calls, waiting));
        assert_eq!((turns.most_taken(), turns.lock().taken), (3, 0), "and all came back");
    }

    #[test]
    fn a_plugin_with_one_call_gets_as_many_turns_as_one_with_eight() {
        let turns = Turns::new(1);
        let mut greedy: Vec<CallTurns> = (0..8).map(|_| call(&turns, "greedy")).collect();
        let mut modest = call(&turns, "modest");
        let mut waits: Vec<Option<oneshot::Receiver<Turn>>> = greedy.iter_mut().map(CallTurns::go_on).collect();
        let mut modest_waits = modest.go_on();
        let (mut of_greedy, mut of_modest) = (1, 0);
        for _ in 0..40 {
            // Who has the turn gives it back, and waits for the next.
            if let Some(place) = greedy.iter().position(|call| call.turn.is_some()) {
                greedy[place].rest();
                waits[place] = greedy[place].go_on();
            } else {
                modest.rest();
                modest_waits = modest.go_on();
            }
            for (call, waits) in greedy.iter_mut().zip(&mut waits) {
                if let Some(turn) = waits.as_mut().and_then(|waits| waits.try_recv().ok()) {
                    call.has(Some(turn));
                    of_greedy += 1;
                    *waits = None;
                }
            }
            if let Some(turn) = modest_waits.as_mut().and_then(|waits| waits.try_recv().ok()) {
                modest.has(Some(turn));
                of_modest += 1;
                modest_waits = None;
            }
        }
        assert!(of_modest >= 20 && of_greedy >= 20, "{of_greedy} and {of_modest}");
        assert_eq!(turns.most_taken(), 1);
    }

    #[test]
    fn a_turn_passes_over_calls_that_ended_while_they_waited() {
        let turns = Turns::new(1);
        let [mut first, mut gone, mut last] = ["a", "b", "c"].map(|plugin| call(&turns, plugin));
        assert!(first.go_on().is_none());
        drop(gone.go_on());
        let mut waits = last.go_on().unwrap();
        drop(first);
        last.has(waits.try_recv().ok());
        assert!(last.turn.is_some());
        drop(last);
        assert_eq!(turns.lock().taken, 0);
    }

    #[test]
    fn a_turn_that_was_handed_over_and_never_taken_comes_back() {
        let turns = Turns::new(1);
        let [mut first, mut second] = ["a", "b"].map(|plugin| call(&turns, plugin));
        assert!(first.go_on().is_none());
        let waits = second.go_on();
        first.rest();
        drop(waits);
        assert_eq!(turns.lock().taken, 0);
    }
}
