//! Value sets: what was imported, and for what was not the starter sets that came with the program.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use gateway_domain::code::Coding;
use gateway_domain::value_set::{ValueSet, ValueSetOrigin, ValueSetReference, ValueSetSummary, ValueSetUrl};
use gateway_ports::store::{StoreError, ValueSetStore};
use gateway_ports::terminology::{Terminology, TerminologyError};

/// The value sets of the program, by each of their names, and what their codes are called.
pub(crate) struct Starter {
    sets: Vec<ValueSet>,
    names: HashMap<ValueSetUrl, usize>,
    displays: HashMap<(String, String), String>,
}

impl Starter {
    /// Reads the value sets of the program.
    ///
    /// # Errors
    /// Never, unless the program was built from a broken tree.
    pub(crate) fn load() -> anyhow::Result<Self> {
        let mut starter = Self { sets: Vec::new(), names: HashMap::new(), displays: HashMap::new() };
        for set in fhir_profiles::value_sets()? {
            let named = |text: &str| ValueSetUrl::parse(text).with_context(|| format!("the value set `{}`", set.name));
            let (url, alias) = (named(&set.url)?, set.oid.as_deref().map(named).transpose()?);
            let codings = set.codes.iter().map(|code| {
                if let Some(display) = &code.display {
                    starter.displays.insert((code.system.clone(), code.code.clone()), display.clone());
                }
                Coding { system: code.system.clone(), code: code.code.clone(), display: code.display.clone() }
            });
            let codings = codings.collect();
            for name in [Some(&url), alias.as_ref()].into_iter().flatten() {
                starter.names.insert(name.clone(), starter.sets.len());
            }
            starter.sets.push(ValueSet::new(url, alias, set.version, set.title, codings)?);
        }
        Ok(starter)
    }

    fn get(&self, reference: &ValueSetReference, asked: &str) -> Result<&ValueSet, TerminologyError> {
        let found = self.names.get(&reference.url).and_then(|place| self.sets.get(*place));
        let found = found.ok_or_else(|| TerminologyError::Unknown(asked.to_owned()))?;
        if reference.version.is_some() && reference.version != found.version {
            return Err(wrong_version(asked, found.version.as_deref()));
        }
        Ok(found)
    }
}

/// What was imported, before the starter sets.
pub(crate) struct ValueSets {
    store: Arc<dyn ValueSetStore>,
    starter: Starter,
}

impl ValueSets {
    /// The value sets of this database and of the program.
    ///
    /// # Errors
    /// As [`Starter::load`].
    pub(crate) fn new(store: Arc<dyn ValueSetStore>) -> anyhow::Result<Self> {
        Ok(Self { store, starter: Starter::load()? })
    }

    /// What there is in another version than the one asked for, imported, before the starter set is looked at.
    async fn other_version(&self, reference: &ValueSetReference, asked: &str) -> Result<(), TerminologyError> {
        if reference.version.is_some() {
            let in_use = ValueSetReference { url: reference.url.clone(), version: None };
            if let Some(other) = self.store.find_value_set(&in_use).await.map_err(|error| unavailable(&error))? {
                return Err(wrong_version(asked, other.version.as_deref()));
            }
        }
        Ok(())
    }
}

fn wrong_version(asked: &str, known: Option<&str>) -> TerminologyError {
    let known = known.map_or_else(|| "one without a version".to_owned(), |it| format!("`{it}`"));
    TerminologyError::Version { value_set: asked.to_owned(), known }
}

fn parsed(value_set: &str) -> Result<ValueSetReference, TerminologyError> {
    ValueSetReference::parse(value_set).map_err(|_| TerminologyError::Unknown(value_set.to_owned()))
}

fn unavailable(error: &StoreError) -> TerminologyError {
    TerminologyError::Unavailable(error.to_string())
}

#[async_trait]
impl Terminology for ValueSets {
    async fn value_set(&self, value_set: &str) -> Result<ValueSet, TerminologyError> {
        let reference = parsed(value_set)?;
        if let Some(imported) = self.store.value_set(&reference).await.map_err(|error| unavailable(&error))? {
            return Ok(imported);
        }
        self.other_version(&reference, value_set).await?;
        self.starter.get(&reference, value_set).cloned()
    }

