//! Channels that use the web: what was granted goes out and comes back, and nothing else does.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use gateway_domain::capability::Capability;
use gateway_domain::plugin::PluginName;
use gateway_plugin_host::{HostConfig, HostDependencies, InstallError, PluginHost, PluginSettings, Secret};
use gateway_ports::http::{HttpClient, OutboundError, OutboundRequest, OutboundResponse};
use gateway_ports::plugins::{Notice, OutgoingMessage, PluginError, Plugins, SendOutcome, WebhookRequest};
use gateway_ports::store::{PluginValueStore, StoreError};
use jiff::Timestamp;
use rstest::rstest;

use crate::{HandClock, Same, built};

const OWN: &str = "https://api.example.org";
const HUSH: &str = "a-secret-nobody-sees";
const ASKS: [&str; 5] = ["http", "http:https://named.example.org", "secret:token", "secret:hook", "key-value"];

static COMPONENT: LazyLock<Vec<u8>> = LazyLock::new(|| built("probing"));

/// A server that says what it was asked, unless the path says otherwise.
#[derive(Default)]
struct Server(Mutex<Vec<OutboundRequest>>);

#[async_trait]
impl HttpClient for Server {
    async fn send(&self, request: OutboundRequest) -> Result<OutboundResponse, OutboundError> {
        self.0.lock().unwrap().push(request.clone());
        let answer =
            |status, body: Vec<u8>| Ok(OutboundResponse { status, headers: vec![("content-type".into(), b"text/plain".into())], body });
        let path = request.url.splitn(4, '/').nth(3).unwrap_or_default();
        match path {
            "slow" => {
                tokio::time::sleep(Duration::from_millis(900)).await;
                answer(200, b"at last".into())
            }
            "never" => std::future::pending().await,
            "large" => answer(200, vec![b'x'; request.most_bytes]),
            "echo" => answer(200, request.headers.iter().flat_map(|(_, value)| value.clone()).collect()),
            "cut" => Err(OutboundError::BrokenOff),
            "closed" => Err(OutboundError::NoConnection),
            "inside" => Err(OutboundError::Refused),
            _ => answer(202, format!("{} {} {}", request.method, request.url, String::from_utf8_lossy(&request.body)).into_bytes()),
        }
    }
}

/// Values in memory, for ten bytes.
#[derive(Default)]
struct Values(Mutex<BTreeMap<String, Vec<u8>>>);

#[async_trait]
impl PluginValueStore for Values {
    async fn plugin_value(&self, _: &PluginName, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.lock().unwrap().get(key).cloned())
    }
    async fn put_plugin_value(&self, _: &PluginName, key: &str, value: &[u8], _: u64) -> Result<bool, StoreError> {
        let fits = value.len() <= 10;
        if fits {
            self.0.lock().unwrap().insert(key.to_owned(), value.to_vec());
        }
        Ok(fits)
    }
    async fn delete_plugin_value(&self, _: &PluginName, key: &str) -> Result<(), StoreError> {
        self.0.lock().unwrap().remove(key);
        Ok(())
    }
    async fn plugin_value_keys(&self, _: &PluginName, _: &str, _: u32) -> Result<Vec<String>, StoreError> {
        Ok(self.0.lock().unwrap().keys().cloned().collect())
    }
}

fn manifest(asks: &[&str]) -> String {
    format!("name = \"probing\"\nversion = \"0.1.0\"\nkind = \"channel\"\ndescription = \"Probes.\"\nasks = {asks:?}")
}

struct Web {
    host: PluginHost,
    server: Arc<Server>,
}

async fn web_with(config: HostConfig) -> Web {
    let server = Arc::new(Server::default());
    let own = OWN.parse().unwrap();
    let secrets = [("token", Some(own)), ("hook", None)].map(|(name, origin)| (name.parse().unwrap(), Secret::new(HUSH, origin)));
    let settings = PluginSettings { origins: vec![OWN.parse().unwrap()], secrets: secrets.into(), ..PluginSettings::default() };
    let dependencies = HostDependencies {
        http: Some(server.clone()),
        values: Some(Arc::new(Values::default())),
        settings: [(PluginName::new("probing").unwrap(), settings)].into(),
        entropy: Some(Arc::new(Same)),
        ..HostDependencies::new(Arc::new(HandClock::default()))
    };
    let host = PluginHost::new(config, dependencies).unwrap();
    let grants: Vec<Capability> = ASKS.iter().map(|text| text.parse().unwrap()).collect();
    host.install(&manifest(&ASKS), &COMPONENT, &grants, false).await.unwrap();
    Web { host, server }
}

async fn web() -> Web {
    web_with(HostConfig::for_testing()).await
}

/// What a message has the plugin do: the address, the body, and attributes.
type Asked<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

