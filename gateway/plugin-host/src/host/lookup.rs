//! `lookup`: terminology, remembered for a while.

use std::sync::Arc;
use std::time::Duration;

use gateway_domain::code::Coding;
use gateway_domain::plugin_call::HostFunction;
use gateway_ports::terminology::{Terminology, TerminologyError};
use moka::future::Cache;
use tokio::time::timeout;

use crate::abi::v0_1::lookup::{Expansion, Host};
use crate::abi::v0_1::types;
use crate::config::HostConfig;
use crate::host::CallState;

/// Letters of a display.
const LONGEST: usize = 300;
/// Codes of one page of an expansion.
const MOST_CODES: usize = 1_000;

/// Systems and codes, ascending, each once.
type Codes = Vec<(String, String)>;

/// Terminology behind a cache bounded in size and time.
pub(crate) struct Lookups {
    terminology: Option<Arc<dyn Terminology>>,
    sets: Cache<String, Option<Arc<Codes>>>,
    displays: Cache<(String, String), Option<String>>,
    time: Duration,
    most_expanded: usize,
}

impl Lookups {
    pub(crate) fn new(terminology: Option<Arc<dyn Terminology>>, config: &HostConfig) -> Self {
        let (entries, lives) = (config.lookup_entries, config.lookup_lives);
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
            time: config.lookup_time,
            most_expanded: config.expansion_codes,
        }
    }

    pub(crate) fn invalidate(&self) {
        self.sets.invalidate_all();
        self.displays.invalidate_all();
    }

    /// The codes of a value set.
    async fn codes(&self, value_set: &str) -> Result<Option<Arc<Codes>>, types::PluginError> {
        let Some(terminology) = &self.terminology else { return Ok(None) };
        metrics::counter!("plugin_lookups_total").increment(1);
        // What nobody knows is remembered; that nobody could say is not.
        let expanded = self.sets.try_get_with_by_ref(value_set, async {
            metrics::counter!("plugin_lookup_misses_total").increment(1);
            let codes = match terminology.expand(value_set).await {
                Ok(codes) => codes,
                Err(TerminologyError::Unavailable(_)) => return Err(()),
                Err(TerminologyError::Unknown(_) | TerminologyError::Version { .. }) => return Ok(None),
            };
            let mut codes: Codes = codes.into_iter().map(|coding| (coding.system, coding.code)).collect();
            codes.sort_unstable();
            codes.dedup();
            Ok(Some(Arc::new(codes)))
        });
        match timeout(self.time, expanded).await {
            Ok(Ok(codes)) => Ok(codes),
            Ok(Err(_)) | Err(_) => Err(types::PluginError::Unavailable(None)),
        }
    }

    async fn contains(&self, value_set: &str, code: types::Coding) -> Result<Option<bool>, types::PluginError> {
        let code = (code.system, code.code);
        Ok(self.codes(value_set).await?.map(|codes| codes.binary_search(&code).is_ok()))
    }

    async fn expand(&self, value_set: &str, first: u32) -> Result<Option<Expansion>, types::PluginError> {
        let Some(codes) = self.codes(value_set).await? else { return Ok(None) };
        if codes.len() > self.most_expanded {
            let (count, most) = (codes.len(), self.most_expanded);
            return Err(types::PluginError::Refused(format!("the value set has {count} codes; at most {most} are handed out")));
        }
        let first = (first as usize).min(codes.len());
        let last = (first + MOST_CODES).min(codes.len());
        let page = codes.get(first..last).unwrap_or_default().iter();
        Ok(Some(Expansion {
            codes: page.map(|(system, code)| types::Coding { system: system.clone(), code: code.clone() }).collect(),
            next: if last < codes.len() { u32::try_from(last).ok() } else { None },
        }))
    }

    async fn display(&self, code: types::Coding) -> Result<Option<String>, types::PluginError> {
        let Some(terminology) = &self.terminology else { return Ok(None) };
        metrics::counter!("plugin_lookups_total").increment(1);
        let key = (code.system, code.code);
        let found = self.displays.get_with_by_ref(&key, async {
            metrics::counter!("plugin_lookup_misses_total").increment(1);
            let display = terminology.display(&Coding::new(key.0.as_str(), key.1.as_str())).await?;
            Some(display.chars().take(LONGEST).collect())
        });
        timeout(self.time, found).await.map_err(|_| types::PluginError::Unavailable(None))
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
        services.lookups.contains(&value_set, code).await
    }

    async fn display(&mut self, code: types::Coding) -> Result<Option<String>, types::PluginError> {
        if !self.enters(HostFunction::LookupDisplay, &[&code.system, &code.code])? {
            return Ok(None);
        }
        let services = self.services.clone();
        services.lookups.display(code).await
    }

    async fn expand(&mut self, value_set: String, first: u32) -> Result<Option<Expansion>, types::PluginError> {
        if !self.enters(HostFunction::LookupExpand, &[&value_set])? {
            return Ok(None);
        }
        let services = self.services.clone();
        services.lookups.expand(&value_set, first).await
    }
}
