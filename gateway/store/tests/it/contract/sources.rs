//! Sources as the configuration gives them, and opening a database.

use gateway_domain::code::Coding;
use gateway_domain::fact::{FactKind, ReadFact};
use gateway_domain::ids::SourceId;
use gateway_domain::projection::{Projection, ReadClinical};
use gateway_domain::unmapped::{CodeReport, KindReport};
use gateway_ports::store::{AuditStore, SourceStore};

use crate::fixture::{Fixture, entropy, now};
use crate::given::{fact, patient, resource};

on_both! {
    a_source_keeps_its_number_when_its_address_changes,
    codes_without_a_standard_one_are_told_with_their_share,
    migrating_twice_does_nothing,
}

async fn a_source_keeps_its_number_when_its_address_changes(fixture: Fixture) {
    let first = fixture.source().await;
    let again = fixture.put_source(SourceId::new(now(), entropy()), "main", "https://new.example.org").await.unwrap();
    assert_eq!((again.id, again.no, again.base_url.as_str()), (first.id, first.no, "https://new.example.org"));
    assert_eq!(fixture.sources().await.unwrap(), [again]);
    assert_eq!(fixture.source_by_name("other").await.unwrap(), None);
}

async fn codes_without_a_standard_one_are_told_with_their_share(fixture: Fixture) {
    let source = fixture.source().await;
    let coded = |id: u32, codes: Vec<Coding>| {
        let fact = ReadFact { codes: codes.into_iter().map(Into::into).collect(), ..fact(0, FactKind::Condition, "x", "2026") };
        let clinical = ReadClinical { patient: Some("a".into()), facts: vec![fact], care_team: None };
        resource(&source, "Condition", &format!("c{id}"), id, Projection::Clinical(clinical))
    };
    let (loinc, local) = (Coding::new("http://loinc.org", "1"), |code: &str| Coding::new("urn:oid:1.2.3", code));
    let mut resources =
        vec![patient(&source, "a", 1), coded(1, vec![loinc.clone(), local("both")]), coded(2, vec![]), coded(3, vec![local("rare")])];
    resources.extend((10..16).map(|id| coded(id, vec![local("often")])));
    resources.extend((20..25).map(|id| coded(id, vec![Coding::new("", "less often")])));
    fixture.sync(&source, resources).await;
    let report = fixture.code_report(source.id, 10).await.unwrap();
    assert_eq!(report.kinds, [KindReport { kind: FactKind::Condition, facts: 14, standard: 1, local: 12, uncoded: 1 }]);
    let told: Vec<_> = report.unmapped.iter().map(|it| (it.system.as_str(), it.code.as_str(), it.facts)).collect();
    assert_eq!(told, [("urn:oid:1.2.3", "often", 6), ("", "less often", 5)]);
    assert_eq!(report.not_shown, 1, "what few facts have could be one person's");
    let cut = fixture.code_report(source.id, 1).await.unwrap();
    assert_eq!((cut.unmapped.len(), cut.not_shown), (1, 2));
    let other = fixture.put_source(SourceId::new(now(), entropy()), "other", "https://other.example.org").await.unwrap();
    assert_eq!(fixture.code_report(other.id, 10).await.unwrap(), CodeReport::default());
}

async fn migrating_twice_does_nothing(fixture: Fixture) {
    fixture.migrate().await.unwrap();
    fixture.ping().await.unwrap();
}
