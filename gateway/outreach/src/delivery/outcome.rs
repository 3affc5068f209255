//! How a hand-over ended. Pure. What may have gone out is `unknown` and never sent again by itself, unless the channel promises to
//! honour our key.

use std::time::Duration;

use gateway_domain::message::Message;
use gateway_ports::plugins::{DeliveryPromise, PluginError, SendOutcome};
use gateway_ports::store::messages::HandOver;
use jiff::{SignedDuration, Timestamp};

use crate::settings::{after, back_off};

const FIRST_BACK_OFF: SignedDuration = SignedDuration::from_secs(30);
const LONGEST_BACK_OFF: SignedDuration = SignedDuration::from_hours(1);

/// What a channel's answer to one message means. `None` is a channel that did not answer in time.
pub fn hand_over(
    answer: Option<Result<Vec<SendOutcome>, PluginError>>,
    message: &Message,
    promise: DeliveryPromise,
    now: Timestamp,
) -> HandOver {
    let later = |wait: Option<Duration>, reason: String| HandOver::Later { at: next_try(message, wait, now), reason };
    let unsure = |reason: String| match promise {
        DeliveryPromise::AtMostOnce => HandOver::Unknown { reason },
        DeliveryPromise::Idempotent => later(None, reason),
    };
    let outcomes = match answer {
        None => return unsure("the channel did not answer in time".to_owned()),
        Some(Err(error)) => {
            return match error {
                // By the contract of channels nothing went out.
                PluginError::Missing { .. } | PluginError::Invalid { .. } | PluginError::NotGranted { .. } | PluginError::Parked { .. } => {
                    later(None, error.to_string())
                }
                PluginError::Unavailable { retry_after, .. } => later(retry_after, error.to_string()),
                PluginError::Refused { .. } => HandOver::Rejected { reason: error.to_string() },
                PluginError::Stopped { .. } | PluginError::Nonsense { .. } => unsure(error.to_string()),
            };
        }
        Some(Ok(outcomes)) => outcomes,
    };
    let mut outcomes = outcomes.into_iter();
    match (outcomes.next(), outcomes.next()) {
        (Some(SendOutcome::Accepted(provider_id)), None) => HandOver::Accepted { provider_id },
        (Some(SendOutcome::Rejected(reason)), None) => HandOver::Rejected { reason },
        (Some(SendOutcome::Later(wait)), None) => later(wait, "the channel asked to try again later".to_owned()),
        (Some(SendOutcome::Unknown(reason)), None) => unsure(reason),
        _ => unsure("the channel did not give one outcome for one message".to_owned()),
    }
}

/// When to try again: what the channel asks for, at least a back-off that doubles with each try; at the latest when the message's time
/// runs out, so that it is then said to have expired.
fn next_try(message: &Message, wait: Option<Duration>, now: Timestamp) -> Timestamp {
    let asked = wait.and_then(|wait| SignedDuration::try_from(wait).ok()).unwrap_or(SignedDuration::ZERO).min(LONGEST_BACK_OFF);
    let at = after(now, back_off(message.tries, FIRST_BACK_OFF, LONGEST_BACK_OFF).max(asked));
    message.expires_at.map_or(at, |expires_at| at.min(expires_at.max(now)))
}

/// The name of an outcome in metrics.
pub const fn name(hand_over: &HandOver) -> &'static str {
    match hand_over {
        HandOver::Accepted { .. } => "accepted",
        HandOver::Rejected { .. } => "rejected",
        HandOver::Later { .. } => "later",
        HandOver::Unknown { .. } => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use gateway_domain::consent::Purpose;
    use gateway_domain::ids::{JourneyId, MessageId, PatientId, RunId};
    use gateway_domain::message::MessageStatus;
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T18:00:00Z".parse().unwrap()
    }

    fn message(tries: u32, expires_in: Option<i64>) -> Message {
        Message {
            id: MessageId::new(now(), [0; 10]),
            patient: PatientId::new(now(), [0; 10]),
            journey: JourneyId::new(now(), [0; 10]),
            run: RunId::new(now(), [0; 10]),
            step: "invite".into(),
            medium: "email".into(),
            template: "invitation".into(),
            purpose: Purpose::Treatment,
            status: MessageStatus::InFlight,
            reason: None,
            due_at: now(),
            expires_at: expires_in.map(|seconds| after(now(), SignedDuration::from_secs(seconds))),
            tries,
            created_at: now(),
            sent_at: None,
            provider_id: None,
            subject: None,
            language: None,
        }
    }

    fn stopped() -> Result<Vec<SendOutcome>, PluginError> {
        Err(PluginError::Stopped { plugin: "channel-email".into(), reason: "deadline".into() })
    }

    fn parked() -> Result<Vec<SendOutcome>, PluginError> {
        Err(PluginError::Parked { plugin: "channel-email".into(), reason: "deadline".into() })
    }

    #[rstest]
    #[case::accepted(Some(Ok(vec![SendOutcome::Accepted(None)])), "accepted", "accepted")]
    #[case::rejected(Some(Ok(vec![SendOutcome::Rejected("550".into())])), "rejected", "rejected")]
    #[case::unsure(Some(Ok(vec![SendOutcome::Unknown("cut".into())])), "unknown", "later")]
    #[case::no_outcome(Some(Ok(vec![])), "unknown", "later")]
    #[case::two_outcomes(Some(Ok(vec![SendOutcome::Accepted(None); 2])), "unknown", "later")]
    #[case::killed(Some(stopped()), "unknown", "later")]
    #[case::silent(None, "unknown", "later")]
    #[case::parked(Some(parked()), "later", "later")]
    fn what_may_have_gone_out_is_tried_again_only_under_one_key(
        #[case] answer: Option<Result<Vec<SendOutcome>, PluginError>>,
        #[case] at_most_once: &str,
        #[case] idempotent: &str,
    ) {
        let end = |promise| name(&hand_over(answer.clone(), &message(0, None), promise, now()));
        assert_eq!(end(DeliveryPromise::AtMostOnce), at_most_once);
        assert_eq!(end(DeliveryPromise::Idempotent), idempotent);
    }

    proptest! {
        #[test]
        fn a_next_try_is_neither_in_the_past_nor_after_the_expiry(
            tries in any::<u32>(),
            wait in prop::option::of(any::<u64>()),
            expires_in in prop::option::of(-1_000_i64..1_000_000),
        ) {
            let message = message(tries, expires_in);
            let at = next_try(&message, wait.map(Duration::from_secs), now());
            prop_assert!(at >= now() && at <= after(now(), LONGEST_BACK_OFF));
            if let Some(expires_at) = message.expires_at.filter(|expires_at| *expires_at > now()) {
                prop_assert!(at <= expires_at);
            }
        }
    }
}
