//! Looking after our subscriptions on a source: made where they are wanted, asked for anew where the server gave up or went silent,
//! ended where they are not wanted any more. Several gateways on one database share the work; a claim keeps each to one of them.

use std::sync::Arc;
use std::time::Duration;

use gateway_domain::ids::{PushSubscriptionId, SourceId};
use gateway_domain::push_subscription::{PushKind, PushSecret, PushStatus, PushSubscription};
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::ehr::EhrError;
use gateway_ports::push::{PushPayload, PushProof, RemoteStatus, RemoteSubscription, SubscriptionRequest, SubscriptionServer};
use gateway_ports::store::push::PushCheck;
use gateway_ports::store::{PushStore, StoreError};
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::hints::HintQueue;

/// How long one look may take before another gateway may look too.
const CARE: SignedDuration = SignedDuration::from_mins(2);
/// Between two looks at a subscription that is well.
const BETWEEN_LOOKS: SignedDuration = SignedDuration::from_mins(1);
/// Until the second look at one that was just asked for; doubled with each try in vain.
const FIRST_LOOK: SignedDuration = SignedDuration::from_secs(2);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(10);
/// How long a server may take to say yes, and how often it is looked at, before it is asked anew; then less and less often. Helios does not
/// notice a subscription that was made with `If-None-Exist` until it is written again.
const LONGEST_REQUEST: SignedDuration = SignedDuration::from_secs(10);
const LOOKS_AT_A_REQUEST: u32 = 3;

/// What is wanted of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushWish {
    /// How the server is to tell.
    pub kind: PushKind,
    /// Searches or topics, one subscription each. Empty where the source is not to tell at all.
    pub criteria: Vec<String>,
    /// Searches that narrow topics.
    pub filters: Vec<String>,
    /// How much it is to send.
    pub payload: PushPayload,
    /// How it is to prove itself.
    pub proof: PushProof,
    /// How often it is to say that it is alive, where it can.
    pub heartbeat: Option<Duration>,
    /// Where notifications are taken: the id of the subscription follows.
    pub endpoint: String,
}

/// Looks after the subscriptions of one source.
pub struct PushKeeper {
    pub source: SourceId,
    pub wish: PushWish,
    pub store: Arc<dyn PushStore>,
    pub server: Arc<dyn SubscriptionServer>,
    /// The queue that notifications of the source go to.
    pub queue: Arc<HintQueue>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

/// What is to be done about a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The server does not have it.
    Create,
    /// The server gave up, was turned off, or went silent.
    Renew,
    /// The server has not said yes.
    Wait,
    /// Nothing.
    Leave,
}

/// Decides about a subscription that the server has, or has not.
fn step(subscription: &PushSubscription, remote: Option<&RemoteSubscription>, heartbeat: Option<Duration>, now: Timestamp) -> Step {
    let Some(remote) = remote else { return Step::Create };
    match remote.status {
        RemoteStatus::Error | RemoteStatus::Off => Step::Renew,
        RemoteStatus::Requested if subscription.status == PushStatus::Active => Step::Renew,
        RemoteStatus::Requested => {
            let waited = now.duration_since(subscription.created_at);
            if waited > LONGEST_REQUEST && subscription.failures > LOOKS_AT_A_REQUEST { Step::Renew } else { Step::Wait }
        }
        RemoteStatus::Active => {
            let period = heartbeat.filter(|_| subscription.kind == PushKind::Topic);
            let silence = now.duration_since(subscription.heard_at.unwrap_or(subscription.created_at)).unsigned_abs();
            if period.is_some_and(|period| silence > period * 2) { Step::Renew } else { Step::Leave }
        }
    }
}

/// When to look again after so many tries in vain.
fn wait_after(failures: u32) -> SignedDuration {
    FIRST_LOOK.checked_mul(1 << failures.min(10)).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT)
}

impl PushKeeper {
    /// Looks after them until it is cancelled, or until all are ended where none is wanted.
    pub async fn keep(&self, cancelled: &CancellationToken) {
        loop {
            let next = tokio::select! {
                biased;
                () = cancelled.cancelled() => return,
                next = self.look() => next,
            };
            let pause = match next {
                Ok(None) => return,
                Ok(Some(due)) => due.duration_since(self.clock.now()).clamp(SignedDuration::from_millis(200), BETWEEN_LOOKS),
                Err(error) => {
                    tracing::warn!(%error, "The subscriptions of a source could not be looked after");
                    BETWEEN_LOOKS
                }
            };
            tokio::select! {
                () = cancelled.cancelled() => return,
                () = self.queue.attention.notified() => {}
                () = tokio::time::sleep(pause.unsigned_abs()) => {}
            }
        }
    }

