//! A connection passed on to a server without TLS, and back.

use std::{io, time::Duration};

use tls12::tokio::TlsStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    served::End,
    traffic::{Traffic, chunk, within},
};

/// For how long a connection to the server behind may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Passes on what comes from both sides until both have ended; the end of one direction is passed on like data.
pub(crate) async fn forward<T: AsyncRead + AsyncWrite + Unpin>(
    tls: &mut TlsStream<T>,
    to: &str,
    traffic: &Traffic,
) -> io::Result<End> {
    let behind = within(CONNECT_TIMEOUT, "connecting", TcpStream::connect(to)).await;
    let mut behind = behind.map_err(|error| {
        io::Error::new(error.kind(), format!("the server at {to} cannot be reached: {error}"))
    })?;
    behind.set_nodelay(true)?;
    tls.allow_half_close();
    let (from_client, to_client) = tokio::io::split(tls);
    let (from_server, to_server) = behind.split();
    let up = pass(from_client, to_server, |n| traffic.receive(n));
    let down = pass(from_server, to_client, |n| traffic.send(n));
    tokio::try_join!(up, down)?;
    Ok(End::Said)
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    count: impl Fn(usize),
) -> io::Result<()> {
    loop {
        let data = chunk(&mut from).await?;
        if data.is_empty() {
            return to.shutdown().await;
        }
        count(data.len());
        to.write_all(&data).await?;
        to.flush().await?;
    }
}
