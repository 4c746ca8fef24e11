//! Where connections come in.

use std::io;

use tokio::net::{TcpListener, TcpSocket, lookup_host};

/// How many connections may wait to be accepted: what the system allows by default on Linux since 5.4.
const WAITING: u32 = 4096;

/// Whose port it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    /// This process's alone.
    Own,
    /// That of several processes, among which the system distributes connections (SO_REUSEPORT).
    Shared,
}

/// Listens at the first of the addresses that this is, and that can be had.
pub(crate) async fn listen(address: &str, port: Port) -> io::Result<TcpListener> {
    let mut trouble = None;
    for address in lookup_host(address).await? {
        let socket = if address.is_ipv6() { TcpSocket::new_v6() } else { TcpSocket::new_v4() };
        let listening = socket.and_then(|socket| {
            // A server that is started again need not wait for connections of before.
            socket.set_reuseaddr(true)?;
            socket.set_reuseport(port == Port::Shared)?;
            socket.bind(address)?;
            socket.listen(WAITING)
        });
        match listening {
            Ok(listener) => return Ok(listener),
            Err(error) => trouble = Some(error),
        }
    }
    Err(trouble.unwrap_or_else(|| io::Error::new(io::ErrorKind::NotFound, "this name has no address")))
}
