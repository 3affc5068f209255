//! What several files say of value sets, put together: pieces of one expansion are joined, sets made of other sets are resolved, and of
//! several versions the latest is the one to use. A file with anything wrong in it brings nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use gateway_domain::code::Coding;
use gateway_domain::value_set::{ValueSet, ValueSetReference, ValueSetUrl, later};

use crate::read::{Content, Draft, Part, ReadFile, download};
use crate::{MOST_CODES, TerminologyFileError};

/// Value sets inside value sets.
const DEEPEST: usize = 50;

/// Files, as they are read.
#[derive(Debug, Default)]
pub struct Assembly {
    files: Vec<String>,
    drafts: Vec<Located>,
    refused: BTreeMap<usize, TerminologyFileError>,
    advice: Vec<String>,
    codes: usize,
}

#[derive(Debug)]
struct Located {
    file: usize,
    draft: Draft,
}

/// A file that brings nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its name.
    pub file: String,
    /// Why.
    pub error: TerminologyFileError,
}

/// A value set to be taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// The file it is from.
    pub file: String,
    /// With its codes.
    pub set: ValueSet,
    /// Whether it is the one to use, of those of its name in these files.
    pub is_latest: bool,
}

/// What came of the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assembled {
    /// Value sets, those of one name from the earliest version to the latest.
    pub sets: Vec<Incoming>,
    /// Files that bring nothing.
    pub refused: Vec<Refused>,
    /// What somebody should look at.
    pub advice: Vec<String>,
}

/// Codes by system and code: two sources may call the same code differently.
type Key = (String, String);

impl Assembly {
    /// Takes what was read from a file, or why it could not be.
    pub fn add(&mut self, file: &str, read: Result<ReadFile, TerminologyFileError>) {
        let at = self.files.len();
        self.files.push(file.to_owned());
        let read = read.and_then(|read| {
            let codes = self.codes + read.drafts.iter().map(Draft::codes).sum::<usize>();
            if codes > MOST_CODES {
                let reason = format!("with it these files have more than {MOST_CODES} codes; import them in several parts");
                return Err(TerminologyFileError::new("the file", reason));
            }
            self.codes = codes;
            Ok(read)
        });
        match read {
            Ok(read) => {
                self.advice.extend(read.advice.into_iter().map(|line| format!("{file}: {line}")));
                self.drafts.extend(read.drafts.into_iter().map(|draft| Located { file: at, draft }));
            }
            Err(error) => {
                self.refused.insert(at, error);
            }
        }
    }

    /// The value sets that are named inside of others, wherever they are.
    pub fn references(&self) -> BTreeSet<ValueSetReference> {
        let parts = self.drafts.iter().filter_map(|it| match &it.draft.content {
            Content::Composed { include, exclude } => Some(include.iter().chain(exclude)),
            _ => None,
        });
        parts.flatten().flat_map(|part| part.value_sets.iter().cloned()).collect()
    }

    /// Puts everything together. `known` has value sets that are there already, for references that the files do not answer.
    pub fn finish(mut self, known: &HashMap<ValueSetReference, Vec<Coding>>) -> Assembled {
        self.join_pieces();
        loop {
            let Resolved { sets, twice, failed } = Resolution::new(&self, known).all();
            if failed.is_empty() {
                self.advice.extend(twice);
                return self.collect(sets);
            }
            self.refused.extend(failed);
        }
    }

    /// Joins the pieces of each expansion, which may be in several files.
    fn join_pieces(&mut self) {
        let mut pieces: BTreeMap<(ValueSetUrl, Option<String>), Vec<Located>> = BTreeMap::new();
        let drafts = std::mem::take(&mut self.drafts);
        for located in drafts {
            if matches!(located.draft.content, Content::Piece { .. }) {
                pieces.entry((located.draft.url.clone(), located.draft.version.clone())).or_default().push(located);
            } else {
                self.drafts.push(located);
            }
        }
        for ((url, _), mut pieces) in pieces {
            let begin = |located: &Located| if let Content::Piece { offset, .. } = located.draft.content { offset } else { 0 };
            pieces.sort_by_key(begin);
            let files: Vec<usize> = pieces.iter().map(|it| it.file).collect();
            let (mut next, mut all, mut joined, mut first) = (0, 0, Vec::new(), None);
            for Located { file, mut draft } in pieces {
                let Content::Piece { offset, total, entries, codes } = std::mem::replace(&mut draft.content, Content::Codes(Vec::new()))
                else {
                    continue;
                };
                all = total;
                if offset <= next {
                    next = next.max(offset + entries);
                    joined.extend(codes);
                    first.get_or_insert(Located { file, draft });
                }
            }
            match first {
                Some(mut whole) if next >= all => {
                    whole.draft.content = Content::Codes(joined);
                    self.drafts.push(whole);
                }
                _ => {
                    let reason = format!(
                        "only {next} of {all} codes of the value set `{url}` are there; ask for the rest with `offset={next}` and import \
                         all pieces together, or {}",
                        download(&url)
                    );
                    let error = TerminologyFileError::new("expansion.total", reason);
                    self.refused.extend(files.into_iter().map(|file| (file, error.clone())));
                }
            }
        }
    }

