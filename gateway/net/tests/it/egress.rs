//! What the guarded client must not do, seen by the servers it must not do it to.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, Bytes},
    response::Redirect,
    routing::get,
};
use futures_util::{StreamExt, stream};
use gateway_net::egress::{
    AddressKind, Credential, Egress, EgressError, EgressPolicy, EgressRequest, HostResolver, Origin, RefusedReason, Retry, TimeoutStage,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::{net::TcpListener, time::sleep};
use tower_http::compression::CompressionLayer;
use url::Url;

use crate::start;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn egress() -> Egress {
    Egress::new(EgressPolicy::for_testing()).unwrap()
}

fn bearer() -> Credential {
    Credential::Bearer("top-secret".to_owned().into())
}

/// Answers with one address after the other, and counts the questions.
struct Scripted {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Scripted {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let answers = answers.iter().map(|one| one.iter().map(|it| it.parse().unwrap()).collect());
        Arc::new(Self { answers: answers.collect(), asked: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl HostResolver for Scripted {
    async fn resolve(&self, _host: &str) -> io::Result<Vec<IpAddr>> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        let last = self.answers.len().saturating_sub(1);
        Ok(self.answers.get(asked.min(last)).cloned().unwrap_or_default())
    }
}

/// A listener on loopback that counts who comes.
async fn canary(address: &str) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(address).await.unwrap();
    let (address, count) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let seen = count.clone();
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            seen.fetch_add(1, Ordering::SeqCst);
        }
    });
    (address, count)
}

/// Ways to write a host that must not be reached. Names resolve to 127.0.0.1 in this test.
const HOSTILE_HOSTS: [&str; 82] = [
    // This machine, spelled as inet_aton, browsers and people spell it.
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7F.0x0.0x0.0x1",
    "0x7f.1",
    "0177.0.0.1",
    "0177.1",
    "017700000001",
    "00000000177.0.0.1",
    "127.0.0.1.",
    "127.000.000.001",
    "127.255.255.254",
    "127。0。0。1",
    "127．0．0．1",
    "１２７.0.0.1",
    "①②⑦.⓪.⓪.①",
    "%31%32%37.0.0.1",
    "127.0.0.%31",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "loc%61lhost",
    "localtest.example",
    "127.0.0.1.nip.example",
    "evil.example",
    // Nowhere, everywhere, and reserved.
    "0",
    "0.0.0.0",
    "0x0",
    "0.1.2.3",
    "255.255.255.255",
    "4294967295",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.7",
    "192.88.99.1",
    // Somebody's inside.
    "10.0.0.1",
    "10.1",
    "012.0.0.1",
    "167772161",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.1",
    "0xc0a80001",
    "3232235521",
    "100.64.0.1",
    "100.127.255.254",
    // Metadata services.
    "169.254.169.254",
    "169.254.43518",
    "0xa9fea9fe",
    "2852039166",
    "0251.0376.0251.0376",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "[fd00:ec2::254]",
    "[fd20:ce::254]",
    // The same through IPv6.
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]",
    "[::ffff:0:10.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::10.0.0.1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[fe80::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[ff02::1]",
];

