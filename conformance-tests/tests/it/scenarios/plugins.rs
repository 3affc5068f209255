//! A vendor's plugin on its way into a gateway: packed and signed, looked at, granted what the operator agrees to, upgraded, rolled back.

use std::path::{Path, PathBuf};

use crate::harness::database::Kind;
use crate::harness::gateway::{outreach, outreach_ok};
use crate::harness::world::{Plan, World};

/// What the vendor has: a folder with a manifest, a component, a key.
struct Vendor(PathBuf);

impl Vendor {
    fn new(folder: &Path) -> Self {
        let rules = plugins_bundled::all().into_iter().find(|plugin| plugin.name == "segment-rules").unwrap();
        std::fs::write(folder.join("component.wasm"), rules.component).unwrap();
        Self(folder.to_owned())
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// The package of a version that asks for this, signed with the key of this name.
    fn pack(&self, version: &str, asks: &str, key: Option<&str>) -> String {
        let manifest = format!(
            "name = \"house-rules\"\nversion = \"{version}\"\nkind = \"segment\"\ndescription = \"Rules of the house.\"\nasks = [{asks}]\n"
        );
        std::fs::write(self.0.join("plugin.toml"), manifest).unwrap();
        let (component, to) = (self.path("component.wasm"), self.path(&format!("house-rules-{version}.outreach-plugin")));
        let folder = self.0.display().to_string();
        let mut arguments = vec!["plugin", "pack", &folder, "--component", &component, "--to", &to];
        let key = key.map(|key| self.path(key));
        if let Some(key) = &key {
            arguments.extend(["--key", key]);
        }
        outreach_ok(Path::new("/nowhere/outreach.toml"), &arguments, "");
        to
    }

    /// Makes a key; the publisher it stands for.
    fn key(&self, name: &str) -> String {
        let said = outreach_ok(Path::new("/nowhere/outreach.toml"), &["plugin", "key", &self.path(name)], "");
        said.split_whitespace().find(|word| word.starts_with("ed25519:")).unwrap().to_owned()
    }
}

fn failing(config: &Path, arguments: &[&str], input: &str) -> String {
    let output = outreach(config, arguments, input);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{arguments:?} was to fail: {}", String::from_utf8_lossy(&output.stdout));
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendors_plugin_is_installed_with_what_the_operator_grants_and_can_be_taken_back() {
    let world = World::make(Plan { people: Some(5), with_definitions: false, ..Plan::new(Kind::Sqlite) }).await.unwrap();
    let config = world.config.as_path();
    let folder = tempfile::tempdir().unwrap();
    let vendor = Vendor::new(folder.path());
    let publisher = vendor.key("vendor.pem");
    assert!(failing(config, &["plugin", "key", &vendor.path("vendor.pem")], "").contains("is there already"));
    let first = vendor.pack("1.0.0", "\"patient:birth-date\", \"facts:encounter\"", Some("vendor.pem"));

    let said = outreach_ok(config, &["plugin", "inspect", &first], "");
    assert!(said.contains("house-rules 1.0.0") && said.contains("see the day of birth of patients") && said.contains(&publisher), "{said}");

    // Nobody is trusted yet, and what was made without a key never is.
    let said = failing(config, &["plugin", "install", &first, "--grant", "all"], "");
    assert!(said.contains(&publisher) && said.contains("plugins.publishers"), "{said}");
    let plugins = format!(
        "[plugins]\nfolder = \"{}\"\npublishers = [{{ name = \"Acme Rules\", key = \"{publisher}\" }}]\n",
        world.folder.path().join("plugins").display()
    );
    let text = std::fs::read_to_string(config).unwrap().replace("[plugins]\n", &plugins);
    std::fs::write(config, text).unwrap();
    let unsigned = vendor.pack("0.9.0", "", None);
    assert!(failing(config, &["plugin", "install", &unsigned, "--grant", "all"], "").contains("not signed"));
    assert!(failing(config, &["plugin", "install", &first], "").contains("--grant"), "without an answer nothing is granted");

    let said = outreach_ok(config, &["plugin", "install", &first], "y\nn\n");
    assert!(said.contains("Published by Acme Rules") && said.contains("may: patient:birth-date."), "{said}");
    let listed = outreach_ok(config, &["plugin", "list"], "");
    assert!(listed.lines().any(|line| line.starts_with("house-rules") && line.contains("1.0.0")), "{listed}");

    // An upgrade asks about what is new, and about what was withheld.
    let second = vendor.pack("1.1.0", "\"patient:birth-date\", \"facts:encounter\", \"facts:order\"", Some("vendor.pem"));
    let said = outreach_ok(config, &["plugin", "install", &second], "y\nn\n");
    assert!(said.contains("As before, it may see the day of birth of patients"), "{said}");
    assert!(said.contains("may: patient:birth-date, facts:order."), "{said}");
    assert!(failing(config, &["plugin", "install", &first, "--grant", "all"], "").contains("is older"));

    let gateway = world.serve();
    let api = world.api().await;
    let plugin = |plugins: &serde_json::Value| plugins["items"].as_array().unwrap().iter().find(|it| it["name"] == "house-rules").cloned();
    let running = plugin(&api.get("/plugins").await).unwrap();
    assert_eq!((&running["version"], &running["bundled"]), (&"1.1.0".into(), &false.into()));
    assert_eq!(running["granted"], serde_json::json!(["patient:birth-date", "facts:order"]));
    // The gateway goes on; what changes on the shelf it takes up by itself.
    let used = async |version: Option<&str>| {
        for _ in 0..100 {
            let found = plugin(&api.get("/plugins").await);
            if found.as_ref().and_then(|found| found["version"].as_str()) == version {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        }
        panic!("version {version:?} of the plugin is not used after 30 s");
    };
    outreach_ok(config, &["plugin", "rollback", "house-rules"], "");
    used(Some("1.0.0")).await;
    outreach_ok(config, &["plugin", "install", &second, "--grant", "none"], "");
    used(Some("1.1.0")).await;
    outreach_ok(config, &["plugin", "remove", "house-rules"], "");
    used(None).await;
    outreach_ok(config, &["plugin", "install", &first, "--grant", "patient:birth-date"], "");
    outreach_ok(config, &["plugin", "install", &second, "--grant", "all"], "");
    used(Some("1.1.0")).await;
    gateway.kill();

    let said = outreach_ok(config, &["plugin", "rollback", "house-rules"], "");
    assert!(said.contains("1.0.0") && said.contains("patient:birth-date"), "{said}");
    assert!(failing(config, &["plugin", "rollback", "house-rules"], "").contains("no version before"));

    // What was exchanged in the folder is left out, and the gateway goes on without it.
    let kept = world.folder.path().join("plugins/house-rules-1.0.0.outreach-plugin");
    std::fs::copy(vendor.pack("1.0.0", "", Some("vendor.pem")), &kept).unwrap();
    let listed = outreach_ok(config, &["plugin", "list"], "");
    assert!(listed.contains("house-rules is installed and NOT USED") && listed.contains("segment-rules"), "{listed}");
    let _gateway = world.serve();
    assert_eq!(plugin(&world.api().await.get("/plugins").await), None);
    outreach_ok(config, &["plugin", "remove", "house-rules"], "");
    assert!(!kept.exists());
}
