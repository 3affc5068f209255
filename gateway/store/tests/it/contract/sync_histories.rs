//! Whatever the order, the doubling and the cuts in which a source's history arrives, the model is the same in the end.

use gateway_domain::fact::FactKinds;
use gateway_domain::projection::ReadResource;
use gateway_domain::source::{Source, SyncStrategy};
use gateway_ports::store::sync::ApplyBatch;
use gateway_ports::store::{PatientStore, SourceStore, SyncStore};
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Handle;

use crate::fixture::{Fixture, entropy, now};
use crate::given::{observation, patient};

on_both! { the_order_of_arrival_does_not_matter, a_transaction_that_is_dropped_leaves_no_trace }

/// A version of one of four observations, with one of two patients; the newest of each is what the model must hold.
fn version(source: &Source, id: u8, version: u32) -> ReadResource {
    let of = if (u32::from(id) + version).is_multiple_of(3) { "a" } else { "b" };
    observation(source, &format!("o{id}"), of, version)
}

/// Codes by patient, in order.
async fn model(fixture: &Fixture) -> Vec<(String, Vec<String>)> {
    let mut model = Vec::new();
    for fhir_id in ["a", "b"] {
        let no = fixture.patient_no(fhir_id).await;
        let records = fixture.clinical_records(&[no], FactKinds::OBSERVATION).await.unwrap();
        let ids: Vec<_> = records[0].facts.iter().flat_map(|fact| fact.codes.clone()).collect();
        let mut codes: Vec<String> = fixture.codings(&ids).await.unwrap().into_iter().map(|(_, coding)| coding.code).collect();
        codes.sort();
        model.push((fhir_id.to_owned(), codes));
    }
    model
}

async fn the_order_of_arrival_does_not_matter(fixture: Fixture) {
    let source = fixture.source().await;
    let fixture = &fixture;
    let source = &source;
    let handle = Handle::current();
    let history = proptest::collection::vec((0_u8..4, 1_u32..5), 1..40);
    let strategy = (history, proptest::collection::vec(1_usize..6, 1..8));
    tokio::task::block_in_place(|| {
        let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
        runner
            .run(&strategy, |(history, cuts)| {
                handle.block_on(async {
                    let run = fixture.begin(source, SyncStrategy::SearchSince).await;
                    for id in 0..4 {
                        let batch = ApplyBatch { deletes: vec![("Observation".into(), format!("o{id}"))], ..ApplyBatch::default() };
                        fixture.apply(run, batch, now(), entropy()).await.unwrap();
                    }
                    fixture.apply_to(run, vec![patient(source, "a", 1), patient(source, "b", 1)]).await;
                    // A tombstone remembers when its resource was last changed: each case begins after all the cases before it.
                    let base = BASE.fetch_add(10, std::sync::atomic::Ordering::Relaxed);
                    let mut rest = history.as_slice();
                    for cut in cuts.iter().cycle() {
                        let (piece, after) = rest.split_at((*cut).min(rest.len()));
                        let resources: Vec<_> = piece.iter().map(|(id, number)| version(source, *id, base + number)).collect();
                        fixture.apply_to(run, resources.clone()).await;
                        fixture.apply_to(run, resources).await;
                        rest = after;
                        if rest.is_empty() {
                            break;
                        }
                    }
                    fixture.complete(run).await;
                    let mut expected = vec![("a".to_owned(), Vec::new()), ("b".to_owned(), Vec::new())];
                    for id in 0..4_u8 {
                        if let Some(newest) = history.iter().filter(|(its, _)| *its == id).map(|(_, number)| base + number).max() {
                            let place = usize::from(!(u32::from(id) + newest).is_multiple_of(3));
                            expected[place].1.push(format!("o{id}-{newest}"));
                        }
                    }
                    assert_eq!(model(fixture).await, expected);
                    let held: u64 = expected.iter().map(|(_, codes)| codes.len() as u64).sum();
                    let counted = fixture.resource_counts(None).await.unwrap();
                    assert_eq!(counted.iter().find(|(name, _)| name == "Observation").map_or(0, |(_, count)| *count), held);
                });
                Ok(())
            })
            .unwrap();
    });
}

static BASE: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);

async fn a_transaction_that_is_dropped_leaves_no_trace(fixture: Fixture) {
    let source = fixture.source().await;
    let run = fixture.begin(&source, SyncStrategy::SearchSince).await;
    let resources: Vec<_> = (0..400).map(|id| observation(&source, &format!("o{id}"), &format!("p{}", id % 7), 1)).collect();
    for polls in 1..60_u32 {
        let batch = ApplyBatch { resources: resources.clone(), checkpoint: Some("end".into()), ..ApplyBatch::default() };
        let applying = fixture.apply(run, batch, now(), entropy());
        // Cut at a moment that differs each time, as a crash would.
        let cut = tokio::time::timeout(std::time::Duration::from_micros(u64::from(polls) * 350), applying).await;
        // In this order: a commit that was under way at the cut may still end between the two looks.
        let held = fixture.resource_counts(None).await.unwrap();
        let open = fixture.open_run(source.id).await.unwrap().unwrap();
        if cut.is_ok() {
            assert_eq!(open.counts.applied + open.counts.unchanged, open.counts.read);
            break;
        }
        if open.checkpoint.is_some() {
            break;
        }
        assert_eq!(held, []);
        assert_eq!(open.counts.read, 0);
    }
    fixture.apply_to(run, resources).await;
    assert_eq!(fixture.resource_counts(None).await.unwrap(), [("Observation".into(), 400)]);
}
