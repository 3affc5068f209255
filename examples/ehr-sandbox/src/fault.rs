//! Faults, played by script: what a server of a hospital does to a client on a bad day. A script is a JSON document of rules; each
//! rule says which requests it meets and what happens to them. The same script with the same seed plays the same faults.
//!
//! The README has the whole vocabulary with examples.

mod act;
mod foreign;
mod hang_up;
mod lines;
mod manifest;
mod place;
mod script;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use http::{HeaderMap, header::AUTHORIZATION};

pub(crate) use self::{
    foreign::router as foreign_router,
    hang_up::{HangUp, HangingUp},
};
pub use self::{
    place::{Heard, Place},
    script::FaultScript,
};
use crate::Sandbox;

/// Requests remembered; older ones are forgotten.
const MOST_HEARD: usize = 20_000;
/// A body is changed only up to this size.
const LARGEST_BODY: usize = 256 << 20;

/// The script that is played, and what was heard of clients.
#[derive(Default)]
pub(crate) struct Stage {
    state: Mutex<Played>,
}

#[derive(Default)]
struct Played {
    script: Arc<FaultScript>,
    /// How often each rule was met.
    met: Vec<u64>,
    heard: VecDeque<Heard>,
    foreign: Option<String>,
    /// Answers kept by `cache`.
    kept: HashMap<String, Kept>,
}

/// An answer as it was given.
#[derive(Clone)]
struct Kept {
    until: jiff::Timestamp,
    status: http::StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Stage {
    pub(crate) fn new(script: FaultScript) -> Self {
        let stage = Self::default();
        stage.play(script);
        stage
    }

    fn played(&self) -> MutexGuard<'_, Played> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plays a script from its beginning, in place of the one before.
    pub(crate) fn play(&self, script: FaultScript) {
        let mut played = self.played();
        played.met = vec![0; script.rules.len()];
        played.script = Arc::new(script);
        played.kept.clear();
    }

    /// How often each rule was met.
    pub(crate) fn met(&self) -> Vec<u64> {
        self.played().met.clone()
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.played().heard.iter().cloned().collect()
    }

    pub(crate) fn set_foreign(&self, origin: &str) {
        self.played().foreign = Some(origin.to_owned());
    }

    fn foreign(&self) -> String {
        self.played().foreign.clone().unwrap_or_else(|| "http://foreign.invalid".to_owned())
    }

    fn hear(&self, heard: Heard) {
        let mut played = self.played();
        if played.heard.len() >= MOST_HEARD {
            played.heard.pop_front();
        }
        played.heard.push_back(heard);
    }

    /// The actions of all rules that meet this request, each with a random number of its own.
    fn actions(&self, request: &Request, place: Place) -> Vec<(script::Action, u64)> {
        let mut played = self.played();
        let script = Arc::clone(&played.script);
        let mut actions = Vec::new();
        for (number, rule) in script.rules.iter().enumerate() {
            if !rule.when.meets(request, place) {
                continue;
            }
            let Some(met) = played.met.get_mut(number) else { continue };
            *met += 1;
            let random = script::random(script.seed, number as u64, *met);
            if rule.when.is_turn(*met, random) {
                actions.extend(rule.then.iter().map(|action| (action.clone(), random)));
            }
        }
        actions
    }
}

/// Plays the script on a request and its answer.
pub(crate) async fn play(State(sandbox): State<Arc<Sandbox>>, request: Request, next: Next) -> Response {
    let place = request.extensions().get().copied().unwrap_or_default();
    sandbox.stage.hear(Heard {
        place,
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        with_authorization: request.headers().contains_key(AUTHORIZATION),
    });
    let actions = sandbox.stage.actions(&request, place);
    if actions.is_empty() && !manifest::is_mixed(request.uri().path()) {
        return next.run(request).await;
    }
    let line = request.extensions().get().map(|ConnectInfo(line): &ConnectInfo<HangUp>| line.clone());
    act::act(&sandbox, place, line, actions, request, next).await
}

/// The whole body of an answer, for actions that change it.
#[expect(clippy::disallowed_methods, reason = "this is the sandbox's own answer, and there is a limit")]
async fn whole(body: Body) -> Bytes {
    axum::body::to_bytes(body, LARGEST_BODY).await.unwrap_or_default()
}
