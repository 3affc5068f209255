//! Cases of the bundled plugins, run in the real host: what comes out as a case says, what does not, and what is written into it.

#![expect(clippy::unwrap_used, reason = "what can't go on here is a finding")]

use std::path::Path;

use gateway_domain::plugin::PluginKind;
use gateway_plugin_kit::case::Case;
use gateway_plugin_kit::{CaseResult, Suite};
use serde_json::{Value, json};

/// Runs a case against a bundled plugin.
async fn run(plugin: &str, kind: PluginKind, case: &Value) -> CaseResult {
    let bundled = plugins_bundled::all().into_iter().find(|it| it.name == plugin).unwrap();
    // Compiled once for all tests of this binary, and for the next time.
    let compiled = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    let suite = Suite::new(bundled.manifest, bundled.component.to_vec(), &compiled).unwrap();
    let case = Case::of(Path::new("cases/a.json"), serde_json::to_string_pretty(case).unwrap(), kind).unwrap();
    suite.run(&case).await.unwrap()
}

fn paths(result: &CaseResult) -> Vec<&str> {
    result.differences.iter().map(|difference| difference.path.as_str()).collect()
}

/// The case with what came out written into it.
fn rewritten(result: &CaseResult) -> Value {
    serde_json::from_str(result.rewritten.as_deref().unwrap()).unwrap()
}

/// Everybody with a hemoglobin A1c.
fn segment(expect: &Value) -> Value {
    json!({
        "config": {
            "version": 1, "key": "a1c", "title": "A1c", "description": "Measured.",
            "members": { "fact": "observation", "codes": [{ "system": "http://loinc.org", "code": "4548-4" }] },
        },
        "on": "2026-11-23",
        "patients": [
            { "facts": [{ "kind": "observation", "code": "http://loinc.org|4548-4", "start": "2026-03-01" }], "expect": expect },
            { "facts": [{ "kind": "observation", "code": "http://loinc.org|2345-7", "start": "2026-03-01" }], "expect": { "member": false } },
        ],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_is_asked_about_the_patients_of_a_case() {
    let right = run("segment-rules", PluginKind::Segment, &segment(&json!({ "member": true }))).await;
    assert_eq!((paths(&right), &right.rewritten), (vec![], &None));
    assert!(right.usage.fuel > 10_000, "{:?}", right.usage);
    let wrong = run("segment-rules", PluginKind::Segment, &segment(&json!({ "member": false, "review_on": "2027-01-01" }))).await;
    assert_eq!(paths(&wrong), ["/patients/0/expect/member", "/patients/0/expect/review_on"]);
    assert_eq!(rewritten(&wrong)["patients"][0]["expect"], json!({ "member": true, "review_on": null }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_can_not_be_used_fails_the_case_unless_it_is_about_that() {
    let mut case = json!({ "config": { "version": 7 }, "on": "2026-11-23", "patients": [] });
    case.as_object_mut().unwrap().remove("patients");
    let silent = run("segment-rules", PluginKind::Segment, &case).await;
    assert_eq!(paths(&silent), ["/expect/fatal"]);
    let written = rewritten(&silent);
    assert!(written["expect"]["issues"][0]["fatal"] == true && written["expect"].get("fatal").is_none(), "{written}");
    let spoken = run("segment-rules", PluginKind::Segment, &written).await;
    assert_eq!(paths(&spoken), Vec::<&str>::new(), "what was written is what comes out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journey_is_told_one_event_after_the_other() {
    let definition = json!({
        "version": 1, "start": "who",
        "steps": {
            "who": { "branch": { "if": { "language": "es" }, "then": "invite", "otherwise": "end", "if_unknown": "end" } },
            "invite": { "send": { "message": "invite", "channels": ["email"] }, "next": "pause" },
            "pause": { "wait": { "for": "2 days" }, "next": "end" },
            "end": { "exit": { "reason": "end" } },
        }
    });
    let mut case = json!({
        "definition": definition,
        "answers": { "who": true },
        "events": [
            { "event": "entered", "at": "2026-11-23T09:00:00Z", "expect": { "at_step": "invite" } },
            { "event": "send-outcome", "step": "invite", "outcome": "accepted", "after": "1 minute",
              "expect": { "effects": [{ "wake_at": "2026-11-25T09:01:00Z", "step": "pause" }] } },
            { "event": "timer", "step": "pause", "expect": { "effects": [{ "leave": "end" }] } },
            { "event": "timer", "step": "pause", "expect": { "error": "the person has left..." } },
        ],
    });
    let right = run("journey-flow", PluginKind::Journey, &case).await;
    assert_eq!(right.differences, []);
    case["answers"] = json!({});
    let unanswered = run("journey-flow", PluginKind::Journey, &case).await;
    assert!(unanswered.differences[0].to_string().contains("/events/0/expect/at_step"), "{:?}", unanswered.differences);
    case["answers"] = json!({ "who": true });
    case["events"][1].as_object_mut().unwrap().remove("expect");
    let unsaid = run("journey-flow", PluginKind::Journey, &case).await;
    assert_eq!(paths(&unsaid), ["/events/1/expect"], "an event of which nothing is said is no test");
    assert_eq!(rewritten(&unsaid)["events"][1]["expect"]["effects"][0]["wake_at"], "2026-11-25T09:01:00Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_sends_by_the_relay_of_the_case() {
    let case = |expect: Value| {
        json!({
            "config": { "from": "care@hospital.example" },
            "relay": [{ "accepted": "250 ok" }, { "later": "421" }],
            "send": [
                { "to": "ana@example.org", "content_kind": "message/rfc822", "body": "Subject: a\r\n\r\nb\r\n" },
                { "to": "ben@example.org", "content_kind": "message/rfc822", "body": "Subject: a\r\n\r\nb\r\n" },
                { "to": "nobody", "content_kind": "message/rfc822", "body": "Subject: a\r\n\r\nb\r\n" },
            ],
            "expect": expect,
        })
    };
    let outcomes = json!([{ "accepted": "250 ok" }, { "later": true }, { "rejected": "...name@domain..." }]);
    let right =
        run("channel-email", PluginKind::Channel, &case(json!({ "outcomes": outcomes, "mail": [{ "to": "ana@example.org" }, {}] }))).await;
    assert_eq!(right.differences, []);
    let wrong = run("channel-email", PluginKind::Channel, &case(json!({ "outcomes": [{ "accepted": "250 ok" }] }))).await;
    assert_eq!(paths(&wrong), ["/expect/outcomes"]);
    assert_eq!(rewritten(&wrong)["expect"]["outcomes"][1], json!({ "later": true }));
    let mut silent = case(Value::Null);
    silent.as_object_mut().unwrap().remove("expect");
    let silent = run("channel-email", PluginKind::Channel, &silent).await;
    assert_eq!(paths(&silent), ["/expect"], "messages of which nothing is said are no test");
    assert_eq!(rewritten(&silent)["expect"]["mail"][1]["to"], "ben@example.org");
}
