//! Value sets and their codes, searched and shown; and what measures and segments lack of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use gateway_domain::code::Coding;
use gateway_domain::value_set::{ValueSetOrigin, ValueSetSummary};
use gateway_outreach::OutreachError;
use gateway_outreach::segments::value_sets::{NeededValueSet, Standing, named_in, of_segment, standing};
use gateway_ports::terminology::TerminologyError;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::ApiDeps;
use crate::extract::{List, Parameters, page};
use crate::problem::ApiError;

/// Letters of a search; a longer one finds nothing else.
const LONGEST_SEARCH: usize = 200;
/// Codes that a search over all value sets stops at.
const MOST_CODES: usize = 200;
/// Value sets that are named beside a code.
const MOST_SETS: usize = 5;

/// Where a value set is from.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ValueSetOriginWord {
    /// It came with the program: freely usable codes alone, a part of what its name stands for.
    Starter,
    /// It was imported.
    Imported,
}

/// A value set as a row of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValueSetRow {
    /// Canonical URL, by which criteria name it.
    pub url: String,
    /// OID, where it has one.
    pub oid: Option<String>,
    /// What people call it.
    pub title: String,
    /// Its version, where its publisher gives one.
    pub version: Option<String>,
    /// How many codes it has.
    pub codes: u64,
    /// Where it is from.
    pub origin: ValueSetOriginWord,
    /// When it was imported.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub imported_at: Option<Timestamp>,
}

/// A code of a value set.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValueSetCodeView {
    /// URI of the code system.
    pub system: String,
    /// The code.
    pub code: String,
    /// What it is called.
    pub display: Option<String>,
}

/// A version of a value set.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValueSetVersionView {
    /// What it is.
    #[serde(flatten)]
    pub row: ValueSetRow,
    /// Whether it is the one that counts.
    pub in_use: bool,
}

/// A value set with a piece of its codes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValueSetView {
    /// What the list shows.
    #[serde(flatten)]
    pub row: ValueSetRow,
    /// The versions that are kept, the one imported last first.
    pub versions: Vec<ValueSetVersionView>,
    /// The codes that were asked for.
    pub code_list: List<ValueSetCodeView>,
}

/// A code, and value sets that have it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundCodeView {
    /// URI of the code system.
    pub system: String,
    /// The code.
    pub code: String,
    /// What it is called.
    pub display: Option<String>,
    /// Some of the value sets that have it.
    pub value_sets: Vec<ValueSetRow>,
    /// How many have it.
    pub in_value_sets: u64,
}

/// What there is of a value set that somebody names.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StandingWord {
    /// Nothing: who names it has no members.
    Missing,
    /// The starter set: a part of the people is found.
    Starter,
    /// What was imported.
    Imported,
}

/// A value set that somebody names.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NeededValueSetView {
    /// As it is named.
    pub name: String,
    /// What whoever names it calls it.
    pub title: Option<String>,
    /// What there is of it.
    pub standing: StandingWord,
    /// Why it is missing, and what to do.
    pub reason: Option<String>,
    /// What is there.
    pub found: Option<ValueSetRow>,
}

/// What names value sets.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NeedsKind {
    /// A prebuilt measure.
    Measure,
    /// A segment.
    Segment,
}

/// The value sets that a measure or a segment names.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NeedsView {
    /// What it is.
    pub kind: NeedsKind,
    /// Its key.
    pub key: String,
    /// What people call it.
    pub title: String,
    /// How many of its value sets are missing. With any it has no members.
    pub missing: u64,
    /// How many are starter sets alone. With any it finds a part of the people.
    pub starter: u64,
    /// The value sets.
    pub value_sets: Vec<NeededValueSetView>,
}

/// What is searched for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ValueSetQuery {
    /// Words of a title, or a part of a URL, OID, code or display; all of them are met.
    q: Option<String>,
    /// How many to leave out.
    offset: Option<u64>,
    /// How many at most, 1 to 500.
    limit: Option<u32>,
}

/// What is searched for among codes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CodeQuery {
    /// Words of a display, or the beginning of a code, at least two letters.
    q: String,
    /// The code system alone that is meant.
    system: Option<String>,
}

