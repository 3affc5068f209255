//! What the other plugins notice of a hostile one: next to nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gateway_plugin_host::HostConfig;
use gateway_ports::plugins::PluginError;
use rstest::rstest;
use tokio::task::JoinSet;

use super::calls::{check, installed, neighbour};
use super::guest::Guest;
use super::resident_bytes;
use crate::{bench, bench_with};

fn endless() -> Guest {
    Guest::segment().does("check", "(loop br 0) unreachable")
}

/// More calls of a hostile plugin than there are places, for as long as the task lives.
fn besiege(bench: &Arc<crate::Bench>, hostile: &gateway_domain::plugin::PluginName) -> JoinSet<()> {
    let mut siege = JoinSet::new();
    for _ in 0..8 {
        let (bench, hostile) = (bench.clone(), hostile.clone());
        siege.spawn(async move { while check(&bench, &hostile, "{}").await.is_err() {} });
    }
    siege
}

#[tokio::test(flavor = "multi_thread")]
async fn others_are_answered_while_a_hostile_plugin_is_being_stopped() {
    // Without its own limit of calls the hostile plugin would hold all places for a minute.
    let config = HostConfig {
        compute_time: Duration::from_mins(1),
        call_time: Duration::from_mins(1),
        fuel: u64::MAX,
        park_after: u32::MAX,
        ..HostConfig::for_testing()
    };
    let bench = Arc::new(bench_with(config));
    let (hostile, well) = (installed(&bench, &endless()).await, neighbour(&bench).await);
    let siege = besiege(&bench, &hostile);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let started = Instant::now();
    for _ in 0..50 {
        check(&bench, &well, "{}").await.unwrap();
    }
    assert!(started.elapsed() < Duration::from_secs(30), "50 calls took {:?}", started.elapsed());
    assert_eq!(siege.len(), 8, "the hostile ones are still at it");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gets_the_place_of_a_call_that_ended_finds_room_in_the_pool() {
    let config = HostConfig { concurrent_calls: 1, plugin_calls: 1, park_after: u32::MAX, ..HostConfig::for_testing() };
    let bench = Arc::new(bench_with(config));
    // Each writes to all of its memory, so that taking it away takes a while.
    let writes = "(drop (memory.grow (i32.const 300))) (memory.fill (i32.const 4096) (i32.const 1) (i32.const 20000000)) i32.const 16";
    let guest = Guest::segment().does("check", writes);
    let (first, second) = (installed(&bench, &guest).await, neighbour(&bench).await);
    let mut calls = JoinSet::new();
    for number in 0..200 {
        let (bench, name) = (bench.clone(), if number % 2 == 0 { first.clone() } else { second.clone() });
        calls.spawn(async move { check(&bench, &name, "{}").await });
    }
    while let Some(ended) = calls.join_next().await {
        ended.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_back_to_its_base_after_a_thousand_hostile_calls() {
    let config = HostConfig { park_after: u32::MAX, ..HostConfig::for_testing() };
    let bench = bench_with(config);
    let greedy = "(drop (memory.grow (i32.const 400))) (memory.fill (i32.const 4096) (i32.const 1) (i32.const 26000000)) unreachable";
    let name = installed(&bench, &Guest::segment().does("check", greedy)).await;
    for _ in 0..10 {
        assert!(matches!(check(&bench, &name, "{}").await, Err(PluginError::Stopped { .. })));
    }
    let base = resident_bytes();
    for _ in 0..1_000 {
        assert!(matches!(check(&bench, &name, "{}").await, Err(PluginError::Stopped { .. })));
    }
    let more = resident_bytes().saturating_sub(base);
    eprintln!("{} MB resident before, {} kB more after a thousand calls that took 26 MB each", base >> 20, more >> 10);
    assert!(more < 48 << 20, "{more} bytes more than before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_nobody_waits_for_any_more_gives_its_place_back() {
    let config = HostConfig { fuel: u64::MAX, compute_time: Duration::from_mins(1), plugin_calls: 4, ..HostConfig::for_testing() };
    let bench = bench_with(config);
    let (hostile, well) = (installed(&bench, &endless()).await, neighbour(&bench).await);
    for _ in 0..8 {
        assert!(tokio::time::timeout(Duration::from_millis(30), check(&bench, &hostile, "{}")).await.is_err());
    }
    check(&bench, &well, "{}").await.unwrap();
    drop(bench);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_one_call_is_there_in_the_next() {
    let bench = bench();
    // Fails if the word it writes is there already.
    let remembers = "(if (i32.load (i32.const 70000)) (then unreachable)) (i32.store (i32.const 70000) (i32.const 7)) i32.const 16";
    let name = installed(&bench, &Guest::segment().does("check", remembers)).await;
    for _ in 0..20 {
        check(&bench, &name, "{}").await.unwrap();
    }
}

/// Endless calls of several plugins, eight in all.
async fn besiege_by_many(bench: &Arc<crate::Bench>, plugins: usize) -> JoinSet<()> {
    let mut siege = JoinSet::new();
    for number in 0..plugins {
        let manifest = endless().manifest().replace("\"hostile\"", &format!("\"hostile-{number}\""));
        let name = bench.host.install(&manifest, &endless().component(), &[], false).await.unwrap().name;
        for _ in 0..8 / plugins {
            let (bench, name) = (bench.clone(), name.clone());
            siege.spawn(async move { while check(&bench, &name, "{}").await.is_err() {} });
        }
    }
    siege
}

#[rstest]
#[case::of_one_plugin(1)]
#[case::of_eight_plugins(8)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_eight_endless_calls_one_computes_at_a_time_and_short_ones_go_on(#[case] plugins: usize) {
    let config = HostConfig {
        compute_time: Duration::from_mins(1),
        call_time: Duration::from_mins(1),
        fuel: u64::MAX,
        park_after: u32::MAX,
        concurrent_calls: 16,
        plugin_calls: 8,
        computing_calls: 1,
        ..HostConfig::for_testing()
    };
    let bench = Arc::new(bench_with(config));
    let well = neighbour(&bench).await;
    let siege = besiege_by_many(&bench, plugins).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    for _ in 0..50 {
        check(&bench, &well, "{}").await.unwrap();
    }
    assert_eq!(siege.len(), 8, "the hostile ones are still at it");
    assert_eq!(bench.host.most_computing(), 1);
}
