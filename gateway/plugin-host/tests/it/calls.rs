//! What a plugin did: counted, traced, and without a word of what crossed the border.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use gateway_domain::capability::{Capability, PatientField};
use gateway_domain::columns::{NO_DAY, PatientColumns};
use gateway_domain::fact::FactKind;
use gateway_domain::journey::JourneyEvent;
use gateway_domain::plugin::PluginName;
use gateway_domain::plugin_call::{CallInput, CallOutcome, HostFunction, PluginCall, PluginFunction};
use gateway_ports::plugins::{OutgoingMessage, PluginError, Plugins, SegmentQuestion};
use jiff::Timestamp;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use outreach_plugin_sdk::testing::Codes;

use crate::bundled::{columns, patients};
use crate::hostile::guest::Guest;
use crate::{Bench, bench, install};

/// What must be nowhere but in the call itself.
const CANARY: &str = "canary-7f3a";

/// The metrics of this process, in the text format of Prometheus.
static METRICS: LazyLock<PrometheusHandle> = LazyLock::new(|| PrometheusBuilder::new().install_recorder().unwrap());

/// A field with its count, its bytes and the names inside.
fn seen(input: &CallInput) -> (&str, Option<u64>, Option<u64>, Vec<&str>) {
    (&input.name, input.count, input.bytes, input.fields.iter().map(|field| field.name.as_ref()).collect())
}

fn last(bench: &Bench, name: &PluginName) -> PluginCall {
    bench.host.calls(name).unwrap().remove(0)
}

/// All that is kept of a plugin, as text.
fn kept(bench: &Bench, name: &PluginName) -> String {
    format!("{:?} {:?} {:?}", bench.host.report(name).unwrap(), bench.host.calls(name).unwrap(), bench.host.list())
}

fn message(to: &str) -> OutgoingMessage {
    OutgoingMessage {
        key: format!("msg_{CANARY}"),
        to: to.to_owned(),
        content_kind: "message/rfc822".to_owned(),
        subject: Some(format!("for {CANARY}")),
        body: format!("Subject: {CANARY}\r\n\r\n{CANARY}\r\n").into_bytes(),
        attributes: vec![("envelope-from".to_owned(), format!("{CANARY}@hospital.example")), (format!("{CANARY} of Ana"), String::new())],
    }
}

/// A plugin that is asked to describe itself refuses with its configuration as the reason.
fn telling() -> Guest {
    let words = "(i32.store (i32.const 64) (i32.const 1)) (i32.store (i32.const 68) (i32.const 2))
        (i32.store (i32.const 72) (local.get 0)) (i32.store (i32.const 76) (local.get 1)) (i32.const 64)";
    Guest::segment().does("describe", words).does("evaluate", "unreachable")
}

async fn installed(bench: &Bench, guest: &Guest) -> PluginName {
    bench.host.install(&guest.manifest(), &guest.component(), &Capability::all().collect::<Vec<_>>(), false).await.unwrap().name
}

