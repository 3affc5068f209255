//! `/api/v1`: one file for each noun of the model.

#![expect(unused_qualifications, reason = "the path macro qualifies the parameter types it is given")]

pub(crate) mod account;
pub(crate) mod api_token;
pub(crate) mod audit;
pub(crate) mod clinical;
pub(crate) mod consent;
pub(crate) mod identity;
pub(crate) mod journey;
pub(crate) mod message;
pub(crate) mod overview;
pub(crate) mod patient;
pub(crate) mod person;
pub(crate) mod plugin;
pub(crate) mod plugin_call;
pub(crate) mod push;
pub(crate) mod quarantine;
pub(crate) mod segment;
pub(crate) mod session;
pub(crate) mod source;
pub(crate) mod task;
pub(crate) mod timeline;
pub(crate) mod unmapped;
pub(crate) mod user;
pub(crate) mod value_set;
pub(crate) mod write_back;

use gateway_domain::ids::SourceId;
use gateway_domain::source::Source;
use serde::Serialize;
use utoipa::ToSchema;

use crate::ApiDeps;
use crate::problem::ApiError;

/// A patient by id, with the words a list shows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PatientRef {
    /// `pat_...`
    pub id: String,
    /// First given name and family name.
    pub name: String,
}

/// Another record by id, with its title.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TitleRef {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub title: String,
}

/// Another record by id, with its key and title.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyRef {
    /// Its id.
    pub id: String,
    /// Its key.
    pub key: String,
    /// What people call it.
    pub title: String,
}

/// The names of the sources.
pub(crate) struct SourceNames(Vec<Source>);

impl SourceNames {
    pub(crate) async fn read(deps: &ApiDeps) -> Result<Self, ApiError> {
        Ok(Self(deps.store.sources().await?))
    }

    /// The name; the id where the source is gone.
    pub(crate) fn name(&self, id: SourceId) -> String {
        self.0.iter().find(|source| source.id == id).map_or_else(|| id.to_string(), |source| source.name.clone())
    }

    /// A source by its id or name.
    pub(crate) fn find(&self, text: &str) -> Option<&Source> {
        self.0.iter().find(|source| source.name == text || source.id.to_string() == text)
    }
}