    async fn find(&self, value_set: &str) -> Result<ValueSetSummary, TerminologyError> {
        let reference = parsed(value_set)?;
        if let Some(imported) = self.store.find_value_set(&reference).await.map_err(|error| unavailable(&error))? {
            return Ok(imported);
        }
        self.other_version(&reference, value_set).await?;
        Ok(self.starter.get(&reference, value_set)?.summary(ValueSetOrigin::Starter))
    }

    async fn list(&self) -> Result<Vec<ValueSetSummary>, TerminologyError> {
        let mut all = self.store.value_sets().await.map_err(|error| unavailable(&error))?;
        let hidden = |set: &ValueSet| all.iter().any(|it| it.url == set.url || set.alias.as_ref().is_some_and(|alias| it.url == *alias));
        let starters: Vec<_> =
            self.starter.sets.iter().filter(|set| !hidden(set)).map(|set| set.summary(ValueSetOrigin::Starter)).collect();
        all.extend(starters);
        all.sort_by(|one, other| (one.title.to_lowercase(), &one.url).cmp(&(other.title.to_lowercase(), &other.url)));
        Ok(all)
    }

    async fn revision(&self) -> Result<i64, TerminologyError> {
        self.store.value_set_revision().await.map_err(|error| unavailable(&error))
    }

    async fn display(&self, coding: &Coding) -> Option<String> {
        self.starter.displays.get(&(coding.system.clone(), coding.code.clone())).cloned()
    }
}

#[cfg(test)]
mod tests {
    use gateway_store::Store;
    use jiff::Timestamp;

    use super::*;

    const MAMMOGRAPHY: &str = "2.16.840.1.113883.3.464.1003.108.12.1018";
    const OWN: &str = "https://outreach-gateway.org/fhir/ValueSet/mammography";

    async fn opened() -> (Arc<Store>, ValueSets) {
        let store = Arc::new(Store::open(&"sqlite::memory:".parse().unwrap()).await.unwrap());
        store.migrate().await.unwrap();
        (Arc::clone(&store), ValueSets::new(store).unwrap())
    }

    #[tokio::test]
    async fn an_imported_set_comes_before_the_starter_set_under_the_name_of_its_publisher() {
        let (store, value_sets) = opened().await;
        let before = value_sets.find(MAMMOGRAPHY).await.unwrap();
        assert_eq!((before.origin, before.url.as_str()), (ValueSetOrigin::Starter, OWN));
        let url = ValueSetUrl::parse(MAMMOGRAPHY).unwrap();
        let imported =
            ValueSet::new(url, None, Some("20210304".into()), "Mammography".into(), vec![Coding::new("http://loinc.org", "24606-6")]);
        store.put_value_set(&imported.unwrap(), true, Timestamp::UNIX_EPOCH).await.unwrap();
        for name in
            [MAMMOGRAPHY.to_owned(), format!("urn:oid:{MAMMOGRAPHY}"), format!("http://cts.nlm.nih.gov/fhir/ValueSet/{MAMMOGRAPHY}")]
        {
            assert_eq!(value_sets.expand(&name).await.unwrap().len(), 1, "{name}");
        }
        assert!(value_sets.expand(OWN).await.unwrap().len() > 10, "our own name means our own set");
        let listed = value_sets.list().await.unwrap();
        let listed: Vec<_> = listed.iter().filter(|it| it.oid() == Some(MAMMOGRAPHY)).collect();
        assert!(matches!(listed[..], [one] if one.codes == 1), "{listed:?}");
    }

    #[tokio::test]
    async fn a_version_that_is_not_there_is_never_replaced_by_another() {
        let (store, value_sets) = opened().await;
        assert!(value_sets.expand(&format!("{OWN}|1.0.0")).await.is_ok());
        let error = value_sets.expand(&format!("{OWN}|9")).await.unwrap_err();
        assert!(error.to_string().contains("only in `1.0.0`"), "{error}");
        let url = ValueSetUrl::parse("1.2.3").unwrap();
        let imported = ValueSet::new(url, None, Some("2024".into()), "It".into(), vec![Coding::new("s", "c")]).unwrap();
        store.put_value_set(&imported, true, Timestamp::UNIX_EPOCH).await.unwrap();
        let error = value_sets.find("1.2.3|2023").await.unwrap_err();
        assert!(error.to_string().contains("only in `2024`"), "{error}");
        assert_eq!(value_sets.expand("no name").await, Err(TerminologyError::Unknown("no name".into())));
    }
}
