//! The folder of installed plugins: packages as they came, and `installed.toml`, which says which version of each is used, what it was
//! granted, and which were used before.
//!
//! Architecture invariant: nothing of a package is used before it is seen, each time anew, that it is the file that was installed and that a
//! trusted publisher signed it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use gateway_domain::capability::Capability;
use gateway_domain::plugin::PluginName;
use jiff::Timestamp;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::digest::sha256;
use crate::package::{Package, PackageError, PublisherKey};

const INSTALLED: &str = "installed.toml";
/// Bytes of `installed.toml`.
const MOST_INSTALLED: u64 = 1 << 20;

/// Who may publish what is installed here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// Keys of publishers the operator trusts.
    pub publishers: Vec<PublisherKey>,
    /// Packages need no signature, or one of anybody. For development alone.
    pub anybody: bool,
}

impl Trust {
    /// Whether the package may be used.
    fn allows(&self, package: &Package) -> Result<(), PackageError> {
        if self.anybody { Ok(()) } else { package.trusted(&self.publishers).map(drop) }
    }
}

/// Why a plugin can't be put on the shelf, or taken from it.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// The package can't be used.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The folder can't be read or written.
    #[error("the folder of plugins: `{path}`: {reason}")]
    Folder {
        /// What was read or written.
        path: String,
        /// Why it was not.
        reason: String,
    },
    /// A later version is used.
    #[error(
        "version {installed} of `{name}` is installed, and {offered} is older; `outreach plugin rollback {name}` goes back to the version before"
    )]
    Downgrade {
        /// The plugin.
        name: PluginName,
        /// What is installed.
        installed: String,
        /// What was offered.
        offered: String,
    },
    /// The same version with another content.
    #[error("version {version} of `{name}` was installed before with another content; a publisher gives each content a version of its own")]
    SameVersion {
        /// The plugin.
        name: PluginName,
        /// Its version.
        version: String,
    },
    /// It would be granted what it does not ask for.
    #[error("`{name}` does not ask for `{capability}`, so it can't be granted")]
    NotAsked {
        /// The plugin.
        name: PluginName,
        /// What was to be granted.
        capability: Capability,
    },
    /// There is none of that name.
    #[error("no plugin called `{0}` is installed; `outreach plugin list` shows those that are")]
    Missing(PluginName),
    /// There is no version to go back to.
    #[error("`{0}` has no version before this one")]
    NothingBefore(PluginName),
    /// The file in the folder is not the one that was installed.
    #[error("the package of `{name}` {version} in the folder is not the one that was installed; install it anew")]
    Changed {
        /// The plugin.
        name: PluginName,
        /// Its version.
        version: String,
    },
}

/// A version as installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Placed {
    /// Its version.
    pub version: Version,
    /// SHA-256 of the package, in hexadecimal digits.
    pub sha256: String,
    /// What it was granted.
    pub granted: BTreeSet<Capability>,
    /// When it was installed.
    pub installed_at: Timestamp,
}

/// `installed.toml`: of each plugin the versions, the one that is used last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Register {
    #[serde(default)]
    plugin: BTreeMap<PluginName, Vec<Placed>>,
}

/// A plugin from the shelf, ready to be installed in a host.
#[derive(Debug)]
pub struct Taken {
    /// The package.
    pub package: Package,
    /// What it was granted.
    pub granted: Vec<Capability>,
}

/// What an upgrade changes of what a plugin may do or see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// It asks for these, and did not before.
    pub new: BTreeSet<Capability>,
    /// It asks for these as it did, and was granted them.
    pub kept: BTreeSet<Capability>,
    /// It asks for these as it did, and was not granted them.
    pub withheld: BTreeSet<Capability>,
    /// It was granted these, and no longer asks for them.
    pub gone: BTreeSet<Capability>,
}

/// The folder.
#[derive(Clone, Debug)]
pub struct Shelf {
    folder: PathBuf,
    most_component: usize,
}

impl Shelf {
    /// The shelf in a folder, for components of at most so many bytes. A folder that is not there is an empty shelf.
    pub const fn new(folder: PathBuf, most_component: usize) -> Self {
        Self { folder, most_component }
    }

    /// What is installed: of each plugin the version that is used.
    pub fn list(&self) -> Result<Vec<(PluginName, Placed)>, ShelfError> {
        let register = self.register()?;
        Ok(register.plugin.into_iter().filter_map(|(name, versions)| Some((name, versions.into_iter().next_back()?))).collect())
    }

    /// What is installed, with the versions that were used before; the one that is used comes last.
    pub fn versions(&self) -> Result<Vec<(PluginName, Vec<Placed>)>, ShelfError> {
        Ok(self.register()?.plugin.into_iter().collect())
    }

    /// Reads a package that is to be installed, and sees who made it.
    pub fn look_at(&self, file: &[u8], trust: &Trust) -> Result<(Package, Version), ShelfError> {
        let package = Package::read(file, self.most_component)?;
        trust.allows(&package)?;
        let version = package.manifest.version.parse().map_err(|_| PackageError::Manifest("its version can't be read".to_owned()))?;
        Ok((package, version))
    }

    /// What the package asks for beside what is installed of it; all is new where it is not.
    pub fn difference(&self, package: &Package) -> Result<Difference, ShelfError> {
        let asks: BTreeSet<Capability> = package.manifest.asks.iter().cloned().collect();
        let Some(before) = self.register()?.plugin.remove(&package.manifest.name).and_then(|versions| versions.into_iter().next_back())
        else {
            return Ok(Difference { new: asks, ..Difference::default() });
        };
        let asked = Package::read(&self.file_of(&package.manifest.name, &before)?, self.most_component)?;
        let asked: BTreeSet<Capability> = asked.manifest.asks.into_iter().collect();
        Ok(Difference {
            new: asks.difference(&asked).cloned().collect(),
            kept: asks.intersection(&before.granted).cloned().collect(),
            withheld: asks.intersection(&asked).filter(|it| !before.granted.contains(*it)).cloned().collect(),
            gone: before.granted.difference(&asks).cloned().collect(),
        })
    }

