//! Where notifications wait for the worker of their source: bounded, each resource once.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gateway_domain::ids::{PushSubscriptionId, SourceId};
use gateway_domain::push_subscription::PushSubscription;
use gateway_ports::clock::Clock;
use gateway_ports::push::{Delivery, Hint, Notification, NotificationKind, NotificationReader, PushInbox, SubscriptionServer};
use gateway_ports::store::PushStore;
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::event_numbers::EventNumbers;

/// More resources than these waiting, and everything is asked for in place of each.
const MOST_WAITING: usize = 5_000;
/// More notifications than these waiting are not read any more.
const MOST_UNREAD: u64 = 10_000;

/// What was heard of one subscription.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) notifications: u64,
    pub(super) events: Vec<u64>,
    pub(super) counted: Option<u64>,
    /// The server began (anew), and said how many events there were by then.
    pub(super) begun: Option<u64>,
    /// The subscription is to be looked after.
    pub(super) look_after: bool,
    pub(super) at: Option<Timestamp>,
}

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Resources, and when they were first told of.
    pub(super) hints: BTreeMap<Hint, Instant>,
    /// Everything is to be asked for.
    pub(super) poll: bool,
    pub(super) heard: BTreeMap<PushSubscriptionId, Heard>,
    notifications: u64,
}

/// The queue of one source, and what its worker needs to serve it.
pub struct HintQueue {
    pub(super) store: Arc<dyn PushStore>,
    pub(super) server: Arc<dyn SubscriptionServer>,
    pub(super) numbers: tokio::sync::Mutex<HashMap<PushSubscriptionId, EventNumbers>>,
    waiting: Mutex<Waiting>,
    ready: Notify,
    /// A subscription wants to be looked after before its time.
    pub(crate) attention: Notify,
}

impl HintQueue {
    /// An empty queue for a source whose subscriptions are on `server`.
    pub fn new(store: Arc<dyn PushStore>, server: Arc<dyn SubscriptionServer>) -> Self {
        Self {
            store,
            server,
            numbers: tokio::sync::Mutex::default(),
            waiting: Mutex::default(),
            ready: Notify::new(),
            attention: Notify::new(),
        }
    }

    /// Asks for a run of the usual kind.
    pub(crate) fn ask_for_everything(&self) {
        self.waiting().poll = true;
        self.ready.notify_one();
    }

    /// Takes in what a notification says.
    pub(crate) fn put(&self, subscription: PushSubscriptionId, notification: Notification, now: Timestamp) {
        {
            let mut waiting = self.waiting();
            waiting.notifications += 1;
            waiting.poll |= notification.vague;
            let heard = waiting.heard.entry(subscription).or_default();
            heard.at = heard.at.max(Some(now));
            heard.look_after |= notification.failing;
            match notification.kind {
                NotificationKind::Event => {
                    heard.notifications += 1;
                    heard.events.extend(notification.events);
                }
                NotificationKind::Handshake => {
                    heard.begun = notification.events_since_start.or(Some(0));
                    heard.look_after = true;
                    // What happened before the server began is nobody's event.
                    heard.events.clear();
                    heard.counted = None;
                }
                NotificationKind::Heartbeat | NotificationKind::Answer => {
                    heard.counted = heard.counted.max(notification.events_since_start);
                }
            }
            waiting.poll |= notification.kind == NotificationKind::Handshake;
            let since = Instant::now();
            for hint in notification.hints {
                waiting.hints.entry(hint).or_insert(since);
            }
            if waiting.hints.len() > MOST_WAITING {
                waiting.hints.clear();
                waiting.poll = true;
            }
        }
        self.ready.notify_one();
    }

    /// Takes in the answer to a question about a subscription. That we asked does not mean that the server told.
    pub(crate) fn put_answer(&self, subscription: PushSubscriptionId, answer: &Notification) {
        {
            let mut waiting = self.waiting();
            let heard = waiting.heard.entry(subscription).or_default();
            heard.counted = heard.counted.max(answer.events_since_start);
        }
        self.ready.notify_one();
    }

    /// Whether so much waits that another notification is only a reason to ask for everything.
    fn is_full(&self) -> bool {
        self.waiting().notifications >= MOST_UNREAD
    }

    /// Waits until something waits.
    pub(crate) async fn ready(&self) {
        self.ready.notified().await;
    }

    pub(super) fn take(&self) -> Waiting {
        std::mem::take(&mut *self.waiting())
    }

    /// Puts back what could not be served now.
    pub(super) fn put_back(&self, hints: BTreeMap<Hint, Instant>) {
        let mut waiting = self.waiting();
        for (hint, since) in hints {
            let kept = waiting.hints.entry(hint).or_insert(since);
            *kept = since.min(*kept);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes notifications for all sources that have a queue.
pub struct HintInbox {
    queues: HashMap<SourceId, Arc<HintQueue>>,
    reader: Arc<dyn NotificationReader>,
    clock: Arc<dyn Clock>,
}

impl HintInbox {
    /// An inbox for these sources.
    pub fn new(queues: HashMap<SourceId, Arc<HintQueue>>, reader: Arc<dyn NotificationReader>, clock: Arc<dyn Clock>) -> Self {
        Self { queues, reader, clock }
    }
}

impl PushInbox for HintInbox {
    fn take(&self, subscription: &PushSubscription, delivery: Delivery<'_>) {
        let Some(queue) = self.queues.get(&subscription.source) else { return };
        let notification = if queue.is_full() { Notification::unreadable() } else { self.reader.notification(delivery) };
        let kind = match notification.kind {
            NotificationKind::Handshake => "handshake",
            NotificationKind::Heartbeat => "heartbeat",
            NotificationKind::Event | NotificationKind::Answer => "event",
        };
        metrics::counter!("push_notifications_total", "kind" => kind).increment(1);
        queue.put(subscription.id, notification, self.clock.now());
    }
}