#[tokio::test]
async fn no_spelling_of_a_shut_address_is_connected_to() {
    let (address, visits) = canary("127.0.0.1:0").await;
    let policy = EgressPolicy { plain_http: true, ..EgressPolicy::default() };
    let egress = Egress::with_resolver(policy, Scripted::new(&[&["127.0.0.1"]])).unwrap();
    let mut refused = 0;
    for host in HOSTILE_HOSTS {
        let Ok(url) = Url::parse(&format!("http://{host}:{}/latest/meta-data?x=1", address.port())) else {
            // What can't be parsed can't be requested.
            refused += 1;
            continue;
        };
        let error = egress.send(EgressRequest::get(url)).await.unwrap_err();
        let is_address = matches!(error, EgressError::Refused { reason: RefusedReason::Address { .. }, .. });
        assert!(is_address, "{host}: {error}");
        assert_eq!(error.retry(), Retry::Never);
        refused += 1;
    }
    assert_eq!(refused, HOSTILE_HOSTS.len());
    assert_eq!(visits.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn schemes_and_user_names_are_refused() {
    let egress = Egress::new(EgressPolicy::default()).unwrap();
    for (text, expected) in [
        ("http://example.org/", RefusedReason::PlainHttp),
        ("ftp://example.org/", RefusedReason::Scheme),
        ("file:///etc/passwd", RefusedReason::Scheme),
        ("data:text/plain,x", RefusedReason::Scheme),
        ("https://user@example.org/", RefusedReason::UserInfo),
        ("https://:password@example.org/", RefusedReason::UserInfo),
    ] {
        match egress.send(EgressRequest::get(url(text))).await {
            Err(EgressError::Refused { reason, .. }) => assert_eq!(reason, expected, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn one_shut_address_among_open_ones_refuses_the_name() {
    let policy = EgressPolicy { plain_http: true, ..EgressPolicy::default() };
    let egress = Egress::with_resolver(policy, Scripted::new(&[&["8.8.8.8", "10.0.0.1"]])).unwrap();
    let error = egress.send(EgressRequest::get(url("http://mixed.example/"))).await.unwrap_err();
    let reason = RefusedReason::Address { kind: AddressKind::Private };
    assert!(matches!(error, EgressError::Refused { reason: it, .. } if it == reason), "{error}");
}

#[tokio::test]
async fn rebinding_name_is_resolved_once_and_its_second_answer_is_refused() {
    let router = Router::new().route("/", get(async || ([(header::CONNECTION, "close")], "the checked one")));
    let (address, _guard) = start(router).await;
    let (_, visits) = canary(&format!("127.0.0.2:{}", address.port())).await;
    let policy = EgressPolicy { allowed_networks: vec!["127.0.0.1".parse().unwrap()], plain_http: true, ..EgressPolicy::for_testing() };
    let resolver = Scripted::new(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let egress = Egress::with_resolver(policy, resolver.clone()).unwrap();
    let request = EgressRequest::get(url(&format!("http://rebinding.example:{}/", address.port())));

    let body = egress.send(request.clone()).await.unwrap().bytes(1_000).await.unwrap();
    assert_eq!(body, "the checked one");
    assert_eq!(resolver.asked.load(Ordering::SeqCst), 1);

    let error = egress.send(request).await.unwrap_err();
    assert!(matches!(error, EgressError::Refused { .. }), "{error}");
    assert_eq!(visits.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn listed_host_opens_inside_addresses_but_never_metadata() {
    let (address, _guard) = start(Router::new().route("/", get(async || "inside"))).await;
    let policy = |hosts: &[&str]| EgressPolicy {
        allowed_networks: Vec::new(),
        allowed_hosts: hosts.iter().map(ToString::to_string).collect(),
        ..EgressPolicy::for_testing()
    };
    let request = EgressRequest::get(url(&format!("http://fhir.inside.example:{}/", address.port())));
    let send = async |hosts: &[&str], answer: &str| {
        let egress = Egress::with_resolver(policy(hosts), Scripted::new(&[&[answer]])).unwrap();
        egress.send(request.clone()).await.map(|response| response.status())
    };
    assert_eq!(send(&["FHIR.inside.example"], "127.0.0.1").await.unwrap(), StatusCode::OK);
    assert!(send(&["other.inside.example"], "127.0.0.1").await.is_err());
    assert!(send(&["fhir.inside.example"], "169.254.169.254").await.is_err());
}

/// A server that keeps the credentials it is sent.
fn keeper() -> (Router, Arc<Mutex<Vec<Option<String>>>>) {
    let seen: Arc<Mutex<Vec<Option<String>>>> = Arc::default();
    let kept = seen.clone();
    let handler = async move |headers: HeaderMap| {
        let names = [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION];
        let credential = names.iter().find_map(|name| headers.get(name));
        let credential = credential.map(|it| it.to_str().unwrap().to_owned());
        kept.lock().unwrap().push(credential);
    };
    (Router::new().fallback(handler), seen)
}

#[tokio::test]
async fn credential_goes_to_its_own_origin_alone() {
    let (home, home_seen) = keeper();
    let (foreign, foreign_seen) = keeper();
    let (home, _home_guard) = start(home).await;
    let (foreign, _foreign_guard) = start(foreign).await;
    let origin = |address: SocketAddr| -> Origin { format!("http://{address}").parse().unwrap() };
    let bound = egress().for_origin(origin(home));
    let request = |address: SocketAddr| EgressRequest::get(url(&format!("http://{address}/next?page=2")));

    bound.send(request(home), Some(&bearer())).await.unwrap();
    assert_eq!(*home_seen.lock().unwrap(), [Some("Bearer top-secret".to_owned())]);

    let error = bound.send(request(foreign), Some(&bearer())).await.unwrap_err();
    assert!(matches!(error, EgressError::Refused { reason: RefusedReason::ForeignOrigin, .. }));
    assert!(foreign_seen.lock().unwrap().is_empty());

    // Listed, it is reached, and neither ours nor a smuggled credential comes along.
    let bound = bound.also_without_credentials([origin(foreign)]);
    bound.send(request(foreign), Some(&bearer())).await.unwrap();
    for name in [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION] {
        let smuggled = request(foreign).header(name, HeaderValue::from_static("secret"));
        bound.send(smuggled.clone(), Some(&bearer())).await.unwrap();
        egress().send(smuggled).await.unwrap();
    }
    // The same host under another name is another origin.
    let renamed = url(&format!("http://localhost:{}/", home.port()));
    assert!(bound.send(EgressRequest::get(renamed), Some(&bearer())).await.is_err());
    assert_eq!(*foreign_seen.lock().unwrap(), vec![None; 7]);
    assert_eq!(home_seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn redirect_is_handed_back_and_not_followed() {
    let (target, visits) = canary("127.0.0.1:0").await;
    let location = format!("http://{target}/elsewhere");
    let redirect = Redirect::temporary(&location);
    let router = Router::new()
        .route("/away", get(async move || redirect))
        .route("/on", get(async || (StatusCode::FOUND, [(header::LOCATION, "../there?x=1")])));
    let (address, _guard) = start(router).await;
    let bound = egress().for_origin(format!("http://{address}").parse().unwrap());
    let send = async |path: &str| {
        let request = EgressRequest::get(url(&format!("http://{address}{path}")));
        bound.send(request, Some(&bearer())).await.unwrap()
    };

    let response = send("/away").await;
    assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(response.redirect_target().unwrap().as_str(), location);
    let response = send("/on").await;
    assert_eq!(response.redirect_target().unwrap().as_str(), format!("http://{address}/there?x=1"));
    assert_eq!(visits.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn bodies_are_bounded_in_size_and_silence() {
    let router = Router::new()
        .route("/bomb", get(async || Bytes::from(vec![0; 8 << 20])))
        .layer(CompressionLayer::new())
        .route(
            "/stall",
            get(async || {
                let pieces = stream::iter([Ok::<_, io::Error>("begin")]).chain(stream::pending());
                Body::from_stream(pieces)
            }),
        )
        .route(
            "/cut",
            get(async || {
                let cut = stream::once(async {
                    sleep(Duration::from_millis(50)).await;
                    Err(io::Error::other("cut"))
                });
                let pieces = stream::iter([Ok("begin")]).chain(cut);
                ([(header::CONTENT_LENGTH, "1000")], Body::from_stream(pieces))
            }),
        );
    let (address, _guard) = start(router).await;
    let policy = EgressPolicy { idle_timeout: Duration::from_millis(200), ..EgressPolicy::for_testing() };
    let egress = Egress::new(policy).unwrap();
    let read = async |path: &str| {
        let request = EgressRequest::get(url(&format!("http://{address}{path}?name=Maria")));
        egress.send(request).await.unwrap().bytes(1 << 20).await.unwrap_err()
    };

    let error = read("/bomb").await;
    assert!(matches!(error, EgressError::TooLarge { limit: 0x10_0000, .. }), "{error}");
    let error = read("/stall").await;
    assert!(matches!(error, EgressError::Timeout { stage: TimeoutStage::Body, .. }), "{error}");
    let error = read("/cut").await;
    assert!(matches!(error, EgressError::Body { .. }) && error.may_have_been_received(), "{error}");
    assert!(!error.to_string().contains("Maria"), "{error}");
}

#[tokio::test]
async fn failures_say_who_failed_and_hide_the_query() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    let error = egress().send(EgressRequest::get(url(&format!("http://{closed}/a?name=Maria")))).await.unwrap_err();
    assert!(matches!(error, EgressError::Connect { .. }), "{error}");
    assert!(error.to_string().starts_with(&format!("no connection to http://{closed}/a:")), "{error}");
    assert!(!error.to_string().contains("Maria") && !error.may_have_been_received());

    let nowhere = Egress::with_resolver(EgressPolicy::for_testing(), Scripted::new(&[])).unwrap();
    let error = nowhere.send(EgressRequest::get(url("http://nowhere.example/?name=Maria"))).await.unwrap_err();
    assert!(matches!(error, EgressError::Dns { .. }), "{error}");
    assert_eq!(error.retry(), Retry::Later);

    // A listener that speaks no TLS.
    let (plain, _guard) = start(Router::new()).await;
    let error = egress().send(EgressRequest::get(url(&format!("https://{plain}/")))).await.unwrap_err();
    assert!(matches!(error, EgressError::Tls { .. }), "{error:?}");

    let (silent, _visits) = canary("127.0.0.1:0").await;
    let policy = EgressPolicy { response_timeout: Duration::from_millis(200), ..EgressPolicy::for_testing() };
    let error = Egress::new(policy).unwrap().send(EgressRequest::get(url(&format!("http://{silent}/")))).await.unwrap_err();
    assert!(error.may_have_been_received(), "{error}");
}
