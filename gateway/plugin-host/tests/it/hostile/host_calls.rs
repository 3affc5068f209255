//! Guests that use the host interfaces they were granted against the host: floods, huge arguments, and waits without end.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use gateway_domain::capability::Capability;
use gateway_domain::code::Coding;
use gateway_domain::plugin_call::{CallOutcome, HostFunction};
use gateway_domain::value_set::{ValueSet, ValueSetSummary};
use gateway_plugin_host::{HostConfig, HostDependencies, PluginHost};
use gateway_ports::mail::{MailRelay, RelayOutcome};
use gateway_ports::plugins::{PluginError, Plugins, SendOutcome};
use gateway_ports::terminology::{Terminology, TerminologyError};
use rstest::rstest;

use super::calls::{SLACK, check, installed, message, neighbour};
use super::guest::Guest;
use super::resident_bytes;
use crate::{HandClock, bench};

const GRANTS: [Capability; 3] = [Capability::Log, Capability::Lookup, Capability::Mail];

fn logging(body: &str) -> Guest {
    Guest::segment().imports("log", "write", "(param i32 i32 i32)").does("check", body)
}

fn displaying(body: &str) -> Guest {
    Guest::segment().imports("lookup", "display", "(param i32 i32 i32 i32 i32)").does("check", body)
}

/// Terminology that knows nothing, and counts how often it is asked.
#[derive(Default)]
struct Asked(AtomicUsize);

#[async_trait]
impl Terminology for Asked {
    async fn value_set(&self, value_set: &str) -> Result<ValueSet, TerminologyError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err(TerminologyError::Unknown(value_set.to_owned()))
    }

    async fn find(&self, value_set: &str) -> Result<ValueSetSummary, TerminologyError> {
        Err(TerminologyError::Unknown(value_set.to_owned()))
    }

    async fn list(&self) -> Result<Vec<ValueSetSummary>, TerminologyError> {
        Ok(Vec::new())
    }

    async fn revision(&self) -> Result<i64, TerminologyError> {
        Ok(0)
    }

    async fn display(&self, _coding: &Coding) -> Option<String> {
        self.0.fetch_add(1, Ordering::Relaxed);
        None
    }
}

/// A relay that never answers.
struct Silent;

#[async_trait]
impl MailRelay for Silent {
    async fn relay(&self, _from: &str, _to: &str, _message: &[u8]) -> RelayOutcome {
        pending().await
    }
}

fn host(config: HostConfig, asked: &Arc<Asked>) -> PluginHost {
    let clock = Arc::new(HandClock::default());
    PluginHost::new(
        config,
        HostDependencies { mail: Some(Arc::new(Silent)), terminology: Some(asked.clone()), ..HostDependencies::new(clock) },
    )
    .unwrap()
}

#[rstest]
#[case::log_lines(logging("(loop (call $log (i32.const 1) (i32.const 0) (i32.const 20)) br 0) unreachable"))]
#[case::empty_log_lines(logging("(loop (call $log (i32.const 1) (i32.const 0) (i32.const 0)) br 0) unreachable"))]
#[case::lookups(displaying(
    "(loop (call $lookup (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 4) (i32.const 64)) br 0) unreachable"
))]
#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_stopped_at_a_flood_of(#[case] guest: Guest) {
    let bench = bench();
    let (name, well) = (installed(&bench, &guest).await, neighbour(&bench).await);
    let started = Instant::now();
    let error = check(&bench, &name, "{}").await.unwrap_err();
    assert!(matches!(&error, PluginError::Stopped { .. }), "{error}");
    assert!(error.to_string().contains("called the host") || error.to_string().contains("computed for longer"), "{error}");
    assert!(started.elapsed() < HostConfig::for_testing().compute_time + SLACK, "it took {:?}", started.elapsed());
    check(&bench, &well, "{}").await.unwrap();
}

#[rstest]
#[case::a_line_of_a_megabyte_again_and_again(
    "(loop (call $log (i32.const 1) (i32.const 0) (i32.const 1000000)) (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if 0 (i32.lt_u (local.get $i) (i32.const 100)))) i32.const 16"
)]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_logged_too_much_is_dropped_and_the_call_goes_on(#[case] body: &str) {
    let bench = bench();
    let name = installed(&bench, &logging(body)).await;
    check(&bench, &name, "{}").await.unwrap();
}

