use std::sync::atomic::Ordering;

use gateway_domain::audit::{Actor, AuditAction};
use gateway_domain::fact::FactKind;
use jiff::SignedDuration;
use serde_json::json;

use gateway_outreach::segments::evaluate::Evaluate;
use gateway_outreach::segments::prepare::Preparation;
use gateway_outreach::segments::preview::PreviewQuestion;
use gateway_outreach::workers::{Stage as _, Wake};

use crate::world::{World, work_off};

#[tokio::test]
async fn a_trapping_plugin_stops_nobody_else_and_is_asked_again() {
    let world = World::new();
    let steady = world.segment("steady", "steady", json!({}));
    let fragile = world.segment("fragile", "fragile", json!({}));
    let stage = Evaluate::new(world.deps.clone(), Wake::default());
    world.script.traps.store(true, Ordering::SeqCst);
    world.mark_dirty();
    work_off(&stage).await;
    assert!(world.is_member(steady) && !world.is_member(fragile));
    let problems = world.deps.problems.list();
    assert_eq!(problems[0].object, "segment fragile");
    assert!(problems[0].reason.contains("unreachable executed"), "{}", problems[0].reason);
    assert_eq!(world.store.kept().dirty.len(), 1, "the patient stays dirty for the retry");

    world.script.traps.store(false, Ordering::SeqCst);
    world.pass(SignedDuration::from_secs(61));
    work_off(&stage).await;
    assert!(world.is_member(fragile));
    assert!(world.store.kept().dirty.is_empty() && world.deps.problems.list().is_empty());
}

#[tokio::test]
async fn memberships_stay_as_they_are_while_the_plugin_fails() {
    let world = World::new();
    let fragile = world.segment("fragile", "fragile", json!({}));
    world.mark_dirty();
    world.evaluate().await;
    assert!(world.is_member(fragile));
    world.script.traps.store(true, Ordering::SeqCst);
    world.script.member.store(false, Ordering::SeqCst);
    world.mark_dirty();
    world.evaluate().await;
    assert!(world.is_member(fragile));
}

#[tokio::test]
async fn a_missing_value_set_gives_no_members_and_says_so() {
    let world = World::new();
    let segment = world.segment("screening", "steady", json!({ "value_set": "http://example.org/mammography" }));
    let other = world.segment("other", "steady", json!({}));
    world.mark_dirty();
    world.evaluate().await;
    assert!(!world.is_member(segment) && world.is_member(other));
    let problems = world.deps.problems.list();
    assert_eq!((problems.len(), problems[0].object.as_str()), (1, "segment screening"));
    assert!(problems[0].reason.contains("http://example.org/mammography"), "{}", problems[0].reason);
    assert!(world.store.kept().dirty.is_empty(), "it is asked again tomorrow, not all the time");
}

#[tokio::test]
async fn an_imported_value_set_evaluates_those_anew_whose_segments_name_it() {
    let world = World::new();
    let segment = world.segment("screening", "steady", json!({ "value_set": "1.2.3" }));
    let stage = Evaluate::new(world.deps.clone(), Wake::default());
    world.mark_dirty();
    work_off(&stage).await;
    assert!(!world.is_member(segment) && world.store.kept().dirty.is_empty());

    world.value_sets.put("1.2.9", &["x"]);
    assert!(!stage.work().await.unwrap().worked, "nobody names that one");
    world.value_sets.put("1.2.3", &["a"]);
    work_off(&stage).await;
    assert!(world.is_member(segment) && world.deps.problems.list().is_empty());

    // The gateway stands still while another version is imported, and notices when it starts.
    world.value_sets.put("1.2.3", &["a", "b"]);
    let restarted = Evaluate::new(world.deps.clone(), Wake::default());
    assert!(restarted.work().await.unwrap().worked);
    work_off(&restarted).await;
    let same = Evaluate::new(world.deps.clone(), Wake::default());
    assert!(!same.work().await.unwrap().worked, "nothing changed since");
}

#[tokio::test]
async fn a_new_segment_is_evaluated_once_for_its_value_sets() {
    let world = World::new();
    world.value_sets.put("1.2.3", &["a"]);
    let stage = Evaluate::new(world.deps.clone(), Wake::default());
    work_off(&stage).await;
    let segment = world.segment("screening", "steady", json!({ "value_set": "urn:oid:1.2.3" }));
    world.mark_dirty();
    assert!(stage.work().await.unwrap().worked);
    assert!(world.is_member(segment) && world.store.kept().dirty.is_empty(), "noted, and nobody asked for twice");
    world.value_sets.put("1.2.9", &["x"]);
    assert!(!stage.work().await.unwrap().worked);
}

