//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use gateway_domain::plugin::PluginKind;
use gateway_domain::user::Role;
use gateway_plugin_kit::Language;

/// The gateway between a hospital's FHIR servers and the people it cares for.
#[derive(Debug, Parser)]
#[command(name = "outreach", version, arg_required_else_help = true)]
pub(crate) struct Arguments {
    /// The configuration.
    #[arg(long, short, global = true, env = "OUTREACH_CONFIG", default_value = "outreach.toml")]
    pub(crate) config: PathBuf,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the gateway: sync, segments, journeys, sending, the console and the API.
    Serve,
    /// Bring the outreach model up to date with a source, once.
    Sync {
        /// Name of the source.
        #[arg(long)]
        source: String,
        /// Read everything again, not only what changed.
        #[arg(long)]
        full: bool,
    },
    /// Take over resources from files: NDJSON, FHIR Bundles and single resources, packed with gzip or not.
    ///
    /// Ends with 0 where every file was looked at, lines in quarantine or not: they are told. Ends with 1 where it could not be done, and
    /// with 64 where the configuration is wrong. The same command again goes on where it was stopped.
    Import(ImportArguments),
    /// Sources.
    #[command(subcommand)]
    Source(SourceCommand),
    /// What could not be read: look at it, read it again after a change of the mapping, put it aside.
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// Which records are one person's: see why, answer what is open, join and part.
    #[command(subcommand)]
    Identity(IdentityCommand),
    /// Value sets: take them in, show them, say which are missing.
    #[command(subcommand)]
    Terminology(TerminologyCommand),
    /// Make or upgrade the tables of the database.
    Migrate,
    /// Users of the console.
    #[command(subcommand)]
    User(UserCommand),
    /// Plugins.
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Prebuilt measures: look at them, evaluate one over test patients. Needs no gateway and no database.
    #[command(subcommand)]
    Measure(MeasureCommand),
    /// Store the segments, journeys, messages and lists of a folder; what did not change stays as it is.
    Apply {
        /// Folder with `lists`, `segments`, `messages` and `journeys`.
        folder: PathBuf,
    },
    /// Read the configuration and say what is wrong with it.
    Check,
    /// Run everything with synthetic people: a sandbox EHR, a mailbox, and a gateway on SQLite.
    Demo(DemoArguments),
}

/// What is taken over, and what is known of it.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ImportArguments {
    /// A folder, with everything in it, or one file. Names don't matter; hidden files are left out.
    pub(crate) folder: PathBuf,
    /// Name of the source the files belong to.
    #[arg(long)]
    pub(crate) source: String,
    /// The files hold everything: what is not in them is gone. Nothing is deleted where that were too much at once.
    #[arg(long)]
    pub(crate) complete: bool,
    /// When the files were exported, for example `2026-11-23T06:00:00Z`. Without it nobody knows how fresh they are, and messages are held
    /// where the source is not fresh by other means.
    #[arg(long)]
    pub(crate) as_of: Option<jiff::Timestamp>,
    /// Give up an import of other files that was interrupted.
    #[arg(long)]
    pub(crate) restart: bool,
    /// Print one JSON object, and nothing else, on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What can be done with measures.
#[derive(Debug, Subcommand)]
pub(crate) enum MeasureCommand {
    /// Those there are.
    List,
    /// Write the criteria document of one to standard output.
    Show {
        /// Name of the measure, or the number of the public one: `CMS125`; or a file with a criteria document.
        measure: String,
        /// In plain English, in place of JSON.
        #[arg(long)]
        plain: bool,
    },
    /// Count the populations of each patient of a folder of FHIR bundles, one bundle a patient.
    Evaluate(EvaluateArguments),
}

