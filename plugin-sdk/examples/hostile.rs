//! A segment plugin that means harm, in the way its configuration says. The plugin host is tested with it.

#[cfg(target_arch = "wasm32")]
mod guest {
    use outreach_plugin_sdk::patient::CodeSets;
    use outreach_plugin_sdk::segment::{Batch, BatchQuestion, Description, Issue, PluginError, Verdicts};

    struct Hostile;

    impl outreach_plugin_sdk::bindings::segment::exports::outreach::plugin::segment::Guest for Hostile {
        fn check(config: String) -> Vec<Issue> {
            match config.as_str() {
                "huge text" => vec![Issue::fatal("", "x".repeat(8 << 20))],
                "many findings" => (0..5_000).map(|_| Issue::advice("", "")).collect(),
                _ => Vec::new(),
            }
        }

        fn describe(config: String) -> Result<Description, PluginError> {
            if config == "no segments" {
                let mut description = Description::one("a", "a");
                description.segments.clear();
                return Ok(description);
            }
            Err(PluginError::Refused(config))
        }

        fn evaluate(question: BatchQuestion, patients: Batch) -> Result<Verdicts, PluginError> {
            outreach_plugin_sdk::silence_panics();
            let rows = patients.birth.len();
            let mut verdicts = Verdicts {
                populations: vec![0; rows],
                review_on: vec![i32::MAX; rows],
                evidence_offset: vec![0; rows + 1],
                evidence_fact: Vec::new(),
                evidence_phrase: Vec::new(),
                phrases: Vec::new(),
            };
            match question.config.as_str() {
                "panic" => panic!("a message that may tell of a patient"),
                "loop" => loop {
                    std::hint::black_box(CodeSets(&[]).get(0));
                },
                "recurse" => return dig(std::hint::black_box(0)).map(|_| verdicts),
                "memory" => {
                    let mut hoard: Vec<Vec<u8>> = Vec::new();
                    loop {
                        hoard.push(vec![1; 1 << 20]);
                        std::hint::black_box(&hoard);
                    }
                }
                "file" => return std::fs::read("/etc/hostname").map(|_| verdicts).map_err(|_| PluginError::Refused("no file".to_owned())),
                "too few" => drop(verdicts.populations.pop()),
                "odd bits" => verdicts.populations.fill(255),
                "foreign fact" => {
                    verdicts.evidence_offset = (0..=rows as u32).collect();
                    verdicts.evidence_fact = vec![1_000_000; rows];
                    verdicts.evidence_phrase = vec![0; rows];
                    verdicts.phrases = vec!["because".to_owned()];
                }
                "offsets back" => verdicts.evidence_offset.fill(7),
                _ => {}
            }
            Ok(verdicts)
        }
    }

    /// Deeper than any stack.
    #[expect(unconditional_recursion, reason = "that is the harm")]
    fn dig(depth: u64) -> Result<u64, PluginError> {
        let below = dig(std::hint::black_box(depth + 1))?;
        Ok(std::hint::black_box(below + depth))
    }

    outreach_plugin_sdk::bindings::segment::export_segment_world!(Hostile with_types_in outreach_plugin_sdk::bindings::segment);
}