    /// One look at all of them; when the next one is due. `None` where there is nothing to look after.
    async fn look(&self) -> Result<Option<Timestamp>, StoreError> {
        let is_wanted = |it: &PushSubscription| it.kind == self.wish.kind && self.wish.criteria.contains(&it.criteria);
        let mut kept = self.store.push_subscriptions(self.source).await?;
        for criteria in &self.wish.criteria {
            if !kept.iter().any(|it| is_wanted(it) && it.criteria == *criteria) {
                kept.push(self.store.add_push_subscription(&self.wanted(criteria)).await?);
            }
        }
        let mut next: Option<Timestamp> = None;
        for subscription in kept {
            let now = self.clock.now();
            let mut due = subscription.due_at;
            if !is_wanted(&subscription) && subscription.failures == 0 && due > now {
                // Nothing is gained by waiting for its turn.
                self.store.expedite_push_subscription(subscription.id, now).await?;
                due = now;
            }
            if due <= now && self.store.claim_push_subscription(subscription.id, now, now + CARE).await? {
                due = if is_wanted(&subscription) { self.mend(&subscription).await? } else { self.end(&subscription).await? };
            }
            next = Some(next.map_or(due, |it| it.min(due)));
        }
        if self.wish.criteria.is_empty() && self.store.push_subscriptions(self.source).await?.is_empty() {
            return Ok(None);
        }
        Ok(Some(next.unwrap_or_else(|| self.clock.now() + BETWEEN_LOOKS)))
    }

    fn wanted(&self, criteria: &str) -> PushSubscription {
        let now = self.clock.now();
        let mut secret = [0; 32];
        self.entropy.fill(&mut secret);
        let id = PushSubscriptionId::new(now, self.entropy.for_id());
        PushSubscription::new(id, self.source, self.wish.kind, criteria.to_owned(), PushSecret::of(secret), now)
    }

    fn request(&self, subscription: &PushSubscription) -> SubscriptionRequest {
        SubscriptionRequest {
            id: subscription.id,
            kind: subscription.kind,
            criteria: subscription.criteria.clone(),
            filters: self.wish.filters.clone(),
            endpoint: format!("{}/{}", self.wish.endpoint.trim_end_matches('/'), subscription.id),
            secret: subscription.secret.clone(),
            proof: self.wish.proof,
            payload: self.wish.payload,
            heartbeat: self.wish.heartbeat,
        }
    }

    /// Sees to it that the server has it and tells; when to look again.
    async fn mend(&self, subscription: &PushSubscription) -> Result<Timestamp, StoreError> {
        let mended = self.try_to_mend(subscription).await;
        let now = self.clock.now();
        let check = match mended {
            Ok(Mended { remote, step: Step::Leave }) => PushCheck {
                remote_id: Some(remote.id),
                status: PushStatus::Active,
                problem: None,
                failures: 0,
                due_at: now + self.between(),
            },
            Ok(Mended { remote, step }) => {
                let active = remote.status == RemoteStatus::Active;
                // A server that took back a yes counts as having failed, so that one which does so again and again is asked less.
                let failures = subscription.failures.saturating_add(1);
                PushCheck {
                    remote_id: Some(remote.id),
                    status: if active { PushStatus::Active } else { PushStatus::Requested },
                    problem: remote.problem.or_else(|| subscription.problem.clone()).filter(|_| step != Step::Create),
                    failures,
                    due_at: now + wait_after(failures - 1),
                }
            }
            Err(error) => {
                tracing::warn!(%error, subscription = %subscription.id, "A subscription could not be made or mended");
                let failures = subscription.failures.saturating_add(1);
                PushCheck {
                    remote_id: subscription.remote_id.clone(),
                    status: PushStatus::Error,
                    problem: Some(error.to_string()),
                    failures,
                    due_at: now + wait_after(failures),
                }
            }
        };
        match self.store.put_push_check(subscription.id, &check).await {
            Ok(()) | Err(StoreError::Missing { .. }) => {}
            Err(error) => return Err(error),
        }
        if check.status == PushStatus::Active && subscription.status != PushStatus::Active {
            tracing::info!(subscription = %subscription.id, "The server tells of changes");
            // What changed before it began to is nobody's event.
            self.queue.ask_for_everything();
        }
        Ok(check.due_at)
    }

    fn between(&self) -> SignedDuration {
        let period = self.wish.heartbeat.and_then(|it| SignedDuration::try_from(it).ok()).unwrap_or(BETWEEN_LOOKS);
        period.clamp(SignedDuration::from_secs(1), BETWEEN_LOOKS)
    }

