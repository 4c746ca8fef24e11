//! `tls12 forward`: the way out. Plain connections come in, and each goes on to a TLS server, resuming sessions.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use clap::Args;
use tls12::{
    session::ResumptionStats,
    store::{ClientSessions, Reuse},
    tokio::{TlsStream, discard, linger},
};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{Instant, timeout},
};

use crate::{
    Failure,
    args::{HostPort, host_and_port},
    call::{self, Call},
    daemon::{
        self, Daemon, Ended, Event, Handler, Limits, Place, Port, Stage, Telling,
        carry::{Trouble, carry},
        handshake_failed, listen,
        traffic::Traffic,
    },
    words,
};

/// `tls12 forward`.
#[derive(Debug, Args)]
pub(crate) struct Forward {
    /// Where to take plain connections; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: String,
    /// The TLS server that each of them goes on to; an IPv6 address in brackets
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
    to: HostPort,
    #[command(flatten)]
    call: call::Args,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    telling: Telling,
}

/// How many sessions are kept: those of one server under one name, of which the newest counts.
const SESSIONS: usize = 16;
/// For how long the end of a connection may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// What all connections share.
struct Wrapping {
    daemon: Daemon,
    call: Call,
    stats: ResumptionStats,
}

/// Serves until SIGTERM or SIGINT.
pub(crate) async fn run(args: Forward) -> Result<(), Failure> {
    let sessions = Arc::new(ClientSessions::new(SESSIONS, Reuse::Many));
    let call = Call::new(&args.to, &args.call, sessions).map_err(Failure::Usage)?;
    let daemon = Daemon::new(&args.limits, &args.telling).map_err(Failure::Usage)?;
    let failed = |error: io::Error| Failure::Failed(format!("{}: {error}", args.listen));
    let listener = listen(&args.listen, Port::Own).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    crate::say::say!("listening on {address} (plain) and calling {call} with TLS");
    let wrapping = Arc::new(Wrapping { daemon, call, stats: ResumptionStats::new() });
    daemon::run(wrapping, listener, &args.telling, std::future::pending()).await
}

impl Handler for Wrapping {
    fn daemon(&self) -> &Daemon {
        &self.daemon
    }

    async fn connection(
        &self,
        plain: TcpStream,
        _: SocketAddr,
        traffic: &Traffic,
        place: &mut Place,
    ) -> Ended {
        let limit = self.daemon.limits.handshake_timeout;
        let mut tcp = match self.call.tcp(limit).await {
            Ok(tcp) => tcp,
            Err(error) => {
                let why = format!("{} cannot be reached: {error}", self.call);
                let about = words::of_error(&io::Error::new(error.kind(), why));
                return Ended { event: Event::Failed, about };
            }
        };
        let begun = Instant::now();
        let error = match Box::pin(self.call.tls(&mut tcp, limit)).await {
            Ok(tls) => {
                place.established();
                self.daemon.metrics.established(tls.info().handshake, begun.elapsed());
                self.stats.record(&tls.info().handshake, tls.info().ticket);
                return self.wrapped(plain, Box::new(tls), traffic).await;
            }
            Err(error) => error,
        };
        let _ = timeout(GOODBYE, linger(&mut tcp)).await;
        let mut ended = handshake_failed(&self.daemon, &error);
        ended.about.text("why", self.call.explain(&error));
        ended
    }

    fn text(&self) -> String {
        self.stats.snapshot().to_string()
    }

    fn numbers(&self) -> String {
        self.stats.snapshot().prometheus().to_string()
    }
}

impl Wrapping {
    async fn wrapped(
        &self,
        plain: TcpStream,
        mut tls: Box<TlsStream<&mut TcpStream>>,
        traffic: &Traffic,
    ) -> Ended {
        let mut about = words::of_called_connection(tls.info());
        tls.allow_half_close();
        let work = Box::pin(async { Ok(carry(plain, &mut *tls, traffic).await) });
        let result = tokio::select! {
            result = traffic.unless_idle(self.daemon.limits.idle_timeout, work) => result,
            () = self.daemon.reached(Stage::Stopped) => {
                let _ = timeout(GOODBYE, tls.shutdown()).await;
                return Ended { event: Event::Stopped, about };
            }
        };
        let (event, error) = match result {
            Ok(Ok(())) => {
                let _ = timeout(GOODBYE, discard(tls.get_mut())).await;
                return Ended { event: Event::Served, about };
            }
            Ok(Err(Trouble::Peer(error))) => (Event::of(&error), error),
            // The plain side cannot be told why; it sees a connection that ends.
            Ok(Err(Trouble::Other(error))) => (Event::Failed, error),
            Err(error) => (Event::IdleTimeout, error),
        };
        let _ = timeout(GOODBYE, linger(tls.get_mut())).await;
        self.daemon.metrics.failed(&error);
        about.append(&words::of_error(&error));
        Ended { event, about }
    }
}