    /// Installs a package, or puts it in the place of the version before, which stays for [`Shelf::roll_back`].
    pub fn install(&self, file: &[u8], granted: &BTreeSet<Capability>, trust: &Trust, now: Timestamp) -> Result<Placed, ShelfError> {
        let (package, version) = self.look_at(file, trust)?;
        let name = package.manifest.name;
        if let Some(capability) = granted.iter().find(|it| !package.manifest.asks.contains(it)) {
            return Err(ShelfError::NotAsked { name, capability: capability.clone() });
        }
        let sha256 = sha256(file);
        let mut register = self.register()?;
        let versions = register.plugin.entry(name.clone()).or_default();
        if let Some(newest) = versions.iter().map(|it| &it.version).max().filter(|it| **it > version) {
            return Err(ShelfError::Downgrade { name, installed: newest.to_string(), offered: version.to_string() });
        }
        // While it is being written, a version has one content after the other.
        if !trust.anybody && versions.iter().any(|it| it.version == version && it.sha256 != sha256) {
            return Err(ShelfError::SameVersion { name, version: version.to_string() });
        }
        versions.retain(|it| it.version != version);
        let placed = Placed { version, sha256, granted: granted.clone(), installed_at: now };
        versions.push(placed.clone());
        self.write(&file_name(&name, &placed.version), file)?;
        self.save(&register)?;
        Ok(placed)
    }

    /// Goes back to the version before, with what that was granted. The one that was used is taken away.
    pub fn roll_back(&self, name: &PluginName) -> Result<Placed, ShelfError> {
        let mut register = self.register()?;
        let versions = register.plugin.get_mut(name).ok_or_else(|| ShelfError::Missing(name.clone()))?;
        if versions.len() < 2 {
            return Err(ShelfError::NothingBefore(name.clone()));
        }
        let left = versions.pop();
        let before = versions.last().cloned().ok_or_else(|| ShelfError::NothingBefore(name.clone()))?;
        // What is gone back to has to be there, before the other is given up.
        self.file_of(name, &before)?;
        self.save(&register)?;
        if let Some(left) = left {
            self.forget(name, &left);
        }
        Ok(before)
    }

    /// Takes a plugin away, with all its versions.
    pub fn remove(&self, name: &PluginName) -> Result<(), ShelfError> {
        let mut register = self.register()?;
        let versions = register.plugin.remove(name).ok_or_else(|| ShelfError::Missing(name.clone()))?;
        self.save(&register)?;
        for placed in &versions {
            self.forget(name, placed);
        }
        Ok(())
    }

    /// Takes a plugin from the shelf, for a host.
    pub fn take(&self, name: &PluginName, placed: &Placed, trust: &Trust) -> Result<Taken, ShelfError> {
        let (package, _) = self.look_at(&self.file_of(name, placed)?, trust)?;
        Ok(Taken { package, granted: placed.granted.iter().cloned().collect() })
    }

    fn file_of(&self, name: &PluginName, placed: &Placed) -> Result<Vec<u8>, ShelfError> {
        let path = self.folder.join(file_name(name, &placed.version));
        let bytes = fs::read(&path).map_err(|error| failed(&path, &error))?;
        if sha256(&bytes) == placed.sha256 {
            Ok(bytes)
        } else {
            Err(ShelfError::Changed { name: name.clone(), version: placed.version.to_string() })
        }
    }

    fn register(&self) -> Result<Register, ShelfError> {
        let path = self.folder.join(INSTALLED);
        match fs::metadata(&path) {
            Ok(found) if found.len() > MOST_INSTALLED => {
                return Err(ShelfError::Folder { path: path.display().to_string(), reason: "it is larger than a megabyte".to_owned() });
            }
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Register::default()),
            _ => {}
        }
        let text = fs::read_to_string(&path).map_err(|error| failed(&path, &error))?;
        toml::from_str(&text)
            .map_err(|error| ShelfError::Folder { path: path.display().to_string(), reason: error.to_string().trim().to_owned() })
    }

    fn save(&self, register: &Register) -> Result<(), ShelfError> {
        let text = toml::to_string(register);
        let text = text.map_err(|error| ShelfError::Folder { path: INSTALLED.to_owned(), reason: error.to_string() })?;
        self.write(INSTALLED, text.as_bytes())
    }

    /// All of it or nothing, and on the disk.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), ShelfError> {
        fs::create_dir_all(&self.folder).map_err(|error| failed(&self.folder, &error))?;
        let (path, beside) = (self.folder.join(name), self.folder.join(format!(".{name}.new")));
        let written = fs::File::create(&beside).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.and_then(|()| fs::rename(&beside, &path)).map_err(|error| failed(&path, &error))
    }

    /// A file that stays does no harm: the register does not have it.
    fn forget(&self, name: &PluginName, placed: &Placed) {
        let _ = fs::remove_file(self.folder.join(file_name(name, &placed.version)));
    }
}

fn file_name(name: &PluginName, version: &Version) -> String {
    format!("{name}-{version}.outreach-plugin")
}

fn failed(path: &Path, error: &std::io::Error) -> ShelfError {
    ShelfError::Folder { path: path.display().to_string(), reason: error.to_string() }
}

#[cfg(test)]
mod tests;
