//! The program as a process, and its API.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::eventually;

/// The program, built beside these tests.
pub(crate) fn program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let path = tests.ancestors().nth(2).unwrap().join("outreach");
    assert!(path.exists(), "the program is not built: run `cargo build --bin outreach` (looked for {})", path.display());
    path
}

/// Runs a command to its end.
pub(crate) fn outreach(config: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(program())
        .arg("--config")
        .arg(config)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// Runs a command that must succeed, and gives what it said.
pub(crate) fn outreach_ok(config: &Path, arguments: &[&str], input: &str) -> String {
    let output = outreach(config, arguments, input);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "outreach {arguments:?} failed: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// `outreach serve` as a process. Killed when dropped.
pub(crate) struct Serving {
    child: Child,
}

impl Serving {
    /// Starts it; what it logs goes to a file beside the configuration.
    pub(crate) fn start(config: &Path) -> Self {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(config.with_extension("log")).unwrap();
        let child = Command::new(program())
            .arg("--config")
            .arg(config)
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { child }
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The API, signed in.
pub(crate) struct Api {
    client: reqwest::Client,
    base: String,
}

impl Api {
    /// Waits for the gateway and signs in.
    pub(crate) async fn sign_in(base: &str, email: &str, password: &str) -> Self {
        let client = client();
        let credentials = serde_json::json!({ "email": email, "password": password });
        let cookie = eventually("the sign-in", Duration::from_mins(1), || {
            let request = client.post(format!("{base}/api/v1/session")).header("origin", base).json(&credentials);
            async move {
                let answer = request.send().await.ok()?;
                assert!(answer.status().is_success(), "sign-in: {} {}", answer.status(), answer.text().await.unwrap_or_default());
                let cookie = answer.headers().get("set-cookie").unwrap().to_str().unwrap();
                Some(cookie.split(';').next().unwrap().to_owned())
            }
        })
        .await;
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("cookie", cookie.parse().unwrap());
        headers.insert("origin", base.parse().unwrap());
        let client = reqwest::Client::builder().default_headers(headers).redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { client, base: base.to_owned() }
    }

    /// Reads; `None` while the gateway does not answer.
    pub(crate) async fn try_get(&self, path: &str) -> Option<Value> {
        let answer = self.client.get(format!("{}/api/v1{path}", self.base)).send().await.ok()?;
        if !answer.status().is_success() {
            return None;
        }
        answer.json().await.ok()
    }

    /// Reads.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.client.get(format!("{}/api/v1{path}", self.base)).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "GET {path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Reads what is no JSON.
    pub(crate) async fn text(&self, path: &str) -> String {
        let answer = self.client.get(format!("{}/api/v1{path}", self.base)).send().await.unwrap();
        assert!(answer.status().is_success(), "GET {path}: {}", answer.status());
        answer.text().await.unwrap()
    }

    /// How many messages are about to go on by themselves: in the mail's hands, tried and to be tried again, not decided yet, or held for the
    /// sync that is under way. Those that wait for something else, an hour or an answer, don't count. `None` while the gateway does not answer.
    pub(crate) async fn moving(&self) -> Option<usize> {
        let due = self.try_get("/messages?status=due&limit=200").await?;
        let moves =
            |message: &&Value| message["reason"].is_null() || message["reason"] == "stale-source" || message["tries"].as_u64() > Some(0);
        let due = due["items"].as_array()?.iter().filter(moves).count();
        let in_flight = self.try_get("/messages?status=in-flight").await?["total"].as_u64()?;
        Some(due + usize::try_from(in_flight).unwrap())
    }

    /// Whether everybody of the demonstration's segment has a message, where there is a journey, and none of them moves any more. `None`
    /// while the gateway does not answer, or not everybody is there yet.
    pub(crate) async fn is_at_rest(&self) -> Option<bool> {
        let journeys = self.try_get("/journeys").await?;
        if let Some(journey) = journeys["items"].as_array()?.first() {
            let segments = self.try_get("/segments").await?;
            let is_due = |segment: &&Value| segment["key"] == "breast-cancer-screening-due";
            let members = segments["items"].as_array()?.iter().find(is_due)?["members"].as_u64()?;
            let runs = self.try_get(&format!("/journeys/{}/runs", journey["id"].as_str()?)).await?["total"].as_u64()?;
            // First that they are there: one that is not yet does not move either.
            let messages = self.try_get("/messages").await?["total"].as_u64()?;
            if members <= 3 || runs < members || messages < runs {
                return None;
            }
        }
        Some(self.moving().await? == 0)
    }

    /// Changes.
    pub(crate) async fn send(&self, method: reqwest::Method, path: &str, body: &Value) -> reqwest::Response {
        self.client.request(method, format!("{}/api/v1{path}", self.base)).json(body).send().await.unwrap()
    }

    /// All items of a list, page by page.
    pub(crate) async fn all(&self, path: &str) -> Vec<Value> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let mut items = Vec::new();
        loop {
            let page = self.get(&format!("{path}{separator}offset={}&limit=200", items.len())).await;
            let found = page["items"].as_array().unwrap().clone();
            let total = page["total"].as_u64().unwrap() as usize;
            items.extend(found.iter().cloned());
            if found.is_empty() || items.len() >= total {
                return items;
            }
        }
    }
}

/// A client that follows no redirect.
pub(crate) fn client() -> reqwest::Client {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(Duration::from_secs(20)).build().unwrap()
}
