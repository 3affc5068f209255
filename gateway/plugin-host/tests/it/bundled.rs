use std::sync::Arc;

use gateway_domain::capability::{Capability, PatientField};
use gateway_domain::code::{CodeId, CodeSet};
use gateway_domain::columns::PatientColumns;
use gateway_domain::fact::FactKind;
use gateway_domain::journey::{Answer, Effect, JourneyEvent};
use gateway_plugin_host::InstallError;
use gateway_ports::plugins::{OutgoingMessage, PluginError, Plugins, SegmentQuestion, SendOutcome, Verdicts, population};
use jiff::Timestamp;
use outreach_plugin_sdk::testing::{self, Codes, PatientBuilder};
use segment_rules::SegmentRules;

use crate::{bench, install};

const SCREENING: &str = include_str!("../../../../fhir-profiles/measures/breast-cancer-screening-due.json");

/// Women, every third of them screened.
pub(crate) fn patients(count: usize) -> Vec<PatientBuilder> {
    let woman = |number: usize| PatientBuilder::born(&format!("19{}-04-20", 40 + number % 50)).female().visit("2026-02-03");
    let screened = |number: usize, patient: PatientBuilder| {
        if number.is_multiple_of(3) { patient.observation("http://loinc.org", "24606-6", "2025-05-05") } else { patient }
    };
    (0..count).map(|number| screened(number, woman(number))).collect()
}

pub(crate) fn columns(codes: &mut Codes, patients: &[PatientBuilder]) -> PatientColumns {
    let batch = testing::batch(codes, patients);
    PatientColumns {
        birth: batch.birth,
        sex: batch.sex,
        deceased: batch.deceased,
        fact_offset: batch.fact_offset,
        kind: batch.kind,
        code_offset: batch.code_offset,
        code: batch.code,
        fact_flags: batch.fact_flags,
        start: batch.start,
        end: batch.end,
        precision: batch.precision,
        value: batch.value,
        unit: batch.unit,
        value_code: batch.value_code,
        encounter: batch.encounter,
    }
}

