//! Sends what is to be told, badly where the faults say so, and gives up after a few tries in vain.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::hmac;
use serde_json::Value;
use tokio::{sync::mpsc, time::Instant};

use super::{
    Told, bundle,
    engine::set_status,
    wanted::{Content, Wanted},
};
use crate::{Sandbox, population::Draw, store::Action};

const TRIES: u32 = 3;
/// A notification that comes after later ones waits this long at most.
const LATEST: u64 = 300;

/// Serves one subscription until it is replaced, deleted or given up.
pub(super) async fn serve(sandbox: Arc<Sandbox>, id: String, wanted: Wanted, mut events: mpsc::UnboundedReceiver<Told>) {
    let courier = Arc::new(Courier { sandbox: Arc::clone(&sandbox), id: id.clone(), wanted });
    if courier.wanted.topic && !courier.send(&courier.notification("handshake", "requested", &[])).await {
        set_status(&sandbox, &id, "error", Some("the endpoint did not take the handshake"));
        return;
    }
    set_status(&sandbox, &id, "active", None);
    let mut next_beat = courier.next_beat();
    loop {
        let beat = async {
            match next_beat {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let told = tokio::select! {
            () = sandbox.stop.cancelled() => return,
            told = events.recv() => match told { Some(told) => Some(told), None => return },
            () = beat => None,
        };
        let faults = sandbox.engine.faults();
        let (subject, topic) = told.as_ref().map_or_else(|| (courier.count(), "heartbeat"), |it| (it.number, "event"));
        let mut draw = Draw::new(faults.seed, subject, topic);
        let (lost, doubled, late) = (draw.chance(faults.lost), draw.chance(faults.doubled), draw.chance(faults.reordered));
        next_beat = courier.next_beat();
        if lost {
            continue;
        }
        let message = told.map_or_else(|| courier.notification("heartbeat", "active", &[]), |told| courier.event(told, faults.below));
        tokio::time::sleep(faults.delay).await;
        if late {
            let (courier, wait) = (Arc::clone(&courier), Duration::from_millis(50 + draw.below(LATEST)));
            tokio::spawn(async move {
                tokio::time::sleep(wait).await;
                courier.send(&message).await;
            });
            continue;
        }
        for _ in 0..=u8::from(doubled) {
            if !courier.send(&message).await {
                set_status(&sandbox, &id, "error", Some("the endpoint did not take a notification"));
                return;
            }
        }
    }
}

/// What is sent.
struct Message {
    method: reqwest::Method,
    /// Below the endpoint.
    place: String,
    body: String,
    deleted: Option<String>,
}

struct Courier {
    sandbox: Arc<Sandbox>,
    id: String,
    wanted: Wanted,
}

impl Courier {
    fn next_beat(&self) -> Option<Instant> {
        self.wanted.heartbeat.map(|period| Instant::now() + period)
    }

    fn count(&self) -> u64 {
        self.sandbox.engine.known().get(&self.id).map_or(0, |it| it.count)
    }

    fn notification(&self, kind: &str, status: &str, events: &[Told]) -> Message {
        let count = events.last().map_or_else(|| self.count(), |it| it.number);
        let body: Value = bundle(&self.sandbox.base_url, &self.id, kind, status, count, events, self.wanted.content);
        Message { method: reqwest::Method::POST, place: String::new(), body: body.to_string(), deleted: None }
    }

    fn event(&self, told: Told, below: bool) -> Message {
        if self.wanted.topic {
            return self.notification("event-notification", "active", &[told]);
        }
        let gone = told.action == Action::Delete;
        let name = format!("{}/{}", told.resource.kind, told.resource.id);
        let mut message = Message { method: reqwest::Method::POST, place: String::new(), body: String::new(), deleted: None };
        if self.wanted.content == Content::Full {
            message.body = if gone { "{}".to_owned() } else { told.resource.text.clone() };
            message.deleted = gone.then(|| name.clone());
            if below {
                message.method = if gone { reqwest::Method::DELETE } else { reqwest::Method::PUT };
                message.place = format!("/{name}");
            }
        }
        message
    }

    /// Whether it was taken.
    async fn send(&self, message: &Message) -> bool {
        for attempt in 0..TRIES {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
            }
            let address = format!("{}{}", self.wanted.endpoint, message.place);
            let mut request = self.sandbox.engine.http.request(message.method.clone(), address);
            for (name, value) in &self.wanted.headers {
                request = request.header(name, value);
            }
            if let Some(secret) = &self.wanted.signing_secret {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
                let tag = hmac::sign(&key, message.body.as_bytes());
                let digits: String =
                    tag.as_ref().iter().flat_map(|it| [it >> 4, it & 15]).filter_map(|it| char::from_digit(it.into(), 16)).collect();
                request = request.header("X-Signature", digits);
            }
            if let Some(deleted) = &message.deleted {
                request = request.header("X-Medplum-Deleted-Resource", deleted);
            }
            if !message.body.is_empty() {
                request = request.header("Content-Type", "application/fhir+json").body(message.body.clone());
            }
            match request.send().await {
                Ok(answer) if answer.status().is_success() => return true,
                Ok(answer) => tracing::info!(status = %answer.status(), "A notification was refused"),
                Err(error) => tracing::info!(%error, "A notification was not delivered"),
            }
        }
        false
    }
}
