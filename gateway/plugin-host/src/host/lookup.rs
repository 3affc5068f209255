//! `lookup`: terminology, remembered for a while.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use gateway_domain::code::Coding;
use gateway_domain::plugin_call::HostFunction;
use gateway_ports::terminology::Terminology;
use moka::future::Cache;

use crate::abi::v0_1::lookup::Host;
use crate::abi::v0_1::types;
use crate::host::CallState;

/// Letters of a display.
const LONGEST: usize = 300;

type Codes = HashSet<(String, String)>;

/// Terminology behind a cache bounded in size and time.
pub(crate) struct Lookups {
    terminology: Option<Arc<dyn Terminology>>,
    sets: Cache<String, Option<Arc<Codes>>>,
    displays: Cache<(String, String), Option<String>>,
}

impl Lookups {
    pub(crate) fn new(terminology: Option<Arc<dyn Terminology>>, entries: u64, lives: Duration) -> Self {
        Self {
            terminology,
            // A set counts as many entries as it has codes.
            sets: Cache::builder()
                .weigher(|_: &String, set: &Option<Arc<Codes>>| {
                    set.as_ref().map_or(1, |set| u32::try_from(set.len()).unwrap_or(u32::MAX).max(1))
                })
                .max_capacity(entries.saturating_mul(100))
                .time_to_live(lives)
                .build(),
            displays: Cache::builder().max_capacity(entries).time_to_live(lives).build(),
        }
    }

    pub(crate) fn invalidate(&self) {
        self.sets.invalidate_all();
        self.displays.invalidate_all();
    }

    async fn contains(&self, value_set: String, code: types::Coding) -> Option<bool> {
        let terminology = self.terminology.as_ref()?;
        metrics::counter!("plugin_lookups_total").increment(1);
        let expanded = self.sets.get_with_by_ref(&value_set, async {
            metrics::counter!("plugin_lookup_misses_total").increment(1);
            let codes = terminology.expand(&value_set).await.ok()?;
            Some(Arc::new(codes.into_iter().map(|coding| (coding.system, coding.code)).collect::<Codes>()))
        });
        expanded.await.map(|codes| codes.contains(&(code.system, code.code)))
    }

    async fn display(&self, code: types::Coding) -> Option<String> {
        let terminology = self.terminology.as_ref()?;
        metrics::counter!("plugin_lookups_total").increment(1);
        let key = (code.system, code.code);
        let found = self.displays.get_with_by_ref(&key, async {
            metrics::counter!("plugin_lookup_misses_total").increment(1);
            let display = terminology.display(&Coding::new(key.0.as_str(), key.1.as_str())).await?;
            Some(display.chars().take(LONGEST).collect())
        });
        found.await
    }
}

impl CallState {
    /// Counts a lookup, and says whether anybody can know what it asks for.
    fn enters(&mut self, function: HostFunction, asked: &[&str]) -> Result<bool, types::PluginError> {
        if self.calls(function) {
            Ok(self.allowance.may_look_up(asked))
        } else {
            Err(types::PluginError::Refused("the host was called too often".to_owned()))
        }
    }
}

impl Host for CallState {
    async fn in_value_set(&mut self, value_set: String, code: types::Coding) -> Result<Option<bool>, types::PluginError> {
        if !self.enters(HostFunction::LookupInValueSet, &[&value_set, &code.system, &code.code])? {
            return Ok(None);
        }
        let services = self.services.clone();
        let answer = services.lookups.contains(value_set, code).await;
        Ok(answer)
    }

    async fn display(&mut self, code: types::Coding) -> Result<Option<String>, types::PluginError> {
        if !self.enters(HostFunction::LookupDisplay, &[&code.system, &code.code])? {
            return Ok(None);
        }
        let services = self.services.clone();
        let answer = services.lookups.display(code).await;
        Ok(answer)
    }
}
