//! A PostgreSQL of the tests' own. The first test that needs one makes a fresh cluster in the temporary folder and starts it on
//! 127.0.0.1; the others of the run share it, also across processes; each gets a database of its own. Some seconds after the last test
//! process ended, the server stops and the next run makes a new one.
//!
//! Two lock files hold this together: `start.lock` lets one process at a time look and start, and every test process holds
//! `users.lock` shared for its life, so that the watcher beside the server knows when nobody is left.

mod programs;

use std::fs::{self, File, Permissions};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use programs::Programs;

/// Set to `1`, it leaves the tests on PostgreSQL out.
const WITHOUT: &str = "OUTREACH_TEST_WITHOUT_POSTGRES";
/// The superuser of the cluster; any connection from this machine is trusted, for the cluster holds nothing but tests.
const USER: &str = "outreach";
/// Seconds between two looks of the watcher.
const WATCH_EVERY: u32 = 15;

static PORT: OnceLock<Result<Server, String>> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The running server, and the lock that keeps it running.
struct Server {
    port: u16,
    programs: Programs,
    _user: File,
}

/// The URL of a fresh, empty database; `None` where `OUTREACH_TEST_WITHOUT_POSTGRES=1` leaves PostgreSQL out.
///
/// # Panics
/// Where there is no PostgreSQL, or it can't be started: tests that did not run must not look as if they had passed.
pub async fn fresh_database() -> Option<String> {
    if std::env::var(WITHOUT).is_ok_and(|value| value == "1") {
        let mut stderr = io::stderr().lock();
        let _ = io::Write::write_all(&mut stderr, format!("skipped on PostgreSQL: {WITHOUT}=1\n").as_bytes());
        return None;
    }
    let made = tokio::task::spawn_blocking(|| {
        let server = PORT.get_or_init(|| Server::get().map_err(|error| format!("{error:#}")));
        match server {
            Ok(server) => server.create_database().map_err(|error| format!("{error:#}")),
            Err(error) => Err(error.clone()),
        }
    })
    .await
    .unwrap_or_else(|error| Err(error.to_string()));
    match made {
        Ok(url) => Some(url),
        Err(error) => panic!("{error}\nSet {WITHOUT}=1 to leave the tests on PostgreSQL out."),
    }
}

impl Server {
    /// Joins the server of this run, or starts it.
    fn get() -> anyhow::Result<Self> {
        let programs = Programs::find()?;
        let folder = folder()?;
        let start = lock_file(&folder, "start.lock")?;
        start.lock().context("start.lock can't be locked")?;
        let user = lock_file(&folder, "users.lock")?;
        user.lock_shared().context("users.lock can't be locked")?;
        let port = match running(&folder) {
            Some(port) => port,
            None => start_server(&programs, &folder)?,
        };
        Ok(Self { port, programs, _user: user })
    }

    fn create_database(&self) -> anyhow::Result<String> {
        let name = format!("test_{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
        let mut command = self.programs.command("createdb");
        command.args(["--template=template0", "--host=127.0.0.1", "--username", USER, "--port", &self.port.to_string()]);
        let output = command.arg(&name).output().context("createdb does not start")?;
        ensure!(output.status.success(), "createdb: {}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(format!("postgres://{USER}@127.0.0.1:{}/{name}", self.port))
    }
}

/// Where everything is: one folder for each user of the machine.
fn folder() -> anyhow::Result<PathBuf> {
    let user = programs::user_id()?;
    let folder = std::env::temp_dir().join(format!("outreach-tests-postgres-{user}"));
    fs::create_dir_all(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
    fs::set_permissions(&folder, Permissions::from_mode(0o755))?;
    Ok(folder)
}

fn lock_file(folder: &Path, name: &str) -> anyhow::Result<File> {
    let path = folder.join(name);
    let file = File::options().read(true).write(true).create(true).truncate(false).open(&path);
    file.with_context(|| format!("{} can't be opened", path.display()))
}

/// The port of the server that runs in the folder, if one answers.
fn running(folder: &Path) -> Option<u16> {
    let port = fs::read_to_string(folder.join("port")).ok()?.trim().parse().ok()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let alive = folder.join("data/postmaster.pid").exists() && TcpStream::connect_timeout(&address, Duration::from_secs(2)).is_ok();
    alive.then_some(port)
}

/// A fresh cluster, because `fsync = off` leaves none that could be trusted after a crash.
fn start_server(programs: &Programs, folder: &Path) -> anyhow::Result<u16> {
    let data = folder.join("data");
    if data.exists() {
        fs::remove_dir_all(&data).with_context(|| format!("{} can't be removed", data.display()))?;
    }
    fs::create_dir(&data)?;
    fs::set_permissions(&data, Permissions::from_mode(0o700))?;
    if let Some(owner) = programs.owner() {
        chown(&data, Some(owner.user), Some(owner.group))?;
    }
    let mut initdb = programs.command("initdb");
    initdb.arg("--pgdata").arg(&data).args(["--username", USER, "--auth=trust", "--encoding=UTF8", "--no-sync"]);
    let output = initdb.args(["--locale=C", "--no-instructions"]).output().context("initdb does not start")?;
    ensure!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr).trim());

    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    watch(programs, folder, &data, port)?;
    wait_until_ready(programs, port)?;
    fs::write(folder.join("port"), port.to_string())?;
    Ok(port)
}

/// Starts the server with a shell beside it, which stops it once nobody holds `users.lock`.
fn watch(programs: &Programs, folder: &Path, data: &Path, port: u16) -> anyhow::Result<()> {
    let script = format!(
        "\"$POSTGRES\" -D \"$DATA\" -p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=\"$DATA\" \
         -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=400 -c shared_buffers=64MB & \
         server=$!; while sleep {WATCH_EVERY} && kill -0 $server 2>/dev/null; do \
         flock -n \"$USERS\" sh -c \"kill -INT $server; while kill -0 $server 2>/dev/null; do sleep 0.1; done\"; done"
    );
    let log = File::create(folder.join("server.log"))?;
    let mut shell = programs.command_at(Path::new("/bin/sh"));
    shell.arg("-c").arg(script);
    shell.env("POSTGRES", programs.path("postgres")).env("DATA", data).env("USERS", folder.join("users.lock"));
    shell.current_dir("/").stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    std::os::unix::process::CommandExt::process_group(&mut shell, 0);
    shell.spawn().context("the server does not start")?;
    Ok(())
}

fn wait_until_ready(programs: &Programs, port: u16) -> anyhow::Result<()> {
    let end = Instant::now() + Duration::from_mins(1);
    while Instant::now() < end {
        let mut ready = programs.command("pg_isready");
        ready.args(["--quiet", "--host=127.0.0.1", "--username", USER, "--dbname=postgres", "--port", &port.to_string()]);
        if ready.status().context("pg_isready does not start")?.success() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    bail!("the server was not ready within a minute; see server.log in {}", folder()?.display())
}
