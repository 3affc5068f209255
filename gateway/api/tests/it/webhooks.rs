//! Notifications as FHIR servers send them, and as others try to.

#![expect(clippy::unwrap_used, reason = "a test that can't be set up is to end")]

use gateway_domain::consent::ConsentDecision;
use gateway_domain::ids::PushSubscriptionId;
use gateway_domain::push_subscription::{PushKind, PushSecret, PushSubscription};
use gateway_domain::user::Role;
use gateway_ports::clock::Clock as _;
use gateway_ports::store::messages::HandOver;
use gateway_ports::store::{ConsentStore as _, MessageStore as _, PatientStore as _, PushStore as _};
use http::{Method, StatusCode};

use crate::world::{ORIGIN, World};

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

const CHANNEL: &str = "/webhooks/channel/email";

#[tokio::test]
async fn what_the_provider_of_a_channel_tells_is_kept_before_it_is_answered() {
    let world = World::new().await;
    let now = world.clock.now();
    let accepted = HandOver::Accepted { provider_id: Some("q1".into()) };
    world.store.record_hand_over(world.message, &accepted, now).await.unwrap();
    let answer = world.send(Method::POST, &format!("{CHANNEL}?a=b"), &[], "delivered q1").await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(answer.text, format!("{{}} POST {ORIGIN}{CHANNEL}?a=b"), "configuration, method and the whole URL");
    let kinds = async || {
        let kept = world.store.interactions(world.patient, 10).await.unwrap();
        kept.into_iter().map(|interaction| interaction.kind.name()).collect::<Vec<_>>()
    };
    assert_eq!(kinds().await, ["delivered"]);

    let address = world.store.patient(world.patient).await.unwrap().unwrap().demographics.contact_points[0].value.clone();
    let answer = world.send(Method::POST, CHANNEL, &[], format!("stop {address}")).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let decisions = world.store.consents(world.patient).await.unwrap();
    assert!(decisions.iter().any(|it| it.decision == ConsentDecision::Deny && it.evidence == "plugin channel-probe"), "{decisions:?}");
    // What nobody knows of is taken all the same: the provider would only tell it again.
    assert_eq!(world.send(Method::POST, CHANNEL, &[], "delivered never-sent").await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_request_that_is_not_the_providers_changes_nothing() {
    let world = World::new().await;
    for (path, body, status) in [
        (CHANNEL, "forged".to_owned(), StatusCode::FORBIDDEN),
        (CHANNEL, "unreadable".to_owned(), StatusCode::BAD_REQUEST),
        (CHANNEL, "trap".to_owned(), StatusCode::SERVICE_UNAVAILABLE),
        (CHANNEL, "x".repeat((64 << 10) + 1), StatusCode::PAYLOAD_TOO_LARGE),
        ("/webhooks/channel/pigeon", "stop".to_owned(), StatusCode::NOT_FOUND),
    ] {
        let answer = world.send(Method::POST, path, &[], body).await;
        assert_eq!((answer.status, answer.text.as_str()), (status, ""), "{path}");
    }
    assert!(world.store.interactions(world.patient, 10).await.unwrap().is_empty());
    assert!(world.store.consents(world.patient).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_of_a_plugin_is_never_a_page_of_ours() {
    let answer = World::new().await.send(Method::GET, CHANNEL, &[], "html").await;
    assert_eq!(answer.headers["content-security-policy"], "sandbox; default-src 'none'");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
}
