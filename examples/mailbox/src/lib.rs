//! A local mail server for trying and testing: it really speaks SMTP (RFC 5321), keeps every message it accepts as a file, and shows
//! them in a browser. It delivers nothing to anybody.
//!
//! Architecture invariant: knows nothing of the gateway; whoever speaks SMTP may use it.

mod page;
mod smtp;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// A message as it was handed over.
#[derive(Clone, Debug)]
pub struct Received {
    /// Counted from 1.
    pub number: usize,
    /// Envelope sender.
    pub from: String,
    /// Envelope recipients.
    pub to: Vec<String>,
    /// When the final dot came.
    pub at: jiff::Timestamp,
    /// The message with its headers.
    pub raw: Vec<u8>,
}

/// What was received so far. Cheap to clone; all clones see the same.
#[derive(Clone)]
pub struct Mailbox {
    kept: Arc<RwLock<Vec<Arc<Received>>>>,
    folder: Option<Arc<PathBuf>>,
}

impl Mailbox {
    /// A mailbox that keeps its messages in a folder as `0001.eml`..., or in memory alone.
    ///
    /// # Errors
    /// Where the folder can't be made.
    pub fn new(folder: Option<&Path>) -> anyhow::Result<Self> {
        if let Some(folder) = folder {
            std::fs::create_dir_all(folder).with_context(|| format!("the mail folder `{}` can't be made", folder.display()))?;
        }
        Ok(Self { kept: Arc::default(), folder: folder.map(|folder| Arc::new(folder.to_owned())) })
    }

    /// All messages, oldest first.
    pub fn messages(&self) -> Vec<Arc<Received>> {
        self.kept.read().map(|kept| kept.clone()).unwrap_or_default()
    }

    /// One message.
    pub fn message(&self, number: usize) -> Option<Arc<Received>> {
        self.kept.read().ok()?.get(number.checked_sub(1)?).cloned()
    }

    /// Keeps a message; on disk before it is acknowledged.
    fn keep(&self, from: &str, to: &[String], raw: Vec<u8>, at: jiff::Timestamp) -> std::io::Result<()> {
        let mut kept = self.kept.write().map_err(|_| std::io::Error::other("the mailbox is broken"))?;
        let number = kept.len() + 1;
        if let Some(folder) = &self.folder {
            std::fs::write(folder.join(format!("{number:04}.eml")), &raw)?;
        }
        kept.push(Arc::new(Received { number, from: from.to_owned(), to: to.to_vec(), at, raw }));
        Ok(())
    }
}

/// A mail server at work.
pub struct Running {
    /// What it received.
    pub mailbox: Mailbox,
    /// Where it speaks SMTP.
    pub smtp: SocketAddr,
    /// Where its page is.
    pub web: SocketAddr,
    stop: watch::Sender<bool>,
}

impl Running {
    /// Takes no more mail and cuts what is under way.
    pub fn stop(&self) {
        let _ = self.stop.send(true);
    }
}

/// Starts a mail server on these listeners.
///
/// # Errors
/// Where an address can't be told.
pub fn start(mailbox: Mailbox, smtp: TcpListener, web: TcpListener) -> anyhow::Result<Running> {
    let (stop, stopped) = watch::channel(false);
    let running = Running { mailbox: mailbox.clone(), smtp: smtp.local_addr()?, web: web.local_addr()?, stop };
    tokio::spawn(smtp::serve(mailbox.clone(), smtp, stopped.clone()));
    tokio::spawn(async move {
        let mut stopped = stopped;
        let end = async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        let _ = axum::serve(web, page::router(mailbox)).with_graceful_shutdown(end).await;
    });
    Ok(running)
}

#[cfg(test)]
mod tests;