    async fn try_to_mend(&self, subscription: &PushSubscription) -> Result<Mended, EhrError> {
        let request = self.request(subscription);
        let Some(remote_id) = &subscription.remote_id else {
            let remote = self.server.create_subscription(&request).await?;
            return Ok(Mended { remote, step: Step::Create });
        };
        let remote = self.server.subscription(remote_id).await?;
        let step = step(subscription, remote.as_ref(), self.wish.heartbeat, self.clock.now());
        let remote = match (step, remote) {
            (Step::Create, _) | (_, None) => self.server.create_subscription(&request).await?,
            (Step::Renew, Some(before)) => {
                tracing::info!(subscription = %subscription.id, problem = before.problem, "A subscription is asked for anew");
                metrics::counter!("push_renewals_total").increment(1);
                // Whatever was lost while the server did not tell.
                self.queue.ask_for_everything();
                let renewed = self.server.renew_subscription(remote_id, &request).await?;
                RemoteSubscription { problem: before.problem, ..renewed }
            }
            (Step::Wait, Some(remote)) => remote,
            (Step::Leave, Some(remote)) => {
                if subscription.kind == PushKind::Topic {
                    self.compare_counts(subscription, remote_id).await;
                }
                remote
            }
        };
        Ok(Mended { remote, step })
    }

    /// How many events there were shows that the last ones were lost. A server need not be able to tell.
    async fn compare_counts(&self, subscription: &PushSubscription, remote_id: &str) {
        match self.server.subscription_status(remote_id).await {
            Ok(status) => self.queue.put_answer(subscription.id, &status),
            Err(error) => tracing::debug!(%error, "The server does not say how a subscription stands"),
        }
    }

    /// Ends one that is not wanted any more; when to try again.
    async fn end(&self, subscription: &PushSubscription) -> Result<Timestamp, StoreError> {
        let ended = match &subscription.remote_id {
            Some(remote_id) => self.server.delete_subscription(remote_id).await,
            None => Ok(()),
        };
        let now = self.clock.now();
        match ended {
            Ok(()) => {
                self.store.delete_push_subscription(subscription.id).await?;
                Ok(now + BETWEEN_LOOKS)
            }
            Err(error) => {
                tracing::warn!(%error, subscription = %subscription.id, "A subscription that is not wanted any more could not be ended");
                let failures = subscription.failures.saturating_add(1);
                let check = PushCheck {
                    remote_id: subscription.remote_id.clone(),
                    status: PushStatus::Error,
                    problem: Some(error.to_string()),
                    failures,
                    due_at: now + wait_after(failures),
                };
                self.store.put_push_check(subscription.id, &check).await?;
                Ok(check.due_at)
            }
        }
    }
}

struct Mended {
    remote: RemoteSubscription,
    step: Step,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn ours(kind: PushKind, status: PushStatus) -> PushSubscription {
        let id = PushSubscriptionId::new(at(0), [0; 10]);
        let source = SourceId::new(at(0), [0; 10]);
        PushSubscription { status, ..PushSubscription::new(id, source, kind, "t".into(), PushSecret::of([0; 32]), at(0)) }
    }

    fn theirs(status: RemoteStatus) -> RemoteSubscription {
        RemoteSubscription { id: "1".into(), status, problem: None }
    }

    #[test]
    fn one_that_is_gone_is_made_and_one_that_was_given_up_is_asked_for_anew() {
        let active = ours(PushKind::RestHook, PushStatus::Active);
        assert_eq!(step(&active, None, None, at(9)), Step::Create);
        for status in [RemoteStatus::Error, RemoteStatus::Off, RemoteStatus::Requested] {
            assert_eq!(step(&active, Some(&theirs(status)), None, at(9)), Step::Renew);
        }
        assert_eq!(step(&active, Some(&theirs(RemoteStatus::Active)), Some(Duration::from_secs(1)), at(99)), Step::Leave, "no heartbeat");
    }

    #[test]
    fn a_server_gets_time_to_say_yes() {
        let asked = ours(PushKind::Topic, PushStatus::Requested);
        let requested = theirs(RemoteStatus::Requested);
        assert_eq!(step(&asked, Some(&requested), None, at(10)), Step::Wait);
        assert_eq!(step(&PushSubscription { failures: 4, ..asked }, Some(&requested), None, at(14)), Step::Renew);
    }

    #[test]
    fn silence_of_two_periods_is_a_reason_to_ask_anew() {
        let minute = Some(Duration::from_mins(1));
        let heard = PushSubscription { heard_at: Some(at(100)), ..ours(PushKind::Topic, PushStatus::Active) };
        assert_eq!(step(&heard, Some(&theirs(RemoteStatus::Active)), minute, at(219)), Step::Leave);
        assert_eq!(step(&heard, Some(&theirs(RemoteStatus::Active)), minute, at(221)), Step::Renew);
    }

    #[test]
    fn waits_grow_and_end() {
        assert_eq!(wait_after(0), FIRST_LOOK);
        assert!(wait_after(3) > wait_after(2));
        assert_eq!(wait_after(u32::MAX), LONGEST_WAIT);
    }
}
