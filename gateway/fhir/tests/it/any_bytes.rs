//! The oracles of the fuzz targets over what they began with, over what they once found, and over both with bytes changed: the part of the
//! fuzzing that is quick enough for every run of the tests.

use std::path::Path;

use proptest::prelude::*;

#[path = "../../../../conformance-tests/fuzz/src/oracles.rs"]
#[expect(unreachable_pub, reason = "the fuzz targets are other crates")]
mod oracles;

type Oracle = fn(&[u8]);

const ORACLES: [(&str, Oracle); 6] = [
    ("ndjson_line", oracles::ndjson_line),
    ("bundle", oracles::bundle),
    ("manifest", oracles::manifest),
    ("notification", oracles::notification),
    ("operation_outcome", oracles::operation_outcome),
    ("token_reply", oracles::token_reply),
];

/// Inputs of a target: hand-written ones, and those that once broke something.
fn inputs(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance-tests/fuzz/seeds").join(target);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}

#[test]
fn every_promise_holds_for_the_inputs_of_every_target() {
    for (target, _) in ORACLES {
        let inputs = inputs(target);
        assert!(!inputs.is_empty(), "{target}");
        for input in inputs {
            // A server may send anything where anything else belongs.
            for (_, oracle) in ORACLES {
                oracle(&input);
            }
            for cut in (0..input.len()).step_by(7) {
                for (_, oracle) in ORACLES {
                    oracle(&input[..cut]);
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn every_promise_holds_for_inputs_with_bytes_changed(
        which in any::<prop::sample::Index>(), target in 0..ORACLES.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        piece in any::<prop::sample::Index>(), length in 0_usize..40,
    ) {
        let (name, oracle) = ORACLES[target];
        let inputs = inputs(name);
        let mut input = which.get(&inputs).clone();
        for (at, byte) in changes {
            let at = at.index(input.len());
            input[at] = byte;
        }
        // A piece of it once more, as elements that are there twice.
        let start = piece.index(input.len());
        let end = (start + length).min(input.len());
        let again = input[start..end].to_vec();
        oracle(&input);
        input.splice(end..end, again);
        oracle(&input);
    }
}
