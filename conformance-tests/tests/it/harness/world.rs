//! A hospital for a scenario: a sandbox EHR, a mailbox, a folder with a configuration, and a user who can sign in.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::net::TcpListener;

use super::database::{self, Kind};
use super::gateway::{Api, Serving, outreach_ok};

const CLIENT: &str = "outreach-test";
const EMAIL: &str = "coordinator@example.org";
const PASSWORD: &str = "a long enough password";

/// How a world is made.
pub(crate) struct Plan {
    pub(crate) database: Kind,
    pub(crate) people: Option<u64>,
    pub(crate) load: Option<PathBuf>,
    /// How long the journey waits for a click.
    pub(crate) reminder_after: &'static str,
    /// Whether the segments, messages and the journey of the demonstration are there.
    pub(crate) with_definitions: bool,
    /// How often the source is polled.
    pub(crate) poll: &'static str,
    /// The keys of `[source.push]`.
    pub(crate) push: &'static str,
}

impl Plan {
    pub(crate) fn new(database: Kind) -> Self {
        Self { database, people: Some(200), load: None, reminder_after: "1 hour", with_definitions: true, poll: "500ms", push: "" }
    }
}

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) config: PathBuf,
    pub(crate) base: String,
    pub(crate) ehr: ehr_sandbox::Running,
    pub(crate) mail: mailbox::Running,
}

impl World {
    /// Makes it; `None` where its database is left out on purpose.
    pub(crate) async fn make(plan: Plan) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let database = database::fresh(plan.database, folder.path()).await?;
        let bind = || TcpListener::bind("127.0.0.1:0");
        let ehr = ehr_sandbox::start(
            ehr_sandbox::Config {
                people: plan.people,
                load: plan.load,
                export_delay: std::time::Duration::from_millis(100),
                ..ehr_sandbox::Config::default()
            },
            bind().await.unwrap(),
        )
        .await
        .unwrap();
        let mail = mailbox::start(mailbox::Mailbox::new(None).unwrap(), bind().await.unwrap(), bind().await.unwrap()).unwrap();
        let (web, admin) = (free_port().await, free_port().await);
        let base = format!("http://127.0.0.1:{web}");
        let config = folder.path().join("outreach.toml");
        let mut text = configuration(folder.path(), &database, &base, admin, &ehr.base_url, mail.smtp.port());
        text = text.replace("poll = \"500ms\"", &format!("poll = \"{}\"", plan.poll)) + &format!("[source.push]\n{}\n", plan.push);
        std::fs::write(&config, text).unwrap();
        outreach_ok(&config, &["migrate"], "");
        let jwks = outreach_ok(&config, &["source", "keys"], "");
        ehr.register_client(ehr_sandbox::Client { id: CLIENT.to_owned(), keys: ehr_sandbox::ClientKeys::Inline(jwks) });
        outreach_ok(&config, &["user", "add", EMAIL, "--name", "Coordinator", "--role", "administrator"], &format!("{PASSWORD}\n"));
        let world = Self { folder, config, base, ehr, mail };
        if plan.with_definitions {
            world.apply_definitions(plan.reminder_after);
        }
        Some(world)
    }

    /// Lets the source be a server without sign-in in place of the sandbox. It is searched: an export may take its time, and Helios wants to
    /// be asked for one every two minutes only.
    pub(crate) fn ask_instead(&self, base_url: &str) {
        let text = std::fs::read_to_string(&self.config).unwrap().replace(&self.ehr.base_url, base_url);
        let signed_in = format!("[source.auth]\nkind = \"backend-services\"\nclient_id = \"{CLIENT}\"\n");
        assert!(text.contains(&signed_in));
        std::fs::write(&self.config, text.replace(&signed_in, "export = \"off\"\n[source.auth]\nkind = \"none\"\n")).unwrap();
    }

    /// Starts the gateway.
    pub(crate) fn serve(&self) -> Serving {
        Serving::start(&self.config)
    }

    /// Signs in.
    pub(crate) async fn api(&self) -> Api {
        Api::sign_in(&self.base, EMAIL, PASSWORD).await
    }

    /// Applies the definitions of the demonstration, with a wait that suits the test.
    pub(crate) fn apply_definitions(&self, reminder_after: &str) {
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gateway/app/demo");
        let copy = self.folder.path().join("definitions");
        for noun in ["lists", "segments", "messages", "journeys"] {
            std::fs::create_dir_all(copy.join(noun)).unwrap();
            for entry in std::fs::read_dir(demo.join(noun)).unwrap().map(Result::unwrap) {
                let text = std::fs::read_to_string(entry.path()).unwrap().replace("5 minutes", reminder_after);
                std::fs::write(copy.join(noun).join(entry.file_name()), text).unwrap();
            }
        }
        outreach_ok(&self.config, &["apply", copy.to_str().unwrap()], "");
    }

    /// Subjects and recipients of what arrived.
    pub(crate) fn arrived(&self) -> Vec<(String, String)> {
        self.mail
            .mailbox
            .messages()
            .iter()
            .map(|received| {
                let raw = String::from_utf8_lossy(&received.raw);
                let header = |name: &str| raw.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
                (header("Message-ID:"), received.to.first().cloned().unwrap_or_default())
            })
            .collect()
    }
}

async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

fn configuration(folder: &Path, database: &str, base: &str, admin: u16, fhir: &str, smtp: u16) -> String {
    let listen = base.trim_start_matches("http://");
    let folder = folder.display();
    format!(
        r#"
[server]
listen = "{listen}"
admin_listen = "127.0.0.1:{admin}"
public_url = "{base}"
[database]
url = "{database}"
[mail]
from = "Riverside Hospital <outreach@riverside.example.org>"
host = "127.0.0.1"
port = {smtp}
tls = "none"
[gate]
opens = "00:00"
closes = "23:59:59.999"
default_time_zone = "America/New_York"
per_day = 10
per_week = 20
[tracking]
clicks = true
[keys]
folder = "{folder}/keys"
[plugins]
cache = "{folder}/../outreach-test-plugin-cache"
[log]
level = "info"
[[source]]
name = "sandbox"
url = "{fhir}"
poll = "500ms"
private_hosts = ["127.0.0.1"]
[source.auth]
kind = "backend-services"
client_id = "{CLIENT}"
"#
    )
}
