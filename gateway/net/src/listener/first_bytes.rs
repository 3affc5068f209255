//! A connection that must say something soon.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// What an HTTP/2 connection starts with (RFC 9113 section 3.4). Until it has come, or something
/// else has, the server does not know the protocol, and its own time-outs do not run yet.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A stream that has to show its protocol within a time; afterwards it is transparent.
pub(super) struct FirstBytes<S> {
    stream: S,
    /// The part of the preface that would make this HTTP/2; empty once the protocol is known.
    undecided: &'static [u8],
    deadline: Pin<Box<Sleep>>,
}

impl<S> FirstBytes<S> {
    pub(super) fn within(time: Duration, stream: S) -> Self {
        Self { stream, undecided: PREFACE, deadline: Box::pin(sleep(time)) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FirstBytes<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if self.undecided.is_empty() {
            return polled;
        }
        match polled {
            Poll::Ready(outcome) => {
                let came = buffer.filled().get(before..).unwrap_or_default();
                let same = came.iter().zip(self.undecided).take_while(|(a, b)| a == b);
                let same = same.count();
                self.undecided = match self.undecided.get(same..) {
                    Some(rest) if same == came.len() => rest,
                    _ => &[],
                };
                Poll::Ready(outcome)
            }
            Poll::Pending => {
                std::task::ready!(self.deadline.as_mut().poll(context));
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client said nothing")))
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FirstBytes<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }
}
