//! How hard one server is asked: so many requests at a time and a second as it bears. The number at a time grows by one for each round
//! that goes well and is halved where the server says "too many" (additive increase, multiplicative decrease); what it says about when to
//! come back holds for all requests.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The bounds of a budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BudgetLimits {
    /// Requests under way at a time, at most.
    pub concurrent: usize,
    /// Requests begun in a second, at most; `None` is as many as there are.
    pub per_second: Option<f64>,
    /// A server is not waited for longer than this at a time.
    pub longest_pause: Duration,
}

impl Default for BudgetLimits {
    fn default() -> Self {
        Self { concurrent: 8, per_second: None, longest_pause: Duration::from_mins(1) }
    }
}

/// What a server was seen to say about its limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RatesSeen {
    /// Requests that it put off.
    pub throttled: u64,
    /// Its own words, from a header.
    pub limit: Option<String>,
}

/// How an admitted request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    Answered,
    /// The server wants less, or nothing before some time.
    Throttled(Option<Duration>),
    /// Something else went wrong, which says nothing about how much it bears.
    Failed,
}

struct State {
    /// How many may be under way, as a fraction grows to the next.
    allowed: f64,
    under_way: usize,
    not_before: Option<Instant>,
    /// When the last requests began, where they are counted by the second.
    begun: VecDeque<Instant>,
    seen: RatesSeen,
}

/// The budget of one server. All that ask it share one.
pub struct Budget {
    limits: BudgetLimits,
    state: Mutex<State>,
    freed: Notify,
}

impl Budget {
    /// A budget that begins with what its limits allow.
    pub fn new(limits: BudgetLimits) -> Self {
        let allowed = limits.concurrent.max(1) as f64;
        let state = State { allowed, under_way: 0, not_before: None, begun: VecDeque::new(), seen: RatesSeen::default() };
        Self { limits, state: Mutex::new(state), freed: Notify::new() }
    }

    /// What the server was seen to say.
    pub fn seen(&self) -> RatesSeen {
        self.state().seen.clone()
    }

    /// Waits until a request may begin.
    pub async fn admit(&self) -> Admission<'_> {
        loop {
            let freed = self.freed.notified();
            let now = Instant::now();
            let Some(wait) = self.try_admit(now) else { return Admission { budget: self, ended: false } };
            tokio::select! {
                () = freed => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Takes a place, or says how long to wait before trying again.
    fn try_admit(&self, now: Instant) -> Option<Duration> {
        let mut state = self.state();
        if let Some(until) = state.not_before {
            if until > now {
                return Some(until - now);
            }
            state.not_before = None;
        }
        if state.under_way as f64 >= state.allowed.floor().max(1.0) {
            return Some(Duration::from_secs(1));
        }
        if let Some(per_second) = self.limits.per_second {
            // Below one a second the window is as long as one request's share.
            let window = Duration::from_secs_f64((1.0 / per_second).max(1.0));
            let most = per_second.max(1.0).floor() as usize;
            while state.begun.front().is_some_and(|it| now.duration_since(*it) >= window) {
                state.begun.pop_front();
            }
            if let Some(first) = state.begun.front().filter(|_| state.begun.len() >= most) {
                return Some((*first + window).saturating_duration_since(now));
            }
            state.begun.push_back(now);
        }
        state.under_way += 1;
        None
    }

    fn end(&self, outcome: Outcome, limit: Option<(String, Option<Duration>)>) {
        let now = Instant::now();
        let mut state = self.state();
        state.under_way = state.under_way.saturating_sub(1);
        state.allowed = next_allowed(state.allowed, outcome, self.limits.concurrent);
        let mut pause = None;
        if let Outcome::Throttled(wish) = outcome {
            state.seen.throttled += 1;
            metrics::counter!("source_requests_throttled_total").increment(1);
            pause = Some(wish.unwrap_or(Duration::from_secs(1)));
        }
        if let Some((words, until_reset)) = limit {
            state.seen.limit = Some(words);
            pause = pause.max(until_reset);
        }
        if let Some(pause) = pause {
            let until = now + pause.min(self.limits.longest_pause);
            state.not_before = state.not_before.max(Some(until));
        }
        drop(state);
        self.freed.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that may be sent. Dropped without a word it counts as failed.
pub struct Admission<'a> {
    budget: &'a Budget,
    ended: bool,
}

impl Admission<'_> {
    /// Gives the place back; `headers` of the answer may tell more about the server's limits.
    pub fn end(mut self, outcome: Outcome, headers: Option<&HeaderMap>) {
        self.ended = true;
        self.budget.end(outcome, headers.and_then(rate_limit));
    }
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.budget.end(Outcome::Failed, None);
        }
    }
}

