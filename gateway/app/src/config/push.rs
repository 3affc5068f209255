//! `[source.push]`

use std::time::Duration;

use gateway_domain::push_subscription::PushKind;
use gateway_ports::push::{PushPayload, PushProof};
use serde::Deserialize;
use url::Url;

use super::ConfigError;
use super::gate::duration;

/// Whether and how a source tells of changes by itself. It is polled all the same.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PushSection {
    /// `off`, `rest-hook` (R4) or `topic` (R4 with the subscriptions-backport).
    pub(crate) kind: PushChoice,
    /// The canonical URL of the topic.
    pub(crate) topic: Option<String>,
    /// The searches of rest-hooks; one for each type that is synced where there is none.
    pub(crate) criteria: Vec<String>,
    /// Searches that narrow the topic.
    pub(crate) filters: Vec<String>,
    /// How much of a changed resource is sent.
    pub(crate) payload: Option<PayloadChoice>,
    /// How the source proves itself.
    pub(crate) proof: ProofChoice,
    /// How often the source is to say that it is alive.
    pub(crate) heartbeat: Option<String>,
    /// The address by which the source reaches this gateway, where it is not `server.public_url`.
    pub(crate) endpoint: Option<Url>,
}

/// `source.push.kind`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PushChoice {
    /// The source is polled alone.
    #[default]
    Off,
    /// R4.
    RestHook,
    /// R4 with topics.
    Topic,
}

/// `source.push.payload`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PayloadChoice {
    /// Nothing.
    Empty,
    /// Types and ids.
    IdOnly,
    /// The resource.
    FullResource,
}

/// `source.push.proof`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ProofChoice {
    /// A secret in a header.
    #[default]
    Header,
    /// A signature of the body.
    Signature,
}

impl PushSection {
    /// Whether the source is to tell.
    pub(crate) fn is_on(&self) -> bool {
        self.kind != PushChoice::Off
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if (self.kind == PushChoice::Topic) != self.topic.is_some() {
            return Err(ConfigError::key(
                "source.push.topic",
                "expected the canonical URL of a topic with `kind = \"topic\"`, and only with it",
            ));
        }
        if self.kind != PushChoice::RestHook && !self.criteria.is_empty() {
            return Err(ConfigError::key("source.push.criteria", "searches are for `kind = \"rest-hook\"`; a topic takes `filters`"));
        }
        if self.kind == PushChoice::RestHook && self.payload == Some(PayloadChoice::IdOnly) {
            return Err(ConfigError::key("source.push.payload", "a rest-hook sends `full-resource` or `empty`; `id-only` is for topics"));
        }
        if let Some(endpoint) = &self.endpoint {
            let here = endpoint.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
            if !(endpoint.scheme() == "https" || endpoint.scheme() == "http" && here) || endpoint.query().is_some() {
                return Err(ConfigError::key("source.push.endpoint", "expected an `https` address; `http` is for this machine alone"));
            }
        }
        self.period().map(drop)
    }

    /// How the source is to tell; `None` where it is not.
    pub(crate) const fn wanted(&self) -> Option<PushKind> {
        match self.kind {
            PushChoice::Off => None,
            PushChoice::RestHook => Some(PushKind::RestHook),
            PushChoice::Topic => Some(PushKind::Topic),
        }
    }

    /// How much is sent. Topics name what changed; of a rest-hook only the resource itself says which it is.
    pub(crate) fn payload(&self) -> PushPayload {
        let usual = if self.kind == PushChoice::Topic { PayloadChoice::IdOnly } else { PayloadChoice::FullResource };
        match self.payload.unwrap_or(usual) {
            PayloadChoice::Empty => PushPayload::Empty,
            PayloadChoice::IdOnly => PushPayload::IdOnly,
            PayloadChoice::FullResource => PushPayload::FullResource,
        }
    }

    pub(crate) const fn proof(&self) -> PushProof {
        match self.proof {
            ProofChoice::Header => PushProof::Header,
            ProofChoice::Signature => PushProof::Signature,
        }
    }

    /// How often the source is to say that it is alive.
    ///
    /// # Errors
    /// [`ConfigError::Key`]
    pub(crate) fn period(&self) -> Result<Duration, ConfigError> {
        let expected = || ConfigError::key("source.push.heartbeat", "expected a duration of at least a second, for example `60s`");
        let period: Duration =
            duration("source.push.heartbeat", self.heartbeat.as_deref().unwrap_or("60s"))?.try_into().map_err(|_| expected())?;
        if period < Duration::from_secs(1) { Err(expected()) } else { Ok(period) }
    }
}
