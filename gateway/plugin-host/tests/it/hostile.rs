//! One plugin that means harm in many ways. Each way must end as an outcome with a reason, soon, and others must go on answering.

mod calls;
mod channels;
mod generated;
pub(crate) mod guest;
mod host_calls;
mod installs;
mod neighbours;

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use gateway_domain::capability::Capability;
use gateway_domain::plugin::{PluginName, PluginStatus};
use gateway_ports::plugins::{PluginError, Plugins, SegmentQuestion, Verdicts};
use jiff::Timestamp;
use outreach_plugin_sdk::testing::Codes;
use rstest::rstest;

use crate::bundled::{columns, patients};
use crate::{Bench, bench, built, install};

const MANIFEST: &str = "name = \"hostile\"\nversion = \"0.1.0\"\nkind = \"segment\"\ndescription = \"Means harm.\"\n\
    asks = [\"facts:encounter\", \"facts:observation\"]";

/// The component, built once for this run.
static COMPONENT: LazyLock<Vec<u8>> = LazyLock::new(|| built("hostile"));

/// Bytes of memory this process has, as the kernel counts them.
pub(crate) fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}

async fn hostile(bench: &Bench) -> PluginName {
    bench.host.install(MANIFEST, &COMPONENT, &Capability::all().collect::<Vec<_>>(), false).await.unwrap().name
}

async fn evaluate(bench: &Bench, name: &PluginName, way: &str) -> Result<Verdicts, PluginError> {
    let question = SegmentQuestion { config: Arc::from(way), code_sets: Arc::from([]), as_of: Timestamp::UNIX_EPOCH, with_evidence: true };
    let columns = columns(&mut Codes::default(), &patients(3));
    bench.host.segment(name)?.evaluate(&question, &columns, None).await
}

#[rstest]
#[case("panic")]
#[case("loop")]
#[case("recurse")]
#[case("memory")]
#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_misbehaves_is_stopped_in_time(#[case] way: &str) {
    let bench = bench();
    let name = hostile(&bench).await;
    let started = Instant::now();
    let error = evaluate(&bench, &name, way).await.unwrap_err();
    assert!(matches!(&error, PluginError::Stopped { .. }), "{error}");
    assert!(!error.to_string().contains("patient"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(5), "{way} took {:?}", started.elapsed());
    assert!(evaluate(&bench, &name, "well").await.is_ok(), "the next call is as if nothing had been");
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_file_to_open() {
    let bench = bench();
    let name = hostile(&bench).await;
    let error = evaluate(&bench, &name, "file").await.unwrap_err();
    assert!(matches!(&error, PluginError::Refused { reason, .. } if reason == "no file"), "{error}");
}

#[rstest]
#[case("too few")]
#[case("odd bits")]
#[case("foreign fact")]
#[case("offsets back")]
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_can_not_be_is_nonsense(#[case] way: &str) {
    let bench = bench();
    let name = hostile(&bench).await;
    let error = evaluate(&bench, &name, way).await.unwrap_err();
    assert!(matches!(&error, PluginError::Nonsense { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_and_lists_without_end_do_not_reach_the_gateway() {
    let bench = bench();
    let name = hostile(&bench).await;
    let plugin = bench.host.segment(&name).unwrap();
    assert!(matches!(plugin.check("huge text").await, Err(PluginError::Stopped { .. })));
    assert!(matches!(plugin.check("many findings").await, Err(PluginError::Nonsense { .. })));
    assert!(matches!(plugin.describe("no segments").await, Err(PluginError::Nonsense { .. } | PluginError::Parked { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_keeps_failing_is_parked_and_others_go_on() {
    let bench = bench();
    let (name, well) = (hostile(&bench).await, install(&bench, "segment-rules").await);
    for _ in 0..3 {
        assert!(matches!(evaluate(&bench, &name, "panic").await, Err(PluginError::Stopped { .. })));
    }
    assert!(matches!(evaluate(&bench, &name, "well").await, Err(PluginError::Parked { .. })));
    let listed = bench.host.list();
    let of = |wanted: &PluginName| listed.iter().find(|plugin| plugin.name == *wanted).unwrap();
    assert_eq!((of(&name).status, of(&name).failures), (PluginStatus::Parked, 3));
    assert_eq!(of(&well).status, PluginStatus::Active);
    assert!(bench.host.segment(&well).unwrap().check("{}").await.is_ok());

    bench.clock.pass(Duration::from_secs(301));
    assert!(evaluate(&bench, &name, "well").await.is_ok(), "after a time it may try again");
    for _ in 0..3 {
        let _ = evaluate(&bench, &name, "panic").await;
    }
    bench.host.resume(&name).unwrap();
    assert!(evaluate(&bench, &name, "well").await.is_ok(), "an operator lets it in again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_the_plugins_right_and_no_failure() {
    let bench = bench();
    let name = hostile(&bench).await;
    for _ in 0..4 {
        assert!(matches!(bench.host.segment(&name).unwrap().describe("not today").await, Err(PluginError::Refused { .. })));
    }
}