/// Value sets by title: those imported, and the starter sets for those that were not.
#[utoipa::path(get, path = "/terminology/value-sets", tag = "terminology", params(ValueSetQuery), responses((status = 200, body = List<ValueSetRow>)))]
pub(crate) async fn list(
    State(deps): State<ApiDeps>,
    Parameters(query): Parameters<ValueSetQuery>,
) -> Result<Json<List<ValueSetRow>>, ApiError> {
    let words = words(query.q.as_deref())?;
    let page = page(query.offset, query.limit)?;
    let mut sets = deps.lookup.terminology().list().await.map_err(problem)?;
    sets.retain(|it| {
        let text = format!("{} {} {}", it.title, it.url, it.oid().unwrap_or_default()).to_lowercase();
        words.iter().all(|word| text.contains(word))
    });
    let total = sets.len() as u64;
    let items = sets.iter().skip(usize::try_from(page.offset).unwrap_or(usize::MAX)).take(page.limit as usize).map(row).collect();
    Ok(Json(List { items, total }))
}

/// One value set by canonical URL (percent-encoded), `urn:oid:` or OID, with its versions and codes.
#[utoipa::path(
    get, path = "/terminology/value-sets/{name}", tag = "terminology", params(("name" = String, Path), ValueSetQuery),
    responses((status = 200, body = ValueSetView))
)]
pub(crate) async fn get(
    State(deps): State<ApiDeps>,
    Path(name): Path<String>,
    Parameters(query): Parameters<ValueSetQuery>,
) -> Result<Json<ValueSetView>, ApiError> {
    let words = words(query.q.as_deref())?;
    let page = page(query.offset, query.limit)?;
    let terminology = deps.lookup.terminology();
    let found = terminology.find(&name).await.map_err(problem)?;
    let codes = codes_of(&deps, &name).await?;
    let versions = deps.store.value_set_versions(&found.url).await?;
    let meant: Vec<&Coding> = codes.iter().filter(|it| words.iter().all(|word| is_met(it, word))).collect();
    let shown = meant.iter().skip(usize::try_from(page.offset).unwrap_or(usize::MAX)).take(page.limit as usize);
    let code = |it: &&Coding| ValueSetCodeView { system: it.system.clone(), code: it.code.clone(), display: it.display.clone() };
    Ok(Json(ValueSetView {
        row: row(&found),
        versions: versions.iter().map(|(it, in_use)| ValueSetVersionView { row: row(it), in_use: *in_use }).collect(),
        code_list: List { items: shown.map(code).collect(), total: meant.len() as u64 },
    }))
}

/// Codes of all value sets that are there, with the value sets that have each: 200 at most, those whose code begins so first.
#[utoipa::path(get, path = "/terminology/codes", tag = "terminology", params(CodeQuery), responses((status = 200, body = List<FoundCodeView>)))]
pub(crate) async fn codes(
    State(deps): State<ApiDeps>,
    Parameters(query): Parameters<CodeQuery>,
) -> Result<Json<List<FoundCodeView>>, ApiError> {
    let words = words(Some(&query.q))?;
    if words.iter().map(String::len).sum::<usize>() < 2 {
        return Err(ApiError::invalid("q", "Search for two letters or more."));
    }
    let mut found: BTreeMap<(String, String), FoundCodeView> = BTreeMap::new();
    for set in deps.lookup.terminology().list().await.map_err(problem)? {
        for coding in codes_of(&deps, set.url.as_str()).await?.iter() {
            let is_meant = query.system.as_ref().is_none_or(|system| *system == coding.system);
            if !is_meant || !words.iter().all(|word| is_met(coding, word)) {
                continue;
            }
            let key = (coding.system.clone(), coding.code.clone());
            if found.len() >= MOST_CODES && !found.contains_key(&key) {
                continue;
            }
            let code = found.entry(key).or_insert_with(|| FoundCodeView {
                system: coding.system.clone(),
                code: coding.code.clone(),
                display: None,
                value_sets: Vec::new(),
                in_value_sets: 0,
            });
            code.in_value_sets += 1;
            if code.display.is_none() {
                code.display.clone_from(&coding.display);
            }
            if code.value_sets.len() < MOST_SETS {
                code.value_sets.push(row(&set));
            }
        }
    }
    let mut items: Vec<FoundCodeView> = found.into_values().collect();
    let begins = |it: &FoundCodeView| words.first().is_some_and(|word| it.code.to_lowercase().starts_with(word));
    items.sort_by_key(|it| !begins(it));
    Ok(Json(List::whole(items)))
}