    fn collect(self, resolved: Vec<(usize, ValueSet)>) -> Assembled {
        let mut assembled = Assembled { advice: self.advice, ..Assembled::default() };
        let mut refused = self.refused;
        let file = |at: usize| self.files.get(at).cloned().unwrap_or_default();
        let mut by_url: BTreeMap<ValueSetUrl, Vec<(usize, ValueSet)>> = BTreeMap::new();
        for (at, set) in resolved {
            by_url.entry(set.url.clone()).or_default().push((at, set));
        }
        // First who contradicts whom: a file that is refused brings no other set either.
        for sets in by_url.values() {
            let mut seen: HashMap<Option<&str>, &(usize, ValueSet)> = HashMap::new();
            for each in sets.iter().filter(|(at, _)| !refused.contains_key(at)).collect::<Vec<_>>() {
                let (at, set) = each;
                let first = seen.entry(set.version.as_deref()).or_insert(each);
                if first.1.hash() != set.hash() {
                    let version = set.version.as_ref().map_or_else(|| "without a version".to_owned(), |it| format!("in version `{it}`"));
                    let reason = format!(
                        "it brings the value set `{}` {version} with other codes than `{}`; import one of the two, or put all codes into one",
                        set.url,
                        file(first.0)
                    );
                    refused.entry(*at).or_insert_with(|| TerminologyFileError::new("the file", reason));
                }
            }
        }
        for (url, mut sets) in by_url {
            sets.retain(|(at, _)| !refused.contains_key(at));
            sets.sort_by(|(_, one), (_, other)| later(one.version.as_deref(), other.version.as_deref()));
            sets.dedup_by(|(_, one), (_, other)| one.version == other.version);
            if let [.., (_, earlier), (_, latest)] = sets.as_slice() {
                let named = |set: &ValueSet| set.version.as_ref().map_or_else(|| "none".to_owned(), |it| format!("`{it}`"));
                assembled.advice.push(format!(
                    "`{url}` comes in several versions: {} is used, {} is kept beside it",
                    named(latest),
                    named(earlier)
                ));
            }
            let last = sets.len();
            let incoming = |(place, (at, set))| Incoming { file: file(at), set, is_latest: place + 1 == last };
            assembled.sets.extend(sets.into_iter().enumerate().map(incoming));
        }
        assembled.refused = refused.into_iter().map(|(at, error)| Refused { file: file(at), error }).collect();
        assembled
    }
}

/// The resolution of all drafts of files that are not refused.
struct Resolution<'a> {
    drafts: Vec<&'a Located>,
    by_name: HashMap<&'a ValueSetUrl, Vec<usize>>,
    known: &'a HashMap<ValueSetReference, Vec<Coding>>,
    done: HashMap<usize, Vec<Coding>>,
    under_way: Vec<usize>,
}

/// What came of a resolution.
#[derive(Default)]
struct Resolved {
    /// The value sets, each with its file.
    sets: Vec<(usize, ValueSet)>,
    /// Value sets with codes that are there twice.
    twice: Vec<String>,
    /// The files that can't be taken in.
    failed: BTreeMap<usize, TerminologyFileError>,
}

impl<'a> Resolution<'a> {
    fn new(assembly: &'a Assembly, known: &'a HashMap<ValueSetReference, Vec<Coding>>) -> Self {
        let drafts: Vec<&Located> = assembly.drafts.iter().filter(|it| !assembly.refused.contains_key(&it.file)).collect();
        let mut by_name: HashMap<&ValueSetUrl, Vec<usize>> = HashMap::new();
        for (at, located) in drafts.iter().enumerate() {
            for name in [Some(&located.draft.url), located.draft.alias.as_ref()].into_iter().flatten() {
                by_name.entry(name).or_default().push(at);
            }
        }
        Self { drafts, by_name, known, done: HashMap::new(), under_way: Vec::new() }
    }

