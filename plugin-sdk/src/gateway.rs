//! What the gateway does for a channel that asked for it and was granted it: mail, HTTP, small things kept, secrets used. In a component it
//! is the gateway itself, in a test [`FakeGateway`](crate::testing::FakeGateway).
//!
//! ```
//! use outreach_plugin_sdk::gateway::{Gateway as _, Hash, HttpError, HttpRequest};
//! use outreach_plugin_sdk::testing::FakeGateway;
//!
//! let mut gateway = FakeGateway::default().answer_http(200, "pong").secret("webhook", b"hush");
//! assert_eq!(gateway.http(&HttpRequest::get("https://api.sms.example/ping")).unwrap().body, b"pong");
//! gateway.set("last-ping", b"2026-11-23").unwrap();
//! assert_eq!(gateway.get("last-ping").unwrap().as_deref(), Some(b"2026-11-23".as_slice()));
//!
//! // What was not given is refused: a server, a secret.
//! let refused = gateway.http(&HttpRequest::get("https://other.example/"));
//! assert!(matches!(refused, Err(HttpError::NotSent(_))));
//! assert!(gateway.sign("token", Hash::Sha256, b"text").is_err());
//! ```

pub use crate::bindings::channel::outreach::plugin::mail::RelayOutcome;
pub use crate::bindings::channel::outreach::plugin::secret::Hash;
use crate::segment::PluginError;

/// What a channel has of the gateway.
pub trait Gateway {
    /// Hands one complete RFC 5322 message for one recipient to the hospital's mail relay. Capability `mail`.
    fn relay(&mut self, envelope_from: &str, envelope_to: &str, message: &[u8]) -> RelayOutcome;

    /// Sends a request, and waits for the whole response. Redirects are answers like others. Capability `http`.
    ///
    /// # Errors
    /// [`HttpError`], which says whether the server may have got the request.
    fn http(&mut self, request: &HttpRequest) -> Result<HttpResponse, HttpError>;

    /// What is kept under a key. Capability `key-value`.
    ///
    /// # Errors
    /// Where the gateway can't answer now.
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, PluginError>;

    /// Keeps a value of at most 64 KiB under a key of at most 128 bytes. Capability `key-value`.
    ///
    /// # Errors
    /// `Refused` where there is no room left.
    fn set(&mut self, key: &str, value: &[u8]) -> Result<(), PluginError>;

    /// Forgets a key. Capability `key-value`.
    ///
    /// # Errors
    /// Where the gateway can't do it now.
    fn delete(&mut self, key: &str) -> Result<(), PluginError>;

    /// The HMAC (RFC 2104) of a message by a secret. Capability `secret:` with its name.
    ///
    /// # Errors
    /// `Refused` where there is no such secret.
    fn sign(&mut self, secret: &str, hash: Hash, message: &[u8]) -> Result<Vec<u8>, PluginError>;

    /// Whether a signature is the HMAC of a message by a secret. Capability `secret:` with its name.
    ///
    /// # Errors
    /// `Refused` where there is no such secret.
    fn verify(&mut self, secret: &str, hash: Hash, message: &[u8], signature: &[u8]) -> Result<bool, PluginError>;
}

/// A request to a server.
///
/// In the value of a header, the gateway puts a secret in the place of `{{secret:name}}`, and `user:secret` in Base64 in the place of
/// `{{basic:user:name}}`.
///
/// ```
/// use outreach_plugin_sdk::gateway::HttpRequest;
///
/// let request = HttpRequest::post("https://api.sms.example/v1/messages", "application/json", br#"{"to": "+15550100"}"#)
///     .header("authorization", "Bearer {{secret:token}}");
/// assert_eq!(request.method, "POST");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET`, `POST`...
    pub method: String,
    /// `https://`, the host, and what comes after it.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body; empty is none.
    pub body: Vec<u8>,
}

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// RFC 9110 section 15.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpError {
    /// The gateway or the server's name or door refused it: the server certainly did not get the request.
    NotSent(String),
    /// It may have got it.
    Unknown(String),
}

impl HttpRequest {
    /// A `GET`.
    pub fn get(url: impl Into<String>) -> Self {
        Self { method: "GET".into(), url: url.into(), headers: Vec::new(), body: Vec::new() }
    }

    /// A `POST` of a body of a kind.
    pub fn post(url: impl Into<String>, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type".into(), content_type.into())];
        Self { method: "POST".into(), url: url.into(), headers, body: body.into() }
    }

    /// One more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

impl HttpResponse {
    /// Whether the server did what was asked: a status of 200 to 299.
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// The first value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(target_arch = "wasm32")]
pub(crate) use self::real::RealGateway;

#[cfg(target_arch = "wasm32")]
mod real {
    use super::{Gateway, Hash, HttpError, HttpRequest, HttpResponse, RelayOutcome};
    use crate::bindings::channel::outreach::plugin::{key_value, mail, secret};
    use crate::bindings::channel::wasi::http::outgoing_handler::handle;
    use crate::bindings::channel::wasi::http::types::{ErrorCode, Fields, IncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme};
    use crate::bindings::channel::wasi::io::streams::StreamError;
    use crate::segment::PluginError;

