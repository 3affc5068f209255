//! Every identifier of the outreach model. Inside a UUIDv7 (RFC 9562), outside a readable prefix and 32 hexadecimal digits:
//! `pat_019ab3…`. The rows of one patient hang on [`PatientNo`], a compact number that never leaves the gateway.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// Why a text is not an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an identifier: expected `{prefix}_` and 32 hexadecimal digits")]
pub struct IdError {
    prefix: &'static str,
    text: String,
}

/// Ten random bytes, as much as a UUIDv7 takes.
pub type IdEntropy = [u8; 10];

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// What stands before the underscore outside.
            pub const PREFIX: &'static str = $prefix;

            /// A new identifier of this moment.
            pub fn new(now: Timestamp, entropy: IdEntropy) -> Self {
                let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &entropy).into_uuid())
            }

            /// As stored.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// For storing.
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}_{}", $prefix, self.0.simple())
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .filter(|digits| digits.len() == 32)
                    .and_then(|digits| Uuid::try_parse(digits).ok())
                    .map(Self)
                    .ok_or_else(|| IdError { prefix: $prefix, text: text.chars().take(64).collect() })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A patient record.
    PatientId = "pat";
    /// A household, hospital, clinic, insurer or employer.
    AccountId = "acc";
    /// A person who cares for patients.
    PractitionerId = "prc";
    /// A group of people who care for one patient.
    CareTeamId = "ctm";
    /// A FHIR server the gateway syncs from.
    SourceId = "src";
    /// One run of a sync.
    SyncRunId = "syn";
    /// A line or resource that could not be read.
    QuarantineId = "qua";
    /// A standing request to a source to tell of changes.
    PushSubscriptionId = "psh";
    /// A list of patients.
    SegmentId = "seg";
    /// A plan of communication.
    JourneyId = "jrn";
    /// One person's way through one journey.
    RunId = "run";
    /// One message to one person.
    MessageId = "msg";
    /// The document a message is made from.
    MessageTemplateId = "tpl";
    /// A topic people can join or leave.
    SubscriptionListId = "lst";
    /// One decision of a person about being written to.
    ConsentId = "cns";
    /// A click, receipt, reply or bounce.
    InteractionId = "int";
    /// Something for staff to do about a patient.
    TaskId = "tsk";
    /// A person who signs in to the console.
    UserId = "usr";
    /// A key for the API.
    ApiTokenId = "tok";
    /// One line of the audit.
    AuditId = "aud";
}

/// The compact number all rows of one patient start with. Stays inside the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PatientNo(pub i64);

/// The compact number of a source. Stays inside the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceNo(pub i64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_written() {
        let id = PatientId::new(Timestamp::from_second(1_700_000_000).unwrap(), [7; 10]);
        assert!(id.to_string().starts_with("pat_018bcfe56800"));
        assert_eq!(id.to_string().parse::<PatientId>().unwrap(), id);
    }

    #[test]
    fn an_id_of_another_kind_is_refused_by_name() {
        let id = PatientId::new(Timestamp::UNIX_EPOCH, [0; 10]).to_string();
        let error = id.parse::<SegmentId>().unwrap_err();
        assert!(error.to_string().contains("expected `seg_`"), "{error}");
    }

    #[test]
    fn later_ids_sort_later() {
        let early = MessageId::new(Timestamp::from_second(1).unwrap(), [255; 10]);
        let late = MessageId::new(Timestamp::from_second(2).unwrap(), [0; 10]);
        assert!(early < late);
    }
}