/// What is evaluated, over whom.
#[derive(Debug, clap::Args)]
pub(crate) struct EvaluateArguments {
    /// Name of a prebuilt measure or the number of the public one, such as `CMS125`; or a file with a criteria document.
    #[arg(long)]
    pub(crate) measure: String,
    /// The value sets: a file or a folder, in any of the shapes that `outreach terminology import` takes.
    #[arg(long)]
    pub(crate) value_sets: PathBuf,
    /// A folder of FHIR Bundles in JSON, or one: what is in a bundle is one patient's. The name of the file is the name of the case.
    #[arg(long)]
    pub(crate) cases: PathBuf,
    /// The measurement period, both days included: `2025-01-01/2025-12-31`.
    #[arg(long)]
    pub(crate) period: String,
    /// Print one JSON object, and nothing else, on standard output: for each case the counts of the populations of each group.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What can be done with sources.
#[derive(Debug, Subcommand)]
pub(crate) enum SourceCommand {
    /// Ask a source who it is and what it can do.
    Test {
        /// Name of the source.
        #[arg(long)]
        source: String,
    },
    /// Show the mapping that is in effect for a source, and how much of what it sent has codes that others understand.
    Mapping {
        /// Name of the source.
        #[arg(long)]
        source: String,
    },
    /// Look for what is wrong with a source, and say what to do about it.
    Doctor {
        /// Name of the source.
        #[arg(long)]
        source: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show the public keys to register with the sources.
    Keys,
}

/// What can be done with the quarantine.
#[derive(Debug, Subcommand)]
pub(crate) enum QuarantineCommand {
    /// Count by source and reason, and show the newest.
    List {
        /// Of this source.
        #[arg(long)]
        source: Option<String>,
        /// Because of this, as the counts say it.
        #[arg(long)]
        reason: Option<String>,
        /// Also what is settled or was put aside.
        #[arg(long)]
        all: bool,
        /// How many to show.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Write one as it came to standard output. It may be a patient's.
    Show {
        /// Its id, `qua_...`.
        id: String,
    },
    /// Read what is open again, with the mapping there is now, and apply what can be read.
    Replay(QuarantineChoice),
    /// Put aside what is open.
    Dismiss(QuarantineChoice),
}

/// What of the quarantine is meant.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct QuarantineChoice {
    /// Name of the source.
    #[arg(long)]
    pub(crate) source: String,
    /// Because of this, as the counts say it.
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// This one, `qua_...`.
    #[arg(long)]
    pub(crate) id: Option<String>,
}

/// What can be done about which records are one person's.
#[derive(Debug, Subcommand)]
pub(crate) enum IdentityCommand {
    /// Show what is open: records that may be one person's, and merges that make no sense.
    Questions {
        /// How many to show.
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what was decided by hand.
    Decisions {
        /// How many to show.
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show all records of the person a record belongs to, and why they are one.
    Show {
        /// Id of the record, `pat_...`.
        patient: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Say that two records are one person's.
    Join {
        /// Id of the record, `pat_...`.
        record: String,
        /// Id of the other.
        other: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Say that a record is not one person's with the others. Opt-outs stay with all of them.
    Part {
        /// Id of the record, `pat_...`.
        record: String,
        /// Id of a record it is parted from; all others of the person where none is named.
        #[arg(long)]
        from: Vec<String>,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Take a decision about two records back: the rules alone count for them again.
    Undo {
        /// Id of one of them, `pat_...`.
        one: String,
        /// Id of the other.
        other: String,
    },
}

/// What can be done with value sets.
#[derive(Debug, Subcommand)]
pub(crate) enum TerminologyCommand {
    /// Take value sets in from files: FHIR ValueSet resources and Bundles of them (JSON), downloads of the Value Set Authority Center (SVS
    /// XML, text export, spreadsheets saved as CSV), CSV with the columns `value_set`, `system`, `code` and `display`.
    ///
    /// Of each value set the version imported last is used; those before it are kept. A file with anything wrong in it brings nothing, is
    /// named with the place, and stops no other. Ends with 1 where there was one.
    Import {
        /// Files and folders.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Print one JSON object, and nothing else, on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Show all value sets: version, number of codes, starter set or imported.
    List {
        /// Leave the starter sets out.
        #[arg(long)]
        imported: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show a value set with its versions and codes.
    Show {
        /// Canonical URL, with `|version` or without, `urn:oid:...`, or OID.
        value_set: String,
        /// Show all codes.
        #[arg(long)]
        all: bool,
        /// Print JSON, with all codes.
        #[arg(long)]
        json: bool,
    },
    /// Show which value sets measures and segments name, and which of them are missing or starter sets alone.
    ///
    /// Ends with 1 where the measure or segment that was named lacks any.
    Check {
        /// Of this prebuilt measure.
        #[arg(long, conflicts_with = "segment")]
        measure: Option<String>,
        /// Of this segment.
        #[arg(long)]
        segment: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// What can be done with users.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add a user. The password is asked for, or read from standard input.
    Add {
        /// What the user signs in with.
        email: String,
        /// What people call the user.
        #[arg(long)]
        name: String,
        /// What the user is.
        #[arg(long)]
        role: RoleArgument,
    },
    /// Show all users.
    List,
    /// Change a password. It is asked for, or read from standard input.
    Password {
        /// What the user signs in with.
        email: String,
    },
}

/// What can be done with plugins.
#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// Show what is installed, what it asks for and what it was granted.
    List,
    /// Install a package, or upgrade to it: shows what it asks for or what is new, and asks about each.
    #[command(visible_alias = "upgrade")]
    Install {
        /// The package.
        file: PathBuf,
        /// Grants these, separated by commas, and asks nothing; `all` is all it asks for, `none` is nothing.
        #[arg(long)]
        grant: Option<String>,
    },
    /// Go back to the version before, with what that was granted.
    Rollback {
        /// Its name.
        name: String,
    },
    /// Take a plugin away, with all its versions.
    Remove {
        /// Its name.
        name: String,
    },
    /// Build a plugin at each save, run its cases, and hand it to the gateway, which has to be in development mode.
    Dev {
        /// The plugin's folder.
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// Grants these, separated by commas, and asks nothing; `all` is all it asks for, `none` is nothing.
        #[arg(long)]
        grant: Option<String>,
        /// Do it once, and wait for no change.
        #[arg(long)]
        once: bool,
    },
    #[command(flatten)]
    Publish(PublishCommand),
    #[command(flatten)]
    Author(AuthorCommand),
}

/// What publishers do with plugins. Needs no configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum PublishCommand {
    /// Show what a package is, what it asks for, and whose it is.
    Inspect {
        /// The package.
        file: PathBuf,
    },
    /// Make one file of a plugin, signed.
    Pack {
        /// The plugin's folder, with its `plugin.toml`.
        folder: PathBuf,
        /// The component.
        #[arg(long)]
        component: PathBuf,
        /// The key to sign with, as `outreach plugin key` makes it; without one the package is for development alone.
        #[arg(long)]
        key: Option<PathBuf>,
        /// The package; beside the component unless said otherwise.
        #[arg(long)]
        to: Option<PathBuf>,
    },
    /// Make a key to sign packages with, and show what others know it by.
    Key {
        /// Where it is kept: for nobody but its publisher.
        file: PathBuf,
    },
}

/// What the author of a plugin does. Needs no configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum AuthorCommand {
    /// Make a project with a small plugin that builds and passes its tests, and with the SDK.
    New {
        /// What it decides.
        kind: KindArgument,
        /// Its name: lower case, digits and hyphens.
        name: String,
        /// What it is written in.
        #[arg(long, default_value = "rust")]
        lang: LanguageArgument,
        /// Where; a folder of its name unless said otherwise.
        #[arg(long)]
        folder: Option<PathBuf>,
    },
    /// Build a plugin, and run it against its recorded cases, `cases/*.json`, in the gateway's own sandbox.
    ///
    /// Ends with 0 where each case came out as it says, and with 1 otherwise.
    Test {
        /// The plugin's folder, with its `plugin.toml` and its `cases`.
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// Run this component, and build nothing.
        #[arg(long)]
        component: Option<PathBuf>,
        /// Write into the cases what came out.
        #[arg(long)]
        update: bool,
    },
}

/// What a plugin decides.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum KindArgument {
    /// Who belongs to a segment.
    Segment,
    /// What comes next on a person's way.
    Journey,
    /// How messages reach people.
    Channel,
}

impl From<KindArgument> for PluginKind {
    fn from(kind: KindArgument) -> Self {
        match kind {
            KindArgument::Segment => Self::Segment,
            KindArgument::Journey => Self::Journey,
            KindArgument::Channel => Self::Channel,
        }
    }
}

/// What a plugin is written in.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LanguageArgument {
    /// Built by cargo.
    Rust,
    /// Built by componentize-js.
    #[value(alias = "js")]
    Javascript,
    /// Built by componentize-py.
    Python,
}

impl From<LanguageArgument> for Language {
    fn from(language: LanguageArgument) -> Self {
        match language {
            LanguageArgument::Rust => Self::Rust,
            LanguageArgument::Javascript => Self::JavaScript,
            LanguageArgument::Python => Self::Python,
        }
    }
}

/// How the demonstration runs.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct DemoArguments {
    /// Folder for the demonstration's data; emptied at the start unless `--keep` is given.
    #[arg(long, default_value = ".demo")]
    pub(crate) folder: PathBuf,
    /// Go on with what is in the folder.
    #[arg(long)]
    pub(crate) keep: bool,
    /// Synthetic people.
    #[arg(long, default_value_t = 1000)]
    pub(crate) people: u64,
    /// Seed of the synthetic people.
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
    /// First of five ports on this machine: console, metrics, EHR, mailbox page, SMTP. 0 takes free ones.
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// How long a journey waits for a click before it reminds.
    #[arg(long, default_value = "5 minutes")]
    pub(crate) reminder_after: String,
    /// Use this PostgreSQL database in place of SQLite.
    #[arg(long)]
    pub(crate) database_url: Option<String>,
}

/// A role on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RoleArgument {
    /// Everything.
    Administrator,
    /// Runs segments and journeys.
    Coordinator,
    /// Reads and approves.
    Clinician,
    /// Runs the gateway; sees no patient.
    Operator,
    /// Reads the audit; sees no patient.
    Auditor,
}

impl From<RoleArgument> for Role {
    fn from(role: RoleArgument) -> Self {
        match role {
            RoleArgument::Administrator => Self::Administrator,
            RoleArgument::Coordinator => Self::Coordinator,
            RoleArgument::Clinician => Self::Clinician,
            RoleArgument::Operator => Self::Operator,
            RoleArgument::Auditor => Self::Auditor,
        }
    }
}
