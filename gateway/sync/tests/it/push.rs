//! R16: a server tells of changes badly, and the model is the server's all the same.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::routing::any;
use ehr_sandbox::PushFaults;
use gateway_domain::push_subscription::{PushKind, PushStatus, PushSubscription};
use gateway_fhir::FhirNotifications;
use gateway_ports::push::{Delivery, PushInbox, PushPayload, PushProof};
use gateway_ports::store::{PatientStore, PushStore};
use gateway_store::Store;
use gateway_sync::{HintInbox, HintQueue, PushKeeper, PushWish, SyncOptions};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::server::{Setting, SystemClock, SystemEntropy};

const TOPIC: &str = "http://ehr-sandbox.example.org/SubscriptionTopic/any-change";
const PEOPLE: u64 = 12;

/// A gateway's sync with its subscriptions, and a listener that lets in whoever has the secret.
struct Listening {
    setting: Setting,
    wake: Arc<Notify>,
    stop: CancellationToken,
}

#[derive(Clone)]
struct Door {
    store: Arc<Store>,
    inbox: Arc<HintInbox>,
}

async fn take(State(door): State<Door>, Path(rest): Path<String>, headers: HeaderMap, body: Bytes) -> &'static str {
    let parts: Vec<&str> = rest.split('/').collect();
    let subscription = door.store.push_subscription(parts[0].parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(headers["x-outreach-secret"], subscription.secret.reveal());
    let deleted = headers.get("x-medplum-deleted-resource").map(|it| it.to_str().unwrap());
    let place = parts.get(1).zip(parts.get(2)).map(|(kind, id)| (*kind, *id));
    door.inbox.take(&subscription, Delivery { place, deleted, body: Some(&body) });
    "{}"
}

