//! A value set is found by each of its names, in the version that is in use or in the one that is named, and what segments were decided
//! by is noted together with the marks.

use std::time::Instant;

use gateway_domain::code::Coding;
use gateway_domain::value_set::{ValueSet, ValueSetOrigin, ValueSetReference, ValueSetUrl};
use gateway_ports::store::value_sets::PutValueSet;
use gateway_ports::store::{SegmentStore, StoreError, ValueSetStore};

use crate::fixture::{Fixture, after, now};
use crate::given::{patient, segment};

on_both! {
    a_value_set_is_found_by_each_of_its_names,
    versions_are_kept_and_the_one_imported_last_is_used,
    what_is_kept_beside_the_one_in_use_changes_nothing,
    a_value_set_of_a_hundred_thousand_codes_comes_back_whole,
    noting_other_value_sets_marks_everybody_where_asked_to,
}

const OID: &str = "2.16.840.1.113883.3.464.1003.108.12.1018";

fn set(url: &str, version: Option<&str>, codes: &[&str]) -> ValueSet {
    let codes =
        codes.iter().map(|code| Coding { display: Some(format!("{code} with 'quotes'")), ..Coding::new("http://loinc.org", *code) });
    let (url, version) = (ValueSetUrl::parse(url).unwrap(), version.map(str::to_owned));
    ValueSet::new(url, None, version, "A set".into(), codes.collect()).unwrap()
}

fn reference(text: &str) -> ValueSetReference {
    ValueSetReference::parse(text).unwrap()
}

async fn a_value_set_is_found_by_each_of_its_names(fixture: Fixture) {
    let vsac = set(OID, Some("20210304"), &["24606-6", "26175-0"]);
    assert_eq!(fixture.value_set(&reference(OID)).await.unwrap(), None);
    assert_eq!(fixture.put_value_set(&vsac, true, now()).await.unwrap(), PutValueSet::New);
    for name in [OID.to_owned(), format!("urn:oid:{OID}"), format!("http://cts.nlm.nih.gov/fhir/ValueSet/{OID}|20210304")] {
        assert_eq!(fixture.value_set(&reference(&name)).await.unwrap().as_ref(), Some(&vsac), "{name}");
    }
    assert_eq!(fixture.value_set(&reference(&format!("{OID}|20190101"))).await.unwrap(), None);
    assert_eq!(fixture.value_set(&reference("http://example.org/v")).await.unwrap(), None);

    // A set that has the OID as its second name is found by it where no set has it as its first.
    let alias = "2.16.840.1.113883.3.464.1003.108.12.1";
    let mut other = set("http://example.org/v", None, &["1-8"]);
    other.alias = Some(ValueSetUrl::parse(alias).unwrap());
    fixture.put_value_set(&other, true, now()).await.unwrap();
    assert_eq!(fixture.value_set(&reference(alias)).await.unwrap().as_ref(), Some(&other));
    let own = set(alias, None, &["2-6"]);
    fixture.put_value_set(&own, true, now()).await.unwrap();
    assert_eq!(fixture.value_set(&reference(alias)).await.unwrap(), Some(own));
    assert_eq!(fixture.value_set(&reference("http://example.org/v")).await.unwrap(), Some(other));
    assert_eq!(fixture.value_sets().await.unwrap().len(), 3);
}

