//! Subscriptions as a receiver of notifications meets them.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, routing::any};
use ehr_sandbox::{PushFaults, Running};
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{client, entries, get, quick, serve, text};

const TOPIC: &str = "http://ehr-sandbox.example.org/SubscriptionTopic/any-change";

type Arrived = Arc<Mutex<Vec<(Method, String, HeaderMap, Value)>>>;

async fn receiver(status: StatusCode) -> (String, Arrived) {
    let arrived = Arrived::default();
    let take = async move |State(arrived): State<Arrived>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
        let body = serde_json::from_slice(&body).unwrap_or_default();
        arrived.lock().expect("a lock").push((method, uri.path().to_owned(), headers, body));
        status
    };
    let router = Router::new().fallback(any(take)).with_state(Arc::clone(&arrived));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}/hook", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, arrived)
}

async fn subscribe(sandbox: &Running, resource: &Value) -> String {
    let answer = client().post(format!("{}/Subscription", sandbox.base_url)).body(resource.to_string()).send().await.expect("an answer");
    assert!(answer.status().is_success(), "{}", answer.status());
    let made: Value = answer.json().await.expect("JSON");
    format!("{}/Subscription/{}", sandbox.base_url, text(&made, "/id"))
}

async fn until_status(address: &str, status: &str) -> Value {
    for _ in 0..100 {
        let found = get(address).await;
        if text(&found, "/status") == status {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{address} is not {status}");
}

async fn until(arrived: &Arrived, number: usize) -> Vec<(Method, String, HeaderMap, Value)> {
    for _ in 0..100 {
        let found = arrived.lock().expect("a lock").clone();
        if found.len() >= number {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{number} notifications did not arrive");
}

fn parameter<'a>(bundle: &'a Value, name: &str) -> &'a str {
    let parameters = bundle.pointer("/entry/0/resource/parameter").and_then(Value::as_array).expect("parameters");
    let found = parameters.iter().find(|it| text(it, "/name") == name).expect("the parameter");
    let value = found.as_object().and_then(|it| it.iter().find(|(name, _)| name.starts_with("value")));
    value.and_then(|(_, value)| value.as_str()).unwrap_or_default()
}

#[tokio::test]
async fn a_topic_is_told_with_handshake_numbers_heartbeat_and_events_to_ask_for() {
    let sandbox = serve(quick(2)).await;
    let (endpoint, arrived) = receiver(StatusCode::OK).await;
    let backport = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition";
    let address = subscribe(
        &sandbox,
        &json!({"resourceType": "Subscription", "status": "requested", "reason": "test", "criteria": TOPIC, "channel": {
            "type": "rest-hook", "endpoint": endpoint, "header": ["X-Outreach-Secret: s"], "payload": "application/fhir+json",
            "_payload": {"extension": [{"url": format!("{backport}/backport-payload-content"), "valueCode": "id-only"}]},
            "extension": [{"url": format!("{backport}/backport-heartbeat-period"), "valueUnsignedInt": 1}]}}),
    )
    .await;
    until_status(&address, "active").await;
    sandbox.put(&json!({"resourceType": "Patient", "id": "new"})).expect("it is put");
    sandbox.delete("Patient", "new").expect("it is deleted");
    let told = until(&arrived, 4).await;
    let kinds: Vec<&str> = told.iter().map(|it| parameter(&it.3, "type")).collect();
    assert_eq!(kinds, ["handshake", "event-notification", "event-notification", "heartbeat"]);
    assert!(told.iter().all(|it| it.2.get("x-outreach-secret").is_some_and(|it| it == "s")));
    assert_eq!(parameter(&told[2].3, "events-since-subscription-start"), "2");
    assert_eq!(entries(&told[2].3).len(), 2);

    let events = get(&format!("{address}/$events?eventsSinceNumber=2")).await;
    assert_eq!((parameter(&events, "type"), entries(&events).len()), ("query-event", 2));
    let status = get(&format!("{address}/$status")).await;
    assert_eq!((parameter(&status, "type"), parameter(&status, "events-since-subscription-start")), ("query-status", "2"));

    sandbox.deliver(PushFaults { seed: 1, lost: 1_000, ..PushFaults::default() });
    let before = arrived.lock().expect("a lock").len();
    sandbox.put(&json!({"resourceType": "Patient", "id": "lost"})).expect("it is put");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(arrived.lock().expect("a lock").len(), before);
}

#[tokio::test]
async fn a_rest_hook_tells_matches_alone_and_gives_up_where_nobody_listens() {
    let sandbox = serve(quick(2)).await;
    let (endpoint, arrived) = receiver(StatusCode::OK).await;
    let hook = |criteria: &str, endpoint: &str| {
        json!({"resourceType": "Subscription", "status": "requested", "reason": "test", "criteria": criteria,
            "channel": {"type": "rest-hook", "endpoint": endpoint, "payload": "application/fhir+json"}})
    };
    let address = subscribe(&sandbox, &hook("Patient?gender=female", &endpoint)).await;
    until_status(&address, "active").await;
    sandbox.put(&json!({"resourceType": "Patient", "id": "a", "gender": "male"})).expect("it is put");
    sandbox.put(&json!({"resourceType": "Patient", "id": "b", "gender": "female"})).expect("it is put");
    let told = until(&arrived, 1).await;
    assert_eq!(text(&told[0].3, "/id"), "b");
    sandbox.deliver(PushFaults { below: true, ..PushFaults::default() });
    sandbox.delete("Patient", "b").expect("it is deleted");
    let told = until(&arrived, 2).await;
    assert_eq!((&told[1].0, told[1].1.as_str()), (&Method::DELETE, "/hook/Patient/b"));

    let (refusing, _) = receiver(StatusCode::INTERNAL_SERVER_ERROR).await;
    let address = subscribe(&sandbox, &hook("Patient", &refusing)).await;
    until_status(&address, "active").await;
    sandbox.put(&json!({"resourceType": "Patient", "id": "c"})).expect("it is put");
    let failed = until_status(&address, "error").await;
    assert!(text(&failed, "/error").contains("did not take"));
    let nonsense = subscribe(&sandbox, &hook("http://example.org/no-such-topic", &endpoint)).await;
    until_status(&nonsense, "error").await;
}
