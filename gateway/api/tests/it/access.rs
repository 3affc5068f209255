//! Every route as every role. The expectation is written down here once more, by hand: a route that is not in it, or asks for another
//! permission than it says, fails.

use std::collections::BTreeSet;

use gateway_domain::user::{Permission, Role};
use gateway_ports::store::{AuditStore as _, PageRequest};
use http::{Method, StatusCode};
use serde_json::json;

use crate::world::World;

/// Who may use a route.
#[derive(Clone, Copy)]
enum Expected {
    Everybody,
    SignedIn,
    With(Permission),
}

const ROUTES: &[(&str, &str, Expected)] = {
    use Expected::{Everybody, SignedIn, With};
    use Permission::{
        DecideIdentity, ManageJourneys, ManageSegments, ManageSources, ManageUsers, ReadAudit, ReadJourneys, ReadMessages, ReadPatients,
        ReadPlugins, ReadSegments, ReadSources, ReadTasks, RecordConsent, WorkOnTasks,
    };
    &[
        ("POST", "/session", Everybody),
        ("GET", "/session", SignedIn),
        ("DELETE", "/session", SignedIn),
        ("GET", "/overview", SignedIn),
        ("GET", "/patients", With(ReadPatients)),
        ("GET", "/patients/{id}", With(ReadPatients)),
        ("GET", "/patients/{id}/facts", With(ReadPatients)),
        ("GET", "/patients/{id}/timeline", With(ReadPatients)),
        ("GET", "/patients/{id}/memberships", With(ReadPatients)),
        ("GET", "/patients/{id}/runs", With(ReadPatients)),
        ("GET", "/patients/{id}/consents", With(ReadPatients)),
        ("POST", "/patients/{id}/consents", With(RecordConsent)),
        ("GET", "/patients/{id}/resources/{type}/{fhir_id}", With(ReadPatients)),
        ("GET", "/tasks", With(ReadTasks)),
        ("POST", "/tasks", With(WorkOnTasks)),
        ("GET", "/tasks/{id}", With(ReadTasks)),
        ("PUT", "/tasks/{id}/assignee", With(WorkOnTasks)),
        ("PUT", "/tasks/{id}/status", With(WorkOnTasks)),
        ("GET", "/patients/{id}/person", With(ReadPatients)),
        ("GET", "/identity-questions", With(ReadPatients)),
        ("GET", "/identity-decisions", With(ReadPatients)),
        ("POST", "/identity-decisions", With(DecideIdentity)),
        ("DELETE", "/identity-decisions/{id}/{other}", With(DecideIdentity)),
        ("GET", "/accounts", With(ReadPatients)),
        ("GET", "/segments", With(ReadSegments)),
        ("GET", "/segments/{id}", With(ReadSegments)),
        ("GET", "/segments/{id}/members", With(ReadSegments)),
        ("GET", "/segments/{id}/members.csv", With(ReadSegments)),
        ("POST", "/segments/preview", With(ManageSegments)),
        ("GET", "/terminology/value-sets", With(ReadSegments)),
        ("GET", "/terminology/value-sets/{name}", With(ReadSegments)),
        ("GET", "/terminology/codes", With(ReadSegments)),
        ("GET", "/terminology/needs", With(ReadSegments)),
        ("GET", "/journeys", With(ReadJourneys)),
        ("GET", "/journeys/{id}", With(ReadJourneys)),
        ("GET", "/journeys/{id}/runs", With(ReadJourneys)),
        ("PUT", "/journeys/{id}/status", With(ManageJourneys)),
        ("GET", "/messages", With(ReadMessages)),
        ("GET", "/messages/{id}", With(ReadMessages)),
        ("GET", "/message-counts", With(ReadMessages)),
        ("GET", "/message-templates", With(ReadMessages)),
        ("GET", "/subscription-lists", With(ReadMessages)),
        ("GET", "/sources", With(ReadSources)),
        ("GET", "/sources/{id}/runs", With(ReadSources)),
        ("GET", "/sources/{id}/unmapped", With(ReadSources)),
        ("POST", "/sources/{id}/sync", With(ManageSources)),
        ("GET", "/quarantine", With(ReadSources)),
        ("GET", "/quarantine-reasons", With(ReadSources)),
        ("GET", "/quarantine/{id}", With(ReadPatients)),
        ("POST", "/quarantine/replay", With(ManageSources)),
        ("POST", "/quarantine/dismiss", With(ManageSources)),
        ("GET", "/write-backs", With(ReadSources)),
        ("POST", "/write-back-retries", With(ManageSources)),
        ("GET", "/plugins", With(ReadPlugins)),
        ("GET", "/plugins/{name}", With(ReadPlugins)),
        ("GET", "/plugins/{name}/calls", With(ReadPlugins)),
        ("POST", "/plugins/{name}/resume", With(ManageSources)),
        ("GET", "/users", With(ManageUsers)),
        ("POST", "/users", With(ManageUsers)),
        ("PUT", "/users/{id}", With(ManageUsers)),
        ("GET", "/api-tokens", With(ManageUsers)),
        ("POST", "/api-tokens", With(ManageUsers)),
        ("DELETE", "/api-tokens/{id}", With(ManageUsers)),
        ("GET", "/audit", With(ReadAudit)),
        ("GET", "/openapi.json", Everybody),
    ]
};

