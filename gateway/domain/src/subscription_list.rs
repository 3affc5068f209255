//! Topics a person can join or leave.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::SubscriptionListId;

/// Who is on a list that has said nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListKind {
    /// Nobody, until they join.
    OptIn,
    /// Everybody, until they leave.
    OptOut,
}

/// A subscription list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionList {
    /// Its identifier.
    pub id: SubscriptionListId,
    /// Its key: lower case and hyphens, unique.
    pub key: String,
    /// What people call it, as shown on the preference page.
    pub title: String,
    /// One sentence about it.
    pub description: String,
    /// Who is on it that has said nothing.
    pub kind: ListKind,
    /// When it was made.
    pub created_at: Timestamp,
}