    /// The gateway of a component.
    pub(crate) struct RealGateway;

    impl Gateway for RealGateway {
        fn relay(&mut self, envelope_from: &str, envelope_to: &str, message: &[u8]) -> RelayOutcome {
            mail::relay(envelope_from, envelope_to, message)
        }

        fn http(&mut self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
            let response = send(request)?;
            read(&response).map_err(HttpError::Unknown)
        }

        fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, PluginError> {
            key_value::get(key)
        }

        fn set(&mut self, key: &str, value: &[u8]) -> Result<(), PluginError> {
            key_value::set(key, value)
        }

        fn delete(&mut self, key: &str) -> Result<(), PluginError> {
            key_value::delete(key)
        }

        fn sign(&mut self, name: &str, hash: Hash, message: &[u8]) -> Result<Vec<u8>, PluginError> {
            secret::sign(name, hash, message)
        }

        fn verify(&mut self, name: &str, hash: Hash, message: &[u8], signature: &[u8]) -> Result<bool, PluginError> {
            secret::verify(name, hash, message, signature)
        }
    }

    fn send(request: &HttpRequest) -> Result<IncomingResponse, HttpError> {
        let wrong = |what: &str| HttpError::NotSent(format!("{what} can't be used"));
        let headers: Vec<(String, Vec<u8>)> =
            request.headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect();
        let outgoing = OutgoingRequest::new(Fields::from_list(&headers).map_err(|_| wrong("a header"))?);
        let (scheme, rest) = request.url.split_once("://").ok_or_else(|| wrong("the URL"))?;
        let scheme = match scheme {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            _ => return Err(wrong("the URL's scheme")),
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = path.split('#').next().unwrap_or_default();
        outgoing.set_method(&method(&request.method)).map_err(|()| wrong("the method"))?;
        outgoing.set_scheme(Some(&scheme)).map_err(|()| wrong("the URL's scheme"))?;
        outgoing.set_authority(Some(authority)).map_err(|()| wrong("the URL's host"))?;
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        outgoing.set_path_with_query(Some(&path)).map_err(|()| wrong("the URL's path"))?;
        let body = if request.body.is_empty() { None } else { outgoing.body().ok() };
        let coming = handle(outgoing, None).map_err(|error| failed(&error))?;
        if let Some(body) = body {
            // A server may answer before it has the whole, and a refused request takes none: what went wrong the response tells.
            let _ = write(body, &request.body);
        }
        coming.subscribe().block();
        match coming.get() {
            Some(Ok(Ok(response))) => Ok(response),
            Some(Ok(Err(error))) => Err(failed(&error)),
            Some(Err(())) | None => Err(HttpError::Unknown("the response was taken before".into())),
        }
    }

    /// Whether the whole body went out.
    fn write(body: OutgoingBody, bytes: &[u8]) -> Result<(), ()> {
        let stream = body.write()?;
        for piece in bytes.chunks(4096) {
            stream.blocking_write_and_flush(piece).map_err(drop)?;
        }
        drop(stream);
        OutgoingBody::finish(body, None).map_err(drop)
    }

    fn read(response: &IncomingResponse) -> Result<HttpResponse, String> {
        let status = response.status();
        let headers = response.headers().entries().into_iter();
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), String::from_utf8_lossy(&value).into_owned())).collect();
        let body = response.consume().map_err(|()| "the body was taken before".to_owned())?;
        let stream = body.stream().map_err(|()| "the body was taken before".to_owned())?;
        let mut bytes = Vec::new();
        loop {
            match stream.blocking_read(64 << 10) {
                Ok(piece) => bytes.extend_from_slice(&piece),
                Err(StreamError::Closed) => return Ok(HttpResponse { status, headers, body: bytes }),
                Err(StreamError::LastOperationFailed(error)) => return Err(error.to_debug_string()),
            }
        }
    }

    fn method(name: &str) -> Method {
        match name {
            "GET" => Method::Get,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "DELETE" => Method::Delete,
            "PATCH" => Method::Patch,
            "HEAD" => Method::Head,
            other => Method::Other(other.to_owned()),
        }
    }

    /// Before a connection stands, nothing was sent.
    fn failed(error: &ErrorCode) -> HttpError {
        let words = format!("{error:?}");
        match error {
            ErrorCode::HttpRequestDenied
            | ErrorCode::DnsTimeout
            | ErrorCode::DnsError(_)
            | ErrorCode::DestinationNotFound
            | ErrorCode::DestinationIpProhibited
            | ErrorCode::DestinationIpUnroutable
            | ErrorCode::ConnectionRefused
            | ErrorCode::ConnectionTimeout
            | ErrorCode::ConnectionLimitReached
            | ErrorCode::TlsCertificateError
            | ErrorCode::HttpRequestUriInvalid
            | ErrorCode::HttpRequestMethodInvalid
            | ErrorCode::HttpRequestBodySize(_) => HttpError::NotSent(words),
            _ => HttpError::Unknown(words),
        }
    }
}
