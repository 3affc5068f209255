//! Accounts: hospitals, clinics, insurers, employers.

use axum::Json;
use axum::extract::State;
use gateway_domain::account::Account;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::SourceNames;
use crate::ApiDeps;
use crate::extract::{List, Parameters, page};
use crate::problem::ApiError;

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountView {
    /// `acc_...`
    pub id: String,
    /// Its name.
    pub name: String,
    /// What kind of organization it is, in the words of the source.
    pub kind: Option<String>,
    /// Whether the source says it is in use.
    pub active: bool,
    /// City.
    pub city: Option<String>,
    /// State.
    pub state: Option<String>,
    /// Patients whose managing organization it is.
    pub patients: u64,
    /// Name of the source.
    pub source: String,
}

/// Which accounts are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AccountQuery {
    /// Words that are in the name.
    q: Option<String>,
    /// How many to leave out.
    offset: Option<u64>,
    /// How many at most, 1 to 500.
    limit: Option<u32>,
}

/// Accounts by name.
#[utoipa::path(get, path = "/accounts", tag = "accounts", params(AccountQuery), responses((status = 200, body = List<AccountView>)))]
pub(crate) async fn list(
    State(deps): State<ApiDeps>,
    Parameters(query): Parameters<AccountQuery>,
) -> Result<Json<List<AccountView>>, ApiError> {
    let page = page(query.offset, query.limit)?;
    let text = query.q.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let found = deps.store.accounts(text, page).await?;
    let sources = SourceNames::read(&deps).await?;
    let view = |account: Account| {
        let address = account.details.address.unwrap_or_default();
        AccountView {
            id: account.id.to_string(),
            name: account.details.name,
            kind: account.details.kind,
            active: account.details.active,
            city: address.city,
            state: address.state,
            patients: account.patients,
            source: sources.name(account.source),
        }
    };
    Ok(Json(List { items: found.items.into_iter().map(view).collect(), total: found.total }))
}
