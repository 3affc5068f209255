//! What every response carries, whatever happened inside.

use std::time::Duration;

use axum::{Router, body::Bytes, routing::get};
use gateway_net::{
    egress::{Egress, EgressPolicy, EgressRequest, EgressResponse},
    health::{Readiness, admin_router},
    layers::{LayerOptions, with_layers},
};
use http::{HeaderValue, Method, StatusCode};
use tokio::time::sleep;
use url::Url;

use crate::start;

async fn ask(method: Method, address: std::net::SocketAddr, path: &str, body: Vec<u8>) -> EgressResponse {
    let mut request = EgressRequest::new(method, Url::parse(&format!("http://{address}{path}")).unwrap());
    request.body = body.into();
    Egress::new(EgressPolicy::for_testing()).unwrap().send(request).await.unwrap()
}

#[expect(clippy::panic, reason = "the layers have to catch it")]
async fn panics() -> &'static str {
    panic!("patient Maria")
}

#[tokio::test]
async fn every_answer_is_guarded_and_named() {
    let router = Router::new()
        .route("/fine", get(async || "fine").post(async |_: Bytes| "taken"))
        .route("/panic", get(panics))
        .route("/slow", get(async || sleep(Duration::from_mins(1)).await));
    let options = LayerOptions {
        content_security_policy: HeaderValue::from_static("default-src 'self';"),
        max_body_bytes: 1_000,
        request_timeout: Duration::from_millis(200),
        ..LayerOptions::new(true, 7)
    };
    let (address, _guard) = start(with_layers(router, &options)).await;
    for (method, path, size, status) in [
        (Method::GET, "/fine", 0, StatusCode::OK),
        (Method::POST, "/fine", 1_000, StatusCode::OK),
        (Method::POST, "/fine", 1_001, StatusCode::PAYLOAD_TOO_LARGE),
        (Method::GET, "/panic", 0, StatusCode::INTERNAL_SERVER_ERROR),
        (Method::GET, "/slow", 0, StatusCode::SERVICE_UNAVAILABLE),
        (Method::GET, "/nowhere", 0, StatusCode::NOT_FOUND),
    ] {
        let response = ask(method, address, path, vec![b'x'; size]).await;
        assert_eq!(response.status(), status, "{path}");
        let header = |name: &str| response.headers().get(name).map(|it| it.to_str().unwrap().to_owned());
        assert_eq!(header("content-security-policy").unwrap(), "default-src 'self'; frame-ancestors 'none'");
        assert_eq!(header("x-content-type-options").unwrap(), "nosniff");
        assert_eq!(header("referrer-policy").unwrap(), "no-referrer");
        assert!(header("strict-transport-security").is_some());
        assert!(header("x-request-id").unwrap().starts_with("0000000000000007-"));
        let body = response.bytes(10_000).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("Maria"));
    }
}

#[tokio::test]
async fn readiness_needs_every_part() {
    let readiness = Readiness::default();
    let (address, _guard) = start(admin_router(readiness.clone(), || "figure 1\n".to_owned())).await;
    let status = async |path| ask(Method::GET, address, path, Vec::new()).await.status();
    assert_eq!(status("/health/live").await, StatusCode::OK);
    assert_eq!(status("/health/ready").await, StatusCode::SERVICE_UNAVAILABLE);
    readiness.set("database", true);
    readiness.set("plugins", false);
    assert_eq!(status("/health/ready").await, StatusCode::SERVICE_UNAVAILABLE);
    readiness.set("plugins", true);
    assert_eq!(status("/health/ready").await, StatusCode::OK);
    let metrics = ask(Method::GET, address, "/metrics", Vec::new()).await;
    assert_eq!(metrics.bytes(100).await.unwrap(), "figure 1\n");
}
