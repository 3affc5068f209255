//! What has to be known of a segment before anybody can be evaluated: which facts its plugin needs, and its code sets, resolved.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use gateway_domain::code::{CodeRole, CodeSet, Coding};
use gateway_domain::fact::FactKinds;
use gateway_domain::ids::SegmentId;
use gateway_domain::segment::Segment;
use gateway_ports::plugins::{CodeSetNeed, Plugins, SegmentInfo, SegmentPlugin};
use gateway_ports::store::Store;
use moka::future::Cache;

use crate::OutreachError;
use crate::lookup::ClinicalLookup;

/// Codes interned in one statement.
const INTERN_AT_ONCE: usize = 1_000;

/// A segment that is ready to be asked.
pub struct PreparedSegment {
    /// The plugin that decides.
    pub plugin: Arc<dyn SegmentPlugin>,
    /// Its configuration.
    pub config: Arc<str>,
    /// Its code sets, resolved.
    pub code_sets: Arc<[CodeSet]>,
    /// The facts it gets.
    pub kinds: FactKinds,
    /// Where the groups of this segment stand in the plugin's answer.
    pub groups: Range<usize>,
}

/// Prepares segments, each version once for each version of its plugin and each revision of the value sets.
pub struct Preparation {
    store: Arc<dyn Store>,
    plugins: Arc<dyn Plugins>,
    lookup: Arc<ClinicalLookup>,
    prepared: Cache<(SegmentId, u32, String, i64), Arc<PreparedSegment>>,
}

impl Preparation {
    /// Remembers up to 1,000 segments.
    pub fn new(store: Arc<dyn Store>, plugins: Arc<dyn Plugins>, lookup: Arc<ClinicalLookup>) -> Self {
        let prepared = Cache::builder().max_capacity(1_000).time_to_live(Duration::from_mins(10)).build();
        Self { store, plugins, lookup, prepared }
    }

    /// The segment, ready to be asked, with value sets as of a revision or later.
    ///
    /// # Errors
    /// [`OutreachError::Terminology`] where a value set is missing, [`OutreachError::Plugin`] where the plugin gave no description.
    /// A failure is not remembered.
    pub async fn prepare(&self, segment: &Segment, revision: i64) -> Result<Arc<PreparedSegment>, OutreachError> {
        let plugin = self.plugins.segment(&segment.plugin)?;
        let key = (segment.id, segment.version, plugin.logic().to_owned(), revision);
        self.prepared
            .try_get_with(key, self.resolve(segment, plugin, revision))
            .await
            .map_err(|error: Arc<OutreachError>| OutreachError::clone(&error))
    }

    /// A definition that need not be kept, ready to be asked; not remembered.
    ///
    /// # Errors
    /// As [`Preparation::prepare`].
    pub(super) async fn resolve_now(&self, segment: &Segment) -> Result<Arc<PreparedSegment>, OutreachError> {
        let revision = self.lookup.terminology().revision().await?;
        self.resolve(segment, self.plugins.segment(&segment.plugin)?, revision).await
    }

    pub(super) const fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// What looks things up.
    pub(super) const fn lookup(&self) -> &Arc<ClinicalLookup> {
        &self.lookup
    }

    async fn resolve(
        &self,
        segment: &Segment,
        plugin: Arc<dyn SegmentPlugin>,
        revision: i64,
    ) -> Result<Arc<PreparedSegment>, OutreachError> {
        let config: Arc<str> = segment.definition.to_string().into();
        let description = plugin.describe(&config).await?;
        let groups = groups_of(&segment.key, &description.segments).ok_or_else(|| OutreachError::Ambiguous {
            plugin: segment.plugin.to_string(),
            segment: segment.key.clone(),
            offered: description.segments.len(),
        })?;
        let mut code_sets = Vec::with_capacity(description.needs.code_sets.len());
        for need in &description.needs.code_sets {
            code_sets.push(match need {
                CodeSetNeed::ValueSet(asked) => {
                    let (url, role) = CodeRole::of_value_set(asked);
                    let codings = self.lookup.value_set(url, revision).await?;
                    match role {
                        Some(role) => self.intern(&codings.iter().map(|coding| role.of(coding)).collect::<Vec<_>>()).await?,
                        None => self.intern(&codings).await?,
                    }
                }
                CodeSetNeed::Codes(codings) => self.intern(codings).await?,
            });
        }
        Ok(Arc::new(PreparedSegment { plugin, config, code_sets: code_sets.into(), kinds: description.needs.facts, groups }))
    }

    async fn intern(&self, codings: &[Coding]) -> Result<CodeSet, OutreachError> {
        let mut codes = Vec::with_capacity(codings.len());
        for some in codings.chunks(INTERN_AT_ONCE) {
            codes.extend(self.store.intern_codes(some).await?);
        }
        Ok(CodeSet::new(codes))
    }
}

/// The groups of the segment with this key among all that are offered; a plugin that offers one alone means that one.
fn groups_of(key: &str, offered: &[SegmentInfo]) -> Option<Range<usize>> {
    let place = match offered {
        [_] => 0,
        several => {
            let mut places = several.iter().enumerate().filter(|(_, info)| info.key == key).map(|(place, _)| place);
            places.next().filter(|_| places.next().is_none())?
        }
    };
    let first: usize = offered.iter().take(place).map(|info| info.groups.len()).sum();
    let count = offered.get(place)?.groups.len();
    (count > 0).then(|| first..first + count)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::the_only_one(&[("other", 2)], Some(0..2))]
    #[case::by_key(&[("other", 2), ("due", 1)], Some(2..3))]
    #[case::without_its_key(&[("a", 1), ("b", 1)], None)]
    #[case::twice(&[("due", 1), ("due", 1)], None)]
    #[case::nothing(&[], None)]
    #[case::without_groups(&[("due", 0)], None)]
    fn a_segment_finds_its_groups(#[case] offered: &[(&str, usize)], #[case] expected: Option<Range<usize>>) {
        let offered: Vec<SegmentInfo> = offered
            .iter()
            .map(|(key, groups)| SegmentInfo { key: (*key).into(), title: String::new(), groups: vec![String::new(); *groups] })
            .collect();
        assert_eq!(groups_of("due", &offered), expected);
    }
}
