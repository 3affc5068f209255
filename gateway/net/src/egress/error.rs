//! Why a request brought nothing back.

use std::{error::Error, io};

use super::{
    address::AddressKind,
    origin::Target,
    resolver::{RefusedName, UnknownName},
};

/// A request that got no response, or a body that could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// Our own rules stand against it. Nothing was sent.
    #[error("request to {target} refused: {reason}")]
    Refused { target: Target, reason: RefusedReason },
    /// The host name leads nowhere.
    #[error("host of {target} not found: {detail}")]
    Dns { target: Target, detail: String },
    /// Nobody listens there, or the network is in the way.
    #[error("no connection to {target}: {detail}")]
    Connect { target: Target, detail: String },
    /// The server's certificate or its TLS is not good enough.
    #[error("no trusted TLS connection to {target}: {detail}")]
    Tls { target: Target, detail: String },
    /// It took too long.
    #[error("{target} took too long: {stage}")]
    Timeout { target: Target, stage: TimeoutStage },
    /// The connection ended, or made no sense, before the response's head was read.
    #[error("exchange with {target} broke off: {detail}")]
    Exchange { target: Target, detail: String },
    /// The body has more bytes than are wanted.
    #[error("body from {target} is larger than {limit} bytes")]
    TooLarge { target: Target, limit: u64 },
    /// The body ended early, was damaged, or is not what it says it is.
    #[error("body from {target} can't be read: {detail}")]
    Body { target: Target, detail: String },
    /// The body can't be unpacked: what came of it before may be wrong too.
    #[error("body from {target} can't be unpacked: {detail}")]
    Damaged { target: Target, detail: String },
    /// This client can't work as it was set up.
    #[error("outbound client: {detail}")]
    Setup { detail: String },
}

/// Which of our rules refused a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusedReason {
    #[error("only http and https URLs with a host are requested")]
    Scheme,
    #[error("plain http is not allowed here, expected https")]
    PlainHttp,
    #[error("the URL carries a user name or password")]
    UserInfo,
    #[error("its address is {kind}; where that is meant, list its host under `private_hosts` of the source")]
    Address { kind: AddressKind },
    #[error("it is of another origin than the one this client is for")]
    ForeignOrigin,
}

/// Where the time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeoutStage {
    #[error("no connection in time")]
    Connect,
    #[error("no response in time")]
    Response,
    #[error("silence in the middle of the body")]
    Body,
}

/// Whether another try of the same request can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Not before a person has changed something.
    Never,
    /// After a while.
    Later,
}

impl EgressError {
    /// Whether another try of the same request can help.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Refused { .. } | Self::Tls { .. } | Self::TooLarge { .. } | Self::Setup { .. } => Retry::Never,
            Self::Dns { .. }
            | Self::Connect { .. }
            | Self::Timeout { .. }
            | Self::Exchange { .. }
            | Self::Body { .. }
            | Self::Damaged { .. } => Retry::Later,
        }
    }

    /// Whether the server may have acted on the request, which matters before repeating one that
    /// changes something.
    pub fn may_have_been_received(&self) -> bool {
        match self {
            Self::Refused { .. }
            | Self::Dns { .. }
            | Self::Connect { .. }
            | Self::Tls { .. }
            | Self::Setup { .. }
            | Self::Timeout { stage: TimeoutStage::Connect, .. } => false,
            Self::Timeout { .. } | Self::Exchange { .. } | Self::TooLarge { .. } | Self::Body { .. } | Self::Damaged { .. } => true,
        }
    }

    /// One word for metrics.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::Dns { .. } => "dns",
            Self::Connect { .. } => "connect",
            Self::Tls { .. } => "tls",
            Self::Timeout { .. } => "timeout",
            Self::Exchange { .. } => "exchange",
            Self::TooLarge { .. } => "too_large",
            Self::Body { .. } => "body",
            Self::Damaged { .. } => "damaged",
            Self::Setup { .. } => "setup",
        }
    }

    /// Sorts an error that came before the response's head.
    pub(super) fn from_exchange(error: reqwest::Error, target: Target) -> Self {
        // The URL inside has the query in it.
        let error = error.without_url();
        let detail = chain(&error);
        if let Some(RefusedName(reason)) = find(&error) {
            let reason = *reason;
            return Self::Refused { target, reason };
        }
        if find::<UnknownName>(&error).is_some() {
            return Self::Dns { target, detail };
        }
        if find::<rustls::Error>(&error).is_some() {
            return Self::Tls { target, detail };
        }
        match (error.is_timeout(), error.is_connect()) {
            (true, connecting) => Self::Timeout { target, stage: if connecting { TimeoutStage::Connect } else { TimeoutStage::Response } },
            (false, true) => Self::Connect { target, detail },
            (false, false) => Self::Exchange { target, detail },
        }
    }

    /// Sorts an error that came in the middle of a body.
    pub(super) fn from_body(error: reqwest::Error, target: Target) -> Self {
        let error = error.without_url();
        if error.is_timeout() {
            return Self::Timeout { target, stage: TimeoutStage::Body };
        }
        let detail = chain(&error);
        // A connection that breaks under a compressed body comes as an error of decoding too, with the connection's own inside.
        let broke_off = detail.contains("from connection");
        if error.is_decode() && !broke_off { Self::Damaged { target, detail } } else { Self::Body { target, detail } }
    }
}

/// The messages of an error and of its causes, outermost first, each once.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.ends_with(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        cause = error.source();
    }
    text
}

/// The first cause of the given type. An `io::Error` hides what it wraps from `source`, so it is
/// opened here.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = wrapped.and_then(|inner| find(inner)) {
            return Some(found);
        }
        cause = error.source();
    }
    None
}
