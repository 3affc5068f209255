//! `outreach demo`: a sandbox EHR with synthetic people, a local mailbox, and a gateway beside them, in one process on this machine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use gateway_auth::SigningKey;
use gateway_domain::user::Role;
use gateway_ports::store::{PatientStore as _, SegmentStore as _, UserStore as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::user;
use crate::cli::DemoArguments;
use crate::config::Config;
use crate::definitions::Definitions;
use crate::lifecycle::{self, Gateway, Listeners};
use crate::progress::say;

const CLIENT: &str = "outreach-demo";
const SIGN_IN: &str = "demo@example.org";
/// What marks a folder as one that may be emptied.
const MARK: &str = "this-is-a-demo";

/// Runs until it is stopped.
///
/// # Errors
/// Where the folder or a port can't be used, or a part does not start.
pub(crate) async fn run(arguments: DemoArguments) -> anyhow::Result<()> {
    let folder = prepare(&arguments.folder, arguments.keep)?;
    let [web, admin, ehr, mail_page, smtp] = ports(arguments.port).await?;
    let key_file = folder.join("keys").join("gateway.pem");
    std::fs::create_dir_all(folder.join("keys"))?;
    let key = SigningKey::load_or_create(&key_file)?;

    let sandbox = ehr_sandbox::start(
        ehr_sandbox::Config {
            people: Some(arguments.people),
            seed: arguments.seed,
            clients: vec![ehr_sandbox::Client {
                id: CLIENT.to_owned(),
                keys: ehr_sandbox::ClientKeys::Inline(json!({ "keys": [key.public()] }).to_string()),
            }],
            ..ehr_sandbox::Config::default()
        },
        ehr,
    )
    .await
    .context("the sandbox EHR")?;
    let mailbox = mailbox::start(mailbox::Mailbox::new(Some(&folder.join("mail")))?, smtp, mail_page).context("the mailbox")?;

    let config_file = folder.join("outreach.toml");
    let console = format!("http://{}", web.local_addr()?);
    let database = arguments.database_url.clone().unwrap_or_else(|| format!("sqlite://{}", folder.join("outreach.sqlite").display()));
    let text = config_text(&folder, &console, &admin, &database, &sandbox.base_url, mailbox.smtp.port())?;
    std::fs::write(&config_file, &text)?;
    let config = Config::load(&config_file, std::env::vars())?;
    crate::logging::start(&config.log)?;

    let gateway = Gateway::start(&config, Listeners { web, admin }).await?;
    let password = sign_in(&gateway, &folder).await?;
    let mut definitions = Definitions::demo()?;
    definitions.remind_after(&arguments.reminder_after);
    definitions.apply(&gateway.parts().definition_target()).await?;
    gateway.wake();

    let addresses = json!({
        "console": console,
        "email": SIGN_IN,
        "password": password,
        "ehr": sandbox.origin,
        "fhir": sandbox.base_url,
        "mailbox": format!("http://{}", mailbox.web),
        "admin": config.server.admin_listen.to_string(),
        "config": config_file,
    });
    std::fs::write(folder.join("demo.json"), serde_json::to_vec_pretty(&addresses)?)?;
    tell(&addresses, arguments.people, &arguments.reminder_after);
    tokio::select! {
        () = lifecycle::until_stopped() => {}
        () = watch_first_minute(&gateway, &mailbox.mailbox) => {}
    }
    say("Stopping.");
    gateway.stop().await;
    mailbox.stop();
    sandbox.shutdown().await;
    Ok(())
}

/// An empty folder of ours, or the one that is there when it is to be kept. A folder that is not ours is left alone.
fn prepare(folder: &Path, keep: bool) -> anyhow::Result<PathBuf> {
    if folder.exists() && !keep {
        let is_ours = folder.join(MARK).exists();
        let is_empty = std::fs::read_dir(folder).with_context(|| format!("`{}` can't be read", folder.display()))?.next().is_none();
        if !is_ours && !is_empty {
            bail!("`{}` is not empty and was not made by the demonstration; name another with --folder", folder.display());
        }
        if is_ours {
            std::fs::remove_dir_all(folder).with_context(|| format!("`{}` can't be emptied", folder.display()))?;
        }
    }
    std::fs::create_dir_all(folder).with_context(|| format!("`{}` can't be made", folder.display()))?;
    std::fs::write(folder.join(MARK), "This folder is made and emptied by `outreach demo`.\n")?;
    Ok(std::fs::canonicalize(folder)?)
}

/// Five listeners on this machine: from a first port on, or free ones for 0.
async fn ports(first: u16) -> anyhow::Result<[TcpListener; 5]> {
    let bind = async |place: u16| {
        let port = if first == 0 { 0 } else { first.saturating_add(place) };
        TcpListener::bind(("127.0.0.1", port))
            .await
            .with_context(|| format!("port {port} is taken; choose another first port with --port, or 0 for free ones"))
    };
    Ok([bind(0).await?, bind(1).await?, bind(2).await?, bind(3).await?, bind(4).await?])
}

fn config_text(folder: &Path, console: &str, admin: &TcpListener, database: &str, fhir: &str, smtp_port: u16) -> anyhow::Result<String> {
    let mut config: toml::Table = toml::from_str(
        r#"
        [hospital]
        name = "Riverside Hospital"
        [mail]
        from = "Riverside Hospital <outreach@riverside.example.org>"
        message_id_domain = "riverside.example.org"
        host = "127.0.0.1"
        tls = "none"
        # At any hour and as often as the journey says, so that there is something to see: not for real people.
        [gate]
        opens = "00:00"
        closes = "23:59:59.999"
        default_time_zone = "America/New_York"
        per_day = 10
        per_week = 20
        [tracking]
        clicks = true
        [log]
        level = "warn"
        "#,
    )?;
    let mut set = |section: &str, key: &str, value: toml::Value| {
        let table = config.entry(section.to_owned()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        if let toml::Value::Table(table) = table {
            table.insert(key.to_owned(), value);
        }
    };
    let path = |name: &str| toml::Value::String(folder.join(name).display().to_string());
    set("server", "listen", toml::Value::String(console.trim_start_matches("http://").to_owned()));
    set("server", "admin_listen", toml::Value::String(admin.local_addr()?.to_string()));
    set("server", "public_url", toml::Value::String(console.to_owned()));
    set("database", "url", toml::Value::String(database.to_owned()));
    set("mail", "port", toml::Value::Integer(i64::from(smtp_port)));
    set("keys", "folder", path("keys"));
    set("plugins", "cache", path("plugin-cache"));
    set("plugins", "folder", path("plugin-packages"));
    let text = toml::to_string(&config)?;
    let source = format!(
        "\n[[source]]\nname = \"sandbox\"\nurl = \"{fhir}\"\npoll = \"2s\"\nprivate_hosts = [\"127.0.0.1\"]\n[source.auth]\nkind = \"backend-services\"\nclient_id = \"{CLIENT}\"\n[source.write_back]\ncommunications = true\nconsents = true\n"
    );
    Ok(text + &source)
}

/// Makes the demonstration's user, or gives the one that is there the password kept in the folder.
async fn sign_in(gateway: &Gateway, folder: &Path) -> anyhow::Result<String> {
    let kept = folder.join("password");
    let parts = gateway.parts();
    if let (Ok(password), Some(_)) = (std::fs::read_to_string(&kept), parts.store.user_by_email(SIGN_IN).await?) {
        return Ok(password);
    }
    let mut bytes = [0; 8];
    parts.entropy.fill(&mut bytes);
    let password = format!("demo-{:016x}", u64::from_be_bytes(bytes));
    user::add(parts, SIGN_IN, "Demo Coordinator", Role::Administrator, password.clone().into()).await?;
    std::fs::write(&kept, &password)?;
    Ok(password)
}

fn tell(addresses: &Value, people: u64, reminder_after: &str) {
    let get = |key: &str| addresses.get(key).and_then(Value::as_str).unwrap_or_default();
    say(format!(
        "\nOutreach Gateway is ready, with {people} people who do not exist.\n\n  Console   {}\n            sign in as {} with {}\n  Mailbox   {}\n            what the gateway sent\n  EHR       {}\n            record a mammogram here and watch that person leave segment and journey\n\nThe reminder follows {reminder_after} after an invitation without a click. Stop with Ctrl-C.\n",
        get("console"),
        get("email"),
        get("password"),
        get("mailbox"),
        get("ehr"),
    ));
}

/// Says what happens in the first minute, so that nobody looks at an empty page in doubt; then says no more.
async fn watch_first_minute(gateway: &Gateway, mailbox: &mailbox::Mailbox) {
    let store = &gateway.parts().store;
    let mut said = (0, 0, 0);
    for _ in 0..120 {
        let people = store.patient_count().await.unwrap_or(0);
        let members = store.segments().await.map_or(0, |segments| segments.iter().map(|segment| segment.members).sum());
        let now = (people, members, mailbox.messages().len());
        if now != said {
            said = now;
            say(format!("  {people} people synced, {members} memberships in segments, {} emails in the mailbox", now.2));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    std::future::pending::<()>().await;
}
