//! SMART Backend Services: a right assertion gets a token, and each wrong one is refused with its reason.

use std::time::Duration;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
    signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair},
};
use axum::{Router, routing::get};
use base64::{Engine, engine::general_purpose::STANDARD};
use ehr_sandbox::{Client, ClientKeys, Config, Running};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header, encode,
    jwk::{Jwk, JwkSet},
};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{client, quick, serve, text};

#[expect(clippy::disallowed_methods, reason = "a client from outside reads its own clock")]
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn elliptic_key() -> EncodingKey {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &aws_lc_rs::rand::SystemRandom::new());
    EncodingKey::from_ec_der(document.expect("a key").as_ref())
}

fn rsa_key() -> EncodingKey {
    let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let document = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).expect("a document");
    let lines = STANDARD.encode(document.as_ref()).into_bytes();
    let lines: Vec<_> = lines.chunks(64).map(String::from_utf8_lossy).collect();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
    EncodingKey::from_rsa_pem(pem.as_bytes()).expect("a key")
}

fn key_set(key: &EncodingKey, algorithm: Algorithm, kid: &str) -> String {
    let mut jwk = Jwk::from_encoding_key(key, algorithm).expect("a public key");
    jwk.common.key_id = Some(kid.to_owned());
    serde_json::to_string(&JwkSet { keys: vec![jwk] }).expect("JSON")
}

fn signed(key: &EncodingKey, algorithm: Algorithm, kid: Option<&str>, claims: &Value) -> String {
    let mut header = Header::new(algorithm);
    header.kid = kid.map(str::to_owned);
    encode(&header, claims, key).expect("a signature")
}

fn claims(sandbox: &Running, jti: &str) -> Value {
    let expires = now() + 240;
    json!({"iss": "gateway", "sub": "gateway", "aud": sandbox.token_url, "exp": expires, "jti": jti})
}

async fn ask(sandbox: &Running, assertion: &str, scope: &str) -> (StatusCode, Value) {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion),
        ("scope", scope),
    ];
    let answer = client().post(&sandbox.token_url).form(&form).send().await.expect("an answer");
    (answer.status(), answer.json().await.expect("JSON"))
}

async fn guarded(lifetime: Duration) -> Running {
    serve(Config { open: false, token_lifetime: lifetime, ..quick(5) }).await
}

async fn status(url: &str, token: &str) -> StatusCode {
    client().get(url).bearer_auth(token).send().await.expect("an answer").status()
}

