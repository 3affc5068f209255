//! `mailbox`: a local mail server with a page.

use std::path::PathBuf;

use clap::Parser;
use tokio::net::TcpListener;

/// A local mail server that keeps what it receives and shows it in a browser. It delivers nothing to anybody.
#[derive(Parser)]
struct Arguments {
    /// Where to speak SMTP.
    #[arg(long, default_value = "127.0.0.1:2525")]
    smtp: String,
    /// Where to show the page.
    #[arg(long, default_value = "127.0.0.1:8025")]
    web: String,
    /// Folder for the messages; without it they are kept in memory alone.
    #[arg(long)]
    folder: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mailbox = mailbox::Mailbox::new(arguments.folder.as_deref())?;
    let running = mailbox::start(mailbox, TcpListener::bind(&arguments.smtp).await?, TcpListener::bind(&arguments.web).await?)?;
    #[expect(clippy::print_stdout, reason = "the addresses are what the caller asked for")]
    {
        println!("SMTP on {}, page on http://{}", running.smtp, running.web);
    }
    tokio::signal::ctrl_c().await?;
    running.stop();
    Ok(())
}
