//! Exports that break off, again and again, at places that chance decides. The seed is printed; `OUTREACH_CUT_SEED` repeats a run, and
//! `OUTREACH_CUTS` says how many exports are cut (50 where nothing is said, 2,000 at night).

use ehr_sandbox::{Config, FaultScript};
use gateway_auth::{RandomSource as _, SystemRandom};
use gateway_ports::store::SyncStore as _;
use gateway_sync::{Quiet, SyncOptions};
use serde_json::{Value, json};

use crate::server::{Manner, Setting, Token};

const LANES: u64 = 4;
const MOST_RUNS: u32 = 20;

/// A small generator (SplitMix64), so that a seed says everything.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }
}

impl Chance {
    fn one<T: Copy, const N: usize>(&mut self, of: [T; N]) -> T {
        *of.get(self.below(N as u64) as usize).unwrap()
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_that_is_cut_at_random_places_is_read_whole_or_not_seen() {
    let cuts = number("OUTREACH_CUTS").unwrap_or(50);
    let mut drawn = [0; 8];
    assert!(SystemRandom.fill(&mut drawn));
    let seed = number("OUTREACH_CUT_SEED").unwrap_or_else(|| u64::from_le_bytes(drawn));
    eprintln!("{cuts} cuts: OUTREACH_CUT_SEED={seed}");
    let lanes: Vec<_> = (0..LANES).map(|lane| tokio::spawn(cut_exports(seed, lane, cuts))).collect();
    for lane in lanes {
        lane.await.unwrap();
    }
}

/// Found by chance: a wrong byte in a packed stream became the end of a line, and the stream broke off before its check sum came.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_whose_lines_were_counted_wrongly_before_a_cut_is_read_from_its_start() {
    cut_exports(11_776_258_578_756_599_106, 19, 20).await;
}

async fn cut_exports(seed: u64, lane: u64, cuts: u64) {
    let mut round = lane;
    while round < cuts {
        let mut chance = Chance(seed ^ round.wrapping_mul(0xd1b5_4a32_d192_ed03));
        let rules = faults(&mut chance);
        let told = format!("OUTREACH_CUT_SEED={seed}, cut {round}: {rules}");
        let script = FaultScript::read(&json!({"seed": chance.below(u64::MAX), "rules": rules}).to_string()).unwrap();
        let config = Config {
            people: Some(3 + chance.below(4)),
            seed: chance.below(1_000),
            faults: script,
            foreign_listen: Some("127.0.0.1:0".to_owned()),
            ..Setting::open_server()
        };
        let manner = Manner { token: Token::Fixed, fetches_foreign_files: true, ..Manner::default() };
        let setting = Setting::start_as(config, manner).await;
        let options = SyncOptions {
            batch_resources: 5 + chance.below(60) as usize,
            parallel_files: 1 + chance.below(5) as usize,
            ..SyncOptions::for_testing()
        };
        let mut ended = false;
        for _ in 0..MOST_RUNS {
            // Each run as after a restart.
            let ran = setting.worker().run_once(&setting.feed, &options, &Quiet).await;
            if ran.is_ok() {
                ended = true;
                break;
            }
            assert!(setting.source_now().await.synced_at.is_none(), "half an import looks whole; {told}");
        }
        assert!(ended, "no run came to its end; {told}");
        assert!(setting.store.open_run(setting.source.id).await.unwrap().is_none(), "{told}");
        assert_eq!(setting.held().await, setting.on_server(), "{told}");
        setting.sandbox.play(FaultScript::default());
        let again = setting.worker().run_once(&setting.feed, &SyncOptions { full: true, ..options }, &Quiet).await.unwrap();
        assert!(!again.changed(), "{again}; {told}");
        assert!(!setting.sandbox.heard().iter().any(|it| it.place == ehr_sandbox::Place::Foreign && it.with_authorization), "{told}");
        round += LANES;
    }
}

/// What goes wrong with one export: files cut and corrupted, refusals, links that run out, pages that are lost.
fn faults(chance: &mut Chance) -> Value {
    let mut rules = Vec::new();
    let files = "*/bulk-files/*";
    if chance.below(2) == 0 {
        rules.push(json!({"when": {"path": files}, "then": [{"gzip": (chance.one(["file", "encoding", "members"]))}]}));
    }
    if chance.below(3) == 0 {
        rules.push(json!({"when": {"path": "/fhir/bulk-status/*"}, "then": [{"manifest-pages": 1 + chance.below(4)}]}));
        rules.push(json!({"when": {"path": "/fhir/bulk-status/*", "query": "_manifestPage=1", "until": 1 + chance.below(2)},
            "then": [{"answer": {"status": (chance.one([404, 500, 502]))}}]}));
    }
    if chance.below(3) == 0 {
        rules.push(json!({"when": {"path": files, "until": 1 + chance.below(4)},
            "then": [{"answer": {"status": (chance.one([404, 410, 429, 503])), "headers": {"retry-after": "0"}}}]}));
    }
    let times = 1 + chance.below(6);
    let until = 2 + chance.below(12);
    for _ in 0..times {
        let nth: Vec<u64> = (0..=chance.below(3)).map(|_| 1 + chance.below(until)).collect();
        let what = match chance.below(8) {
            0 => json!("drop"),
            1 => json!({"corrupt": {}}),
            2 => json!({"cut": {"after": chance.below(400)}}),
            _ => json!({"cut": {}}),
        };
        // What is plain has no check sum: a wrong byte in it can't be told from a right one.
        if what.get("corrupt").is_some() && !rules.iter().any(|rule: &Value| rule.to_string().contains("gzip")) {
            continue;
        }
        rules.push(json!({"when": {"path": files, "nth": nth}, "then": [what]}));
    }
    if chance.below(4) == 0 {
        rules.push(json!({"when": {"path": "/fhir/bulk-status/*"},
            "then": [{"replace": {"find": "{base}/bulk-files", "with": "{foreign}/signed/fhir/bulk-files"}}]}));
        rules.push(json!({"when": {"at": "foreign", "until": 1 + chance.below(3)}, "then": [{"answer": {"status": 403}}]}));
    }
    rules.into()
}
