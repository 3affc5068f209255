//! A segment plugin that looks up what its configuration says, of the patients its configuration says, and tells in its evidence what it saw.
//! The plugin host is tested with it.

#[cfg(target_arch = "wasm32")]
mod guest {
    use outreach_plugin_sdk::fact::FactKind;
    use outreach_plugin_sdk::host::lookup;
    use outreach_plugin_sdk::patient::{CodeSets, Patient, Question};
    use outreach_plugin_sdk::segment::{Description, Issue, PluginError, Segment, VerdictBuilder};

    struct Looking(String);

    impl Segment for Looking {
        fn check(_config: &str) -> Vec<Issue> {
            Vec::new()
        }

        fn describe(_config: &str) -> Result<Description, PluginError> {
            Ok(Description::one("looking", "Looking"))
        }

        fn prepare(config: &str, _sets: CodeSets<'_>) -> Result<Self, PluginError> {
            Ok(Self(config.to_owned()))
        }

        /// `look <kind>...`, `look-often <kind>`, `expand <value set>`.
        fn evaluate(&self, patient: Patient<'_>, _question: Question, verdict: &mut VerdictBuilder<'_>) {
            let mut words = self.0.split(' ');
            let told = match words.next() {
                Some("look") => look(patient, words.filter_map(FactKind::named)),
                Some("look-often") => (0..5_000).try_fold(String::new(), |_, _| look(patient, [FactKind::Condition])),
                Some("expand") => words.next().map_or(Ok(None), lookup::expand).map(|codes| match codes {
                    Some(codes) => format!("{} codes, {:?}", codes.len(), codes.last().map(|code| &code.code)),
                    None => "no such set".to_owned(),
                }),
                _ => Ok("nothing".to_owned()),
            };
            match told {
                Ok(told) => {
                    verdict.member(0);
                    verdict.without_fact(told);
                }
                Err(error) => verdict.stop(error),
            }
        }
    }

    fn look(patient: Patient<'_>, kinds: impl IntoIterator<Item = FactKind>) -> Result<String, PluginError> {
        let known = patient.look_up(kinds)?;
        let codes = known.iter().flat_map(|fact| fact.codes()).map(|(system, code, display)| format!("{system}|{code}|{display:?}"));
        let told: Vec<String> = codes.take(3).collect();
        let newest = known.first().and_then(|fact| fact.first_day()).map(|day| day.to_string());
        Ok(format!("{} facts, {told:?}, {newest:?}", known.len()))
    }

    outreach_plugin_sdk::export_segment!(Looking);
}
