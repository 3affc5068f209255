//! A new project: a small plugin that builds and passes its tests at once, with the SDK beside it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use gateway_domain::plugin::{PluginKind, PluginName};

use crate::embedded;

/// Where the SDK is in a project.
const SDK_FOLDER: &str = "outreach-plugin-sdk";
/// What a template has in the place of the plugin's name.
const NAME: &str = "{{name}}";
/// The same as an identifier.
const IDENTIFIER: &str = "{{identifier}}";
/// A folder of templates that every kind of plugin has.
const EVERY_KIND: &str = "every-kind";

/// What a project is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Rust, built by cargo.
    Rust,
    /// JavaScript, built by componentize-js.
    JavaScript,
    /// Python, built by componentize-py.
    Python,
}

/// Why no project was made.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// Something is there already.
    #[error("`{0}` is there already and is not empty; name another folder with `--folder`")]
    Taken(String),
    /// There is no template.
    #[error("there is no {kind} plugin in {language} to begin with; there is one in {others}")]
    NoTemplate {
        /// The kind of plugin.
        kind: &'static str,
        /// The language.
        language: &'static str,
        /// Languages there is one in.
        others: String,
    },
    /// It can't be written.
    #[error("`{path}`: {reason}")]
    File {
        /// The file or folder.
        path: String,
        /// Why.
        reason: String,
    },
}

impl Language {
    const ALL: [Self; 3] = [Self::Rust, Self::JavaScript, Self::Python];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::JavaScript => "javascript",
            Self::Python => "python",
        }
    }
}

/// Makes a project in a folder that is not there, or empty.
///
/// # Errors
/// [`ProjectError`]; what was written before stays.
pub fn create(kind: PluginKind, name: &PluginName, language: Language, folder: &Path) -> Result<(), ProjectError> {
    let files = files(kind, name, language).ok_or_else(|| {
        let others: Vec<&str> = languages(kind).into_iter().map(Language::name).collect();
        ProjectError::NoTemplate { kind: kind.name(), language: language.name(), others: others.join(", ") }
    })?;
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(ProjectError::Taken(folder.display().to_string()));
    }
    for (path, content) in files {
        let path = folder.join(path);
        let failed = |error: std::io::Error| ProjectError::File { path: path.display().to_string(), reason: error.to_string() };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        fs::write(&path, content).map_err(failed)?;
    }
    Ok(())
}

fn has_template(kind: PluginKind, language: Language) -> bool {
    let folder = format!("{}/{}/", language.name(), kind.name());
    let sdk = if language == Language::Rust { "src/".to_owned() } else { format!("{}/", language.name()) };
    let is_there = |files: &[(&str, &str)], folder: &str| files.iter().any(|(path, _)| path.starts_with(folder));
    is_there(embedded::TEMPLATES, &folder) && is_there(embedded::SDK, &sdk)
}

/// Languages a kind of plugin can be begun in.
pub fn languages(kind: PluginKind) -> Vec<Language> {
    Language::ALL.into_iter().filter(|language| has_template(kind, *language)).collect()
}

