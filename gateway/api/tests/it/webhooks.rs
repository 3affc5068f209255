//! Notifications as FHIR servers send them, and as others try to.

#![expect(clippy::unwrap_used, reason = "a test that can't be set up is to end")]

use gateway_domain::ids::PushSubscriptionId;
use gateway_domain::push_subscription::{PushKind, PushSecret, PushSubscription};
use gateway_domain::user::Role;
use gateway_ports::clock::Clock as _;
use gateway_ports::store::PushStore as _;
use http::{Method, StatusCode};

use crate::world::World;

const SECRET: [u8; 32] = [0x5a; 32];

async fn subscribed(world: &World) -> (String, String) {
    let now = world.clock.now();
    let id = PushSubscriptionId::new(now, [9; 10]);
    let wanted = PushSubscription::new(id, world.source, PushKind::RestHook, "Patient?".into(), PushSecret::of(SECRET), now);
    world.store.add_push_subscription(&wanted).await.unwrap();
    (format!("/webhooks/fhir/{id}"), wanted.secret.reveal().to_owned())
}

fn heard(world: &World) -> Vec<String> {
    world.heard.0.lock().unwrap().clone()
}

#[tokio::test]
async fn who_has_the_secret_is_heard_whatever_it_says() {
    let world = World::new().await;
    let (path, secret) = subscribed(&world).await;
    let own = ("x-outreach-secret", secret.as_str());
    let bearer = format!("Bearer {secret}");
    for (method, path, header, body) in [
        (Method::POST, path.clone(), own, "{}"),
        (Method::POST, path.clone(), ("authorization", bearer.as_str()), ""),
        (Method::PUT, format!("{path}/Patient/1"), own, "<not json>"),
        (Method::DELETE, format!("{path}/Patient/2"), own, ""),
    ] {
        let answer = world.send(method, &path, &[header], body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(answer.json()["resourceType"], "OperationOutcome");
    }
    assert_eq!(heard(&world), ["Patient?|||{}", "Patient?|||", "Patient?|Patient/1||<not json>", "Patient?|Patient/2||"]);

    let deleted = world.send(Method::POST, &path, &[own, ("x-medplum-deleted-resource", "Patient/7")], "{}").await;
    assert_eq!(deleted.status, StatusCode::OK);
    assert_eq!(heard(&world).pop().unwrap(), "Patient?||Patient/7|{}");
}

#[tokio::test]
async fn a_forged_notification_is_refused_and_tells_nobody_which_subscriptions_there_are() {
    let world = World::new().await;
    let (path, secret) = subscribed(&world).await;
    let unknown = format!("/webhooks/fhir/{}", PushSubscriptionId::new(world.clock.now(), [1; 10]));
    let other = "0".repeat(64);
    let mut answers = Vec::new();
    for (path, headers) in [
        (&path, vec![]),
        (&path, vec![("x-outreach-secret", other.as_str())]),
        (&path, vec![("x-outreach-secret", &secret[..63])]),
        (&path, vec![("x-outreach-secret", "")]),
        (&path, vec![("authorization", "Basic abc")]),
        (&path, vec![("x-signature", other.as_str())]),
        (&unknown, vec![("x-outreach-secret", secret.as_str())]),
        (&"/webhooks/fhir/nonsense".to_owned(), vec![("x-outreach-secret", secret.as_str())]),
    ] {
        let answer = world.send(Method::POST, path, &headers, "{}").await;
        answers.push((answer.status, answer.text));
    }
    assert!(answers.iter().all(|it| *it == (StatusCode::UNAUTHORIZED, String::new())), "{answers:?}");
    assert_eq!(world.send(Method::GET, &path, &[("x-outreach-secret", secret.as_str())], "").await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(heard(&world), Vec::<String>::new());
}

#[tokio::test]
async fn a_signature_of_the_body_proves_the_sender_too() {
    let world = World::new().await;
    let (path, _) = subscribed(&world).await;
    // HMAC-SHA256 of `{"resourceType":"Patient","id":"1"}` under the secret.
    let signature = "89f05bffbbb381399bfdd514c402b8c5f8ff40d93491870107ebdf4475c6e2cd";
    let body = r#"{"resourceType":"Patient","id":"1"}"#;
    let answer = world.send(Method::POST, &path, &[("x-signature", signature)], body).await;
    assert_eq!(answer.status, StatusCode::OK);
    let changed = world.send(Method::POST, &path, &[("x-signature", signature)], body.replace('1', "2")).await;
    assert_eq!(changed.status, StatusCode::UNAUTHORIZED);
    assert_eq!(heard(&world).len(), 1);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_a_reason_to_look_and_nothing_more() {
    let world = World::new().await;
    let (path, secret) = subscribed(&world).await;
    let large = "x".repeat(600 << 10);
    let answer = world.send(Method::POST, &path, &[("x-outreach-secret", &secret)], large.clone()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(heard(&world), ["Patient?|||too large"]);
    let signed = world.send(Method::POST, &path, &[("x-signature", &"0".repeat(64))], large).await;
    assert_eq!(signed.status, StatusCode::UNAUTHORIZED);
    let huge =
        world.send(Method::POST, &path, &[("x-outreach-secret", &secret), ("content-length", "9000000")], "x".repeat(9_000_000)).await;
    assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_source_shows_how_it_tells_without_its_secret() {
    let world = World::new().await;
    let (_, secret) = subscribed(&world).await;
    let cookie = world.sign_in(Role::Administrator).await;
    let answer = world.get("/api/v1/sources", &cookie).await;
    let push = &answer.json()["items"][0]["push"][0];
    assert_eq!((push["kind"].as_str(), push["status"].as_str()), (Some("rest-hook"), Some("requested")));
    assert!(!answer.text.contains(&secret));
}
