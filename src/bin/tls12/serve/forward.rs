//! A connection passed on to a server without TLS, and back.

use std::{fmt, io, net::SocketAddr, time::Duration};

use tls12::tokio::TlsStream;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{args::ProxyProtocol, connection::End, proxy_protocol};
use crate::{
    daemon::{
        carry::{Plain, Trouble, carry},
        traffic::{Traffic, within},
    },
    recorded::Recorded,
};

/// For how long a connection to the server behind may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A server behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Backend {
    to: String,
    proxy_protocol: Option<ProxyProtocol>,
}

impl Backend {
    pub(super) fn new(to: &str, proxy_protocol: Option<ProxyProtocol>) -> Self {
        Self { to: to.to_owned(), proxy_protocol }
    }

    /// An error with the name of who made it; that the peer is gone is another matter, and another kind.
    fn trouble(&self, what: &str, error: &io::Error) -> io::Error {
        io::Error::other(format!("the server at {} {what}: {error}", self.to))
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to)?;
        match self.proxy_protocol {
            Some(ProxyProtocol::V2) => f.write_str(" by PROXY v2"),
            None => Ok(()),
        }
    }
}

/// Passes on what comes from both sides until both have ended.
pub(super) async fn forward(
    tls: &mut TlsStream<&mut Recorded>,
    backend: &Backend,
    peer: SocketAddr,
    traffic: &Traffic,
) -> io::Result<End> {
    let connecting = within(CONNECT_TIMEOUT, "connecting", TcpStream::connect(&backend.to)).await;
    let mut behind = Plain::new(connecting.map_err(|error| backend.trouble("cannot be reached", &error))?);
    behind.tcp.set_nodelay(true)?;
    if backend.proxy_protocol.is_some() {
        let header = proxy_protocol::header(peer, tls.get_ref().local_addr()?, tls.info());
        let told = behind.tcp.write_all(&header).await;
        told.map_err(|error| backend.trouble("did not take who the client is", &error))?;
    }
    tls.allow_half_close();
    match carry(tls, &mut behind.tcp, traffic).await {
        Ok(()) => {
            behind.ended();
            Ok(End::Said)
        }
        Err(Trouble::Peer(error)) => Err(error),
        Err(Trouble::Other(error)) => Err(backend.trouble("failed", &error)),
    }
}
