//! A command that serves connections until it is told to stop: what that takes whatever is done with the connections.
#![expect(clippy::disallowed_methods, reason = "the command reads the clock")]

mod admission;
pub(crate) mod args;
pub(crate) mod carry;
pub(crate) mod http;
mod listen;
pub(crate) mod log;
mod metrics;
mod page;
mod threads;
pub(crate) mod traffic;

use std::{
    future::pending,
    io::{self, ErrorKind},
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tls12::{Error, Excess, RecordError};
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};
use tracing::Instrument as _;

use self::{
    admission::Admission,
    log::{Log, Words, timestamp},
    threads::Threads,
    traffic::Traffic,
};
pub(crate) use self::{
    admission::{Limit, Place},
    args::{Limits, Telling},
    listen::{Port, listen},
    metrics::{Metrics, Numbers},
};
use crate::{Failure, words};

/// For how long open connections may take to say goodbye after their time is over, and the last lines of log to be
/// written.
const GOODBYE: Duration = Duration::from_secs(3);

/// What such a command has.
pub(crate) struct Daemon {
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
    admission: Arc<Admission>,
    log: Log,
    stage: watch::Sender<Stage>,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// It accepts connections.
    Serving,
    /// It accepts none any more, and lets those that are open finish.
    Stopping,
    /// Open connections must end now.
    Stopped,
}

/// What is done with connections, and what there is to tell about it.
pub(crate) trait Handler: Send + Sync + 'static {
    /// What it runs on.
    fn daemon(&self) -> &Daemon;

    /// Serves a connection to its end. The place knows when the handshake is complete.
    fn connection(
        &self,
        tcp: TcpStream,
        peer: SocketAddr,
        traffic: &Traffic,
        place: &mut Place,
    ) -> impl Future<Output = Ended> + Send;

    /// What else there is to tell: lines for a person.
    fn text(&self) -> String;

    /// And numbers in the text format of Prometheus.
    fn numbers(&self) -> String;
}

/// How a connection ended.
pub(crate) struct Ended {
    pub(crate) event: Event,
    /// What is logged of it.
    pub(crate) about: Words,
}

/// What became of a connection, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
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
    pub(crate) const ALL: [Self; 8] = [
        Self::Served,
        Self::Empty,
        Self::HandshakeFailed,
        Self::HandshakeTimeout,
        Self::IdleTimeout,
        Self::Cut,
        Self::Stopped,
        Self::Failed,
    ];

    pub(crate) fn name(self) -> &'static str {
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

    /// What became of a connection that was established and ended with this error.
    pub(crate) fn of(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::TimedOut => Self::IdleTimeout,
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Self::Cut,
            _ => Self::Failed,
        }
    }
}

impl Daemon {
    /// Fails with a sentence.
    pub(crate) fn new(limits: &Limits, telling: &Telling) -> Result<Self, String> {
        let started = crate::say::without_waiting().and_then(|()| Log::start(telling.log));
        let log = started.map_err(|error| format!("no thread can be started: {error}"))?;
        trace(telling);
        Ok(Self {
            limits: limits.clone(),
            metrics: Metrics::new(),
            admission: Arc::new(Admission::new(limits)),
            log,
            stage: watch::Sender::new(Stage::Serving),
        })
    }

    /// Resolves when it has come that far.
    pub(crate) async fn reached(&self, stage: Stage) {
        // The sender lives as long as the daemon, so this cannot fail.
        let _ = self.stage.subscribe().wait_for(|reached| *reached >= stage).await;
    }

    /// Accepts nothing more, and lets connections finish: until their time is over, or somebody says stop again.
    async fn drain(&self, threads: &mut Threads, stops: &mut Stops) {
        self.stage.send_replace(Stage::Stopping);
        crate::say::say!("stopping; open connections: {}", self.open());
        let done = tokio::select! {
            done = threads.all_done(self.limits.drain) => done,
            () = stops.next() => false,
        };
        if !done {
            crate::say::say!("stopped with open connections: {}", self.open());
            self.stage.send_replace(Stage::Stopped);
            threads.all_done(GOODBYE).await;
        }
    }

    /// How many connections are open.
    fn open(&self) -> u32 {
        self.admission.count().open
    }

    /// Logs a connection that is kept out.
    fn refused(&self, peer: SocketAddr, limit: Limit) {
        self.metrics.refused(limit);
        let mut words = beginning(SystemTime::now(), peer, "refused");
        words.text("limit", limit.name());
        self.log.write(&words);
        tracing::debug!(%peer, %limit, "a connection is refused");
    }
}

