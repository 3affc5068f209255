//! A vendor's developer and a plugin: made, built, tried out natively and in the sandbox, wrong and then right.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::gateway::{outreach_ok, program};

const NO_CONFIGURATION: &str = "/nowhere/outreach.toml";

/// A project, in a folder that stays from run to run, so that only what changed is built again.
struct Project(PathBuf);

impl Project {
    fn new(kind: &str, language: &str) -> Self {
        let made = tempfile::tempdir().unwrap();
        let made = made.path().join("made");
        let (name, to) = (format!("house-{kind}"), made.display().to_string());
        outreach_ok(Path::new(NO_CONFIGURATION), &["plugin", "new", kind, &name, "--lang", language, "--folder", &to], "");
        let kept = folder().join(format!("{kind}-{language}"));
        let _ = fs::remove_dir_all(kept.join("cases"));
        for (path, content) in files(&made) {
            let to = kept.join(path);
            // What a build changes stays as the build left it.
            if fs::read(&to).ok().as_ref() != Some(&content) && !(to.ends_with("Cargo.lock") && to.exists()) {
                fs::create_dir_all(to.parent().unwrap()).unwrap();
                fs::write(&to, content).unwrap();
            }
        }
        Self(kept)
    }

    fn path(&self) -> String {
        self.0.display().to_string()
    }

    /// The unit tests, natively.
    fn unit_tests(&self, command: &mut Command) {
        let output = command.current_dir(&self.0).envs(quick()).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{said}");
    }

    /// `outreach plugin test`: whether it passed, and what it said.
    fn test(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new(program()).args(["plugin", "test", &self.path()]).args(arguments).envs(quick()).output().unwrap();
        (output.status.success(), format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
    }

    fn passes(&self, kind: &str) {
        let (passed, said) = self.test(&[]);
        assert!(passed && said.contains(&format!("house-{kind} 0.1.0, a {kind} plugin")), "{said}");
        assert!(said.contains("2 cases: 2 passed, 0 failed"), "{said}");
    }
}

/// What was made, by path.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut all, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                all.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    all
}

/// All projects share what they are built from.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugin-projects")
}

/// Builds that are quick rather than small, and ask no network.
fn quick() -> Vec<(&'static str, String)> {
    vec![
        ("CARGO_TARGET_DIR", folder().join("target").display().to_string()),
        ("CARGO_NET_OFFLINE", "true".to_owned()),
        ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1".to_owned()),
        ("CARGO_PROFILE_RELEASE_LTO", "off".to_owned()),
        ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16".to_owned()),
    ]
}

#[test]
fn what_is_made_builds_and_passes_its_tests_at_once() {
    let kinds = ["segment", "journey", "channel"];
    // All are made before any is built: what they share is then built once.
    let projects = kinds.map(|kind| (kind, Project::new(kind, "rust")));
    for (kind, project) in &projects {
        project.unit_tests(Command::new("cargo").args(["test", "--quiet", "--release", "--lib"]));
        project.passes(kind);
    }

    // A case that is wrong fails with its place, and can be written anew.
    let [.., (_, project)] = &projects;
    let case = project.0.join("cases/heard.json");
    let right = fs::read_to_string(&case).unwrap();
    fs::write(&case, right.replace("\"delivered\": \"m1\"", "\"failed\": \"m1\"")).unwrap();
    let (passed, said) = project.test(&[]);
    assert!(!passed && said.contains("FAILED   What the provider tells") && said.contains("1 of 2 cases failed"), "{said}");
    assert!(said.contains("/webhooks/1/expect/notices/0/failed: expected \"m1\", found nothing"), "{said}");
    assert!(project.test(&["--update"]).0 && project.test(&[]).0);

    // A request nobody expected, and a case that can't be read.
    let sent = project.0.join("cases/sent.json");
    let right = fs::read_to_string(&sent).unwrap();
    let fewer = right.replace(",\n    { \"request\": { \"json\": { \"to\": \"+15550124\" } }, \"fails\": \"timed-out\" }", "");
    assert_ne!(fewer, right);
    fs::write(&sent, fewer).unwrap();
    let (passed, said) = project.test(&[]);
    assert!(!passed && said.contains("/expect/unplanned:"), "{said}");
    fs::write(&sent, right.replace("\"origins\"", "\"origin\"")).unwrap();
    let (passed, said) = project.test(&[]);
    assert!(
        !passed && said.contains("sent.json") && said.contains("/origin: `origin` is not known here; did you mean `origins`?"),
        "{said}"
    );

    let failing = |arguments: &[&str]| {
        let output = Command::new(program()).args(arguments).output().unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(failing(&["plugin", "new", "channel", "x", "--folder", &project.path()]).contains("is there already"));
    assert!(failing(&["plugin", "new", "channel", "No Name"]).contains("is not a plugin name"));
    assert!(failing(&["plugin", "test", "/nowhere"]).contains("/nowhere/plugin.toml"));
}

/// The tools of the example plugins, where they were installed.
fn tools(name: &str) -> Option<PathBuf> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/plugins/tools").join(name);
    tools.canonicalize().ok()
}

#[cfg(unix)]
#[test]
fn what_is_made_in_other_languages_builds_and_passes_its_tests_too() {
    for (language, tools, at) in [("javascript", tools("node_modules"), "node_modules"), ("python", tools("venv"), ".outreach/python")] {
        let Some(tools) = tools else {
            eprintln!(
                "SKIPPED: new plugins in {language}, because what builds them is not installed; `examples/plugins/build` installs it"
            );
            continue;
        };
        for kind in ["segment", "channel"] {
            let project = Project::new(kind, language);
            // A build takes long; what passed once as it is now passes again.
            let made: BTreeMap<_, _> =
                files(&project.0.join("outreach-plugin-sdk")).into_iter().chain(files(&project.0.join("cases"))).collect();
            let sources = ["plugin.js", "plugin.py", "component.js", "component.py", "build.js", "build.py", "plugin.toml"];
            let sources: Vec<_> = sources.into_iter().filter_map(|name| fs::read(project.0.join(name)).ok()).collect();
            let mut hasher = DefaultHasher::new();
            (made, sources).hash(&mut hasher);
            let now = hasher.finish().to_string();
            let (passed, place) = (project.0.join(".outreach/passed"), project.0.join(at));
            if fs::read_to_string(&passed).is_ok_and(|before| before == now) {
                continue;
            }
            fs::create_dir_all(project.0.join(".outreach")).unwrap();
            if !place.exists() {
                std::os::unix::fs::symlink(&tools, &place).unwrap();
            }
            match language {
                "javascript" => project.unit_tests(Command::new("node").args(["--test", "plugin.test.js"])),
                _ => project.unit_tests(Command::new("python3").args(["-m", "unittest"]).env("PYTHONPATH", "outreach-plugin-sdk")),
            }
            project.passes(kind);
            fs::write(&passed, &now).unwrap();
        }
    }
}
