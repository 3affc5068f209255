//! Signing in and out.

use gateway_domain::audit::{Actor, AuditAction};
use gateway_domain::user::Role;
use gateway_ports::store::{AuditStore as _, PageRequest};
use http::{Method, StatusCode, header};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::world::{ORIGIN, PASSWORD, World};

#[tokio::test]
async fn a_sign_in_tells_who_and_what_they_may() {
    let world = World::new().await;
    let answer = world.try_sign_in(" Clinician@Example.org ", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.json()["user"]["role"], "clinician");
    let may = [
        "read-patients",
        "read-segments",
        "read-journeys",
        "read-messages",
        "record-consent",
        "read-tasks",
        "work-on-tasks",
        "decide-identity",
    ];
    assert_eq!(answer.json()["permissions"], json!(may));
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-"), "{cookie}");
    for word in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(word), "{cookie}");
    }
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_password_look_the_same() {
    let world = World::new().await;
    let wrong = world.try_sign_in("clinician@example.org", "not the password").await;
    let unknown = world.try_sign_in("nobody@example.org", "not the password").await;
    let without_request_id = |mut problem: Value| {
        problem["request_id"] = Value::Null;
        problem
    };
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!(unknown.status, StatusCode::UNAUTHORIZED);
    assert_eq!(without_request_id(wrong.json()), without_request_id(unknown.json()));
    let tried = world.store.audit_entries(None, PageRequest::default()).await.unwrap().items;
    assert!(tried.iter().all(|row| row.action == AuditAction::SignIn && !row.allowed && row.actor == Actor::Anonymous));
    assert_eq!(tried.len(), 2);
}

#[tokio::test]
async fn guessing_is_slowed_down_for_known_and_unknown_alike() {
    let world = World::new().await;
    for email in ["clinician@example.org", "nobody@example.org"] {
        for _ in 0..5 {
            assert_eq!(world.try_sign_in(email, "guess").await.status, StatusCode::UNAUTHORIZED);
        }
        let answer = world.try_sign_in(email, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answer.headers[header::RETRY_AFTER], "30");
    }
}

#[tokio::test]
async fn a_session_ends_after_fifteen_minutes_without_use() {
    let world = World::new().await;
    let cookie = world.sign_in(Role::Clinician).await;
    for _ in 0..3 {
        world.clock.advance(SignedDuration::from_mins(14));
        assert_eq!(world.get("/api/v1/session", &cookie).await.status, StatusCode::OK);
    }
    world.clock.advance(SignedDuration::from_mins(15));
    let answer = world.get("/api/v1/session", &cookie).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json");
    assert_eq!(answer.json()["request_id"], answer.headers["x-request-id"].to_str().unwrap());
}

#[tokio::test]
async fn a_session_that_was_signed_out_is_gone_on_the_server() {
    let world = World::new().await;
    let cookie = world.sign_in(Role::Clinician).await;
    assert_eq!(world.write(Method::DELETE, "/api/v1/session", &cookie, &Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get("/api/v1/session", &cookie).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_request_of_another_site_is_refused() {
    let world = World::new().await;
    let cookie = world.sign_in(Role::Coordinator).await;
    let path = format!("/api/v1/journeys/{}/status", world.journey);
    let body = json!({ "status": "paused" }).to_string();
    let json_body = ("content-type", "application/json");
    for witnesses in [
        vec![("origin", "https://evil.example")],
        vec![("origin", ORIGIN), ("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![("origin", "null")],
        vec![],
    ] {
        let mut headers = vec![("cookie", cookie.as_str()), json_body];
        headers.extend(witnesses.iter().copied());
        let answer = world.send(Method::PUT, &path, &headers, body.clone()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{witnesses:?}");
    }
    let foreign_sign_in = [json_body, ("origin", "https://evil.example")];
    let credentials = json!({ "email": "clinician@example.org", "password": PASSWORD }).to_string();
    assert_eq!(world.send(Method::POST, "/api/v1/session", &foreign_sign_in, credentials).await.status, StatusCode::FORBIDDEN);
    assert_eq!(world.write(Method::PUT, &path, &cookie, &json!({ "status": "paused" })).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_token_acts_for_its_maker_until_it_ends_and_makes_no_tokens() {
    let world = World::new().await;
    let cookie = world.sign_in(Role::Administrator).await;
    let made = world.write(Method::POST, "/api/v1/api-tokens", &cookie, &json!({ "name": "nightly report" })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let (id, token) = (made.json()["id"].as_str().unwrap().to_owned(), made.json()["token"].as_str().unwrap().to_owned());
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    assert_eq!(world.send(Method::GET, "/api/v1/patients", &headers, "").await.status, StatusCode::OK);
    let more = world.send(Method::POST, "/api/v1/api-tokens", &headers, json!({ "name": "more" }).to_string()).await;
    assert_eq!(more.status, StatusCode::FORBIDDEN);
    let listed = world.get("/api/v1/api-tokens", &cookie).await;
    assert!(!listed.text.contains(&token));
    let ended = world.write(Method::DELETE, &format!("/api/v1/api-tokens/{id}"), &cookie, &Value::Null).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert_eq!(world.send(Method::GET, "/api/v1/patients", &headers, "").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn nobody_gives_away_more_than_they_have() {
    let world = World::new().await;
    let operator = world.sign_in(Role::Operator).await;
    let new = |role: &str| json!({ "email": format!("new-{role}@example.org"), "name": "New", "role": role, "password": PASSWORD });
    assert_eq!(world.write(Method::POST, "/api/v1/users", &operator, &new("administrator")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(world.write(Method::POST, "/api/v1/users", &operator, &new("operator")).await.status, StatusCode::CREATED);
    assert_eq!(world.write(Method::POST, "/api/v1/users", &operator, &new("operator")).await.status, StatusCode::CONFLICT);
    let administrator = format!("/api/v1/users/{}", world.user(Role::Administrator));
    let takeover = json!({ "password": "now it is mine, all of it" });
    assert_eq!(world.write(Method::PUT, &administrator, &operator, &takeover).await.status, StatusCode::FORBIDDEN);
    let short = json!({ "email": "x", "name": "", "role": "operator", "password": "short" });
    let refused = world.write(Method::POST, "/api/v1/users", &operator, &short).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let paths: Vec<_> = refused.json()["errors"].as_array().unwrap().iter().map(|error| error["path"].clone()).collect();
    assert_eq!(paths, ["/email", "/name", "/password"]);
}
