//! Numbers over HTTP, for a person and for Prometheus.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, lookup_host},
    time::{sleep, timeout},
};

use crate::{
    http::{self, Page},
    resuming::Resuming,
};

/// For how long somebody may take to ask.
const PATIENCE: Duration = Duration::from_secs(5);

/// Listens on a loopback address: what is served here is for nobody else. Fails with a sentence.
pub(crate) async fn listen(address: &str) -> Result<TcpListener, String> {
    let trouble = |error: io::Error| format!("{address}: {error}");
    let found = lookup_host(address).await.map_err(trouble)?.next();
    match found {
        Some(found) if found.ip().is_loopback() => TcpListener::bind(found).await.map_err(trouble),
        Some(_) | None => Err(format!("{address}: --stats listens on loopback addresses only")),
    }
}

/// Answers until it is dropped.
pub(crate) async fn serve(listener: TcpListener, resuming: Arc<Resuming>) {
    loop {
        match listener.accept().await {
            Ok((tcp, _)) => {
                let resuming = resuming.clone();
                tokio::spawn(async move { timeout(PATIENCE, answer(tcp, &resuming)).await });
            }
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn answer(mut tcp: TcpStream, resuming: &Resuming) -> io::Result<()> {
    let mut request = Vec::new();
    loop {
        let mut more = [0; 4096];
        let n = tcp.read(&mut more).await?;
        request.extend_from_slice(more.get(..n).unwrap_or_default());
        if let Some(answer) = http::respond(&request, |target, _| page(target, resuming)) {
            tcp.write_all(&answer.bytes).await?;
            return tcp.shutdown().await;
        }
        if n == 0 {
            return Ok(());
        }
    }
}

fn page(target: &str, resuming: &Resuming) -> Option<Page> {
    let numbers = resuming.stats.snapshot();
    match target {
        "/" => Some(Page {
            kind: "text/plain; charset=utf-8",
            body: format!("{numbers}sessions kept: {}\n{}\n", resuming.store.len(), resuming.keys()),
        }),
        // The version of the text format.
        "/metrics" => {
            Some(Page { kind: "text/plain; version=0.0.4", body: numbers.prometheus().to_string() })
        }
        _ => None,
    }
}
