//! Tokens: got, kept, renewed, and explained where there are none.

use std::sync::Arc;

use aws_lc_rs::rsa::KeySize;
use axum::{Router, routing::get};
use gateway_auth::{
    AuthError, AuthorizedClient, BackendServices, BackendServicesConfig, ClientSecret, ClientSecretConfig, KeySet, ScopeRequest,
    SecretPlacement, SigningKey, SystemRandom, TokenSource, discover,
};
use gateway_net::{
    egress::{Egress, EgressPolicy, EgressRequest, Retry},
    listener::{ListenerLimits, serve},
};
use http::{HeaderMap, StatusCode};
use jiff::SignedDuration;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::rsa_key;
use crate::token_server::{Setup, TokenServer, now, start};

fn egress() -> Egress {
    Egress::new(EgressPolicy::for_testing()).unwrap()
}

fn new_key() -> SigningKey {
    let folder = tempfile::tempdir().unwrap();
    SigningKey::load_or_create(&folder.path().join("key.pem")).unwrap()
}

fn base(server: &TokenServer) -> Url {
    Url::parse(&format!("http://{}/fhir", server.address)).unwrap()
}

fn client(server: &TokenServer, key: SigningKey, change: impl FnOnce(&mut BackendServicesConfig)) -> BackendServices {
    let mut config = BackendServicesConfig {
        base_url: base(server),
        client_id: "our-client".to_owned(),
        token_url: None,
        scopes: ScopeRequest::All,
        jwks_url: Some("https://outreach.example.org/.well-known/jwks.json".to_owned()),
    };
    change(&mut config);
    BackendServices::new(config, Arc::new(KeySet::new(key, [])), egress(), Arc::new(SystemRandom))
}

#[tokio::test]
async fn token_is_kept_until_four_fifths_of_its_life_and_fetched_once_for_all() {
    let key = new_key();
    let server = start(Setup { key: Some(&key), expires_in: json!(30), ..Setup::default() }).await;
    let tokens = Arc::new(client(&server, key, |_| ()));

    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let tokens = tokens.clone();
            tokio::spawn(async move { tokens.credential(now()).await.unwrap() })
        })
        .collect();
    for one in waiting {
        assert!(one.await.unwrap().is_some());
    }
    let fetched = |server: &TokenServer| server.seen.lock().unwrap().tokens;
    assert_eq!(fetched(&server), 1);
    tokens.credential(now() + SignedDuration::from_secs(23)).await.unwrap();
    assert_eq!(fetched(&server), 1);
    let renewed = tokens.credential(now() + SignedDuration::from_secs(24)).await.unwrap().unwrap();
    assert_eq!(fetched(&server), 2);

    // A 401 for a token that is no longer the current one changes nothing.
    let old = gateway_net::egress::Credential::Bearer("token-1".to_owned().into());
    tokens.invalidate(&old).await;
    tokens.credential(now() + SignedDuration::from_secs(25)).await.unwrap();
    assert_eq!(fetched(&server), 2);
    tokens.invalidate(&renewed).await;
    tokens.credential(now() + SignedDuration::from_secs(26)).await.unwrap();
    assert_eq!(fetched(&server), 3);
    assert!(server.seen.lock().unwrap().forms.iter().all(|form| form["scope"] == "system/*.read"));
}