/// How many may be under way after a request ended so.
fn next_allowed(allowed: f64, outcome: Outcome, most: usize) -> f64 {
    match outcome {
        Outcome::Answered => (allowed + 1.0 / allowed.max(1.0)).min(most.max(1) as f64),
        Outcome::Throttled(_) => (allowed / 2.0).max(1.0),
        Outcome::Failed => allowed,
    }
}

/// What `RateLimit` (the IETF draft: `"name";r=<left>;t=<seconds>`) or `RateLimit-Remaining` and `RateLimit-Reset` say: the words, and how
/// long to wait where nothing is left.
fn rate_limit(headers: &HeaderMap) -> Option<(String, Option<Duration>)> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let (words, left, seconds) = if let Some(words) = text("ratelimit") {
        let part = |name: &str| words.split([';', ',']).find_map(|it| it.trim().strip_prefix(name)?.strip_prefix('=')?.parse::<u64>().ok());
        (words.to_owned(), part("r"), part("t"))
    } else {
        let number = |name: &str| text(&format!("ratelimit-{name}")).or_else(|| text(&format!("x-ratelimit-{name}")))?.parse::<u64>().ok();
        let left = number("remaining")?;
        // Some give the moment of the reset in place of the seconds to it.
        (format!("{left} requests left"), Some(left), number("reset").filter(|it| *it < 86_400))
    };
    let wait = (left == Some(0)).then(|| Duration::from_secs(seconds.unwrap_or(1)));
    Some((words.chars().take(100).collect(), wait))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn what_goes_well_earns_a_little_and_what_is_put_off_costs_half() {
        assert!((next_allowed(4.0, Outcome::Throttled(None), 8) - 2.0).abs() < f64::EPSILON);
        assert!((next_allowed(1.0, Outcome::Throttled(None), 8) - 1.0).abs() < f64::EPSILON);
        let mut allowed = 2.0;
        for _ in 0..3 {
            allowed = next_allowed(allowed, Outcome::Answered, 3);
        }
        assert!(allowed <= 3.0 && allowed > 2.9);
    }

    #[test]
    fn a_limit_that_is_used_up_is_waited_for() {
        let headers = |pairs: &[(&'static str, &'static str)]| {
            let pair = |(name, value): &(&'static str, &'static str)| (HeaderName::from_static(name), HeaderValue::from_static(value));
            pairs.iter().map(pair).collect::<HeaderMap>()
        };
        let used_up = rate_limit(&headers(&[("ratelimit", "\"requests\";r=0;t=35")])).unwrap();
        assert_eq!(used_up.1, Some(Duration::from_secs(35)));
        assert_eq!(rate_limit(&headers(&[("ratelimit", "\"requests\";r=59994;t=35")])).unwrap().1, None);
        assert_eq!(
            rate_limit(&headers(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "7")])).unwrap().1,
            Some(Duration::from_secs(7))
        );
        assert_eq!(rate_limit(&headers(&[])), None);
    }

    #[tokio::test]
    async fn requests_wait_for_a_place_for_their_second_and_for_what_the_server_said() {
        let budget = Budget::new(BudgetLimits { concurrent: 1, per_second: Some(2.0), longest_pause: Duration::from_millis(60) });
        let begun = Instant::now();
        let first = budget.admit().await;
        assert!(tokio::time::timeout(Duration::from_millis(20), budget.admit()).await.is_err(), "one at a time");
        first.end(Outcome::Answered, None);
        budget.admit().await.end(Outcome::Answered, None);
        budget.admit().await.end(Outcome::Throttled(Some(Duration::from_hours(1))), None);
        assert!(begun.elapsed() >= Duration::from_secs(1), "two a second");
        let throttled = Instant::now();
        budget.admit().await.end(Outcome::Answered, None);
        assert!(throttled.elapsed() >= Duration::from_millis(60), "as long as the server says, up to a bound");
        assert_eq!(budget.seen().throttled, 1);
    }
}
