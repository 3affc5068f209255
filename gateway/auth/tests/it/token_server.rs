//! An authorization server that verifies assertions as the specification asks.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Form, Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use gateway_auth::SigningKey;
use gateway_net::listener::{ListenerLimits, serve};
use http::{HeaderMap, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::Jwk};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The time of these tests.
pub(crate) fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) tokens: usize,
    pub(crate) forms: Vec<HashMap<String, String>>,
    pub(crate) headers: Vec<HeaderMap>,
    ids: HashSet<String>,
}

pub(crate) struct TokenServer {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Arc<Mutex<Seen>>,
    _guard: DropGuard,
}

struct Server {
    key: Option<Jwk>,
    address: SocketAddr,
    expires_in: Value,
    /// How far this server's clock is ahead.
    ahead: SignedDuration,
    seen: Arc<Mutex<Seen>>,
}

pub(crate) struct Setup<'a> {
    pub(crate) key: Option<&'a SigningKey>,
    pub(crate) smart: Option<Value>,
    pub(crate) metadata: Option<Value>,
    pub(crate) expires_in: Value,
    pub(crate) ahead: SignedDuration,
}

impl Default for Setup<'_> {
    fn default() -> Self {
        Self { key: None, smart: Some(json!({})), metadata: None, expires_in: json!(300), ahead: SignedDuration::ZERO }
    }
}

/// Starts a FHIR server's two discovery documents and its token endpoint. In the documents,
/// `TOKEN_URL` stands for the endpoint.
pub(crate) async fn start(setup: Setup<'_>) -> TokenServer {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen: Arc<Mutex<Seen>> = Arc::default();
    let document = |document: Option<Value>| {
        let text = document.map(|it| it.to_string().replace("TOKEN_URL", &format!("http://{address}/auth/token")));
        get(async move || match text {
            Some(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        })
    };
    let smart = setup.smart.map(|mut it| {
        if it.as_object().unwrap().is_empty() {
            it["token_endpoint"] = json!("TOKEN_URL");
        }
        it
    });
    let server = Server {
        key: setup.key.map(|key| key.public().clone()),
        address,
        expires_in: setup.expires_in,
        ahead: setup.ahead,
        seen: seen.clone(),
    };
    let router = Router::new()
        .route("/fhir/.well-known/smart-configuration", document(smart))
        .route("/fhir/metadata", document(setup.metadata))
        .route("/auth/token", post(token))
        .with_state(Arc::new(server));
    let stop = CancellationToken::new();
    tokio::spawn(serve(listener, router, ListenerLimits::for_testing(), stop.clone()));
    TokenServer { address, seen, _guard: stop.drop_guard() }
}

async fn token(State(server): State<Arc<Server>>, headers: HeaderMap, Form(form): Form<HashMap<String, String>>) -> Response {
    let outcome = match &server.key {
        Some(key) => verify(&server, key, &form),
        None => Ok(()),
    };
    let mut seen = server.seen.lock().unwrap();
    seen.forms.push(form);
    seen.headers.push(headers);
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&(now() + server.ahead)).unwrap();
    let (status, body) = match outcome {
        Ok(()) => {
            seen.tokens += 1;
            let token = format!("token-{}", seen.tokens);
            (StatusCode::OK, json!({"access_token": token, "token_type": "bearer", "expires_in": server.expires_in}))
        }
        Err((error, description)) => (StatusCode::BAD_REQUEST, json!({"error": error, "error_description": description})),
    };
    (status, [(header::DATE, date)], Json(body)).into_response()
}

fn verify(server: &Server, key: &Jwk, form: &HashMap<String, String>) -> Result<(), (&'static str, &'static str)> {
    let wrong = |description| ("invalid_client", description);
    assert_eq!(form["grant_type"], "client_credentials");
    assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    if form["scope"].contains("forbidden") {
        return Err(("invalid_scope", "not granted"));
    }
    let assertion = &form["client_assertion"];
    let header = decode_header(assertion).map_err(|_| wrong("no JWT"))?;
    if header.kid != key.common.key_id {
        return Err(wrong("unknown key"));
    }
    let mut validation = Validation::new(Algorithm::ES384);
    validation.algorithms = vec![Algorithm::ES384, Algorithm::RS384];
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let decoding = DecodingKey::from_jwk(key).map_err(|_| wrong("no key"))?;
    validation.algorithms = vec![header.alg];
    let claims = decode::<Value>(assertion, &decoding, &validation).map_err(|_| wrong("bad signature"))?.claims;
    if claims["aud"] != json!(format!("http://{}/auth/token", server.address)) {
        return Err(wrong("the aud claim is not me"));
    }
    if claims["iss"] != "our-client" || claims["sub"] != "our-client" {
        return Err(wrong("unknown client"));
    }
    let here = (now() + server.ahead).as_second();
    let expires = claims["exp"].as_i64().unwrap();
    if expires <= here || expires > here + 300 {
        return Err(wrong("assertion expired or too far in the future"));
    }
    if !server.seen.lock().unwrap().ids.insert(claims["jti"].as_str().unwrap().to_owned()) {
        return Err(wrong("jti was used before"));
    }
    Ok(())
}
