//! What the plugins of the gateway did, as it is told.

#![expect(clippy::unwrap_used, reason = "a name that is none fails the test")]

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use gateway_domain::plugin::{Plugin, PluginKind, PluginName, PluginStatus};
use gateway_domain::plugin_call::{
    CallError, CallFigures, CallInput, CallOutcome, HostFunction, HostUse, HttpTraffic, PluginCall, PluginFunction, PluginReport,
};
use gateway_domain::user::Role;
use gateway_ports::plugins::{ChannelPlugin, JourneyPlugin, PluginError, Plugins, SegmentPlugin};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::world::{OneChannel, World};

/// A gateway with one plugin, a channel that was called once and did not answer.
pub(crate) struct OnePlugin;

const NAME: &str = "channel-probe";
const WHY: &str = "it took longer than 120 s";

impl Plugins for OnePlugin {
    fn list(&self) -> Vec<Plugin> {
        vec![Plugin {
            name: PluginName::new(NAME).unwrap(),
            version: "1.0.0".into(),
            kind: PluginKind::Channel,
            description: "Carries mail.".into(),
            digest: "00".into(),
            asks: Vec::new(),
            granted: Vec::new(),
            bundled: true,
            status: PluginStatus::Active,
            calls: 1,
            failures: 1,
            last_error: Some(WHY.into()),
        }]
    }

    fn segment(&self, name: &PluginName) -> Result<Arc<dyn SegmentPlugin>, PluginError> {
        Err(missing("segment", name.as_str()))
    }

    fn journey(&self, name: &PluginName, _: Option<&str>) -> Result<Arc<dyn JourneyPlugin>, PluginError> {
        Err(missing("journey", name.as_str()))
    }

    fn channel(&self, medium: &str) -> Result<Arc<dyn ChannelPlugin>, PluginError> {
        if medium == "email" { Ok(Arc::new(OneChannel(PluginName::new(NAME).unwrap()))) } else { Err(missing("channel", medium)) }
    }

    fn resume(&self, name: &PluginName) -> Result<(), PluginError> {
        self.calls(name).map(drop)
    }

    fn report(&self, name: &PluginName) -> Result<PluginReport, PluginError> {
        let call = self.calls(name)?.remove(0);
        let mut figures = CallFigures::default();
        figures.count(&call);
        let (number, at, function, outcome) = (call.number, call.at, call.function, call.outcome);
        let errors = vec![CallError { number, at, function, outcome, reason: WHY.into() }];
        Ok(PluginReport { since: Timestamp::UNIX_EPOCH, functions: vec![(function, figures)], errors })
    }

    fn calls(&self, name: &PluginName) -> Result<Vec<PluginCall>, PluginError> {
        if name.as_str() != NAME {
            return Err(missing("any", name.as_str()));
        }
        Ok(vec![PluginCall {
            number: 7,
            at: Timestamp::UNIX_EPOCH,
            version: "1.0.0".into(),
            function: PluginFunction::Send,
            outcome: CallOutcome::TimedOut,
            reason: Some(Cow::Borrowed(WHY)),
            inputs: vec![CallInput::counted("messages", 2).of(vec![CallInput::sized("body", 512)])],
            host: vec![HostUse { function: HostFunction::MailRelay, calls: 2, time: Duration::from_secs(119) }],
            time: Duration::from_mins(2),
            computing: Duration::from_millis(1_500),
            waiting: Duration::from_millis(118_500),
            queueing: Duration::ZERO,
            fuel: 1_000,
            memory_bytes: 65_536,
            http: HttpTraffic { requests: 1, sent_bytes: 2, received_bytes: 3 },
        }])
    }
}

pub(crate) fn missing(kind: &'static str, name: &str) -> PluginError {
    PluginError::Missing { kind, name: name.to_owned() }
}

#[tokio::test]
async fn a_plugin_is_shown_with_what_it_did_and_why_it_last_gave_no_answer() {
    let world = World::new().await;
    let cookie = world.sign_in(Role::Operator).await;
    let plugin = world.get("/api/v1/plugins/channel-probe", &cookie).await;
    assert_eq!(plugin.status, StatusCode::OK, "{}", plugin.text);
    let plugin = plugin.json();
    assert_eq!((&plugin["name"], &plugin["kind"], &plugin["since"]), (&json!(NAME), &json!("channel"), &json!("1970-01-01T00:00:00Z")));
    let total = &plugin["total"];
    assert_eq!((&total["calls"], &total["timed_out"], &total["answered"], &total["mails"]), (&json!(1), &json!(1), &json!(0), &json!(2)));
    assert_eq!((&total["longest_seconds"], &total["computing_seconds"]), (&json!(120.0), &json!(1.5)));
    assert_eq!(total["http"], json!({ "requests": 1, "sent_bytes": 2, "received_bytes": 3 }));
    assert_eq!(plugin["functions"][0]["function"], json!("send"));
    let error = json!({ "number": 7, "at": "1970-01-01T00:00:00Z", "function": "send", "outcome": "timed-out", "reason": WHY });
    assert_eq!(plugin["errors"], json!([error]));
}

#[tokio::test]
async fn a_call_is_shown_by_the_names_and_sizes_of_its_inputs() {
    let world = World::new().await;
    let cookie = world.sign_in(Role::Operator).await;
    let calls = world.get("/api/v1/plugins/channel-probe/calls", &cookie).await;
    assert_eq!(calls.status, StatusCode::OK, "{}", calls.text);
    let calls = calls.json();
    let call = &calls["items"][0];
    assert_eq!((&calls["total"], &call["number"], &call["outcome"]), (&json!(1), &json!(7), &json!("timed-out")));
    let body = json!({ "name": "body", "count": Value::Null, "bytes": 512, "fields": [] });
    assert_eq!(call["inputs"], json!([{ "name": "messages", "count": 2, "bytes": Value::Null, "fields": [body] }]));
    assert_eq!(call["host"], json!([{ "function": "mail.relay", "calls": 2, "time_seconds": 119.0 }]));
    assert_eq!((&call["waiting_seconds"], &call["memory_bytes"]), (&json!(118.5), &json!(65_536)));
}

#[tokio::test]
async fn a_plugin_that_is_not_there_did_nothing() {
    let world = World::new().await;
    let cookie = world.sign_in(Role::Operator).await;
    for path in ["nobody", "nobody/calls", "No%20Name", "No%20Name/calls"] {
        let answer = world.get(&format!("/api/v1/plugins/{path}"), &cookie).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.text);
    }
}
