//! Where a FHIR server's tokens come from, as the server itself says.

use gateway_net::egress::{Egress, EgressRequest};
use http::{HeaderValue, header};
use serde_json::Value;
use url::Url;

use crate::error::AuthError;

/// CapabilityStatements of large servers have several megabytes.
const LARGEST_DOCUMENT: u64 = 32 << 20;

const OAUTH_URIS: &str = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris";

/// What of a server's SMART configuration a backend service needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmartConfiguration {
    /// Word for word as the server gave it: an assertion's audience must equal it exactly.
    pub token_endpoint: String,
    /// Empty where the server does not say.
    pub scopes_supported: Vec<String>,
    /// Empty where the server does not say.
    pub signing_algorithms: Vec<String>,
    pub capabilities: Vec<String>,
}

/// Asks the FHIR server at `base`: first `.well-known/smart-configuration`, then, where that names
/// no token endpoint, the security extension of its CapabilityStatement.
///
/// # Errors
/// [`AuthError::NoTokenEndpoint`] says what was found at each of the two places.
pub async fn discover(egress: &Egress, base: &Url) -> Result<SmartConfiguration, AuthError> {
    let places: [(&[&str], &str); 2] =
        [(&[".well-known", "smart-configuration"], "application/json"), (&["metadata"], "application/fhir+json")];
    let [well_known_place, metadata_place] = places;
    let well_known = match fetch(egress, base, well_known_place).await {
        Ok(document) => match read_well_known(&document) {
            Some(configuration) => return Ok(configuration),
            None => "it has no token_endpoint".to_owned(),
        },
        Err(detail) => detail,
    };
    let metadata = match fetch(egress, base, metadata_place).await {
        Ok(document) => match read_metadata(&document) {
            Some(configuration) => return Ok(configuration),
            None => "it has no oauth-uris extension".to_owned(),
        },
        Err(detail) => detail,
    };
    Err(AuthError::NoTokenEndpoint { base: base.to_string(), well_known, metadata })
}

async fn fetch(egress: &Egress, base: &Url, (path, media_type): (&[&str], &'static str)) -> Result<Value, String> {
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    match url.path_segments_mut() {
        Ok(mut segments) => segments.pop_if_empty().extend(path),
        Err(()) => return Err("the base URL can't have a path".to_owned()),
    };
    let request = EgressRequest::get(url).header(header::ACCEPT, HeaderValue::from_static(media_type));
    let response = egress.send(request).await.map_err(|it| it.to_string())?;
    if !response.status().is_success() {
        return Err(format!("status {}", response.status().as_u16()));
    }
    let document = response.json(LARGEST_DOCUMENT).await;
    document.map_err(|error| error.to_string())
}

fn read_well_known(document: &Value) -> Option<SmartConfiguration> {
    let words = |name: &str| -> Vec<String> {
        let listed = document.get(name).and_then(Value::as_array);
        let listed = listed.into_iter().flatten().filter_map(Value::as_str);
        listed.map(str::to_owned).collect()
    };
    let token_endpoint = document.get("token_endpoint")?.as_str()?.trim();
    if token_endpoint.is_empty() {
        return None;
    }
    Some(SmartConfiguration {
        token_endpoint: token_endpoint.to_owned(),
        scopes_supported: words("scopes_supported"),
        signing_algorithms: words("token_endpoint_auth_signing_alg_values_supported"),
        capabilities: words("capabilities"),
    })
}

fn read_metadata(document: &Value) -> Option<SmartConfiguration> {
    let list = |value: &Value, name: &str| -> Vec<Value> {
        let listed = value.get(name).and_then(Value::as_array);
        listed.cloned().unwrap_or_default()
    };
    let named = |extensions: Vec<Value>, url: &str| extensions.into_iter().find(|it| it.get("url").and_then(Value::as_str) == Some(url));
    let token_endpoint = list(document, "rest").iter().find_map(|rest| {
        let uris = named(list(rest.get("security")?, "extension"), OAUTH_URIS)?;
        let token = named(list(&uris, "extension"), "token")?;
        let uri = token.get("valueUri").or_else(|| token.get("valueUrl"))?;
        Some(uri.as_str()?.trim().to_owned())
    })?;
    Some(SmartConfiguration { token_endpoint, scopes_supported: Vec::new(), signing_algorithms: Vec::new(), capabilities: Vec::new() })
}
