//! A FHIR server as a keeper of records the gateway writes about its own doings.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use gateway_domain::write_back::{Record, RemoteRecord, WriteBackKind};

use crate::ehr::EhrError;

/// What a server says about writing one kind of record. What it does not say is [`Says::Nothing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct KeepAbility {
    /// It takes new ones.
    pub create: Says,
    /// It takes changes.
    pub update: Says,
    /// It makes no second one where one with the identifier is there (`If-None-Exist`).
    pub conditional_create: Says,
    /// It takes a new one under an id we choose.
    pub update_create: Says,
    /// It finds one by its identifier.
    pub search_by_identifier: Says,
}

/// What a server says about one ability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Says {
    /// It can.
    Yes,
    /// It can't, or its statement leaves out what it would have to name.
    No,
    /// It makes no statement.
    #[default]
    Nothing,
}

impl KeepAbility {
    /// Why this kind of record can't be written there, if so.
    pub fn obstacle(self, kind: WriteBackKind) -> Option<String> {
        let name = kind.resource_type();
        if self.create == Says::No && self.update_create != Says::Yes {
            return Some(format!("its CapabilityStatement does not offer to create {name}"));
        }
        let safe = self.conditional_create != Says::No || self.update_create == Says::Yes || self.search_by_identifier != Says::No;
        (!safe).then(|| {
            format!("it has no way to create {name} exactly once: no conditional create, no id of our choice, no search by identifier")
        })
    }
}

/// A record that stands at the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Where.
    pub remote: RemoteRecord,
    /// What was found there that a person may want to know; `None` where all is as it was written.
    pub note: Option<String>,
}

/// Why a record does not stand there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// The server can't be used now, whatever is written: trying again later can help.
    Unavailable {
        /// Why.
        reason: String,
        /// When the server wants to be asked again.
        wait: Option<Duration>,
    },
    /// This record could not be written now: trying again later can help.
    Later {
        /// Why.
        reason: String,
    },
    /// Trying again changes nothing before a person has changed something.
    Refused {
        /// Why.
        reason: String,
    },
}

/// Keeps records at one source.
#[async_trait]
pub trait RecordKeeper: Send + Sync {
    /// What the server says about writing.
    ///
    /// # Errors
    /// [`EhrError`] where it does not answer.
    async fn abilities(&self) -> Result<BTreeMap<WriteBackKind, KeepAbility>, EhrError>;

    /// Sees to it that the record stands at the source once, as it is now. `known` is the record there, where it is known; `asked`
    /// says that an earlier try may have reached the server, so that the record may be there without our knowing.
    ///
    /// # Errors
    /// [`NotKept`].
    async fn keep(&self, record: &Record, known: Option<&RemoteRecord>, asked: bool) -> Result<Kept, NotKept>;
}