impl Web {
    /// What became of each: what the plugin saw.
    async fn all(&self, messages: &[Asked<'_>]) -> Vec<String> {
        let messages: Vec<_> = messages
            .iter()
            .map(|(what, body, headers)| OutgoingMessage {
                key: "msg_1".to_owned(),
                to: (*what).to_owned(),
                content_kind: "text/plain".to_owned(),
                subject: None,
                body: body.as_bytes().to_vec(),
                attributes: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            })
            .collect();
        let outcomes = self.host.channel("probe").unwrap().send("{}", &messages).await.unwrap();
        let words = |outcome| if let SendOutcome::Unknown(words) = outcome { words } else { format!("{outcome:?}") };
        outcomes.into_iter().map(words).collect()
    }

    async fn sees(&self, what: &str, body: &str, headers: &[(&str, &str)]) -> String {
        self.all(&[(what, body, headers)]).await.remove(0)
    }

    fn asked(&self) -> usize {
        self.server.0.lock().unwrap().len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_to_a_granted_origin_goes_out_whole_and_its_answer_comes_back() {
    let web = web().await;
    let seen = web.sees(&format!("POST {OWN}/v1/messages?a=b"), "{\"text\": \"hello\"}", &[("content-type", "application/json")]).await;
    assert_eq!(seen, format!("202 POST {OWN}/v1/messages?a=b {{\"text\": \"hello\"}}"));
    assert_eq!(web.sees("GET https://named.example.org/x", "", &[]).await, "202 GET https://named.example.org/x ");
    let asked = web.server.0.lock().unwrap();
    assert_eq!(asked[0].headers, [("content-type".to_owned(), b"application/json".to_vec())]);
    assert_eq!(asked[0].plugin.as_str(), "probing");
}

#[rstest]
#[case("https://other.example.org/")]
#[case("http://api.example.org/")]
#[case("https://api.example.org:8443/")]
#[case("https://api.example.org.evil.example/")]
#[case("https://api.example.org@evil.example/")]
#[case("https://evil.example/?https://api.example.org/")]
#[case("http://169.254.169.254/latest/meta-data")]
#[case("http://[::1]/")]
#[case("https://metadata.google.internal/")]
#[tokio::test(flavor = "multi_thread")]
async fn a_request_to_any_other_place_never_leaves(#[case] url: &str) {
    let web = web().await;
    let seen = web.sees(&format!("GET {url}"), "", &[]).await;
    assert!(seen.starts_with("NotSent"), "{seen}");
    assert_eq!(web.asked(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_in_the_request_and_the_plugin_never_sees_it() {
    let web = web().await;
    let bearer = ("authorization", "Bearer {{secret:token}}");
    assert!(web.sees(&format!("GET {OWN}/"), "", &[bearer]).await.starts_with("202"));
    assert_eq!(web.server.0.lock().unwrap()[0].headers, [("authorization".to_owned(), format!("Bearer {HUSH}").into_bytes())]);
    // Not to another server, though that was granted too; not one that is for signatures alone, nor one that was not given.
    for (url, header) in [
        ("https://named.example.org/", "Bearer {{secret:token}}"),
        (OWN, "Bearer {{secret:hook}}"),
        (OWN, "Bearer {{secret:other}}"),
        (OWN, "{{basic:me:hook}}"),
    ] {
        let seen = web.sees(&format!("GET {url}"), "", &[("authorization", header)]).await;
        assert!(seen.starts_with("NotSent"), "{header} to {url}: {seen}");
    }
    // A server that sends it back does not make it known either.
    let echoed = web.sees(&format!("GET {OWN}/echo"), "", &[bearer, ("x", "{{basic:me:token}}")]).await;
    assert!(!echoed.contains(HUSH) && echoed.starts_with("NotSent"), "{echoed}");
    assert_eq!(web.asked(), 2);
}

#[rstest]
#[case("cut", "Unknown")]
#[case("closed", "NotSent")]
#[case("inside", "NotSent")]
#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_can_tell_what_was_not_sent_from_what_may_have_been(#[case] path: &str, #[case] told: &str) {
    let seen = web().await.sees(&format!("POST {OWN}/{path}"), "x", &[]).await;
    assert!(seen.starts_with(told), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_a_server_is_not_computing() {
    let web = web_with(HostConfig { compute_time: Duration::from_millis(300), ..HostConfig::for_testing() }).await;
    assert_eq!(web.sees(&format!("GET {OWN}/slow"), "", &[]).await, "200 at last");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_has_begun_ends_by_the_version_it_began_with() {
    let web = web().await;
    let (slow, grants) = (format!("GET {OWN}/slow"), ASKS.iter().map(|text| text.parse().unwrap()).collect::<Vec<Capability>>());
    let next = manifest(&ASKS).replace("0.1.0", "0.2.0");
    let (seen, installed) = tokio::join!(web.sees(&slow, "", &[]), web.host.install(&next, &COMPONENT, &grants, false));
    assert_eq!((seen.as_str(), installed.unwrap().version.as_str()), ("200 at last", "0.2.0"));
    assert_eq!(web.host.list()[0].version, "0.2.0");
    assert!(web.sees(&format!("GET {OWN}/"), "", &[]).await.starts_with("202"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_answers_ends_with_the_call() {
    let web = web_with(HostConfig { call_time: Duration::from_secs(1), ..HostConfig::for_testing() }).await;
    let started = Instant::now();
    let seen = web.sees(&format!("GET {OWN}/never"), "", &[]).await;
    assert!(seen.contains("longer than 1 s"), "{seen}");
    assert!(started.elapsed() < Duration::from_millis(1_200), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_and_bytes_of_a_call_are_counted() {
    let web = web().await;
    let url = format!("GET {OWN}/");
    let seen = web.all(&vec![(url.as_str(), "", &[][..]); 25]).await;
    assert_eq!(seen.iter().filter(|seen| seen.starts_with("202")).count(), 20);
    assert_eq!(web.asked(), 20);
    let (large, small) = (format!("GET {OWN}/large"), format!("POST {OWN}/"));
    let seen = web.all(&[(&large, "", &[]), (&small, "one byte more", &[])]).await;
    assert!(seen[1].starts_with("NotSent") || seen[1].starts_with("Unknown"), "{}", &seen[1]);
    assert_eq!(web.asked(), 21);
    let seen = web.sees(&small, &"x".repeat(700 << 10), &[]).await;
    assert!(!seen.starts_with("202") && web.asked() == 21, "{}", seen.chars().take(80).collect::<String>());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_keeps_is_there_in_the_next_call_as_far_as_there_is_room() {
    let web = web().await;
    assert_eq!(web.sees("get a", "", &[]).await, "Ok(None)");
    assert_eq!(web.sees("set a", "here", &[]).await, "Ok(())");
    assert_eq!(web.sees("get a", "", &[]).await, "Ok(Some(\"here\"))");
    assert!(web.sees("set a", "more than ten bytes", &[]).await.contains("keeps at most"));
    assert!(web.sees(&format!("set {}", "k".repeat(129)), "", &[]).await.contains("128 bytes"));
    assert_eq!(web.sees("delete a", "", &[]).await, "Ok(())");
    assert_eq!(web.sees("get a", "", &[]).await, "Ok(None)");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_is_made_and_checked_by_a_secret_that_stays_here() {
    let web = web().await;
    let signed = web.sees("sign hook", "body", &[]).await;
    let signature = signed.trim_start_matches("Ok(\"").trim_end_matches("\")").to_owned();
    assert_eq!(signature.len(), 64, "{signed}");
    assert_eq!(web.sees(&format!("verify hook {signature}"), "body", &[]).await, "Ok(true)");
    assert_eq!(web.sees(&format!("verify hook {signature}"), "bodx", &[]).await, "Ok(false)");
    assert_eq!(web.sees("verify hook 00", "body", &[]).await, "Ok(false)");
    assert!(web.sees("sign other", "body", &[]).await.contains("no secret of this name"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_granted_is_not_linked() {
    let web = web().await;
    let grants = |without: &str| {
        ASKS.iter().filter(|text| !text.starts_with(without)).map(|text| text.parse().unwrap()).collect::<Vec<Capability>>()
    };
    for (without, named) in [("http", "http:"), ("secret", "secret:"), ("key-value", "key-value")] {
        let error = web.host.install(&manifest(&ASKS), &COMPONENT, &grants(without), false).await.unwrap_err();
        assert!(matches!(&error, InstallError::NotGranted { capability, .. } if capability.starts_with(named)), "{error}");
        let asks: Vec<&str> = ASKS.into_iter().filter(|text| !text.starts_with(without)).collect();
        let error = web.host.install(&manifest(&asks), &COMPONENT, &grants("none"), false).await.unwrap_err();
        assert!(matches!(&error, InstallError::NotAsked { capability, .. } if capability.starts_with(named)), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_read_by_the_plugin_and_nothing_of_it_is_believed_that_can_not_be() {
    let web = web().await;
    let channel = web.host.channel("probe").unwrap();
    assert!(channel.has_webhook());
    let request = |body: &str| WebhookRequest {
        method: "POST".to_owned(),
        url: "https://outreach.example.org/webhooks/channel/probe".to_owned(),
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
        received_at: Timestamp::UNIX_EPOCH,
    };
    let receipt = channel.receive("{}", &request("m1")).await.unwrap();
    assert_eq!(receipt.status, 200);
    assert!(matches!(&receipt.notices[0], Notice::Delivery { provider_id, .. } if provider_id == "m1"));
    assert_eq!(receipt.notices[1], Notice::OptedOut("POST m1".to_owned()));
    assert!(matches!(channel.receive("{}", &request("forged")).await, Err(PluginError::Refused { .. })));
    assert!(matches!(channel.receive("{}", &request("loop")).await, Err(PluginError::Stopped { .. })));
    for nonsense in ["line", "status"] {
        assert!(matches!(channel.receive("{}", &request(nonsense)).await, Err(PluginError::Nonsense { .. })), "{nonsense}");
        channel.receive("{}", &request("well again")).await.unwrap();
    }
    assert!(matches!(channel.receive("{}", &request("many")).await, Err(PluginError::Nonsense { .. } | PluginError::Stopped { .. })));
}
