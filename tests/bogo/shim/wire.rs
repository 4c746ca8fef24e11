//! The socket to the runner, which is always connected from here, whichever side of TLS we are.

#![expect(clippy::disallowed_types, reason = "the program is an edge")]

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

use super::flags::Flags;

/// Longer than the runner waits for anything.
const TIMEOUT: Duration = Duration::from_secs(20);
/// For how long what the peer still sends is thrown away, so that our alert arrives.
const LINGER: Duration = Duration::from_secs(1);

/// The socket, read in pieces.
pub(super) struct Wire {
    stream: TcpStream,
    /// What was read and not handed on yet.
    held: Vec<u8>,
    /// The most that is handed on at once.
    piece: usize,
}

impl Wire {
    /// Connects, and says which of the runner's tests this is.
    pub(super) fn connect(flags: &Flags) -> io::Result<Self> {
        let address: SocketAddr = match flags.ipv6 {
            true => (Ipv6Addr::LOCALHOST, flags.port).into(),
            false => (Ipv4Addr::LOCALHOST, flags.port).into(),
        };
        let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        stream.write_all(&flags.shim_id.to_le_bytes())?;
        let piece = if flags.byte_by_byte { 1 } else { flags.read_size.unwrap_or(usize::MAX) };
        Ok(Self { stream, held: Vec::new(), piece })
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The next bytes; none at the end.
    pub(super) fn receive(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.held.is_empty() {
            let mut chunk = [0; 16 * 1024];
            let n = self.stream.read(&mut chunk)?;
            self.held.extend_from_slice(&chunk[..n]);
        }
        let n = self.held.len().min(self.piece).min(into.len());
        into[..n].copy_from_slice(&self.held[..n]);
        self.held.drain(..n);
        Ok(n)
    }

    /// Sends nothing more, and throws away what comes: a socket that is closed with bytes unread sends a reset, which
    /// can overtake the alert.
    pub(super) fn linger(&mut self) {
        let mut waste = [0; 4096];
        let _ = self.stream.shutdown(Shutdown::Write);
        let _ = self.stream.set_read_timeout(Some(LINGER));
        while matches!(self.stream.read(&mut waste), Ok(n) if n > 0) {}
    }
}
