//! Serves a router on a TCP listener, and stops without cutting anyone off.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use self::first_bytes::FirstBytes;

mod first_bytes;

/// How much a client may ask of a listener.
#[derive(Clone, Copy, Debug)]
pub struct ListenerLimits {
    /// The longest time for a request's head, and for a new connection's first bytes.
    pub header_timeout: Duration,
    /// The most bytes of a request's head.
    pub max_header_bytes: usize,
    /// The most header lines of a request.
    pub max_headers: usize,
    /// The most connections at a time; further ones wait to be accepted.
    pub max_connections: usize,
    /// The most requests at a time on one HTTP/2 connection.
    pub max_streams: u32,
    /// How long running requests may go on once the listener is told to stop.
    pub drain: Duration,
}

impl Default for ListenerLimits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            max_header_bytes: 32 << 10,
            max_headers: 64,
            max_connections: 4_096,
            max_streams: 128,
            drain: Duration::from_secs(20),
        }
    }
}

impl ListenerLimits {
    /// Short waits.
    pub fn for_testing() -> Self {
        Self { header_timeout: Duration::from_millis(300), drain: Duration::from_millis(500), ..Self::default() }
    }
}

/// The address of the client, as the connection shows it: in each request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);

/// How a listener came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were still busy when the time was up.
    pub aborted: usize,
}

/// Serves `router` over HTTP/1 and HTTP/2 (with prior knowledge) until `stop` is cancelled.
///
/// Then no connection is accepted any more, running requests go on for at most `limits.drain`,
/// and what is left is aborted. Dropping the future aborts everything at once.
pub async fn serve(listener: TcpListener, router: Router, limits: ListenerLimits, stop: CancellationToken) -> Drained {
    let places = Arc::new(Semaphore::new(limits.max_connections));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();

    while let Some((stream, peer, place)) = accept(&listener, &places, &stop).await {
        let watcher = graceful.watcher();
        let router = router.clone();
        connections.spawn(async move {
            let service = service_fn(move |mut request: hyper::Request<Incoming>| {
                request.extensions_mut().insert(PeerAddress(peer));
                let request: Request = request.map(Body::new);
                router.clone().oneshot(request)
            });
            let builder = builder(limits);
            let stream = TokioIo::new(FirstBytes::within(limits.header_timeout, stream));
            let connection = builder.serve_connection(stream, service);
            if let Err(error) = watcher.watch(connection.into_owned()).await {
                // Clients go away all the time.
                tracing::debug!(%error, "Connection ended early");
            }
            drop(place);
        });
        // Finished connections are let go as new ones come, so that the set stays small.
        while connections.try_join_next().is_some() {}
    }

    drop(listener);
    let in_time = timeout(limits.drain, graceful.shutdown()).await.is_ok();
    while connections.try_join_next().is_some() {}
    let aborted = if in_time { 0 } else { connections.len() };
    if in_time {
        while connections.join_next().await.is_some() {}
    } else {
        tracing::warn!(aborted, "Requests were still running when the drain time was up");
        connections.shutdown().await;
    }
    Drained { aborted }
}

/// The next connection, once there is a place for it; `None` when it is time to stop.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => return None,
            accepted = async {
                let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
                let (stream, peer) = listener.accept().await?;
                Ok::<_, io::Error>((stream, peer, place))
            } => accepted,
        };
        match accepted {
            Ok((stream, peer, place)) => {
                // Answers are small and complete; holding them back gains nothing.
                drop(stream.set_nodelay(true));
                return Some((stream, peer, place));
            }
            Err(error) => {
                // Mostly too many open files: waiting is what helps.
                tracing::warn!(%error, "No connection could be accepted");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

fn builder(limits: ListenerLimits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(limits.max_headers)
        .max_buf_size(limits.max_header_bytes.max(8 << 10));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.max_header_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(limits.max_streams)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}
