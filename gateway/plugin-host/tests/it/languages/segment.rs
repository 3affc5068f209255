//! The segment: over people of every kind each component answers as the Rust library does natively.

use std::sync::Arc;

use acme_statin::Statin;
use gateway_domain::code::{CodeId, CodeSet};
use gateway_domain::fact::FactKinds;
use gateway_ports::plugins::{PluginError, Plugins, SegmentPlugin, SegmentQuestion, population};
use jiff::Timestamp;
use outreach_plugin_sdk::fact::{FactFlags, FactKind};
use outreach_plugin_sdk::segment::Segment;
use outreach_plugin_sdk::testing::{self, Codes, PatientBuilder};
use rstest::rstest;

use super::{Provider, example, host, install};
use crate::bundled::columns;

pub(crate) const CONFIG: &str = r#"{"diabetes": "urn:diabetes", "statins": "urn:statins", "ages": {"from": 40, "to": 75}, "months": 6}"#;
const LOINC: &str = "http://loinc.org";

/// People of many ages with and without diabetes, statins and cholesterol, with dates of every precision and facts that do not count.
pub(crate) fn people(count: usize) -> Vec<PatientBuilder> {
    let flags = [
        FactFlags::EFFECTIVE | FactFlags::ACTIVE,
        FactFlags::EFFECTIVE | FactFlags::ENDED,
        FactFlags::EFFECTIVE,
        FactFlags::IN_ERROR | FactFlags::ACTIVE,
        FactFlags::PLANNED,
        FactFlags::NOT_DONE,
    ];
    let dates =
        ["2026-11-23", "2026-05-23", "2026-05-22", "2026-02-28", "2026", "2026-05", "2024-11-23", "2024-11-22", "1999", "", "2027-01-01"];
    let births = ["1986-11-23", "1986-11-24", "1950-11-23", "1951-11-24", "1970", "1956-02-29", "1970-06", "2010-01-01", "1920-01-01"];
    (0..count)
        .map(|number| {
            let mut person = if number % 41 == 0 { PatientBuilder::unknown() } else { PatientBuilder::born(births[number % births.len()]) };
            person = if number % 2 == 0 { person.female() } else { person.male() };
            if number % 37 == 0 {
                person = person.deceased();
            }
            if number % 3 > 0 {
                person = person.fact(FactKind::Condition, "s", "diabetes", dates[number % 10]).flags(flags[number % 5]);
            }
            for statin in 0..number % 4 {
                person =
                    person.fact(FactKind::Medication, "s", "statin", dates[(number / 3 + statin) % 11]).flags(flags[(number + statin) % 6]);
                if (number + statin) % 3 == 0 {
                    person = person.until(dates[(number / 7 + statin) % 9]);
                }
            }
            for ldl in 0..number % 5 {
                let (value, unit) =
                    [(190.0, "mg/dL"), (189.99, "mg/dL"), (4.9, "mmol/L"), (f64::NAN, "mg/dL"), (250.5, "mg/dL")][(number + ldl) % 5];
                person = person.observation(LOINC, ["18262-6", "13457-7", "4548-4"][(number + ldl) % 3], dates[(number / 2 + ldl) % 11]);
                person = person.value(value, unit);
            }
            person
        })
        .collect()
}

pub(crate) fn known_codes() -> Codes {
    let mut codes = Codes::default();
    codes.value_set("urn:diabetes", &[("s", "diabetes"), ("s", "diabetes-2")]);
    codes.value_set("urn:statins", &[("s", "statin")]);
    codes
}

pub(crate) fn question(codes: &mut Codes, with_evidence: bool) -> SegmentQuestion {
    let sets = codes.resolve(&Statin::describe(CONFIG).unwrap().needs.code_sets).into_iter();
    SegmentQuestion {
        config: Arc::from(CONFIG),
        code_sets: sets.map(|set| CodeSet::new(set.into_iter().map(CodeId).collect())).collect(),
        as_of: "2026-11-23T12:00:00Z".parse::<Timestamp>().unwrap(),
        with_evidence,
    }
}

#[rstest]
#[case::rust("rust")]
#[case::javascript("javascript")]
#[case::python("python")]
#[tokio::test(flavor = "multi_thread")]
async fn a_segment_is_decided_in_each_language_as_in_rust_natively(#[case] language: &str) {
    let Some(statin) = example("segment-statin", language) else { return };
    let host = host(Arc::new(Provider::default()));
    let name = install(&host, &statin, &[]).await.unwrap();
    let plugin = host.segment(&name).unwrap();
    answers_as_natively(&*plugin).await;
    describes_as_natively(&*plugin).await;
    finds_the_same_in_configurations(&*plugin).await;
}