impl Listening {
    async fn start(kind: PushKind) -> Self {
        let setting = Setting::start(ehr_sandbox::Config { people: Some(3), ..Setting::open_server() }).await;
        let queue = Arc::new(HintQueue::new(setting.store.clone(), setting.server.clone()));
        let queues = HashMap::from([(setting.source.id, Arc::clone(&queue))]);
        let inbox = Arc::new(HintInbox::new(queues, Arc::new(FhirNotifications), Arc::new(SystemClock)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let door = Door { store: Arc::clone(&setting.store), inbox };
        let router = Router::new().route("/{*rest}", any(take)).with_state(door);
        tokio::spawn(async move { axum::serve(listener, router).await });

        let criteria = match kind {
            PushKind::Topic => vec![TOPIC.to_owned()],
            PushKind::RestHook => vec!["Patient?".to_owned(), "Condition?".to_owned()],
        };
        let payload = if kind == PushKind::Topic { PushPayload::IdOnly } else { PushPayload::FullResource };
        let keeper = PushKeeper {
            source: setting.source.id,
            wish: PushWish {
                kind,
                criteria,
                filters: Vec::new(),
                payload,
                proof: PushProof::Header,
                heartbeat: Some(Duration::from_secs(1)),
                endpoint,
            },
            store: setting.store.clone(),
            server: setting.server.clone(),
            queue: Arc::clone(&queue),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
        };
        let (stop, wake, changed) = (CancellationToken::new(), Arc::new(Notify::new()), Notify::new());
        let worker = setting.worker().hearing(queue);
        let (feed, runs, rings) = (setting.feed.clone(), stop.clone(), Arc::clone(&wake));
        tokio::spawn(async move {
            // It polls by itself once an hour only: what arrives does so because it was told.
            worker.run_forever(&feed, &SyncOptions::for_testing(), Duration::from_hours(1), &runs, &rings, &changed).await;
        });
        let keeps = stop.clone();
        tokio::spawn(async move { keeper.keep(&keeps).await });
        let listening = Self { setting, wake, stop };
        listening.until("all are active", async |it| it.iter().all(|it| it.status == PushStatus::Active) && !it.is_empty()).await;
        listening
    }

    async fn subscriptions(&self) -> Vec<PushSubscription> {
        self.setting.store.push_subscriptions(self.setting.source.id).await.unwrap()
    }

    async fn until(&self, what: &str, is: impl AsyncFn(Vec<PushSubscription>) -> bool) {
        for _ in 0..600 {
            if is(self.subscriptions().await).await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("waited in vain until {what}: {:?}", self.subscriptions().await);
    }

    /// What differs between the model and the server.
    async fn differences(&self) -> Vec<String> {
        let mut differences = Vec::new();
        for number in 0..PEOPLE {
            let id = format!("r16-{number}");
            let there = self.setting.sandbox.get("Patient", &id).ok();
            let here = self.setting.store.patient_by_fhir_id("sandbox", &id).await.unwrap();
            let alive = here.filter(|it| it.status != gateway_domain::patient::RecordStatus::Deleted);
            let theirs = there.as_ref().and_then(|it| it.pointer("/name/0/family")?.as_str()).map(str::to_owned);
            let ours = alive.and_then(|it| it.demographics.family);
            if theirs != ours {
                differences.push(format!("{id}: {theirs:?} there, {ours:?} here"));
            }
        }
        differences
    }

    async fn until_equal(&self, seed: u64) {
        let mut differences = Vec::new();
        for _ in 0..400 {
            differences = self.differences().await;
            if differences.is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("seed {seed}: {differences:?}; {:?}", self.subscriptions().await);
    }

    /// Writes, changes and deletes people, as the seed says.
    async fn changes(&self, seed: u64, count: u64) {
        let mut state = seed;
        for turn in 0..count {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let id = format!("r16-{}", (state >> 33) % PEOPLE);
            if (state >> 20).is_multiple_of(5) {
                let _there_or_not = self.setting.sandbox.delete("Patient", &id);
            } else {
                let name = format!("Turn{turn}");
                let patient = json!({"resourceType": "Patient", "id": id, "gender": "female", "name": [{"family": name, "given": ["R"]}]});
                self.setting.sandbox.put(&patient).unwrap();
            }
            tokio::time::sleep(Duration::from_millis((state >> 50) % 8)).await;
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// How many seeds are tried: `OUTREACH_PUSH_SEEDS`, 2 where it is not said.
fn seeds() -> std::ops::Range<u64> {
    let count = std::env::var("OUTREACH_PUSH_SEEDS").ok().and_then(|it| it.parse().ok()).unwrap_or(2);
    let first = std::env::var("OUTREACH_PUSH_FIRST_SEED").ok().and_then(|it| it.parse().ok()).unwrap_or(1);
    first..first + count
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_are_lost_doubled_and_reordered_are_fetched_by_their_numbers() {
    let listening = Listening::start(PushKind::Topic).await;
    for seed in seeds() {
        eprintln!("seed {seed}");
        listening.setting.sandbox.deliver(PushFaults { seed, lost: 200, doubled: 200, reordered: 200, ..PushFaults::default() });
        listening.changes(seed, 80).await;
        // No poll: gaps, the heartbeat's count and `$events` bring the rest.
        listening.until_equal(seed).await;
    }
    let subscription = listening.subscriptions().await.remove(0);
    assert!(subscription.gaps > 0, "{subscription:?}");
    listening.setting.model_equals_server().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rest_hooks_that_are_lost_doubled_and_reordered_heal_with_one_poll() {
    let listening = Listening::start(PushKind::RestHook).await;
    for seed in seeds() {
        eprintln!("seed {seed}");
        let faults = PushFaults { seed, lost: 200, doubled: 200, reordered: 200, below: seed % 2 == 0, ..PushFaults::default() };
        listening.setting.sandbox.deliver(faults);
        listening.changes(seed, 80).await;
        // What is late is late by less than this.
        tokio::time::sleep(Duration::from_millis(400)).await;
        listening.wake.notify_one();
        listening.until_equal(seed).await;
    }
    listening.setting.sandbox.deliver(PushFaults::default());
    listening.changes(99, 30).await;
    listening.until_equal(99).await;
    listening.setting.model_equals_server().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_was_turned_off_or_deleted_is_asked_for_anew() {
    let listening = Listening::start(PushKind::Topic).await;
    let remote_id = listening.subscriptions().await[0].remote_id.clone().unwrap();
    let mut resource = listening.setting.sandbox.get("Subscription", &remote_id).unwrap();
    resource["status"] = json!("off");
    listening.setting.sandbox.put(&resource).unwrap();
    // Unheard while it is off.
    listening.changes(5, 10).await;
    listening.until_equal(5).await;
    let sandbox = &listening.setting.sandbox;
    listening.until("it is on again", async |_| sandbox.get("Subscription", &remote_id).unwrap()["status"] == "active").await;

    listening.setting.sandbox.delete("Subscription", &remote_id).unwrap();
    listening.changes(6, 10).await;
    listening.until_equal(6).await;
    listening.until("it is made anew", async |it| it[0].status == PushStatus::Active && it[0].remote_id.as_ref() != Some(&remote_id)).await;
}
