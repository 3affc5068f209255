use tempfile::TempDir;

use super::*;
use crate::package::{SigningKey, pack};

const MOST: usize = 1 << 20;

struct Bench {
    _folder: TempDir,
    shelf: Shelf,
    trust: Trust,
    path: PathBuf,
}

fn bench() -> Bench {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("plugins");
    let trust = Trust { publishers: vec![key(1).publisher().unwrap()], anybody: false };
    Bench { shelf: Shelf::new(path.clone(), MOST), trust, path, _folder: folder }
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32]).unwrap()
}

fn component(mark: u8) -> Vec<u8> {
    [b"\0asm\x0d\0\x01\0".as_slice(), &[mark; 100]].concat()
}

fn package(version: &str, asks: &str, mark: u8, signer: Option<u8>) -> Vec<u8> {
    let manifest =
        format!("name = \"pigeon\"\nversion = \"{version}\"\nkind = \"channel\"\ndescription = \"Carries notes.\"\nasks = [{asks}]\n");
    pack(&manifest, &component(mark), signer.map(key).as_ref()).unwrap()
}

fn name() -> PluginName {
    PluginName::new("pigeon").unwrap()
}

fn grants(granted: &[Capability]) -> BTreeSet<Capability> {
    granted.iter().cloned().collect()
}

impl Bench {
    fn install(&self, file: &[u8], granted: &[Capability]) -> Result<Placed, ShelfError> {
        self.shelf.install(file, &grants(granted), &self.trust, Timestamp::UNIX_EPOCH)
    }

    fn used(&self) -> Option<(String, Vec<Capability>)> {
        let (name, placed) = self.shelf.list().unwrap().into_iter().next()?;
        let taken = self.shelf.take(&name, &placed, &self.trust).unwrap();
        Some((taken.package.manifest.version, taken.granted))
    }
}

#[test]
fn a_plugin_is_installed_upgraded_rolled_back_and_removed() {
    let bench = bench();
    assert_eq!(bench.used(), None);
    bench.install(&package("1.0.0", "\"log\"", 1, Some(1)), &[Capability::Log]).unwrap();
    assert_eq!(bench.used(), Some(("1.0.0".to_owned(), vec![Capability::Log])));

    let newer = package("1.10.0", "\"log\", \"mail\"", 2, Some(1));
    bench.install(&newer, &[Capability::Mail]).unwrap();
    assert_eq!(bench.used(), Some(("1.10.0".to_owned(), vec![Capability::Mail])));

    assert_eq!(bench.shelf.roll_back(&name()).unwrap().version.to_string(), "1.0.0");
    assert_eq!(bench.used(), Some(("1.0.0".to_owned(), vec![Capability::Log])), "with what it was granted then");
    assert!(matches!(bench.shelf.roll_back(&name()), Err(ShelfError::NothingBefore(_))));
    bench.install(&newer, &[]).unwrap();
    assert_eq!(bench.used(), Some(("1.10.0".to_owned(), vec![])));

    bench.shelf.remove(&name()).unwrap();
    assert_eq!(bench.used(), None);
    assert!(matches!(bench.shelf.remove(&name()), Err(ShelfError::Missing(_))));
    assert_eq!(fs::read_dir(&bench.path).unwrap().count(), 1, "the register alone is left");
}

#[test]
fn an_upgrade_says_what_it_changes() {
    let bench = bench();
    let first = Package::read(&package("1.0.0", "\"log\", \"mail\", \"key-value\"", 1, Some(1)), MOST).unwrap();
    let all = grants(&[Capability::Log, Capability::Mail, Capability::KeyValue]);
    assert_eq!(bench.shelf.difference(&first).unwrap(), Difference { new: all, ..Difference::default() });
    bench.install(&package("1.0.0", "\"log\", \"mail\", \"key-value\"", 1, Some(1)), &[Capability::Log, Capability::KeyValue]).unwrap();
    let next = Package::read(&package("2.0.0", "\"log\", \"mail\", \"secret:token\"", 1, Some(1)), MOST).unwrap();
    let token: Capability = "secret:token".parse().unwrap();
    assert_eq!(
        bench.shelf.difference(&next).unwrap(),
        Difference {
            new: grants(&[token]),
            kept: grants(&[Capability::Log]),
            withheld: grants(&[Capability::Mail]),
            gone: grants(&[Capability::KeyValue]),
        }
    );
}

