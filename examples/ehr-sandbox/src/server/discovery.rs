//! What the server says of itself, and the token endpoint.

use std::collections::HashMap;

use axum::{
    Form, Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header::CACHE_CONTROL};
use serde_json::{Value, json};

use super::{Shared, answer::fhir};
use crate::{
    auth::{ALGORITHMS, Refusal},
    clock,
    subscription::ANY_CHANGE,
};

/// The types that are generated, and those that others write here; folders may bring others, which are served the same way.
const TYPES: [&str; 17] = [
    "AllergyIntolerance",
    "CareTeam",
    "Communication",
    "Condition",
    "Consent",
    "Coverage",
    "Encounter",
    "Group",
    "Immunization",
    "MedicationRequest",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "Procedure",
    "RelatedPerson",
    "Task",
];

pub(crate) async fn metadata(State(sandbox): Shared) -> Response {
    let mut resources: Vec<Value> = TYPES.iter().map(|kind| resource(kind, sandbox.conditional_create)).collect();
    resources.push(subscriptions());
    let mut rest = json!({
        "mode": "server",
        "documentation": "Types of a loaded folder that are not listed here are served the same way.",
        "resource": resources,
        "operation": [{"name": "export", "definition": "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export"}],
    });
    if !sandbox.open
        && let Some(rest) = rest.as_object_mut()
    {
        rest.insert("security".to_owned(), json!({
            "extension": [{
                "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
                "extension": [{"url": "token", "valueUri": sandbox.desk.token_url()}]
            }],
            "service": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "SMART-on-FHIR"}]}]
        }));
    }
    let statement = json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-23",
        "kind": "instance",
        "software": {"name": "ehr-sandbox", "version": env!("CARGO_PKG_VERSION")},
        "implementation": {
            "description": "A sandbox with synthetic people, for trying and testing. Not a medical record system.",
            "url": sandbox.base_url
        },
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "instantiates": ["http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data"],
        "rest": [rest],
    });
    fhir(statement.to_string())
}

/// Rest-hooks by search, and the one topic of the subscriptions-backport.
fn subscriptions() -> Value {
    const BACKPORT: &str = "http://hl7.org/fhir/uv/subscriptions-backport";
    let interactions: Vec<Value> =
        ["read", "vread", "update", "delete", "create", "search-type"].iter().map(|code| json!({"code": code})).collect();
    json!({
        "type": "Subscription",
        "extension": [{
            "url": format!("{BACKPORT}/StructureDefinition/capabilitystatement-subscriptiontopic-canonical"),
            "valueCanonical": ANY_CHANGE
        }],
        "supportedProfile": [format!("{BACKPORT}/StructureDefinition/backport-subscription")],
        "interaction": interactions,
        "versioning": "versioned-update",
        "updateCreate": true,
        "conditionalCreate": true,
        "searchParam": [{"name": "_id", "type": "token"}, {"name": "_lastUpdated", "type": "date"}, {"name": "url", "type": "uri"}],
        "operation": [
            {"name": "status", "definition": format!("{BACKPORT}/OperationDefinition/backport-subscription-status")},
            {"name": "events", "definition": format!("{BACKPORT}/OperationDefinition/backport-subscription-events")}
        ]
    })
}

fn resource(kind: &str, conditional_create: bool) -> Value {
    let interactions: Vec<Value> = ["read", "vread", "update", "delete", "history-instance", "history-type", "create", "search-type"]
        .iter()
        .map(|code| json!({"code": code}))
        .collect();
    let mut parameters = vec![("_id", "token"), ("_lastUpdated", "date"), ("identifier", "token")];
    if kind == "Patient" {
        parameters.extend([("name", "string"), ("birthdate", "date"), ("gender", "token")]);
    } else {
        parameters.extend([("category", "token"), ("code", "token")]);
        if !matches!(kind, "Group" | "Organization" | "Practitioner") {
            parameters.extend([("patient", "reference"), ("subject", "reference")]);
        }
    }
    let parameters: Vec<Value> = parameters.into_iter().map(|(name, kind)| json!({"name": name, "type": kind})).collect();
    let mut resource = json!({
        "type": kind,
        "interaction": interactions,
        "versioning": "versioned-update",
        "readHistory": true,
        "updateCreate": true,
        "conditionalCreate": conditional_create,
        "searchParam": parameters,
    });
    let export = match kind {
        "Patient" => Some("http://hl7.org/fhir/uv/bulkdata/OperationDefinition/patient-export"),
        "Group" => Some("http://hl7.org/fhir/uv/bulkdata/OperationDefinition/group-export"),
        _ => None,
    };
    if let (Some(definition), Some(object)) = (export, resource.as_object_mut()) {
        object.insert("operation".to_owned(), json!([{"name": "export", "definition": definition}]));
    }
    resource
}

pub(crate) async fn smart(State(sandbox): Shared) -> Json<Value> {
    Json(json!({
        "token_endpoint": sandbox.desk.token_url(),
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "grant_types_supported": ["client_credentials"],
        "scopes_supported": ["system/*.read", "system/*.rs", "system/*.write", "system/*.cruds"],
        "capabilities": ["client-confidential-asymmetric", "permission-v1", "permission-v2"],
    }))
}

pub(crate) async fn token(
    State(sandbox): Shared,
    form: Result<Form<HashMap<String, String>>, axum::extract::rejection::FormRejection>,
) -> Response {
    let answer = match form {
        Ok(Form(form)) => sandbox.desk.token(&form, clock::now()).await,
        Err(error) => Err(Refusal::request(format!("The body must be application/x-www-form-urlencoded: {error}"))),
    };
    let no_store = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    match answer {
        Ok(token) => {
            let body = json!({
                "access_token": token.value,
                "token_type": "bearer",
                "expires_in": token.expires_in.as_secs(),
                "scope": token.scope,
            });
            (no_store, Json(body)).into_response()
        }
        Err(refusal) => {
            let status = match refusal.error {
                "invalid_client" => StatusCode::UNAUTHORIZED,
                "server_error" => StatusCode::INTERNAL_SERVER_ERROR,
                "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::BAD_REQUEST,
            };
            let body = json!({"error": refusal.error, "error_description": refusal.description});
            (status, no_store, Json(body)).into_response()
        }
    }
}
