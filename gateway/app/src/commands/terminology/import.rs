//! `outreach terminology import`: all files are read and checked before the first value set is stored; each value set is stored in one
//! transaction. Progress goes to standard error, so that the report alone is on standard output.

use std::collections::{BTreeMap, HashMap};
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use gateway_domain::code::Coding;
use gateway_domain::value_set::{ValueSetReference, later};
use gateway_ports::store::ValueSetStore as _;
use gateway_ports::store::value_sets::PutValueSet;
use gateway_ports::terminology::TerminologyError;
use gateway_terminology::{Assembled, Assembly, Incoming, MOST_BYTES, TerminologyFileError, read};
use serde_json::json;

use crate::lifecycle::until_stopped;
use crate::progress::{is_watched, say, table};
use crate::wiring::Parts;

/// Files of one import; a folder of more is one somebody named by mistake.
const MOST_FILES: usize = 20_000;
/// Folders inside folders.
const DEEPEST: usize = 8;
/// Between two lines of progress where nobody watches: so many files or value sets.
const LINE_EVERY: usize = 250;

/// What is taken for a file with value sets when a folder is named.
const ENDINGS: [&str; 6] = ["json", "ndjson", "xml", "csv", "tsv", "txt"];

/// Imports.
///
/// # Errors
/// Naming the files that bring nothing, after all others were taken in.
pub(crate) async fn run(parts: &Parts, files: &[PathBuf], as_json: bool) -> anyhow::Result<()> {
    let files = look(files)?;
    if files.is_empty() {
        bail!("there is no file with value sets; expected {}", ENDINGS.map(|it| format!(".{it}")).join(", "));
    }
    let assembly = tokio::task::spawn_blocking(move || read_all(&files)).await?;
    let mut known = HashMap::new();
    for reference in assembly.references() {
        if let Some(codes) = known_codes(parts, &reference).await? {
            known.insert(reference, codes);
        }
    }
    let assembled = tokio::task::spawn_blocking(move || assembly.finish(&known)).await?;
    let mut report = Report::default();
    let done = tokio::select! {
        done = store(parts, &assembled, &mut report) => done,
        () = until_stopped() => Err(anyhow::anyhow!("stopped; each value set is stored as a whole, and the same command again stores the rest")),
    };
    report.tell(&assembled, as_json)?;
    done?;
    if !assembled.refused.is_empty() {
        bail!("{} file(s) were not taken in", assembled.refused.len());
    }
    Ok(())
}

/// What became of the value sets.
#[derive(Default)]
struct Report {
    /// With the version that was used before.
    stored: Vec<(usize, PutValueSet)>,
    advice: Vec<String>,
}

async fn store(parts: &Parts, assembled: &Assembled, report: &mut Report) -> anyhow::Result<()> {
    let total = assembled.sets.len();
    for (at, Incoming { set, is_latest, .. }) in assembled.sets.iter().enumerate() {
        let put = parts.store.put_value_set(set, *is_latest, parts.clock.now()).await?;
        if let PutValueSet::Changed { before: Some(before) } = &put
            && later(Some(before), set.version.as_deref()).is_gt()
        {
            let version = set.version.as_deref().unwrap_or("none");
            let url = &set.url;
            report
                .advice
                .push(format!("`{url}`: version `{version}` takes the place of the later `{before}`, because it was imported last"));
        }
        report.stored.push((at, put));
        progress("Stored", at + 1, total, "value sets");
    }
    Ok(())
}

impl Report {
    fn tell(&self, assembled: &Assembled, as_json: bool) -> anyhow::Result<()> {
        let advice: Vec<&String> = assembled.advice.iter().chain(&self.advice).collect();
        if as_json {
            let stored = self.stored.iter().filter_map(|(at, put)| {
                let Incoming { file, set, .. } = assembled.sets.get(*at)?;
                Some(json!({
                    "url": set.url.as_str(), "oid": set.url.oid(), "title": set.title, "version": set.version, "codes": set.codes().len(),
                    "file": file, "result": word(put), "version_before": if let PutValueSet::Changed { before } = put { before.clone() } else { None },
                }))
            });
            let refused: Vec<_> =
                assembled.refused.iter().map(|it| json!({ "file": it.file, "place": it.error.place, "reason": it.error.reason })).collect();
            let report = json!({ "value_sets": stored.collect::<Vec<_>>(), "refused": refused, "advice": advice });
            say(serde_json::to_string(&report)?);
            return Ok(());
        }
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut rows = Vec::new();
        for (at, put) in &self.stored {
            *counts.entry(word(put)).or_default() += 1;
            if let Some(Incoming { set, .. }) = assembled.sets.get(*at).filter(|_| *put != PutValueSet::Unchanged) {
                let name = set.url.oid().map_or_else(|| set.url.to_string(), str::to_owned);
                let version = set.version.clone().unwrap_or_default();
                rows.push(vec![word(put).to_owned(), set.title.clone(), name, version, set.codes().len().to_string()]);
            }
        }
        if !rows.is_empty() {
            table(&["", "VALUE SET", "OID OR URL", "VERSION", "CODES"], &rows);
            say("");
        }
        for line in advice {
            say(format!("Note: {line}"));
        }
        for refused in &assembled.refused {
            say(format!("Not taken in: {}, at {}", refused.file, refused.error));
        }
        let counted: Vec<_> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
        say(format!(
            "{} value set(s){}",
            self.stored.len(),
            if counted.is_empty() { ".".to_owned() } else { format!(": {}.", counted.join(", ")) }
        ));
        if self.stored.iter().any(|(_, put)| matches!(put, PutValueSet::New | PutValueSet::Changed { .. })) {
            say("A gateway that runs evaluates the segments that name them anew within seconds; one that starts does so then.");
        }
        Ok(())
    }
}