#[tokio::test]
async fn rsa_key_signs_rs384_and_the_server_chooses_the_algorithm() {
    let rsa = rsa_key(KeySize::Rsa2048).unwrap();
    let smart = json!({
        "token_endpoint": "TOKEN_URL",
        "scopes_supported": ["system/Patient.rs", "system/Group.rs"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384"],
    });
    let server = start(Setup { key: Some(&rsa), smart: Some(smart), ..Setup::default() }).await;
    let config = BackendServicesConfig {
        base_url: base(&server),
        client_id: "our-client".to_owned(),
        token_url: None,
        scopes: ScopeRequest::All,
        jwks_url: None,
    };
    let keys = Arc::new(KeySet::new(new_key(), [rsa]));
    let tokens = BackendServices::new(config.clone(), keys, egress(), Arc::new(SystemRandom));
    tokens.credential(now()).await.unwrap();
    assert_eq!(server.seen.lock().unwrap().forms[0]["scope"], "system/Group.rs system/Patient.rs");

    let keys = Arc::new(KeySet::new(new_key(), []));
    let tokens = BackendServices::new(config, keys, egress(), Arc::new(SystemRandom));
    let error = tokens.credential(now()).await.unwrap_err();
    assert!(matches!(&error, AuthError::Algorithm { ours, .. } if ours == "ES384"), "{error}");
}

#[tokio::test]
async fn each_mistake_is_named_with_what_to_check() {
    let registered = new_key();
    let refused = async |ahead, key, change: fn(&mut BackendServicesConfig)| {
        let server = start(Setup { key: Some(&registered), ahead, ..Setup::default() }).await;
        let error = client(&server, key, change).credential(now()).await.unwrap_err();
        (error.to_string(), error)
    };
    let copy = |key: &SigningKey| key.kid().to_owned();
    let other = new_key();
    let kid = copy(&other);

    let (text, error) = refused(SignedDuration::ZERO, other, |_| ()).await;
    assert!(matches!(error, AuthError::AssertionRefused { .. }) && error.retry() == Retry::Never, "{text}");
    for part in ["invalid_client: unknown key", "our-client", &kid, "https://outreach.example.org/.well-known/jwks.json"] {
        assert!(text.contains(part), "{part} in {text}");
    }

    let (text, error) = refused(SignedDuration::from_mins(30), new_key(), |_| ()).await;
    assert!(matches!(error, AuthError::ClockSkew { .. }) && text.contains("30m") && text.contains("NTP"), "{text}");

    let (text, error) = refused(SignedDuration::ZERO, new_key(), |config| {
        config.scopes = ScopeRequest::Exactly(vec!["system/forbidden.read".to_owned()]);
    })
    .await;
    assert!(matches!(error, AuthError::ScopeRefused { .. }) && text.contains("system/forbidden.read"), "{text}");
}

#[tokio::test]
async fn wrong_audience_is_told_apart_from_a_wrong_key() {
    let key = new_key();
    let server = start(Setup { key: Some(&key), ..Setup::default() }).await;
    let token_url = format!("http://localhost:{}/auth/token", server.address.port());
    let tokens = client(&server, key, |config| config.token_url = Some(token_url));
    let error = tokens.credential(now()).await.unwrap_err();
    assert!(matches!(error, AuthError::AudienceRefused { .. }), "{error}");
}

#[tokio::test]
async fn capability_statement_is_asked_where_smart_configuration_is_missing() {
    let metadata = json!({"resourceType": "CapabilityStatement", "rest": [{"security": {"extension": [{
        "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
        "extension": [{"url": "authorize", "valueUri": "x"}, {"url": "token", "valueUri": "TOKEN_URL"}]
    }]}}]});
    let server = start(Setup { smart: None, metadata: Some(metadata), ..Setup::default() }).await;
    let found = discover(&egress(), &base(&server)).await.unwrap();
    assert_eq!(found.token_endpoint, format!("http://{}/auth/token", server.address));

    let server = start(Setup { smart: None, metadata: Some(json!({})), ..Setup::default() }).await;
    let error = discover(&egress(), &base(&server)).await.unwrap_err();
    assert!(matches!(&error, AuthError::NoTokenEndpoint { .. }), "{error}");
    assert!(error.to_string().contains("status 404"), "{error}");
}

#[tokio::test]
async fn unreachable_endpoint_is_worth_another_try() {
    let closed = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    let server = start(Setup::default()).await;
    let tokens = client(&server, new_key(), |config| config.token_url = Some(format!("http://{closed}/token")));
    let error = tokens.credential(now()).await.unwrap_err();
    assert!(matches!(error, AuthError::Egress(_)) && error.retry() == Retry::Later, "{error}");
}

#[tokio::test]
async fn client_secret_goes_where_the_server_wants_it() {
    let server = start(Setup::default()).await;
    let fetch = async |placement| {
        let config = ClientSecretConfig {
            token_url: format!("http://{}/auth/token", server.address),
            client_id: "our client".to_owned(),
            client_secret: "s3cret&".to_owned().into(),
            placement,
            scopes: vec!["a".to_owned(), "b".to_owned()],
        };
        ClientSecret::new(config, egress()).credential(now()).await.unwrap();
        let seen = server.seen.lock().unwrap();
        let authorization = seen.headers.last().unwrap().get("authorization").map(|it| it.to_str().unwrap().to_owned());
        (seen.forms.last().unwrap().get("client_secret").cloned(), authorization)
    };
    assert_eq!(fetch(SecretPlacement::Post).await, (Some("s3cret&".to_owned()), None));
    let basic = "Basic b3VyK2NsaWVudDpzM2NyZXQlMjY=".to_owned();
    assert_eq!(fetch(SecretPlacement::Basic).await, (None, Some(basic)));
}

#[tokio::test]
async fn unauthorized_answer_renews_the_token_once() {
    let key = new_key();
    let server = start(Setup { key: Some(&key), ..Setup::default() }).await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route(
        "/{wanted}",
        get(async |axum::extract::Path(wanted): axum::extract::Path<String>, headers: HeaderMap| {
            let given = headers.get("authorization").and_then(|it| it.to_str().ok()).unwrap_or_default();
            if given == format!("Bearer {wanted}") { StatusCode::OK } else { StatusCode::UNAUTHORIZED }
        }),
    );
    let stop = CancellationToken::new();
    tokio::spawn(serve(listener, router, ListenerLimits::for_testing(), stop.clone()));
    let _guard = stop.drop_guard();
    let bound = egress().for_origin(format!("http://{address}").parse().unwrap());
    let authorized = AuthorizedClient::new(bound, Arc::new(client(&server, key, |_| ())));
    let ask = async |path: &str| {
        let request = EgressRequest::get(Url::parse(&format!("http://{address}/{path}")).unwrap());
        authorized.send(request, now()).await.unwrap().status()
    };

    assert_eq!(ask("token-1").await, StatusCode::OK);
    assert_eq!(ask("token-2").await, StatusCode::OK);
    assert_eq!(server.seen.lock().unwrap().tokens, 2);
    assert_eq!(ask("never").await, StatusCode::UNAUTHORIZED);
    assert_eq!(server.seen.lock().unwrap().tokens, 3);
}