async fn answers_as_natively(plugin: &dyn SegmentPlugin) {
    let (mut codes, people) = (known_codes(), people(1_300));
    let native = testing::ask::<Statin>(CONFIG, &mut codes, "2026-11-23", &people).unwrap();
    let columns = columns(&mut codes, &people);
    let question_with_evidence = question(&mut codes, true);
    let verdicts = plugin.evaluate(&question_with_evidence, &columns, None).await.unwrap();
    assert_eq!(verdicts.populations, native.0.populations);
    let members = verdicts.populations.iter().map(|bits| usize::from(*bits == population::MEMBER)).sum::<usize>();
    assert!((100..900).contains(&members), "{members} members: the people do not tell the cases apart");
    for row in 0..people.len() {
        let review = Some(native.review_on(row)).filter(|day| day.0 != i32::MAX).map(|day| day.to_string());
        assert_eq!(verdicts.review_on[row].map(|day| day.to_string()), review, "patient {row}");
        let places = native.0.evidence_offset[row] as usize..native.0.evidence_offset[row + 1] as usize;
        let expected: Vec<(Option<u32>, &str)> = native.0.evidence_fact[places]
            .iter()
            .map(|fact| Some(*fact).filter(|fact| *fact != u32::MAX))
            .zip(native.phrases(row))
            .collect();
        let told: Vec<(Option<u32>, &str)> = verdicts.evidence[row].iter().map(|it| (it.fact, &*it.phrase)).collect();
        assert_eq!(told, expected, "patient {row}");
    }
    let silent = plugin.evaluate(&question(&mut codes, false), &columns, None).await.unwrap();
    assert_eq!(silent.populations, native.0.populations);
    assert!(silent.evidence.iter().all(Vec::is_empty));
}

async fn describes_as_natively(plugin: &dyn SegmentPlugin) {
    let (described, native) = (plugin.describe(CONFIG).await.unwrap(), Statin::describe(CONFIG).unwrap());
    assert_eq!(described.segments.len(), 1);
    assert_eq!(described.segments[0].key, native.segments[0].key);
    assert_eq!(described.segments[0].title, native.segments[0].title);
    assert_eq!(described.segments[0].groups, native.segments[0].groups);
    assert_eq!(described.needs.code_sets.len(), native.needs.code_sets.len());
    assert_eq!(described.needs.facts, FactKinds::CONDITION | FactKinds::MEDICATION | FactKinds::OBSERVATION);
    for wrong in ["", "[]", "{}"] {
        let error = plugin.describe(wrong).await.unwrap_err();
        assert!(matches!(error, PluginError::Invalid { .. }), "{wrong}: {error}");
    }
}

async fn finds_the_same_in_configurations(plugin: &dyn SegmentPlugin) {
    for config in [
        CONFIG,
        "{}",
        "[]",
        "null",
        "12",
        r#"{"diabets": "urn:x", "statins": "statins", "ages": {"from": 76, "to": 75}, "months": 0}"#,
        r#"{"diabetes": "  ", "statins": ["a"], "ages": [], "months": "6"}"#,
        r#"{"diabetes": "urn:a", "statins": "urn:b", "ages": {"from": -1, "up to": 75}, "months": 1.5, "z/~": true}"#,
        r#"{"diabetes": "héé 👍 and a text that is so long that nobody wants to read it to its very end", "statins": false}"#,
        r#"{"__proto__": 1, "constructor": {}, "toString": null}"#,
    ] {
        let found: Vec<_> = plugin.check(config).await.unwrap().into_iter().map(|it| (it.path, it.message, it.fatal)).collect();
        let native: Vec<_> = Statin::check(config).into_iter().map(|it| (it.path, it.message, it.fatal)).collect();
        assert_eq!(found, native, "{config}");
    }
    // Each language has words of its own for what is no JSON.
    for broken in ["", "{", "{\"a\": 1} x", "[[[[", "NaN"] {
        let found = plugin.check(broken).await.unwrap();
        assert!(found.len() == 1 && found[0].fatal && found[0].message.starts_with("this is not a JSON document"), "{broken}: {found:?}");
    }
}