#[tokio::test(flavor = "multi_thread")]
async fn each_call_is_counted_for_its_function_and_outcome() {
    let bench = bench();
    let name = installed(&bench, &telling()).await;
    let plugin = bench.host.segment(&name).unwrap();
    for _ in 0..3 {
        plugin.check("{}").await.unwrap();
    }
    assert!(matches!(plugin.describe("{}").await, Err(PluginError::Refused { .. })));
    let question =
        SegmentQuestion { config: Arc::from("{}"), code_sets: Arc::from([]), as_of: Timestamp::UNIX_EPOCH, with_evidence: false };
    // It asks for no kind of fact, so it is given people of whom nothing is known.
    let people = PatientColumns {
        birth: vec![NO_DAY; 2],
        sex: vec![0; 2],
        deceased: vec![0; 2],
        fact_offset: vec![0; 3],
        code_offset: vec![0],
        ..PatientColumns::default()
    };
    assert!(matches!(plugin.evaluate(&question, &people, None).await, Err(PluginError::Stopped { .. })));

    let report = bench.host.report(&name).unwrap();
    let counts: Vec<_> = report
        .functions
        .iter()
        .map(|(function, figures)| (function.name(), figures.calls, figures.answered, figures.said, figures.stopped))
        .collect();
    assert_eq!(counts, [("start", 1, 1, 0, 0), ("check", 3, 3, 0, 0), ("describe", 1, 0, 1, 0), ("evaluate", 1, 0, 0, 1)]);
    let total = report.total();
    assert_eq!(total.calls, 6);
    assert!(total.fuel > 0 && total.longest <= total.time && total.computing <= total.time, "{total:?}");
    assert_eq!(total.most_memory_bytes, 16 * 65_536, "sixteen pages, as the guest says");
    let errors: Vec<_> = report.errors.iter().map(|error| (error.number, error.function, error.outcome)).collect();
    assert_eq!(errors, [(6, PluginFunction::Evaluate, CallOutcome::Stopped), (5, PluginFunction::Describe, CallOutcome::Said)]);
    assert!(report.errors[0].reason.contains("unreachable"), "{}", report.errors[0].reason);
    assert_eq!(bench.host.calls(&name).unwrap().iter().map(|call| call.number).collect::<Vec<_>>(), [6, 5, 4, 3, 2, 1]);
    assert!(bench.host.report(&PluginName::new("nobody").unwrap()).is_err());
    assert!(bench.host.calls(&PluginName::new("nobody").unwrap()).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sent_message_leaves_names_and_sizes_and_nothing_of_itself() {
    let rendered = LazyLock::force(&METRICS).clone();
    let bench = bench();
    let name = install(&bench, "channel-email").await;
    let channel = bench.host.channel("email").unwrap();
    let config = format!(r#"{{"from": "{CANARY}@hospital.example"}}"#);
    let messages = [message(&format!("{CANARY}@example.org")), message(&format!("ana.{CANARY}@example.org"))];
    channel.send(&config, &messages).await.unwrap();

    let call = last(&bench, &name);
    assert_eq!((call.function, call.outcome, call.reason.as_deref()), (PluginFunction::Send, CallOutcome::Answered, None));
    let [given, sent] = &call.inputs[..] else { panic!("{:?}", call.inputs) };
    assert_eq!(seen(given), ("config", None, Some(config.len() as u64), Vec::new()));
    assert_eq!(seen(sent), ("messages", Some(1), None, vec!["key", "to", "content-kind", "subject", "body", "attributes"]));
    assert_eq!(sent.fields[1].bytes, Some(messages[1].to.len() as u64));
    assert_eq!(seen(&sent.fields[5]).3, ["envelope-from", "others"]);
    let relay = call.host.iter().find(|used| used.function == HostFunction::MailRelay).unwrap();
    assert_eq!(relay.calls, 1);
    assert_eq!(bench.host.report(&name).unwrap().total().mails, 2, "the channel takes one message in a call");
    assert!(!kept(&bench, &name).contains(CANARY), "{}", kept(&bench, &name));

    let text = rendered.render();
    assert!(!text.contains(CANARY), "{text}");
    for line in [
        r#"plugin_calls_total{plugin="channel-email",function="send",outcome="answered"} 2"#,
        r#"plugin_host_calls_total{plugin="channel-email",of="mail.relay"} 2"#,
        r#"plugin_most_memory_bytes{plugin="channel-email",function="send"}"#,
        r#"plugin_computing_seconds_sum{plugin="channel-email",function="send"}"#,
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_says_in_its_own_words_is_given_to_the_caller_and_not_kept() {
    let bench = bench();
    let name = installed(&bench, &telling()).await;
    let error = bench.host.segment(&name).unwrap().describe(&format!("born 1950, {CANARY}")).await.unwrap_err();
    assert!(error.to_string().contains(CANARY), "{error}");
    let call = last(&bench, &name);
    assert_eq!((call.outcome, call.reason.as_deref()), (CallOutcome::Said, Some("it refused, for a reason of its own")));
    assert!(!kept(&bench, &name).contains(CANARY));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_patients_is_rows_and_columns() {
    let bench = bench();
    let rules = plugins_bundled::all().into_iter().find(|plugin| plugin.name == "segment-rules").unwrap();
    let granted: Vec<Capability> = Capability::all().filter(|it| *it != Capability::Patient(PatientField::Sex)).collect();
    let name = bench.host.install(rules.manifest, rules.component, &granted, true).await.unwrap().name;
    let plugin = bench.host.segment(&name).unwrap();
    let config = format!(r#"{{"title": "{CANARY}", "criteria": {{"code": "{CANARY}"}}}}"#);
    assert!(plugin.check(&config).await.is_ok());
    assert!(plugin.describe(&config).await.is_err());

    let people = columns(&mut Codes::default(), &patients(1_200));
    let question =
        SegmentQuestion { config: Arc::from(config.as_str()), code_sets: Arc::from([]), as_of: Timestamp::UNIX_EPOCH, with_evidence: true };
    let _ = plugin.evaluate(&question, &people, None).await;
    let call = last(&bench, &name);
    let [asked, batch] = &call.inputs[..] else { panic!("{:?}", call.inputs) };
    assert_eq!(seen(asked), ("question", None, None, vec!["config", "code-sets", "as-of", "with-evidence"]));
    let rows = batch.count.unwrap();
    assert!(rows > 0 && rows < 1_200, "one call has a piece of the batch: {rows}");
    assert_eq!(seen(batch).3, ["birth", "deceased", "facts"], "the sex was not granted");
    let facts = batch.fields.last().unwrap();
    let of_kinds: u64 = facts.fields.iter().filter_map(|kind| kind.count).sum();
    assert_eq!(facts.count, Some(of_kinds));
    assert!(facts.fields.iter().all(|kind| FactKind::ALL.iter().any(|known| known.name() == kind.name)));
    assert!(call.memory_bytes > 65_536 && call.fuel > 1_000, "{call:?}");
    assert!(!kept(&bench, &name).contains(CANARY), "{}", kept(&bench, &name));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_of_a_journey_is_its_state_and_its_event_by_size() {
    let bench = bench();
    let name = install(&bench, "journey-flow").await;
    let plugin = bench.host.journey(&name, None).unwrap();
    let entered = JourneyEvent::Entered(format!("because of {CANARY}"));
    let definition = format!(r#"{{"note": "{CANARY}"}}"#);
    plugin.advance(&definition, Some(CANARY), &entered, &[], Timestamp::UNIX_EPOCH).await.unwrap_err();
    let call = last(&bench, &name);
    assert_eq!(call.reason.as_deref(), Some("it refused its configuration or definition"));
    let names: Vec<_> = call.inputs.iter().map(seen).collect();
    assert_eq!(
        names,
        [
            ("definition", None, Some(definition.len() as u64), Vec::new()),
            ("state", None, Some(CANARY.len() as u64), Vec::new()),
            ("event", None, None, vec!["entered"]),
            ("now", None, None, Vec::new()),
        ]
    );
    assert!(!kept(&bench, &name).contains(CANARY));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calls_of_all_versions_are_counted_together_and_each_names_its_own() {
    let bench = bench();
    let guest = Guest::segment();
    let name = installed(&bench, &guest).await;
    let before = bench.host.segment(&name).unwrap();
    let next = guest.manifest().replace("0.1.0", "0.2.0");
    bench.host.install(&next, &guest.component(), &[], false).await.unwrap();
    bench.host.segment(&name).unwrap().check("{}").await.unwrap();
    before.check("{}").await.unwrap();
    let calls = bench.host.calls(&name).unwrap();
    let seen: Vec<_> = calls.iter().map(|call| (call.function.name(), call.version.as_str())).collect();
    assert_eq!(seen, [("check", "0.1.0"), ("check", "0.2.0"), ("start", "0.2.0"), ("start", "0.1.0")]);
    bench.host.uninstall(&name);
    assert!(bench.host.report(&name).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_a_call_is_what_it_computed_and_what_it_waited() {
    let bench = bench();
    let name = installed(&bench, &Guest::segment().does("check", "(loop br 0) unreachable")).await;
    assert!(bench.host.segment(&name).unwrap().check("{}").await.is_err());
    let call = last(&bench, &name);
    assert_eq!(call.outcome, CallOutcome::Stopped);
    // While others had their turns it neither computed nor waited for the host.
    let spent = call.computing + call.waiting;
    assert!(spent <= call.time && call.time <= spent + call.queueing, "{call:?}");
    assert!(call.reason.as_deref().is_some_and(|reason| reason.contains("computed for longer")), "{:?}", call.reason);
    assert!(call.computing >= Duration::from_millis(50) && call.waiting < Duration::from_millis(50), "{call:?}");
}
