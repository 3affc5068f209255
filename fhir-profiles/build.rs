//! Lists the documents of `mappings`, `value-sets`, `measures` and `blocks`, so that adding a file to a folder is all it takes to embed it.

use std::fmt::Write as _;
use std::{env, fs, io, path::Path};

fn main() -> io::Result<()> {
    let home = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let mut text = String::new();
    for (folder, constant, ending) in [
        ("mappings", "MAPPINGS", "toml"),
        ("value-sets", "VALUE_SETS", "json"),
        ("measures", "MEASURES", "json"),
        ("blocks", "BLOCKS", "json"),
    ] {
        println!("cargo::rerun-if-changed={folder}");
        let mut names: Vec<String> = Vec::new();
        let path = Path::new(&home).join(folder);
        // An empty folder is not in a fresh clone.
        let entries = if path.is_dir() { Some(fs::read_dir(&path)?) } else { None };
        for entry in entries.into_iter().flatten() {
            let path = entry?.path();
            if path.extension().is_some_and(|it| it == ending)
                && let Some(name) = path.file_stem().and_then(|it| it.to_str())
            {
                names.push(name.to_owned());
            }
        }
        names.sort();
        let _ = writeln!(text, "const {constant}: &[(&str, &str)] = &[");
        for name in names {
            let file = path.join(format!("{name}.{ending}"));
            let _ = writeln!(text, "    ({name:?}, include_str!({:?})),", file.display().to_string());
        }
        let _ = writeln!(text, "];");
    }
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("documents.rs"), text)
}
