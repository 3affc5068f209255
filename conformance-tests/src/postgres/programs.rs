//! The programs of PostgreSQL on this machine, and the user to run them as: the server refuses to run as root.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

/// Whom the server belongs to.
#[derive(Clone, Copy)]
pub(super) struct Owner {
    pub(super) user: u32,
    pub(super) group: u32,
}

pub(super) struct Programs {
    folder: PathBuf,
    owner: Option<Owner>,
}

impl Programs {
    /// The folder of the first `initdb` in the search path, or of the newest packaged one.
    pub(super) fn find() -> anyhow::Result<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut packaged: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
            .map(|versions| versions.filter_map(|version| Some(version.ok()?.path().join("bin"))).collect())
            .unwrap_or_default();
        packaged.sort_by_key(|folder| std::cmp::Reverse(version_of(folder)));
        let is_complete = |folder: &PathBuf| ["initdb", "postgres", "createdb", "pg_isready"].iter().all(|name| folder.join(name).exists());
        let Some(folder) = std::env::split_paths(&path).chain(packaged).find(is_complete) else {
            bail!("the tests need PostgreSQL: apt-get install postgresql");
        };
        Ok(Self { folder, owner: owner()? })
    }

    pub(super) const fn owner(&self) -> Option<Owner> {
        self.owner
    }

    pub(super) fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }

    pub(super) fn command(&self, program: &str) -> Command {
        self.command_at(&self.path(program))
    }

    /// A program, run as the owner of the server.
    pub(super) fn command_at(&self, program: &Path) -> Command {
        let mut command = match self.owner {
            None => Command::new(program),
            Some(owner) => {
                let mut command = Command::new("setpriv");
                command.args([format!("--reuid={}", owner.user), format!("--regid={}", owner.group)]);
                command.args(["--clear-groups", "--"]).arg(program);
                command
            }
        };
        command.current_dir("/").env_remove("PGHOST").env_remove("PGPORT").env_remove("PGDATABASE").env_remove("PGUSER");
        command
    }
}

fn version_of(folder: &Path) -> u32 {
    folder.parent().and_then(Path::file_name).and_then(|name| name.to_str()?.parse().ok()).unwrap_or(0)
}

/// The user id of this process.
pub(super) fn user_id() -> anyhow::Result<u32> {
    Ok(std::fs::metadata("/proc/self").context("/proc can't be read")?.uid())
}

/// For root somebody else: `postgres`, or else `nobody`. For anybody else nobody.
fn owner() -> anyhow::Result<Option<Owner>> {
    if user_id()? != 0 {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd").context("/etc/passwd can't be read")?;
    let find = |name: &str| {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let is_it = fields.next()? == name;
            let user = fields.nth(1)?.parse().ok()?;
            let group = fields.next()?.parse().ok()?;
            is_it.then_some(Owner { user, group })
        })
    };
    find("postgres").or_else(|| find("nobody")).map(Some).context("root can't run PostgreSQL, and there is neither `postgres` nor `nobody`")
}
