//! FHIR R4 `ValueSet` resources and bundles of them, in JSON, one or many in a file; and lists of expansions.

use gateway_domain::code::Coding;
use gateway_domain::value_set::{ValueSetReference, ValueSetUrl};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Content, Draft, Notes, Part, cut, expansions, named, version};
use crate::TerminologyFileError;

/// Entries of bundles inside bundles: none that is published is deeper.
const DEEPEST: usize = 4;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Peek<'a> {
    resource_type: Option<String>,
    #[serde(borrow, rename = "value_sets")]
    value_sets: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Bundle<'a> {
    #[serde(default, borrow)]
    entry: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ValueSet {
    url: Option<String>,
    #[serde(default)]
    identifier: Vec<Identifier>,
    version: Option<String>,
    title: Option<String>,
    name: Option<String>,
    compose: Option<Compose>,
    expansion: Option<Expansion>,
}

#[derive(Deserialize)]
struct Identifier {
    value: Option<String>,
}

#[derive(Deserialize)]
struct Compose {
    #[serde(default)]
    include: Vec<Include>,
    #[serde(default)]
    exclude: Vec<Include>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Include {
    system: Option<String>,
    #[serde(default)]
    concept: Vec<Concept>,
    #[serde(default)]
    filter: Vec<serde::de::IgnoredAny>,
    #[serde(default)]
    value_set: Vec<String>,
}

#[derive(Deserialize)]
struct Concept {
    code: Option<String>,
    display: Option<String>,
}

#[derive(Deserialize)]
struct Expansion {
    total: Option<u64>,
    offset: Option<u64>,
    #[serde(default)]
    contains: Vec<Contained>,
}

#[derive(Deserialize)]
struct Contained {
    system: Option<String>,
    /// Shown for order's sake alone; nobody is recorded with it.
    #[serde(default, rename = "abstract")]
    is_abstract: bool,
    code: Option<String>,
    display: Option<String>,
    #[serde(default)]
    contains: Vec<Self>,
}

pub(super) fn read(text: &str, notes: &mut Notes) -> Result<Vec<Draft>, TerminologyFileError> {
    let mut drafts = Vec::new();
    let documents = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    for (count, document) in (1_usize..).zip(documents) {
        // Where it breaks off is told by its line; of several documents in a file each is one.
        let document = document.map_err(|error| {
            let place = if count > 1 {
                format!("document {count}, line {}", error.line())
            } else {
                format!("line {}, column {}", error.line(), error.column())
            };
            let what = if error.is_eof() { "the JSON ends too early; the file is cut off" } else { "this is not JSON" };
            TerminologyFileError::new(place, what)
        })?;
        let place = if count > 1 { format!("document {count}") } else { String::new() };
        resource(document, &place, 0, &mut drafts, notes)?;
    }
    Ok(drafts)
}

fn resource(raw: &RawValue, place: &str, level: usize, drafts: &mut Vec<Draft>, notes: &mut Notes) -> Result<(), TerminologyFileError> {
    let wrong = |error: &serde_json::Error| {
        TerminologyFileError::new(shown(place), format!("it is not formed as FHIR R4 has it: {}", what_is_wrong(error)))
    };
    let expected = || TerminologyFileError::new(shown(place), "expected a FHIR ValueSet, a Bundle of them, or an object with `value_sets`");
    let peek: Peek<'_> = serde_json::from_str(raw.get()).map_err(|_| expected())?;
    match (peek.resource_type.as_deref(), peek.value_sets) {
        (Some("ValueSet"), _) => {
            let set: ValueSet = serde_json::from_str(raw.get()).map_err(|error| wrong(&error))?;
            drafts.push(draft(set, place, notes)?);
        }
        (Some("Bundle"), _) if level < DEEPEST => {
            let bundle: Bundle<'_> = serde_json::from_str(raw.get()).map_err(|error| wrong(&error))?;
            for (at, entry) in bundle.entry.iter().enumerate() {
                let Some(inside) = entry.resource else { continue };
                resource(inside, &joined(place, &format!("entry[{at}].resource")), level + 1, drafts, notes)?;
            }
        }
        (Some("OperationOutcome"), _) => {
            return Err(TerminologyFileError::new(shown(place), "it is an OperationOutcome: the server answered with an error instead"));
        }
        // Bundles of measures carry libraries and more.
        (Some(_), _) if level > 0 => {}
        (None, Some(sets)) => expansions::read(sets, raw, drafts, notes)?,
        _ => return Err(expected()),
    }
    Ok(())
}

fn draft(set: ValueSet, place: &str, notes: &mut Notes) -> Result<Draft, TerminologyFileError> {
    let oid = set
        .identifier
        .iter()
        .filter_map(|it| it.value.as_deref())
        .find_map(|it| ValueSetUrl::parse(it).ok().filter(|it| it.oid().is_some()));
    let url = match &set.url {
        Some(url) => named(&joined(place, "url"), url.split_once('|').map_or(url.as_str(), |(url, _)| url))?,
        None => oid.clone().ok_or_else(|| TerminologyFileError::new(joined(place, "url"), "the value set has no canonical URL"))?,
    };
    let title = [set.title, set.name].into_iter().flatten().map(|it| cut(&it)).find(|it| !it.is_empty());
    let about = |path: &str| joined(place, &format!("{path} of `{url}`"));
    let content = match (set.expansion, set.compose) {
        (Some(expansion), _) => {
            let mut found = Found::default();
            collect(expansion.contains, &about("expansion.contains"), &mut found, notes)?;
            let offset = expansion.offset.unwrap_or(0);
            match expansion.total {
                Some(total) if found.entries < total || offset > 0 => {
                    Content::Piece { offset, total, entries: found.entries, codes: found.codes }
                }
                _ => Content::Codes(found.codes),
            }
        }
        (None, Some(compose)) => Content::Composed {
            include: parts(compose.include, &about("compose.include"), &url, notes)?,
            exclude: parts(compose.exclude, &about("compose.exclude"), &url, notes)?,
        },
        (None, None) => {
            return Err(TerminologyFileError::new(about("expansion"), format!("the value set has no codes; {}", download(&url))));
        }
    };
    Ok(Draft {
        title: title.unwrap_or_else(|| url.to_string()),
        alias: oid,
        version: version(set.version.as_deref()),
        place: shown(place),
        content,
        url,
    })
}

#[derive(Default)]
struct Found {
    codes: Vec<Coding>,
    /// Those without a code, or not to be chosen, too: `total` counts them.
    entries: u64,
}

fn collect(contained: Vec<Contained>, place: &str, found: &mut Found, notes: &mut Notes) -> Result<(), TerminologyFileError> {
    for item in contained {
        found.entries += 1;
        if let Some(code) = item.code.as_deref().filter(|_| !item.is_abstract) {
            found.codes.push(notes.coding(place, item.system.as_deref().unwrap_or_default(), code, item.display.as_deref())?);
        }
        collect(item.contains, place, found, notes)?;
    }
    Ok(())
}

fn parts(includes: Vec<Include>, place: &str, url: &ValueSetUrl, notes: &mut Notes) -> Result<Vec<Part>, TerminologyFileError> {
    let part = |(at, include): (usize, Include)| {
        let place = place.replacen(" of ", &format!("[{at}] of "), 1);
        if !include.filter.is_empty() {
            let reason = format!("it is defined by rules over a code system (`filter`), which can't be worked out here; {}", download(url));
            return Err(TerminologyFileError::new(place, reason));
        }
        let written = include.system.as_deref().unwrap_or_default();
        let codes = if include.concept.is_empty() {
            None
        } else {
            let of = |it: &Concept| notes.coding(&place, written, it.code.as_deref().unwrap_or_default(), it.display.as_deref());
            Some(include.concept.iter().map(of).collect::<Result<Vec<_>, _>>()?)
        };
        if codes.is_none() && include.value_set.is_empty() {
            let reason = format!("it means all codes of the system `{written}`, which are not there; {}", download(url));
            return Err(TerminologyFileError::new(place, reason));
        }
        let reference =
            |text: &String| ValueSetReference::parse(text).map_err(|error| TerminologyFileError::new(&place, error.to_string()));
        let value_sets = include.value_set.iter().map(reference).collect::<Result<_, _>>()?;
        let system = include.system.as_deref().filter(|_| codes.is_none()).map(|it| crate::system(it).uri);
        Ok(Part { place, codes, system, value_sets })
    };
    includes.into_iter().enumerate().map(part).collect()
}

/// Where its codes are to be had.
pub(crate) fn download(url: &ValueSetUrl) -> String {
    url.oid().map_or_else(
        || format!("download its expansion from a terminology server, `[base]/ValueSet/$expand?url={url}`"),
        |oid| format!("download its expansion, `https://cts.nlm.nih.gov/fhir/ValueSet/{oid}/$expand`"),
    )
}

/// What serde says, without the values it quotes.
fn what_is_wrong(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or_default();
    format!("{said} (line {} of the resource)", error.line())
}

fn joined(place: &str, path: &str) -> String {
    if place.is_empty() { path.to_owned() } else { format!("{place}.{path}") }
}

fn shown(place: &str) -> String {
    if place.is_empty() { "the file".to_owned() } else { place.to_owned() }
}