#[tokio::test]
async fn both_algorithms_and_both_kinds_of_scopes_get_a_token_that_opens_the_records() {
    let sandbox = guarded(Duration::from_mins(1)).await;
    let patient = format!("{}/Patient/person-0000001", sandbox.base_url);
    assert_eq!(client().get(&patient).send().await.expect("an answer").status(), StatusCode::UNAUTHORIZED);
    for (key, algorithm, scope) in [(elliptic_key(), Algorithm::ES384, "system/*.rs"), (rsa_key(), Algorithm::RS384, "system/*.read")] {
        let keys = ClientKeys::Inline(key_set(&key, algorithm, "k1"));
        sandbox.register_client(Client { id: "gateway".to_owned(), keys });
        let assertion = signed(&key, algorithm, Some("k1"), &claims(&sandbox, &format!("{algorithm:?}")));
        let (answered, body) = ask(&sandbox, &assertion, scope).await;
        assert_eq!(answered, StatusCode::OK, "{body}");
        assert_eq!(text(&body, "/token_type"), "bearer");
        assert_eq!(body.get("expires_in").and_then(Value::as_u64), Some(60));
        let token = text(&body, "/access_token");
        assert_eq!(status(&patient, token).await, StatusCode::OK);
        let write = client().delete(&patient).bearer_auth(token).send().await.expect("an answer");
        assert_eq!(write.status(), StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn each_wrong_assertion_is_refused_with_its_reason() {
    let sandbox = guarded(Duration::from_mins(1)).await;
    let (key, stranger) = (elliptic_key(), elliptic_key());
    let keys = ClientKeys::Inline(key_set(&key, Algorithm::ES384, "k1"));
    sandbox.register_client(Client { id: "gateway".to_owned(), keys });
    let with = |member: &str, value: Value| {
        let mut claims = claims(&sandbox, member);
        claims.as_object_mut().expect("an object").insert(member.to_owned(), value);
        signed(&key, Algorithm::ES384, Some("k1"), &claims)
    };
    let now = now();
    let good = claims(&sandbox, "once");
    let cases = [
        ("not a JWT", "nonsense".to_owned()),
        ("not registered", with("iss", json!("someone"))),
        ("sub", with("sub", json!("someone"))),
        ("aud", with("aud", json!(format!("{}/", sandbox.token_url)))),
        ("aud", with("aud", json!([sandbox.token_url, "https://other.example.org"]))),
        ("exp", with("exp", json!(now - 60))),
        ("exp", with("exp", json!(now + 900))),
        ("jti", with("jti", json!(""))),
        ("signature", signed(&stranger, Algorithm::ES384, Some("k1"), &good)),
        ("kid", signed(&key, Algorithm::ES384, None, &good)),
        ("kid", signed(&key, Algorithm::ES384, Some("k2"), &good)),
        ("alg", signed(&EncodingKey::from_secret(b"secret"), Algorithm::HS384, Some("k1"), &good)),
    ];
    for (reason, assertion) in cases {
        let (answered, body) = ask(&sandbox, &assertion, "system/*.rs").await;
        assert_eq!(answered, StatusCode::UNAUTHORIZED, "{reason}: {body}");
        assert_eq!(text(&body, "/error"), "invalid_client");
        assert!(text(&body, "/error_description").contains(reason), "{reason}: {body}");
    }
    let assertion = signed(&key, Algorithm::ES384, Some("k1"), &good);
    assert_eq!(ask(&sandbox, &assertion, "system/*.rs").await.0, StatusCode::OK);
    let (answered, body) = ask(&sandbox, &assertion, "system/*.rs").await;
    assert_eq!(answered, StatusCode::UNAUTHORIZED);
    assert!(text(&body, "/error_description").contains("used before"), "{body}");
    let (_, body) = ask(&sandbox, &with("jti", json!("scope")), "user/*.read").await;
    assert_eq!(text(&body, "/error"), "invalid_scope");
}

#[tokio::test]
async fn a_token_ends_and_a_narrow_one_opens_only_its_types() {
    let sandbox = guarded(Duration::from_millis(1_500)).await;
    let key = elliptic_key();
    let keys = ClientKeys::Inline(key_set(&key, Algorithm::ES384, "k1"));
    sandbox.register_client(Client { id: "gateway".to_owned(), keys });
    let assertion = signed(&key, Algorithm::ES384, Some("k1"), &claims(&sandbox, "narrow"));
    let (_, body) = ask(&sandbox, &assertion, "system/Patient.rs").await;
    let token = text(&body, "/access_token");
    let base = &sandbox.base_url;
    assert_eq!(status(&format!("{base}/Patient?_count=1"), token).await, StatusCode::OK);
    assert_eq!(status(&format!("{base}/Observation?_count=1"), token).await, StatusCode::FORBIDDEN);
    let export = client().get(format!("{base}/$export")).header("prefer", "respond-async").bearer_auth(token).send().await;
    assert_eq!(export.expect("an answer").status(), StatusCode::FORBIDDEN);
    tokio::time::sleep(Duration::from_millis(1_600)).await;
    assert_eq!(status(&format!("{base}/Patient?_count=1"), token).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn keys_come_from_a_file_or_an_address() {
    let sandbox = guarded(Duration::from_mins(1)).await;
    let key = elliptic_key();
    let set = key_set(&key, Algorithm::ES384, "k1");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("jwks.json");
    std::fs::write(&file, &set).expect("written");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let served = tokio::spawn(async move { axum::serve(listener, Router::new().route("/jwks.json", get(|| async move { set }))).await });
    let url = format!("http://{address}/jwks.json").parse().expect("a URL");
    for (jti, keys) in [("file", ClientKeys::File(file)), ("url", ClientKeys::Url(url))] {
        sandbox.register_client(Client { id: "gateway".to_owned(), keys });
        let assertion = signed(&key, Algorithm::ES384, Some("k1"), &claims(&sandbox, jti));
        let (answered, body) = ask(&sandbox, &assertion, "system/*.rs").await;
        assert_eq!(answered, StatusCode::OK, "{jti}: {body}");
    }
    served.abort();
}

#[tokio::test]
async fn discovery_names_the_token_address_and_the_statement_is_honest() {
    let sandbox = guarded(Duration::from_mins(1)).await;
    let smart = crate::get(&format!("{}/.well-known/smart-configuration", sandbox.base_url)).await;
    assert_eq!(text(&smart, "/token_endpoint"), sandbox.token_url);
    let statement = crate::get(&format!("{}/metadata", sandbox.base_url)).await;
    assert_eq!(text(&statement, "/fhirVersion"), "4.0.1");
    assert!(text(&statement, "/implementation/description").contains("synthetic"));
}