#[tokio::test]
async fn memberships_stay_as_they_are_while_value_sets_cannot_be_looked_up() {
    let world = World::new();
    world.value_sets.put("1.2.3", &["a"]);
    let segment = world.segment("screening", "steady", json!({ "value_set": "1.2.3" }));
    world.mark_dirty();
    world.evaluate().await;
    assert!(world.is_member(segment));
    world.value_sets.is_away.store(true, Ordering::SeqCst);
    world.mark_dirty();
    assert!(Evaluate::new(world.deps.clone(), Wake::default()).work().await.is_err());
    assert!(world.is_member(segment) && world.store.kept().dirty.len() == 1);
}

#[tokio::test]
async fn each_batch_a_plugin_reads_is_in_the_audit() {
    let world = World::new();
    world.segment("one", "steady", json!({}));
    world.segment("two", "steady", json!({}));
    world.mark_dirty();
    world.evaluate().await;
    let audit = &world.store.kept().audit;
    assert_eq!(audit.len(), 1);
    assert_eq!(audit[0].detail, "patients=1 segments=2 kinds=0x10");
}

#[tokio::test]
async fn each_look_at_a_patient_is_in_the_audit_allowed_or_refused() {
    let world = World::new();
    let segment = world.segment("curious", "curious", json!({}));
    world.learn("1965", FactKind::Condition);
    world.mark_dirty();
    world.evaluate().await;
    assert!(world.is_member(segment));
    assert_eq!(*world.script.looked_up.lock().unwrap(), [1]);
    let kept = world.store.kept();
    let patient = kept.patients[0].id;
    let looks: Vec<_> = kept.audit.iter().filter(|entry| entry.object == "clinical-record").collect();
    let told: Vec<_> = looks.iter().map(|entry| (entry.patient, entry.allowed, entry.detail.as_str())).collect();
    assert_eq!(told, [(Some(patient), true, "kinds=0x1"), (Some(patient), false, "kinds=0x80")]);
    assert!(looks.iter().all(|entry| entry.actor == Actor::Plugin("curious".to_owned()) && entry.action == AuditAction::Read));
}

#[tokio::test]
async fn a_look_that_can_not_be_audited_is_not_made() {
    let world = World::new();
    let segment = world.segment("curious", "curious", json!({}));
    world.learn("1965", FactKind::Condition);
    // The batch itself is written down, and then there is no more room.
    world.store.kept().audit_room = Some(1);
    world.mark_dirty();
    world.evaluate().await;
    assert!(!world.is_member(segment) && world.script.looked_up.lock().unwrap().is_empty());
    assert!(world.store.kept().dirty.len() == 1, "the patient is asked about again");
}

#[tokio::test]
async fn what_was_looked_up_in_one_round_is_not_taken_for_true_in_the_next() {
    let world = World::new();
    world.segment("one", "curious", json!({}));
    world.segment("two", "curious", json!({}));
    for seen in 1..=2 {
        world.learn(&format!("196{seen}"), FactKind::Condition);
        world.mark_dirty();
        world.evaluate().await;
        assert_eq!(world.script.looked_up.lock().unwrap().drain(..).collect::<Vec<_>>(), [seen, seen]);
    }
    assert_eq!(
        world.store.kept().audit.iter().filter(|entry| entry.allowed && entry.patient.is_some()).count(),
        4,
        "remembered, and audited"
    );
}

#[tokio::test]
async fn what_a_definition_that_is_tried_looks_up_is_in_the_audit_too() {
    let world = World::new();
    world.segment("curious", "curious", json!({}));
    world.learn("1965", FactKind::Condition);
    let segment = world.store.kept().segments[0].clone();
    let deps = &world.deps;
    let preparation = Preparation::new(deps.store.clone(), deps.plugins.clone(), deps.lookup.clone());
    let question =
        PreviewQuestion { segment: &segment, instead_of: None, as_of: deps.clock.now(), named: 1, time: SignedDuration::from_secs(5) };
    let found = preparation.preview(&question, &deps.clock, &deps.entropy).await.unwrap();
    assert_eq!((found.members, found.is_complete), (1, true));
    let objects: Vec<String> = world.store.kept().audit.iter().map(|entry| entry.object.clone()).collect();
    assert_eq!(objects, ["clinical-records", "clinical-record", "clinical-record"]);
}
