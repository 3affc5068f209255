//! By what our records are known at a source.

use gateway_domain::write_back::WriteBackObject;

/// An identifier of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identifier {
    pub(super) system: String,
    pub(super) value: String,
}

impl Identifier {
    pub(super) fn of(systems: &str, object: WriteBackObject) -> Self {
        let noun = match object {
            WriteBackObject::Message(_) => "message-id",
            WriteBackObject::Consent(_) => "consent-id",
            WriteBackObject::Task(_) => "task-id",
        };
        Self { system: format!("{systems}/{noun}"), value: object.to_string() }
    }

    /// As a search asks for it.
    pub(super) fn token(&self) -> String {
        format!("{}|{}", self.system, self.value)
    }

    /// As an id of a resource, which knows no underscore.
    pub(super) fn as_id(&self) -> String {
        self.value.replace('_', "-")
    }
}
