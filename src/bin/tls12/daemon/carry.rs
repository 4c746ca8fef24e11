//! Data from a connection to another one, and back.

use std::{
    io::{self, ErrorKind},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, split},
    net::TcpStream,
};

use super::traffic::{Traffic, chunk};

/// What went wrong, and at which of both.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The peer: who connected to us.
    Peer(io::Error),
    /// The other: whom we connected to.
    Other(io::Error),
}

/// A connection without TLS that ends with a reset, unless its end was passed on: where the other side was cut, or anybody
/// forged a record there, what came before must not look whole. TLS says so by the lack of close_notify.
pub(crate) struct Plain {
    pub(crate) tcp: TcpStream,
    is_whole: bool,
}

impl Plain {
    pub(crate) fn new(tcp: TcpStream) -> Self {
        Self { tcp, is_whole: false }
    }

    /// Both directions ended as they should.
    pub(crate) fn ended(mut self) {
        self.is_whole = true;
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        if !self.is_whole {
            // Closing a socket that does not linger resets the connection; where it is gone, there is nothing to say.
            let _ = self.tcp.set_zero_linger();
        }
    }
}

/// Passes on what comes from both sides until both have ended; the end of one direction is passed on like data.
///
/// Each direction holds 16 KiB at most, and waits for who does not take them. An other side that takes no more, as a server
/// that answered before it had all of the request, may still send what it has to say.
pub(crate) async fn carry<P, O>(peer: P, other: O, traffic: &Traffic) -> Result<(), Trouble>
where
    P: AsyncRead + AsyncWrite,
    O: AsyncRead + AsyncWrite,
{
    let ((from_peer, to_peer), (from_other, to_other)) = (split(peer), split(other));
    // Whoever sees a reset first uses the news up: to the other direction it would look like an end.
    let was_reset = AtomicBool::new(false);
    let up = async {
        match pass(from_peer, to_other, |n| traffic.receive(n), || Ok(())).await {
            Ok(()) => Ok(()),
            Err(Stuck::Reading(error)) => Err(Trouble::Peer(error)),
            Err(Stuck::Writing(error)) if takes_no_more(&error) => {
                was_reset.store(error.kind() == ErrorKind::ConnectionReset, Relaxed);
                Ok(())
            }
            Err(Stuck::Writing(error)) => Err(Trouble::Other(error)),
        }
    };
    let is_whole = || match was_reset.load(Relaxed) {
        true => Err(ErrorKind::ConnectionReset.into()),
        false => Ok(()),
    };
    let down = async {
        match pass(from_other, to_peer, |n| traffic.send(n), is_whole).await {
            Ok(()) => Ok(()),
            Err(Stuck::Reading(error)) => Err(Trouble::Other(error)),
            Err(Stuck::Writing(error)) => Err(Trouble::Peer(error)),
        }
    };
    tokio::try_join!(up, down)?;
    Ok(())
}

fn takes_no_more(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::NotConnected)
}

enum Stuck {
    Reading(io::Error),
    Writing(io::Error),
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    count: impl Fn(usize),
    is_whole: impl Fn() -> io::Result<()>,
) -> Result<(), Stuck> {
    loop {
        let data = chunk(&mut from).await.map_err(Stuck::Reading)?;
        if data.is_empty() {
            is_whole().map_err(Stuck::Reading)?;
            return to.shutdown().await.map_err(Stuck::Writing);
        }
        count(data.len());
        to.write_all(&data).await.map_err(Stuck::Writing)?;
        to.flush().await.map_err(Stuck::Writing)?;
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, duplex};

    use super::*;

    #[tokio::test]
    async fn the_end_of_a_direction_is_passed_on_and_the_other_one_goes_on() {
        let ((mut client, peer), (mut server, other)) = (duplex(64), duplex(64));
        let traffic = Traffic::new();
        let serving = async {
            let mut request = Vec::new();
            server.read_to_end(&mut request).await.expect("all of it");
            server.write_all(&request).await.expect("room");
            server.shutdown().await.expect("an end");
        };
        let calling = async {
            let mut answer = Vec::new();
            client.write_all(&[7; 40]).await.expect("room");
            client.shutdown().await.expect("an end");
            client.read_to_end(&mut answer).await.expect("all of it");
            answer
        };
        let (carried, (), answer) = tokio::join!(carry(peer, other, &traffic), serving, calling);
        carried.expect("no trouble");
        assert_eq!((answer, traffic.received(), traffic.sent()), (vec![7; 40], 40, 40));
    }

    #[tokio::test]
    async fn a_server_that_reads_no_more_is_heard_all_the_same() {
        let (mut client, peer) = duplex(64);
        let (other, mut server) = (that_is_full(), Vec::new());
        let traffic = Traffic::new();
        client.write_all(b"more than it wants").await.expect("room");
        let calling = async {
            client.read_to_end(&mut server).await.expect("all of it");
            drop(client);
        };
        let (carried, ()) = tokio::join!(carry(peer, other, &traffic), calling);
        carried.expect("no trouble");
        assert_eq!(server, b"enough");
    }

    #[tokio::test]
    async fn a_reset_that_the_other_direction_used_up_is_no_end() {
        let (mut client, peer) = duplex(64);
        client.write_all(b"more").await.expect("room");
        let other = tokio::io::join(Late(3), Closed(ErrorKind::ConnectionReset));
        let carried = carry(peer, other, &Traffic::new()).await;
        assert!(matches!(carried, Err(Trouble::Other(error)) if error.kind() == ErrorKind::ConnectionReset));
    }

    /// Ends after having been asked so often.
    struct Late(u32);

    impl AsyncRead for Late {
        fn poll_read(
            mut self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
            _: &mut tokio::io::ReadBuf<'_>,
        ) -> std::task::Poll<io::Result<()>> {
            match self.0.checked_sub(1) {
                Some(left) => {
                    self.0 = left;
                    cx.waker().wake_by_ref();
                    std::task::Poll::Pending
                }
                None => std::task::Poll::Ready(Ok(())),
            }
        }
    }

    /// Takes nothing, and says something.
    fn that_is_full() -> impl AsyncRead + AsyncWrite {
        tokio::io::join(&b"enough"[..], Closed(ErrorKind::BrokenPipe))
    }

    struct Closed(ErrorKind);

    impl AsyncWrite for Closed {
        fn poll_write(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            _: &[u8],
        ) -> std::task::Poll<io::Result<usize>> {
            std::task::Poll::Ready(Err(self.0.into()))
        }

        fn poll_flush(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<io::Result<()>> {
            std::task::Poll::Ready(Ok(()))
        }

        fn poll_shutdown(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<io::Result<()>> {
            std::task::Poll::Ready(Ok(()))
        }
    }
}
