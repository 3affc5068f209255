//! The network kit against real listeners on this machine: nothing is mocked but name resolution.

#![expect(clippy::unwrap_used, reason = "a test may fail where a helper of it does")]

mod egress;
mod layers;
mod listener;
mod mail_sink;
mod smtp;

use std::{net::SocketAddr, time::Duration};

use axum::Router;
use gateway_net::listener::{ListenerLimits, serve};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Serves `router` until the guard is dropped.
async fn start(router: Router) -> (SocketAddr, DropGuard) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(serve(listener, router, ListenerLimits::for_testing(), stop.clone()));
    (address, stop.drop_guard())
}

#[expect(clippy::disallowed_methods, reason = "a test is a client of its own servers")]
async fn dial(address: SocketAddr) -> std::io::Result<TcpStream> {
    TcpStream::connect(address).await
}

/// All that comes until the other side closes; fails where it does not.
async fn read_to_close(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is as good as a close.
    drop(timeout(Duration::from_secs(5), stream.read_to_end(&mut bytes)).await.unwrap());
    String::from_utf8_lossy(&bytes).into_owned()
}
