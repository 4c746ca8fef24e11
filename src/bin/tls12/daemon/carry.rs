//! Data from a connection to another one, and back.

use std::io::{self, ErrorKind};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, split};

use super::traffic::{Traffic, chunk};

/// What went wrong, and at which of both.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The peer: who connected to us.
    Peer(io::Error),
    /// The other: whom we connected to.
    Other(io::Error),
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
    let up = async {
        match pass(from_peer, to_other, |n| traffic.receive(n)).await {
            Ok(()) => Ok(()),
            Err(Stuck::Reading(error)) => Err(Trouble::Peer(error)),
            Err(Stuck::Writing(error)) if takes_no_more(&error) => Ok(()),
            Err(Stuck::Writing(error)) => Err(Trouble::Other(error)),
        }
    };
    let down = async {
        match pass(from_other, to_peer, |n| traffic.send(n)).await {
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
) -> Result<(), Stuck> {
    loop {
        let data = chunk(&mut from).await.map_err(Stuck::Reading)?;
        if data.is_empty() {
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

    /// Takes nothing, and says something.
    fn that_is_full() -> impl AsyncRead + AsyncWrite {
        tokio::io::join(&b"enough"[..], Closed)
    }

    struct Closed;

    impl AsyncWrite for Closed {
        fn poll_write(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            _: &[u8],
        ) -> std::task::Poll<io::Result<usize>> {
            std::task::Poll::Ready(Err(ErrorKind::BrokenPipe.into()))
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
