//! `kill -9` at random moments: nothing is lost, nothing is sent twice. The seed is printed; set `OUTREACH_KILL_SEED` to repeat a run.
//! `OUTREACH_KILLS` says how often a sync is killed on each database: 50 unless it is said, 1,000 and more in `make nightly`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::harness::database::Kind;
use crate::harness::eventually;
use crate::harness::gateway::outreach_ok;
use crate::harness::world::{Plan, World};

const KILLS: usize = 50;

fn randomness(what: &str) -> StdRng {
    let seed = std::env::var("OUTREACH_KILL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| rand::rng().random());
    eprintln!("{what}: OUTREACH_KILL_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

fn kills_during_a_sync() -> usize {
    std::env::var("OUTREACH_KILLS").ok().map_or(KILLS, |kills| kills.parse().expect("OUTREACH_KILLS is a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_into_sqlite_that_is_killed_again_and_again_brings_everything_once() {
    sync_and_kill(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_into_postgres_that_is_killed_again_and_again_brings_everything_once() {
    sync_and_kill(Kind::Postgres).await;
}

async fn sync_and_kill(database: Kind) {
    let kills = kills_during_a_sync();
    let mut random = randomness(&format!("{kills} kills during a sync into {database:?}"));
    let Some(world) = World::make(Plan { people: Some(400), with_definitions: false, ..Plan::new(database) }).await else { return };
    for kill in 0..kills {
        if kill % 100 == 99 {
            eprintln!("{database:?}: {} kills", kill + 1);
        }
        let gateway = world.serve();
        tokio::time::sleep(Duration::from_millis(random.random_range(50..900))).await;
        gateway.kill();
        // Something new each time, so that the syncs after the first have work too.
        world.ehr.tick(random.random(), 5).unwrap();
    }
    outreach_ok(&world.config, &["sync", "--source", "sandbox"], "");
    let after = outreach_ok(&world.config, &["sync", "--source", "sandbox", "--full"], "");
    assert!(after.to_lowercase().contains("nothing changed"), "a full read finds no difference: {after}");

    let _gateway = world.serve();
    let api = world.api().await;
    let sources = api.get("/sources").await;
    let stored: BTreeMap<String, u64> = sources["items"][0]["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|count| (count["type"].as_str().unwrap().to_owned(), count["count"].as_u64().unwrap()))
        .collect();
    let served = world.ehr.resource_counts();
    for (kind, count) in &stored {
        assert_eq!(served.get(kind), Some(count), "{kind}");
    }
    assert!(stored["Patient"] > 300 && stored["Observation"] > 300, "{stored:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sending_that_is_killed_fifty_times_sends_nothing_twice_and_loses_nothing() {
    let mut random = randomness("kills during sending");
    let world = World::make(Plan { people: Some(1_200), ..Plan::new(Kind::Sqlite) }).await.unwrap();
    outreach_ok(&world.config, &["sync", "--source", "sandbox"], "");
    for _ in 0..KILLS {
        let gateway = world.serve();
        tokio::time::sleep(Duration::from_millis(random.random_range(100..1_200))).await;
        gateway.kill();
    }
    let _gateway = world.serve();
    let api = world.api().await;
    eventually("every message to be decided", Duration::from_mins(2), || async {
        let counts = api.try_get("/message-counts").await?;
        let count = |status: &str| {
            counts.as_array().unwrap().iter().find(|count| count["status"] == status).map_or(0, |count| count["count"].as_u64().unwrap())
        };
        (count("accepted") > 10 && api.is_at_rest().await?).then_some(())
    })
    .await;

    let arrived = world.arrived();
    let distinct: BTreeSet<&String> = arrived.iter().map(|(id, _)| id).collect();
    assert_eq!(distinct.len(), arrived.len(), "a message arrived twice");
    let accepted = api.all("/messages?status=accepted").await;
    let unknown = api.all("/messages?status=unknown").await;
    let is_in_mailbox = |message: &serde_json::Value| arrived.iter().any(|(id, _)| id.contains(message["id"].as_str().unwrap()));
    assert!(accepted.iter().all(is_in_mailbox), "an accepted message never arrived");
    let accounted = accepted.len() + unknown.iter().filter(|message| is_in_mailbox(message)).count();
    assert_eq!(accounted, arrived.len(), "each message that arrived is accepted or unknown in the ledger");
    assert!(unknown.len() <= KILLS * 8, "more unknown than could be in flight");

    // One run for each member, one invitation for each run.
    let journeys = api.get("/journeys").await;
    let runs = api.all(&format!("/journeys/{}/runs", journeys["items"][0]["id"].as_str().unwrap())).await;
    let patients: BTreeSet<_> = runs.iter().map(|run| run["patient"]["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(patients.len(), runs.len(), "a patient entered twice");
    let segments = api.get("/segments").await;
    let due = segments["items"].as_array().unwrap().iter().find(|segment| segment["key"] == "breast-cancer-screening-due").unwrap();
    assert_eq!(due["members"].as_u64().unwrap() as usize, runs.len(), "a member was not enrolled");
    let all = api.all("/messages").await;
    assert_eq!(all.len(), runs.len(), "one invitation for each run");
}
