//! Reading patients and what hangs on them.

use gateway_domain::care_team::{CareTeam, CareTeamMember};
use gateway_domain::code::{CodeId, Coding};
use gateway_domain::fact::FactKinds;
use gateway_domain::ids::PatientNo;
use gateway_domain::patient::{PatientFilter, RecordStatus};
use gateway_domain::practitioner::PractitionerDetails;
use gateway_domain::projection::{Projection, ReadClinical};
use gateway_ports::store::{PageRequest, PatientStore};

use crate::fixture::Fixture;
use crate::given::{observation, organization, patient, resource};

on_both! {
    a_patient_is_found_by_every_word_that_names_it,
    a_page_says_how_many_there_are,
    records_come_in_the_order_asked_with_granted_kinds_alone,
    codes_are_interned_once,
    an_account_knows_how_many_patients_it_manages,
    a_care_team_names_its_members,
    a_raw_resource_comes_back_byte_for_byte,
}

async fn a_patient_is_found_by_every_word_that_names_it(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1), patient(&source, "b", 2)]).await;
    let id = fixture.patient_id("a").await.to_string();
    for text in ["lovelace1", "ADA LOVELACE1", "a", "mrn-lovelace1", &id, "love ada lace1"] {
        let filter = PatientFilter { text: Some(text.into()), ..PatientFilter::default() };
        let page = fixture.patients(&filter, PageRequest::default()).await.unwrap();
        let found: Vec<&str> = page.items.iter().map(|patient| patient.fhir_id.as_str()).collect();
        if text == "a" {
            assert!(found.contains(&"a"), "every name here has an a");
        } else {
            assert_eq!(found, ["a"], "{text}");
        }
    }
    for text in ["100%", "_", "\\", "' OR 1=1 --"] {
        let filter = PatientFilter { text: Some(text.into()), ..PatientFilter::default() };
        assert_eq!(fixture.patients(&filter, PageRequest::default()).await.unwrap().total, 0, "{text}");
    }
}

async fn a_page_says_how_many_there_are(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, (1..=5).map(|n| patient(&source, &format!("p{n}"), n)).collect()).await;
    let filter = PatientFilter { status: Some(RecordStatus::Active), born_on: Some("1965-04-01".parse().unwrap()), text: None };
    let page = fixture.patients(&filter, PageRequest { offset: 3, limit: 10 }).await.unwrap();
    let ids: Vec<&str> = page.items.iter().map(|patient| patient.fhir_id.as_str()).collect();
    assert_eq!((page.total, ids), (5, vec!["p4", "p5"]));
    let after = fixture.patient_numbers_after(Some(PatientNo(2)), 2).await.unwrap();
    assert_eq!(after, [PatientNo(3), PatientNo(4)]);
}

async fn records_come_in_the_order_asked_with_granted_kinds_alone(fixture: Fixture) {
    let source = fixture.source().await;
    let observations = (0..300).map(|n| observation(&source, &format!("o{n}"), if n % 2 == 0 { "a" } else { "b" }, 1));
    fixture.sync(&source, [vec![patient(&source, "a", 1), patient(&source, "b", 1)], observations.collect()].concat()).await;
    let (a, b) = (fixture.patient_no("a").await, fixture.patient_no("b").await);
    let records = fixture.clinical_records(&[b, PatientNo(99), a], FactKinds::CONDITION).await.unwrap();
    assert_eq!(records.iter().map(|record| record.patient).collect::<Vec<_>>(), [b, a]);
    assert!(records.iter().all(|record| record.facts.len() == 150 && record.facts.iter().all(|fact| fact.key.part == 1)));
    assert_eq!(fixture.clinical_records(&[a], FactKinds::empty()).await.unwrap()[0].facts, []);
}

async fn codes_are_interned_once(fixture: Fixture) {
    let coding = |code: &str| Coding::new("http://loinc.org", code);
    let first = fixture.intern_codes(&[coding("1"), coding("2"), coding("1")]).await.unwrap();
    assert_eq!(first[0], first[2]);
    let described = Coding { display: Some("Two".into()), ..coding("2") };
    let second = fixture.intern_codes(&[described, coding("3")]).await.unwrap();
    assert_eq!(second[0], first[1]);
    let known = fixture.codings(&[second[1], CodeId(4_000_000)]).await.unwrap();
    assert_eq!(known, [(second[1], coding("3"))]);
}

async fn an_account_knows_how_many_patients_it_manages(fixture: Fixture) {
    let source = fixture.source().await;
    let organizations = vec![organization(&source, "org", "St. Mary"), organization(&source, "other", "Another")];
    fixture.sync(&source, [organizations, vec![patient(&source, "a", 1), patient(&source, "b", 1)]].concat()).await;
    let page = fixture.accounts(None, PageRequest::default()).await.unwrap();
    let names: Vec<(&str, u64)> = page.items.iter().map(|account| (account.details.name.as_str(), account.patients)).collect();
    assert_eq!(names, [("Another", 0), ("St. Mary", 2)]);
    assert_eq!(fixture.accounts(Some("mary"), PageRequest::default()).await.unwrap().total, 1);
}

async fn a_care_team_names_its_members(fixture: Fixture) {
    let source = fixture.source().await;
    let doctor = PractitionerDetails { name: "Dr. Grace Hopper".into(), identifier: None, active: true };
    let member = CareTeamMember { role: None, reference: Some("Practitioner/dr".into()), name: None };
    let team = CareTeam { fhir_id: "t".into(), name: None, active: true, start: None, end: None, members: vec![member] };
    let clinical = ReadClinical { patient: Some("a".into()), facts: Vec::new(), care_team: Some(Box::new(team)) };
    fixture
        .sync(
            &source,
            vec![
                patient(&source, "a", 1),
                resource(&source, "CareTeam", "t", 1, Projection::Clinical(clinical)),
                resource(&source, "Practitioner", "dr", 1, Projection::Practitioner(Box::new(doctor))),
            ],
        )
        .await;
    let teams = fixture.care_teams(fixture.patient_id("a").await).await.unwrap();
    assert_eq!(teams[0].members[0].name.as_deref(), Some("Dr. Grace Hopper"));
}

async fn a_raw_resource_comes_back_byte_for_byte(fixture: Fixture) {
    let source = fixture.source().await;
    let mut large = observation(&source, "o", "a", 1);
    large.raw = format!("{{\"note\":\"{}\"}}", "änd so on ".repeat(10_000)).into_bytes();
    fixture.sync(&source, vec![large.clone()]).await;
    let id = fixture.patient_id("a").await;
    assert_eq!(fixture.raw_resource(id, "Observation", "o").await.unwrap(), Some(large.raw));
    assert_eq!(fixture.raw_resource(id, "Condition", "o").await.unwrap(), None);
}