/// All files of a project by their paths; `None` where there is no template.
fn files(kind: PluginKind, name: &PluginName, language: Language) -> Option<BTreeMap<PathBuf, String>> {
    if !has_template(kind, language) {
        return None;
    }
    let mut files = BTreeMap::new();
    for of in [EVERY_KIND, kind.name()] {
        let folder = format!("{}/{of}/", language.name());
        for (path, text) in embedded::TEMPLATES {
            let Some(path) = path.strip_prefix(&folder) else { continue };
            // Under its own name it would be heeded here.
            let path = if path == "gitignore" { ".gitignore" } else { path };
            let text = text.replace(NAME, name.as_str()).replace(IDENTIFIER, &name.as_str().replace('-', "_"));
            files.insert(PathBuf::from(path), text);
        }
    }
    let sdk = |folder: &str, to: &str, files: &mut BTreeMap<PathBuf, String>| {
        for (path, text) in embedded::SDK {
            if let Some(path) = path.strip_prefix(folder) {
                files.insert(Path::new(to).join(path), (*text).to_owned());
            }
        }
    };
    match language {
        Language::Rust => {
            sdk("src/", &format!("{SDK_FOLDER}/src"), &mut files);
            files.insert(Path::new(SDK_FOLDER).join("Cargo.toml"), embedded::SDK_MANIFEST.to_owned());
            files.insert(PathBuf::from("Cargo.lock"), embedded::SDK_LOCK.to_owned());
        }
        Language::JavaScript | Language::Python => sdk(&format!("{}/", language.name()), SDK_FOLDER, &mut files),
    }
    for (path, text) in embedded::SDK {
        let Some(path) = path.strip_prefix("wit/") else { continue };
        let to = match language {
            Language::Rust => format!("{SDK_FOLDER}/wit/{path}"),
            // Where their tools look: the project's own world, and beside it the packages it names.
            _ if path.starts_with("deps/") => format!("wit/{path}"),
            _ => format!("wit/deps/outreach/{path}"),
        };
        files.insert(PathBuf::from(to), (*text).to_owned());
    }
    Some(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> PluginName {
        PluginName::new("house-rules").unwrap()
    }

    #[test]
    fn every_project_has_a_manifest_of_its_kind_cases_the_sdk_and_no_placeholder() {
        for kind in [PluginKind::Segment, PluginKind::Journey, PluginKind::Channel] {
            let files = files(kind, &name(), Language::Rust).unwrap();
            let manifest = gateway_plugin_host::Manifest::read(&files[Path::new("plugin.toml")]).unwrap();
            assert_eq!((manifest.kind, manifest.name), (kind, name()));
            let cases: Vec<_> = files.iter().filter(|(path, _)| path.starts_with("cases")).collect();
            assert!(cases.len() >= 2, "{kind:?}");
            for (path, text) in cases {
                crate::case::Case::of(path, text.clone(), kind).unwrap();
            }
            for file in ["Cargo.toml", "Cargo.lock", "README.md", ".gitignore", "src/lib.rs"] {
                assert!(files.contains_key(Path::new(file)), "{kind:?} {file}");
            }
            for file in ["Cargo.toml", "src/lib.rs", "src/testing/simulator.rs", "wit/channel.wit", "wit/deps/http.wit"] {
                assert!(files.contains_key(&Path::new(SDK_FOLDER).join(file)), "{file}");
            }
            let own = files.iter().filter(|(path, _)| !path.starts_with(SDK_FOLDER));
            for (path, text) in own {
                assert!(!text.contains(NAME) && !text.contains(IDENTIFIER), "{}", path.display());
            }
        }
    }

    #[test]
    fn the_sdk_of_a_project_stands_alone() {
        for needed in ["wit-bindgen", "serde_json", "bitflags", "hmac"] {
            assert!(embedded::SDK_MANIFEST.contains(needed), "{needed}");
        }
        assert!(!embedded::SDK_MANIFEST.contains("workspace"), "{}", embedded::SDK_MANIFEST);
        assert!(embedded::SDK_LOCK.contains("name = \"wit-bindgen\"") && !embedded::SDK_LOCK.contains("name = \"wasmtime\""));
    }

    #[test]
    fn other_languages_have_segments_and_channels_and_say_where_a_journey_is() {
        for language in [Language::JavaScript, Language::Python] {
            for kind in [PluginKind::Segment, PluginKind::Channel] {
                let files = files(kind, &name(), language).unwrap();
                for (path, text) in files.iter().filter(|(path, _)| path.starts_with("cases")) {
                    let same = self::files(kind, &name(), Language::Rust).unwrap();
                    assert_eq!(same.get(path), Some(text), "the cases are the same in every language");
                }
                for file in ["wit/world.wit", "wit/deps/http.wit", "wit/deps/outreach/channel.wit", "plugin.toml", ".gitignore"] {
                    assert!(files.contains_key(Path::new(file)), "{file}");
                }
            }
            let folder = tempfile::tempdir().unwrap();
            let error = create(PluginKind::Journey, &name(), language, folder.path()).unwrap_err().to_string();
            assert!(error.contains("no journey plugin in") && error.ends_with("there is one in rust"), "{error}");
        }
    }

    #[test]
    fn nothing_that_is_there_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        create(PluginKind::Segment, &name(), Language::Rust, folder.path()).unwrap();
        let error = create(PluginKind::Segment, &name(), Language::Rust, folder.path()).unwrap_err();
        assert!(matches!(error, ProjectError::Taken(_)), "{error}");
    }
}
