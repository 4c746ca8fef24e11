//! One connection of `tls12 serve`, from its first byte to its end.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tls12::{
    schedule::Side,
    tokio::{Incoming, TlsStream, discard, linger},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

use super::{Server, Service, forward::forward};
use crate::{
    daemon::{
        Ended, Event, Place, Stage, handshake_failed, http,
        log::Words,
        traffic::{Traffic, chunk, within},
    },
    recorded::Recorded,
    words,
};

/// For how long the end of a connection may take.
const GOODBYE: Duration = Duration::from_secs(1);
/// For how long a request may take to come, however slowly its bytes drip.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// What is left to do at the end of a connection that was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// To say that nothing more is sent.
    Open,
    /// Nothing, for that was said.
    Said,
}

/// A connection whose handshake is complete, and what is served over it.
struct Established<'t> {
    tls: TlsStream<&'t mut Recorded>,
    service: Arc<Service>,
}

pub(super) async fn serve(
    server: &Server,
    tcp: TcpStream,
    peer: SocketAddr,
    traffic: &Traffic,
    place: &mut Place,
) -> Ended {
    let mut about = Words::default();
    let mut tcp = Recorded::new(tcp, Side::Server, server.explaining.as_ref());
    // What only a handshake needs is not kept by a connection that is idle later.
    let shaking = Box::pin(handshake(server, &mut tcp, peer, &mut about));
    let shaken = tokio::select! {
        shaken = within(server.daemon.limits.handshake_timeout, "the handshake", shaking) => shaken,
        () = server.daemon.reached(Stage::Stopped) => return Ended { event: Event::Stopped, about: Words::default() },
    };
    place.shaken();
    let error = match shaken {
        Ok(Some(connection)) => return established(server, connection, peer, traffic).await,
        Ok(None) => return Ended { event: Event::Empty, about },
        Err(error) => error,
    };
    // The peer should get the alert.
    let _ = timeout(GOODBYE, linger(&mut tcp)).await;
    about.append(&words::of_error(&error));
    handshake_failed(&server.daemon, about, &error)
}

/// `None` if nothing comes. What is known before it is complete is added to `about`.
async fn handshake<'t>(
    server: &Server,
    tcp: &'t mut Recorded,
    peer: SocketAddr,
    about: &mut Words,
) -> io::Result<Option<Box<Established<'t>>>> {
    if matches!(tcp.peek(&mut [0]).await, Ok(0) | Err(_)) {
        return Ok(None);
    }
    let begun = Instant::now();
    let recorder =
        server.recordings.as_ref().and_then(|recordings| recordings.recorder(peer, tcp.local_addr()));
    let incoming = match recorder {
        Some(recorder) => Incoming::read_recorded(tcp, server.handshake_bytes, recorder).await?,
        None => Incoming::read(tcp, server.handshake_bytes).await?,
    };
    let (hosts, hello) = (server.hosts(), incoming.client_hello());
    about.text("sni", hello.server_name().unwrap_or_default());
    let Some(host) = hosts.find(hello.server_name()) else {
        return Err(incoming.refuse_name().await);
    };
    let tls = incoming.accept(&host.acceptor).await?;
    server.daemon.metrics.established(tls.info().handshake, begun.elapsed());
    Ok(Some(Box::new(Established { tls, service: host.service.clone() })))
}

async fn established(
    server: &Server,
    mut connection: Box<Established<'_>>,
    peer: SocketAddr,
    traffic: &Traffic,
) -> Ended {
    let Established { tls, service } = &mut *connection;
    let about = words::of_served_connection(tls.info());
    let idle = server.daemon.limits.idle_timeout;
    let work = async {
        match &**service {
            Service::Http => {
                let exchange = page(tls, &about, traffic);
                within(idle.min(REQUEST_TIMEOUT), "the request", exchange).await
            }
            Service::Echo => traffic.unless_idle(idle, echo(tls, traffic)).await,
            Service::Forward(backend) => {
                traffic.unless_idle(idle, Box::pin(forward(tls, backend, peer, traffic))).await
            }
        }
    };
    let (done, result) = tokio::select! {
        result = work => (Event::Served, result),
        () = server.daemon.reached(Stage::Stopped) => (Event::Stopped, Ok(End::Open)),
    };
    let result = match result {
        Ok(End::Open) => within(GOODBYE, "the end", tls.shutdown()).await,
        Ok(End::Said) => Ok(()),
        Err(error) => Err(error),
    };
    match result {
        Ok(()) => {
            let _ = timeout(GOODBYE, discard(tls.get_mut())).await;
            Ended { event: done, about }
        }
        Err(error) => {
            let _ = timeout(GOODBYE, linger(tls.get_mut())).await;
            server.daemon.metrics.failed(&error);
            let mut words = about;
            words.append(&words::of_error(&error));
            Ended { event: Event::of(&error), about: words }
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