    fn all(mut self) -> Resolved {
        let mut resolved = Resolved::default();
        for at in 0..self.drafts.len() {
            let Some(Located { file, draft }) = self.drafts.get(at).copied() else { continue };
            let codes = match self.codes(at) {
                Ok(codes) => codes,
                Err(error) => {
                    resolved.failed.entry(*file).or_insert(error);
                    continue;
                }
            };
            let written = codes.len();
            match ValueSet::new(draft.url.clone(), draft.alias.clone(), draft.version.clone(), draft.title.clone(), codes) {
                Ok(set) => {
                    let twice = written - set.codes().len();
                    if twice > 0 && matches!(draft.content, Content::Codes(_)) {
                        resolved.twice.push(format!("`{}` has {twice} code(s) more than once; each counts once", draft.url));
                    }
                    resolved.sets.push((*file, set));
                }
                Err(error) => {
                    let reason = format!("{error}; {}", download(&draft.url));
                    resolved.failed.entry(*file).or_insert_with(|| TerminologyFileError::new(&draft.place, reason));
                }
            }
        }
        resolved
    }

    /// The codes of a draft.
    fn codes(&mut self, at: usize) -> Result<Vec<Coding>, TerminologyFileError> {
        let Some(located) = self.drafts.get(at).copied() else { return Ok(Vec::new()) };
        let (include, exclude) = match &located.draft.content {
            Content::Codes(codes) | Content::Piece { codes, .. } => return Ok(codes.clone()),
            Content::Composed { include, exclude } => (include, exclude),
        };
        if let Some(done) = self.done.get(&at) {
            return Ok(done.clone());
        }
        let name = &located.draft.url;
        if self.under_way.contains(&at) {
            return Err(TerminologyFileError::new(&located.draft.place, format!("the value set `{name}` is made of itself")));
        }
        if self.under_way.len() >= DEEPEST {
            let reason = format!("`{name}` is inside of more than {DEEPEST} value sets");
            return Err(TerminologyFileError::new(&located.draft.place, reason));
        }
        self.under_way.push(at);
        let codes = self.composed(include, exclude);
        self.under_way.pop();
        let codes = codes?;
        self.done.insert(at, codes.clone());
        Ok(codes)
    }

    fn composed(&mut self, include: &[Part], exclude: &[Part]) -> Result<Vec<Coding>, TerminologyFileError> {
        let mut codes = Vec::new();
        for part in include {
            codes.extend(self.part(part)?);
        }
        let mut without: HashSet<Key> = HashSet::new();
        for part in exclude {
            without.extend(self.part(part)?.into_iter().map(|it| (it.system, it.code)));
        }
        codes.retain(|it: &Coding| without.is_empty() || !without.contains(&(it.system.clone(), it.code.clone())));
        Ok(codes)
    }

    /// What the codes and all value sets of a part have in common.
    fn part(&mut self, part: &Part) -> Result<Vec<Coding>, TerminologyFileError> {
        let mut codes = part.codes.clone();
        for reference in &part.value_sets {
            let mut its = self.reference(reference, &part.place)?;
            if let Some(system) = &part.system {
                its.retain(|it| it.system == *system);
            }
            codes = Some(match codes {
                None => its,
                Some(mut so_far) => {
                    let its: HashSet<Key> = its.into_iter().map(|it| (it.system, it.code)).collect();
                    so_far.retain(|it| its.contains(&(it.system.clone(), it.code.clone())));
                    so_far
                }
            });
        }
        Ok(codes.unwrap_or_default())
    }

    fn reference(&mut self, reference: &ValueSetReference, place: &str) -> Result<Vec<Coding>, TerminologyFileError> {
        let places = self.by_name.get(&reference.url).map(Vec::as_slice).unwrap_or_default();
        let version = |at: &usize| self.drafts.get(*at).and_then(|it| it.draft.version.as_deref());
        let meant = places.iter().filter(|at| reference.version.is_none() || version(at) == reference.version.as_deref());
        if let Some(at) = meant.copied().max_by(|one, other| later(version(one), version(other))) {
            return self.codes(at);
        }
        self.known.get(reference).cloned().ok_or_else(|| {
            let version = reference.version.as_ref().map_or_else(String::new, |it| format!(" in version `{it}`"));
            let reason =
                format!("it is made of the value set `{}`{version}, which is not there; {}", reference.url, download(&reference.url));
            TerminologyFileError::new(place, reason)
        })
    }
}

#[cfg(test)]
mod tests;
