//! One connection of `tls12 serve`, from its first byte to its line of log.
#![expect(clippy::disallowed_methods, reason = "the command reads the clock")]

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    time::{Duration, SystemTime},
};

use tls12::tokio::{TlsStream, discard, linger};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    forward::forward,
    http,
    log::{Words, timestamp},
    serve::{Server, Service, Stage},
    traffic::{Traffic, chunk, within},
    words,
};

/// For how long the end of a connection may take.
const GOODBYE: Duration = Duration::from_secs(1);
/// For how long a request may take to come, however slowly its bytes drip.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// What became of a connection, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    /// It was served to its end.
    Served,
    /// Nothing came at all.
    Empty,
    /// The handshake failed.
    HandshakeFailed,
    /// The handshake took too long.
    HandshakeTimeout,
    /// Nothing came or went for too long.
    IdleTimeout,
    /// The peer went without close_notify.
    Cut,
    /// The server stopped, and could wait no longer.
    Stopped,
    /// Anything else that ends a connection before its time.
    Failed,
}

impl Event {
    fn name(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Empty => "empty",
            Self::HandshakeFailed => "handshake-failed",
            Self::HandshakeTimeout => "handshake-timeout",
            Self::IdleTimeout => "idle-timeout",
            Self::Cut => "cut",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }

    fn of(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::TimedOut => Self::IdleTimeout,
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Self::Cut,
            _ => Self::Failed,
        }
    }
}

/// What is left to do at the end of a connection that was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// To say that nothing more is sent.
    Open,
    /// Nothing, for that was said.
    Said,
}

/// Serves a connection and logs it.
pub(crate) async fn connection(server: &Server, mut tcp: TcpStream, peer: SocketAddr) {
    let (time, traffic) = (SystemTime::now(), Traffic::new());
    // Records are written whole, so waiting for more to send can only delay them.
    let _ = tcp.set_nodelay(true);
    let (event, about) = served(server, &mut tcp, &traffic).await;
    let mut words = beginning(time, peer, event.name());
    words.append(&about);
    words.number("in", traffic.received());
    words.number("out", traffic.sent());
    words.number("ms", u64::try_from(traffic.elapsed().as_millis()).unwrap_or(u64::MAX));
    server.log.write(&words);
}

/// Logs a connection that there is no room for.
pub(crate) fn refused(server: &Server, peer: SocketAddr) {
    server.log.write(&beginning(SystemTime::now(), peer, "refused"));
}

fn beginning(time: SystemTime, peer: SocketAddr, event: &'static str) -> Words {
    let mut words = Words::default();
    words.text("time", timestamp(time));
    words.text("peer", peer.to_string());
    words.text("event", event);
    words
}

async fn served(server: &Server, tcp: &mut TcpStream, traffic: &Traffic) -> (Event, Words) {
    // What only a handshake needs is not kept by a connection that is idle later.
    let shaking = Box::pin(async {
        match tcp.peek(&mut [0]).await {
            Ok(0) | Err(_) => Ok(None),
            Ok(_) => server.acceptor.accept(&mut *tcp).await.map(Box::new).map(Some),
        }
    });
    let (event, error) = match within(server.limits.handshake_timeout, "the handshake", shaking).await {
        Ok(Some(tls)) => return established(server, tls, traffic).await,
        Ok(None) => return (Event::Empty, Words::default()),
        Err(error) if error.kind() == ErrorKind::TimedOut => (Event::HandshakeTimeout, error),
        Err(error) => (Event::HandshakeFailed, error),
    };
    // The peer should get the alert.
    let _ = timeout(GOODBYE, linger(tcp)).await;
    (event, words::of_error(&error))
}

async fn established(
    server: &Server,
    mut tls: Box<TlsStream<&mut TcpStream>>,
    traffic: &Traffic,
) -> (Event, Words) {
    let about = words::of_served_connection(tls.info());
    let idle = server.limits.idle_timeout;
    let work = async {
        match &server.service {
            Service::Http => {
                let exchange = page(&mut tls, &about, traffic);
                within(idle.min(REQUEST_TIMEOUT), "the request", exchange).await
            }
            Service::Echo => traffic.unless_idle(idle, echo(&mut tls, traffic)).await,
            Service::Forward(to) => traffic.unless_idle(idle, Box::pin(forward(&mut tls, to, traffic))).await,
        }
    };
    let (done, result) = tokio::select! {
        result = work => (Event::Served, result),
        () = server.reached(Stage::Stopped) => (Event::Stopped, Ok(End::Open)),
    };
    let result = match result {
        Ok(End::Open) => within(GOODBYE, "the end", tls.shutdown()).await,
        Ok(End::Said) => Ok(()),
        Err(error) => Err(error),
    };
    match result {
        Ok(()) => {
            let _ = timeout(GOODBYE, discard(tls.get_mut())).await;
            (done, about)
        }
        Err(error) => {
            let _ = timeout(GOODBYE, linger(tls.get_mut())).await;
            let mut words = about;
            words.append(&words::of_error(&error));
            (Event::of(&error), words)
        }
    }
}

/// Answers one request and ends.
async fn page<T>(tls: &mut TlsStream<T>, about: &Words, traffic: &Traffic) -> io::Result<End>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let mut request = Vec::new();
    loop {
        let more = chunk(tls).await?;
        traffic.receive(more.len());
        request.extend_from_slice(&more);
        if let Some(answer) = http::answer(&request, &about.line()) {
            traffic.send(answer.bytes.len());
            tls.shutdown_after(&answer.bytes).await?;
            return Ok(End::Said);
        }
        if more.is_empty() {
            return Ok(End::Open);
        }
    }
}

/// Sends back what comes.
async fn echo<T>(tls: &mut TlsStream<T>, traffic: &Traffic) -> io::Result<End>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    tls.allow_half_close();
    loop {
        let data = chunk(tls).await?;
        if data.is_empty() {
            return Ok(End::Open);
        }
        traffic.receive(data.len());
        tls.write_all(&data).await?;
        tls.flush().await?;
        traffic.send(data.len());
    }
}
