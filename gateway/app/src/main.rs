//! `outreach`: the program. Reads the command line and the configuration, puts the parts together, and runs what was asked for.
//!
//! Architecture invariant: everything is known here, and nothing is decided here.

mod cli;
mod commands;
mod config;
mod definitions;
mod lifecycle;
mod logging;
mod progress;
mod system;
mod wiring;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Arguments, Command, PluginCommand};
use crate::config::{Config, ConfigError};
use crate::progress::say;
use crate::wiring::Parts;

/// Resources are read in one thread and freed in another, which glibc pays for dearly (decision 0018).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The configuration is wrong (`EX_USAGE` of sysexits).
const WRONG_CONFIGURATION: u8 = 64;

fn main() -> ExitCode {
    gateway_net::install_tls_provider();
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&error.into());
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            if error.chain().any(<dyn std::error::Error + 'static>::is::<ConfigError>) {
                ExitCode::from(WRONG_CONFIGURATION)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    if let Command::Demo(demo) = arguments.command {
        return Box::pin(commands::demo::run(demo)).await;
    }
    if let Command::Plugin(PluginCommand::Publish(command)) = &arguments.command {
        return commands::package::run(command);
    }
    if let Command::Plugin(PluginCommand::Author(command)) = &arguments.command {
        return commands::author::run(command).await;
    }
    if let Command::Measure(command) = &arguments.command {
        return commands::measure::run(command).await;
    }
    let config = Config::load(&arguments.config, std::env::vars())?;
    logging::start(&config.log)?;
    match arguments.command {
        Command::Serve => Box::pin(commands::serve::run(&config)).await,
        Command::Check => {
            say(format!("`{}` is fine: {} source(s).", arguments.config.display(), config.sources.len()));
            Ok(())
        }
        Command::Migrate => {
            wiring::open_store(&config).await?.migrate().await?;
            say("The tables are up to date.");
            Ok(())
        }
        Command::Sync { source, full } => commands::sync::run(&config, &Parts::open(&config).await?, &source, full).await,
        Command::Import(arguments) => commands::import::run(&config, &Parts::open(&config).await?, &arguments).await,
        Command::Quarantine(command) => commands::quarantine::run(command, &config, &Parts::open(&config).await?).await,
        Command::Identity(command) => commands::identity::run(command, &config, &Parts::open(&config).await?).await,
        Command::Source(command) => commands::source::run(command, &config, &Parts::open(&config).await?).await,
        Command::User(command) => commands::user::run(command, &Parts::open(&config).await?).await,
        Command::Terminology(command) => commands::terminology::run(command, &Parts::open(&config).await?).await,
        Command::Apply { folder } => commands::apply::run(&folder, &Parts::open(&config).await?).await,
        Command::Plugin(command) => commands::plugin::run(command, &config, &Parts::open(&config).await?).await,
        Command::Demo(_) | Command::Measure(_) => Ok(()),
    }
}

/// An error and its causes, each on a line.
fn complain(error: &anyhow::Error) {
    use std::io::Write as _;
    let mut out = std::io::stderr().lock();
    let _ = writeln!(out, "outreach: {error}");
    for cause in error.chain().skip(1) {
        let _ = writeln!(out, "  because: {cause}");
    }
}
