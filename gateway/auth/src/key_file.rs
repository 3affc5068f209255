//! Files that hold secrets: readable by their owner alone, written whole or not at all.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use crate::error::AuthError;

/// Keys are small; more than this is another file.
const LARGEST: u64 = 1 << 20;

/// The content of the file; `None` where there is none.
///
/// # Errors
/// [`AuthError::KeyFile`] also where others than the owner can read or write it.
pub(crate) fn read(path: &Path) -> Result<Option<String>, AuthError> {
    let wrong = |detail: String| AuthError::KeyFile { path: path.to_owned(), detail };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(error.to_string())),
    };
    let metadata = file.metadata().map_err(|error| wrong(error.to_string()))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(wrong(format!("its mode {mode:o} lets others read it; run chmod 600 on it")));
    }
    let mut text = String::new();
    file.take(LARGEST).read_to_string(&mut text).map_err(|error| wrong(error.to_string()))?;
    Ok(Some(text))
}

/// Writes a new file with mode 0600. False, and nothing is changed, where one is there already.
///
/// # Errors
/// [`AuthError::KeyFile`] where the folder does not take it.
pub(crate) fn create(path: &Path, content: &str) -> Result<bool, AuthError> {
    let beside = draft(path);
    let linked = write_draft(&beside, content).and_then(|()| fs::hard_link(&beside, path));
    drop(fs::remove_file(&beside));
    match linked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.exists() => Ok(false),
        Err(error) => Err(AuthError::KeyFile { path: path.to_owned(), detail: error.to_string() }),
    }
}

/// Replaces the file in one step.
///
/// # Errors
/// [`AuthError::KeyFile`] where the folder does not take it.
pub(crate) fn replace(path: &Path, content: &str) -> Result<(), AuthError> {
    let beside = draft(path);
    write_draft(&beside, content).and_then(|()| fs::rename(&beside, path)).map_err(|error| {
        drop(fs::remove_file(&beside));
        AuthError::KeyFile { path: path.to_owned(), detail: error.to_string() }
    })
}

fn draft(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    path.with_file_name(name)
}

fn write_draft(path: &Path, content: &str) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()
}