/// Serves a connection and logs it.
async fn connection<H: Handler>(handler: &H, tcp: TcpStream, peer: SocketAddr, mut place: Place) {
    let (daemon, time, traffic) = (handler.daemon(), SystemTime::now(), Traffic::new());
    // Records are written whole, so waiting for more to send can only delay them.
    let _ = tcp.set_nodelay(true);
    let Ended { event, about } = handler.connection(tcp, peer, &traffic, &mut place).await;
    // Who reads the log may come again at once.
    drop(place);
    let (received, sent) = (traffic.received(), traffic.sent());
    daemon.metrics.ended(event, received, sent);
    let mut words = beginning(time, peer, event.name());
    words.append(&about);
    words.number("in", received);
    words.number("out", sent);
    words.number("ms", u64::try_from(traffic.elapsed().as_millis()).unwrap_or(u64::MAX));
    daemon.log.write(&words);
    tracing::debug!(event = event.name(), received, sent, "the connection ended");
}

fn beginning(time: SystemTime, peer: SocketAddr, event: &'static str) -> Words {
    let mut words = Words::default();
    words.text("time", timestamp(time));
    words.text("peer", peer.to_string());
    words.text("event", event);
    words
}

/// Writes what is asked for to standard error.
fn trace(telling: &Telling) {
    use tracing_subscriber::{Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};
    let lines = tracing_subscriber::fmt::layer().with_writer(|| crate::say::Traced).with_ansi(false);
    // Only the first one counts, and there is only one.
    let _ = tracing_subscriber::registry().with(lines.with_filter(telling.trace.clone())).try_init();
}

/// Serves until SIGTERM or SIGINT, and lets connections that are open finish then. `meanwhile` never ends.
pub(crate) async fn run<H: Handler>(
    handler: Arc<H>,
    listener: TcpListener,
    telling: &Telling,
    mut stops: Stops,
    meanwhile: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let failed = |what: &str, error: io::Error| Failure::Failed(format!("{what}: {error}"));
    let numbers = numbers(telling, handler.clone()).await?;
    let count = telling.threads.unwrap_or_else(threads::for_all_processors);
    let mut threads = listener
        .into_std()
        .and_then(|listener| Threads::start(&handler, listener, count))
        .map_err(|error| failed("no threads can be started", error))?;
    let daemon = handler.daemon();
    let work = async {
        tokio::select! {
            () = meanwhile => {}
            () = stops.next() => {}
        }
        daemon.drain(&mut threads, &mut stops).await;
    };
    tokio::select! {
        () = work => {}
        // Numbers are served to the end.
        () = numbers => {}
    }
    daemon.log.finish(GOODBYE);
    Ok(())
}

/// Serves numbers, if that was asked for; never ends.
async fn numbers<H: Handler>(
    telling: &Telling,
    handler: Arc<H>,
) -> Result<impl Future<Output = ()> + use<H>, Failure> {
    let listener = match &telling.metrics {
        Some(address) => Some(page::listen(address).await.map_err(Failure::Failed)?),
        None => None,
    };
    if let Some(Ok(address)) = listener.as_ref().map(TcpListener::local_addr) {
        crate::say::say!("numbers at http://{address}/ and http://{address}/metrics");
        if !address.ip().is_loopback() {
            crate::say::say!("warning: whoever can reach {address} can read the numbers");
        }
    }
    Ok(async move {
        match listener {
            Some(listener) => page::serve(listener, handler).await,
            None => pending().await,
        }
    })
}

/// The signals that a daemon hears. They are heard from here on: to be made before anybody is told that it listens.
pub(crate) fn signals() -> Result<(Stops, Signal), Failure> {
    let failed = |error: io::Error| Failure::Failed(format!("signals cannot be received: {error}"));
    Ok((Stops::new().map_err(failed)?, signal(SignalKind::hangup()).map_err(failed)?))
}

/// SIGTERM and SIGINT.
pub(crate) struct Stops {
    terminate: Signal,
    interrupt: Signal,
}

impl Stops {
    fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Resolves at the next one.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The event of a handshake that failed; `about` has what is to be said of it.
pub(crate) fn handshake_failed(daemon: &Daemon, mut about: Words, error: &io::Error) -> Ended {
    daemon.metrics.failed(error);
    if is_too_long(error) {
        daemon.metrics.refused(Limit::HandshakeBytes);
        about.text("limit", Limit::HandshakeBytes.name());
    }
    let event = match error.kind() {
        ErrorKind::TimedOut => Event::HandshakeTimeout,
        _ => Event::HandshakeFailed,
    };
    tracing::debug!(error = words::sentence(error), "the handshake failed");
    Ended { event, about }
}

/// Whether the peer sent more bytes than a handshake may take.
fn is_too_long(error: &io::Error) -> bool {
    matches!(words::tls_error(error), Some(Error::Record(RecordError::Excessive(Excess::HandshakeSize))))
}

/// One task for a connection.
fn spawn<H: Handler>(handler: Arc<H>, tcp: TcpStream, peer: SocketAddr, place: Place, busy: threads::Busy) {
    let span = tracing::debug_span!("connection", %peer);
    let work = async move {
        connection(&*handler, tcp, peer, place).await;
        drop(busy);
    };
    tokio::spawn(work.instrument(span));
}