const fn word(put: &PutValueSet) -> &'static str {
    match put {
        PutValueSet::New => "new",
        PutValueSet::Changed { .. } => "changed",
        PutValueSet::Unchanged => "unchanged",
        PutValueSet::Kept => "kept beside",
    }
}

/// The codes of a value set that is there already.
async fn known_codes(parts: &Parts, reference: &ValueSetReference) -> anyhow::Result<Option<Vec<Coding>>> {
    let version = reference.version.as_ref().map_or_else(String::new, |it| format!("|{it}"));
    match parts.terminology.find(&format!("{}{version}", reference.url)).await {
        // A starter set is a part, and what is made of a part would be one without saying so.
        Ok(found) if found.origin == gateway_domain::value_set::ValueSetOrigin::Starter => Ok(None),
        Ok(_) => Ok(Some(parts.terminology.expand(&format!("{}{version}", reference.url)).await?)),
        Err(TerminologyError::Unknown(_) | TerminologyError::Version { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn read_all(files: &[PathBuf]) -> Assembly {
    let mut assembly = Assembly::default();
    for (at, path) in files.iter().enumerate() {
        assembly.add(&path.display().to_string(), bytes_of(path).and_then(|bytes| read(&bytes)));
        progress("Read", at + 1, files.len(), "files");
    }
    assembly
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, TerminologyFileError> {
    let whole = |reason: String| TerminologyFileError { place: "the file".to_owned(), reason };
    let file = std::fs::File::open(path).map_err(|error| whole(format!("it can't be opened: {error}")))?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| whole(format!("it can't be read: {error}")))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(whole(format!("it has more than {} MB; split it", MOST_BYTES >> 20)));
    }
    Ok(bytes)
}

/// All files that are meant, in the order of their names. A file that is named is read whatever it is called; of a folder those that can
/// be value sets.
fn look(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            look_into(path, 0, &mut files)?;
        } else if path.exists() {
            files.push(path.clone());
        } else {
            bail!("there is no file or folder `{}`", path.display());
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

fn look_into(folder: &Path, level: usize, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if level > DEEPEST {
        bail!("`{}` is more than {DEEPEST} folders deep; name the folder with the value sets", folder.display());
    }
    let entries = std::fs::read_dir(folder).with_context(|| format!("the folder `{}` can't be read", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let is_hidden = path.file_name().and_then(|it| it.to_str()).is_none_or(|it| it.starts_with('.'));
        let ending = path.extension().and_then(|it| it.to_str()).unwrap_or_default().to_ascii_lowercase();
        if is_hidden {
            continue;
        }
        if path.is_dir() {
            look_into(&path, level + 1, files)?;
        } else if ENDINGS.contains(&ending.as_str()) || ending == "xlsx" || ending == "xls" {
            files.push(path);
        }
        if files.len() > MOST_FILES {
            bail!("there are more than {MOST_FILES} files in `{}`; name the folder with the value sets", folder.display());
        }
    }
    Ok(())
}

/// Says how far it is: on a terminal in one line, otherwise now and then.
fn progress(what: &str, done: usize, total: usize, of: &str) {
    let mut out = std::io::stderr().lock();
    if is_watched() && out.is_terminal() {
        let end = if done == total { "\n" } else { "" };
        let _ = write!(out, "\r{what} {done} of {total} {of}{end}");
        let _ = out.flush();
    } else if done.is_multiple_of(LINE_EVERY) {
        let _ = writeln!(out, "{what} {done} of {total} {of}");
    }
}
