//! Why a message waits or ends before the gate is asked. The gate's own reasons are [`gateway_domain::gate::GateReason`].

/// Why a message waits, or ends without having passed the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryReason {
    /// There is no variant of the message in the person's language.
    NoTranslation,
    /// The channel can't be asked at the moment.
    ChannelUnavailable,
    /// The message template is not there.
    NoTemplate,
    /// The message's time ran out while no channel could be asked.
    NoChannel,
}

impl DeliveryReason {
    /// All reasons.
    pub const ALL: [Self; 4] = [Self::NoTranslation, Self::ChannelUnavailable, Self::NoTemplate, Self::NoChannel];

    /// The reason as stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoTranslation => "no-translation",
            Self::ChannelUnavailable => "channel-unavailable",
            Self::NoTemplate => "no-template",
            Self::NoChannel => "no-channel",
        }
    }

    /// The reason of a stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// The reason in words a coordinator would use.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NoTranslation => "The message has no version in the person's language yet.",
            Self::ChannelUnavailable => "The channel can't be reached at the moment.",
            Self::NoTemplate => "The message it is made from is not there.",
            Self::NoChannel => "No channel could be reached in time.",
        }
    }
}
