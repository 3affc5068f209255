//! The sandbox seen from outside, over HTTP, as a FHIR client sees it.

mod bulk;
mod faults;
mod folder;
mod push;
mod rest;
mod sign_in;

use std::time::Duration;

use ehr_sandbox::{Config, Running, start};
use jiff::civil::date;
use serde_json::Value;
use tokio::net::TcpListener;

/// A sandbox without sign-in and without delays, as of a fixed day.
pub(crate) fn quick(people: u64) -> Config {
    Config { people: Some(people), as_of: Some(date(2026, 11, 1)), open: true, export_delay: Duration::ZERO, ..Config::default() }
}

pub(crate) async fn serve(config: Config) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    start(config, listener).await.expect("the sandbox starts")
}

#[expect(clippy::disallowed_methods, reason = "the tests are a client from outside")]
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::new()
}

pub(crate) async fn get(url: &str) -> Value {
    let response = client().get(url).send().await.expect("an answer");
    assert!(response.status().is_success(), "{url}: {}", response.status());
    response.json().await.expect("JSON")
}

pub(crate) fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn link(bundle: &Value, relation: &str) -> Option<String> {
    let links = bundle.get("link")?.as_array()?;
    let found = links.iter().find(|link| text(link, "/relation") == relation)?;
    Some(text(found, "/url").to_owned())
}

pub(crate) fn entries(bundle: &Value) -> Vec<Value> {
    bundle.get("entry").and_then(Value::as_array).cloned().unwrap_or_default()
}

/// All matches of a search, page by page.
pub(crate) async fn search_all(url: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut next = Some(url.to_owned());
    while let Some(url) = next {
        let bundle = get(&url).await;
        found.extend(entries(&bundle).into_iter().filter_map(|entry| entry.get("resource").cloned()));
        next = link(&bundle, "next");
    }
    found
}