#[test]
fn every_route_is_in_the_table_of_this_test() {
    let described = serde_json::to_value(gateway_api::openapi()).unwrap();
    let served: BTreeSet<(String, String)> = described["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| item.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone())))
        .collect();
    let expected: BTreeSet<_> = ROUTES.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(served, expected);
}

#[tokio::test]
async fn every_role_gets_what_the_table_allows_and_nothing_else() {
    let world = World::new().await;
    for role in Role::ALL {
        for (method, path, expected) in ROUTES.iter().filter(|(_, path, _)| *path != "/session") {
            let cookie = world.sign_in(role).await;
            let path = format!("/api/v1{}", concrete(&world, path));
            // An empty document passes the guard and then is refused by the handler, so nothing is changed on the way.
            let answer = world.write(Method::from_bytes(method.as_bytes()).unwrap(), &path, &cookie, &json!({})).await;
            let allowed = match expected {
                Expected::Everybody | Expected::SignedIn => true,
                Expected::With(permission) => role.may(*permission),
            };
            let refused = answer.status == StatusCode::FORBIDDEN;
            assert_eq!(!refused, allowed, "{} {method} {path}: {}", role.name(), answer.status);
            assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{} {method} {path}", role.name());
            assert!(!answer.status.is_server_error(), "{} {method} {path}: {}", role.name(), answer.text);
        }
    }
}

#[tokio::test]
async fn without_a_session_there_is_nothing_but_the_door() {
    let world = World::new().await;
    for (method, path, expected) in ROUTES {
        let url = format!("/api/v1{}", concrete(&world, path));
        for cookie in ["", "__Host-outreach=ogw_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            let answer = world.write(Method::from_bytes(method.as_bytes()).unwrap(), &url, cookie, &json!({})).await;
            let shut = answer.status == StatusCode::UNAUTHORIZED;
            assert_eq!(shut, !matches!(expected, Expected::Everybody), "{method} {url}: {}", answer.status);
        }
    }
}

#[tokio::test]
async fn an_attempt_that_was_not_allowed_is_in_the_audit() {
    let world = World::new().await;
    let cookie = world.sign_in(Role::Operator).await;
    world.get(&format!("/api/v1/patients/{}/facts", world.patient), &cookie).await;
    let rows = world.store.audit_entries(Some(world.patient), PageRequest::default()).await.unwrap().items;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].allowed, rows[0].object.as_str()), (false, "/api/v1/patients/{id}/facts"));
}

fn concrete(world: &World, path: &str) -> String {
    let id = match path.split('/').nth(1) {
        Some("patients") => world.patient.to_string(),
        Some("segments") => world.segment.to_string(),
        Some("journeys") => world.journey.to_string(),
        Some("messages") => world.message.to_string(),
        Some("sources") => world.source.to_string(),
        Some("quarantine") => world.quarantined.to_string(),
        // One whom everybody who manages users may change.
        Some("users") => world.user(Role::Operator).to_string(),
        _ => "tok_00000000000000000000000000000000".to_owned(),
    };
    path.replace("{id}", &id)
        .replace("{type}", "Procedure")
        .replace("{fhir_id}", "m1")
        .replace("{name}", "nobody")
        .replace("{other}", "nobody")
}