#[test]
fn nothing_older_and_nothing_other_under_the_same_version_is_installed() {
    let bench = bench();
    let used = package("1.10.0", "", 1, Some(1));
    bench.install(&used, &[]).unwrap();
    let error = bench.install(&package("1.9.0", "", 1, Some(1)), &[]).unwrap_err();
    assert!(matches!(error, ShelfError::Downgrade { .. }), "{error}");
    let error = bench.install(&package("1.10.0", "", 2, Some(1)), &[]).unwrap_err();
    assert!(matches!(error, ShelfError::SameVersion { .. }), "{error}");
    bench.install(&used, &[]).unwrap();
    assert_eq!(bench.used().unwrap().0, "1.10.0", "the same again changes nothing");
}

#[test]
fn a_version_in_development_has_one_content_after_the_other() {
    let bench = bench();
    let anybody = Trust { anybody: true, ..Trust::default() };
    let install = |mark: u8| {
        bench.shelf.install(&package("0.1.0", "\"log\"", mark, None), &grants(&[Capability::Log]), &anybody, Timestamp::UNIX_EPOCH)
    };
    install(1).unwrap();
    let placed = install(2).unwrap();
    let taken = bench.shelf.take(&name(), &placed, &anybody).unwrap();
    assert_eq!((taken.package.component, taken.granted), (component(2), vec![Capability::Log]));
    assert!(
        matches!(bench.shelf.roll_back(&name()), Err(ShelfError::NothingBefore(_))),
        "what was overwritten is no version to go back to"
    );
    let error = bench.install(&package("0.1.0", "\"log\"", 3, Some(1)), &[]).unwrap_err();
    assert!(matches!(error, ShelfError::SameVersion { .. }), "{error}");
}

#[test]
fn nothing_unsigned_of_a_stranger_altered_or_granted_too_much_gets_onto_the_shelf() {
    let bench = bench();
    let error = bench.install(&package("1.0.0", "", 1, None), &[]).unwrap_err();
    assert!(matches!(error, ShelfError::Package(PackageError::Unsigned)), "{error}");
    let error = bench.install(&package("1.0.0", "", 1, Some(2)), &[]).unwrap_err();
    assert!(matches!(error, ShelfError::Package(PackageError::NotTrusted(_))), "{error}");
    let mut altered = package("1.0.0", "", 1, Some(1));
    let inside = altered.windows(50).position(|bytes| bytes == [1; 50]).unwrap();
    altered[inside] = 9;
    let error = bench.install(&altered, &[]).unwrap_err();
    assert!(matches!(error, ShelfError::Package(PackageError::Altered(_))), "{error}");
    let error = bench.install(&package("1.0.0", "\"log\"", 1, Some(1)), &[Capability::Mail]).unwrap_err();
    assert!(matches!(error, ShelfError::NotAsked { capability: Capability::Mail, .. }), "{error}");
    assert_eq!(bench.used(), None);
    assert!(!bench.path.exists(), "nothing was written");

    let anybody = Trust { anybody: true, ..Trust::default() };
    bench.shelf.install(&package("1.0.0", "", 1, None), &BTreeSet::new(), &anybody, Timestamp::UNIX_EPOCH).unwrap();
}

#[test]
fn what_was_changed_in_the_folder_or_is_no_longer_trusted_is_not_used() {
    let bench = bench();
    let placed = bench.install(&package("1.0.0", "", 1, Some(1)), &[]).unwrap();
    let distrust = bench.shelf.take(&name(), &placed, &Trust::default()).unwrap_err();
    assert!(matches!(distrust, ShelfError::Package(PackageError::NotTrusted(_))), "{distrust}");
    // Another package of the same publisher, put there by hand.
    fs::write(bench.path.join("pigeon-1.0.0.outreach-plugin"), package("1.0.0", "", 2, Some(1))).unwrap();
    let changed = bench.shelf.take(&name(), &placed, &bench.trust).unwrap_err();
    assert!(matches!(changed, ShelfError::Changed { .. }), "{changed}");
    fs::write(bench.path.join(INSTALLED), "plugin = 1").unwrap();
    let unreadable = bench.shelf.list().unwrap_err().to_string();
    assert!(unreadable.contains(INSTALLED), "{unreadable}");
}
