//! A hand-over by file: what lies in a folder, whatever its files are called.

use std::fs;
use std::path::{Path, PathBuf};

use gateway_domain::date::{PartialDate, Precision};
use gateway_domain::resource::ContentHash;
use gateway_ports::handover::{Handover, HandoverDocument, HandoverRecords, UnreadableDocument};
use jiff::Timestamp;
use serde::Deserialize;

use crate::mapping::lenient::Text;

mod bundle;
mod document;
mod layout;

/// Folders in folders: no deeper, or it is a loop.
const DEEPEST: usize = 64;
/// No manifest is larger.
const LARGEST_MANIFEST: u64 = 16 << 20;

/// What is read of a folder.
#[derive(Clone, Debug)]
pub struct FolderLimits {
    /// The most bytes of a line.
    pub longest_line: usize,
    /// The most bytes of a document that has to be held whole: a Bundle.
    pub largest_document: usize,
    /// The most documents.
    pub most_documents: usize,
}

impl Default for FolderLimits {
    fn default() -> Self {
        Self { longest_line: 16 << 20, largest_document: 256 << 20, most_documents: 5_000_000 }
    }
}

/// Why a folder can't be taken.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It is not there, or may not be read.
    #[error("`{place}`: {reason}")]
    Unreadable {
        /// The folder.
        place: String,
        /// Why.
        reason: String,
    },
    /// Nothing is in it.
    #[error("`{0}` holds no files; files and folders whose names begin with a dot are left out")]
    Empty(String),
    /// It has too many files.
    #[error("`{place}` holds more than {most} files; hand them over as NDJSON, many resources a file")]
    TooMany {
        /// The folder.
        place: String,
        /// The most.
        most: usize,
    },
}

/// A folder with everything in it, or one file.
pub struct Folder {
    place: String,
    fingerprint: String,
    documents: Vec<HandoverDocument>,
    paths: Vec<PathBuf>,
    exported_at: Option<Timestamp>,
    limits: FolderLimits,
    whole_urls: bool,
}

impl Folder {
    /// Looks through a folder, or takes one file. Hidden files are left out, links to folders too. `base_known` says that the base URL
    /// of the server the files came from is known, so that absolute references are understood without help.
    ///
    /// # Errors
    /// [`FolderError`]. Files in it that can't be read are no error here; they say so when they are opened.
    pub fn look(path: &Path, base_known: bool, limits: FolderLimits) -> Result<Self, FolderError> {
        let place = path.display().to_string();
        let unreadable = |error: &std::io::Error| FolderError::Unreadable { place: place.clone(), reason: document::io_reason(error) };
        let root = fs::canonicalize(path).map_err(|error| unreadable(&error))?;
        let mut found: Vec<(PathBuf, String)> = Vec::new();
        if root.is_dir() {
            // Read once here, so that a folder that may not be read is told as such.
            fs::read_dir(&root).map_err(|error| unreadable(&error))?;
            walk(&root, "", 0, limits.most_documents, &mut found);
        } else {
            let name = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            found.push((root.clone(), name));
        }
        if found.len() > limits.most_documents {
            return Err(FolderError::TooMany { place, most: limits.most_documents });
        }
        let mut marks = Vec::new();
        let (mut documents, mut paths, mut exported_at) = (Vec::new(), Vec::new(), None);
        for (path, name) in found {
            let metadata = fs::metadata(&path).ok();
            let bytes = metadata.as_ref().map_or(0, fs::Metadata::len);
            let changed = metadata.and_then(|it| it.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok());
            marks.extend(name.bytes().chain([0]).chain(bytes.to_be_bytes()));
            marks.extend(changed.map_or(0, |it| it.as_nanos()).to_be_bytes());
            if let Some(at) = manifest(&path, &name, bytes) {
                exported_at = exported_at.or(at);
                continue;
            }
            documents.push(HandoverDocument { name, bytes });
            paths.push(path);
        }
        if documents.is_empty() {
            return Err(FolderError::Empty(place));
        }
        let fingerprint = format!("{:032x}", u128::from_be_bytes(ContentHash::of([marks.as_slice()]).0));
        let place = root.display().to_string();
        Ok(Self { place, fingerprint, documents, paths, exported_at, limits, whole_urls: !base_known })
    }
}

impl Handover for Folder {
    fn place(&self) -> &str {
        &self.place
    }

    fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    fn documents(&self) -> &[HandoverDocument] {
        &self.documents
    }

    fn exported_at(&self) -> Option<Timestamp> {
        self.exported_at
    }

    fn open(&self, document: usize, skip: u64) -> Result<Box<dyn HandoverRecords>, UnreadableDocument> {
        let refused = |reason: &str| UnreadableDocument { reason: reason.to_owned(), beginning: Vec::new() };
        let path = self.paths.get(document).ok_or_else(|| refused("there is no such document"))?;
        // A pipe or a device would never end.
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Err(refused("the folder may not be read: check its permissions")),
            Ok(metadata) if !metadata.is_file() => Err(refused("it is no regular file")),
            Ok(_) => document::open(path, skip, &self.limits, self.whole_urls),
            Err(error) => Err(refused(&document::io_reason(&error))),
        }
    }
}

/// All files under a folder, by the bytes of their names. A folder that may not be read is found itself.
fn walk(folder: &Path, prefix: &str, depth: usize, most: usize, found: &mut Vec<(PathBuf, String)>) {
    let Ok(entries) = fs::read_dir(folder) else {
        found.push((folder.to_owned(), prefix.trim_end_matches('/').to_owned()));
        return;
    };
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    for file_name in names {
        let name = file_name.to_string_lossy();
        if name.starts_with('.') || found.len() > most {
            continue;
        }
        let path = folder.join(&file_name);
        let Ok(itself) = fs::symlink_metadata(&path) else { continue };
        let name = format!("{prefix}{name}");
        if itself.is_dir() && depth < DEEPEST {
            walk(&path, &format!("{name}/"), depth + 1, most, found);
        } else if !(itself.is_symlink() && path.is_dir()) {
            found.push((path, name));
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    #[serde(borrow, default)]
    transaction_time: Text<'a>,
    /// What makes it a manifest.
    #[serde(rename = "output")]
    _output: serde::de::IgnoredAny,
}

/// The moment of the export, where the file is the manifest of a bulk export; `None` where it is something else.
#[expect(clippy::option_option, reason = "a manifest may be one and say no moment")]
fn manifest(path: &Path, name: &str, bytes: u64) -> Option<Option<Timestamp>> {
    let name = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    let named_so = name.contains("manifest") || name.contains("export");
    if !named_so || bytes > LARGEST_MANIFEST || Path::new(&name).extension().is_none_or(|it| it != "json") {
        return None;
    }
    let text = fs::read_to_string(path).ok()?;
    let manifest: Manifest<'_> = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
    Some(manifest.transaction_time.get().and_then(PartialDate::parse).filter(|it| it.precision == Precision::Instant).map(|it| it.first))
}