#[rstest]
#[case::a_line_longer_than_an_answer_may_be("(call $log (i32.const 1) (i32.const 0) (i32.const 1048577)) i32.const 16", "")]
#[case::a_line_past_the_end_of_memory("(call $log (i32.const 1) (i32.const 16) (i32.const -1)) i32.const 16", "out of bounds")]
#[case::a_line_that_is_no_utf_8(
    "(i32.store (i32.const 64) (i32.const -1)) (call $log (i32.const 1) (i32.const 64) (i32.const 4)) i32.const 16",
    "utf-8"
)]
#[case::a_line_of_no_level("(call $log (i32.const 77) (i32.const 64) (i32.const 4)) i32.const 16", "discriminant")]
#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_stopped_at(#[case] body: &str, #[case] reason: &str) {
    let bench = bench();
    let name = installed(&bench, &logging(body)).await;
    let error = check(&bench, &name, "{}").await.unwrap_err();
    assert!(matches!(&error, PluginError::Stopped { .. }) && error.to_string().contains(reason), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_the_host_that_goes_past_the_end_of_memory_stops_the_call() {
    let bench = bench();
    let guest = displaying("(call $lookup (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 4) (i32.const 0x7ffffff0)) i32.const 16");
    let name = installed(&bench, &guest).await;
    let error = check(&bench, &name, "{}").await.unwrap_err();
    assert!(error.to_string().contains("out of bounds"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn room_for_an_answer_of_the_host_may_not_call_the_host_again() {
    let bench = bench();
    let again = "(call $lookup (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 4) (i32.const 64)) i32.const 4096";
    let guest = displaying("i32.const 16").realloc(again);
    let name = installed(&bench, &guest).await;
    let error = check(&bench, &name, "{}").await.unwrap_err();
    assert!(matches!(&error, PluginError::Stopped { .. }) && error.to_string().contains("leave"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lookups_of_huge_names_are_not_remembered_and_reach_no_terminology() {
    let asked = Arc::new(Asked::default());
    let host = host(HostConfig { park_after: u32::MAX, fuel: u64::MAX, ..HostConfig::for_testing() }, &asked);
    // Each time another name of 900,000 letters: the number of the round stands in front of it.
    let body = "(memory.fill (i32.const 4096) (i32.const 97) (i32.const 900000))
        (loop
            (i32.store (i32.const 4096) (i32.add (i32.const 0x61616161) (i32.and (local.get $i) (i32.const 0x0f0f0f0f))))
            (call $lookup (i32.const 4096) (i32.const 900000) (i32.const 0) (i32.const 4) (i32.const 64))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get $i) (i32.const 200))))
        i32.const 16";
    let guest = displaying(body);
    let name = host.install(&guest.manifest(), &guest.component(), &GRANTS, false).await.unwrap().name;
    let before = resident_bytes();
    let _ = host.segment(&name).unwrap().check("{}").await;
    let more = resident_bytes().saturating_sub(before);
    assert_eq!(asked.0.load(Ordering::Relaxed), 0);
    assert!(more < 64 << 20, "{more} bytes more after lookups of 180 MB");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lookup_of_a_name_that_somebody_may_know_reaches_the_terminology() {
    let asked = Arc::new(Asked::default());
    let host = host(HostConfig::for_testing(), &asked);
    let guest = displaying("(call $lookup (i32.const 0) (i32.const 2048) (i32.const 0) (i32.const 2048) (i32.const 64)) i32.const 16");
    let name = host.install(&guest.manifest(), &guest.component(), &GRANTS, false).await.unwrap().name;
    host.segment(&name).unwrap().check("{}").await.unwrap();
    assert_eq!(asked.0.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_waits_for_a_relay_that_never_answers_ends_and_its_message_may_have_gone_out() {
    let asked = Arc::new(Asked::default());
    let call_time = Duration::from_millis(300);
    let host = host(HostConfig { call_time, ..HostConfig::for_testing() }, &asked);
    let relay = "(call $mail (i32.const 0) (i32.const 1) (i32.const 1100) (i32.const 15) (i32.const 0) (i32.const 1) (i32.const 2000)) i32.const 16";
    let guest = Guest::channel()
        .imports("mail", "relay", "(param i32 i32 i32 i32 i32 i32 i32)")
        .does("send", relay)
        .with(r#"(data (i32.const 1100) "ana@example.org")"#);
    let name = host.install(&guest.manifest(), &guest.component(), &GRANTS, false).await.unwrap().name;
    let started = Instant::now();
    let outcomes = host.channel("fax").unwrap().send("{}", &[message("ana@example.org")]).await.unwrap();
    assert!(matches!(&outcomes[..], [SendOutcome::Unknown(reason)] if reason.contains("took longer")), "{outcomes:?}");
    assert!(started.elapsed() < call_time + SLACK, "it took {:?}", started.elapsed());
    let call = host.calls(&name).unwrap().remove(0);
    let relay = call.host.iter().find(|used| used.function == HostFunction::MailRelay).unwrap();
    assert_eq!((call.outcome, relay.calls), (CallOutcome::TimedOut, 1));
    assert!(relay.time > call_time / 2 && call.waiting >= relay.time, "the time was the relay's: {call:?}");
}