/// The value sets that measures and segments name, and which of them are missing or starter sets alone.
#[utoipa::path(get, path = "/terminology/needs", tag = "terminology", responses((status = 200, body = List<NeedsView>)))]
pub(crate) async fn needs(State(deps): State<ApiDeps>) -> Result<Json<List<NeedsView>>, ApiError> {
    let terminology = deps.lookup.terminology();
    let mut all = Vec::new();
    for measure in deps.measures.iter() {
        let needed = standing(terminology, named_in(&measure.document)).await?;
        all.push(needs_view(NeedsKind::Measure, measure.key.clone(), measure.title.clone(), &needed));
    }
    for summary in deps.store.segments().await? {
        let segment = summary.segment;
        let needed = standing(terminology, of_segment(deps.plugins.as_ref(), &segment).await).await?;
        all.push(needs_view(NeedsKind::Segment, segment.key, segment.title, &needed));
    }
    Ok(Json(List::whole(all)))
}

/// The codes of a value set, remembered for a while.
async fn codes_of(deps: &ApiDeps, name: &str) -> Result<Arc<[Coding]>, ApiError> {
    let revision = deps.lookup.terminology().revision().await.map_err(problem)?;
    deps.lookup.value_set(name, revision).await.map_err(problem)
}

fn problem(error: TerminologyError) -> ApiError {
    match error {
        TerminologyError::Unavailable(_) => ApiError::Lookup(OutreachError::from(error)),
        TerminologyError::Unknown(_) | TerminologyError::Version { .. } => ApiError::NotFound("value set"),
    }
}

fn words(q: Option<&str>) -> Result<Vec<String>, ApiError> {
    let q = q.unwrap_or_default();
    if q.len() > LONGEST_SEARCH {
        return Err(ApiError::invalid("q", format!("A search has at most {LONGEST_SEARCH} letters.")));
    }
    Ok(q.split_whitespace().map(str::to_lowercase).collect())
}

fn is_met(coding: &Coding, word: &str) -> bool {
    coding.code.to_lowercase().starts_with(word) || coding.display.as_ref().is_some_and(|it| it.to_lowercase().contains(word))
}

fn row(set: &ValueSetSummary) -> ValueSetRow {
    let (origin, imported_at) = match set.origin {
        ValueSetOrigin::Starter => (ValueSetOriginWord::Starter, None),
        ValueSetOrigin::Imported { at, .. } => (ValueSetOriginWord::Imported, Some(at)),
    };
    ValueSetRow {
        url: set.url.to_string(),
        oid: set.oid().map(str::to_owned),
        title: set.title.clone(),
        version: set.version.clone(),
        codes: set.codes,
        origin,
        imported_at,
    }
}

fn needs_view(kind: NeedsKind, key: String, title: String, needed: &[NeededValueSet]) -> NeedsView {
    let view = |it: &NeededValueSet| {
        let (standing, reason, found) = match &it.standing {
            Standing::Missing(reason) => (StandingWord::Missing, Some(reason.clone()), None),
            Standing::Starter(found) => (StandingWord::Starter, None, Some(row(found))),
            Standing::Imported(found) => (StandingWord::Imported, None, Some(row(found))),
        };
        NeededValueSetView { name: it.name.clone(), title: it.title.clone(), standing, reason, found }
    };
    let count = |is: fn(&Standing) -> bool| needed.iter().filter(|it| is(&it.standing)).count() as u64;
    NeedsView {
        kind,
        key,
        title,
        missing: count(|it| matches!(it, Standing::Missing(_))),
        starter: count(|it| matches!(it, Standing::Starter(_))),
        value_sets: needed.iter().map(view).collect(),
    }
}
