//! Stopping without cutting anyone off, and not waiting for those who say nothing.

use std::time::{Duration, Instant};

use axum::{Extension, Router, routing::get};
use gateway_net::listener::{Drained, ListenerLimits, PeerAddress, serve};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{dial, read_to_close, start};

fn slow(time: Duration) -> Router {
    Router::new().route(
        "/",
        get(async move || {
            sleep(time).await;
            "done"
        }),
    )
}

#[tokio::test]
async fn running_request_is_finished_and_new_ones_are_not_taken() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let limits = ListenerLimits::for_testing();
    let served = tokio::spawn(serve(listener, slow(Duration::from_millis(300)), limits, stop.clone()));
    let mut idle = dial(address).await.unwrap();
    let mut busy = dial(address).await.unwrap();
    busy.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    sleep(Duration::from_millis(100)).await;

    stop.cancel();
    let answer = read_to_close(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("done"), "{answer}");
    assert_eq!(read_to_close(&mut idle).await, "");
    assert_eq!(served.await.unwrap(), Drained { aborted: 0 });
    assert!(dial(address).await.is_err());
}

#[tokio::test]
async fn request_that_outlasts_the_drain_is_aborted() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let limits = ListenerLimits { drain: Duration::from_millis(200), ..ListenerLimits::for_testing() };
    let served = tokio::spawn(serve(listener, slow(Duration::from_mins(1)), limits, stop.clone()));
    let mut busy = dial(address).await.unwrap();
    busy.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    sleep(Duration::from_millis(100)).await;

    stop.cancel();
    let drained = timeout(Duration::from_secs(5), served).await.unwrap().unwrap();
    assert_eq!(drained, Drained { aborted: 1 });
    assert_eq!(read_to_close(&mut busy).await, "");
}

#[tokio::test]
async fn silent_and_slow_clients_are_sent_away() {
    let (address, _guard) = start(slow(Duration::ZERO)).await;
    let starts: [&[u8]; 4] = [b"", b"P", b"PRI * HTTP/2.0\r\n", b"GET / HTTP/1.1\r\nHost: "];
    for start in starts {
        let mut stream = dial(address).await.unwrap();
        stream.write_all(start).await.unwrap();
        let since = Instant::now();
        let answer = read_to_close(&mut stream).await;
        assert!(since.elapsed() < Duration::from_secs(3), "{start:?}");
        assert!(!answer.contains("200 OK"), "{answer}");
    }
    // A handler that takes longer than a head may is not cut off.
    let (address, _guard) = start_slow().await;
    let mut stream = dial(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    assert!(read_to_close(&mut stream).await.ends_with("done"));
}

async fn start_slow() -> (std::net::SocketAddr, tokio_util::sync::DropGuard) {
    start(slow(Duration::from_millis(600))).await
}

#[tokio::test]
async fn heads_are_bounded() {
    let (address, _guard) = start(slow(Duration::ZERO)).await;
    for head in [format!("X: {}\r\n", "x".repeat(100_000)), "X: y\r\n".repeat(100)] {
        let mut stream = dial(address).await.unwrap();
        let request = format!("GET / HTTP/1.1\r\nHost: x\r\n{head}\r\n");
        // The server may close before it has read everything.
        drop(stream.write_all(request.as_bytes()).await);
        let answer = read_to_close(&mut stream).await;
        assert!(!answer.contains("200 OK"), "{answer}");
    }
}

#[tokio::test]
async fn http_2_is_spoken_with_prior_knowledge() {
    let (address, _guard) = start(slow(Duration::ZERO)).await;
    let mut stream = dial(address).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut frame = [0; 9];
    timeout(Duration::from_secs(5), stream.read_exact(&mut frame)).await.unwrap().unwrap();
    assert_eq!(frame[3], 4, "the first frame is SETTINGS");
}

#[tokio::test]
async fn handlers_see_the_peer() {
    let router = Router::new().route("/", get(async |Extension(peer): Extension<PeerAddress>| peer.0.to_string()));
    let (address, _guard) = start(router).await;
    let mut stream = dial(address).await.unwrap();
    let own = stream.local_addr().unwrap().to_string();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    assert!(read_to_close(&mut stream).await.ends_with(&own));
}