async fn versions_are_kept_and_the_one_imported_last_is_used(fixture: Fixture) {
    let (old, new) = (set(OID, Some("2023"), &["a"]), set(OID, Some("2024"), &["a", "b"]));
    fixture.put_value_set(&old, true, now()).await.unwrap();
    let revision = fixture.value_set_revision().await.unwrap();
    let before = PutValueSet::Changed { before: Some("2023".into()) };
    assert_eq!(fixture.put_value_set(&new, true, after(1)).await.unwrap(), before);
    assert!(fixture.value_set_revision().await.unwrap() > revision);
    assert_eq!(fixture.value_set(&reference(OID)).await.unwrap(), Some(new.clone()));
    assert_eq!(fixture.value_set(&reference(&format!("{OID}|2023"))).await.unwrap(), Some(old.clone()));

    let revision = fixture.value_set_revision().await.unwrap();
    assert_eq!(fixture.put_value_set(&new, true, after(2)).await.unwrap(), PutValueSet::Unchanged);
    assert_eq!(fixture.value_set_revision().await.unwrap(), revision, "nothing differs");
    let found = fixture.find_value_set(&reference(OID)).await.unwrap().unwrap();
    assert_eq!(found, new.summary(ValueSetOrigin::Imported { at: after(2), versions: 2 }));

    // Going back is an import as any other.
    let before = PutValueSet::Changed { before: Some("2024".into()) };
    assert_eq!(fixture.put_value_set(&old, true, after(3)).await.unwrap(), before);
    assert_eq!(fixture.value_set(&reference(OID)).await.unwrap(), Some(old));
    let versions = fixture.value_set_versions(&ValueSetUrl::parse(OID).unwrap()).await.unwrap();
    let versions: Vec<_> = versions.iter().map(|(it, in_use)| (it.version.as_deref(), *in_use)).collect();
    assert_eq!(versions, [(Some("2023"), true), (Some("2024"), false)]);
    // The same version with other codes is another one, and the newer of the two is the one that is found by its name.
    let again = set(OID, Some("2024"), &["a", "b", "c"]);
    fixture.put_value_set(&again, true, after(4)).await.unwrap();
    assert_eq!(fixture.value_set(&reference(&format!("{OID}|2024"))).await.unwrap(), Some(again));
    assert_eq!(fixture.value_sets().await.unwrap().len(), 1);
}

async fn what_is_kept_beside_the_one_in_use_changes_nothing(fixture: Fixture) {
    let (old, new) = (set(OID, Some("2023"), &["a"]), set(OID, Some("2024"), &["b"]));
    assert_eq!(fixture.put_value_set(&new, false, now()).await.unwrap(), PutValueSet::New, "there was none");
    let revision = fixture.value_set_revision().await.unwrap();
    assert_eq!(fixture.put_value_set(&old, false, after(1)).await.unwrap(), PutValueSet::Kept);
    assert_eq!(fixture.value_set_revision().await.unwrap(), revision);
    assert_eq!(fixture.value_set(&reference(OID)).await.unwrap(), Some(new));
    assert_eq!(fixture.value_set(&reference(&format!("{OID}|2023"))).await.unwrap(), Some(old));
}

async fn a_value_set_of_a_hundred_thousand_codes_comes_back_whole(fixture: Fixture) {
    let codes = (0..100_000)
        .map(|code| Coding { display: Some(format!("Concept {code}")), ..Coding::new("http://snomed.info/sct", code.to_string()) });
    let large = ValueSet::new(ValueSetUrl::parse(OID).unwrap(), None, None, "Large".into(), codes.collect()).unwrap();
    let began = Instant::now();
    fixture.put_value_set(&large, true, now()).await.unwrap();
    assert_eq!(fixture.value_set(&reference(OID)).await.unwrap(), Some(large));
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}

async fn noting_other_value_sets_marks_everybody_where_asked_to(fixture: Fixture) {
    let source = fixture.source().await;
    fixture.sync(&source, vec![patient(&source, "a", 1)]).await;
    let segment = fixture.put_segment(&segment("due"), now()).await.unwrap();
    let claimed = fixture.claim_dirty(10, now(), after(60)).await.unwrap();
    // What is noted while somebody is evaluated asks for that person again.
    fixture.note_value_sets(&[(segment.id, "one".into())], true, now()).await.unwrap();
    fixture.apply_evaluations(&claimed, &[], &[(segment.id, 1)], now()).await.unwrap();
    assert_eq!(fixture.dirty_backlog().await.unwrap().0, 1);
    let claimed = fixture.claim_dirty(10, after(61), after(120)).await.unwrap();
    fixture.apply_evaluations(&claimed, &[], &[(segment.id, 1)], now()).await.unwrap();
    fixture.note_value_sets(&[(segment.id, "two".into())], false, now()).await.unwrap();
    assert_eq!(fixture.dirty_backlog().await.unwrap().0, 0);
    assert_eq!(fixture.noted_value_sets().await.unwrap(), [(segment.id, "two".to_owned())]);
    let nobody = crate::given::segment("gone");
    let unknown: Result<(), StoreError> = fixture.note_value_sets(&[(nobody.id, "three".into())], false, now()).await;
    assert!(unknown.is_ok() && fixture.noted_value_sets().await.unwrap().len() == 1, "a segment that is gone is noted by nobody");
}
