//! A small mail server that really speaks SMTP and fails where it is told to.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// Where, and how, a connection goes wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    None,
    /// Answers so in place of the usual answer to what starts with the command; "" is the greeting.
    Answer(&'static str, &'static str),
    /// Closes when the command comes.
    CutAt(&'static str),
    /// Says go ahead to DATA, and closes.
    CutAfterData,
    /// Takes everything up to the final dot, and closes.
    CutAfterDot,
    /// Takes everything up to the final dot, and says nothing more.
    SilentAfterDot,
    /// Answers so to the final dot.
    AnswerDot(&'static str),
}

#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) connections: usize,
    pub(crate) commands: Vec<String>,
    /// Messages up to the dot, dot-stuffing undone.
    pub(crate) messages: Vec<String>,
}

/// Starts a sink; connection `n` has fault `n`, the last one goes for all after it.
pub(crate) async fn start(faults: &'static [Fault]) -> (SocketAddr, Arc<Mutex<Seen>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen: Arc<Mutex<Seen>> = Arc::default();
    let kept = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let number = kept.lock().unwrap().connections;
            kept.lock().unwrap().connections += 1;
            let fault = faults.get(number).or(faults.last()).copied().unwrap_or(Fault::None);
            let seen = kept.clone();
            tokio::spawn(async move { drop(talk(stream, fault, &seen).await) });
        }
    });
    (address, seen)
}

async fn talk(stream: TcpStream, fault: Fault, seen: &Mutex<Seen>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    loop {
        let usual = match line.split(' ').next().unwrap_or_default() {
            "" => "220 sink ready",
            "EHLO" => "250-sink\r\n250-8BITMIME\r\n250 AUTH PLAIN",
            "DATA" => "354 go ahead",
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        let answer = match fault {
            Fault::CutAt(command) if line.starts_with(command) && !line.is_empty() => return Ok(()),
            Fault::Answer(command, answer) if line.starts_with(command) && command.is_empty() == line.is_empty() => answer,
            _ => usual,
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        if line == "QUIT" || (line.is_empty() && !answer.starts_with('2')) {
            return Ok(());
        }
        if line == "DATA" && answer.starts_with('3') {
            if matches!(fault, Fault::CutAfterData) {
                return Ok(());
            }
            let message = content(&mut stream).await?;
            seen.lock().unwrap().messages.push(message);
            match fault {
                Fault::CutAfterDot => return Ok(()),
                Fault::SilentAfterDot => std::future::pending().await,
                Fault::AnswerDot(answer) => stream.write_all(format!("{answer}\r\n").as_bytes()).await?,
                _ => stream.write_all(b"250 2.0.0 queued as 1 for <ana@example.org>\r\n").await?,
            }
        }
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        line.truncate(line.trim_end().len());
        seen.lock().unwrap().commands.push(line.clone());
    }
}

async fn content(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut message = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == ".\r\n" {
            return Ok(message);
        }
        message.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
