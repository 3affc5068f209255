use super::*;

fn findings(kind: PluginKind, text: &str) -> String {
    Case::of(Path::new("cases/a-case.json"), text.to_owned(), kind).unwrap_err().to_string()
}

fn segment(text: &str) -> SegmentCase {
    match Case::of(Path::new("cases/a.json"), text.to_owned(), PluginKind::Segment).unwrap().asked {
        Asked::Segment(case) => case,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_case_that_says_nothing_is_called_as_its_file() {
    let text = r#"{ "on": "2026-11-23" }"#.to_owned();
    let case = Case::of(Path::new("cases/no-visit_yet.json"), text, PluginKind::Segment).unwrap();
    assert_eq!((case.says.as_str(), matches!(case.asked, Asked::Segment(_))), ("no visit yet", true));
}

#[test]
fn every_finding_names_the_file_the_place_and_what_was_expected() {
    let said = findings(
        PluginKind::Segment,
        r#"{ "onn": "2026-11-23", "on": "soon", "config": 7, "value_sets": { "http://a": ["x"] },
             "patients": [{ "born": "yesterday", "expect": [] },
                          { "facts": [{ "kind": "visit" }, { "kind": "condition", "code": "E11", "start": "2026-13" }] }] }"#,
    );
    for expected in [
        "`cases/a-case.json` can't be used",
        "/onn: `onn` is not known here; did you mean `on`?",
        "/on: `soon` is no day",
        "/config: expected an object",
        "/value_sets/http:~1~1a/0: `x` is no code",
        "/patients/0/expect: expected an object",
        "/patients/0/born: `yesterday` is no date",
        "/patients/1/facts/0/kind: expected one of `condition`",
        "/patients/1/facts/1/code: `E11` is no code; expected a system and a code",
    ] {
        assert!(said.contains(expected), "{expected} in\n{said}");
    }
    assert!(findings(PluginKind::Journey, "{").contains("this is not a JSON document"));
}

#[test]
fn a_journey_has_a_first_moment_and_events_that_are_some() {
    let said = findings(
        PluginKind::Journey,
        r#"{ "definition": {}, "answers": { "who": "yes" },
             "events": [{ "event": "entered" }, { "event": "timer", "at": "2026-11-23", "after": "2 days", "step": "a" },
                        { "event": "happened", "after": "soon" }, { "event": "send-outcome", "step": "a", "outcome": "fine" },
                        { "event": "entered", "step": "a" }, { "event": "clicked" }] }"#,
    );
    for expected in [
        "/answers/who: expected true or false",
        "/events/0/at: expected the moment of the first event",
        "/events/1/after: there is an `at` already",
        "/events/2/kind: expected a text, found nothing",
        "/events/2/after: `soon` is no duration",
        "/events/3/outcome: expected one of `accepted`",
        "/events/4/step: `step` is not known here",
        "/events/5/event: expected one of `entered`",
    ] {
        assert!(said.contains(expected), "{expected} in\n{said}");
    }
}

#[test]
fn a_channel_names_its_servers_and_secrets_as_an_operator_does() {
    let said = findings(PluginKind::Channel, r#"{ "origins": ["api.sms.example"], "secrets": { "Token": { "value": "x" } } }"#);
    assert!(said.contains("/origins/0: `api.sms.example` is no origin"), "{said}");
    assert!(said.contains("/secrets/Token: `Token` is not the name of a secret"), "{said}");
    let said = findings(
        PluginKind::Channel,
        r#"{ "exchanges": [{ "response": { "json": 1, "text": "1" } }, { "fails": "often" }, { "response": { "status": 99 } }],
             "relay": [{}], "send": [{ "body": "x" }],
             "webhooks": [{ "json": {}, "sign": { "header": "x", "secret": "webhook" } }] }"#,
    );
    for expected in [
        "/exchanges/0/response: expected one body",
        "/exchanges/1/fails: expected one of `refused`",
        "/exchanges/2/response/status: expected a whole number from 200 to 599",
        "/relay/0: expected one of `accepted`",
        "/send/0/to: expected a text",
        "/webhooks/0/sign/secret: there is no secret `webhook`",
    ] {
        assert!(said.contains(expected), "{expected} in\n{said}");
    }
}

#[test]
fn what_provider_and_plugin_sign_is_the_same() {
    let text = r#"{ "secrets": { "webhook": { "value": "key" } },
                    "webhooks": [{ "text": "The quick brown fox jumps over the lazy dog",
                                   "sign": { "header": "X-Signature", "secret": "webhook", "prefix": "sha256=" } }] }"#;
    let case = Case::of(Path::new("a.json"), text.to_owned(), PluginKind::Channel).unwrap();
    let Asked::Channel(case) = case.asked else { panic!() };
    // The example of RFC 2104's HMAC that is told most often.
    let expected = "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
    assert_eq!(case.webhooks[0].headers, [("x-signature".to_owned(), expected.to_owned())]);
}

#[test]
fn a_plugin_gets_facts_of_the_kinds_it_needs_and_no_others() {
    use gateway_domain::fact::FactKind;
    use outreach_plugin_sdk::testing::{Codes, batch};

    let case = segment(
        r#"{ "on": "2026-11-23",
             "patients": [{ "born": "1970-05", "facts": [
                 { "kind": "observation", "codes": ["http://a|1", "http://b|2"], "start": "2026-03", "value": 7, "answer": "http://c|3" },
                 { "kind": "condition", "code": "http://d|4" }] }] }"#,
    );
    let of = |kind: FactKind| batch(&mut Codes::default(), &[case.patients[0].with_facts(|it| it == kind)]);
    let observation = of(FactKind::Observation);
    assert_eq!((observation.kind.as_slice(), observation.code.len(), observation.value[0]), ([5].as_slice(), 2, 7.0));
    assert!(observation.value_code[0] < u32::MAX);
    let condition = of(FactKind::Condition);
    assert_eq!((condition.kind.as_slice(), condition.fact_flags[0]), ([0].as_slice(), 0b11), "a condition that has no end goes on");
}

#[test]
fn a_folder_of_cases_is_read_in_the_order_of_their_names() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("b.json", r#"{ "on": "2026-11-23" }"#), ("a.json", r#"{ "on": "2026-11-24" }"#), ("notes.md", "")] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let says = |cases: Vec<Case>| cases.into_iter().map(|case| case.says).collect::<Vec<_>>();
    assert_eq!(says(Case::all(folder.path(), PluginKind::Segment).unwrap()), ["a", "b"]);
    fs::write(folder.path().join("c.json"), "{}").unwrap();
    let error = Case::all(folder.path(), PluginKind::Segment).unwrap_err().to_string();
    assert!(error.contains("c.json") && error.contains("/on: expected a text"), "{error}");
}
