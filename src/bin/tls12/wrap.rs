//! `tls12 forward`: the way out. Plain connections come in, and each goes on to a TLS server, resuming sessions.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use clap::Args;
use tls12::{
    session::ResumptionStats,
    store::{ClientSessions, Reuse},
    tokio::{TlsStream, discard, linger},
};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    signal::unix::Signal,
    task::spawn_blocking,
    time::{Instant, timeout},
};

use crate::{
    Failure,
    args::{HostPort, forward, host_and_port},
    call::{self, Call},
    daemon::{
        self, Daemon, Ended, Event, Handler, Limits, Place, Port, Stage, Telling,
        carry::{Plain, Trouble, carry},
        handshake_failed, listen,
        log::Words,
        traffic::Traffic,
    },
    words,
};

/// `tls12 forward`.
#[derive(Debug, Args)]
pub(crate) struct Forward {
    /// Where to take plain connections; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = forward)]
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
    args: call::Args,
    to: HostPort,
    sessions: Arc<ClientSessions>,
    /// Connections go on with the one that they began with.
    call: RwLock<Arc<Call>>,
    stats: ResumptionStats,
}

/// Serves until SIGTERM or SIGINT.
pub(crate) async fn run(args: Forward) -> Result<(), Failure> {
    let wrapping = Arc::new(Wrapping::new(&args).map_err(Failure::Usage)?);
    let failed = |error: io::Error| Failure::Failed(format!("{}: {error}", args.listen));
    let listener = listen(&args.listen, Port::Own).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let (stops, hangup) = daemon::signals()?;
    crate::say::say!("listening on {address} (plain) and calling {} with TLS", args.to);
    daemon::run(wrapping.clone(), listener, &args.telling, stops, wrapping.keep(hangup)).await
}

impl Wrapping {
    /// Fails with a sentence.
    fn new(args: &Forward) -> Result<Self, String> {
        let sessions = Arc::new(ClientSessions::new(SESSIONS, Reuse::Many));
        let call = RwLock::new(Arc::new(Call::new(&args.to, &args.call, sessions.clone())?));
        let daemon = Daemon::new(&args.limits, &args.telling)?;
        let (args, to) = (args.call.clone(), args.to.clone());
        Ok(Self { daemon, args, to, sessions, call, stats: ResumptionStats::new() })
    }

    fn call(&self) -> Arc<Call> {
        self.call.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads roots, certificates and keys again at SIGHUP, and takes all of them or none. Sessions of before are resumed
    /// where the same is trusted as before (R7). Never ends.
    async fn keep(self: Arc<Self>, mut hangup: Signal) {
        loop {
            hangup.recv().await;
            let (to, args, sessions) = (self.to.clone(), self.args.clone(), self.sessions.clone());
            // A file that keeps somebody waiting keeps nobody else.
            let read = spawn_blocking(move || Call::new(&to, &args, sessions)).await;
            let read = read.unwrap_or_else(|_| Err("they cannot be read".into()));
            self.daemon.metrics.reloaded("certificates", read.as_ref().map(drop).map_err(drop));
            match read {
                Ok(call) => {
                    *self.call.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(call);
                    crate::say::say!("read again: roots, certificates and keys");
                }
                Err(why) => {
                    crate::say::say!("tls12: roots, certificates and keys stay as they are: {why}");
                }
            }
        }
    }
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
        tokio::select! {
            ended = self.wrap(plain, traffic, place) => ended,
            () = self.daemon.reached(Stage::Stopped) => Ended { event: Event::Stopped, about: Words::default() },
        }
    }

    fn text(&self) -> String {
        self.stats.snapshot().to_string()
    }

    fn numbers(&self) -> String {
        self.stats.snapshot().prometheus().to_string()
    }
}

impl Wrapping {
    async fn wrap(&self, plain: TcpStream, traffic: &Traffic, place: &mut Place) -> Ended {
        let (limit, call) = (self.daemon.limits.handshake_timeout, self.call());
        let mut tcp = match call.tcp(limit).await {
            Ok(tcp) => tcp,
            Err(error) => {
                let why = format!("{call} cannot be reached: {error}");
                return Ended { event: Event::Failed, about: words::of_error_that_means(&error, why) };
            }
        };
        let begun = Instant::now();
        let shaken = Box::pin(call.tls(&mut tcp, limit, None)).await;
        place.shaken();
        let error = match shaken {
            Ok(tls) => {
                self.daemon.metrics.established(tls.info().handshake, begun.elapsed());
                self.stats.record(&tls.info().handshake, tls.info().ticket);
                return self.wrapped(plain, Box::new(tls), traffic).await;
            }
            Err(error) => error,
        };
        let _ = timeout(GOODBYE, linger(&mut tcp)).await;
        handshake_failed(&self.daemon, words::of_error_that_means(&error, call.explain(&error)), &error)
    }

    async fn wrapped(
        &self,
        plain: TcpStream,
        mut tls: Box<TlsStream<&mut TcpStream>>,
        traffic: &Traffic,
    ) -> Ended {
        let mut about = words::of_called_connection(tls.info());
        tls.allow_half_close();
        let mut plain = Plain::new(plain);
        let work = Box::pin(async { Ok(carry(&mut plain.tcp, &mut *tls, traffic).await) });
        let result = tokio::select! {
            result = traffic.unless_idle(self.daemon.limits.idle_timeout, work) => result,
            () = self.daemon.reached(Stage::Stopped) => {
                let _ = timeout(GOODBYE, tls.shutdown()).await;
                return Ended { event: Event::Stopped, about };
            }
        };
        let (event, error) = match result {
            Ok(Ok(())) => {
                plain.ended();
                let _ = timeout(GOODBYE, discard(tls.get_mut())).await;
                return Ended { event: Event::Served, about };
            }
            Ok(Err(Trouble::Peer(error))) => (Event::of(&error), error),
            // The plain side sees a reset.
            Ok(Err(Trouble::Other(error))) => (Event::Failed, error),
            Err(error) => (Event::IdleTimeout, error),
        };
        let _ = timeout(GOODBYE, linger(tls.get_mut())).await;
        self.daemon.metrics.failed(&error);
        about.append(&words::of_error(&error));
        Ended { event, about }
    }
}