/// Who is due for screening, asked on a day in November 2026.
fn screening(codes: &mut Codes, with_evidence: bool) -> SegmentQuestion {
    let needs = <SegmentRules as outreach_plugin_sdk::segment::Segment>::describe(SCREENING).unwrap().needs;
    let sets = codes.resolve(&needs.code_sets).into_iter();
    SegmentQuestion {
        config: Arc::from(SCREENING),
        code_sets: sets.map(|set| CodeSet::new(set.into_iter().map(CodeId).collect())).collect(),
        as_of: "2026-11-23T12:00:00Z".parse::<Timestamp>().unwrap(),
        with_evidence,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn segment_rules_answers_through_the_host_as_it_does_natively() {
    let bench = bench();
    let name = install(&bench, "segment-rules").await;
    let plugin = bench.host.segment(&name).unwrap();
    assert_eq!(plugin.check(SCREENING).await.unwrap(), []);
    assert_eq!(plugin.describe(SCREENING).await.unwrap().segments[0].key, "breast-cancer-screening-due");

    let mut codes = Codes::default();
    let patients = patients(2_500);
    let native = testing::ask::<SegmentRules>(SCREENING, &mut codes, "2026-11-23", &patients).unwrap();
    let columns = columns(&mut codes, &patients);
    let question = screening(&mut codes, true);
    let verdicts = plugin.evaluate(&question, &columns, None).await.unwrap();
    assert_eq!(verdicts.populations, native.0.populations);
    assert!(verdicts.populations.contains(&population::MEMBER) && verdicts.populations.contains(&0));
    for row in 0..patients.len() {
        let phrases: Vec<&str> = verdicts.evidence[row].iter().map(|row| &*row.phrase).collect();
        assert_eq!(phrases, native.phrases(row), "patient {row}");
        let facts = columns.fact_offset[row]..columns.fact_offset[row + 1];
        assert!(verdicts.evidence[row].iter().all(|evidence| evidence.fact.is_none_or(|fact| facts.contains(&fact))));
        assert_eq!(
            verdicts.review_on[row].map(|day| day.to_string()),
            Some(native.review_on(row)).filter(|day| day.0 != i32::MAX).map(|day| day.to_string())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn journey_flow_asks_and_then_proposes_through_the_host() {
    let bench = bench();
    let name = install(&bench, "journey-flow").await;
    let plugin = bench.host.journey(&name, None).unwrap();
    let definition = r#"{ "version": 1, "start": "who", "steps": {
        "who": { "branch": { "if": { "language": "es" }, "then": "invite", "otherwise": "end" } },
        "invite": { "send": { "message": "invite", "channels": ["email"] }, "next": "end" },
        "end": { "exit": { "reason": "end" } } } }"#;
    assert_eq!(plugin.check(definition).await.unwrap(), []);
    let entered = JourneyEvent::Entered("joined".to_owned());
    let asked = plugin.advance(definition, None, &entered, &[], Timestamp::UNIX_EPOCH).await.unwrap();
    let criteria: gateway_domain::journey::QuestionCriteria = serde_json::from_str(&asked.questions[0].criteria).unwrap();
    assert_eq!(criteria, gateway_domain::journey::QuestionCriteria::Language("es".to_owned()));
    let answers = [Answer { key: asked.questions[0].key.clone(), truth: Some(true) }];
    let sent = plugin.advance(definition, None, &entered, &answers, Timestamp::UNIX_EPOCH).await.unwrap();
    assert!(sent.effects.iter().any(|effect| matches!(effect, Effect::Send(send) if send.message == "invite")));
    let wrong = plugin.advance("{}", None, &entered, &[], Timestamp::UNIX_EPOCH).await.unwrap_err();
    assert!(matches!(wrong, PluginError::Invalid { .. }), "{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn channel_email_reaches_the_relay_through_the_host() {
    let bench = bench();
    install(&bench, "channel-email").await;
    let channel = bench.host.channel("email").unwrap();
    let message = |to: &str| OutgoingMessage {
        key: "msg_1".to_owned(),
        to: to.to_owned(),
        content_kind: "message/rfc822".to_owned(),
        subject: None,
        body: b"Subject: a\r\n\r\nb\r\n".to_vec(),
        attributes: vec![("envelope-from".to_owned(), "care@hospital.example".to_owned())],
    };
    let outcomes = channel.send("{}", &[message("ana@example.org"), message("a\r\nb@example.org")]).await.unwrap();
    assert_eq!(outcomes[0], SendOutcome::Accepted(Some("250 2.0.0 queued".to_owned())));
    assert!(matches!(outcomes[1], SendOutcome::Rejected(_)));
    assert_eq!(*bench.relay.0.lock().unwrap(), [("care@hospital.example".to_owned(), "ana@example.org".to_owned(), 17)]);
    assert!(matches!(bench.host.channel("pigeon"), Err(PluginError::Missing { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_channel_takes_over_what_one_carries() {
    let bench = bench();
    install(&bench, "channel-email").await;
    let email = plugins_bundled::all().into_iter().find(|plugin| plugin.name == "channel-email").unwrap();
    let other = email.manifest.replace("\"channel-email\"", "\"a-letterbox\"");
    let error = bench.host.install(&other, email.component, &[Capability::Mail], false).await.unwrap_err();
    assert!(matches!(&error, InstallError::MediumTaken { carrier, .. } if carrier == "channel-email"), "{error}");
    assert_eq!(bench.host.channel("email").unwrap().name().as_str(), "channel-email");
    install(&bench, "channel-email").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_is_not_installed_without_the_grant_it_needs() {
    let bench = bench();
    let email = plugins_bundled::all().into_iter().find(|plugin| plugin.name == "channel-email").unwrap();
    let error = bench.host.install(email.manifest, email.component, &[], true).await.unwrap_err();
    assert!(matches!(&error, InstallError::NotGranted { capability: "mail", .. }), "{error}");
    let silent = email.manifest.replace("asks = [\"mail\"]", "");
    let error = bench.host.install(&silent, email.component, &[], true).await.unwrap_err();
    assert!(matches!(&error, InstallError::NotAsked { capability: "mail", .. }), "{error}");
    let flow = plugins_bundled::all().into_iter().find(|plugin| plugin.name == "journey-flow").unwrap();
    let other = flow.manifest.replace("\"journey\"", "\"segment\"");
    let error = bench.host.install(&other, flow.component, &[Capability::Log], true).await.unwrap_err();
    assert!(matches!(&error, InstallError::World { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_is_not_decided_by_a_plugin_that_may_not_see_what_it_needs() {
    let bench = bench();
    let rules = plugins_bundled::all().into_iter().find(|plugin| plugin.name == "segment-rules").unwrap();
    let without = |left_out: Capability| Capability::all().filter(move |it| *it != left_out).collect::<Vec<_>>();
    let observations = Capability::Facts(FactKind::Observation);
    let name = bench.host.install(rules.manifest, rules.component, &without(observations.clone()), true).await.unwrap().name;
    let plugin = bench.host.segment(&name).unwrap();
    let error = plugin.describe(SCREENING).await.unwrap_err();
    assert!(matches!(&error, PluginError::NotGranted { missing, .. } if missing.contains(&observations)), "{error}");
    assert!(error.to_string().contains("`facts:observation`"), "{error}");

    // A caller that sends them all the same is refused too.
    let (mut codes, people) = (Codes::default(), patients(30));
    let columns = columns(&mut codes, &people);
    let question = screening(&mut codes, false);
    assert!(matches!(plugin.evaluate(&question, &columns, None).await, Err(PluginError::NotGranted { .. })));

    // What is withheld of the person is unknown, and who is unknown is no member.
    let members = |verdicts: &Verdicts| verdicts.populations.iter().filter(|bits| **bits & population::MEMBER != 0).count();
    let sex = Capability::Patient(PatientField::Sex);
    for (granted, are_members) in [(Capability::all().collect(), true), (without(sex), false)] {
        let name = bench.host.install(rules.manifest, rules.component, &granted, true).await.unwrap().name;
        let verdicts = bench.host.segment(&name).unwrap().evaluate(&question, &columns, None).await.unwrap();
        assert_eq!(members(&verdicts) > 0, are_members, "{granted:?}");
    }
}
